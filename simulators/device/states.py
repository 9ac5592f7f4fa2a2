"""Where a session stands as the device sees it, and the one table of moves: the mirror image of the ACS's table."""

from collections.abc import Mapping
from enum import Enum
from typing import Final


class State(Enum):
    """Whose turn it is."""

    # As members are one of a kind, this is right, and much faster than Enum's own: each session moves several times.
    __hash__ = object.__hash__

    IDLE = "nothing is sent yet"
    INFORMING = "the Inform is out"
    OWN_TURN = "the device may send a request, or hand the turn over"
    REQUESTING = "a request of the device is out"
    ACS_TURN = "an empty post or an answer is out; the ACS may ask or end"
    ANSWERING = "an RPC of the ACS is being carried out"
    ENDED = "over"


class Input(Enum):
    """What can happen to a session."""

    __hash__ = object.__hash__

    INFORM = "the Inform is sent, or sent again because the ACS says so (fault 8005)"
    INFORMED = "the InformResponse has come"
    REQUEST = "a request of the device is sent, or sent again"
    ACKNOWLEDGED = "the answer to it has come"
    HAND_OVER = "an empty post is sent"
    RPC = "the ACS asks for something"
    ANSWER = "the answer to it is sent"
    MORE = "the ACS has nothing to ask, but the device has a request: held back until now, or come up since (3.7.1.4)"
    END = "the ACS has nothing to ask"
    FAIL = "the session cannot go on"


TRANSITIONS: Final[Mapping[tuple[State, Input], State]] = {
    (State.IDLE, Input.INFORM): State.INFORMING,
    (State.INFORMING, Input.INFORM): State.INFORMING,
    (State.INFORMING, Input.INFORMED): State.OWN_TURN,
    (State.OWN_TURN, Input.REQUEST): State.REQUESTING,
    (State.REQUESTING, Input.REQUEST): State.REQUESTING,
    (State.REQUESTING, Input.ACKNOWLEDGED): State.OWN_TURN,
    (State.OWN_TURN, Input.HAND_OVER): State.ACS_TURN,
    (State.ACS_TURN, Input.RPC): State.ANSWERING,
    (State.ANSWERING, Input.ANSWER): State.ACS_TURN,
    (State.ACS_TURN, Input.MORE): State.OWN_TURN,
    (State.ACS_TURN, Input.END): State.ENDED,
    **{(state, Input.FAIL): State.ENDED for state in State if state is not State.ENDED},
}
"""Every move there is."""
