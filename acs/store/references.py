"""Records that others refer to are not deleted."""

from acs.domain.audit import AuditEntry
from acs.store.audit import audit_if_gone
from acs.store.database import Database
from acs.store.errors import ReferredError
from acs.store.statements import batch, query
from acs.store.writer import GroupWriter


async def delete_unreferred(
    database: Database, writer: GroupWriter, table: str, number: int, audit: AuditEntry | None = None
) -> bool:
    """Delete a record that nobody refers to; False if there is none, ReferredError if somebody does."""
    # The audit log must not tell of a deletion that did not take place.
    deleted, *_ = await writer.write(f"{table} {number}", (batch(table, "delete"), [(number,)]), audit_if_gone(audit))
    if deleted:
        return True
    # The delete itself looked: this is only to say who it was.
    tables = tuple(row[0] for row in await database.fetch(query(table, "references"), {"id": number}))
    if tables:
        raise ReferredError(table, tables)
    return False
