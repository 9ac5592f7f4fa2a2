"""The queue of operations."""

from collections.abc import Sequence
from typing import Any, Final

from acs.domain.audit import AuditEntry
from acs.domain.queue import (
    ClaimedOperation,
    OperationRecord,
    OperationState,
    Origin,
    Phase,
    QueuedOperation,
)
from acs.domain.settlement import NO_CONSEQUENCES, Consequences, Settled, Settlement
from acs.store.audit import audit_if_cancellable, audit_if_queued
from acs.store.consequences import consequence_steps, lock_step
from acs.store.database import Database
from acs.store.statements import Batch, Row, Step, batch, query
from acs.store.writer import GroupWriter

_QUEUE = batch("operation", "queue")
_RECOVER = batch("operation", "recover")
_CLAIM = batch("operation", "claim")
_MARK_SENT = batch("operation", "mark_sent")
_SAVE = batch("operation", "save")
_SETTLE = batch("operation", "settle")
_ADOPT = batch("operation", "adopt")
_PROVE_LATE = batch("operation", "prove_late")
_CANCEL = batch("operation", "cancel")
_TELL_CANCEL = batch("operation", "tell_cancel")
_BY_PUBLIC_ID = query("operation", "by_public_id")
_OF_DEVICE = query("operation", "of_device")
_OPEN_OF_DEVICE = query("operation", "open_of_device")
_COUNT_OPEN = query("operation", "count_open")
_TOLD_TO_RESET = query("operation", "told_to_reset")
_TO_WAKE, _TAKE_WAKE = query("operation", "to_wake"), batch("operation", "take_wake")
_ABANDONED = query("operation", "abandoned")
_ABANDON = batch("operation", "abandon")
_TO_START, _START = query("operation", "to_start"), batch("operation", "start")
_TO_EXPIRE, _EXPIRE = query("operation", "to_expire"), batch("operation", "expire")
_OVERDUE, _GIVE_UP = query("operation", "overdue"), batch("operation", "give_up")
_TO_FAIL, _FAIL = query("operation", "to_fail_unproven"), batch("operation", "fail_unproven")
_TO_PRUNE, _PRUNE = query("operation", "to_prune"), batch("operation", "prune")
_HOLD = batch("contact", "hold")
_STAND_STILL = batch("contact", "stand_still")
_ADD_HISTORY = batch("history", "add_queued")
_MOST_OPEN: Final = 1_000


WAKE_NET: Final = 30.0
"""After how many seconds a device that was to be called at once is called again, if it has not come."""


_NO_CLAIM: Final[tuple[Step, Step]] = (_RECOVER, ()), (_CLAIM, ())


def _claim_steps(device_id: int, fence: int, at: float, cut_off: str | None) -> tuple[Step, Step]:
    left = [] if cut_off is None else [(device_id, fence, at, cut_off)]
    return (_RECOVER, left), (_CLAIM, [(device_id, fence, at)])


def queue_steps(operations: Sequence[QueuedOperation], at: float, *, is_alone: bool = False) -> tuple[Step, Step]:
    """The steps that queue operations, with their place in the history of their devices."""
    rows = [(*queue_row(each, at), is_alone) for each in operations]
    history: list[Row] = [
        (each.device_id, at, "operation", each.public_id, None, queued_as(each, at), each.actor) for each in operations
    ]
    return (_QUEUE, rows), (_ADD_HISTORY, history)


def queue_row(operation: QueuedOperation, at: float) -> Row:
    """The row of ``operation.queue`` for an operation, but for its last column."""
    # Whoever queues it calls the device at once; if nobody lives to do so, the sweep does.
    wake_at = operation.scheduled_at if operation.scheduled_at > at else at + WAKE_NET
    return (
        operation.public_id,
        operation.device_id,
        operation.kind,
        operation.origin.value,
        _first_state(operation, at).value,
        operation.priority,
        operation.request,
        operation.command_key,
        operation.max_attempts,
        operation.retry_delay,
        operation.wakes,
        wake_at if operation.wakes else None,
        max(operation.scheduled_at, at),
        operation.expires_at,
        operation.bulk_id,
        operation.actor,
        operation.notification,
        at,
    )


