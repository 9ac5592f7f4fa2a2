"""What a device makes of what the ACS says, right or wrong (TR-069 3.5, 3.7)."""

import pytest

from cwmp_schemas import events
from cwmp_schemas.decode import decode
from cwmp_schemas.encode import encode
from cwmp_schemas.envelope import Envelope
from cwmp_schemas.faults import Fault
from cwmp_schemas.messages import AcsRequest, CpeRequest, Message
from cwmp_schemas.rpc.control import Reboot, RebootResponse, ScheduleInform
from cwmp_schemas.rpc.parameters import GetParameterValues
from cwmp_schemas.rpc.session import (
    Event,
    GetRPCMethods,
    GetRPCMethodsResponse,
    Inform,
    InformResponse,
    Kicked,
    KickedResponse,
)
from cwmp_schemas.rpc.transfers import RequestDownload, TransferComplete, TransferCompleteResponse, TransferFault
from cwmp_schemas.rpc.vendor import VendorMessage
from cwmp_schemas.values import UNKNOWN_TIME
from simulators.device.cpe import Cpe
from simulators.device.errors import AcsError
from simulators.device.pending import OwnRequest
from simulators.device.quirks import Quirks, WireQuirks
from simulators.device.session import MAX_REPEATS, MAX_RPCS
from simulators.device.states import TRANSITIONS, Input, State
from tests.simulators.device.conversing import START, acknowledgement, converse, device, fault_of
from tests.simulators.device.dialogue import in_session, informed, opened, response, said

READ = GetParameterValues(("Device.DeviceInfo.SoftwareVersion",))


def kicked(cpe: Cpe, command: str = "go") -> None:
    """A request of the device is due."""
    cpe.pending.request(OwnRequest(Kicked(command, "", "", ""), (Event(events.KICKED),)))


def completed(cpe: Cpe, key: str = "key") -> None:
    """The end of a transfer is to be told."""
    message = TransferComplete(key, TransferFault(0, ""), UNKNOWN_TIME, UNKNOWN_TIME)
    cpe.pending.request(OwnRequest(message, (Event(events.TRANSFER_COMPLETE), Event(events.M_DOWNLOAD, key))))


def refusing(code: int, request: type[CpeRequest] = TransferComplete) -> "Refusing":
    """An ACS that answers one kind of request with a fault."""
    return Refusing(code, request)


class Refusing:
    """See ``refusing``."""

    def __init__(self, code: int, request: type[CpeRequest]) -> None:
        self._fault = Fault(code, "no")
        self._request = request

    def __call__(self, message: Message) -> Message:
        return self._fault if isinstance(message, self._request) else acknowledgement(message)


# The turns.


def test_own_requests_come_first_in_their_order_then_an_empty_post() -> None:
    cpe = device()
    kicked(cpe, "first")
    completed(cpe)
    kicked(cpe, "last")
    heard = converse(cpe, START, READ)
    assert [type(each) for each in heard.requests] == [Kicked, TransferComplete, Kicked]
    assert heard.posts[4] == b""
    assert len(heard.answers) == 1


def test_requests_are_held_back_until_the_acs_has_nothing_more_to_ask() -> None:
    cpe = device()
    kicked(cpe)
    session, _ = opened(cpe, START)
    assert session.receive(encode(Envelope("1", InformResponse(), 2, hold_requests=True)), START) == b""
    asked = encode(Envelope("a", READ, 2, hold_requests=True))
    assert said(session, asked, START) is not None
    assert isinstance(said(session, b"", START), Kicked)
    assert session.receive(encode(Envelope("2", KickedResponse(""), 2)), START) == b""
    assert session.receive(b"", START) is None


def test_an_envelope_without_the_header_lets_held_requests_go_when_the_turn_comes() -> None:
    cpe = device()
    kicked(cpe)
    session, _ = opened(cpe, START)
    assert session.receive(encode(Envelope("1", InformResponse(), 2, hold_requests=True)), START) == b""
    answer = said(session, encode(Envelope("a", READ, 2)), START)
    assert not isinstance(answer, Kicked)
    assert isinstance(said(session, b"", START), Kicked)


