"""What may be begun of a request for many devices, when it is stopped, and how it ends."""

import pytest

from acs.domain.bulk import BulkOptions, BulkState, Stop, TargetState
from acs.domain.bulk_progress import Tally, end_of, room, stop_of

DONE, FAILED = (TargetState.COMPLETED, ""), (TargetState.FAILED, "device_faults")
CANCELLED = (TargetState.CANCELLED, "cancelled")


def test_so_many_are_under_way_at_once() -> None:
    options = BulkOptions(max_in_flight=3)
    tally = Tally().taken(5)
    assert room(options, tally, Stop.NONE) == 3
    tally = tally.begun(3)
    assert room(options, tally, Stop.NONE) == 0
    tally = tally.ended([DONE, FAILED])
    assert room(options, tally, Stop.NONE) == 2
    assert room(options, tally.begun(2), Stop.NONE) == 0
    assert room(options, tally, Stop.CANCELLED) == 0


def test_canaries_go_first_and_alone() -> None:
    options = BulkOptions(max_in_flight=50, canary=2)
    tally = Tally().taken(9)
    assert room(options, tally, Stop.NONE) == 2
    tally = tally.begun(2).ended([DONE])
    assert room(options, tally, Stop.NONE) == 0
    tally = tally.ended([DONE])
    assert room(options, tally, Stop.NONE) == 7
    assert stop_of(options, tally.begun(1).ended([FAILED])) is Stop.NONE, "the others may fail"


@pytest.mark.parametrize("end", [FAILED, CANCELLED])
def test_a_canary_that_does_not_succeed_stops_the_rest(end: tuple[TargetState, str]) -> None:
    options = BulkOptions(canary=2)
    assert stop_of(options, Tally().taken(9).begun(2).ended([end])) is Stop.CANARY


def test_more_canaries_than_devices_are_all_devices() -> None:
    options = BulkOptions(canary=9)
    tally = Tally().taken(2)
    assert room(options, tally, Stop.NONE) == 2
    tally = tally.begun(2).ended([DONE, DONE])
    assert (stop_of(options, tally), end_of(tally, Stop.NONE)) == (Stop.NONE, BulkState.COMPLETED)


def test_as_many_failures_as_are_borne_stop_the_rest() -> None:
    options = BulkOptions(max_failures=2)
    tally = Tally().taken(9).begun(4).ended([FAILED, CANCELLED, DONE])
    assert stop_of(options, tally) is Stop.NONE
    assert stop_of(options, tally.ended([FAILED])) is Stop.MAX_FAILURES


@pytest.mark.parametrize(
    ("ends", "stop", "state"),
    [
        ([DONE, DONE], Stop.NONE, BulkState.COMPLETED),
        ([DONE, FAILED], Stop.NONE, BulkState.COMPLETED),
        ([FAILED, FAILED], Stop.NONE, BulkState.FAILED),
        ([FAILED, CANCELLED], Stop.NONE, BulkState.FAILED),
        ([FAILED], Stop.CANARY, BulkState.FAILED),
        ([FAILED], Stop.MAX_FAILURES, BulkState.FAILED),
        ([DONE], Stop.CANCELLED, BulkState.CANCELLED),
        ([DONE], Stop.NONE, None),
    ],
)
def test_how_it_ends(ends: list[tuple[TargetState, str]], stop: Stop, state: BulkState | None) -> None:
    tally = Tally().taken(2).begun(len(ends)).ended(ends)
    assert end_of(tally, stop) is state


def test_what_is_under_way_is_waited_for() -> None:
    assert end_of(Tally().taken(2).begun(1), Stop.CANCELLED) is None


def test_nothing_to_do_is_done() -> None:
    assert end_of(Tally(), Stop.NONE) is BulkState.COMPLETED


def test_what_is_never_to_be_begun_is_summed_up_too() -> None:
    tally = Tally().taken(5).begun(2).ended([FAILED, CANCELLED])
    assert tally.summary(Stop.NONE) == {"device_faults": 1, "cancelled": 1}
    assert tally.summary(Stop.CANCELLED) == {"device_faults": 1, "cancelled": 4}
    assert tally.summary(Stop.CANARY) == {"device_faults": 1, "cancelled": 1, "skipped": 3}


def test_what_is_proven_late_counts_as_done() -> None:
    tally = Tally().taken(1).begun(1).ended([(TargetState.FAILED, "unproven")])
    assert tally.amended("unproven") == Tally(total=1, completed=1)
