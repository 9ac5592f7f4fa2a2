"""Up and Down: how it is found out when somebody asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class StatusHelper(StrEnum):
    """A way to see whether a device is there."""

    CONNECTION_REQUEST = "connection_request"
    """It takes a connection request."""
    TCP = "tcp"
    """It takes a connection where connection requests go."""
    PING = "ping"
    """It answers an echo request."""
    LAST_INFORM = "last_inform"
    """It was heard in time."""


class Checked(StrEnum):
    """What came of looking."""

    REACHED = "reached"
    """A helper has found it: it is Up."""
    FAILED = "failed"
    """All helpers that could be tried have failed: it is Down."""
    UNCHECKED = "unchecked"
    """There was no time for it, or no helper could be tried: it is as it was."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What came of looking at several devices."""

    outcomes: Mapping[int, Checked]
    """For each of them, by its row."""

    @property
    def unchecked(self) -> int:
        """How many are as they were."""
        return sum(each is Checked.UNCHECKED for each in self.outcomes.values())


@dataclass(frozen=True, slots=True)
class Checkable:
    """What the helpers need to know of a device."""

    is_up: bool
    """Whether it is Up."""
    last_inform: float | None
    """When it was last heard."""
    down_after: float | None
    """After how many seconds of silence it counts as Down."""
    address: str
    """Where its last session came from."""
    connection_request_url: str
    """Where it can be called, as it said."""
    helpers: str
    """The helpers of its type in their order, as JSON; empty without a type."""
