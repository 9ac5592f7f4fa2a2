"""What goes wrong by chance: as often as asked for, and the same for the same seed."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwmp_schemas.decode import decode
from cwmp_schemas.encode import encode
from cwmp_schemas.envelope import Envelope, Received
from cwmp_schemas.errors import DecodeError
from cwmp_schemas.rpc.session import GetRPCMethods
from simulators.device.chance import Chance
from simulators.device.random_faults import NO_FAULTS, Kind, RandomFaults, garble, with_other_id

POST = encode(Envelope("1", GetRPCMethods(), 2))


def test_each_fault_happens_as_often_as_it_is_asked_for() -> None:
    faults = RandomFaults(drop=0.1, delay=0.2, garble=0.05, slow_read=0.15)
    chance = Chance("seed")
    happened = Counter(found.kind if (found := faults.disturbance(chance)) else None for _ in range(20_000))
    shares = {kind: round(count / 20_000, 2) for kind, count in happened.items()}
    assert shares == {None: 0.5, Kind.DROP: 0.1, Kind.DELAY: 0.2, Kind.GARBLE: 0.05, Kind.SLOW_READ: 0.15}


def test_the_same_seed_brings_the_same_faults() -> None:
    faults = RandomFaults(delay=0.5, repeat=0.5)
    one, other = ([faults.disturbance(chance) for _ in range(50)] for chance in (Chance(7), Chance(7)))
    assert one == other
    assert len(set(one)) > 10


def test_what_takes_time_takes_no_longer_than_asked_for() -> None:
    faults, chance = RandomFaults(delay=0.5, drop=0.5, longest=3.0), Chance(1)
    found = [disturbance for _ in range(200) if (disturbance := faults.disturbance(chance))]
    assert all(0 < each.seconds < 3 for each in found if each.kind is Kind.DELAY)
    assert all(each.seconds == 0 for each in found if each.kind is Kind.DROP)


def test_where_nothing_goes_wrong_no_chance_is_taken() -> None:
    chance, untouched = Chance(1), Chance(1)
    assert NO_FAULTS.disturbance(chance) is None
    assert not NO_FAULTS.is_deaf(chance)
    assert chance.bits() == untouched.bits()


def test_a_share_of_devices_is_deaf() -> None:
    deaf = sum(RandomFaults(deaf=0.25).is_deaf(Chance(number)) for number in range(4000))
    assert 900 < deaf < 1100


@pytest.mark.parametrize(
    ("shares", "what"),
    [
        ({"drop": -0.1}, "drop is -0.1"),
        ({"deaf": 1.5}, "deaf is 1.5"),
        ({"garble": float("nan")}, "garble is nan"),
        ({"longest": -1.0}, "longest is -1.0"),
        ({"drop": 0.6, "close": 0.6}, "add up to 1.2"),
    ],
)
def test_what_is_no_share_is_refused(shares: dict[str, float], what: str) -> None:
    with pytest.raises(ValueError, match=what):
        RandomFaults(**shares)


@given(st.binary(min_size=1, max_size=200) | st.just(POST), st.integers())
def test_garbled_octets_are_other_ones_and_the_same_for_the_same_seed(data: bytes, seed: int) -> None:
    garbled = garble(data, Chance(seed))
    assert garbled != data
    assert garbled == garble(data, Chance(seed))
    assert len(garbled) <= len(data)


def test_nothing_cannot_be_garbled() -> None:
    assert garble(b"", Chance(1)) == b""


def test_a_garbled_post_is_read_or_refused() -> None:
    def read(seed: int) -> Received | None:
        try:
            return decode(garble(POST, Chance(seed)))
        except DecodeError:
            return None

    outcomes = [read(seed) for seed in range(500)]
    assert None in outcomes
    assert any(outcomes)


def test_another_id_is_all_that_changes() -> None:
    changed = decode(with_other_id(POST, Chance(1))).envelope
    assert changed.id not in {None, "1"}
    assert changed.message == GetRPCMethods()
    without = encode(Envelope(None, GetRPCMethods(), 2))
    assert with_other_id(without, Chance(1)) == without
