"""Requests for many devices, their executions, and what became of each device."""

import json
from collections.abc import Sequence
from typing import Any, Final

from acs.domain.audit import AuditEntry
from acs.domain.bulk import BulkKind, BulkState, Stop, TargetState
from acs.domain.bulk_progress import (
    Bulk,
    Candidate,
    Doubt,
    Ended,
    Execution,
    Move,
    NewBulk,
    Progress,
    Tally,
    Target,
    TargetOutcome,
)
from acs.domain.queue import OperationState, QueuedOperation
from acs.store.audit import audit_step
from acs.store.database import Database
from acs.store.listing import Condition, Found, Listing, Order, Slice, Wanted, all_of, among, condition
from acs.store.operations import queue_row, queued_as
from acs.store.statements import Batch, Dialect, Row, batch, query, template
from acs.store.writer import GroupWriter

_CREATE, _CREATE_ORGANIZATION = batch("bulk", "create"), batch("bulk", "create_organization")
_ADVANCE, _BEGIN, _COUNT = batch("bulk", "advance"), batch("bulk", "begin"), batch("bulk", "count")
_TAKE, _ADD_ORGANIZATION = batch("bulk", "take"), batch("bulk", "add_organization")
_MOVE, _QUEUE, _NOTE = batch("bulk", "move"), batch("bulk", "queue"), batch("bulk", "note")
_DESCRIBE = batch("bulk", "describe")
_CANCEL, _STOP, _NOTE_CANCELLED = batch("bulk", "cancel"), batch("bulk", "stop"), batch("bulk", "note_cancelled")
_ONE = template("bulk", "one")
_DUE, _UPCOMING = query("bulk", "due"), query("bulk", "upcoming")
_ORGANIZATIONS = query("bulk", "organizations")
_DOUBTFUL = query("bulk", "doubtful")
_WAITING, _CHECKING = query("bulk", "waiting"), query("bulk", "checking")
_ENDED, _NOT_BEGUN = query("bulk", "ended"), query("bulk", "not_begun")
_PRUNINGS: Final = (
    (query("bulk", "devices_to_prune"), batch("bulk", "prune_devices")),
    (query("bulk", "executions_to_prune"), batch("bulk", "prune_executions")),
    (query("bulk", "to_prune"), batch("bulk", "prune")),
)

NOBODY: Final = 0
"""What stands for no organization."""
_BY_DEVICE: Final = Order("bulk_device.device_id", "bulk_device.device_id")
_OF_EXECUTION: Final = condition("bulk_device.execution_id = :execution_id")
_IN_STATES: Final = among("bulk_device.state", "states", "text")
_THEIRS: Final = among("bulk_organization.organization_id", "organizations")
OF_NO_OTHER: Final = Condition(
    *(
        "NOT EXISTS (SELECT 1 FROM bulk_organization"  # noqa: S608  constants of the stores
        f" WHERE bulk_organization.bulk_id = bulk.id AND NOT ({_THEIRS.text(dialect)}))"
        for dialect in (Dialect.SQLITE, Dialect.POSTGRESQL)
    )
)
"""Whoever does not see all the organizations of a request does not see it."""
_OWN_DEVICES: Final = among(
    "CASE WHEN device.id IS NULL THEN bulk_device.organization_id ELSE device.organization_id END", "organizations"
)


