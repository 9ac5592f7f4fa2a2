"""The Inform that opens a session (TR-069 A.3.3.1)."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from cwmp_schemas import events
from cwmp_schemas.envelope import Envelope
from cwmp_schemas.rpc.parameters import ParameterValue
from cwmp_schemas.rpc.session import Event, Inform
from simulators.device import manners
from simulators.device.model import Leaf, blank
from simulators.device.quirks import PLAIN_MANNERS
from simulators.device.tree import clock_text

if TYPE_CHECKING:
    from simulators.device.cpe import Cpe

_PERIODIC: Final = (Event(events.PERIODIC),)
_VALUE_CHANGE: Final = Event(events.VALUE_CHANGE)


class Informing:
    """What was last told, and the octets of the last Inform that had nothing special to tell."""

    __slots__ = ("_cached", "told")

    def __init__(self) -> None:
        self.told: tuple[Event, ...] = ()
        """The events of the last Inform."""
        self._cached: tuple[int, bytes, bytes] | None = None

    def post(self, cpe: "Cpe", message_id: str, now: float) -> bytes:
        """The envelope."""
        if cpe.notifying:
            cpe.pending.add(events.VALUE_CHANGE)
        self.told = told = cpe.pending.tell()
        is_usual = told == _PERIODIC and not cpe.retrying.count and not cpe.pending.requests
        revision, cached = cpe.tree.revision, self._cached
        if is_usual and cached is not None and cached[0] == revision:
            return cached[1] + clock_text(int(now)).encode() + cached[2]
        message = Inform(
            cpe.identity.device_id,
            told,
            max_envelopes=1,
            current_time=datetime.fromtimestamp(int(now), UTC),
            retry_count=cpe.retrying.count,
            parameter_list=_parameters(cpe, told, now),
        )
        data = cpe.spell(Envelope(message_id, message))
        # Most Informs say what the last one said, but for the time.
        clock = clock_text(int(now)).encode()
        head, time, tail = data.partition(clock)
        self._cached = (revision, head, tail) if is_usual and time and clock not in tail else None
        return data


def _parameters(cpe: "Cpe", told: tuple[Event, ...], now: float) -> tuple[ParameterValue, ...]:
    tree, found = cpe.tree, []
    changed = cpe.notifying.tell(has_event=_VALUE_CHANGE in told)
    for name in dict.fromkeys((*tree.model.informed, *changed)):
        leaf = tree.item(name)
        if isinstance(leaf, Leaf):
            value = blank(leaf.type) if leaf.is_hidden else tree.value_of(name, leaf, now)
            found.append(ParameterValue(name, value, leaf.type))
    values = tuple(found)
    return values if cpe.quirks.manners is PLAIN_MANNERS else manners.said(cpe, values, now)
