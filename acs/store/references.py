"""Records that others refer to are not deleted."""

from acs.store.database import Database
from acs.store.errors import ReferredError
from acs.store.statements import batch, query
from acs.store.writer import GroupWriter


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
