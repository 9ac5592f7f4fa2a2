"""What the server takes while it is under load, looked at once a second."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import psutil

from benchmarks.engine import processes

_PACE: Final = 1.0


@dataclass(frozen=True, slots=True)
class Look:
    """The server at a moment."""

    at: float
    """When."""
    resident: int
    """Its memory in octets."""
    cpu_seconds: float
    """Processor time it has taken so far."""
    connections: int
    """Descriptors it has open: nearly all are connections."""
    waiting: int
    """Devices that wait for nothing but their turn in the process that simulates them."""


@dataclass(slots=True)
class Watch:
    """All that was seen."""

    looks: list[Look] = field(default_factory=list)
    """In the order of time."""
    peak: int = 0
    """The most memory, in octets."""
    is_gone: bool = False
    """Whether the server has ended meanwhile."""


@asynccontextmanager
async def watched(process_id: int, now: Callable[[], float], waiting: Callable[[], int]) -> AsyncIterator[Watch]:
    """Look at a process as long as the block lasts."""
    watch = Watch()

    async def look() -> None:
        process = psutil.Process(process_id)
        try:
            while processes.is_alive(process_id):
                with process.oneshot():
                    times = process.cpu_times()
                    spent = times.user + times.system
                    watch.looks.append(Look(now(), process.memory_info().rss, spent, process.num_fds(), waiting()))
                watch.peak = processes.peak(process_id)
                await asyncio.sleep(_PACE)
        except (psutil.Error, OSError):
            pass
        watch.is_gone = True

    task = asyncio.create_task(look())
    try:
        yield watch
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
