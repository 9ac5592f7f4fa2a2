"""Chooses the few inputs that together reach what all of them reach."""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType
from typing import Any, Final

from fuzz.target import PACKAGES, Target

MOST: Final = 12_000
"""How many octets the corpus of a target has at most."""
_LONGEST: Final = 1500
# What a file costs beside its octets.
_OVERHEAD: Final = 20
_ROOT: Final = str(Path(__file__).parents[1])
_OURS: Final = tuple(f"{_ROOT}/{each}/" for each in PACKAGES)

Step = tuple[object, int, int]
"""A move from one line to the next, within a function."""


def thinned(target: Target, inputs: Iterable[bytes]) -> list[bytes]:
    """Those that add most for their length, until they reach all or there is no room: in the order of their lengths."""
    left = {data: _steps_of(target, data) for data in sorted(inputs) if len(data) <= _LONGEST}
    kept: list[bytes] = []
    room = MOST
    while left:
        best = max(left, key=lambda data: len(left[data]) / (len(data) + _OVERHEAD))
        reached = left.pop(best)
        if reached and len(best) <= room:
            kept.append(best)
            room -= len(best)
            for steps in left.values():
                steps.difference_update(reached)
        left = {data: steps for data, steps in left.items() if steps and len(data) <= room}
    return sorted(kept, key=lambda data: (len(data), data))


def _steps_of(target: Target, data: bytes) -> set[Step]:
    found: set[Step] = set()

    def trace(frame: FrameType, event: str, argument: object) -> Callable[..., Any] | None:
        del event, argument
        code = frame.f_code
        if not code.co_filename.startswith(_OURS):
            return None
        last = frame.f_lineno

        def line(frame: FrameType, event: str, argument: object) -> Callable[..., Any]:
            nonlocal last
            del event, argument
            found.add((code, last, frame.f_lineno))
            last = frame.f_lineno
            return line

        return line

    sys.settrace(trace)
    try:
        target.check(data)
    finally:
        sys.settrace(None)
    return found
