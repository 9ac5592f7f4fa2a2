"""The time that devices live in: that of the world, or one that leaps over the hours in which nothing happens."""

import time
from collections.abc import Callable
from typing import Final, Protocol

PATIENCE: Final = 5.0
"""Seconds of the world for which leaping time stands still while something is under way."""


class Clock(Protocol):
    """The time of a fleet, in POSIX seconds."""

    def now(self) -> float:
        """The moment."""

    def leap(self, to: float) -> bool:
        """Nothing is under way before this moment: be there at once; whether this clock does so."""


class WorldClock:
    """Time as it passes, once it is started. It never goes back, whatever is done to the machine's clock."""

    __slots__ = ("_at", "_monotonic", "_since")

    def __init__(self, *, wall: float | None = None, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._at = time.time() if wall is None else wall
        self._since: float | None = None

    def start(self) -> None:
        """All is ready."""
        self._since = self._monotonic()

    def now(self) -> float:
        """See ``Clock``."""
        return self._at if self._since is None else self._at + self._monotonic() - self._since

    def leap(self, to: float) -> bool:
        """See ``Clock``."""
        return False


class LeapingClock(WorldClock):
    """Time-lapse: hours pass as fast as the ACS answers.

    While sessions are open it stands still, so that what a device does at a moment is done at that moment however
    busy the machine is, and a run is the same each time. Only if the ACS makes a device wait does it go on, as the
    world's time does: then the device loses its patience as it would otherwise.
    """

    __slots__ = ()

    def now(self) -> float:
        """See ``Clock``."""
        return self._at if self._since is None else self._at + max(0.0, self._monotonic() - self._since - PATIENCE)

    def leap(self, to: float) -> bool:
        """See ``Clock``."""
        self._at = max(self.now(), to)
        self._since = self._monotonic()
        return True