def queued_as(operation: QueuedOperation, at: float) -> str:
    """What history says of its beginning."""
    return f"{operation.kind} {_first_state(operation, at).value}"


def _first_state(operation: QueuedOperation, at: float) -> OperationState:
    return OperationState.SCHEDULED if operation.scheduled_at > at else OperationState.QUEUED


def cancel_steps(public_ids: Sequence[str], at: float, actor: str) -> tuple[Step, Step]:
    """The steps that cancel operations that have not begun, with their place in the history of their devices."""
    told = [(public_id, at, actor) for public_id in public_ids]
    return (_TELL_CANCEL, told), (_CANCEL, [(public_id, at) for public_id in public_ids])


class OperationStore:
    """The table ``operation``."""

    def __init__(self, database: Database, writer: GroupWriter) -> None:
        self._database = database
        self._writer = writer

    async def queue(self, operation: QueuedOperation, at: float, audit: AuditEntry | None = None) -> int | None:
        """Queue an operation; its row, or None if the device is no more."""
        noted = audit_if_queued(operation.public_id, audit)
        queued, *_ = await self._writer.write(operation.public_id, *queue_steps([operation], at), noted)
        return queued[0][1] if queued else None

    async def queue_alone(self, operation: QueuedOperation, at: float, audit: AuditEntry | None = None) -> int | None:
        """Queue an operation for a device that is up and that no user has another one open for now; else None."""
        _, queued, *_ = await self._writer.write(
            operation.device_id,
            (_STAND_STILL, [(operation.device_id,)]),
            *queue_steps([operation], at, is_alone=True),
            audit_if_queued(operation.public_id, audit),
        )
        return queued[0][1] if queued else None

    async def recover(self, device_id: int, fence: int, at: float, fault: str) -> list[tuple[str, OperationState]]:
        """Settle what an earlier session of the device left in progress: public ids and states."""
        (recovered,) = await self._writer.write(device_id, (_RECOVER, [(device_id, fence, at, fault)]))
        return [(row[1], OperationState(row[2])) for row in recovered]

    async def claim(
        self, device_id: int, fence: int, at: float, *, cut_off: str | None = None
    ) -> ClaimedOperation | None:
        """Take the device's next operation; None when there is none, or when the session is another's by now.

        With a fault for what was cut off, what an earlier session left in progress is settled first; see ``recover``.
        """
        _, claimed = await self._writer.write(device_id, *_claim_steps(device_id, fence, at, cut_off))
        return _claimed(claimed[0]) if claimed else None

    async def mark_sent(
        self,
        device_id: int,
        fence: int,
        operation: ClaimedOperation,
        *,
        sent: str,
        progress: str,
        at: float,
        lease_until: float,
        snapshot: str,
    ) -> bool:
        """Note that a request that must not be repeated is about to leave; False if another session has begun."""
        held, marked = await self._writer.write(
            device_id,
            (_HOLD, [(device_id, fence, lease_until, snapshot)]),
            (_MARK_SENT, [(device_id, fence, operation.id, sent, progress, at)]),
        )
        return bool(held and marked)

    async def save(
        self,
        device_id: int,
        fence: int,
        operation: ClaimedOperation,
        *,
        progress: str,
        at: float,
        lease_until: float,
        snapshot: str,
    ) -> bool:
        """Keep how far an operation is; False if another session has begun."""
        held, saved = await self._writer.write(
            device_id,
            (_HOLD, [(device_id, fence, lease_until, snapshot)]),
            (_SAVE, [(device_id, fence, operation.id, progress, at)]),
        )
        return bool(held and saved)

    async def settle(
        self,
        device_id: int,
        fence: int,
        settlement: Settlement,
        consequences: Consequences = NO_CONSEQUENCES,
        *,
        claims: bool = False,
        cut_off: str | None = None,
    ) -> Settled | None:
        """How an operation leaves a session, with all that follows from it; perhaps the next one is taken, as ``claim``
        does.

        None if another session has begun; then nothing was changed.
        """
        operation, at = settlement.operation, settlement.at
        row = (
            device_id,
            fence,
            operation.id,
            settlement.state.value,
            settlement.phase.value,
            settlement.sent,
            settlement.progress,
            settlement.outcome,
            settlement.fault,
            settlement.ready_at,
            settlement.proof_by,
            at if settlement.state.is_final else None,
            operation.attempts if settlement.attempts is None else settlement.attempts,
            at,
        )
        held, settled, *_, claimed = await self._writer.write(
            device_id,
            lock_step(device_id, fence),
            (_SETTLE, [row]),
            *consequence_steps(device_id, fence, consequences, at),
            *(_claim_steps(device_id, fence, at, cut_off) if claims else _NO_CLAIM),
        )
        if not held:
            return None
        return Settled(bool(settled), bool(held[0][1]), _claimed(claimed[0]) if claimed else None)

    async def keep(self, device_id: int, fence: int, consequences: Consequences, at: float) -> bool:
        """What follows from work that was no operation; False, with nothing changed, if another session has begun."""
        held, *_ = await self._writer.write(
            device_id, lock_step(device_id, fence), *consequence_steps(device_id, fence, consequences, at)
        )
        return bool(held)

    async def adopt(
        self, device_id: int, fence: int, new_fence: int, operation_id: int | None = None
    ) -> ClaimedOperation | None:
        """Take the operation that a session had, for the one that goes on with it: if one is named, no other."""
        (adopted,) = await self._writer.write(device_id, (_ADOPT, [(device_id, fence, new_fence, operation_id)]))
        return _claimed(adopted[0]) if adopted else None

    async def prove_late(
        self, device_id: int, fence: int, *, method: str, outcome: str, consequences: Consequences, at: float
    ) -> None:
        """A request that counted as lost was answered after all; ``outcome`` is what came of its operation, as kept."""
        await self._writer.write(
            device_id,
            lock_step(device_id, fence),
            (_PROVE_LATE, [(device_id, fence, method, outcome, at)]),
            *consequence_steps(device_id, fence, consequences, at),
        )

    async def cancel(self, public_id: str, at: float, audit: AuditEntry | None = None) -> str | None:
        """Cancel what has not begun: its kind; None if it has begun, or is no more, and then nothing is noted."""
        # What is noted comes first: once it is cancelled, nothing tells whether it was so before.
        *_, cancelled = await self._writer.write(
            public_id,
            audit_if_cancellable(audit),
            *cancel_steps([public_id], at, "" if audit is None else audit.actor),
        )
        return cancelled[0][1] if cancelled else None

    async def by_public_id(self, public_id: str) -> OperationRecord | None:
        """An operation."""
        rows = await self._database.fetch(_BY_PUBLIC_ID, {"public_id": public_id})
        return record_of(rows[0]) if rows else None

    async def of_device(self, device_id: int, *, before: int, most: int) -> list[OperationRecord]:
        """The operations of a device, newest first."""
        rows = await self._database.fetch(_OF_DEVICE, {"device_id": device_id, "before": before, "most": most})
        return [record_of(row) for row in rows]

    async def open_of_device(self, device_id: int, *, most: int = _MOST_OPEN) -> list[OperationRecord]:
        """The operations of a device that wait or are under way, those first that are to be done first."""
        rows = await self._database.fetch(_OPEN_OF_DEVICE, {"device_id": device_id, "most": most})
        return [record_of(row) for row in rows]

    async def was_told_to_reset(self, device_id: int) -> bool:
        """Whether a device has been told to reset itself, and was not heard since."""
        return bool(await self._database.fetch(_TOLD_TO_RESET, {"device_id": device_id}))

    async def count_open(self) -> int:
        """How many wait or are under way."""
        number: int = (await self._database.fetch(_COUNT_OPEN, {}))[0][0]
        return number

    async def take_wakes(self, at: float, most: int) -> list[int]:
        """The devices that are to be called now, each given to one caller alone.

        One that may have a session is given out again: it may have left that session without a word.
        """
        due = await self._database.fetch(_TO_WAKE, {"at": at, "most": most})
        taken = await self._sweep(_TAKE_WAKE, [(*row, at + WAKE_NET, at) for row in due])
        return list(dict.fromkeys(device_id for device_id, _ in taken))

    async def abandon_lost_sessions(self, at: float, most: int) -> list[tuple[int, int]]:
        """Take operations from sessions that ended without a word: devices and the fences to recover them under."""
        lost = await self._database.fetch(_ABANDONED, {"at": at, "most": most})
        if not lost:
            return []
        (taken,) = await self._writer.write(
            "abandon", (_ABANDON, [(device_id, fence, at) for device_id, fence in lost])
        )
        return [(row[0], row[1]) for row in taken]

    async def start_scheduled(self, at: float, most: int) -> list[tuple[int, str]]:
        """Queue what was scheduled for now: devices and public ids."""
        due = await self._database.fetch(_TO_START, {"at": at, "most": most})
        return await self._sweep(_START, [(*row, at) for row in due])

    async def expire(self, at: float, fault: str, most: int) -> list[tuple[int, str]]:
        """End what was not begun in time."""
        due = await self._database.fetch(_TO_EXPIRE, {"at": at, "most": most})
        return await self._sweep(_EXPIRE, [(*row, fault, at) for row in due])

    async def overdue(self, at: float, most: int) -> list[tuple[int, ClaimedOperation]]:
        """What was begun and not done in time, as its last session left it: devices and operations."""
        return [(row[0], _claimed(row)) for row in await self._database.fetch(_OVERDUE, {"at": at, "most": most})]

    async def give_up(self, device_id: int, settlement: Settlement) -> bool:
        """End what was not done in time; False if it is no longer as it was."""
        operation, at = settlement.operation, settlement.at
        end = settlement.state.value, settlement.outcome, settlement.fault
        row = (device_id, operation.id, *end, operation.attempts, operation.progress, at)
        (given_up,) = await self._writer.write(device_id, (_GIVE_UP, [row]))
        return bool(given_up)

    async def unproven_devices(self, at: float, most: int) -> list[int]:
        """The devices that have not proven something in time."""
        return list(dict.fromkeys(row[0] for row in await self._database.fetch(_TO_FAIL, {"at": at, "most": most})))

    async def fail_unproven(self, at: float, fault: str, most: int) -> list[tuple[int, str]]:
        """End what the device did not prove in time."""
        due = await self._database.fetch(_TO_FAIL, {"at": at, "most": most})
        return await self._sweep(_FAIL, [(*row, fault, at) for row in due])

    async def prune(self, before: float, most: int) -> int:
        """Drop results of long ago, a few at a time; how many went."""
        old = await self._database.fetch(_TO_PRUNE, {"before": before, "most": most})
        return len(await self._sweep(_PRUNE, old))

    async def _sweep(self, statement: Batch, rows: Sequence[Row]) -> list[tuple[int, str]]:
        if not rows:
            return []
        (swept,) = await self._writer.write(statement.name, (statement, sorted(rows)))
        return [(row[0], row[1]) for row in swept]


def _claimed(row: Row) -> ClaimedOperation:
    fields: list[Any] = list(row[1:])
    fields[3] = Origin(fields[3])
    return ClaimedOperation(*fields)


def record_of(row: Row) -> OperationRecord:
    """An operation from its row."""
    fields: list[Any] = list(row)
    fields[4:7] = Origin(row[4]), OperationState(row[5]), Phase(row[6])
    fields[16] = bool(row[16])
    return OperationRecord(*fields)
