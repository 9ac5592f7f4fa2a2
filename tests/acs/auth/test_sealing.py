"""Sealed secrets and the keyring that opens them."""

import base64
from typing import Final

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from acs.auth.sealing import Keyring, Row, SealError, keyring_text, parse_keyring

OLD: Final = bytes(range(32))
NEW: Final = bytes(range(32, 64))
NONCE: Final = b"twelve bytes"
RING: Final = Keyring({1: OLD, 2: NEW}, active=2)


def seal(plaintext: bytes = b"secret", *, ring: Keyring = RING) -> bytes:
    return ring.seal(plaintext, table="credential", row=7, column="password", nonce=NONCE)


def unseal(blob: bytes, *, ring: Keyring = RING) -> bytes:
    return ring.unseal(blob, table="credential", row=7, column="password")


@given(st.binary(max_size=200), st.binary(min_size=12, max_size=12), st.text(), st.integers() | st.text(), st.text())
@settings(derandomize=True, deadline=None, max_examples=200)
def test_what_is_sealed_opens_in_its_place(plaintext: bytes, nonce: bytes, table: str, row: Row, column: str) -> None:
    blob = RING.seal(plaintext, table=table, row=row, column=column, nonce=nonce)
    assert RING.unseal(blob, table=table, row=row, column=column) == plaintext


def test_the_form_is_version_key_nonce_ciphertext_and_tag() -> None:
    blob = seal(b"secret")
    assert blob[:15] == b"\x01" + b"\x00\x02" + NONCE
    assert len(blob) == 15 + len(b"secret") + 16
    place = blob[:3] + b"\0\0\0\x0acredential" + b"\0\0\0\x08password" + b"\0\0\0\x017"
    assert AESGCM(NEW).decrypt(NONCE, blob[15:], place) == b"secret"


@pytest.mark.parametrize("position", range(15 + 6 + 16))
def test_a_value_with_any_octet_changed_does_not_open(position: int) -> None:
    blob = seal()
    for bit in (1, 2, 128):
        damaged = blob[:position] + bytes([blob[position] ^ bit]) + blob[position + 1 :]
        with pytest.raises(SealError):
            unseal(damaged)


@given(st.binary(max_size=80) | st.binary(max_size=80).map(lambda rest: b"\x01\x00\x02" + rest))
@settings(derandomize=True, deadline=None, max_examples=300)
def test_any_octets_are_a_seal_error(blob: bytes) -> None:
    with pytest.raises(SealError):
        unseal(blob)


def test_a_value_cut_short_does_not_open() -> None:
    blob = seal()
    for length in range(len(blob)):
        with pytest.raises(SealError):
            unseal(blob[:length])


@pytest.mark.parametrize(
    ("table", "row", "column"),
    [
        ("Credential", 7, "password"),
        ("credential", 8, "password"),
        ("credential", 7, "Password"),
        ("credentialpassword", 7, ""),
        ("credential", "7password", ""),
        ("credential", "", "7password"),
        ("credential", ("", 7), "password"),
        ("credential", (7, ""), "password"),
        ("credential", (), "password7"),
        ("password", 7, "credential"),
    ],
)
def test_a_value_moved_to_another_place_does_not_open(table: str, row: Row, column: str) -> None:
    with pytest.raises(SealError, match="another place"):
        RING.unseal(seal(), table=table, row=row, column=column)


def test_the_parts_of_a_composite_key_do_not_run_together() -> None:
    blob = RING.seal(b"secret", table="t", row=("a", "bc"), column="c", nonce=NONCE)
    assert RING.unseal(blob, table="t", row=("a", "bc"), column="c") == b"secret"
    for row in (("ab", "c"), ("abc",), ("a", "b", "c"), "abc", ("bc", "a")):
        with pytest.raises(SealError):
            RING.unseal(blob, table="t", row=row, column="c")


