"""Signed nonces, and the window that lets no use of one be repeated."""

import base64
import re
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acs.auth.nonces import NONCE_LENGTH, RANDOM_LENGTH, CheckedNonce, NonceSigner, NonceState, NonceWindow

KEY: Final = b"k" * 32
OLD_KEY: Final = b"o" * 32
NOW: Final = 1_760_000_000.0
CHANCE: Final = b"chance"
SIGNER: Final = NonceSigner((KEY,))


def issued(at: float, chance: bytes = CHANCE) -> CheckedNonce:
    """A nonce as the signer sees it at its issue."""
    return SIGNER.check(SIGNER.issue(at, chance), at)


def states_at(now: float, *, issued_at: float = NOW, signer: NonceSigner = SIGNER) -> NonceState:
    return signer.check(signer.issue(issued_at, CHANCE), now).state


@given(st.floats(0, 4e9), st.binary(min_size=RANDOM_LENGTH, max_size=RANDOM_LENGTH))
@settings(derandomize=True, deadline=None, max_examples=200)
def test_a_nonce_is_at_most_32_characters_that_need_no_escapes(now: float, chance: bytes) -> None:
    nonce = SIGNER.issue(now, chance)
    assert len(nonce) == NONCE_LENGTH <= 32
    assert re.fullmatch(r"[A-Za-z0-9_-]+", nonce)
    checked = SIGNER.check(nonce, now)
    assert checked.state is NonceState.VALID
    assert abs(checked.issued_at - now) < 0.002


def test_nonces_of_one_moment_differ_by_their_chance() -> None:
    assert SIGNER.issue(NOW, b"chanc1") != SIGNER.issue(NOW, b"chanc2")


def test_a_nonce_takes_the_chance_it_needs() -> None:
    with pytest.raises(ValueError, match="6 octets"):
        SIGNER.issue(NOW, b"short")


def test_a_nonce_is_valid_for_its_lifetime_and_stale_afterwards() -> None:
    assert states_at(NOW + 299.9) is NonceState.VALID
    assert states_at(NOW + 300.1) is NonceState.STALE
    assert states_at(NOW + 20, signer=NonceSigner((KEY,), lifetime=10)) is NonceState.STALE


def test_a_nonce_from_the_future_is_stale_beyond_a_small_skew() -> None:
    assert states_at(NOW - 4.9) is NonceState.VALID
    assert states_at(NOW - 5.1) is NonceState.STALE


@pytest.mark.parametrize("position", range(NONCE_LENGTH))
def test_a_nonce_with_any_character_changed_is_forged(position: int) -> None:
    nonce = SIGNER.issue(NOW, CHANCE)
    other = "B" if nonce[position] == "A" else "A"
    assert SIGNER.check(nonce[:position] + other + nonce[position + 1 :], NOW).state is NonceState.FORGED


@given(st.text(max_size=40) | st.text("AZaz09-_", min_size=32, max_size=32))
@settings(derandomize=True, deadline=None, max_examples=300)
def test_any_text_is_forged(text: str) -> None:
    assert SIGNER.check(text, NOW).state is NonceState.FORGED


def test_a_second_spelling_of_a_nonce_is_forged() -> None:
    # A lenient reader would take these for the nonce they are made of, and the window for others.
    octets = base64.urlsafe_b64decode(SIGNER.issue(NOW, b"\xff\xff\xff\xff\xff\xff"))
    nonce = base64.urlsafe_b64encode(octets).decode()
    assert SIGNER.check(nonce, NOW).state is NonceState.VALID
    standard = base64.b64encode(octets).decode()
    assert standard != nonce
    for text in (standard, nonce + "\n", nonce + "=", f" {nonce}", nonce[:31], nonce + "A"):
        assert SIGNER.check(text, NOW).state is NonceState.FORGED


def test_the_first_key_signs_and_all_verify() -> None:
    rotated = NonceSigner((KEY, OLD_KEY))
    assert rotated.check(NonceSigner((OLD_KEY,)).issue(NOW, CHANCE), NOW).state is NonceState.VALID
    assert rotated.check(rotated.issue(NOW, CHANCE), NOW).state is NonceState.VALID
    assert NonceSigner((KEY,)).check(rotated.issue(NOW, CHANCE), NOW).state is NonceState.VALID
    assert NonceSigner((OLD_KEY,)).check(rotated.issue(NOW, CHANCE), NOW).state is NonceState.FORGED


def test_a_signer_without_a_good_key_is_refused_and_keys_do_not_show() -> None:
    bad: tuple[tuple[bytes, ...], ...] = ((), (b"short",), (KEY, b""))
    for keys in bad:
        with pytest.raises(ValueError, match="16 octets"):
            NonceSigner(keys)
    assert "kkk" not in repr(SIGNER)


def test_each_count_is_good_once_in_any_order() -> None:
    window, nonce = NonceWindow(lifetime=300), issued(NOW)
    assert [window.use(nonce, count, NOW) for count in (3, 1, 2, 5, 4)] == [True] * 5
    assert [window.use(nonce, count, NOW) for count in (1, 2, 3, 4, 5)] == [False] * 5
    assert window.use(nonce, 6, NOW)


def test_the_window_is_64_counts_wide() -> None:
    window, nonce = NonceWindow(lifetime=300), issued(NOW)
    assert window.use(nonce, 100, NOW)
    assert not window.use(nonce, 36, NOW)
    assert window.use(nonce, 37, NOW)
    assert window.use(nonce, 101, NOW)
    assert not window.use(nonce, 37, NOW)
    assert window.use(nonce, 2**32 - 1, NOW)
    assert not window.use(nonce, 101, NOW)
    assert window.use(nonce, 2**32 - 64, NOW)
    assert not window.use(nonce, 2**32 - 1, NOW)


