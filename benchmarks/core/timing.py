"""How long one call takes: in rounds of many calls, each after the garbage of the last one is gone."""

import gc
import time
from collections.abc import Callable
from typing import Final

from benchmarks.figures import Figure, Limit, figure

_ROUNDS: Final = 15


def timed(name: str, work: Callable[[], object], number: int, *, at_most: float | None = None) -> Figure:
    """How long one call takes."""
    times = [_round(work, number) for _ in range(_ROUNDS)]
    return figure(name, "µs", times, limit=None if at_most is None else Limit(at_most))


def side_by_side(
    name: str, work: Callable[[], object], baseline: tuple[str, Callable[[], object]], number: int, at_most: float
) -> Figure:
    """How long one call takes, beside another way, in rounds in turn."""
    what, other = baseline
    pairs = [(_round(work, number), _round(other, number)) for _ in range(_ROUNDS)]
    times, others = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    return figure(name, "µs", times, beside=(what, others), limit=Limit(at_most, of_ratio=True))


def _round(work: Callable[[], object], number: int) -> float:
    gc.collect()
    started = time.perf_counter()
    for _ in range(number):
        work()
    return (time.perf_counter() - started) / number * 1e6