def test_a_seal_error_tells_what_is_wrong_and_nothing_secret() -> None:
    blob = seal(b"hunter2")
    with pytest.raises(SealError, match="key 2, which is not in the keyring") as caught:
        unseal(blob, ring=Keyring({1: OLD}, active=1))
    assert "hunter2" not in str(caught.value)
    with pytest.raises(SealError, match=r"credential\.password is damaged") as caught:
        unseal(blob, ring=Keyring({2: OLD}, active=2))
    assert caught.value.__cause__ is None
    with pytest.raises(SealError, match="version 9"):
        unseal(b"\x09" + blob[1:])
    with pytest.raises(SealError, match="too short"):
        unseal(b"")


def test_the_active_key_seals_and_the_others_open() -> None:
    before = Keyring({1: OLD}, active=1)
    blob = seal(ring=before)
    assert unseal(blob) == b"secret"
    assert RING.needs_resealing(blob)
    assert not before.needs_resealing(blob)
    anew = seal(unseal(blob))
    assert not RING.needs_resealing(anew)
    assert unseal(anew, ring=Keyring({2: NEW}, active=2)) == b"secret"
    with pytest.raises(SealError):
        RING.needs_resealing(b"\x01\x00\x02")


def test_a_nonce_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="12 octets"):
        RING.seal(b"", table="t", row=1, column="c", nonce=b"short")


@pytest.mark.parametrize(
    ("keys", "active"), [({}, 1), ({1: OLD}, 2), ({1: OLD[:31]}, 1), ({0: OLD}, 0), ({65536: OLD}, 65536)]
)
def test_a_keyring_that_cannot_work_is_refused(keys: dict[int, bytes], active: int) -> None:
    with pytest.raises(ValueError, match="key"):
        Keyring(keys, active)


def test_a_keyring_does_not_change_and_does_not_show_its_keys() -> None:
    keys = {1: OLD}
    ring = Keyring(keys, active=1)
    keys[1] = NEW
    assert ring.keys[1] == OLD
    assert repr(ring) == "Keyring(active=1)"


def test_keys_for_other_purposes_are_derived_the_active_one_first() -> None:
    active, other = RING.derive("nonces")
    assert Keyring({2: NEW}, active=2).derive("nonces") == (active,)
    assert Keyring({1: OLD}, active=1).derive("nonces") == (other,)
    assert len({active, other, *RING.derive("file URLs"), OLD, NEW}) == 6
    assert {len(active), len(other)} == {32}


def test_a_keyring_comes_back_from_its_text() -> None:
    text = keyring_text(RING)
    assert text.splitlines()[0].startswith("2 ")
    assert parse_keyring(text) == RING


def test_a_keyring_may_hold_comments_and_empty_lines() -> None:
    new, old = base64.b64encode(NEW).decode(), base64.b64encode(OLD).decode()
    text = f"# made on first start\n\n  3\t{new}  \r\n  # the next\n5 {old}"
    assert parse_keyring(text) == Keyring({3: NEW, 5: OLD}, active=3)


GOOD_LINE: Final = f"1 {base64.b64encode(OLD).decode()}"


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("2", "line 2 of the keyring is not an id and a key"),
        ("2 a b", "line 2 of the keyring is not an id and a key"),
        (f"0 {base64.b64encode(NEW).decode()}", "line 2 of the keyring does not begin with an id"),
        (f"99999 {base64.b64encode(NEW).decode()}", "line 2 of the keyring does not begin with an id"),
        (f"x {base64.b64encode(NEW).decode()}", "line 2 of the keyring does not begin with an id"),
        ("2 hunter2!", "key in line 2 of the keyring is not base64"),
        ("2 hünter2", "key in line 2 of the keyring is not base64"),
        ("2 hunter2=", "key in line 2 of the keyring has 5 octets instead of 32"),
        (GOOD_LINE, "line 2 of the keyring repeats the id 1"),
    ],
)
def test_a_wrong_line_is_named_and_not_quoted(line: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint) as caught:
        parse_keyring(f"{GOOD_LINE}\n{line}\n")
    assert "unter2" not in str(caught.value)
    assert base64.b64encode(OLD).decode() not in str(caught.value)


@pytest.mark.parametrize("text", ["", "\n\n", "# no key\n"])
def test_a_keyring_without_a_key_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="holds no key"):
        parse_keyring(text)


@given(st.text())
@settings(derandomize=True, deadline=None, max_examples=200)
def test_any_text_is_a_keyring_or_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match="keyring"):
        parse_keyring(text)
