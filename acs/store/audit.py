"""The audit log: it only grows at one end and is pruned at the other."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from acs.domain.audit import AuditEntry, AuditRecord
from acs.domain.request_key import RequestKey
from acs.store.database import Database
from acs.store.listing import Condition, Found, Listing, Order, Slice, Wanted, among, condition
from acs.store.statements import Row, Step, batch, query
from acs.store.writer import GroupWriter

_ADD = batch("audit", "add")
_ADD_IF_GONE = batch("audit", "add_if_gone")
_ADD_OF_DEVICE = batch("audit", "add_of_device")
_ADD_QUEUED = batch("audit", "add_queued")
_ADD_IF_CANCELLABLE = batch("audit", "add_if_cancellable")
_ADD_IF_DELIVERED = batch("audit", "add_if_delivered")
_OF_REQUEST = query("audit", "of_request")
_TO_PRUNE, _PRUNE = query("audit", "to_prune"), batch("audit", "prune")
_NEWEST_FIRST: Final = Order("audit.at", "audit.id", is_descending=True)


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries."""

    resource: str | None = None
    """About this kind of thing."""
    resource_id: str | None = None
    """About the thing of this number."""
    actor: str | None = None
    """By this one."""
    action: str | None = None
    """Of this kind."""
    organizations: Sequence[int] | None = None
    """About what belongs to one of these."""
    since: float | None = None
    """From then on."""
    until: float | None = None
    """Before then."""


ALL: Final = AuditFilter()
"""Any of them."""


def audit_step(entry: AuditEntry | None) -> Step:
    """The step that notes a change with the change itself, behind the steps that make it; None: nobody asked for it."""
    return _ADD, [] if entry is None else [_row(entry)]


def audit_if_gone(entry: AuditEntry | None) -> Step:
    """The step that notes a deletion, if it took place."""
    return _ADD_IF_GONE, [] if entry is None else [_row(entry)]


def audit_if_queued(public_id: str, entry: AuditEntry | None) -> Step:
    """The step that notes an operation, if it was queued."""
    return _ADD_QUEUED, [] if entry is None else [_row(replace(entry, found_by=public_id))]


def audit_if_cancellable(entry: AuditEntry | None) -> Step:
    """The step that notes the cancellation of an operation, in front of the step that cancels what has not begun."""
    return _ADD_IF_CANCELLABLE, [] if entry is None else [_row(entry)]


def audit_if_delivered(entry: AuditEntry | None) -> Step:
    """The step that notes that a delivery is to be sent again, in front of the step that does so if it has ended."""
    return _ADD_IF_DELIVERED, [] if entry is None else [_row(entry)]


def audit_of_device(entry: AuditEntry | None) -> Step:
    """The step that notes a change of a device, if there is such a device; before the one that deletes it."""
    return _ADD_OF_DEVICE, [] if entry is None else [_row(entry)]


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
        entry.request_key,
    )


class AuditStore:
    """The table ``audit``."""

    def __init__(self, database: Database, writer: GroupWriter) -> None:
        self._database = database
        self._writer = writer

    async def append(self, entry: AuditEntry) -> None:
        """Note a change that leaves nothing in the database by itself."""
        await self._writer.write(f"audit {entry.resource} {entry.resource_id}", audit_step(entry))

    async def of_request(self, key: RequestKey, since: float) -> tuple[str, str] | None:
        """What a request with a key of its own has changed since then, for keys come again: the kind of thing and
        which one; None: nothing.
        """
        rows = await self._database.fetch(_OF_REQUEST, {"request_key": str(key), "since": since})
        return (rows[0][0], rows[0][1]) if rows else None

    async def page(self, part: Slice, wanted: AuditFilter = ALL) -> Found[AuditRecord]:
        """A page of the log, newest first."""
        conditions: list[Condition] = []
        values: dict[str, object] = {}
        for column in ("resource", "resource_id", "actor", "action"):
            value = getattr(wanted, column)
            if value is not None:
                conditions.append(condition(f"audit.{column} = :{column}"))
                values[column] = value
        for name, sign in (("since", ">="), ("until", "<")):
            moment = getattr(wanted, name)
            if moment is not None:
                conditions.append(condition(f"audit.at {sign} :{name}"))
                values[name] = moment
        match wanted.organizations:
            case None:
                pass
            case (only,):
                # One alone is in order already, in the index.
                conditions.append(condition("audit.organization_id = :organization"))
                values["organization"] = only
            case several:
                conditions.append(among("audit.organization_id", "organizations"))
                values["organizations"] = json.dumps(list(several))
        return await _LIST.page(self._database, Wanted(_NEWEST_FIRST, tuple(conditions), values), part)

    async def prune(self, before: float, most: int) -> int:
        """Drop entries of long ago, a few at a time; how many went."""
        old = await self._database.fetch(_TO_PRUNE, {"before": before, "most": most})
        if not old:
            return 0
        (pruned,) = await self._writer.write("prune audit", (_PRUNE, sorted(old)))
        return len(pruned)


def _record(row: Row) -> AuditRecord:
    return AuditRecord(row[0], AuditEntry(*row[1:]))


_LIST = Listing("audit", "list", _record)
