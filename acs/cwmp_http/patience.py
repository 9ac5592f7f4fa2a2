"""What a connection waits for, and for how long it may: nobody holds a socket by being slow (CWMP.md 8)."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

LINGERING: Final = 2.0
"""Seconds for which a device may take our last word and send what it had begun to."""


class Phase(Enum):
    """What a connection is waiting for."""

    SILENT = auto()
    """The first byte."""
    HEAD = auto()
    """The rest of a head."""
    BODY = auto()
    """The rest of a body."""
    BUSY = auto()
    """Us."""
    WRITING = auto()
    """The device, to take our answer."""
    IDLE = auto()
    """The next request."""
    LEAVING = auto()
    """The device, to leave: it has had its last answer here."""


@dataclass(frozen=True, slots=True)
class Patience:
    """For how many seconds each of these may last."""

    first_byte: float
    """A new connection's silence."""
    head: float
    """A head on its way."""
    body: float
    """A body on its way; an answer too."""
    idle: float
    """A kept connection's silence: longer than any session's."""

    def of(self, phase: Phase, *, has_session: bool) -> float | None:
        """The bound of a phase."""
        match phase:
            case Phase.SILENT:
                return self.first_byte
            case Phase.HEAD:
                return self.head
            case Phase.BODY | Phase.WRITING:
                return self.body
            case Phase.IDLE:
                # Where there never was a session, there is none to keep the connection for.
                return self.idle if has_session else self.body
            case Phase.LEAVING:
                return min(LINGERING, self.body)
            case Phase.BUSY:
                return None
