"""What explains that something went wrong: the quirks of the device, what went wrong by chance on its line, or what
operators did. Whatever is not in these tables is a defect, of the server, of the simulator or of the tables.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from acs.domain.queue import OperationRecord, OperationState
from tests.chaos.endurance.fleet import Member

if TYPE_CHECKING:
    from tests.chaos.endurance.operators import Promise

_LOST: Final = frozenset({"drop", "close", "garble", "repeat"})
"""By these an RPC gets no answer: the session ends before its time, or an empty post that came twice stands for one."""
_SESSIONS: Final[Mapping[str, frozenset[str]]] = {
    "dropped on purpose": frozenset({"drop"}),
    "closed on purpose": frozenset({"close"}),
    "status 400": frozenset({"garble", "repeat", "wrong_id", "reconnect"}),
    # Its serial number, say, became that of nobody or of somebody else.
    "status 403": frozenset({"garble"}),
    "refused 401": frozenset({"garble"}),
}
"""Disturbances within a session, by how it ended."""
_HANG_UPS: Final = frozenset({"hangs-up-on-batches", "one-rpc-a-session", "reconnects-instead-of-answering"})
"""Devices that end sessions before they have answered."""
_FAULTS: Final[Mapping[tuple[str, int], frozenset[str]]] = {
    ("*", 9001): frozenset({"late-configuration"}),
    ("GetParameterValues", 9004): frozenset({"small-batches-9004"}),
    ("SetParameterValues", 9004): frozenset({"small-batches-9004"}),
    ("GetParameterValues", 9002): frozenset({"small-batches-9002"}),
    ("SetParameterValues", 9002): frozenset({"small-batches-9002"}),
    ("GetParameterValues", 9005): frozenset({"refuses-empty-path", "refuses-listed", "no-parameter-list"}),
    ("GetParameterNames", 9005): frozenset({"refuses-empty-path", "no-parameter-list"}),
    ("Upload", 9011): frozenset({"fails-good-uploads"}),
    ("TransferComplete", 9011): frozenset({"fails-good-uploads"}),
    # Which tree it has is seen from its Inform, or by asking for both.
    ("SetParameterValues", 9003): frozenset({"no-parameter-list"}),
}
"""Quirks, by the method and the fault; ``*`` is any method."""
_NOT_OFFERED: Final = 9000


def of_session(outcome: str, member: Member, here: Collection[str]) -> str | None:
    """Why a session ended so; None if nothing explains it."""
    names = member.behaviour.names
    if member.outcome != "ok" and outcome in {"ok", member.outcome}:
        return names[0]
    found = sorted(_SESSIONS.get(outcome, frozenset()).intersection(here))
    return found[0] if found else None


def of_fault(method: str, code: int, member: Member) -> str | None:
    """Why a device answered with a fault."""
    if code == _NOT_OFFERED:
        return None if method in member.cpe.methods else "it has no such method"
    quirks = _FAULTS.get((method, code), frozenset()) | _FAULTS.get(("*", code), frozenset())
    return next(iter(sorted(quirks.intersection(member.behaviour.names))), None)


def of_operation(
    record: OperationRecord, kind: str, fault: Mapping[str, Any], member: Member, promise: "Promise | None"
) -> str | None:
    """Why an operation was not completed."""
    match record.state:
        case OperationState.CANCELLED:
            return "an operator cancelled it" if promise is not None and promise.is_cancelled else None
        case OperationState.EXPIRED:
            if record.bulk_id is not None:
                return "it was to be begun within ten minutes of its turn"
            return "it was to be done within a minute" if promise is not None and promise.may_expire else None
        case OperationState.UNKNOWN:
            return _first(_HANG_UPS, member.behaviour.names) or _first(_LOST, member.disturbed)
    code, string = fault.get("code"), str(fault.get("string", ""))
    if promise is not None and promise.may_expire and string.startswith("its time was over"):
        return "it was to be done within a minute"
    if code is not None:
        return of_fault(record.sent or kind, code, member) or of_fault(kind, code, member)
    for pattern, quirks, disturbances in _SENTENCES:
        if re.search(pattern, string):
            return _first(quirks, member.behaviour.names) or _first(disturbances, member.disturbed)
    return None


def of_setting(member: Member) -> str | None:
    """Why a device does not have what it is to have."""
    return _first(frozenset({"late-configuration"}), member.behaviour.names)


def of_line(line: Mapping[str, Any], by_serial: Mapping[str, Member]) -> str | None:
    """Why the server warns."""
    if line.get("reason") == "the credentials are another device's":
        # The one that is named has nothing to do with it: the serial number was garbled to its own.
        return "garble"
    event, reason, named = line["event"], str(line.get("reason", "")), str(line.get("device", ""))
    member = next((by_serial[each] for each in _serials(named) if each in by_serial), None)
    for said, pattern, quirks, disturbances in _LINES:
        if said == event and re.search(pattern, reason):
            if member is None:
                # Nobody says who it was, or it is no device of the fleet: what was garbled names somebody else.
                return ", ".join(sorted(quirks | disturbances))
            return _first(quirks, member.behaviour.names) or _first(disturbances, member.disturbed)
    return None


def _serials(name: str) -> Iterator[str]:
    """What may be the serial number in a device's name: each has parts of its own."""
    parts = name.split("-")
    return ("-".join(parts[number:]) for number in range(len(parts)))


