"""A device of 10,000 parameters is read whole: how long it takes, what it costs, and whether others wait meanwhile.

The server has one core, the device and the operator the other one. One device answers all in one message, another one
refuses whatever is too large, so that the server reads it in parts. The first read stores every value, a later one
finds all of them known but for those that have changed.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Final

from lxml import etree

from benchmarks.engine import loops, processes
from benchmarks.engine.bench import bench
from benchmarks.engine.calling import called, settings
from benchmarks.engine.databases import database
from benchmarks.engine.device import Device, fault, names_response, values_response
from benchmarks.engine.servers import NO_RATES, WATCHED, Server, free_port, running
from benchmarks.engine.watched import Seen, seen
from benchmarks.figures import Figure, Limit, figure
from benchmarks.running import Part

_OBJECTS, _EACH = 40, 250
_ROOT: Final = "Device."
_PLACE: Final = "Device.X_00D09E_Large.Part"
_RESOURCES_EXCEEDED: Final = "9004"
_MOST_PAUSE: Final = 50.0
_ROUNDS: Final = 5
_IDLE: Final = 1.0
_CHANGES: Final = 10
_HOLDERS: Final = 5
_ALL: Final = tuple(f"{_PLACE}.{one}.P{number}" for one in range(1, _OBJECTS + 1) for number in range(1, _EACH + 1))


class LargeDevice(Device):
    """A device of many parameters, a few of which have changed whenever it is asked."""

    __slots__ = ("_asked", "_most")

    def __init__(self, template: bytes, most: int | None) -> None:
        """It answers at most so many values at once; None: all of them."""
        super().__init__(1, template, int(time.time()))
        self._most = most
        self._asked = 0

    def _get(self, request: etree._Element) -> str:
        self._asked += 1
        paths = tuple(element.text or _ROOT for element in request.iter("{*}string"))
        found = [
            (name, "xsd:string", self._value(number)) for number, name in enumerate(_ALL) if name.startswith(paths)
        ]
        if self._most is not None and len(found) > self._most:
            return fault(_RESOURCES_EXCEEDED, "Resources exceeded")
        return values_response(found)

    def _names(self, request: etree._Element) -> str:
        path = request.findtext("{*}ParameterPath") or _ROOT
        below = [name.removeprefix(path) for name in _ALL if name.startswith(path)]
        children = dict.fromkeys(path + rest.partition(".")[0] + ("." if "." in rest else "") for rest in below)
        return names_response(tuple(children))

    def _value(self, number: int) -> str:
        return f"value {number} {self._asked if number % (_OBJECTS * _EACH // _CHANGES) == 0 else ''}"


@dataclass(frozen=True, slots=True)
class Read:
    """One read of the whole device."""

    milliseconds: float
    """From the POST to its answer, with all values in it."""
    cpu: float
    """Milliseconds of the server's processor time."""
    grown: float
    """How many MB the process had at most beyond what it had before."""
    seen: Seen
    """What was seen in the process."""


def parts() -> list[Part]:
    """A part for each database."""
    return [
        Part(
            f"large_device_{each}",
            f"a device of {_OBJECTS * _EACH:,} parameters is read, {each}",
            partial(measure, each),
        )
        for each in ("sqlite", "postgresql")
    ]


def measure(kind: str, rounds: int = _ROUNDS, idle_seconds: float = _IDLE) -> Iterator[Figure]:
    """Read the device in both ways: for the first time, and so many times again."""
    for way, most in (("in one answer", None), (f"in {_OBJECTS} parts", _EACH)):
        with ExitStack() as stack:
            folder, core = stack.enter_context(bench())
            url, _ = stack.enter_context(database(kind, folder))
            port = free_port()
            server = stack.enter_context(
                running(WATCHED, database_url=url, folder=folder, cores=[core], settings={**settings(port), **NO_RATES})
            )
            first, *later = loops.run(_read(server, port, most, rounds, idle_seconds))
        idle = later.pop()
        name = f"{_OBJECTS * _EACH:,} parameters {way}, {kind}"
        yield from _figures(f"{name}, for the first time", [first], idle)
        yield from _figures(f"{name}, again", later, idle)


async def _read(server: Server, port: int, most: int | None, rounds: int, idle: float) -> list[Read]:
    """Read it some times; the last one is no read at all, but as long a time in which nothing happens."""
    async with called(server, port, parameter=_ROOT, make=lambda template: LargeDevice(template, most)) as operator:
        small = operator.asking(f"{_PLACE}.1.P1")
        # What a first operation of any kind costs is not what this is about.
        await small.wait()
        reads = [await _observed(server, operator.wait) for _ in range(rounds + 1)]
        return [*reads, await _observed(server, partial(asyncio.sleep, idle))]


async def _observed(server: Server, work: Callable[[], Awaitable[object]]) -> Read:
    """Do something, and see what it did to the server."""
    seen(server)
    processes.forget_peak(server.process_id)
    before, started = processes.usage([server.process_id]), time.perf_counter()
    await work()
    seconds, after = time.perf_counter() - started, processes.usage([server.process_id])
    return Read(
        seconds * 1000,
        (after.cpu_seconds - before.cpu_seconds) * 1000,
        (processes.peak(server.process_id) - before.resident_bytes) / 2**20,
        seen(server),
    )


def _figures(name: str, reads: Sequence[Read], idle: Read) -> Iterator[Figure]:
    details = {"statements": median(each.seen.statements for each in reads)}
    yield figure(f"{name}: from POST to all values", "ms", [each.milliseconds for each in reads], details=details)
    yield figure(f"{name}: CPU", "ms", [each.cpu for each in reads])
    yield figure(f"{name}: memory at the peak, beyond what it had", "MB", [each.grown for each in reads])
    longest = max(reads, key=lambda each: each.seen.longest_pause).seen
    holders = sorted(longest.holders.items(), key=lambda each: -each[1])
    yield figure(
        f"{name}: the longest pause of the loop",
        "ms",
        [each.seen.longest_pause * 1000 for each in reads],
        limit=Limit(_MOST_PAUSE, is_design=True),
        details={
            "CPU within the longest, ms": longest.cpu_of_longest * 1000,
            "the longest when nothing happens, ms": idle.seen.longest_pause * 1000,
            **{f"in {place}, ms": spent * 1000 for place, spent in holders[:_HOLDERS]},
        },
    )
