"""What a load needs in the database of the server: devices that are known, operations that are queued."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from acs.composition import SystemChance, SystemClock
from acs.domain.device import Credential, Identity
from acs.domain.inventory import DeviceTypeDetails, TypeLogin
from acs.domain.operation import Operation, OperationKind, Variable
from acs.domain.queue import Origin, QueuedOperation
from acs.keys import read_keyring
from acs.services.requested import Requested, request_text
from acs.services.vault import Vault
from acs.store.device_types import DeviceTypeStore
from acs.store.devices import DeviceStore
from acs.store.opening import AnyDatabase, open_database
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


def onboard(server: Server, _: int) -> None:
    """Let unknown devices in by one login, ``onboarding`` with the password ``benchmark``: each gets one of its own."""
    asyncio.run(_onboard(server))


async def _onboard(server: Server) -> None:
    async with _opened(server) as (database, writer, vault):
        uuid = SystemChance().octets(16).hex()
        login = TypeLogin("onboarding", vault.seal("benchmark", "credential", uuid, "password"), uuid)
        details = DeviceTypeDetails("Bench", "bench", onboarding_enabled=True)
        await DeviceTypeStore(database, writer).create(details, SystemClock.wall(), login=login)


async def _for_each(server: Server, count: int, work: Work) -> None:
    async with _opened(server) as (database, writer, vault):
        devices, operations = DeviceStore(database, writer), OperationStore(database, writer)
        for first in range(0, count, _AT_ONCE):
            numbers = range(first, min(count, first + _AT_ONCE))
            await asyncio.gather(*(work(devices, operations, vault, number) for number in numbers))


@asynccontextmanager
async def _opened(server: Server) -> AsyncIterator[tuple[AnyDatabase, GroupWriter, Vault]]:
    database = await open_database(server.database_url)
    writer = GroupWriter(database)
    writing = asyncio.create_task(writer.run())
    try:
        yield database, writer, Vault(read_keyring(server.key_file), SystemChance())
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
