"""The states of a session, what may come in, and the one table of moves between them (TR-069 3.7)."""

from collections.abc import Mapping
from enum import Enum
from typing import Final


class State(Enum):
    """Where a session stands: who is to speak next."""

    # Each is one object, and the table is asked at every move: Enum's own hash is a function in Python.
    __hash__ = object.__hash__

    AWAITING_INFORM = "nothing has come yet"
    CPE_TURN = "the CPE speaks: requests of its own, or an empty post that hands us the turn"
    ACS_TURN = "we send an RPC or end the session"
    AWAITING_ANSWER = "an RPC of ours is out"
    CLOSING = "we have nothing more to ask; the CPE may still speak"
    ENDED = "over; nothing is taken any more"


class Input(Enum):
    """What can happen to a session."""

    __hash__ = object.__hash__

    INFORM = "an Inform that opens a session"
    REPEATED_INFORM = "the Inform once more, with nothing in between"
    CPE_REQUEST = "a request of the CPE, or a message we do not serve"
    EMPTY_POST = "a post without an envelope"
    ANSWER = "a response or fault for the RPC that is out"
    STALE_ANSWER = "a response or fault, by its ID, for an RPC given up or the answer just before once more"
    RPC = "we send an RPC"
    END = "we answer with no envelope: HTTP 204"
    GIVE_UP = "the session cannot go on: a bound is passed, or there is no common version"
    TIMEOUT = "a deadline has passed"
    SUPERSEDE = "the same device has opened another session"
    CLOSE = "the session is closed from outside"


FROM_CPE: Final = frozenset(
    {
        Input.INFORM,
        Input.REPEATED_INFORM,
        Input.CPE_REQUEST,
        Input.EMPTY_POST,
        Input.ANSWER,
        Input.STALE_ANSWER,
    }
)
"""What the other side can do, and is refused with ``RemoteProtocolError``."""

TRANSITIONS: Final[Mapping[tuple[State, Input], State]] = {
    (State.AWAITING_INFORM, Input.INFORM): State.CPE_TURN,
    # The InformResponse was lost, or the device did not wait for it.
    (State.CPE_TURN, Input.REPEATED_INFORM): State.CPE_TURN,
    (State.CPE_TURN, Input.CPE_REQUEST): State.CPE_TURN,
    (State.CPE_TURN, Input.EMPTY_POST): State.ACS_TURN,
    # A request came between an RPC's answer and its repetition; a CPE that answers hands us the turn.
    (State.CPE_TURN, Input.STALE_ANSWER): State.ACS_TURN,
    # The request uses up the HTTP response we had, so the CPE posts again before we can send anything.
    (State.ACS_TURN, Input.CPE_REQUEST): State.CPE_TURN,
    # The device posts again: what we answered, if anything, was lost.
    (State.ACS_TURN, Input.EMPTY_POST): State.ACS_TURN,
    (State.ACS_TURN, Input.STALE_ANSWER): State.ACS_TURN,
    (State.ACS_TURN, Input.RPC): State.AWAITING_ANSWER,
    (State.ACS_TURN, Input.END): State.CLOSING,
    (State.AWAITING_ANSWER, Input.ANSWER): State.ACS_TURN,
    # Calix GigaSpire asks GetRPCMethods and reports TransferComplete while an RPC is out, and answers the RPC later.
    (State.AWAITING_ANSWER, Input.CPE_REQUEST): State.AWAITING_ANSWER,
    # In both the RPC is lost: the CPE has spoken in its place.
    (State.AWAITING_ANSWER, Input.EMPTY_POST): State.ACS_TURN,
    (State.AWAITING_ANSWER, Input.STALE_ANSWER): State.ACS_TURN,
    # SpeedTouch 780 ends only after three empty posts; and by then more work may have arrived.
    (State.CLOSING, Input.EMPTY_POST): State.ACS_TURN,
    # The 204 was lost.
    (State.CLOSING, Input.STALE_ANSWER): State.ACS_TURN,
    # What HoldRequests held back (TR-069 3.7.1.3), or a late TransferComplete.
    (State.CLOSING, Input.CPE_REQUEST): State.CPE_TURN,
    # Versions are compared once the Inform is in, bounds once it is our turn; nowhere else is there a reason to.
    (State.CPE_TURN, Input.GIVE_UP): State.ENDED,
    (State.ACS_TURN, Input.GIVE_UP): State.ENDED,
    **{
        (state, cause): State.ENDED
        for state in State
        if state is not State.ENDED
        for cause in (Input.TIMEOUT, Input.SUPERSEDE, Input.CLOSE)
    },
}
"""Every move there is. What is not listed is refused and changes nothing."""
