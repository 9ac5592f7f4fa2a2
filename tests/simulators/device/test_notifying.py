"""Changes that a device makes by itself, and how the ACS is told of them."""

import math

import pytest

from cwmp_schemas.encode import encode
from cwmp_schemas.envelope import Envelope
from cwmp_schemas.rpc.control import DeleteObject, DeleteObjectResponse
from cwmp_schemas.rpc.parameters import SetParameterAttribute, SetParameterAttributes
from cwmp_schemas.rpc.session import InformResponse
from simulators.device.cpe import Cpe
from simulators.device.errors import ModelError
from simulators.device.pending import MAX_EVENTS
from tests.simulators.device.asking import code, of, put, router, value
from tests.simulators.device.conversing import START, Conversation, converse

CODE = "Device.DeviceInfo.ProvisioningCode"
HARDWARE = "Device.DeviceInfo.HardwareVersion"
VERSION = "Device.DeviceInfo.SoftwareVersion"
TABLE = "Device.NAT.PortMapping."
PORT = f"{TABLE}1.ExternalPort"
PROTOCOL = f"{TABLE}1.Protocol"
PASSWORD = "Device.ManagementServer.Password"
THROTTLE = "Device.ManagementServer.DefaultActiveNotificationThrottle,false,true,60,xsd:unsignedInt\n"
NEXT = START + 300


def watched(kind: int, *paths: str, rows: str = "") -> Cpe:
    """A device that has just called, and that the ACS wants notifications from."""
    cpe = router(rows)
    wanted = tuple(SetParameterAttribute(path, True, kind, False, ()) for path in paths)
    assert code(cpe, SetParameterAttributes(wanted)) == 0
    return cpe


def told(conversation: Conversation) -> dict[str, str]:
    """The parameters of an Inform, each of which may be there once."""
    parameters = conversation.inform.parameter_list
    found = {parameter.name: parameter.value for parameter in parameters}
    assert len(found) == len(parameters)
    return found


def fail(cpe: Cpe, now: float) -> None:
    """A session that gets no further than its Inform."""
    assert cpe.advance(now)
    cpe.open(now).begin(now)
    cpe.session_failed(now)


def test_a_passive_change_waits_for_the_next_inform_and_is_told_once() -> None:
    cpe = watched(1, PORT)
    cpe.changed_by_itself({PORT: "81"}, START + 10)
    assert not cpe.advance(START + 10)
    assert cpe.due_at == NEXT
    first = converse(cpe, NEXT)
    assert set(first.events) == {("2 PERIODIC", ""), ("4 VALUE CHANGE", "")}
    assert told(first)[PORT] == "81"
    second = converse(cpe, NEXT + 300)
    assert second.events == [("2 PERIODIC", "")]
    assert PORT not in told(second)


def test_an_active_change_opens_a_session_at_once() -> None:
    cpe = watched(2, PORT)
    cpe.changed_by_itself({PORT: "81"}, START + 10)
    assert cpe.due_at <= START + 10
    conversation = converse(cpe, START + 10)
    assert conversation.events == [("4 VALUE CHANGE", "")]
    assert told(conversation)[PORT] == "81"
    assert not cpe.advance(START + 11)
    assert cpe.due_at == NEXT


@pytest.mark.parametrize(("kind", "is_told"), [(0, False), (1, True), (3, False), (4, True), (5, False), (6, True)])
def test_only_the_kinds_that_say_so_are_told_by_an_inform(kind: int, is_told: bool) -> None:
    rows = "Device.ManagementServer.LightweightNotificationProtocolsSupported,false,false,UDP,xsd:string\n"
    cpe = watched(kind, PORT, rows=rows)
    cpe.changed_by_itself({PORT: "81"}, START)
    assert not cpe.advance(START)
    conversation = converse(cpe, NEXT)
    assert (PORT in told(conversation)) is is_told
    assert (("4 VALUE CHANGE", "") in conversation.events) is is_told


def test_several_changes_of_one_parameter_are_told_once_with_the_newest_value() -> None:
    cpe = watched(1, PORT, PROTOCOL)
    cpe.changed_by_itself({PORT: "81", PROTOCOL: "UDP"}, START)
    cpe.changed_by_itself({PORT: "82"}, START + 1)
    parameters = told(converse(cpe, NEXT))
    assert (parameters[PORT], parameters[PROTOCOL]) == ("82", "UDP")


def test_a_parameter_of_every_inform_is_there_once_when_it_changes() -> None:
    cpe = watched(0, PORT)
    cpe.changed_by_itself({VERSION: "2.0"}, START)
    conversation = converse(cpe, START)
    assert conversation.events == [("4 VALUE CHANGE", "")]
    assert told(conversation)[VERSION] == "2.0"


def test_some_changes_are_told_at_once_whatever_the_acs_wants() -> None:
    cpe = watched(0, VERSION, HARDWARE)
    cpe.changed_by_itself({HARDWARE: "B2"}, START)
    assert not cpe.advance(START)
    cpe.changed_by_itself({VERSION: "2.0"}, START)
    assert converse(cpe, START).events == [("4 VALUE CHANGE", "")]


def test_what_the_acs_sets_itself_is_no_news() -> None:
    cpe = watched(2, PROTOCOL)
    assert put(cpe, of(PROTOCOL, "UDP"), of(CODE, "new")) == 0
    assert not cpe.advance(START)
    assert converse(cpe, NEXT).events == [("2 PERIODIC", "")]


def test_what_is_as_it_was_is_no_news() -> None:
    cpe = watched(2, PORT)
    cpe.changed_by_itself({PORT: "08080"}, START)
    assert not cpe.advance(START)


