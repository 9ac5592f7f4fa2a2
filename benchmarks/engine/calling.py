"""A router that can be called, and an operator that wants something of it: what both ends see of an operation."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, cast

import aiohttp

from benchmarks.engine import loops
from benchmarks.engine.client import Session, Tally, Target, connect
from benchmarks.engine.device import Device, inform_template
from benchmarks.engine.errors import ServerError
from benchmarks.engine.servers import OPEN, Server

TOKEN: Final = "the-token-of-the-benchmark"
"""The token of the operator."""
NAME: Final = "00D09E-Bench-BENCH00000001"
"""What the router is called."""
_PATIENCE: Final = 60.0
_PAUSE: Final = 0.002
_ANSWER: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

MakeDevice = Callable[[bytes], Device]
"""A device that sends such an Inform."""


def settings(api_port: int) -> dict[str, str]:
    """Settings of a server that both may call; the operator at the usual rates."""
    return {**OPEN, "AIOACS_API_PORT": str(api_port), "AIOACS_BOOTSTRAP_TOKEN": TOKEN}


def plain_device(template: bytes) -> Device:
    """A device as a load has them."""
    return Device(1, template, int(time.time()))


class Router:
    """A device that opens a session whenever it is called."""

    def __init__(self, server: Server, make: MakeDevice) -> None:
        self._target = Target(loops.HOST, server.port)
        self._make = make
        self._calls: asyncio.Queue[None] = asyncio.Queue()
        self.tally = Tally()

    async def run(self, ready: asyncio.Event) -> None:
        """Introduce itself, then answer calls until cancelled."""
        listener, port = await loops.listen(lambda: _Ear(self._calls))
        url = f"http://{loops.HOST}:{port}/".encode()
        template = inform_template(event="6 CONNECTION REQUEST").replace(b"http://127.0.0.1:30005/", url)
        device = self._make(template)
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
    """Asks the API for a get."""

    def __init__(self, session: aiohttp.ClientSession, port: int, parameter: str) -> None:
        self._session = session
        self._url = f"http://{loops.HOST}:{port}/api/v1/inventory_device_name_headless_operation/"
        self._port = port
        self._body = {"name": NAME, "operation": "get", "variables": [{"variable_name": parameter}]}

    def asking(self, parameter: str) -> "Operator":
        """One that asks for something else."""
        return Operator(self._session, self._port, parameter)

    async def wait(self) -> int:
        """Ask, and be answered when it is done; how many values there are."""
        told = await self._told("POST", json=self._body | {"wait": int(_PATIENCE)})
        if told["status"] != "completed":
            raise ServerError(f"an operation was not done in time: it is {told['status']}")
        return len(told["variables"])

    async def poll(self) -> int:
        """Ask, and look until it is done; how many values there are."""
        number = (await self._told("POST", json=self._body))["id"]
        async with asyncio.timeout(_PATIENCE):
            while True:
                (told,) = await self._told("GET", params={"id": str(number)})
                if told["status"] == "completed":
                    return len(told["variables"])
                await asyncio.sleep(_PAUSE)

    async def _told(self, method: str, *, json: object = None, params: dict[str, str] | None = None) -> Any:  # noqa: ANN401  any JSON
        async with self._session.request(method, self._url, json=json, params=params) as response:
            told = await response.json()
            if response.status not in {200, 201}:
                raise ServerError(f"status {response.status}: {str(told)[:300]}")
            return told


@asynccontextmanager
async def called(
    server: Server, api_port: int, *, parameter: str, make: MakeDevice = plain_device
) -> AsyncIterator[Operator]:
    """An operator, and the router that it can ask; ServerError if the router fails meanwhile."""
    router, ready = Router(server, make), asyncio.Event()
    working = asyncio.create_task(router.run(ready))
    try:
        async with asyncio.timeout(_PATIENCE):
            await asyncio.wait([working, begun := asyncio.create_task(ready.wait())], return_when="FIRST_COMPLETED")
        begun.cancel()
        timeout = aiohttp.ClientTimeout(total=2 * _PATIENCE)
        headers = {"Authorization": f"Bearer {TOKEN}"}
        if not working.done():
            async with aiohttp.ClientSession(headers=headers, timeout=timeout) as session:
                yield Operator(session, api_port, parameter)
    finally:
        working.cancel()
        (ended,) = await asyncio.gather(working, return_exceptions=True)
        if isinstance(ended, Exception):
            raise ServerError(f"the router failed: {ended!r}")
