"""What a device makes of connection requests whose login was right (TR-069 3.2.2)."""

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Called(Enum):
    """What came of a connection request."""

    ACCEPTED = "accepted"
    """200: a session follows, after the one that is open."""
    BUSY = "busy"
    """503: a session is open."""
    TOO_OFTEN = "too often"
    """503: more than the device accepts in a stretch of time."""
    DOWN = "down"
    """No answer: the device is not up."""


@dataclass(frozen=True, slots=True)
class CallPolicy:
    """What the standard leaves to the device."""

    refuses_within_session: bool = False
    """Answers 503 while a session is open; else exactly one session follows that one. Both are allowed."""
    limit: int = 0
    """How many requests are accepted in one period; 0 is no limit."""
    period: float = 60.0
    """Seconds."""


ACCEPT_ALL: Final = CallPolicy()
"""Each request is accepted, as the standard lets devices do."""


class Calls:
    """The requests that a device has accepted of late: a period begins with the first one after the last period."""

    __slots__ = ("_began_at", "_count", "_policy")

    def __init__(self, policy: CallPolicy) -> None:
        self._policy = policy
        self._began_at = 0.0
        self._count = 0

    def judge(self, now: float, *, is_in_session: bool) -> Called:
        """What comes of a request."""
        policy = self._policy
        if is_in_session and policy.refuses_within_session:
            return Called.BUSY
        if policy.limit:
            if now >= self._began_at + policy.period:
                self._began_at, self._count = now, 0
            if self._count >= policy.limit:
                return Called.TOO_OFTEN
            self._count += 1
        return Called.ACCEPTED
