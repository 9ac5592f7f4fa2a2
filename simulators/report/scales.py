"""Axes: from a value to its place between 0 and 1, and the round values that are written beside them."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from simulators.figures import clock

_DAY: Final = 86400
_TIMES: Final = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 21600, 43200, _DAY)
_ROUND: Final = (1, 2, 5)
# Sums of round steps are not quite round: values so near to each other are the same.
_SAME: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis."""

    place: Callable[[float], float]
    """Where a value stands: between 0 and 1 if it is on the axis."""
    ticks: tuple[tuple[float, str], ...]
    """What is written beside it, and where."""


def amounts(top: float, whole: bool = False, most: int = 4) -> Scale:
    """From 0 to this much or a little above, in steps of 1, 2 or 5 and their tenfolds."""
    top = top if top > _SAME else 1.0
    step = _value(_above(top / most))
    step = max(step, 1.0) if whole else step
    count = max(1, math.ceil(top / step - _SAME))
    decimals = max(0, math.ceil(-math.log10(step) - _SAME))
    values = [step * number for number in range(count + 1)]
    return _scale(lambda value: value / (step * count), values, lambda value: f"{value:,.{decimals}f}")


def times(seconds: float, most: int = 6) -> Scale:
    """From 0 to exactly so long."""
    seconds = seconds if seconds > 0 else 1.0
    step = next((step for step in _TIMES if seconds / step <= most), _DAY * math.ceil(seconds / most / _DAY))
    values = [float(step * number) for number in range(int(seconds / step + _SAME) + 1)]
    return _scale(lambda value: value / seconds, values, clock if seconds >= 60 else lambda value: f"{value:.0f} s")


def durations(low: float, high: float, most: int = 5) -> Scale:
    """A logarithmic axis from a round value to a round value, with both durations on it."""
    first, last = _below(low), _above(max(low, high))
    last = max(last, first + 1)
    numbers = list(range(first, last + 1))
    if len(numbers) > most:
        # All of them would not fit: powers of ten alone.
        numbers = [number for number in numbers if number % len(_ROUND) == 0]
        numbers = numbers[:: math.ceil(len(numbers) / most)]
    begin, span = math.log(_value(first)), math.log(_value(last)) - math.log(_value(first))
    return _scale(lambda value: (math.log(value) - begin) / span, map(_value, numbers), _plain_duration)


def _scale(place: Callable[[float], float], values: Iterable[float], label: Callable[[float], str]) -> Scale:
    return Scale(place, tuple((place(value), label(value)) for value in values))


def _value(number: int) -> float:
    """The round values in their order: ..., 0.5, 1, 2, 5, 10, ...; number 0 is 1."""
    power, which = divmod(number, len(_ROUND))
    return float(f"{_ROUND[which]}e{power}")


def _below(value: float) -> int:
    """The number of the greatest round value that is not above."""
    number = len(_ROUND) * math.floor(math.log10(value))
    while _value(number + 1) <= value * (1 + _SAME):
        number += 1
    return number


def _above(value: float) -> int:
    """The number of the least round value that is not below."""
    number = _below(value)
    return number if _value(number) >= value * (1 - _SAME) else number + 1


def _plain_duration(seconds: float) -> str:
    """A round duration without the digits behind its point: 5 ms."""
    for factor, unit in ((1e6, "µs"), (1e3, "ms")):
        if seconds < 1e3 / factor:
            return f"{seconds * factor:g} {unit}"
    return f"{seconds:,.0f} s"
