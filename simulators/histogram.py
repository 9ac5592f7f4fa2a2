"""How long things took: counts in buckets that widen with the time, so that size and error are fixed."""

from array import array
from collections.abc import Iterator
from math import ceil, exp, log
from typing import Final, Self

FLOOR: Final = 1e-6
"""Seconds; whatever is shorter counts as this long."""
CEILING: Final = 1e4
"""Seconds; whatever is longer shares the last bucket, and only ``Histogram.max`` knows more of it."""
GROWTH: Final = 1.05
"""Each bucket reaches this much further than the one before."""
ERROR: Final = GROWTH**0.5 - 1
"""How far a percentile may be from the true one, as a share of it: half a bucket, which is 2.5 %."""

_SCALE: Final = 1 / log(GROWTH)
_SHIFT: Final = -log(FLOOR) * _SCALE
_LAST: Final = int(log(CEILING) * _SCALE + _SHIFT)
_EMPTY: Final = array("Q", bytes(8 * (_LAST + 1)))


class Histogram:
    """Durations from a microsecond to hours in 473 buckets."""

    __slots__ = ("_buckets", "max", "total")

    def __init__(self) -> None:
        self._buckets = _EMPTY[:]
        self.total = 0.0
        self.max = 0.0

    def add(self, seconds: float) -> None:
        """Count one duration; what is negative or no number, as after a clock was set back, counts as none."""
        if FLOOR <= seconds < CEILING:
            self._buckets[int(log(seconds) * _SCALE + _SHIFT)] += 1
        elif seconds >= CEILING:
            self._buckets[_LAST] += 1
        else:
            seconds = max(0.0, seconds) if seconds == seconds else 0.0  # noqa: PLR0124  # no number equals itself
            self._buckets[0] += 1
        self.total += seconds
        if seconds > self.max:  # noqa: PLR1730  # max() costs as much as all the rest
            self.max = seconds

    @property
    def count(self) -> int:
        """How many durations were counted."""
        return sum(self._buckets)

    def percentile(self, share: float) -> float | None:
        """The duration that this share of all did not exceed, to within ``ERROR``; None when there is none."""
        count = self.count
        if not count:
            return None
        rank = min(max(1, ceil(share * count)), count)
        if rank == count:
            return self.max
        seen = 0
        for index, within in enumerate(self._buckets):
            seen += within
            if seen >= rank:
                return min(_edge(index + 0.5), self.max)
        return self.max

    def merge(self, other: "Histogram") -> Self:
        """Take in all that another one counted."""
        self._buckets = array("Q", map(int.__add__, self._buckets, other._buckets))  # noqa: SLF001
        self.total += other.total
        self.max = max(self.max, other.max)
        return self

    def buckets(self) -> Iterator[tuple[float, float, int]]:
        """The buckets that hold something: from, to, how many."""
        return ((_edge(index), _edge(index + 1), count) for index, count in enumerate(self._buckets) if count)


def _edge(index: float) -> float:
    return FLOOR * exp(index / _SCALE)
