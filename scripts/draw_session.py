"""Draws the session's table of moves into docs/protocol/session.md: words, the diagram, what becomes of every pair.

Run it (``make diagram``) after a change to acs/session/states.py; a new move is explained in ``ROWS`` below.
"""

from pathlib import Path
from typing import Final, NamedTuple

from acs.session.states import TRANSITIONS, Input, State

DOCUMENT: Final = Path(__file__).parents[1] / "docs" / "protocol" / "session.md"

BEGIN: Final = "<!-- drawn from acs/session/states.py by scripts/draw_session.py: begin -->"
END: Final = "<!-- drawn from acs/session/states.py by scripts/draw_session.py: end -->"


class Row(NamedTuple):
    """One input in the states where the same becomes of it."""

    what: Input
    """The input."""
    states: tuple[State, ...]
    """The states it comes in."""
    because: str
    """What happens, and why."""


def _all_but(*states: State) -> tuple[State, ...]:
    return tuple(state for state in State if state not in states)


ROWS: Final = (
    Row(Input.INFORM, (State.AWAITING_INFORM,), "`Informed`; answered with InformResponse, the session's clock starts"),
    Row(
        Input.INFORM,
        _all_but(State.AWAITING_INFORM),
        "the device has begun a new session, after a reboot perhaps: the driver supersedes this one and opens another",
    ),
    Row(
        Input.REPEATED_INFORM,
        (State.CPE_TURN,),
        "our InformResponse was lost: `Informed` with `repeated`, answered again. Refused if it names another device",
    ),
    Row(Input.REPEATED_INFORM, _all_but(State.CPE_TURN), "never: with anything in between it counts as an `INFORM`"),
    Row(Input.CPE_REQUEST, (State.AWAITING_INFORM,), "a session begins with an Inform (TR-069 3.7.1.1)"),
    Row(
        Input.CPE_REQUEST,
        (State.CPE_TURN,),
        "`Requested`, answered under its ID (TR-069 3.7.2.2), even if held back or announced as no more; what is no "
        "method of an ACS is `Unsupported`, answered with fault 8000",
    ),
    Row(Input.CPE_REQUEST, (State.ACS_TURN,), "the same; the answer uses up our turn, and the CPE posts again"),
    Row(Input.CPE_REQUEST, (State.AWAITING_ANSWER,), "the same; our RPC stays out (Calix GigaSpire)"),
    Row(Input.CPE_REQUEST, (State.CLOSING,), "the same: what HoldRequests held back, or a late TransferComplete"),
    Row(Input.CPE_REQUEST, (State.ENDED,), "the session is over"),
    Row(
        Input.EMPTY_POST,
        (State.AWAITING_INFORM,),
        "there is no session yet; whoever took the post answers it (Calix GigaSpire posts so)",
    ),
    Row(Input.EMPTY_POST, (State.CPE_TURN,), "the CPE has no requests: our turn"),
    Row(Input.EMPTY_POST, (State.ACS_TURN,), "our answer was lost: still our turn"),
    Row(Input.EMPTY_POST, (State.AWAITING_ANSWER,), "`RpcLost`: the device came back without the answer; our turn"),
    Row(
        Input.EMPTY_POST,
        (State.CLOSING,),
        "our turn again (SpeedTouch 780 ends after three): the driver sends what has been queued since, or ends again",
    ),
    Row(Input.EMPTY_POST, (State.ENDED,), "the session is over"),
    Row(
        Input.ANSWER,
        (State.AWAITING_ANSWER,),
        "`Answered`, whatever its ID, if its kind fits or it is a fault; another kind is refused and the RPC stays out",
    ),
    Row(Input.ANSWER, _all_but(State.AWAITING_ANSWER), "it answers nothing that we have asked"),
    Row(Input.STALE_ANSWER, (State.AWAITING_INFORM,), "no RPC has gone out"),
    Row(
        Input.STALE_ANSWER,
        (State.CPE_TURN, State.ACS_TURN, State.CLOSING),
        "`AnsweredLate` if the RPC was given up, else a repetition (what we answered was lost) and ignored; our turn",
    ),
    Row(
        Input.STALE_ANSWER,
        (State.AWAITING_ANSWER,),
        "the same, and `RpcLost` for the RPC that is out: the device has not got it, or answers out of order",
    ),
    Row(Input.STALE_ANSWER, (State.ENDED,), "the session is over"),
    Row(Input.RPC, (State.ACS_TURN,), "it goes out, if the device bears another one in this session"),
    Row(
        Input.RPC,
        _all_but(State.ACS_TURN),
        "not our turn; one RPC at a time, and none before the CPE's empty post (TR-069 3.7.2.3)",
    ),
    Row(Input.END, (State.ACS_TURN,), "204; held requests are let go, and the CPE may still speak for a while"),
    Row(Input.END, _all_but(State.ACS_TURN), "not our turn: an RPC is out, or the CPE is due an answer"),
    Row(
        Input.GIVE_UP,
        (State.CPE_TURN,),
        "`Ended`: the Inform names no version that we know; it is answered with fault 8006",
    ),
    Row(Input.GIVE_UP, (State.ACS_TURN,), "`Ended`: too many empty posts in a row, or too many lost RPCs"),
    Row(Input.GIVE_UP, _all_but(State.CPE_TURN, State.ACS_TURN), "never: there is nothing to give up over"),
    Row(
        Input.TIMEOUT,
        _all_but(State.ENDED),
        "`RpcLost` for an RPC that is out, `Ended`; after our 204 the reason is that it is done",
    ),
    Row(Input.TIMEOUT, (State.ENDED,), "never: there is no deadline any more"),
    Row(Input.SUPERSEDE, _all_but(State.ENDED), "as a timeout"),
    Row(Input.SUPERSEDE, (State.ENDED,), "the session is over"),
    Row(Input.CLOSE, _all_but(State.ENDED), "as a timeout"),
    Row(Input.CLOSE, (State.ENDED,), "the session is over"),
)
"""Every pair of a state and an input, once."""


