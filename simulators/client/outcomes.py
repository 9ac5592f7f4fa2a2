"""What became of a connection request, by the names it is counted under."""

from enum import StrEnum
from typing import Protocol


class Called(StrEnum):
    """What became of one connection request. A request without a login is half of one, and not counted."""

    ACCEPTED = "accepted"
    """The device calls its ACS."""
    BUSY = "busy"
    """It could not do that now, and said so."""
    DOWN = "down"
    """It is switched off: nobody answered."""
    DEAF = "deaf"
    """It never answers."""
    WRONG_LOGIN = "wrong login"
    """The name, the password or the signature was another one."""
    REPLAYED = "replayed"
    """The login had been used before."""
    UNKNOWN = "unknown device"
    """No device is called so."""
    MALFORMED = "malformed"
    """It was no connection request."""
    TOO_SLOW = "too slow"
    """It did not come to an end in time."""
    TOO_MANY = "too many"
    """More callers than there is room for."""


class CallCounts(Protocol):
    """Whoever counts connection requests."""

    def called(self, outcome: str) -> None:
        """A connection request came, and this became of it."""