def test_a_nonce_used_for_ever_takes_no_more_memory() -> None:
    window, nonce = NonceWindow(lifetime=300), issued(NOW)
    for count in range(0, 6300, 63):
        assert window.use(nonce, count, NOW)
    assert window._uses[nonce.text].seen < 2**64


def test_a_nonce_used_without_a_count_is_used_up() -> None:
    window, nonce = NonceWindow(lifetime=300), issued(NOW)
    assert window.use(nonce, None, NOW)
    for count in (None, 0, 1, 2**32 - 1):
        assert not window.use(nonce, count, NOW)


def test_a_counted_nonce_is_no_longer_good_without_a_count() -> None:
    window, nonce = NonceWindow(lifetime=300), issued(NOW)
    assert window.use(nonce, 1, NOW)
    assert not window.use(nonce, None, NOW)


def test_nonces_do_not_share_their_counts() -> None:
    window = NonceWindow(lifetime=300)
    assert window.use(issued(NOW, b"nonce1"), 1, NOW)
    assert window.use(issued(NOW, b"nonce2"), 1, NOW)
    assert len(window) == 2


@given(st.lists(st.integers(0, 200) | st.sampled_from([2**32 - 1, 2**32 - 30]), max_size=80))
@settings(derandomize=True, deadline=None, max_examples=200)
def test_no_count_is_ever_accepted_twice_and_no_new_highest_is_refused(counts: list[int]) -> None:
    window, nonce = NonceWindow(lifetime=300), issued(NOW)
    accepted: set[int] = set()
    for count in counts:
        expected = count not in accepted and count > max(accepted, default=0) - 64
        assert window.use(nonce, count, NOW) is expected
        if expected:
            accepted.add(count)


def test_a_full_window_lets_the_oldest_nonce_go_and_none_of_its_uses_come_back() -> None:
    window = NonceWindow(lifetime=300, capacity=2)
    first, second, third = (issued(NOW + second) for second in (1, 2, 3))
    # The order of use is not the order of issue.
    for nonce in (third, first, second):
        assert window.use(nonce, 1, NOW + 3)
    assert (len(window), window.evicted) == (2, 1)
    assert not window.use(first, 1, NOW + 3)
    assert not window.use(first, 2, NOW + 3)
    assert not window.use(second, 1, NOW + 3)
    assert window.use(second, 2, NOW + 3)
    assert window.use(third, 2, NOW + 3)


def test_an_eviction_makes_every_unknown_nonce_of_that_age_stale_and_no_younger_one() -> None:
    window = NonceWindow(lifetime=300, capacity=1)
    for at in (10, 20):
        assert window.use(issued(NOW + at), 1, NOW + 20)
    assert not window.use(issued(NOW + 9), 1, NOW + 20)
    assert not window.use(issued(NOW + 10, b"other1"), 1, NOW + 20)
    assert window.use(issued(NOW + 11), 1, NOW + 20)
    assert len(window) == 1


def test_a_nonce_older_than_all_in_a_full_window_is_good_once() -> None:
    window = NonceWindow(lifetime=300, capacity=1)
    assert window.use(issued(NOW + 10), 1, NOW + 10)
    assert window.use(issued(NOW), 1, NOW + 10)
    assert not window.use(issued(NOW), 1, NOW + 10)
    assert not window.use(issued(NOW + 10), 1, NOW + 10)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 3) | st.none()), max_size=100), st.integers(1, 4))
@settings(derandomize=True, deadline=None, max_examples=200)
def test_no_use_is_repeated_however_small_the_window(uses: list[tuple[int, int | None]], capacity: int) -> None:
    window = NonceWindow(lifetime=300, capacity=capacity)
    accepted: list[tuple[int, int | None]] = []
    for at, count in uses:
        if window.use(issued(NOW + at), count, NOW + 30):
            assert (at, count) not in accepted
            assert (at, None) not in accepted
            accepted.append((at, count))
        assert len(window) <= capacity


def test_expired_nonces_are_forgotten() -> None:
    window = NonceWindow(lifetime=300)
    for chance in range(10):
        assert window.use(issued(NOW, b"nonce%d" % chance), 1, NOW)
    assert window.use(issued(NOW + 300), 1, NOW + 300)
    assert len(window) == 11
    assert window.use(issued(NOW + 301), 1, NOW + 301)
    assert (len(window), window.evicted) == (2, 0)


def test_a_clock_set_back_does_not_bring_forgotten_uses_back() -> None:
    window, nonce = NonceWindow(lifetime=300), issued(NOW)
    assert window.use(nonce, 1, NOW)
    assert window.use(issued(NOW + 400), 1, NOW + 400)
    assert SIGNER.check(nonce.text, NOW + 100).state is NonceState.VALID
    assert not window.use(nonce, 1, NOW + 100)


def test_a_floor_refuses_what_an_earlier_process_may_have_seen() -> None:
    window = NonceWindow(lifetime=300, floor=NOW)
    assert not window.use(issued(NOW - 1), 1, NOW + 1)
    assert window.use(issued(NOW + 1), 1, NOW + 1)


def test_a_window_needs_room() -> None:
    with pytest.raises(ValueError, match="room"):
        NonceWindow(lifetime=300, capacity=0)