def test_a_request_that_comes_up_within_a_session_is_made_in_it() -> None:
    cpe = device()
    session = informed(cpe, START)
    completed(cpe)
    assert isinstance(said(session, b"", START), TransferComplete)
    assert session.receive(encode(Envelope("2", TransferCompleteResponse(), 2)), START) == b""
    assert session.receive(b"", START) is None
    cpe.session_over(START)
    assert not cpe.wants_session


def test_a_session_that_never_ends_is_ended() -> None:
    session = informed(device(), START)
    asked = encode(Envelope("a", GetRPCMethods(), 2))
    for _ in range(MAX_RPCS):
        assert session.receive(asked, START)
    with pytest.raises(AcsError, match="endless session"):
        session.receive(asked, START)


# Answers that are none.

OUT_OF_PLACE: list[tuple[bytes, str]] = [
    (b"", "no answer"),
    (b"<html>Not found</html>", "unreadable"),
    (b"\x00\xff\xfe", "unreadable"),
    (encode(Envelope("1", READ, 2)), "no InformResponse"),
    (encode(Envelope("1", Inform(device().identity.device_id, (), 1, UNKNOWN_TIME, 0, ()), 2)), "no InformResponse"),
    (encode(Envelope("1", TransferCompleteResponse(), 2)), "no InformResponse"),
    (encode(Envelope("2", InformResponse(), 2)), "wrong ID"),
    (encode(Envelope(None, InformResponse(), 2)), "wrong ID"),
    (encode(Envelope("1", Fault(8001, "no"), 2)), "fault 8001"),
    (encode(Envelope("1", Fault(8006, "no"), 2)), "fault 8006"),
]


@pytest.mark.parametrize(("reply", "reason"), OUT_OF_PLACE)
def test_what_is_no_answer_to_the_inform_fails_the_session_and_nothing_is_told(reply: bytes, reason: str) -> None:
    cpe = device()
    session, _ = opened(cpe, START)
    with pytest.raises(AcsError) as raised:
        session.receive(reply, START)
    assert raised.value.reason == reason
    cpe.session_failed(START)
    assert converse(cpe, cpe.due_at).events == [("2 PERIODIC", "")]


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (b"", "no answer"),
        (encode(Envelope("2", KickedResponse(""), 2)), "wrong answer"),
        (encode(Envelope("2", InformResponse(), 2)), "wrong answer"),
        (encode(Envelope("2", READ, 2)), "wrong answer"),
        (encode(Envelope("1", TransferCompleteResponse(), 2)), "wrong ID"),
    ],
)
def test_what_is_no_answer_to_a_request_fails_the_session_and_it_is_made_again(reply: bytes, reason: str) -> None:
    cpe = device()
    completed(cpe)
    session, _ = opened(cpe, START)
    assert isinstance(said(session, response(), START), TransferComplete)
    with pytest.raises(AcsError) as raised:
        session.receive(reply, START)
    assert raised.value.reason == reason
    cpe.session_failed(START)
    heard = converse(cpe, cpe.due_at)
    assert heard.events == [("7 TRANSFER COMPLETE", ""), ("M Download", "key")]
    assert [type(each) for each in heard.requests] == [TransferComplete]


@pytest.mark.parametrize(
    "message", [InformResponse(), Fault(8002, "no"), VendorMessage("X_00A0F1_ThingResponse"), RebootResponse()]
)
def test_what_asks_for_nothing_is_no_request(message: Message) -> None:
    session = informed(device(), START)
    with pytest.raises(AcsError, match="no request"):
        session.receive(encode(Envelope("a", message, 2)), START)


def test_a_session_that_has_failed_or_ended_takes_nothing_more() -> None:
    cpe = device()
    session, _ = opened(cpe, START)
    with pytest.raises(AcsError):
        session.receive(b"<", START)
    with pytest.raises(AcsError, match="no session"):
        session.receive(response(), START)
    cpe.session_failed(START)
    over = informed(cpe, cpe.due_at)
    assert over.receive(b"", START) is None
    with pytest.raises(AcsError, match="no session"):
        over.receive(response(), START)


