import pytest

from acs.session.events import Ended, RpcLost
from acs.session.limits import SessionLimits
from acs.session.machine import AcsSession
from acs.session.states import State
from cwmp_schemas.envelope import Envelope
from cwmp_schemas.rpc.session import GetRPCMethods
from tests.acs.session.samples import INFORM, READ, VALUES

LIMITS = SessionLimits(idle_timeout=30.0, session_timeout=100.0, max_idle_timeout=80.0, linger=5.0)


@pytest.fixture
def session() -> AcsSession:
    return AcsSession(0.0, limits=LIMITS)


def test_silence_ends_the_session_at_the_deadline(session: AcsSession) -> None:
    session.receive(Envelope("c1", INFORM), now=1.0)
    session.handle_timeout(now=30.9)
    assert session.state is State.CPE_TURN
    session.handle_timeout(now=31.0)
    assert session.events()[-1] == Ended("idle timeout")


def test_a_session_whose_inform_never_comes_ends(session: AcsSession) -> None:
    assert session.deadline() == 30.0
    session.handle_timeout(30.0)
    assert session.events() == [Ended("idle timeout")]
    assert session.deadline() is None


def test_every_post_and_every_rpc_restarts_the_idle_time(session: AcsSession) -> None:
    session.receive(Envelope("c1", INFORM), 1.0)
    assert session.deadline() == 31.0
    session.receive(Envelope("c2", GetRPCMethods()), 2.0)
    assert session.deadline() == 32.0
    session.receive(None, 3.0)
    assert session.deadline() == 33.0
    session.send(READ, 4.0)
    assert session.deadline() == 34.0
    session.receive(Envelope(None, VALUES), 5.0)
    assert session.deadline() == 35.0


def test_the_whole_session_is_timed_from_its_first_inform(session: AcsSession) -> None:
    session.receive(Envelope("c1", INFORM), 10.0)
    session.receive(Envelope("c1", INFORM), 20.0)
    for now in (40.0, 60.0, 80.0, 100.0):
        session.receive(Envelope("c2", GetRPCMethods()), now)
    assert session.deadline() == 110.0
    session.handle_timeout(109.75)
    assert session.state is State.CPE_TURN
    session.handle_timeout(110.0)
    assert session.events()[-1] == Ended("session timeout")


def test_an_rpc_that_is_out_at_the_deadline_is_lost(session: AcsSession) -> None:
    session.receive(Envelope("c1", INFORM), 1.0)
    session.receive(None, 2.0)
    session.send(READ, 3.0)
    session.events()
    session.handle_timeout(33.0)
    assert session.events() == [RpcLost("1", "GetParameterValues"), Ended("idle timeout")]


def test_after_our_204_the_session_lingers_and_is_done(session: AcsSession) -> None:
    session.receive(Envelope("c1", INFORM), 1.0)
    session.receive(None, 2.0)
    session.events()
    session.end(3.0)
    assert session.deadline() == 8.0
    session.handle_timeout(7.75)
    assert session.state is State.CLOSING
    session.handle_timeout(8.0)
    assert session.events() == [Ended("done")]


def test_a_post_after_our_204_is_given_the_full_idle_time(session: AcsSession) -> None:
    session.receive(Envelope("c1", INFORM), 1.0)
    session.receive(None, 2.0)
    session.end(3.0)
    session.receive(Envelope("c2", GetRPCMethods()), 4.0)
    assert session.deadline() == 34.0


@pytest.mark.parametrize(
    ("asked", "deadline"),
    [(None, 31.0), (0, 31.0), (-5, 31.0), (20, 31.0), (45, 46.0), (80, 81.0), (99, 81.0), (10**400, 81.0)],
)
def test_the_cpe_can_ask_for_a_longer_idle_time_up_to_a_limit(
    session: AcsSession, asked: int | None, deadline: float
) -> None:
    session.receive(Envelope("c1", INFORM, session_timeout=asked), 1.0)
    assert session.deadline() == deadline


def test_the_time_the_cpe_asked_for_holds_for_the_whole_session(session: AcsSession) -> None:
    session.receive(Envelope("c1", INFORM, session_timeout=45), 1.0)
    session.receive(None, 2.0)
    session.send(READ, 3.0)
    assert session.deadline() == 48.0


def test_our_own_longer_setting_is_not_cut_by_the_limit_for_others() -> None:
    session = AcsSession(0.0, limits=SessionLimits(idle_timeout=240.0, max_idle_timeout=60.0))
    session.receive(Envelope("c1", INFORM, session_timeout=100), 1.0)
    assert session.deadline() == 241.0


def test_a_post_that_comes_before_the_timeout_is_handled_is_in_time(session: AcsSession) -> None:
    session.receive(Envelope("c1", INFORM), 1.0)
    session.receive(None, 90.0)
    assert session.state is State.ACS_TURN
