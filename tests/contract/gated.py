"""A real database behind a gate: while it is shut, transactions wait, and units pile up before the writer."""

import asyncio
from collections.abc import Mapping, Sequence

from acs.store.database import Database
from acs.store.statements import Dialect, Query, Row, Step


class GatedDatabase:
    """Passes everything on to a database, transactions only while it is open."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._open = asyncio.Event()
        self._open.set()
        self._arrived = asyncio.Event()
        self.transactions: list[list[Step]] = []

    @property
    def dialect(self) -> Dialect:
        """See ``Database``."""
        return self._database.dialect

    def shut(self) -> None:
        """Let the next transaction wait."""
        self._open.clear()
        self._arrived.clear()

    async def arrived(self) -> None:
        """Wait until one waits."""
        await self._arrived.wait()

    def open(self) -> None:
        """Let them through."""
        self._open.set()

    async def transact(self, steps: Sequence[Step]) -> list[list[Row]]:
        """See ``Database``."""
        self.transactions.append(list(steps))
        self._arrived.set()
        await self._open.wait()
        return await self._database.transact(steps)

    async def fetch(self, query: Query, parameters: Mapping[str, object]) -> list[Row]:
        """See ``Database``."""
        return await self._database.fetch(query, parameters)

    async def close(self) -> None:
        """See ``Database``."""
        await self._database.close()
