"""How long a device may be silent before its binding is gone, found by trying (Annex G.2.1.2)."""

import math
from typing import Final

_LONGEST: Final = 3600.0
# Nearer than this to what is known to be too long, nothing is gained by another trial.
_PRECISION: Final = 0.1


class KeepAlive:
    """A search between the shortest and the longest period that are allowed."""

    __slots__ = ("_known", "_most", "_too_long")

    def __init__(self, least: float, most: float) -> None:
        """A binding of which nothing is known yet; with the same number twice nothing is tried."""
        self._known = least
        self._most = most if most < math.inf else max(least, _LONGEST)
        self._too_long = math.inf

    @property
    def is_trial(self) -> bool:
        """Whether the next silence is longer than any that the binding has outlived."""
        return self._candidate - self._known > self._known * _PRECISION

    @property
    def wait(self) -> float:
        """How long the next silence is, in seconds."""
        return self._candidate if self.is_trial else self._known

    def held(self) -> None:
        """The binding has outlived the silence that was tried."""
        self._known = self._candidate

    def lost(self) -> None:
        """It has not."""
        self._too_long = self._candidate

    def stop(self) -> None:
        """There is no way to try."""
        self._too_long = self._known

    @property
    def _candidate(self) -> float:
        if self._too_long < math.inf:
            return (self._known + self._too_long) / 2
        return max(self._known, min(2 * self._known, self._most))