# Faults to requests of the device.


def test_a_request_is_repeated_under_its_id_while_the_acs_says_so_but_not_for_ever() -> None:
    cpe = device()
    completed(cpe)
    session, _ = opened(cpe, START)
    first = session.receive(response(), START)
    again = encode(Envelope("2", Fault(8005, "later"), 2))
    for _ in range(MAX_REPEATS):
        assert session.receive(again, START) == first
    with pytest.raises(AcsError, match="fault 8005"):
        session.receive(again, START)


@pytest.mark.parametrize("code", [8001, 8002, 8003, 8004, 8800])
def test_a_refused_end_of_a_transfer_is_told_again_after_longer_and_longer_waits(code: int) -> None:
    cpe = device()
    completed(cpe)
    now = START
    for wait in (5, 10, 20):
        heard = converse(cpe, now, READ, acknowledge=refusing(code))
        assert [type(each) for each in heard.requests] == [TransferComplete]
        assert heard.inform.retry_count == 0
        assert now + wait <= cpe.due_at <= now + 2 * wait
        now = cpe.due_at
    assert converse(cpe, now).events == [("7 TRANSFER COMPLETE", ""), ("M Download", "key")]
    assert not cpe.wants_session


def test_a_refused_request_does_not_keep_others_from_being_made() -> None:
    cpe = device()
    completed(cpe)
    kicked(cpe)
    heard = converse(cpe, START, acknowledge=refusing(8002))
    assert [type(each) for each in heard.requests] == [TransferComplete, Kicked]


def test_a_new_event_does_not_wait_with_a_refused_request() -> None:
    cpe = device()
    completed(cpe)
    converse(cpe, START, acknowledge=refusing(8002))
    assert not cpe.advance(START + 1)
    cpe.called(START + 1)
    assert converse(cpe, START + 1).events == [
        ("7 TRANSFER COMPLETE", ""),
        ("M Download", "key"),
        ("6 CONNECTION REQUEST", ""),
    ]


@pytest.mark.parametrize("code", [8000, 8002])
def test_a_kick_that_is_refused_is_forgotten(code: int) -> None:
    cpe = device()
    kicked(cpe)
    converse(cpe, START, acknowledge=refusing(code, Kicked))
    assert not cpe.wants_session


# What the ACS asks for.


@pytest.mark.parametrize("rpc", [VendorMessage("X_00A0F1_Dance"), Kicked("", "", "", ""), RequestDownload("1", ())])
def test_an_rpc_that_nobody_knows_or_only_an_acs_is_a_fault(rpc: Message) -> None:
    session = informed(device(), START)
    answer = said(session, encode(Envelope("a", rpc, 2)), START)
    assert isinstance(answer, Fault)
    assert answer.code == 9000
    assert session.receive(b"", START) is None


def test_arguments_that_cannot_be_read_are_a_fault() -> None:
    session = informed(device(), START)
    asked = encode(Envelope("a", ScheduleInform(42, ""), 2)).replace(b">42<", b">soon<")
    message = said(session, asked, START)
    assert message is not None
    assert fault_of([message]).code == 9003
    assert session.receive(b"", START) is None


def test_an_rpc_without_an_id_is_answered_without_one() -> None:
    session = informed(device(), START)
    post = session.receive(encode(Envelope(None, READ, 2)), START)
    assert post
    assert decode(post).envelope.id is None


def test_a_device_lists_what_it_answers_and_answers_what_it_lists() -> None:
    cpe = device()
    with in_session(cpe, START) as asked:
        listed = asked(GetRPCMethods())
    assert isinstance(listed, GetRPCMethodsResponse)
    assert {"GetRPCMethods", "Reboot", "FactoryReset", "ScheduleInform", "Download"} <= set(listed.method_list)
    by_name = {rpc.NAME: rpc for rpc in AcsRequest.__args__ if rpc is not VendorMessage}
    for name, rpc in by_name.items():
        assert (name in listed.method_list) == (name in cpe.methods), rpc


