"""An opened store, and a look at its database from outside."""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from acs.store.audit import AuditStore
from acs.store.bulk_targets import TargetStore
from acs.store.bulks import BulkStore
from acs.store.contacts import ContactStore
from acs.store.deliveries import DeliveryStore
from acs.store.device_types import DeviceTypeStore
from acs.store.devices import DeviceStore
from acs.store.firmware_images import FirmwareImageStore
from acs.store.idempotency import IdempotencyStore
from acs.store.locations import LocationStore
from acs.store.migrations import migrations
from acs.store.opening import AnyDatabase, open_database
from acs.store.operations import OperationStore
from acs.store.organizations import OrganizationStore
from acs.store.parameters import ParameterStore
from acs.store.settings import SettingStore
from acs.store.statements import Dialect
from acs.store.tokens import TokenStore
from acs.store.transfers import TransferStore
from acs.store.type_changes import TypeChangeStore
from acs.store.writer import GroupWriter

TABLES = [name for step in migrations() for name in re.findall(r"CREATE TABLE (\w+)", step.text)]


class OpenStore:
    """A migrated database, its writer at work, and all stores over it."""

    def __init__(self, url: str, database: AnyDatabase) -> None:
        self.url = url
        self._begin(database)

    def _begin(self, database: AnyDatabase) -> None:
        self.database = database
        self.writer = writer = GroupWriter(database)
        self.running = asyncio.create_task(writer.run())
        self.contacts = ContactStore(database, writer)
        self.devices = DeviceStore(database, writer)
        self.operations = OperationStore(database, writer)
        self.parameters = ParameterStore(database, writer)
        self.settings = SettingStore(database, writer)
        self.transfers = TransferStore(database, writer)
        self.organizations = OrganizationStore(database, writer)
        self.locations = LocationStore(database, writer)
        self.types = DeviceTypeStore(database, writer)
        self.type_changes = TypeChangeStore(database, writer)
        self.images = FirmwareImageStore(database, writer)
        self.tokens = TokenStore(database, writer)
        self.audit = AuditStore(database, writer)
        self.idempotency = IdempotencyStore(database, writer)
        self.bulks = BulkStore(database, writer)
        self.targets = TargetStore(database)
        self.deliveries = DeliveryStore(database, writer)

    async def reopen(self) -> None:
        """Close everything and open it again, as a new process would."""
        await self.close()
        self._begin(await open_database(self.url))

    async def close(self) -> None:
        """End the writer and close the database."""
        self.writer.stop()
        await self.running
        await self.database.close()


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[OpenStore]:
    """An open store."""
    store = OpenStore(url, await open_database(url))
    try:
        yield store
    finally:
        await store.close()


class Probe:
    """Another connection, with no part of the store in between: it sees what is committed."""

    def __init__(self, connection: "sqlite3.Connection | asyncpg.Connection[Any]") -> None:
        self._connection = connection

    @property
    def dialect(self) -> Dialect:
        """Whose SQL it speaks."""
        return Dialect.SQLITE if isinstance(self._connection, sqlite3.Connection) else Dialect.POSTGRESQL

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What a query gives."""
        if isinstance(self._connection, sqlite3.Connection):
            return self._connection.execute(sql).fetchall()
        return [tuple(row) for row in await self._connection.fetch(sql)]

    async def value(self, sql: str) -> Any:
        """The one value that a query gives."""
        ((value,),) = await self.rows(sql)
        return value

    async def execute(self, sql: str) -> None:
        """Do something, committed at once."""
        if isinstance(self._connection, sqlite3.Connection):
            self._connection.execute(sql)
        else:
            await self._connection.execute(sql)

    async def content(self) -> dict[str, list[str]]:
        """All that the database holds."""
        return {table: sorted([repr(row) for row in await self.rows(f"SELECT * FROM {table}")]) for table in TABLES}


@asynccontextmanager
async def probing(url: str) -> AsyncIterator[Probe]:
    """A probe into the database of a URL."""
    if url.startswith("sqlite:///"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        connection.execute("PRAGMA foreign_keys = ON")
        try:
            yield Probe(connection)
        finally:
            connection.close()
    else:
        other = await asyncpg.connect(url)
        try:
            yield Probe(other)
        finally:
            await other.close()
