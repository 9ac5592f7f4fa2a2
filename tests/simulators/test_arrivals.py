"""Devices call when they are to, and each time the same."""

import re

import pytest

from simulators.arrivals import Arrival, TraceError, ramp, read_trace, steady, storm
from simulators.device.chance import Chance


def test_a_steady_fleet_has_one_device_in_each_slot_of_the_interval() -> None:
    arrivals = steady(100, 300.0, Chance(1))
    assert [int(at // 3.0) for at in arrivals] == list(range(100))
    assert len({round(at % 3.0, 3) for at in arrivals}) > 90


def test_the_same_seed_gives_the_same_arrivals_and_another_gives_others() -> None:
    assert steady(50, 60.0, Chance(7)) == steady(50, 60.0, Chance(7))
    assert storm(50, 60.0, Chance(7)) == storm(50, 60.0, Chance(7)) != storm(50, 60.0, Chance(8))


def test_a_storm_is_over_in_time_and_most_of_it_is_early() -> None:
    arrivals = storm(10_000, 60.0, Chance(1))
    assert all(0 <= at < 60 for at in arrivals)
    thirds = [sum(20 * n <= at < 20 * n + 20 for at in arrivals) for n in range(3)]
    # 1 - P(fewer than two of five draws below x): 0.539, 0.416 and 0.045 of all.
    assert [round(count / 10_000, 1) for count in thirds] == [0.5, 0.4, 0.0]


def test_a_ramp_grows_from_rate_to_rate_and_stays_there() -> None:
    arrivals = ramp(1_000, 1.0, 9.0, 100.0, Chance(1))
    assert arrivals == sorted(arrivals)
    # 1 + 0.08 t devices a second: 50 + 4 in the first ten seconds, 86 in the last, and 9 a second from then on.
    assert abs(sum(at < 10 for at in arrivals) - 14) <= 1
    assert abs(sum(90 <= at < 100 for at in arrivals) - 86) <= 1
    assert abs(sum(100 <= at < 110 for at in arrivals) - 90) <= 1


def test_a_ramp_may_begin_with_nothing_or_not_grow() -> None:
    assert [int(at) for at in ramp(10, 2.0, 2.0, 60.0, Chance(1))] == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert abs(sum(at < 10 for at in ramp(1_000, 0.0, 10.0, 100.0, Chance(1))) - 5) <= 1


def test_a_trace_is_read_in_the_order_of_time() -> None:
    lines = ["# seconds, device, event", "", "2.5,SIM000001,1 BOOT", "0", " 1 , 3 ", "2.5,,4 VALUE CHANGE"]
    assert read_trace(lines) == [
        Arrival(0.0, None, "2 PERIODIC"),
        Arrival(1.0, "3", "2 PERIODIC"),
        Arrival(2.5, "SIM000001", "1 BOOT"),
        Arrival(2.5, None, "4 VALUE CHANGE"),
    ]


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (["1", "soon,SIM000001"], "line 2: 'soon' is no number of seconds"),
        (["-1"], "line 1: '-1' is no number of seconds"),
        (["nan"], "line 1: 'nan' is no number of seconds"),
        (["1e300"], "line 1: '1e300' is no number of seconds"),
        (["0", "", "1,2,\x1b[31m"], "line 3: '\\x1b[31m' is no event code"),
        (["1,2,BOOT"], "line 1: 'BOOT' is no event code"),
        (["1,2,M Re boot"], "line 1: 'M Re boot' is no event code"),
        (["1,2,X ACME"], "line 1: 'X ACME' is no event code"),
        (["# nothing"], "the trace names no arrival"),
    ],
)
def test_a_line_that_is_wrong_is_named(lines: list[str], sentence: str) -> None:
    with pytest.raises(TraceError, match=re.escape(sentence)):
        read_trace(lines)