class BulkStore:
    """The tables ``bulk``, ``bulk_organization``, ``bulk_execution`` and ``bulk_device``."""

    def __init__(self, database: Database, writer: GroupWriter) -> None:
        self._database = database
        self._writer = writer

    async def create(self, new: NewBulk, version: int, at: float, audit: AuditEntry | None = None) -> int:
        """Keep a request; its row."""
        row = (new.public_id, version, new.kind.value, new.request, new.actor, new.notification, new.scheduled_for)
        created, *_ = await self._writer.write(
            new.public_id,
            (_CREATE, [(*row, new.targets, at)]),
            (_CREATE_ORGANIZATION, [(new.public_id, each) for each in new.organizations]),
            audit_step(audit),
        )
        number: int = created[0][1]
        return number

    async def advance(self, bulk: Bulk, version: int, progress: Progress, at: float) -> bool:
        """Change a request; False, with nothing changed, if another hand was faster.

        ``version`` is a number that was never used before.
        """
        key = (bulk.id, version)
        executions = bulk.executions + progress.begins
        state = progress.state.value
        advance = (bulk.id, bulk.version, version, state, progress.next_at, progress.due_at, executions)
        organizations = dict.fromkeys(each.organization_id or NOBODY for each in progress.taken)
        advanced, *_ = await self._writer.write(
            f"bulk {bulk.id}",
            (_ADVANCE, [(*advance, progress.completed_at, at)]),
            (_BEGIN, [(*key, executions, at)] if progress.begins else []),
            (_COUNT, [] if progress.execution is None else [(*key, *_columns(progress.execution))]),
            (_TAKE, [_taken(key, progress.execution, each) for each in progress.taken]),
            (_ADD_ORGANIZATION, [(*key, each) for each in organizations]),
            (_MOVE, [_moved(key, each) for each in progress.moves]),
            (_QUEUE, [(*key, *queue_row(each, at)) for each in progress.operations]),
            (_NOTE, [_noted(key, each, at) for each in progress.operations]),
            (
                _DESCRIBE,
                [
                    (*key, each.device_id, each.serial_number_alt, each.software_version, each.hardware_version, at)
                    for each in progress.descriptions
                ],
            ),
        )
        return bool(advanced)

    async def cancel(self, bulk: Bulk, version: int, at: float, audit: AuditEntry | None = None) -> bool:
        """Begin no more of it; False, with nothing changed, if another hand was faster or it is over."""
        key = (bulk.id, version)
        noted = [] if audit is None else [_audited(key, audit)]
        cancelled, *_ = await self._writer.write(
            f"bulk {bulk.id}",
            (_CANCEL, [(bulk.id, bulk.version, version, at)]),
            (_STOP, [key]),
            (_NOTE_CANCELLED, noted),
        )
        return bool(cancelled)

    async def by_id(self, number: int) -> Bulk | None:
        """A request."""
        return await self._one("bulk.id = :key", number, None)

    async def by_public_id(self, public_id: str, organizations: Sequence[int] | None = None) -> Bulk | None:
        """A request, if all its devices are of these organizations."""
        return await self._one("bulk.public_id = :key", public_id, organizations)

    async def due(self, at: float, *, after: int, most: int) -> list[int]:
        """Those that are to be looked at now, by their rows."""
        return [row[0] for row in await self._database.fetch(_DUE, {"at": at, "after": after, "most": most})]

    async def upcoming(self, at: float, *, after: int, most: int) -> list[int]:
        """Those that are to begin later, by their rows."""
        return [row[0] for row in await self._database.fetch(_UPCOMING, {"at": at, "after": after, "most": most})]

    async def organizations(self, bulk_id: int) -> list[int]:
        """Whose devices a request is for; NOBODY for those of none."""
        return [row[0] for row in await self._database.fetch(_ORGANIZATIONS, {"bulk_id": bulk_id})]

    async def doubtful(self, *, after: int, most: int) -> list[Doubt]:
        """Devices that failed and may prove yet that it was done, in the order of their rows."""
        return [Doubt(*row) for row in await self._database.fetch(_DOUBTFUL, {"after": after, "most": most})]

    async def waiting(self, execution_id: int, most: int) -> list[Candidate]:
        """The next devices that are not begun."""
        rows = await self._database.fetch(_WAITING, {"execution_id": execution_id, "most": most})
        return [_candidate(row) for row in rows]

    async def checking(self, execution_id: int, until: float, most: int) -> list[Candidate]:
        """Devices that are being checked, and were to be done until then."""
        rows = await self._database.fetch(_CHECKING, {"execution_id": execution_id, "until": until, "most": most})
        return [_candidate(row) for row in rows]

    async def ended(self, execution_id: int, most: int) -> list[Ended]:
        """Devices whose operations have ended, and which are not counted yet."""
        rows = await self._database.fetch(_ENDED, {"execution_id": execution_id, "most": most})
        return [_ended(row) for row in rows]

    async def not_begun(self, execution_id: int, most: int) -> list[str]:
        """Operations that can still be taken back."""
        rows = await self._database.fetch(_NOT_BEGUN, {"execution_id": execution_id, "most": most})
        return [row[0] for row in rows]

    async def devices(
        self,
        execution_id: int,
        part: Slice,
        *,
        states: Sequence[TargetState] | None = None,
        organizations: Sequence[int] | None = None,
    ) -> Found[TargetOutcome]:
        """What became of the devices of an execution: of those in some states, of some organizations."""
        conditions, values = [_OF_EXECUTION], dict[str, object](execution_id=execution_id)
        if states is not None:
            conditions.append(_IN_STATES)
            values["states"] = json.dumps([each.value for each in states])
        if organizations is not None:
            conditions.append(_OWN_DEVICES)
            values["organizations"] = json.dumps(list(organizations))
        return await _DEVICES.page(self._database, Wanted(_BY_DEVICE, tuple(conditions), values), part)

    async def prune(self, before: float, most: int) -> int:
        """Drop what ended long ago, a few rows at a time; how many went at most of one kind."""
        went = 0
        for finding, dropping in _PRUNINGS:
            old = await self._database.fetch(finding, {"before": before, "most": most})
            if old:
                went = max(went, await self._prune(dropping, old))
        return went

    async def _prune(self, dropping: Batch, old: Sequence[Row]) -> int:
        (pruned,) = await self._writer.write(dropping.name, (dropping, sorted(old)))
        return len(pruned)

    async def _one(self, where: str, key: object, organizations: Sequence[int] | None) -> Bulk | None:
        conditions, values = [condition(where)], {"key": key}
        if organizations is not None:
            conditions.append(OF_NO_OTHER)
            values["organizations"] = json.dumps(list(organizations))
        rows = await self._database.fetch(_ONE.filled({"where": all_of(conditions)}), values)
        return _bulk(rows[0]) if rows else None


