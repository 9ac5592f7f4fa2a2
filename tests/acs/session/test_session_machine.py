import dataclasses

import pytest

from acs.session.errors import LocalProtocolError, RemoteProtocolError
from acs.session.events import Answered, Ended, Informed, Requested, Unsupported
from acs.session.machine import AcsSession
from acs.session.states import State
from cwmp_schemas.envelope import Envelope
from cwmp_schemas.faults import Fault
from cwmp_schemas.messages import CPE_REQUESTS, MESSAGES, CpeResponse, Message, method_of
from cwmp_schemas.rpc.session import (
    DeviceId,
    GetRPCMethods,
    GetRPCMethodsResponse,
    Inform,
    InformResponse,
    Kicked,
    KickedResponse,
)
from cwmp_schemas.rpc.vendor import VendorMessage
from tests.acs.session.samples import INFORM, READ, VALUES, empty, in_turn, informed, message_name, taken, with_rpcs_out

OTHER_INFORM = dataclasses.replace(INFORM, device_id=DeviceId("Acme", "001122", "Box", "S2"))
REQUESTS = sorted(CPE_REQUESTS - {Inform}, key=lambda cls: cls.NAME)
UNSERVED = [
    *(empty(cls) for name, cls in MESSAGES.items() if cls not in CPE_REQUESTS and cls not in set(CpeResponse.__args__)),
    VendorMessage("X_001122_Do"),
]


# The Inform


def test_a_plain_session_from_the_inform_to_the_204() -> None:
    session = AcsSession(0.0, id_prefix="s-")
    answer = session.receive(Envelope("c1", INFORM, minor=2), 1.0)
    assert answer == Envelope("c1", InformResponse(1), minor=2)
    assert session.receive(None, 2.0) is None
    assert session.send(READ, 2.0) == Envelope("s-1", READ, minor=2)
    assert session.receive(Envelope("s-1", VALUES, minor=2), 3.0) is None
    session.end(3.0)
    session.handle_timeout(8.0)
    assert session.events() == [
        Informed(INFORM, repeated=False),
        Answered("s-1", "GetParameterValues", VALUES),
        Ended("done"),
    ]


def test_events_are_given_once() -> None:
    session = AcsSession(0.0)
    session.receive(Envelope("c1", INFORM), 1.0)
    assert session.events()
    assert session.events() == []


def test_an_inform_whose_answer_was_lost_is_answered_again() -> None:
    session = informed()
    assert session.receive(Envelope("c2", INFORM), 2.0) == Envelope("c2", InformResponse(1))
    assert session.events() == [Informed(INFORM, repeated=True)]
    assert session.state is State.CPE_TURN


def test_a_repeated_inform_of_another_device_is_refused() -> None:
    session = informed()
    before = session.snapshot(2.0)
    with pytest.raises(RemoteProtocolError, match="another device"):
        session.receive(Envelope("c2", OTHER_INFORM), 2.0)
    assert session.snapshot(2.0) == before


def test_the_manufacturer_is_not_part_of_a_devices_identity() -> None:
    session = informed()
    renamed = dataclasses.replace(INFORM, device_id=DeviceId("ACME Inc.", "001122", "Box", "S1"))
    session.receive(Envelope("c2", renamed), 2.0)
    assert session.events() == [Informed(renamed, repeated=True)]


def test_an_inform_after_anything_else_is_a_new_session() -> None:
    session = informed()
    session.receive(Envelope("c2", GetRPCMethods()), 2.0)
    with pytest.raises(RemoteProtocolError, match="begun a new one"):
        session.receive(Envelope("c3", INFORM), 3.0)


@pytest.mark.parametrize("minor", range(5))
def test_every_envelope_of_ours_is_in_the_devices_namespace(minor: int) -> None:
    session = AcsSession(0.0)
    answer = session.receive(Envelope("c1", INFORM, minor=minor), 1.0)
    assert answer is not None
    assert answer.minor == minor
    assert taken(session, GetRPCMethods(), minor=minor).minor == minor
    session.receive(None, 2.0)
    assert session.send(READ, 2.0).minor == minor


# Versions


@pytest.mark.parametrize(
    ("offered", "used"),
    [
        ((), None),
        (("1.0", "1.2", "1.4"), "1.4"),
        (("1.4", "1.5", "2.0"), "1.4"),
        ((" 1.1 ", "1.0"), "1.1"),
        (("latest",), None),
        (("latest", "1.2"), "1.2"),
    ],
)
def test_the_highest_common_version_is_named_only_when_the_cpe_has_named_its_own(
    offered: tuple[str, ...], used: str | None
) -> None:
    answer = AcsSession(0.0).receive(Envelope("c1", INFORM, supported_versions=offered), 1.0)
    assert answer == Envelope("c1", InformResponse(1), use_version=used)


