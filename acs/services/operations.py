"""Operations from outside: asked for, looked at, cancelled, tried again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from acs.domain.audit import AuditEntry
from acs.domain.operation import OperationKind, Outcome
from acs.domain.queue import OperationRecord, OperationState, Origin, QueuedOperation
from acs.provisioning.context import Context
from acs.provisioning.planner import plan_for
from acs.services.requested import (
    Requested,
    holds_secrets,
    read_outcome,
    read_requested,
    request_text,
)
from acs.services.tools import Tools
from cwmp_schemas.datamodel import lookup

_KEY_OCTETS: Final = 12
_LOOKS: Final = (0.1, 0.2, 0.4, 0.8, 1.6, 3.0)


class OperationError(Exception):
    """Something that cannot be asked of an operation::

    OperationError
     +-- NoSuchDeviceError
     +-- NoSuchOperationError
     +-- NotNowError            its state does not allow it
          +-- DeviceDownError
          +-- DeviceBusyError   another one is open
    """


class NoSuchDeviceError(OperationError):
    """There is no such device."""


class NoSuchOperationError(OperationError):
    """There is no such operation."""


class NotNowError(OperationError):
    """The operation's state does not allow it."""


class DeviceDownError(NotNowError):
    """The device is down."""


class DeviceBusyError(NotNowError):
    """A user has another operation open for the device."""

    def __init__(self, other: OperationRecord) -> None:
        super().__init__(f"operation {other.public_id} ({other.kind}) is {other.state}: wait for its end or cancel it")
        self.other = other
        """The other one."""


@dataclass(frozen=True, slots=True)
class Terms:
    """When and how an operation is to be done."""

    priority: int = 0
    """Higher goes first."""
    scheduled_at: float | None = None
    """Not before; None: at once."""
    expires_at: float | None = None
    """Not begun after."""
    wakes: bool = True
    """Whether the device is called for it."""
    max_attempts: int | None = None
    """How often it may be begun; None: as the settings say."""
    retry_delay: float | None = None
    """Seconds before the second attempt; None: as the settings say."""
    origin: Origin = Origin.USER
    """Who wants it."""
    actor: str = ""
    """Whose token it is; empty for the server itself."""
    notification: str = field(default="", repr=False)
    """Who is to be told of its end, as JSON."""
    bulk_id: int | None = None
    """The request for many devices that it is a part of."""


AT_ONCE: Final = Terms()


@dataclass(frozen=True, slots=True)
class OperationView:
    """An operation as an operator sees it."""

    record: OperationRecord
    """Where it is in its life."""
    requested: Requested
    """What was asked for."""
    outcome: Outcome | None
    """What came of it; None while nothing did."""