def _first(wanted: Collection[str], there: Collection[str]) -> str | None:
    return next(iter(sorted(set(wanted).intersection(there))), None)


_SENTENCES: Final[tuple[tuple[str, frozenset[str], frozenset[str]], ...]] = (
    # A firmware is proven by the version that the next Inform tells, any other file by TransferComplete, a restart by
    # its event; one of three hundred garbled Informs names another command key and is sound otherwise.
    (
        "did not prove in time that it was done",
        frozenset({"no-parameter-list", "no-transfer-complete", "no-event"}),
        frozenset({"garble"}),
    ),
    ("no answer came|session was cut off|session ended before it was done", _HANG_UPS, _LOST),
    # Its faults have no code, and no word of their own.
    ("^CWMP fault$", frozenset({"fault-without-detail"}), frozenset()),
    ("leaves this name out|more may follow", frozenset({"at-most-256-values"}), frozenset({"garble"})),
    ("could not be read", frozenset({"refuses-listed"}), frozenset({"garble"})),
)
"""Quirks and disturbances by which operations fail that no device's fault explains, by the server's own words."""
_PLACEHOLDERS: Final = frozenset({"serial-0000", "serial-001122334455", "serial-99999"})
_RECEIVER: Final = frozenset({"the receiver was ill"})
_LINES: Final[tuple[tuple[str, str, frozenset[str], frozenset[str]], ...]] = (
    ("a device was not let in", "the serial number is a placeholder", _PLACEHOLDERS, frozenset()),
    ("a device was not let in", "unknown device without valid", _PLACEHOLDERS, frozenset({"garble"})),
    ("a body cannot be read", "no serial number", frozenset({"no-serial-number"}), frozenset({"garble"})),
    ("a body cannot be read", "", frozenset({"counts-characters"}), frozenset({"garble"})),
    ("a body was not read", "the connection ended", frozenset(), frozenset({"drop", "close", "garble"})),
    ("a post without a session is no Inform", "", frozenset(), frozenset({"garble", "repeat"})),
    ("an Inform cannot be kept", "", frozenset(), frozenset({"garble"})),
    ("an answer cannot be kept", "", frozenset(), frozenset({"garble"})),
    ("a post out of place", "", frozenset(), frozenset({"garble", "repeat", "wrong_id"})),
    # Its next session begins while the one that broke off is still being put aside.
    (
        "a session was not settled",
        "another session of the device has begun",
        _HANG_UPS,
        frozenset({"drop", "close", "repeat", "reconnect", "garble"}),
    ),
    (
        "a notification was not taken",
        "the receiver answered with status",
        _RECEIVER,
        frozenset(),
    ),
    ("what came is no HTTP", "", frozenset(), frozenset({"garble", "repeat"})),
)
"""Lines of the log: the event, a pattern of the reason, and the quirks and disturbances that explain it."""
