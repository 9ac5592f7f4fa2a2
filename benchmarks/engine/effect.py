"""``python -m benchmarks.engine.effect``: from the POST of an operation to its end on a router that can be called.

The server has one core, the router and the operator the other one. Each operation is a get of one parameter: the server
is asked over its API, calls the router, the router opens a session, answers and is let go. Two operators are measured:
one waits within the POST (``wait``), one asks every few milliseconds until the operation is ``completed``.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

import aiohttp

from benchmarks.engine import loops, processes
from benchmarks.engine.client import Session, Tally, Target, connect
from benchmarks.engine.device import Device, inform_template
from benchmarks.engine.errors import ServerError
from benchmarks.engine.postgresql import postgresql
from benchmarks.engine.servers import MEASURED, Server, free_port, running
from benchmarks.figures import Figure, Limit
from benchmarks.running import OUT, Part, run

_WAYS: Final = {"wait": "waited for", "poll": "looked for"}
_TOKEN: Final = "the-token-of-the-benchmark"
_PARAMETER: Final = "Device.DeviceInfo.UpTime"
_PATIENCE: Final = 10.0
_PAUSE: Final = 0.002
_AT_MOST: Final = 100.0
_ANSWER: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Router:
    """A device that opens a session whenever it is called."""

    def __init__(self, server: Server) -> None:
        self._target = Target(loops.HOST, server.port)
        self._calls: asyncio.Queue[None] = asyncio.Queue()
        self.tally = Tally()

    async def run(self, ready: asyncio.Event) -> None:
        """Introduce itself, then answer calls until cancelled."""
        listener, port = await loops.listen(lambda: _Ear(self._calls))
        url = f"http://{loops.HOST}:{port}/".encode()
        template = inform_template(event="6 CONNECTION REQUEST").replace(b"http://127.0.0.1:30005/", url)
        device = Device(1, template, int(time.time()))
        try:
            await self._session(device)
            ready.set()
            while True:
                await self._calls.get()
                await self._session(device)
        finally:
            listener.close()

    async def _session(self, device: Device) -> None:
        connection = await connect(self._target)
        session = Session(device, self._target, self.tally)
        await session.inform(connection)
        await session.finish(connection)
        connection.close()


class _Ear(asyncio.Protocol):
    """Takes connection requests."""

    def __init__(self, calls: asyncio.Queue[None]) -> None:
        self._calls = calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        if data.endswith(b"\r\n\r\n"):
            self._transport.write(_ANSWER)
            self._transport.close()
            self._calls.put_nowait(None)


class Operator:
    """Asks the API."""

    def __init__(self, session: aiohttp.ClientSession, port: int, device: str) -> None:
        self._session = session
        self._url = f"http://{loops.HOST}:{port}/api/v1/inventory_device_name_headless_operation/"
        self._body = {"name": device, "operation": "get", "variables": [{"variable_name": _PARAMETER}]}

    async def wait(self) -> None:
        """Ask, and be answered when it is done."""
        told = await self._told("POST", json=self._body | {"wait": int(_PATIENCE)})
        if told["status"] != "completed":
            raise ServerError(f"an operation was not done in time: {told}")

    async def poll(self) -> None:
        """Ask, and look until it is done."""
        number = (await self._told("POST", json=self._body))["id"]
        async with asyncio.timeout(_PATIENCE):
            while True:
                (told,) = await self._told("GET", params={"id": str(number)})
                if told["status"] == "completed":
                    return
                await asyncio.sleep(_PAUSE)

    async def _told(self, method: str, *, json: object = None, params: dict[str, str] | None = None) -> Any:  # noqa: ANN401  any JSON
        async with self._session.request(method, self._url, json=json, params=params) as response:
            told = await response.json()
            if response.status not in {200, 201}:
                raise ServerError(f"status {response.status}: {told}")
            return told


async def measure(server: Server, api_port: int, count: int) -> dict[str, list[float]]:
    """Milliseconds of each operation, for both operators."""
    router, ready = Router(server), asyncio.Event()
    working = asyncio.create_task(router.run(ready))
    headers = {"Authorization": f"Bearer {_TOKEN}"}
    try:
        async with asyncio.timeout(_PATIENCE):
            await ready.wait()
        async with aiohttp.ClientSession(headers=headers) as session:
            operator = Operator(session, api_port, "00D09E-Bench-BENCH00000001")
            ways: dict[str, Callable[[], Awaitable[None]]] = {"wait": operator.wait, "poll": operator.poll}
            found: dict[str, list[float]] = {way: [] for way in ways}
            for number in range(count + 10):
                for way, ask in ways.items():
                    started = time.perf_counter()
                    await ask()
                    # The first ones warm up.
                    if number >= 10:
                        found[way].append((time.perf_counter() - started) * 1000)
            return found
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


def parts(count: int = 250, databases: Sequence[str] = ("sqlite", "postgresql")) -> list[Part]:
    """A part for each database."""
    return [
        Part(f"effect_{each}", f"from the POST of a get to its effect, {each}", partial(figures, each, count))
        for each in databases
    ]


def figures(database: str, count: int) -> Iterator[Figure]:
    """How long it takes on one database, for both operators."""
    core, own_core = processes.cores()
    processes.pin(os.getpid(), own_core)
    with tempfile.TemporaryDirectory(prefix="aioacs-bench-") as folder:
        found = _measured(database, Path(folder), core, count)
    for way, times in found.items():
        ordered = sorted(times)
        name = f"from POST to completed, {_WAYS[way]}, {database}"
        details = {f"p{share} ms": _share(ordered, share) for share in (95, 99)}
        yield Figure(
            f"{name}: p50",
            _share(ordered, 50),
            "ms",
            limit=Limit(_AT_MOST, is_design=True),
            rounds=count,
            spread=(ordered[0], ordered[-1]),
            details=details,
        )


def main() -> int:
    """Measure on both databases; exit status 1 if the median is not below what is laid down."""
    described = argparse.ArgumentParser(prog="python -m benchmarks.engine.effect", description=__doc__)
    described.add_argument("databases", nargs="*", default=["sqlite", "postgresql"], help="sqlite, postgresql")
    described.add_argument("--count", type=int, default=250, help="operations of each kind (default 250)")
    described.add_argument("--out", type=Path, default=OUT, help="the folder for the results")
    given = described.parse_args()
    return run(parts(given.count, given.databases), given.out, "effect")


def _measured(database: str, folder: Path, core: int, count: int) -> dict[str, list[float]]:
    api_port = free_port()
    settings = {
        "AIOACS_ONBOARDING": "open",
        "AIOACS_DEVICE_SESSIONS_PER_MINUTE": "600",
        "AIOACS_API_PORT": str(api_port),
        "AIOACS_BOOTSTRAP_TOKEN": _TOKEN,
        "AIOACS_API_RATE": "100000",
        "AIOACS_API_BURST": "100000",
    }
    with ExitStack() as stack:
        url = f"sqlite:///{folder / 'aioacs.db'}"
        if database == "postgresql":
            url = stack.enter_context(postgresql(folder / "postgresql"))
        server = stack.enter_context(
            running(MEASURED, database_url=url, folder=folder, cores=[core], settings=settings)
        )
        return loops.run(measure(server, api_port, count))


def _share(times: list[float], percent: int) -> float:
    return times[min(len(times) - 1, len(times) * percent // 100)]


if __name__ == "__main__":
    sys.exit(main())
