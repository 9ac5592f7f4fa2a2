"""Things go wrong when they are to, and for whom."""

from simulators.device.random_faults import NO_FAULTS, RandomFaults
from simulators.weather import Spell, Weather

OWN = RandomFaults(drop=0.5)
COMMON = RandomFaults(delay=0.1)


def test_what_always_goes_wrong_with_a_device_does_so_whatever_goes_wrong_with_all() -> None:
    weather = Weather({1: OWN}, COMMON, None, lambda: 0.0)
    assert [weather.faults_of(index) for index in range(3)] == [COMMON, OWN, COMMON]


def test_between_spells_nothing_goes_wrong_with_all() -> None:
    spells = [Spell(10.0, 20.0, frozenset({0})), Spell(30.0, 40.0, frozenset({0, 1}))]
    moments = (9.9, 10.0, 20.0, 30.0, 40.0)
    found = []
    for moment in moments:
        weather = Weather({}, COMMON, spells, lambda moment=moment: moment)  # type: ignore[misc]
        found.append((weather.faults_of(0), weather.faults_of(1)))
    none, both = (NO_FAULTS, NO_FAULTS), (COMMON, COMMON)
    assert found == [none, (COMMON, NO_FAULTS), none, both, none]
