from typing import cast

import pytest

from acs.session.errors import LocalProtocolError, RemoteProtocolError
from acs.session.events import Answered, AnsweredLate, Ended, RpcLost
from acs.session.machine import AcsSession
from acs.session.rpcs import REMEMBERED
from acs.session.states import State
from cwmp_schemas.envelope import Envelope
from cwmp_schemas.faults import Fault
from cwmp_schemas.messages import AcsRequest, method_of
from cwmp_schemas.rpc.control import Reboot, RebootResponse
from cwmp_schemas.rpc.session import GetRPCMethods, Kicked
from cwmp_schemas.rpc.vendor import VendorMessage
from tests.acs.session.samples import INFORM, READ, VALUES, empty, in_turn, message_name, taken, with_rpcs_out

FAULT = Fault(9002, "Internal error")


@pytest.mark.parametrize("cls", AcsRequest.__args__, ids=message_name)
def test_every_rpc_can_be_sent_and_answered(cls: type) -> None:
    session = in_turn()
    vendor = cls is VendorMessage
    rpc = VendorMessage("X_001122_Do") if vendor else empty(cls)
    response = VendorMessage("X_001122_DoResponse") if vendor else empty(cls.RESPONSE)  # type: ignore[attr-defined]
    sent = session.send(rpc, 2.0)
    session.receive(Envelope(sent.id, response), 3.0)
    assert session.events() == [Answered("s-1", method_of(rpc), response)]
    assert session.may_send


def test_a_fault_answers_any_rpc() -> None:
    session = with_rpcs_out(1)
    session.receive(Envelope("s-1", FAULT), 3.0)
    assert session.events() == [Answered("s-1", "GetParameterValues", FAULT)]


def test_one_rpc_is_out_at_a_time() -> None:
    session = with_rpcs_out(1)
    with pytest.raises(LocalProtocolError):
        session.send(Reboot(), 3.0)
    assert session.outstanding is not None
    assert session.outstanding.method == "GetParameterValues"


@pytest.mark.parametrize("answer_id", ["s-1", None, "invented"])
def test_a_response_of_another_kind_is_refused_and_the_rpc_stays_out(answer_id: str | None) -> None:
    session = with_rpcs_out(1)
    before = session.snapshot(3.0)
    with pytest.raises(RemoteProtocolError, match="a RebootResponse that answers no RPC of ours"):
        session.receive(Envelope(answer_id, RebootResponse()), 3.0)
    assert session.snapshot(3.0) == before
    session.receive(Envelope("s-1", VALUES), 4.0)
    assert session.events() == [Answered("s-1", "GetParameterValues", VALUES)]


def test_an_rpc_is_lost_when_the_device_comes_back_without_the_answer() -> None:
    session = with_rpcs_out(1)
    session.receive(None, 3.0)
    assert session.events() == [RpcLost("s-1", "GetParameterValues")]
    assert session.send(READ, 3.0).id == "s-2"


def test_the_answer_to_a_lost_rpc_still_counts() -> None:
    session = with_rpcs_out(1)
    session.receive(None, 3.0)
    session.receive(Envelope("s-1", VALUES), 4.0)
    assert session.events() == [
        RpcLost("s-1", "GetParameterValues"),
        AnsweredLate("s-1", "GetParameterValues", VALUES),
    ]
    session.receive(Envelope("s-1", VALUES), 5.0)
    assert session.events() == []
    assert session.may_send


def test_a_late_answer_takes_the_turn_of_the_rpc_that_is_out() -> None:
    session = with_rpcs_out(2)
    session.receive(Envelope("s-1", VALUES), 3.0)
    assert session.events() == [
        AnsweredLate("s-1", "GetParameterValues", VALUES),
        RpcLost("s-2", "GetParameterValues"),
    ]


def test_an_answer_that_is_repeated_is_ignored_but_shows_that_the_next_rpc_was_lost() -> None:
    session = with_rpcs_out(1)
    session.receive(Envelope("s-1", VALUES), 3.0)
    session.send(Reboot(), 3.0)
    session.events()
    session.receive(Envelope("s-1", VALUES), 4.0)
    assert session.events() == [RpcLost("s-2", "Reboot")]
    assert session.may_send