class Operations:
    """The queue, from the operators' side."""

    def __init__(
        self,
        tools: Tools,
        *,
        notify: Callable[[int], bool],
        announce: Callable[[int], None],
        wake: Callable[[int], None],
    ) -> None:
        """``notify`` tells a device's open session, if there is one here, that there is work; ``announce`` tells the
        other processes; ``wake`` calls the device.
        """
        self._tools = tools
        self._notify = notify
        self._tell_others = announce
        self._wake = wake

    async def queue(
        self,
        device_id: int,
        requested: Requested,
        terms: Terms = AT_ONCE,
        note: Callable[[str], AuditEntry] | None = None,
    ) -> OperationView:
        """Queue an operation: durable when this returns. PlanningError if it cannot be carried out as it stands.

        ``note`` makes the entry of the audit log, of the operation's public id.
        """
        tools, at = self._tools, self._tools.clock.wall()
        queued = self.prepared(device_id, requested, terms, at)
        audit = None if note is None else note(queued.public_id)
        if await tools.operations.queue(queued, at, audit) is None:
            raise NoSuchDeviceError(f"there is no device {device_id}")
        self.announce([queued], at)
        return await self.view(queued.public_id)

    async def queue_alone(
        self, device_id: int, requested: Requested, terms: Terms, note: Callable[[str], AuditEntry]
    ) -> OperationView:
        """Queue an operation for a device that is up and has no other one of a user open; else NotNowError."""
        tools, at = self._tools, self._tools.clock.wall()
        queued = self.prepared(device_id, requested, terms, at)
        if await tools.operations.queue_alone(queued, at, note(queued.public_id)) is None:
            raise await self._why_not_alone(device_id, at)
        self.announce([queued], at)
        return await self.view(queued.public_id)

    def prepared(self, device_id: int, requested: Requested, terms: Terms, at: float) -> QueuedOperation:
        """An operation as it is to be queued, by whoever does that in a commit of its own."""
        tools, settings = self._tools, self._tools.settings
        self._check(requested)
        public_id = f"op_{tools.chance.octets(_KEY_OCTETS).hex()}"
        operation = requested.operation
        return QueuedOperation(
            public_id,
            device_id,
            operation.kind.value,
            terms.origin,
            tools.vault.keep(
                request_text(requested), "operation", public_id, "request", is_secret=holds_secrets(operation)
            ),
            # At most 32 characters (A.3.2.8): the public id is longer.
            command_key=tools.chance.octets(_KEY_OCTETS).hex(),
            priority=terms.priority,
            max_attempts=terms.max_attempts or settings.operation_attempts,
            retry_delay=terms.retry_delay if terms.retry_delay is not None else settings.retry_delay_minutes * 60,
            wakes=terms.wakes,
            scheduled_at=terms.scheduled_at or at,
            expires_at=terms.expires_at,
            bulk_id=terms.bulk_id,
            actor=terms.actor,
            notification=terms.notification,
        )

    def announce(self, queued: Sequence[QueuedOperation], at: float) -> None:
        """Operations are queued, and that is durable: their devices are told."""
        for each in queued:
            if each.scheduled_at <= at:
                self._call(each.device_id, wakes=each.wakes)

    async def view(self, public_id: str) -> OperationView:
        """An operation as it is now."""
        record = await self._tools.operations.by_public_id(public_id)
        if record is None:
            raise NoSuchOperationError(f"there is no operation {public_id}")
        return self.view_of(record)

    async def until_ended(self, public_id: str, seconds: float) -> OperationView:
        """An operation once it has ended, or as it is after so many seconds, or when the server stops.

        It may end by another process: so it is looked at, less and less often.
        """
        looks = iter(_LOOKS)
        look = 0.0
        while True:
            view = await self.view(public_id)
            if view.record.state.is_final or seconds <= 0 or self._tools.endings.is_over:
                return view
            look = min(next(looks, look), seconds)
            await self._tools.endings.wait(public_id, look)
            seconds -= look

    async def of_device(self, device_id: int, *, before: int | None = None, most: int = 100) -> list[OperationView]:
        """The operations of a device, newest first."""
        records = await self._tools.operations.of_device(device_id, before=before or 2**62, most=most)
        return [self.view_of(record) for record in records]

    async def cancel(self, public_id: str, entry: AuditEntry | None = None) -> None:
        """Cancel an operation that has not begun."""
        kind = await self._tools.operations.cancel(public_id, self._tools.clock.wall(), entry)
        if kind is not None:
            self._tools.endings.ended(public_id, kind, OperationState.CANCELLED.value)
            return
        record = await self._tools.operations.by_public_id(public_id)
        if record is None:
            raise NoSuchOperationError(f"there is no operation {public_id}")
        raise NotNowError(f"operation {public_id} is {record.state} and can no longer be cancelled")

    async def retry(
        self,
        public_id: str,
        *,
        actor: str = "",
        note: Callable[[str], AuditEntry] | None = None,
        extra: str | None = None,
    ) -> OperationView:
        """Ask for the same once more: a new operation, which has as much time as the first one had.

        ``extra`` is what is shown again with the new one; None: what is with the first one.
        """
        view = await self.view(public_id)
        record = view.record
        if not record.state.is_final:
            raise NotNowError(f"operation {public_id} is {record.state}: it is still to be done")
        span = None if record.expires_at is None else max(0.0, record.expires_at - record.scheduled_at)
        terms = Terms(
            record.priority,
            expires_at=None if span is None else self._tools.clock.wall() + span,
            wakes=record.wakes,
            max_attempts=record.max_attempts,
            retry_delay=record.retry_delay,
            origin=record.origin,
            actor=actor,
            notification=record.notification,
        )
        requested = view.requested if extra is None else replace(view.requested, extra=extra)
        return await self.queue(record.device_id, requested, terms, note)

    def view_of(self, record: OperationRecord) -> OperationView:
        """An operation that was read by somebody else. SealError or InvalidDataError if what is kept is unreadable."""
        return OperationView(record, read_requested(self._tools.vault, record), read_outcome(self._tools.vault, record))

    async def _why_not_alone(self, device_id: int, at: float) -> OperationError:
        contact = await self._tools.contacts.of_device(device_id)
        if contact is None:
            return NoSuchDeviceError(f"there is no device {device_id}")
        others = await self._tools.operations.open_of_device(device_id)
        for each in others:
            if each.origin is Origin.USER and (each.state is not OperationState.SCHEDULED or each.scheduled_at <= at):
                return DeviceBusyError(each)
        if not contact.is_up:
            return DeviceDownError("the device is Down")
        return NotNowError("another operation was open until just now: ask again")

    def _call(self, device_id: int, *, wakes: bool) -> None:
        if self._notify(device_id):
            return
        self._tell_others(device_id)
        if wakes:
            self._wake(device_id)

    def _check(self, requested: Requested) -> None:
        """What can be told at once is told at once, and not in the device's next session."""
        operation = requested.operation
        if operation.kind in {OperationKind.DOWNLOAD, OperationKind.UPLOAD, OperationKind.SYNC, OperationKind.RECONF}:
            return
        plan_for(operation, Context(lookup=lookup, command_key="0" * 24))
