from collections.abc import Callable

import pytest

from acs.session.errors import LocalProtocolError, ProtocolError, RemoteProtocolError
from acs.session.limits import SessionLimits
from acs.session.machine import AcsSession
from acs.session.states import FROM_CPE, TRANSITIONS, Input, State
from cwmp_schemas.envelope import Envelope
from cwmp_schemas.rpc.control import Reboot, RebootResponse
from cwmp_schemas.rpc.parameters import GetParameterValuesResponse
from cwmp_schemas.rpc.session import GetRPCMethods
from tests.acs.session.samples import INFORM, READ

NOW = 10.0
VALUES = Envelope("s-1", GetParameterValuesResponse(()))
REQUEST = Envelope("c9", GetRPCMethods())


def reach(state: State, *, after: Input) -> AcsSession:
    """A session in a state, with an RPC answered under ``s-1`` where one can have been."""
    session = AcsSession(NOW, limits=SessionLimits(empty_posts=2), id_prefix="s-")
    if state is State.AWAITING_INFORM:
        return session
    session.receive(Envelope("c1", INFORM), NOW)
    # Only an Inform that was the last post can be repeated; only an Inform can name versions.
    if state is State.CPE_TURN and after in {Input.REPEATED_INFORM, Input.GIVE_UP}:
        return session
    session.receive(None, NOW)
    session.send(READ, NOW)
    session.receive(VALUES, NOW)
    if state is State.CPE_TURN:
        session.receive(REQUEST, NOW)
    elif state is State.AWAITING_ANSWER:
        session.send(Reboot(), NOW)
    elif state is State.CLOSING:
        session.end(NOW)
    elif state is State.ENDED:
        session.close()
    assert session.state is state
    return session


def give_up(session: AcsSession) -> None:
    if session.state is State.CPE_TURN:
        session.receive(Envelope("c1", INFORM, supported_versions=("7.0",)), NOW)
    else:
        session.receive(None, NOW)
        session.receive(None, NOW)


FEED: dict[Input, Callable[[AcsSession], object]] = {
    Input.INFORM: lambda session: session.receive(Envelope("c1", INFORM), NOW),
    Input.REPEATED_INFORM: lambda session: session.receive(Envelope("c1", INFORM), NOW),
    Input.CPE_REQUEST: lambda session: session.receive(REQUEST, NOW),
    Input.EMPTY_POST: lambda session: session.receive(None, NOW),
    Input.ANSWER: lambda session: session.receive(Envelope("s-2", RebootResponse()), NOW),
    Input.STALE_ANSWER: lambda session: session.receive(VALUES, NOW),
    Input.RPC: lambda session: session.send(READ, NOW),
    Input.END: lambda session: session.end(NOW),
    Input.GIVE_UP: give_up,
    Input.TIMEOUT: lambda session: session.handle_timeout(session.deadline() or NOW),
    Input.SUPERSEDE: lambda session: session.supersede(),
    Input.CLOSE: lambda session: session.close(),
}

# What came before makes these two what they are, so in other states they cannot be made.
NEVER = {(state, Input.REPEATED_INFORM) for state in State if state is not State.CPE_TURN} | {
    (state, Input.GIVE_UP) for state in State if state not in {State.CPE_TURN, State.ACS_TURN}
}
# No deadline is left that could pass.
TIMELESS = {(State.ENDED, Input.TIMEOUT)}

PAIRS = [(state, what) for state in State for what in Input if (state, what) not in NEVER | TIMELESS]


def pair_name(value: State | Input) -> str:
    return value.name


def test_what_can_never_happen_is_not_in_the_table() -> None:
    assert not (NEVER | TIMELESS) & set(TRANSITIONS)


@pytest.mark.parametrize(("state", "what"), [pair for pair in PAIRS if pair in TRANSITIONS], ids=pair_name)
def test_a_listed_move_leads_where_the_table_says(state: State, what: Input) -> None:
    session = reach(state, after=what)
    FEED[what](session)
    assert session.state is TRANSITIONS[state, what]


@pytest.mark.parametrize(("state", "what"), [pair for pair in PAIRS if pair not in TRANSITIONS], ids=pair_name)
def test_an_unlisted_move_is_refused_and_changes_nothing(state: State, what: Input) -> None:
    session = reach(state, after=what)
    session.events()
    before = session.snapshot(NOW)
    blamed: type[ProtocolError] = RemoteProtocolError if what in FROM_CPE else LocalProtocolError
    with pytest.raises(blamed) as refused:
        FEED[what](session)
    assert refused.value.where is state
    assert session.snapshot(NOW) == before
    assert session.events() == []


def test_time_does_not_touch_a_session_that_has_ended() -> None:
    session = reach(State.ENDED, after=Input.TIMEOUT)
    session.events()
    session.handle_timeout(1e6)
    assert session.deadline() is None
    assert session.events() == []


def test_nothing_leads_out_of_the_end() -> None:
    assert all(state is not State.ENDED for state, _ in TRANSITIONS)


def test_every_state_is_reached_and_leads_to_the_end() -> None:
    assert set(TRANSITIONS.values()) | {State.AWAITING_INFORM} == set(State)
    for state in set(State) - {State.ENDED}:
        for cause in (Input.TIMEOUT, Input.SUPERSEDE, Input.CLOSE):
            assert TRANSITIONS[state, cause] is State.ENDED


def test_a_remote_mistake_says_what_where_and_with_which_status() -> None:
    error = RemoteProtocolError("no place for a Kicked", State.AWAITING_INFORM)
    assert (error.what, error.where, error.status) == ("no place for a Kicked", State.AWAITING_INFORM, 400)
    assert str(error) == "no place for a Kicked (in AWAITING_INFORM)"
