"""A whole server in the test's own process, its time in the test's hands."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web_app

from acs.domain.device import Identity
from acs.domain.operation import JSON, Operation, OperationKind, Variable
from acs.domain.reach import Reach, ReachKind, WakeTarget
from acs.server import Server
from acs.services.operations import AT_ONCE, OperationView, Terms
from acs.services.ports import ConnectionRequester
from acs.services.requested import Requested
from acs.settings import Settings
from tests.contract.templates import fill_with_tables
from tests.e2e.device import ScriptedDevice

_serials = itertools.count(100_000)


class HandClock:
    """A clock that the test moves on."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._ahead = 0.0

    def monotonic(self) -> float:
        """See ``Clock``."""
        return 1_000.0 + self._seconds

    def wall(self) -> float:
        """See ``Clock``."""
        return 1_800_000_000.0 + self._seconds + self._ahead

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._seconds += seconds

    def set(self, *, ahead: float) -> None:
        """Set the clock so many seconds ahead of the time; it does not show in what is monotonic."""
        self._ahead = ahead


class NotedCalls:
    """Notes the connection requests; nobody is called."""

    def __init__(self) -> None:
        self.targets: list[WakeTarget] = []
        self._called = asyncio.Event()
        self.outcome = Reach(ReachKind.REACHED, 0.01, "it answered")

    async def request(self, target: WakeTarget) -> Reach:
        """See ``ConnectionRequester``."""
        self.targets.append(target)
        self._called.set()
        return self.outcome

    async def made(self, count: int) -> None:
        """Wait until so many were made."""
        async with asyncio.timeout(10):
            while len(self.targets) < count:
                self._called.clear()
                await self._called.wait()


@dataclass(frozen=True, slots=True)
class Served:
    """A running server and what tests do with it."""

    server: Server
    """The server."""
    clock: HandClock
    """Its time."""
    calls: NotedCalls
    """Its connection requests."""

    @property
    def port(self) -> int:
        """Where devices call."""
        return self.server.ports[0]

    def device(self, **ways: Any) -> ScriptedDevice:
        """A router of its own."""
        ways.setdefault("serial", f"E2E{next(_serials)}")
        return ScriptedDevice(self.port, **ways)

    async def id_of(self, device: ScriptedDevice) -> int:
        """The row of a router that has called."""
        services = self.server.services
        (found,) = [
            each
            for each in await services.tools.devices.matching(_identity(device))
            if each.identity.serial_number == device.id.serial
        ]
        return found.id

    async def queue(
        self,
        device: ScriptedDevice,
        kind: OperationKind,
        *variables: Variable,
        terms: Terms = AT_ONCE,
        method: str = "",
        arguments: dict[str, JSON] | None = None,
        verify: bool = True,
    ) -> str:
        """Queue an operation for a router that has called; its public id."""
        operation = Operation(kind, variables, method, arguments or {}, verify)
        view = await self.server.services.operations.queue(await self.id_of(device), Requested(operation), terms)
        return view.record.public_id

    async def view(self, public_id: str) -> OperationView:
        """An operation as it is now."""
        return await self.server.services.operations.view(public_id)

    async def sweep(self, seconds: float = 0.0) -> None:
        """Let time pass, and what follows from it happen."""
        self.clock.advance(seconds)
        await self.server.services.sweeper.sweep()


def _identity(device: ScriptedDevice) -> Identity:
    return Identity(device.id.oui, device.id.product_class, device.id.serial)


@asynccontextmanager
async def serving(database_url: str, folder: Path, **settings: Any) -> AsyncIterator[Served]:
    """A server on a database, with ports that the kernel chooses; its connection requests are noted."""
    calls = NotedCalls()
    async with _server(database_url, folder, calls, settings) as (server, clock):
        yield Served(server, clock, calls)


@asynccontextmanager
async def serving_and_calling(database_url: str, folder: Path, **settings: Any) -> AsyncIterator[Served]:
    """The same, but it really calls devices."""
    async with _server(database_url, folder, None, settings) as (server, clock):
        yield Served(server, clock, NotedCalls())


@asynccontextmanager
async def _server(
    database_url: str, folder: Path, requester: ConnectionRequester | None, settings: dict[str, Any]
) -> AsyncIterator[tuple[Server, HandClock]]:
    clock = HandClock()
    chosen: dict[str, Any] = {
        "database_url": database_url,
        "cwmp_host": "127.0.0.1",
        "cwmp_port": 0,
        "api_port": 0,
        "onboarding": "open",
        "secret_key_file": folder / "keys",
        "webhook_secret_file": folder / "webhook.secret",
        "files_folder": folder / "files",
        "trace_folder": folder / "traces",
        "device_sessions_per_minute": 600,
        "drain_timeout": 0,
        **settings,
    }
    await fill_with_tables(database_url)
    server = Server(Settings(**chosen), clock=clock, requester=requester, sweeps=False)
    try:
        async with server:
            yield server, clock
    finally:
        # aiohttp remembers the handlers of every application that this process had, and all that hangs on them.
        web_app._cached_build_middleware.cache_clear()
