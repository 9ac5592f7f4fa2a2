"""What a load needs in the database of the server: devices that are known, operations that are queued."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from acs.composition import SystemChance, SystemClock
from acs.domain.device import Credential, Identity
from acs.domain.operation import Operation, OperationKind, Variable
from acs.domain.queue import Origin, QueuedOperation
from acs.keys import read_keyring
from acs.services.requested import Requested, request_text
from acs.services.vault import Vault
from acs.store.devices import DeviceStore
from acs.store.opening import open_database
from acs.store.operations import OperationStore
from acs.store.writer import GroupWriter
from benchmarks.engine.servers import Server

_AT_ONCE: Final = 500
_NAME: Final = "Device.DeviceInfo.UpTime"

Work = Callable[[DeviceStore, OperationStore, Vault, int], Awaitable[None]]


def queue_gets(server: Server, count: int) -> None:
    """Queue one get for each of the devices, which must have called before."""
    asyncio.run(_for_each(server, count, _queue_get))


def register(server: Server, count: int) -> None:
    """Make the devices known, each with a login of its own: its serial number and the password ``benchmark``."""
    asyncio.run(_for_each(server, count, _register))


async def _for_each(server: Server, count: int, work: Work) -> None:
    async with _stores(server) as (devices, operations, vault):
        for first in range(0, count, _AT_ONCE):
            numbers = range(first, min(count, first + _AT_ONCE))
            await asyncio.gather(*(work(devices, operations, vault, number) for number in numbers))


@asynccontextmanager
async def _stores(server: Server) -> AsyncIterator[tuple[DeviceStore, OperationStore, Vault]]:
    database = await open_database(server.database_url)
    writer = GroupWriter(database)
    writing = asyncio.create_task(writer.run())
    try:
        vault = Vault(read_keyring(server.key_file), SystemChance())
        yield DeviceStore(database, writer), OperationStore(database, writer), vault
    finally:
        writer.stop()
        await writing
        await database.close()


async def _queue_get(devices: DeviceStore, operations: OperationStore, _: Vault, number: int) -> None:
    (device,) = await devices.matching(_identity(number))
    key = SystemChance().octets(12).hex()
    request = request_text(Requested(Operation(OperationKind.GET, (Variable(_NAME),))))
    queued = QueuedOperation(f"op_{key}", device.id, "get", Origin.USER, request, key, wakes=False)
    await operations.queue(queued, SystemClock.wall())


async def _register(devices: DeviceStore, _: OperationStore, vault: Vault, number: int) -> None:
    identity, at = _identity(number), SystemClock.wall()
    serial = identity.serial_number
    uuid = SystemChance().octets(16).hex()
    device_id = await devices.create(uuid=uuid, name=serial, identity=identity, at=at, manufacturer="")
    password = vault.seal("benchmark", "credential", uuid, "password")
    await devices.put_logins(device_id, [Credential(0, "cwmp", device_id, None, serial, password, True, uuid)], at)


def _identity(number: int) -> Identity:
    """Who the generator's devices say they are."""
    return Identity("00D09E", "Bench", f"BENCH{number:08d}")
