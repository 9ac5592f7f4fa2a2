"""Durations are kept to within a known error, in a size that does not grow."""

from math import ceil, inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.histogram import CEILING, ERROR, FLOOR, Histogram

DURATIONS = st.lists(st.floats(FLOOR, CEILING, exclude_max=True), min_size=1, max_size=200)
SHARES = st.floats(0, 1)


def _of(durations: list[float]) -> Histogram:
    histogram = Histogram()
    for seconds in durations:
        histogram.add(seconds)
    return histogram


@given(DURATIONS, SHARES)
def test_a_percentile_is_within_the_error_of_the_true_one(durations: list[float], share: float) -> None:
    true = sorted(durations)[max(1, ceil(share * len(durations))) - 1]
    found = _of(durations).percentile(share)
    assert found is not None
    assert abs(found - true) <= true * ERROR * (1 + 1e-9)


def test_the_error_is_no_more_than_three_hundredths() -> None:
    assert ERROR <= 0.03


@given(DURATIONS)
def test_count_greatest_and_total_are_exact(durations: list[float]) -> None:
    histogram = _of(durations)
    assert histogram.count == len(durations)
    assert histogram.max == max(durations) == histogram.percentile(1)
    assert histogram.total == pytest.approx(sum(durations))


@given(DURATIONS, DURATIONS)
def test_merging_is_as_if_one_had_counted_all(some: list[float], others: list[float]) -> None:
    merged = _of(some).merge(_of(others))
    together = _of(some + others)
    assert list(merged.buckets()) == list(together.buckets())
    assert (merged.count, merged.max) == (together.count, together.max)
    assert merged.total == pytest.approx(together.total)


def test_merging_leaves_the_other_one_as_it_was() -> None:
    one, other = _of([1.0]), _of([2.0])
    one.merge(other)
    one.add(2.0)
    assert (one.count, other.count) == (3, 1)


@pytest.mark.parametrize("seconds", [0.0, -1.0, nan, 1e-9])
def test_what_is_shorter_than_can_be_told_counts_as_shortest(seconds: float) -> None:
    histogram = _of([seconds])
    assert histogram.count == 1
    assert 0 <= histogram.max < FLOOR
    assert histogram.percentile(0.5) == histogram.max
    assert 0 <= histogram.total < FLOOR


@pytest.mark.parametrize("seconds", [CEILING, 1e9, inf])
def test_what_is_longer_than_can_be_told_shares_the_last_bucket_and_is_remembered_as_greatest(seconds: float) -> None:
    histogram = _of([1.0, seconds, seconds])
    assert [count for _, _, count in histogram.buckets()] == [1, 2]
    assert histogram.max == seconds


@given(DURATIONS)
def test_each_duration_lies_in_a_bucket(durations: list[float]) -> None:
    buckets = list(_of(durations).buckets())
    assert sum(count for _, _, count in buckets) == len(durations)
    for seconds in durations:
        assert any(low * (1 - 1e-9) <= seconds <= high * (1 + 1e-9) for low, high, _ in buckets)


def test_nothing_has_no_percentile() -> None:
    assert Histogram().percentile(0.5) is None
    assert not list(Histogram().buckets())


def test_the_last_of_many_small_ones_does_not_hide_the_tail() -> None:
    histogram = _of([0.001] * 990 + [5.0] * 10)
    assert histogram.percentile(0.99) == pytest.approx(0.001, rel=ERROR)
    assert histogram.percentile(0.991) == pytest.approx(5.0, rel=ERROR)
