"""The audit log: it only grows at one end and is pruned at the other."""

import json
from collections.abc import Sequence
from dataclasses import replace

from acs.domain.audit import AuditEntry, AuditRecord
from acs.store.database import Database
from acs.store.statements import Row, Step, batch, query
from acs.store.writer import GroupWriter

_ADD = batch("audit", "add")
_ADD_IF_GONE = batch("audit", "add_if_gone")
_ADD_QUEUED = batch("audit", "add_queued")
_PAGE = query("audit", "page")
_OF_ORGANIZATIONS = query("audit", "of_organizations")
_OF_RESOURCE = query("audit", "of_resource")
_TO_PRUNE, _PRUNE = query("audit", "to_prune"), batch("audit", "prune")


def audit_step(entry: AuditEntry | None) -> Step:
    """The step that notes a change with the change itself, behind the steps that make it; None: nobody asked for it."""
    return _ADD, [] if entry is None else [_row(entry)]


def audit_if_gone(entry: AuditEntry | None) -> Step:
    """The step that notes a deletion, if it took place."""
    return _ADD_IF_GONE, [] if entry is None else [_row(entry)]


def audit_if_queued(public_id: str, entry: AuditEntry | None) -> Step:
    """The step that notes an operation, if it was queued."""
    return _ADD_QUEUED, [] if entry is None else [_row(replace(entry, found_by=public_id))]


def _row(entry: AuditEntry) -> Row:
    return (
        entry.at,
        entry.actor,
        entry.address,
        entry.action,
        entry.resource,
        entry.resource_id,
        entry.organization_id,
        entry.before,
        entry.after,
        entry.found_by,
    )


class AuditStore:
    """The table ``audit``."""

    def __init__(self, database: Database, writer: GroupWriter) -> None:
        self._database = database
        self._writer = writer

    async def append(self, entry: AuditEntry) -> None:
        """Note a change that leaves nothing in the database by itself."""
        await self._writer.write(f"audit {entry.resource} {entry.resource_id}", audit_step(entry))

    async def page(self, *, before: int, most: int, organizations: Sequence[int] | None = None) -> list[AuditRecord]:
        """The entries that precede a row, newest first; those of some organizations, if any are named."""
        place: dict[str, object] = {"before": before, "most": most}
        if organizations is None:
            rows = await self._database.fetch(_PAGE, place)
        else:
            wanted = {"organizations": json.dumps(sorted(set(organizations)))}
            rows = await self._database.fetch(_OF_ORGANIZATIONS, place | wanted)
        return [_record(row) for row in rows]

    async def of_resource(self, resource: str, resource_id: str, *, before: int, most: int) -> list[AuditRecord]:
        """The entries about one thing, newest first."""
        rows = await self._database.fetch(
            _OF_RESOURCE, {"resource": resource, "resource_id": resource_id, "before": before, "most": most}
        )
        return [_record(row) for row in rows]

    async def prune(self, before: float, most: int) -> int:
        """Drop entries of long ago, a few at a time; how many went."""
        old = await self._database.fetch(_TO_PRUNE, {"before": before, "most": most})
        if not old:
            return 0
        (pruned,) = await self._writer.write("prune audit", (_PRUNE, sorted(old)))
        return len(pruned)


def _record(row: Row) -> AuditRecord:
    return AuditRecord(row[0], AuditEntry(*row[1:]))
