from collections.abc import Iterable

import pytest

from acs.session.events import Ended, RpcLost
from acs.session.limits import SessionLimits
from acs.session.machine import AcsSession
from acs.session.states import State
from cwmp_schemas.envelope import Envelope
from cwmp_schemas.rpc.session import GetRPCMethods
from tests.acs.session.samples import READ, VALUES, in_turn, informed, taken, with_rpcs_out


def posts(session: AcsSession, count: int) -> Iterable[State]:
    for _ in range(count):
        session.receive(None, 2.0)
        if session.state is State.ACS_TURN:
            session.end(2.0)
        yield session.state


def test_the_tenth_empty_post_in_a_row_ends_the_session() -> None:
    session = informed()
    assert list(posts(session, 9)) == [State.CLOSING] * 9
    assert list(posts(session, 1)) == [State.ENDED]
    assert session.events() == [Ended("too many empty posts")]


def test_empty_posts_with_an_rpc_between_them_are_not_in_a_row() -> None:
    session = informed()
    list(posts(session, 8))
    session.receive(None, 2.0)
    session.send(READ, 2.0)
    session.receive(Envelope(None, VALUES), 2.0)
    session.end(2.0)
    assert list(posts(session, 9)) == [State.CLOSING] * 9


def test_empty_posts_with_a_request_between_them_are_not_in_a_row() -> None:
    session = informed()
    list(posts(session, 9))
    taken(session, GetRPCMethods())
    assert list(posts(session, 9)) == [State.CLOSING] * 9


def test_empty_posts_with_a_late_answer_between_them_are_not_in_a_row() -> None:
    session = with_rpcs_out(1)
    list(posts(session, 9))
    session.receive(Envelope("s-1", VALUES), 3.0)
    assert list(posts(session, 9)) == [State.CLOSING] * 9


def test_a_repeated_answer_counts_as_an_empty_post() -> None:
    session = with_rpcs_out(1)
    session.receive(Envelope("s-1", VALUES), 3.0)
    session.events()
    for _ in range(10):
        session.receive(Envelope("s-1", VALUES), 3.0)
    assert session.events() == [Ended("too many empty posts")]


@pytest.mark.parametrize(("end", "reason"), [("close", "closed"), ("supersede", "superseded")])
def test_whoever_ends_a_session_loses_the_rpc_that_is_out(end: str, reason: str) -> None:
    session = with_rpcs_out(1)
    getattr(session, end)()
    assert session.events() == [RpcLost("s-1", "GetParameterValues"), Ended(reason)]


@pytest.mark.parametrize("end", ["close", "supersede"])
def test_after_our_204_a_session_is_done_whatever_ends_it(end: str) -> None:
    session = in_turn()
    session.end(2.0)
    getattr(session, end)()
    assert session.events() == [Ended("done")]


@pytest.mark.parametrize("name", ["idle_timeout", "session_timeout", "max_idle_timeout", "linger"])
@pytest.mark.parametrize("seconds", [0.0, -1.0, float("inf"), float("nan"), 1e7])
def test_a_limit_that_is_no_time_is_refused(name: str, seconds: float) -> None:
    with pytest.raises(ValueError, match=f"{name} must be"):
        SessionLimits(**{name: seconds})  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "least"), [("empty_posts", 2), ("lost_answers", 1), ("rpcs", 1)])
def test_a_limit_under_which_no_session_works_is_refused(name: str, least: int) -> None:
    SessionLimits(**{name: least})
    with pytest.raises(ValueError, match=f"{name} must be at least {least}"):
        SessionLimits(**{name: least - 1})