def test_an_answer_repeated_because_our_204_was_lost_gives_us_the_turn_again() -> None:
    session = with_rpcs_out(1)
    session.receive(Envelope("s-1", VALUES), 3.0)
    session.end(3.0)
    assert session.receive(Envelope("s-1", VALUES), 4.0) is None
    assert session.may_send


def test_an_answer_repeated_after_a_request_gives_us_the_turn() -> None:
    session = with_rpcs_out(1)
    session.receive(Envelope("s-1", VALUES), 3.0)
    taken(session, GetRPCMethods())
    assert session.receive(Envelope("s-1", VALUES), 6.0) is None
    assert session.may_send


def test_an_old_id_on_an_answer_of_another_kind_does_not_make_it_old() -> None:
    session = with_rpcs_out(1)
    session.receive(Envelope("s-1", VALUES), 3.0)
    session.send(Reboot(), 3.0)
    session.events()
    session.receive(Envelope("s-1", RebootResponse()), 4.0)
    assert session.events() == [Answered("s-2", "Reboot", RebootResponse())]


def test_a_device_that_answers_all_under_one_old_id_is_understood_by_turn() -> None:
    session = in_turn()
    for _ in range(2):
        session.send(READ, 2.0)
        session.receive(Envelope("s-1", VALUES), 2.0)
    # The second looked like the first once more, so one RPC was lost over it; from then on the ID means nothing.
    assert [type(event) for event in session.events()] == [Answered, RpcLost]
    for number in range(3, 6):
        session.send(READ, 3.0)
        session.receive(Envelope("s-1", VALUES), 3.0)
        assert session.events() == [Answered(f"s-{number}", "GetParameterValues", VALUES)]


def test_only_the_latest_answer_can_come_again() -> None:
    session = in_turn()
    for number in range(1, 4):
        session.send(READ, 2.0)
        session.receive(Envelope(f"s-{number}", VALUES), 2.0)
    session.receive(Envelope("s-3", VALUES), 3.0)
    with pytest.raises(RemoteProtocolError):
        session.receive(Envelope("s-2", VALUES), 3.0)


def test_so_many_earlier_rpcs_are_remembered_and_no_more() -> None:
    session = in_turn()
    for number in range(1, REMEMBERED + 2):
        session.send(READ, 2.0)
        session.receive(Envelope(f"s-{number}", VALUES), 2.0)
    session.events()
    assert len(cast("list[object]", session.snapshot(3.0)["earlier"])) == REMEMBERED


def test_an_answer_without_a_namespace_is_acknowledged_in_the_devices() -> None:
    session = AcsSession(0.0, id_prefix="s-")
    session.receive(Envelope("1", INFORM, minor=2), 1.0)
    answer = session.receive(Envelope("2", GetRPCMethods(), minor=None), 2.0)
    assert answer is not None
    assert answer.minor == 2


def test_a_page_that_is_too_long_to_be_sent_back_is_refused() -> None:
    session = AcsSession(0.0, id_prefix="s-")
    session.receive(Envelope("1", INFORM), 1.0)
    answer = session.receive(Envelope("2", Kicked("c", "r", "a", "x" * 1025)), 2.0)
    assert answer is not None
    assert isinstance(answer.message, Fault)
    assert answer.message.code == 8003


def test_too_many_lost_answers_end_the_session() -> None:
    session = with_rpcs_out(3)
    session.receive(None, 3.0)
    assert session.events() == [RpcLost("s-3", "GetParameterValues"), Ended("too many lost answers")]
    assert session.state is State.ENDED


def test_more_work_is_sent_in_the_same_session_once_the_cpe_posts_again() -> None:
    session = in_turn()
    session.end(2.0)
    with pytest.raises(LocalProtocolError):
        session.send(READ, 2.0)
    session.receive(None, 3.0)
    assert session.send(READ, 3.0) == Envelope("s-1", READ)
