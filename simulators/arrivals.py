"""When devices call for the first time: seconds after the start, by chance that can be repeated."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite, sqrt
from typing import Final

from cwmp_schemas import events
from simulators.device.chance import Chance
from simulators.spans import LONGEST

MOST_LINES: Final = 1_000_000
"""How long a trace may be."""
_DRAWS: Final = 5
_MAX_EVENT: Final = 64
# Those of the standard, those that an RPC brings about, and those of vendors (A.3.3.1).
_EVENT: Final = re.compile(r"\d+(?: \S+)+|M \S+|X \S+ .+", re.ASCII)


class TraceError(ValueError):
    """A trace cannot be read; the sentence names the line."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One line of a trace."""

    at: float
    """Seconds after the start."""
    device: str | None
    """The serial number or the index of the device; None for the one whose turn it is."""
    event: str
    """What happens to it."""


def steady(count: int, over: float, chance: Chance) -> list[float]:
    """Evenly over a stretch of time: each device somewhere in a slot of its own."""
    slot = over / max(1, count)
    return [(number + chance.share()) * slot for number in range(count)]


def storm(count: int, within: float, chance: Chance) -> list[float]:
    """All within a stretch of time, as after a power cut: a few early, most after about a third of it, and a long tail.

    That is the second smallest of five even draws: a beta distribution with its peak at a quarter.
    """
    return [within * sorted(chance.share() for _ in range(_DRAWS))[1] for _ in range(count)]


def ramp(count: int, low: float, high: float, over: float, chance: Chance) -> list[float]:
    """At a rate that grows evenly from so many devices a second to so many; it stays there if devices are left."""
    within = (low + high) / 2 * over
    arrivals = []
    for number in range(count):
        nth = number + chance.share()
        if nth >= within:
            arrivals.append(over + (nth - within) / high)
        elif high == low:
            arrivals.append(nth / low)
        else:
            # low*t + (high-low)/(2*over)*t^2 = nth, solved so that small growth loses no digits.
            growth = (high - low) / over
            arrivals.append(2 * nth / (low + sqrt(low * low + 2 * growth * nth)))
    return arrivals


def read_trace(lines: Iterable[str]) -> list[Arrival]:
    """The arrivals in the lines of a trace, in the order of time: ``seconds[,serial or index[,event]]``.

    Empty lines, and those that begin with ``#``, say nothing. TraceError names the line that is wrong.
    """
    arrivals: list[Arrival] = []
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if len(arrivals) >= MOST_LINES:
            raise TraceError(f"line {number}: a trace has at most {MOST_LINES:,} arrivals")
        arrivals.append(_arrival(text, number))
    if not arrivals:
        raise TraceError("the trace names no arrival")
    return sorted(arrivals, key=lambda arrival: arrival.at)


def _arrival(text: str, line: int) -> Arrival:
    at, *rest = (part.strip() for part in text.split(",", 2))
    try:
        seconds = float(at)
    except ValueError:
        seconds = -1.0
    if not (isfinite(seconds) and 0 <= seconds <= LONGEST):
        raise TraceError(f"line {line}: {at[:40]!r} is no number of seconds from 0 to {LONGEST:.0f}")
    device = rest[0] if rest else ""
    event = rest[1] if len(rest) > 1 else ""
    if event and (len(event) > _MAX_EVENT or not event.isprintable() or _EVENT.fullmatch(event) is None):
        raise TraceError(f"line {line}: {event[:40]!r} is no event code, such as {events.VALUE_CHANGE!r}")
    return Arrival(seconds, device or None, event or events.PERIODIC)