def redrawn(document: str) -> str:
    """A document with the part between the markers drawn anew; ValueError if it does not have them."""
    begin, end = document.index(BEGIN) + len(BEGIN), document.index(END)
    parts = [_meanings("state", State), _meanings("input", Input), _diagram(), _table()]
    return "\n\n".join([document[:begin], *parts, document[end:]])


def _meanings(heading: str, kind: type[State] | type[Input]) -> str:
    lines = [f"| {heading} | what it means |", "|---|---|"]
    return "\n".join(lines + [f"| `{member.name}` | {member.value} |" for member in kind])


def _diagram() -> str:
    arrows: dict[tuple[State, State], list[str]] = {}
    for (state, what), target in TRANSITIONS.items():
        arrows.setdefault((state, target), []).append(what.name)
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {State.AWAITING_INFORM.name}"]
    lines += [f"    {state.name} --> {target.name} : {', '.join(names)}" for (state, target), names in arrows.items()]
    return "\n".join([*lines, f"    {State.ENDED.name} --> [*]", "```"])


def _table() -> str:
    lines = ["| input | in | leads to | what happens, or why it is refused |", "|---|---|---|---|"]
    for row in ROWS:
        targets = dict.fromkeys(_outcome(state, row.what) for state in row.states)
        states = ", ".join(f"`{state.name}`" for state in row.states)
        lines.append(f"| `{row.what.name}` | {states} | {', '.join(targets)} | {row.because} |")
    return "\n".join(lines)


def _outcome(state: State, what: Input) -> str:
    target = TRANSITIONS.get((state, what))
    return "refused" if target is None else f"`{target.name}`"


def main() -> None:
    """Rewrite the document."""
    DOCUMENT.write_text(redrawn(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
