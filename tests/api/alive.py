"""Routers that live: they can be called, open sessions when they are, and do by themselves what they were told to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from acs.domain.device import Credential
from tests.api.client import ADMIN, Client
from tests.api.conftest import Api
from tests.e2e.device import ScriptedDevice
from tests.e2e.serving import Served, serving_and_calling

CALLED = (("6 CONNECTION REQUEST", ""),)
_LOGIN = ("acs", "a secret between the two")


@asynccontextmanager
async def calling_api(database_url: str, folder: Path, **settings: Any) -> AsyncIterator[Api]:
    """A server with its API that really calls devices."""
    limits = {"bootstrap_token": ADMIN, "api_rate": 100_000, "api_burst": 100_000}
    async with (
        serving_and_calling(database_url, folder, **(limits | settings)) as served,
        aiohttp.ClientSession() as session,
    ):
        yield Api(served, Client(served.server.api_ports[0], session))


@dataclass(slots=True)
class LiveRouter:
    """A router that opens a session when it is called, and further ones while it has something to tell."""

    served: Served
    """The server."""
    device: ScriptedDevice
    """The router."""
    sessions: int = 0
    """How many sessions it has had."""

    async def call_in(self) -> None:
        """Open a session by itself, and those that follow from it."""
        await self._sessions(None)

    async def give_login(self) -> None:
        """Have the server know by which name it is called."""
        tools, device_id = self.served.server.services.tools, await self.served.id_of(self.device)
        uuid = f"of the test {self.device.id.serial}"
        sealed = tools.vault.seal(_LOGIN[1], "credential", uuid, "password")
        login = Credential(0, "connection_request", device_id, None, _LOGIN[0], sealed, True, uuid)
        await tools.devices.put_logins(device_id, [login], self.served.clock.wall())

    async def listen(self) -> None:
        """Take connection requests from now on; the server hears of it in a first session."""
        await self.device.listen(*_LOGIN)
        await self.call_in()
        await self.give_login()

    async def live(self) -> None:
        """Answer calls until cancelled."""
        while True:
            await self.device.wait_for_connection_request()
            await self._sessions(CALLED)

    async def _sessions(self, events: tuple[tuple[str, str], ...] | None) -> None:
        behaviour = self.device.behaviour
        await self.device.run_session(None if behaviour.due else events)
        self.sessions += 1
        while behaviour.due or behaviour.transfers:
            await self.device.run_session()
            self.sessions += 1


@asynccontextmanager
async def living(served: Served, device: ScriptedDevice) -> AsyncIterator[LiveRouter]:
    """A router that can be called and lives until the block ends."""
    router = LiveRouter(served, device)
    await router.listen()
    task = asyncio.create_task(router.live())
    try:
        yield router
    finally:
        task.cancel()
        result = (await asyncio.gather(task, return_exceptions=True))[0]
        await device.close()
        if isinstance(result, Exception):
            raise result
