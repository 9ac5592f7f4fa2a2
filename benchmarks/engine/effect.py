"""From the POST of an operation to its end on a router that can be called.

The server has one core, the router and the operator the other one. Each operation is a get of one parameter: the server
is asked over its API, calls the router, the router opens a session, answers and is let go. Two operators are measured:
one waits within the POST (``wait``), one asks every few milliseconds until the operation is ``completed``.
"""

import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Final

from benchmarks.engine import loops
from benchmarks.engine.bench import bench
from benchmarks.engine.calling import called, settings
from benchmarks.engine.databases import database
from benchmarks.engine.servers import MEASURED, NO_RATES, Server, free_port, running
from benchmarks.figures import Figure, Limit, share_of
from benchmarks.running import Part

_WAYS: Final = {"wait": "waited for", "poll": "looked for"}
_PARAMETER: Final = "Device.DeviceInfo.UpTime"
_WARM_UP: Final = 10
_COUNT: Final = 250
_AT_MOST: Final = 100.0


async def measure(server: Server, api_port: int, count: int) -> dict[str, list[float]]:
    """Milliseconds of each operation, for both operators."""
    async with called(server, api_port, parameter=_PARAMETER) as operator:
        ways: dict[str, Callable[[], Awaitable[int]]] = {"wait": operator.wait, "poll": operator.poll}
        found: dict[str, list[float]] = {way: [] for way in ways}
        for number in range(count + _WARM_UP):
            for way, ask in ways.items():
                started = time.perf_counter()
                await ask()
                if number >= _WARM_UP:
                    found[way].append((time.perf_counter() - started) * 1000)
        return found


def parts() -> list[Part]:
    """A part for each database."""
    return [
        Part(f"effect_{each}", f"from the POST of a get to its effect, {each}", partial(figures, each))
        for each in ("sqlite", "postgresql")
    ]


def figures(kind: str, count: int = _COUNT) -> Iterator[Figure]:
    """How long it takes on one database, for both operators."""
    found = _measured(kind, count)
    for way, times in found.items():
        ordered = sorted(times)
        name = f"from POST to completed, {_WAYS[way]}, {kind}"
        details = {f"p{percent} ms": share_of(ordered, percent / 100) for percent in (95, 99)}
        yield Figure(
            f"{name}: p50",
            share_of(ordered, 0.5),
            "ms",
            limit=Limit(_AT_MOST, is_design=True),
            rounds=count,
            spread=(ordered[0], ordered[-1]),
            details=details,
        )


def _measured(kind: str, count: int) -> dict[str, list[float]]:
    api_port = free_port()
    with ExitStack() as stack:
        folder, core = stack.enter_context(bench())
        url, _ = stack.enter_context(database(kind, folder))
        server = stack.enter_context(
            running(
                MEASURED, database_url=url, folder=folder, cores=[core], settings={**settings(api_port), **NO_RATES}
            )
        )
        return loops.run(measure(server, api_port, count))
