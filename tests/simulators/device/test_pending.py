"""Events and requests, until the ACS has acknowledged them (TR-069 3.7.1.5, table 8)."""

import pytest

from cwmp_schemas import events
from cwmp_schemas.rpc.session import Event, Kicked
from cwmp_schemas.rpc.transfers import TransferComplete, TransferFault
from cwmp_schemas.values import UNKNOWN_TIME
from simulators.device.pending import MAX_EVENTS, MAX_WAITING, OwnRequest, Pending

COMPLETE = Event(events.TRANSFER_COMPLETE)


def completed(key: str) -> OwnRequest:
    """A transfer whose end is to be told."""
    message = TransferComplete(key, TransferFault(0, ""), UNKNOWN_TIME, UNKNOWN_TIME)
    return OwnRequest(message, (COMPLETE, Event(events.M_DOWNLOAD, key)))


def acknowledge(pending: Pending) -> tuple[Event, ...]:
    """An Inform that is answered; what it said."""
    told = pending.tell()
    pending.informed(told)
    return told


def codes(pending: Pending) -> list[str]:
    """What an Inform would say."""
    return [event.event_code for event in pending.events]


def test_what_has_no_key_is_told_once_and_what_has_one_as_often_as_it_happened() -> None:
    pending = Pending()
    for _ in range(2):
        pending.add(events.PERIODIC)
        pending.add(events.M_REBOOT, "key")
    assert codes(pending) == ["2 PERIODIC", "M Reboot", "M Reboot"]


def test_an_inform_holds_64_events_and_the_rest_comes_with_the_next() -> None:
    pending = Pending()
    for number in range(100):
        pending.add(events.M_SCHEDULE_INFORM, str(number))
    assert [event.command_key for event in acknowledge(pending)] == [str(number) for number in range(MAX_EVENTS)]
    assert [event.command_key for event in acknowledge(pending)] == [str(number) for number in range(MAX_EVENTS, 100)]
    assert not pending


def test_what_happens_again_before_the_answer_is_told_again() -> None:
    pending = Pending()
    pending.add(events.CONNECTION_REQUEST)
    told = pending.tell()
    pending.add(events.CONNECTION_REQUEST)
    pending.informed(told)
    assert codes(pending) == ["6 CONNECTION REQUEST"]


def test_an_inform_that_is_repeated_says_each_event_once() -> None:
    pending = Pending()
    pending.add(events.PERIODIC)
    pending.tell()
    pending.add(events.PERIODIC)
    assert pending.tell() == (Event(events.PERIODIC),)


def test_the_answer_to_the_inform_does_not_acknowledge_what_belongs_to_a_request() -> None:
    pending, request = Pending(), completed("key")
    pending.add(events.BOOT)
    pending.request(request)
    acknowledge(pending)
    assert codes(pending) == ["7 TRANSFER COMPLETE", "M Download"]
    pending.acknowledged(request)
    assert not pending


def test_of_two_requests_with_one_event_the_first_answer_leaves_it_to_the_second() -> None:
    pending, requests = Pending(), [completed("a"), completed("b")]
    for request in requests:
        pending.request(request)
    acknowledge(pending)
    pending.acknowledged(requests[0])
    assert codes(pending) == ["7 TRANSFER COMPLETE", "M Download"]
    assert pending.events[1].command_key == "b"
    pending.acknowledged(requests[1])
    assert not pending


LOST = {
    events.BOOT,
    events.VALUE_CHANGE,
    events.KICKED,
    events.CONNECTION_REQUEST,
    events.DIAGNOSTICS_COMPLETE,
}


@pytest.mark.parametrize("code", events.STANDARD)
def test_a_restart_leaves_what_must_not_be_discarded(code: str) -> None:
    pending = Pending()
    pending.add(code)
    pending.restarted()
    assert codes(pending) == ([] if code in LOST else [code])


@pytest.mark.parametrize("code", events.STANDARD)
def test_a_failed_session_leaves_all_but_the_connection_request(code: str) -> None:
    pending = Pending()
    pending.add(code)
    pending.tell()
    pending.failed()
    assert codes(pending) == ([] if code == events.CONNECTION_REQUEST else [code])


def test_a_connection_request_during_a_session_that_fails_is_told_in_the_next() -> None:
    pending = Pending()
    pending.add(events.PERIODIC)
    pending.tell()
    pending.add(events.CONNECTION_REQUEST)
    pending.failed()
    assert codes(pending) == ["2 PERIODIC", "6 CONNECTION REQUEST"]


def test_a_request_of_something_that_a_restart_wipes_out_is_gone_too() -> None:
    pending = Pending()
    pending.request(OwnRequest(Kicked("", "", "", ""), (Event(events.KICKED),)))
    pending.request(completed("key"))
    pending.restarted()
    assert [type(request.message) for request in pending.requests] == [TransferComplete]


def test_a_retry_of_a_session_that_had_told_all_names_its_causes_again() -> None:
    pending = Pending()
    pending.add(events.PERIODIC)
    pending.add(events.CONNECTION_REQUEST)
    acknowledge(pending)
    pending.failed()
    assert codes(pending) == ["2 PERIODIC"]
    assert acknowledge(pending)
    pending.over()
    assert not pending


def test_a_retry_names_old_causes_only_where_there_is_no_new_one() -> None:
    pending = Pending()
    pending.add(events.PERIODIC)
    acknowledge(pending)
    pending.failed()
    pending.add(events.VALUE_CHANGE)
    assert codes(pending) == ["4 VALUE CHANGE"]
    acknowledge(pending)
    pending.over()
    assert not pending


def test_a_restart_is_a_cause_of_its_own() -> None:
    pending = Pending()
    pending.add(events.PERIODIC)
    acknowledge(pending)
    pending.failed()
    pending.restarted()
    assert not pending


def test_a_request_without_an_event_is_no_cause_for_a_session() -> None:
    pending = Pending()
    pending.request(OwnRequest(Kicked("", "", "", "")))
    assert not pending


def test_a_device_says_when_it_bears_nothing_more() -> None:
    pending = Pending()
    for number in range(MAX_WAITING):
        assert not pending.is_full
        pending.add(events.M_SCHEDULE_INFORM, str(number))
    assert pending.is_full