def test_changes_are_kept_until_a_session_is_acknowledged() -> None:
    cpe = watched(1, PORT)
    cpe.changed_by_itself({PORT: "81"}, START)
    fail(cpe, NEXT)
    cpe.changed_by_itself({PORT: "82"}, NEXT)
    fail(cpe, cpe.due_at)
    conversation = converse(cpe, cpe.due_at)
    assert ("4 VALUE CHANGE", "") in conversation.events
    assert conversation.inform.retry_count == 2
    assert told(conversation)[PORT] == "82"
    assert PORT not in told(converse(cpe, cpe.due_at))


def test_a_change_does_not_wait_longer_because_a_session_failed_and_does_not_hurry_the_retry() -> None:
    cpe = watched(2, PORT)
    cpe.changed_by_itself({PORT: "81"}, START)
    fail(cpe, START)
    retry_at = cpe.due_at
    assert retry_at >= START + 5
    cpe.changed_by_itself({PORT: "82"}, START + 1)
    assert not cpe.advance(START + 1)
    assert cpe.due_at == retry_at


def test_a_change_during_a_session_is_told_in_the_next_one() -> None:
    cpe = watched(2, PORT)
    cpe.changed_by_itself({PORT: "81"}, START)
    assert cpe.advance(START)
    session = cpe.open(START)
    assert b">81</Value>" in session.begin(START)
    cpe.changed_by_itself({PORT: "82"}, START)
    assert not cpe.advance(START)
    assert session.receive(encode(Envelope("1", InformResponse())), START) == b""
    cpe.changed_by_itself({PROTOCOL: "UDP"}, START)
    assert session.receive(b"", START) is None
    cpe.session_over(START)
    conversation = converse(cpe, START)
    assert conversation.events == [("4 VALUE CHANGE", "")]
    assert told(conversation)[PORT] == "82"
    assert not cpe.advance(START)


def test_sessions_because_of_changes_keep_the_distance_that_the_acs_wants() -> None:
    cpe = watched(2, PORT, PROTOCOL, rows=THROTTLE)
    cpe.changed_by_itself({PORT: "81"}, START)
    converse(cpe, START)
    cpe.changed_by_itself({PORT: "82"}, START + 10)
    assert not cpe.advance(START + 10)
    assert cpe.due_at == START + 60
    cpe.changed_by_itself({PROTOCOL: "UDP"}, START + 20)
    parameters = told(converse(cpe, START + 60))
    assert (parameters[PORT], parameters[PROTOCOL]) == ("82", "UDP")
    assert not cpe.advance(START + 120)


def test_a_session_for_another_reason_tells_of_a_change_that_waits() -> None:
    cpe = watched(2, PORT, rows=THROTTLE)
    cpe.changed_by_itself({PORT: "81"}, START)
    converse(cpe, START)
    cpe.changed_by_itself({PORT: "82"}, START + 10)
    cpe.called(START + 20)
    assert told(converse(cpe, START + 20))[PORT] == "82"
    assert not cpe.advance(START + 60)


def test_a_restart_loses_no_change() -> None:
    cpe = watched(2, PORT, rows=THROTTLE)
    cpe.changed_by_itself({PORT: "81"}, START)
    assert cpe.advance(START)
    cpe.restart(START)
    cpe.changed_by_itself({VERSION: "2.0"}, START)
    conversation = converse(cpe, cpe.due_at)
    assert set(conversation.events) == {("1 BOOT", ""), ("4 VALUE CHANGE", "")}
    assert (told(conversation)[PORT], told(conversation)[VERSION]) == ("81", "2.0")
    assert not cpe.advance(START)


def test_an_inform_without_room_for_the_event_tells_of_no_change_and_acknowledges_none() -> None:
    cpe = watched(1, PORT)
    cpe.changed_by_itself({PORT: "81"}, START)
    fail(cpe, NEXT)
    cpe.pending.clear()
    for number in range(MAX_EVENTS):
        cpe.pending.add("M Download", str(number))
    first = converse(cpe, NEXT)
    assert len(first.events) == MAX_EVENTS
    assert PORT not in told(first)
    second = converse(cpe, NEXT)
    assert second.events == [("4 VALUE CHANGE", "")]
    assert told(second)[PORT] == "81"


def test_a_reset_forgets_all_changes() -> None:
    cpe = watched(2, PORT)
    cpe.changed_by_itself({PORT: "81"}, START)
    cpe.factory_reset(START)
    assert converse(cpe, cpe.due_at).events == [("0 BOOTSTRAP", ""), ("1 BOOT", "")]


def test_nothing_is_told_of_an_instance_that_is_gone() -> None:
    cpe = watched(1, PORT)
    cpe.changed_by_itself({PORT: "81"}, START)
    assert cpe.carry_out(DeleteObject(f"{TABLE}1."), START) == DeleteObjectResponse(0)
    conversation = converse(cpe, NEXT)
    assert conversation.events == [("2 PERIODIC", "")]
    assert PORT not in told(conversation)


def test_an_inform_tells_no_password() -> None:
    cpe = watched(2, PASSWORD)
    cpe.changed_by_itself({PASSWORD: "new"}, START)
    assert told(converse(cpe, START))[PASSWORD] == ""
    assert cpe.management(START).password == "new"


def test_a_device_changes_only_what_it_keeps_and_only_to_what_it_can_keep() -> None:
    cpe = watched(2, PORT)
    for path, text in ((TABLE, ""), ("Device.Nothing", ""), ("Device.DeviceInfo.UpTime", "1"), (PROTOCOL, "UDP")):
        with pytest.raises(ModelError):
            cpe.changed_by_itself({PORT: "81", path: text, f"{TABLE}1.Enable": "perhaps"}, START)
    assert value(cpe, PORT) == "8080"
    assert cpe.due_at == NEXT
    assert cpe.notifying.due_at == math.inf
