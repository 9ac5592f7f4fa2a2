"""What happened when: one slice of a run after the other, as many as there is room for."""

from dataclasses import dataclass, field
from typing import Final

from simulators.histogram import Histogram

MOST_SLICES: Final = 2000
"""An even number. When there are more, neighbours are merged and each slice is twice as wide."""


@dataclass(slots=True)
class Slice:
    """What happened within one stretch of time."""

    begun: int = 0
    """Sessions that began."""
    ok: int = 0
    """Sessions that ended well."""
    failed: int = 0
    """Sessions that ended otherwise."""
    open: int = 0
    """Sessions that were open at its end."""
    rpcs: int = 0
    """RPCs of the ACS that were answered."""
    failures: dict[str, int] = field(default_factory=dict)
    """Why sessions failed, and how many."""
    latencies: Histogram = field(default_factory=Histogram)
    """How long the sessions took that ended well."""

    @property
    def active(self) -> bool:
        """Whether anything happened."""
        return any((self.begun, self.ok, self.failed, self.rpcs))

    def absorb(self, later: "Slice") -> None:
        """Become one with the slice that follows."""
        self.begun += later.begun
        self.ok += later.ok
        self.failed += later.failed
        self.open = later.open
        self.rpcs += later.rpcs
        for reason, count in later.failures.items():
            self.failures[reason] = self.failures.get(reason, 0) + count
        if later.ok:
            self.latencies.merge(later.latencies)


class Timeline:
    """The slices of a run, without gaps, from its start."""

    __slots__ = ("ends", "slices", "started", "width")

    def __init__(self, started: float) -> None:
        self.started = started
        self.width = 1.0
        """Seconds that one slice spans."""
        self.slices = [Slice()]
        self.ends = started + self.width
        """When the last slice ends: from then on ``advance`` must be called first."""

    def advance(self, now: float, still_open: int) -> Slice:
        """A new slice, the one of now; all before it are closed with so many sessions open."""
        self.slices[-1].open = still_open
        index = max(int((now - self.started) / self.width), len(self.slices))
        while index >= MOST_SLICES:
            self._widen()
            index //= 2
        while len(self.slices) <= index:
            self.slices.append(Slice(open=still_open))
        self.ends = self.started + self.width * len(self.slices)
        return self.slices[-1]

    def _widen(self) -> None:
        for earlier, later in zip(self.slices[::2], self.slices[1::2], strict=False):
            earlier.absorb(later)
        del self.slices[1::2]
        self.width *= 2
