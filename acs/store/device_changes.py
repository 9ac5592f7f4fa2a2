"""What operators say of devices, kept in one commit with all that follows from it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from acs.domain.audit import AuditEntry
from acs.domain.contact import HistoryEntry
from acs.domain.device_record import DeviceDetails
from acs.domain.queue import QueuedOperation
from acs.store.audit import audit_of_device, audit_step
from acs.store.contacts import history_step
from acs.store.device_list import kept_tags
from acs.store.operations import cancel_steps, queue_steps
from acs.store.statements import Row, Step, batch
from acs.store.writer import GroupWriter

_CREATE = batch("device_change", "create")
_CREATE_CONTACT = batch("device", "create_contact")
_CREATE_LOGIN = batch("device_change", "create_login")
_CREATE_HISTORY = batch("device_change", "create_history")
_CHANGE = batch("device_change", "change")
_RENAME_LOGIN = batch("device_change", "rename_login")
_DROP_LOGIN = batch("credential", "drop_of_device")
_PUT_LOGIN = batch("credential", "put")
_MOVE_OPERATIONS = batch("device_change", "move_operations")
_MOVE_DELIVERIES = batch("device_change", "move_deliveries")
_MARK_DUE = batch("setting", "mark_due")
_DELETE = batch("device", "delete")

_NOTHING: Final = 0


@dataclass(frozen=True, slots=True)
class NewLogin:
    """A login with which a device is to come in, its password sealed."""

    username: str
    """The name."""
    password: str = field(repr=False)
    """The sealed password."""
    uuid: str
    """What it is sealed for."""


@dataclass(frozen=True, slots=True)
class LoginChange:
    """What becomes of a device's login."""

    login: NewLogin | None = None
    """It comes in the place of whatever the device has."""
    username: str = ""
    """What the login is called from now on, with the password it has."""
    is_dropped: bool = False
    """Whether the device is to have none."""


LOGIN_STAYS: Final = LoginChange()


@dataclass(frozen=True, slots=True)
class DeviceChange:
    """What is to be true of a device, and what is to be done on it."""

    before: DeviceDetails
    """What was said of it; what does not differ is not written, so two who change different things do not clash."""
    after: DeviceDetails
    """What is said of it."""
    login: LoginChange = LOGIN_STAYS
    """What becomes of its login."""
    operations: Sequence[QueuedOperation] = ()
    """What is queued for it."""
    cancelled: Sequence[str] = ()
    """What is not to be done any more, if it has not begun."""
    history: tuple[HistoryEntry, ...] = ()
    """What is worth telling."""


class DeviceChanges:
    """Writes of the table ``device`` and of what belongs to it."""

    def __init__(self, writer: GroupWriter) -> None:
        self._writer = writer

    async def create(
        self, uuid: str, details: DeviceDetails, login: NewLogin | None, at: float, audit: AuditEntry
    ) -> int:
        """Make a device; its row. ConflictError if its name or its identity is another's."""
        logins = [] if login is None else [(uuid, login.uuid, login.username, login.password, at)]
        created, *_ = await self._writer.write(
            uuid,
            (_CREATE, [(uuid, *_columns(details), details.username, at)]),
            (_CREATE_CONTACT, [(uuid, at)]),
            (_CREATE_LOGIN, logins),
            (_CREATE_HISTORY, [(uuid, at, audit.actor)]),
            audit_step(audit),
        )
        device_id: int = created[0][1]
        return device_id

    async def change(self, device_id: int, change: DeviceChange, at: float, audit: AuditEntry) -> list[str] | None:
        """Say something else of a device; the operations that were cancelled by it, None if there is no such device.

        ConflictError as for ``create``.
        """
        before, after = change.before, change.after
        is_due = (before.type_id, before.update_frequency) != (after.type_id, after.update_frequency)
        moved = [(device_id, after.organization_id)] if before.organization_id != after.organization_id else []
        changed, _, _, _, _, _, _, _, cancelled, *_ = await self._writer.write(
            device_id,
            # The engine's caches look again, whatever has changed.
            (_CHANGE, [(device_id, *_differences(before, after), at)]),
            *_login_steps(device_id, change.login, at),
            (_MOVE_OPERATIONS, moved),
            (_MOVE_DELIVERIES, moved),
            (_MARK_DUE, [(device_id,)] if is_due else []),
            *cancel_steps(change.cancelled, at, audit.actor),
            history_step(device_id, at, change.history),
            audit_of_device(audit),
            # One after the other: their rows are in the order in which they are to be done.
            *(step for each in change.operations for step in queue_steps([each], at)),
        )
        return [row[0] for row in cancelled] if changed else None

    async def delete(self, device_id: int, audit: AuditEntry) -> bool:
        """Delete a device with all that belongs to it; False if there is none."""
        _, deleted = await self._writer.write(device_id, audit_of_device(audit), (_DELETE, [(device_id,)]))
        return bool(deleted)


def _columns(details: DeviceDetails) -> Row:
    """What operators say, in the order of the statements."""
    return (
        details.name,
        details.identity.oui,
        details.identity.product_class,
        details.identity.serial_number,
        details.customer_id,
        details.is_active,
        details.type_id,
        details.description,
        details.organization_id,
        details.location_id,
        details.location_name,
        details.latitude,
        details.longitude,
        kept_tags(details.tags),
        details.debug,
        details.update_frequency,
    )


def _differences(before: DeviceDetails, after: DeviceDetails) -> Row:
    """What is to be written; None for what stays."""
    rest = [(each.username, each.firmware_image_id, each.firmware_image_is_pending) for each in (before, after)]
    old, new = (*_columns(before), *rest[0]), (*_columns(after), *rest[1])
    return tuple(
        None if one == other else _NOTHING if other is None else other for one, other in zip(old, new, strict=True)
    )


def _login_steps(device_id: int, change: LoginChange, at: float) -> tuple[Step, Step, Step]:
    drops: list[Row] = []
    logins: list[Row] = []
    if change.is_dropped or change.login is not None:
        # What was pushed and not confirmed goes, too: it must not take the place of what the operator has said.
        drops = [(device_id, "cwmp", None), (device_id, "connection_request", False)]
    if change.login is not None:
        new = change.login
        logins = [(new.uuid, "cwmp", device_id, None, new.username, new.password, True, at)]
    renames = [(device_id, change.username)] if change.username else []
    return (_DROP_LOGIN, drops), (_PUT_LOGIN, logins), (_RENAME_LOGIN, renames)