def test_a_cpe_with_no_common_version_is_told_so_and_the_session_ends() -> None:
    session = AcsSession(0.0)
    answer = session.receive(Envelope("c1", INFORM, supported_versions=("2.0", "3.1")), 1.0)
    assert answer is not None
    assert answer.id == "c1"
    assert answer.message == Fault(8006, "ACS version incompatible with CPE: none of 2.0, 3.1 is known")
    assert session.events() == [Ended("no common version")]


# Requests of the CPE


@pytest.mark.parametrize("cls", REQUESTS, ids=message_name)
def test_every_request_of_a_cpe_is_recorded_and_answered_by_its_response(cls: type) -> None:
    session = informed()
    request = empty(cls)
    answer = taken(session, request)
    assert answer.id == "c7"
    assert type(answer.message) is cls.RESPONSE  # type: ignore[attr-defined]
    assert session.events() == [Requested(request)]


@pytest.mark.parametrize("message", UNSERVED, ids=message_name)
def test_anything_else_gets_fault_8000_and_harms_nothing(message: Message) -> None:
    session = with_rpcs_out(1)
    answer = taken(session, message)
    assert answer.id == "c7"
    assert answer.message == Fault(8000, f"Method not supported: {method_of(message)}")
    assert session.events() == [Unsupported(message)]
    assert session.state is State.AWAITING_ANSWER


def test_the_methods_we_name_are_those_we_answer() -> None:
    answer = taken(informed(), GetRPCMethods()).message
    assert isinstance(answer, GetRPCMethodsResponse)
    assert set(answer.method_list) == {cls.NAME for cls in CPE_REQUESTS}
    assert answer.method_list[:3] == ("Inform", "GetRPCMethods", "TransferComplete")


def test_a_kicked_user_is_sent_to_the_page_the_kick_named() -> None:
    kicked = Kicked("command", "http://portal.example/", "arg", "http://portal.example/next")
    assert taken(informed(), kicked).message == KickedResponse("http://portal.example/next")


@pytest.mark.parametrize("missing", [None, ""])
def test_a_request_without_an_id_is_answered_under_an_id_that_no_rpc_has(missing: str | None) -> None:
    session = in_turn()
    answer = session.receive(Envelope(missing, GetRPCMethods()), 2.0)
    assert answer is not None
    assert answer.id == "s-0"
    session.receive(None, 3.0)
    assert session.send(READ, 3.0).id == "s-1"


def test_the_name_of_a_vendors_message_is_cut_before_it_is_repeated() -> None:
    answer = taken(informed(), VendorMessage("X" * 5000)).message
    assert isinstance(answer, Fault)
    assert len(answer.string) < 200


def test_after_a_request_in_our_turn_the_cpe_has_to_post_again() -> None:
    session = in_turn()
    taken(session, GetRPCMethods())
    with pytest.raises(LocalProtocolError):
        session.send(READ, 5.0)
    session.receive(None, 6.0)
    assert session.may_send


def test_no_more_requests_is_remembered_but_not_believed() -> None:
    session = informed(no_more_requests=True)
    assert session.no_more_requests
    assert taken(session, GetRPCMethods()).id == "c7"
    assert session.no_more_requests
    assert not informed().no_more_requests


# HoldRequests


def holding_session() -> AcsSession:
    session = AcsSession(0.0, hold_requests=True)
    answer = session.receive(Envelope("c1", INFORM), 1.0)
    assert answer is not None
    assert answer.hold_requests
    return session


def test_requests_are_held_back_until_an_rpc_releases_them() -> None:
    session = holding_session()
    session.receive(None, 2.0)
    assert session.send(READ, 2.0).hold_requests
    session.receive(Envelope(None, VALUES), 3.0)
    assert not session.send(READ, 3.0, release=True).hold_requests
    session.receive(Envelope(None, VALUES), 4.0)
    assert not session.send(READ, 4.0).hold_requests
    assert not session.holding


def test_the_204_lets_held_requests_go_and_they_are_answered() -> None:
    session = holding_session()
    session.receive(None, 2.0)
    session.end(2.0)
    assert not session.holding
    answer = taken(session, GetRPCMethods())
    assert not answer.hold_requests
    assert session.state is State.CPE_TURN


def test_a_request_sent_in_spite_of_the_hold_is_answered_without_letting_go() -> None:
    session = holding_session()
    assert taken(session, GetRPCMethods()).hold_requests
    assert session.holding


def test_nothing_is_held_back_unless_asked_for() -> None:
    session = in_turn()
    assert not session.holding
    assert not session.send(READ, 2.0).hold_requests