def _columns(execution: Execution) -> Row:
    tally = execution.tally
    return (
        execution.id,
        execution.state.value,
        execution.stop.value,
        execution.is_taken,
        execution.place,
        tally.total,
        tally.in_flight,
        tally.completed,
        tally.failed,
        tally.dropped,
        json.dumps(dict(tally.errors)),
        execution.completed_at,
    )


def _taken(key: Row, execution: Execution | None, target: Target) -> Row:
    assert execution is not None  # noqa: S101  devices are taken for an execution
    return (*key, execution.id, target.device_id, target.organization_id, target.name, target.serial_number)


def _moved(key: Row, move: Move) -> Row:
    return (
        *key,
        move.id,
        move.state.value,
        move.operation,
        move.error,
        move.detail,
        move.until,
        move.started_at,
        move.completed_at,
    )


def _noted(key: Row, operation: QueuedOperation, at: float) -> Row:
    return (*key, operation.device_id, operation.public_id, queued_as(operation, at), operation.actor, at)


def _audited(key: Row, entry: AuditEntry) -> Row:
    who = (entry.at, entry.actor, entry.address)
    return (*key, *who, entry.resource_id, entry.organization_id, entry.before, entry.after)


def _bulk(row: Row) -> Bulk:
    fields: list[Any] = list(row[:15])
    fields[3:5] = BulkKind(row[3]), BulkState(row[4])
    fields.append(None if row[15] is None else _execution(row[15:]))
    return Bulk(*fields)


def _execution(row: Row) -> Execution:
    tally = Tally(row[6], row[7], row[8], row[9], row[10], json.loads(row[11]))
    return Execution(row[0], row[1], BulkState(row[2]), Stop(row[3]), bool(row[4]), row[5], tally, row[12], row[13])


def _candidate(row: Row) -> Candidate:
    return Candidate(row[0], row[1], bool(row[2]), TargetState(row[3]), bool(row[4]))


def _ended(row: Row) -> Ended:
    number, device_id, started_at, public_id, state, phase, fault, outcome, reach, reach_at, serial_number = row
    return Ended(
        number,
        device_id,
        started_at,
        public_id or "",
        None if state is None else OperationState(state),
        bool(phase),
        fault or "",
        outcome or "",
        reach or "",
        reach_at,
        serial_number or "",
    )


def _outcome(row: Row) -> TargetOutcome:
    device_id, number, name, serial_number, organization_id, state, *rest = row
    return TargetOutcome(number, device_id, name, serial_number, organization_id, TargetState(state), *rest)


_DEVICES: Final = Listing("bulk", "devices", _outcome)
