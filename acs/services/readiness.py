"""Whether this process can do its work: what a load balancer asks before it sends anybody here."""

import asyncio
from collections.abc import Callable
from itertools import count
from typing import Final

from acs.store.database import Database
from acs.store.errors import StoreError, StoreGoneError, StoreReadOnlyError
from acs.store.migrations import migrations
from acs.store.statements import batch, query
from acs.store.writer import GroupWriter

_NEWEST = query("migration", "newest")
_PROBE = batch("migration", "probe")
# For all of it: who asks has a patience of some seconds.
_PATIENCE: Final = 3.0


class Readiness:
    """Looks at what the work needs."""

    def __init__(self, database: Database, writer: GroupWriter, *, is_draining: Callable[[], bool]) -> None:
        self._database = database
        self._writer = writer
        self._is_draining = is_draining
        self._newest = migrations()[-1].number
        self._probes = count(1)

    async def missing(self) -> list[str]:
        """A sentence for each thing that is missing; none if all is there."""
        found = []
        if self._is_draining():
            found.append("the server is being stopped")
        if self._writer.has_ended:
            found.append("nothing is written to the database any more")
        failing = "the database does not answer"
        try:
            async with asyncio.timeout(_PATIENCE):
                ((newest,),) = await self._database.fetch(_NEWEST, {})
                if newest != self._newest:
                    found.append("the tables of the database are not those of this program")
                if not self._writer.has_ended:
                    failing = "nothing can be written to the database"
                    await self._try_to_write()
        except StoreGoneError:
            found.append("the file of the database was removed or replaced")
        except StoreReadOnlyError:
            found.append("the database is read-only")
        except (StoreError, TimeoutError):
            found.append(failing)
        return found

    async def _try_to_write(self) -> None:
        """With all that is to be written, and at no cost: the next commit holds one statement more, of no row."""
        await self._writer.write(f"probe {next(self._probes)}", (_PROBE, [(-1,)]))
