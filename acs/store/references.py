"""Records that others refer to are not deleted."""

from typing import Final

from acs.store.database import Database
from acs.store.errors import RecordError
from acs.store.statements import batch, query
from acs.store.writer import GroupWriter

_WORDS: Final = {
    "device": "a device",
    "device_type": "a type",
    "location": "a location",
    "transfer": "an open transfer",
}


class ReferredError(RecordError):
    """A record that is to be deleted and that others still need."""

    def __init__(self, table: str, tables: tuple[str, ...]) -> None:
        by = " and ".join(_WORDS[each] for each in tables)
        super().__init__(f"the {table.replace('_', ' ')} is still referred to by {by}")
        self.table = table
        """What was to be deleted."""
        self.tables = tables
        """What refers to it."""


async def delete_unreferred(database: Database, writer: GroupWriter, table: str, number: int) -> bool:
    """Delete a record that nobody refers to; False if there is none, ReferredError if somebody does."""
    (deleted,) = await writer.write(f"{table} {number}", (batch(table, "delete"), [(number,)]))
    if deleted:
        return True
    # The delete itself looked: this is only to say who it was.
    tables = tuple(row[0] for row in await database.fetch(query(table, "references"), {"id": number}))
    if tables:
        raise ReferredError(table, tables)
    return False
