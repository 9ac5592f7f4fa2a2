"""Measuring two ways of doing a thing side by side, so that a noisy machine does them equal harm."""

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Final

ROUNDS: Final = 15


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured thing."""

    name: str
    """What was measured."""
    value: float
    """The figure."""
    unit: str
    """Its unit; ``x`` for a ratio to a baseline."""
    at_most: float | None = None
    """The most it should be, where that is laid down."""

    @property
    def reached(self) -> bool:
        """Whether it is within what is laid down."""
        return self.at_most is None or self.value <= self.at_most


def microseconds(work: Callable[[], object], number: int) -> float:
    """The median over rounds of the time one call takes."""
    return median(_round(work, number) for _ in range(ROUNDS))


def side_by_side(
    name: str, work: Callable[[], object], baseline: Callable[[], object], number: int, at_most: float
) -> list[Figure]:
    """Both times, from rounds in turn, and the median of the ratios round by round."""
    pairs = [(_round(work, number), _round(baseline, number)) for _ in range(ROUNDS)]
    return [
        Figure(name, median(pair[0] for pair in pairs), "µs"),
        Figure(f"{name}: baseline", median(pair[1] for pair in pairs), "µs"),
        Figure(f"{name}: ratio", median(pair[0] / pair[1] for pair in pairs), "x", at_most),
    ]


def _round(work: Callable[[], object], number: int) -> float:
    gc.collect()
    started = time.perf_counter()
    for _ in range(number):
        work()
    return (time.perf_counter() - started) / number * 1e6
