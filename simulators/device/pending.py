"""What a device has to tell: events until they are acknowledged, and requests of its own (TR-069 3.7.1.5)."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from cwmp_schemas import events
from cwmp_schemas.messages import CpeRequest
from cwmp_schemas.rpc.session import Event

MAX_EVENTS: Final = 64
"""How many events an Inform may hold (A.3.3.1)."""

# Table 8 of TR-069: the events that a restart wipes out; all others are told afterwards.
_LOST_AT_RESTART: Final = frozenset(
    {events.PERIODIC, events.SCHEDULED, events.VALUE_CHANGE, events.KICKED, events.CONNECTION_REQUEST}
)


@dataclass(frozen=True, slots=True)
class OwnRequest:
    """A request of the device that waits for its turn or its answer."""

    message: CpeRequest
    """What is sent."""
    events: tuple[Event, ...] = field(default=())
    """The events that the answer to it acknowledges, in place of the InformResponse."""


class Pending:
    """The events and requests that the ACS has not acknowledged."""

    __slots__ = ("_events", "has_news", "requests")

    def __init__(self) -> None:
        self._events: list[Event] = []
        self.requests: list[OwnRequest] = []
        """In the order they came up."""
        self.has_news = False
        """Whether something has happened since the last session that failed: that ends a wait (3.2.1.1)."""

    def __bool__(self) -> bool:
        return bool(self._events or self.requests)

    @property
    def events(self) -> tuple[Event, ...]:
        """What an Inform says now, at most 64: the oldest first."""
        return tuple(self._events[:MAX_EVENTS])

    def add(self, code: str, command_key: str = "") -> None:
        """Something has happened; the same event waits once (3.7.1.5: those without a key are told once)."""
        event = Event(code, command_key)
        self.has_news = True
        if event not in self._events:
            self._events.append(event)

    def request(self, request: OwnRequest) -> None:
        """A request of the device is due; its events are told with the next Inform."""
        self.requests.append(request)
        for event in request.events:
            self.add(event.event_code, event.command_key)

    def informed(self, told: Collection[Event]) -> None:
        """The InformResponse has come: what it acknowledges is told."""
        held = {event for request in self.requests for event in request.events}
        self._events = [event for event in self._events if event not in told or event in held]

    def failed(self) -> None:
        """The session has failed: what it could not tell waits for the retry."""
        self.has_news = False

    def acknowledged(self, request: OwnRequest) -> None:
        """The answer to a request has come."""
        self.requests.remove(request)
        self._events = [event for event in self._events if event not in request.events]

    def restarted(self) -> None:
        """The device has restarted: what does not outlive that is gone."""
        self._events = [event for event in self._events if event.event_code not in _LOST_AT_RESTART]

    def clear(self) -> None:
        """Forget everything (factory reset)."""
        self._events.clear()
        self.requests.clear()
