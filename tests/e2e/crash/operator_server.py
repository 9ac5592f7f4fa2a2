"""The server as ``aioacs serve`` runs it, with a door for the operator: it calls the test and takes commands from it.

A command is a line of JSON, and so is its answer, which is given only once the server has done what was asked for.
"""

import asyncio
import json
import os
import signal
from collections.abc import Awaitable, Callable
from typing import Any, Final, Self
from unittest import mock

import uvloop

import acs.server
from acs.domain.device import Identity
from acs.domain.operation import Operation, OperationKind, Variable
from acs.provisioning.plain import from_plain
from acs.services.operations import Terms
from acs.services.requested import Requested
from acs.settings import load_settings
from acs.store.database import Database
from acs.store.writer import GroupWriter
from tests.e2e.crash.processes import DOOR
from tests.e2e.mortal import MortalDatabase

Do = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
"""Carries a command out."""
_OPEN: Final = ("scheduled", "queued", "in_progress")


class ServerWithDoor(acs.server.Server):
    """A server that also listens to an operator."""

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        reader, writer = await asyncio.open_connection("127.0.0.1", int(os.environ[DOOR]))
        self._talking = asyncio.create_task(self._talk(reader, writer))
        return self

    async def __aexit__(self, *about: object) -> None:
        self._talking.cancel()
        # An exception in it is not taken here: it stands in the log as one that nobody retrieved.
        await asyncio.wait([self._talking])
        await super().__aexit__(*about)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                command: dict[str, Any] = json.loads(line)
                answer = await self.doing()[command["do"]](command)
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        finally:
            # A door that is left open would pass for something that the server has left open.
            writer.close()

    def doing(self) -> dict[str, Do]:
        """What it takes commands for."""
        return {"queue": self._queue, "view": self._view, "open": self._count, "end": self._end}

    async def _queue(self, command: dict[str, Any]) -> dict[str, Any]:
        device_id = await self._device(command["serial"])
        if device_id is None:
            return {"id": None}
        operation = Operation(
            OperationKind(command["kind"]),
            tuple(from_plain(Variable, each) for each in command.get("variables", ())),
            command.get("method", ""),
            command.get("arguments", {}),
        )
        terms = Terms(max_attempts=1_000, retry_delay=0.0)
        view = await self.services.operations.queue(device_id, Requested(operation), terms)
        return {"id": view.record.public_id}

    async def _view(self, command: dict[str, Any]) -> dict[str, Any]:
        record = (await self.services.operations.view(command["id"])).record
        return {"state": record.state.value, "phase": record.phase.value}

    async def _count(self, command: dict[str, Any]) -> dict[str, Any]:
        """How many operations of these devices are still to be done."""
        found = 0
        for serial in command["serials"]:
            device_id = await self._device(serial)
            views = await self.services.operations.of_device(device_id, most=1_000) if device_id else []
            found += sum(view.record.state.value in _OPEN for view in views)
        return {"open": found}

    async def _end(self, command: dict[str, Any]) -> dict[str, Any]:
        """Be killed once a statement of this name is committed."""
        _databases[-1].ends_after = command["after"]
        return command

    async def _device(self, serial: str) -> int | None:
        rows = await self.services.tools.devices.matching(Identity("00D09E", "EX5501", serial))
        return next((each.id for each in rows if each.identity.serial_number == serial), None)


_databases: Final[list[MortalDatabase]] = []


def _mortal(database: Database, **ways: Any) -> GroupWriter:
    _databases.append(MortalDatabase(database, lambda: os.kill(os.getpid(), signal.SIGKILL)))
    return GroupWriter(_databases[-1], **ways)


def run(server: type[ServerWithDoor]) -> None:
    """Serve until the end."""
    with mock.patch.multiple(acs.server, Server=server, GroupWriter=_mortal):
        uvloop.run(acs.server.serve(load_settings()))


if __name__ == "__main__":
    run(ServerWithDoor)
