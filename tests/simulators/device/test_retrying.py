"""When a device tries a session again that has failed."""

import pytest

from simulators.device.chance import Chance
from simulators.device.cpe import Cpe
from simulators.device.management import read_management
from simulators.device.retrying import MAX_HOLD, wait
from tests.simulators.device.conversing import START, converse, device


def fail(cpe: Cpe, now: float, *, not_before: float = 0.0) -> None:
    """A session that nobody answers."""
    assert cpe.advance(now), "the device wants no session"
    cpe.open(now).begin(now)
    cpe.session_failed(now, not_before=not_before)


@pytest.mark.parametrize(
    ("retry", "least", "most"),
    [(1, 5, 10), (2, 10, 20), (3, 20, 40), (4, 40, 80), (9, 1280, 2560), (10, 2560, 5120), (11, 2560, 5120)],
)
def test_waits_grow_as_table_3_says_and_from_the_tenth_on_no_more(retry: int, least: float, most: float) -> None:
    management, chance = read_management(device().tree, START), Chance(1)
    waits = [wait(retry, management, chance) for _ in range(200)]
    assert least <= min(waits) < least * 1.1
    assert most * 0.9 < max(waits) <= most


def test_waits_follow_the_parameters_that_the_acs_may_set() -> None:
    cpe = device()
    cpe.tree.write(
        {
            "Device.ManagementServer.CWMPRetryMinimumWaitInterval": "100",
            "Device.ManagementServer.CWMPRetryIntervalMultiplier": "1000",
        }
    )
    fail(cpe, START)
    assert cpe.due_at == START + 100


def test_a_device_is_held_off_as_long_as_the_acs_wants_but_not_for_ever() -> None:
    cpe = device()
    fail(cpe, START, not_before=START + 120)
    assert cpe.due_at == START + 120
    cpe.pending.add("X 00A0F1 Door")
    assert not cpe.advance(START + 119)
    fail(cpe, START + 120, not_before=START + 1e9)
    converse(cpe, START + 120 + MAX_HOLD)


def test_a_connection_request_ends_the_wait_and_is_a_retry_all_the_same() -> None:
    cpe = device()
    fail(cpe, START, not_before=START + 200)
    cpe.called(START + 1)
    told = converse(cpe, START + 1)
    assert told.inform.retry_count == 1
    assert told.events == [("2 PERIODIC", ""), ("6 CONNECTION REQUEST", "")]


def test_a_new_event_ends_the_wait() -> None:
    cpe = device()
    fail(cpe, START)
    assert not cpe.advance(START + 1)
    cpe.pending.add("X 00A0F1 Door")
    assert cpe.due_at <= START + 1
    assert converse(cpe, START + 1).inform.retry_count == 1


def test_an_event_from_before_the_failure_does_not_end_the_wait() -> None:
    cpe = device()
    assert cpe.advance(START)
    cpe.open(START).begin(START)
    cpe.pending.add("X 00A0F1 Door")
    cpe.session_failed(START)
    assert not cpe.advance(START + 4)


def test_a_restart_begins_the_waits_anew_but_counts_on() -> None:
    cpe = device()
    now = START
    for _ in range(6):
        fail(cpe, now)
        now = cpe.due_at
    cpe.restart(now)
    fail(cpe, now)
    assert now + 5 <= cpe.due_at <= now + 10
    assert converse(cpe, cpe.due_at).inform.retry_count == 7


def test_a_good_session_ends_the_count() -> None:
    cpe = device()
    fail(cpe, START)
    converse(cpe, cpe.due_at)
    assert converse(cpe, START + 300).inform.retry_count == 0
    fail(cpe, START + 600)
    assert START + 605 <= cpe.due_at <= START + 610
