"""Whether this process can do its work: what a load balancer asks before it sends anybody here."""

import asyncio
from collections.abc import Callable
from typing import Final

from acs.store.database import Database
from acs.store.errors import StoreError
from acs.store.migrations import migrations
from acs.store.statements import query
from acs.store.writer import GroupWriter

_NEWEST = query("migration", "newest")
_PATIENCE: Final = 2.0


class Readiness:
    """Looks at what the work needs."""

    def __init__(self, database: Database, writer: GroupWriter, *, is_draining: Callable[[], bool]) -> None:
        self._database = database
        self._writer = writer
        self._is_draining = is_draining
        self._newest = migrations()[-1].number

    async def missing(self) -> list[str]:
        """A sentence for each thing that is missing; none if all is there."""
        found = []
        if self._is_draining():
            found.append("the server is being stopped")
        if self._writer.has_ended:
            found.append("nothing is written to the database any more")
        try:
            async with asyncio.timeout(_PATIENCE):
                ((newest,),) = await self._database.fetch(_NEWEST, {})
        except (StoreError, TimeoutError):
            found.append("the database does not answer")
        else:
            if newest != self._newest:
                found.append("the tables of the database are not those of this program")
        return found