# Headers.


def with_header(message: AcsRequest | InformResponse, header: str, message_id: str = "1") -> bytes:
    """A message of the ACS with one header more."""
    return encode(Envelope(message_id, message, 2)).replace(
        b"</soap-env:Header>", f"{header}</soap-env:Header>".encode()
    )


STRANGE = '<x:Strange xmlns:x="urn:x" soap-env:mustUnderstand="1">1</x:Strange>'


def test_an_rpc_with_a_header_that_must_be_understood_and_is_not_is_not_carried_out() -> None:
    cpe = device()
    session = informed(cpe, START)
    post = session.receive(with_header(Reboot("key"), STRANGE, "a"), START)
    assert post
    assert b"<faultcode>soap-env:MustUnderstand</faultcode>" in post
    assert b"Strange" in post
    answer = decode(post).envelope
    assert answer.id == "a"
    assert isinstance(answer.message, Fault)
    assert session.receive(b"", START) is None
    cpe.session_over(START)
    assert cpe.is_on


def test_an_answer_with_such_a_header_is_none() -> None:
    session, _ = opened(device(), START)
    with pytest.raises(AcsError, match="unknown header"):
        session.receive(with_header(InformResponse(), STRANGE), START)


@pytest.mark.parametrize("flag", ['soap-env:mustUnderstand="0"', ""])
def test_a_header_that_need_not_be_understood_is_skipped(flag: str) -> None:
    session, _ = opened(device(), START)
    assert session.receive(with_header(InformResponse(), f'<x:Hint xmlns:x="urn:x" {flag}>1</x:Hint>'), START) == b""


def test_a_device_that_says_its_versions_takes_one_of_them_and_no_other() -> None:
    said_versions = Quirks(wire=WireQuirks(says_versions=True))
    outcomes = []
    for version in ("1.4", "1.0", "2.0"):
        cpe = device(quirks=said_versions)
        session, _ = opened(cpe, START)
        try:
            session.receive(encode(Envelope("1", InformResponse(), 2, use_version=version)), START)
        except AcsError as error:
            outcomes.append(error.reason)
        else:
            outcomes.append("ok")
    assert outcomes == ["ok", "ok", "unknown version"]


def test_a_device_that_says_no_versions_does_not_understand_the_choice_of_one() -> None:
    session, _ = opened(device(), START)
    with pytest.raises(AcsError, match="unknown header"):
        session.receive(encode(Envelope("1", InformResponse(), 2, use_version="1.2")), START)


# The table.


def test_the_states_lead_from_the_inform_to_the_end() -> None:
    allowed = {
        State.IDLE: {Input.INFORM},
        State.INFORMING: {Input.INFORM, Input.INFORMED},
        State.OWN_TURN: {Input.REQUEST, Input.HAND_OVER},
        State.REQUESTING: {Input.REQUEST, Input.ACKNOWLEDGED},
        State.ACS_TURN: {Input.RPC, Input.MORE, Input.END},
        State.ANSWERING: {Input.ANSWER},
        State.ENDED: set(),
    }
    for state in State:
        failing = set() if state is State.ENDED else {Input.FAIL}
        for what in Input:
            assert ((state, what) in TRANSITIONS) == (what in allowed[state] | failing), (state, what)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("reply", [b"", response(), encode(Envelope("1", READ, 2)), b"<"])
def test_whatever_comes_in_whatever_state_is_taken_or_ends_the_session(state: State, reply: bytes) -> None:
    cpe = device()
    completed(cpe)
    session, _ = opened(cpe, START)
    if state is State.REQUESTING:
        session.receive(response(), START)
    session.state = state
    try:
        post = session.receive(reply, START)
    except AcsError:
        listens = state in {State.INFORMING, State.REQUESTING, State.ACS_TURN}
        assert session.state is (State.ENDED if listens else state)
    else:
        assert (post is None) == (session.state is State.ENDED)
