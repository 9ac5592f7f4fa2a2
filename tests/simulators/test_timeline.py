"""The slices of a run: without gaps, bounded, and nothing is lost when they are merged."""

from hypothesis import example, given
from hypothesis import strategies as st

from simulators.tally import OK, Tally
from simulators.timeline import MOST_SLICES, Timeline

START = 1_700_000_000.3


def test_what_happens_goes_into_the_second_it_happens_in() -> None:
    tally = Tally(START)
    tally.began(START + 0.1)
    tally.began(START + 0.9)
    tally.ended(OK, 0.2, START + 1.1)
    tally.rpc("Reboot", 0, 0.1)
    tally.ended("timeout", 2.0, START + 3.5)
    slices = tally.slices(START + 3.6)
    assert [one.begun for one in slices] == [2, 0, 0, 0]
    assert [one.ok for one in slices] == [0, 1, 0, 0]
    assert [one.failed for one in slices] == [0, 0, 0, 1]
    assert [one.rpcs for one in slices] == [0, 1, 0, 0]
    assert [one.open for one in slices] == [2, 1, 1, 0]
    assert [one.failures for one in slices] == [{}, {}, {}, {"timeout": 1}]
    assert [one.latencies.count for one in slices] == [0, 1, 0, 0]


@given(st.lists(st.tuples(st.floats(0, 900), st.booleans()), max_size=40))
def test_nothing_is_lost_however_the_slices_are_merged(steps: list[tuple[float, bool]]) -> None:
    tally, now = Tally(START), START
    for pause, well in steps:
        now += pause
        tally.began(now)
        tally.ended(OK if well else "timeout", 0.01, now)
    good = sum(well for _, well in steps)
    slices = tally.slices(now)
    assert len(slices) <= MOST_SLICES
    assert tally.timeline.width * (len(slices) - 1) <= now - START + 1e-3
    assert now < tally.timeline.ends
    assert sum(one.begun for one in slices) == len(steps)
    assert sum(one.ok for one in slices) == sum(one.latencies.count for one in slices) == good
    assert sum(sum(one.failures.values()) for one in slices) == len(steps) - good
    assert tally.sessions.count == tally.ok == good


def test_the_width_doubles_when_there_is_no_more_room() -> None:
    tally = Tally(START)
    for second in range(MOST_SLICES):
        tally.began(START + second + 0.5)
    assert tally.timeline.width == 1
    assert len(tally.timeline.slices) == MOST_SLICES
    tally.began(START + MOST_SLICES + 0.5)
    assert tally.timeline.width == 2
    assert [one.begun for one in tally.timeline.slices] == [2] * (MOST_SLICES // 2) + [1]
    assert [one.open for one in tally.slices(START + MOST_SLICES + 0.6)][:3] == [2, 4, 6]


def test_a_pause_of_years_is_borne() -> None:
    tally = Tally(START)
    tally.began(START)
    tally.ended(OK, 1e8, START + 1e8)
    assert len(tally.slices(START + 1e8)) <= MOST_SLICES
    assert [one.open for one in tally.slices(START + 1e8)][:2] == [1, 1]


def test_a_clock_that_was_set_back_counts_in_the_slice_that_is_there() -> None:
    tally = Tally(START)
    tally.began(START + 5)
    tally.ended(OK, 0.1, START + 1)
    assert [(one.begun, one.ok) for one in tally.slices(START)] == [(0, 0)] * 5 + [(1, 1)]


@given(st.floats(0, 2e9))
@example(0.1)
@example(0.9)
def test_each_advance_begins_a_new_slice_however_the_clock_is_rounded(started: float) -> None:
    timeline = Timeline(started)
    for _ in range(20):
        before = timeline.slices[-1]
        assert timeline.advance(timeline.ends, 0) is not before
