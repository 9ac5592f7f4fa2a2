"""What the judges hold against a server, without a run."""

import pytest

from acs.domain.operation import Outcome, OutcomeState, VariableResult, VariableStatus
from acs.domain.queue import OperationState
from tests.chaos.judge import of_values, once
from tests.chaos.witness import CODE, Memory

_MEMORY = Memory(codes=["", "one", "two"], made=[7])


@pytest.mark.parametrize(
    ("state", "times", "told"),
    [
        (OperationState.COMPLETED, 1, []),
        (OperationState.FAILED, 0, []),
        (OperationState.UNKNOWN, 1, []),
        (OperationState.COMPLETED, 2, ["it (completed) was carried out 2 times"]),
        (OperationState.COMPLETED, 0, ["it is completed, and was never carried out"]),
        (OperationState.FAILED, 1, ["it was carried out 1 times and is failed"]),
    ],
)
def test_what_must_not_be_repeated_is_done_once_if_it_is_said_to_be(
    state: OperationState, times: int, told: list[str]
) -> None:
    assert list(once("it", state, times)) == told


def test_a_device_may_fail_at_what_it_has_begun_and_prove_otherwise_that_it_is_done() -> None:
    may_be_done = frozenset({OperationState.FAILED})
    assert not list(once("it", OperationState.FAILED, 1, may_be_done=may_be_done))
    assert list(once("it", OperationState.EXPIRED, 1, may_be_done=may_be_done))
    assert not list(once("it", OperationState.COMPLETED, 0, is_proven=True))
    assert list(once("it", OperationState.COMPLETED, 2, may_be_done=may_be_done, is_proven=True))


@pytest.mark.parametrize(
    ("value", "since", "told"),
    [
        ("one", 2, []),
        ("two", 2, []),
        ("one", 3, ["it has read one, which was not so"]),
        ("three", 1, ["it has read three, which was not so"]),
        (None, 1, ["it has read None, which was not so"]),
        ("three", None, []),
    ],
)
def test_a_value_that_was_read_was_so_when_it_was_asked_for_or_later(
    value: str | None, since: int | None, told: list[str]
) -> None:
    results = [("Device.Other", "else"), *([] if value is None else [(CODE, value)])]
    read = tuple(VariableResult(name, VariableStatus.READ, found) for name, found in results)
    assert list(of_values("it", "get", Outcome(OutcomeState.COMPLETED, variables=read), _MEMORY, since)) == told


@pytest.mark.parametrize(("instance", "told"), [(7, []), (8, ["it has made instance 8, which was never made"])])
def test_an_instance_that_is_told_was_made(instance: int, told: list[str]) -> None:
    added = VariableResult("Device.Table.", VariableStatus.APPLIED, instance_number=instance)
    assert list(of_values("it", "add.obj", Outcome(OutcomeState.COMPLETED, variables=(added,)), _MEMORY, 1)) == told
