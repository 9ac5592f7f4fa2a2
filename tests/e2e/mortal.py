"""A database that ends at a commit that a test has chosen."""

from collections.abc import Callable, Mapping, Sequence

from acs.store.database import Database
from acs.store.errors import StoreUnavailableError
from acs.store.statements import Dialect, Query, Row, Step


class MortalDatabase:
    """Passes everything on to a database until its end; from then on every transaction fails."""

    def __init__(self, database: Database, at_the_end: Callable[[], None] = lambda: None) -> None:
        self._database = database
        self._at_the_end = at_the_end
        self.ends_at = ""
        """The name of a statement: it ends instead of the commit."""
        self.ends_after = ""
        """The name of a statement: it ends once it is committed, before anybody knows."""
        self.has_ended = False

    @property
    def dialect(self) -> Dialect:
        """See ``Database``."""
        return self._database.dialect

    async def transact(self, steps: Sequence[Step]) -> list[list[Row]]:
        """See ``Database``."""
        names = {batch.name for batch, rows in steps if rows}
        if self.has_ended or self.ends_at in names:
            self._end()
            raise StoreUnavailableError("the test has ended the database")
        results = await self._database.transact(steps)
        if self.ends_after in names:
            self._end()
        return results

    def _end(self) -> None:
        self.has_ended = True
        self._at_the_end()

    async def fetch(self, query: Query, parameters: Mapping[str, object]) -> list[Row]:
        """See ``Database``."""
        return await self._database.fetch(query, parameters)

    async def close(self) -> None:
        """See ``Database``."""
        await self._database.close()
