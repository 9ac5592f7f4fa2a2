"""What a device has to tell: events until they are acknowledged, and requests of its own (TR-069 3.7.1.5)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from cwmp_schemas import events
from cwmp_schemas.messages import CpeRequest
from cwmp_schemas.rpc.session import Event
from cwmp_schemas.rpc.software import AutonomousDUStateChangeComplete, DUStateChangeComplete
from cwmp_schemas.rpc.transfers import AutonomousTransferComplete, TransferComplete

MAX_EVENTS: Final = 64
"""How many events an Inform may hold (A.3.3.1)."""
MAX_WAITING: Final = 256
"""How many events and requests a device keeps; what lets others add to them looks at ``is_full`` before."""

# Table 8 of TR-069: what is told until the device restarts; all other events are told afterwards, too. Of a kick the
# standard leaves it to the device: whoever clicked does not wait any more.
_LOST_AT_RESTART: Final = frozenset(
    {
        events.BOOT,
        events.VALUE_CHANGE,
        events.KICKED,
        events.CONNECTION_REQUEST,
        events.DIAGNOSTICS_COMPLETE,
    }
)
# Table 8: what is not told again when the session fails in which it was told.
_NEVER_RETRIED: Final = frozenset({events.CONNECTION_REQUEST})
# Table 8: what may be forgotten when the ACS refuses the request that belongs to it.
_DISCRETIONARY: Final = frozenset({events.KICKED, events.REQUEST_DOWNLOAD})


@dataclass(frozen=True, slots=True)
class OwnRequest:
    """A request of the device that waits for its turn or its answer."""

    message: CpeRequest
    """What is sent."""
    events: tuple[Event, ...] = field(default=())
    """The events that the answer to it acknowledges, in place of the InformResponse."""

    @property
    def told_faults(self) -> tuple[int, ...]:
        """The fault codes of what it tells of: of a transfer, or of each change of a software module."""
        message = self.message
        if isinstance(message, TransferComplete | AutonomousTransferComplete):
            codes = [message.fault_struct.fault_code]
        elif isinstance(message, DUStateChangeComplete | AutonomousDUStateChangeComplete):
            codes = [each.fault.fault_code for each in message.results]
        else:
            return ()
        return tuple(code for code in codes if code)

    @property
    def may_be_dropped(self) -> bool:
        """Whether it need not be said again once the ACS has refused it."""
        return all(event.event_code in _DISCRETIONARY for event in self.events)


class Pending:
    """The events and requests that the ACS has not acknowledged, and the causes of a session that is to be retried."""

    __slots__ = ("_again", "_delivered", "_events", "_told", "has_news", "requests")

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._told = 0
        self._delivered: tuple[Event, ...] = ()
        self._again: tuple[Event, ...] = ()
        self.requests: list[OwnRequest] = []
        """In the order they came up."""
        self.has_news = False
        """Whether something has happened since the last session that failed: that ends a wait (3.2.1.1)."""

    def __bool__(self) -> bool:
        """Whether there is a cause for a session; a request without an event waits for one that has another cause."""
        return bool(self._events or self._again)

    @property
    def events(self) -> tuple[Event, ...]:
        """What an Inform says now, at most 64: the oldest first.

        A retry of a session that failed when all had been told names the causes of that one again, for an Inform has
        at least one event.
        """
        return tuple(self._events[:MAX_EVENTS]) or self._again

    @property
    def is_full(self) -> bool:
        """Whether the device bears nothing more to tell."""
        return len(self._events) + len(self.requests) >= MAX_WAITING

    def add(self, code: str, command_key: str = "") -> None:
        """Something has happened; what has no key is told once, what has one as often as it happened (table 8)."""
        self.has_news = True
        event = Event(code, command_key)
        # What happens again while the last Inform is not acknowledged is not in that Inform.
        if code.startswith("M ") or event not in self._events[self._told :]:
            self._events.append(event)

    def request(self, request: OwnRequest) -> None:
        """A request of the device is due; its events are told with the next Inform."""
        self.requests.append(request)
        for event in request.events:
            self.add(event.event_code, event.command_key)

    def tell(self) -> tuple[Event, ...]:
        """The events for an Inform that goes out now."""
        if self._told:
            # It goes out again, and is told of what has happened again meanwhile.
            self._events = _once(self._events)
        told = self.events
        self._told = len(told) if self._events else 0
        return told

    def informed(self, told: tuple[Event, ...]) -> list[Event]:
        """The InformResponse has come: what it acknowledges is told, and is given back."""
        done = self._events[: self._told]
        if self.requests:
            held = {event for request in self.requests for event in request.events}
            kept = [event for event in done if event in held]
            self._events = _once([*kept, *self._events[self._told :]])
            done = [event for event in done if event not in held]
        else:
            del self._events[: self._told]
        self._told = 0
        self._delivered = told
        return done

    def over(self) -> None:
        """The session has ended well."""
        self._delivered = self._again = ()

    def failed(self) -> None:
        """The session has failed: what it could not tell waits for the retry, but for what is never told again."""
        told = self._events[: self._told]
        later = self._events[self._told :]
        self._events = _once([*(event for event in told if event.event_code not in _NEVER_RETRIED), *later])
        self._told = 0
        if self._delivered:
            self._again = tuple(event for event in self._delivered if event.event_code not in _NEVER_RETRIED)
        self._delivered = ()
        self.has_news = False

    def acknowledged(self, request: OwnRequest) -> list[Event]:
        """The answer to a request has come; gives the events that it acknowledges."""
        done: list[Event] = []
        self.requests.remove(request)
        held = {event for other in self.requests for event in other.events}
        for event in request.events:
            is_single = not event.event_code.startswith("M ")
            if event in self._events and not (is_single and event in held):
                self._events.remove(event)
                done.append(event)
        return done

    def wait_for(self, refused: Iterable[OwnRequest]) -> None:
        """Requests wait for a later session; whatever else there is to tell does not."""
        held = {event for request in refused for event in request.events}
        self.has_news = any(event not in held for event in self._events)

    def restarted(self) -> None:
        """The device has restarted: what does not outlive that is gone."""
        self._events = [event for event in self._events if event.event_code not in _LOST_AT_RESTART]
        left = set(self._events)
        self.requests = [request for request in self.requests if left.intersection(request.events)]
        self._told = 0
        self._delivered = self._again = ()

    def clear(self) -> None:
        """Forget everything (factory reset, another ACS)."""
        self._events.clear()
        self.requests.clear()
        self._told = 0
        self._delivered = self._again = ()


def _once(found: Iterable[Event]) -> list[Event]:
    """The events, those without a key once."""
    kept: list[Event] = []
    for event in found:
        if event.event_code.startswith("M ") or event not in kept:
            kept.append(event)
    return kept
