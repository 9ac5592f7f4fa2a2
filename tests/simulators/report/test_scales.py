"""Axes have round values, few of them, and room for all that is drawn."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.report.scales import amounts, durations, times


@given(st.floats(0, 1e12), st.booleans())
def test_an_axis_of_amounts_begins_at_nothing_and_has_room_for_the_greatest(top: float, whole: bool) -> None:
    scale = amounts(top, whole=whole)
    assert scale.place(0) == 0
    assert top / 10 <= scale.place(top) * top * (1 + 1e-9) or top < 10
    assert scale.place(top) <= 1 + 1e-9
    assert 2 <= len(scale.ticks) <= 5
    assert [place for place, _ in scale.ticks] == sorted(place for place, _ in scale.ticks)
    assert scale.ticks[-1][0] == pytest.approx(1)
    assert len({label for _, label in scale.ticks}) == len(scale.ticks)
    for place, label in scale.ticks:
        assert scale.place(float(label.replace(",", ""))) == pytest.approx(place, abs=1e-6)


@given(st.integers(1, 10**6))
def test_what_comes_in_wholes_has_whole_values_beside_it(top: int) -> None:
    assert all(float(label.replace(",", "")).is_integer() for _, label in amounts(top, whole=True).ticks)
    assert all("." not in label for _, label in amounts(top, whole=True).ticks)


@pytest.mark.parametrize(
    ("top", "labels"),
    [
        (1130, ["0", "500", "1,000", "1,500"]),
        (0.3, ["0.0", "0.1", "0.2", "0.3"]),
        (7.1, ["0", "2", "4", "6", "8"]),
        (0, ["0.0", "0.5", "1.0"]),
    ],
)
def test_amounts_are_round(top: float, labels: list[str]) -> None:
    assert [label for _, label in amounts(top).ticks] == labels


@given(st.floats(0, 1e8))
def test_an_axis_of_time_ends_where_the_run_ends(seconds: float) -> None:
    scale = times(seconds)
    assert scale.place(0) == 0
    assert scale.place(seconds or 1.0) == pytest.approx(1)
    assert 1 <= len(scale.ticks) <= 7
    assert all(0 <= place <= 1 + 1e-9 for place, _ in scale.ticks)


@pytest.mark.parametrize(
    ("seconds", "labels"),
    [
        (8, ["0 s", "2 s", "4 s", "6 s", "8 s"]),
        (300, ["0:00", "1:00", "2:00", "3:00", "4:00", "5:00"]),
        (23800, ["0:00", "2:00:00", "4:00:00", "6:00:00"]),
    ],
)
def test_times_are_round(seconds: float, labels: list[str]) -> None:
    assert [label for _, label in times(seconds).ticks] == labels


@given(st.floats(1e-6, 1e5), st.floats(1, 1e10))
def test_an_axis_of_durations_has_room_for_the_shortest_and_the_longest(low: float, ratio: float) -> None:
    high = min(low * ratio, 1e6)
    scale = durations(low, high)
    assert -1e-6 <= scale.place(low) <= scale.place(high) <= 1 + 1e-6
    assert 1 <= len(scale.ticks) <= 7
    assert all(-1e-9 <= place <= 1 + 1e-9 for place, _ in scale.ticks)
    middle = (low * high) ** 0.5
    assert scale.place(middle) == pytest.approx((scale.place(low) + scale.place(high)) / 2, abs=1e-6)


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (0.0003, 0.6, ["1 ms", "10 ms", "100 ms", "1 s"]),
        (0.003, 0.04, ["2 ms", "5 ms", "10 ms", "20 ms", "50 ms"]),
        (0.002, 0.002, ["2 ms", "5 ms"]),
        (1e-6, 1e4, ["1 µs", "1 ms", "1 s", "1,000 s"]),
    ],
)
def test_durations_are_round(low: float, high: float, labels: list[str]) -> None:
    assert [label for _, label in durations(low, high).ticks] == labels
