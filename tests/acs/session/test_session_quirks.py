"""What real devices do in a session, one test for each."""

from datetime import UTC, datetime

import pytest

from acs.session.errors import LocalProtocolError, RemoteProtocolError, UnexpectedInformError
from acs.session.events import Answered, Ended, Informed, Requested, RpcLost
from acs.session.limits import SessionLimits
from acs.session.machine import AcsSession
from acs.session.states import State
from cwmp_schemas.envelope import Envelope
from cwmp_schemas.faults import Fault
from cwmp_schemas.rpc.session import DeviceId, GetRPCMethods, GetRPCMethodsResponse, Inform, InformResponse
from cwmp_schemas.rpc.transfers import TransferComplete, TransferCompleteResponse, TransferFault
from tests.acs.session.samples import INFORM, READ, VALUES

NO_SERIAL_OF_ITS_OWN = DeviceId("Technicolor", "00147F", "TG784n v3", "0000")
NEVER = datetime(1, 1, 1, tzinfo=UTC)


def in_turn(limits: SessionLimits | None = None) -> AcsSession:
    """A session in which it is our turn."""
    session = AcsSession(0.0, limits=limits or SessionLimits(), id_prefix="k3-")
    session.receive(Envelope("1", INFORM), 1.0)
    session.receive(None, 1.0)
    session.events()
    return session


@pytest.mark.parametrize("answer_id", [None, "", "7", "1804289383"])
def test_iphotonix_invents_ids_and_is_matched_by_turn(answer_id: str | None) -> None:
    session = in_turn()
    for number in (1, 2, 3):
        session.send(READ, 2.0)
        session.receive(Envelope(answer_id, VALUES), 3.0)
        assert session.events() == [Answered(f"k3-{number}", "GetParameterValues", VALUES)]


def test_calix_gigaspire_asks_for_our_methods_before_it_answers() -> None:
    session = in_turn()
    session.send(READ, 2.0)
    answer = session.receive(Envelope("77", GetRPCMethods()), 3.0)
    assert answer is not None
    assert answer.id == "77"
    assert isinstance(answer.message, GetRPCMethodsResponse)
    session.receive(Envelope("k3-1", VALUES), 4.0)
    assert session.events() == [Requested(GetRPCMethods()), Answered("k3-1", "GetParameterValues", VALUES)]


def test_calix_gigaspire_repeats_transfercomplete_until_it_is_acknowledged() -> None:
    session = in_turn()
    session.send(READ, 2.0)
    complete = TransferComplete("key", TransferFault(9011, "Upload failure"), NEVER, NEVER)
    for _ in range(3):
        answer = session.receive(Envelope("78", complete), 3.0)
        assert answer == Envelope("78", TransferCompleteResponse())
    assert session.events() == [Requested(complete)] * 3
    assert session.state is State.AWAITING_ANSWER


def test_calix_gigaspire_posts_nothing_before_its_inform() -> None:
    session = AcsSession(0.0)
    with pytest.raises(RemoteProtocolError):
        session.receive(None, 1.0)
    session.receive(Envelope("1", INFORM), 2.0)
    assert session.events() == [Informed(INFORM, repeated=False)]


def test_speedtouch_780_ends_after_three_empty_posts() -> None:
    session = AcsSession(0.0)
    session.receive(Envelope("1", INFORM), 1.0)
    session.events()
    for _ in range(3):
        session.receive(None, 2.0)
        session.end(2.0)
    session.handle_timeout(7.0)
    assert session.events() == [Ended("done")]


def test_smartrg_sr505n_gets_one_rpc_in_a_session() -> None:
    session = in_turn(SessionLimits(rpcs=1))
    session.send(READ, 2.0)
    session.receive(Envelope("k3-1", VALUES), 3.0)
    with pytest.raises(LocalProtocolError, match="1 RPCs"):
        session.send(READ, 3.0)
    session.end(3.0)
    session.receive(None, 4.0)
    assert not session.may_send


def test_nokia_beacon_g6_reconnects_instead_of_answering() -> None:
    session = in_turn()
    session.send(READ, 2.0)
    with pytest.raises(UnexpectedInformError, match="an Inform within a session: the device has begun a new one"):
        session.receive(Envelope("1", INFORM), 3.0)
    session.supersede()
    assert session.events() == [RpcLost("k3-1", "GetParameterValues"), Ended("superseded")]


def test_baicells_enodeb_takes_168_seconds_for_a_full_read() -> None:
    session = in_turn(SessionLimits(idle_timeout=240.0))
    session.send(READ, 2.0)
    session.handle_timeout(170.0)
    session.receive(Envelope("k3-1", VALUES), 170.0)
    assert session.events() == [Answered("k3-1", "GetParameterValues", VALUES)]


def test_a_device_that_refuses_a_batch_keeps_its_session() -> None:
    session = in_turn()
    session.send(READ, 2.0)
    too_much = Fault(9004, "Resources exceeded")
    session.receive(Envelope("k3-1", too_much), 3.0)
    assert session.events() == [Answered("k3-1", "GetParameterValues", too_much)]
    assert session.may_send


def test_odd_identities_are_kept_verbatim() -> None:
    session = AcsSession(0.0)
    inform = Inform(NO_SERIAL_OF_ITS_OWN, (), 1, NEVER, 0, ())
    assert session.receive(Envelope(None, inform), 1.0) == Envelope("0", InformResponse(1))
    session.events()
    assert session.snapshot(1.0)["device"] == ["00147F", "TG784n v3", "0000"]
