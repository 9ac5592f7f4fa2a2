"""Devices, their logins, and those that were not let in."""

from collections.abc import Sequence
from typing import Any

from acs.domain.device import Credential, Filters, Identity, ManagedDevice, Quarantined
from acs.store.database import Database
from acs.store.statements import Dialect, Query, Row, batch, query, template
from acs.store.writer import GroupWriter

SOME_LOGINS = query("credential", "some")
"""The uuids and the passwords of a few logins, for whoever wants to know if the keys open them."""

_MANAGED = template("device", "managed")


def _managed(where: str) -> Query:
    return _MANAGED.filled({"where": dict.fromkeys(Dialect, where)})


_BY_IDENTITY = _managed(
    "device.serial_number = :serial_number AND device.oui IN (:oui, '') "
    "AND device.product_class IN (:product_class, '')"
)
_BY_ID = _managed("device.id = :id")
_BY_NAME = _managed("device.name = :name")
_BY_SERIAL_NUMBER = _managed("device.serial_number = :serial_number AND device.serial_number <> ''")
LOOKUPS = (_BY_IDENTITY, _BY_ID, _BY_NAME, _BY_SERIAL_NUMBER)
"""How one device is found."""

_CREATE = batch("device", "create")
_CREATE_CONTACT = batch("device", "create_contact")
_DELETE = batch("device", "delete")
_SET_QUARANTINED = batch("device", "set_quarantined")
_SET_TYPE = batch("device", "set_type")
_WANT_FIRMWARE = batch("device", "want_firmware")
_REVISE = batch("device", "revise")
_NAMES = query("device", "names_like")

_LOGINS = query("credential", "by_username")
_LOGINS_OF_DEVICE = query("credential", "of_device")
_PUT_LOGIN = batch("credential", "put")
_DROP_OF_DEVICE = batch("credential", "drop_of_device")
_CONFIRM = batch("credential", "confirm")
_WANT_CREDENTIALS = batch("contact", "want_credentials")

_QUARANTINE = batch("quarantine", "record")
_QUARANTINED = query("quarantine", "all")
_QUARANTINED_ONE = query("quarantine", "by_id")
_DROP_QUARANTINED = batch("quarantine", "drop")

_FORGET_VALUES = batch("parameter", "forget")
_FORGET_STATES = batch("setting", "forget_states")
_MARK_DUE = batch("setting", "mark_due")

_FLAGS = range(7, 11)


async def some_logins(database: Database) -> list[Row]:
    """See ``SOME_LOGINS``."""
    return await database.fetch(SOME_LOGINS, {})


class DeviceStore:
    """The tables ``device``, ``credential`` and ``quarantine``."""

    def __init__(self, database: Database, writer: GroupWriter) -> None:
        self._database = database
        self._writer = writer

    async def matching(self, identity: Identity) -> list[ManagedDevice]:
        """The devices that this identity may be: the very one, or registrations that say less."""
        rows = await self._database.fetch(
            _BY_IDENTITY,
            {
                "serial_number": identity.serial_number,
                "oui": identity.oui,
                "product_class": identity.product_class,
            },
        )
        return [_device(row) for row in rows]

    async def by_id(self, device_id: int) -> ManagedDevice | None:
        """A device."""
        rows = await self._database.fetch(_BY_ID, {"id": device_id})
        return _device(rows[0]) if rows else None

    async def by_name(self, name: str) -> ManagedDevice | None:
        """The device that is called so."""
        rows = await self._database.fetch(_BY_NAME, {"name": name})
        return _device(rows[0]) if rows else None

    async def by_serial_number(self, serial_number: str) -> list[ManagedDevice]:
        """The devices with a serial number, which is unique with its OUI alone."""
        rows = await self._database.fetch(_BY_SERIAL_NUMBER, {"serial_number": serial_number})
        return [_device(row) for row in rows]

    async def create(
        self,
        *,
        uuid: str,
        name: str,
        identity: Identity,
        at: float,
        manufacturer: str = "",
        type_id: int | None = None,
        organization_id: int | None = None,
        is_registered: bool = False,
        debug: bool = False,
        update_frequency: int | None = None,
    ) -> int:
        """Make a device; its row. ConflictError if its name or its identity is another's."""
        row = (
            uuid,
            name,
            identity.oui,
            identity.product_class,
            identity.serial_number,
            manufacturer,
            type_id,
            organization_id,
            is_registered,
            debug,
            update_frequency,
            at,
        )
        created, _ = await self._writer.write(uuid, (_CREATE, [row]), (_CREATE_CONTACT, [(uuid, at)]))
        device_id: int = created[0][1]
        return device_id

    async def names_like(self, stem: str) -> set[str]:
        """The names that begin so."""
        rows = await self._database.fetch(_NAMES, {"low": stem, "high": f"{stem}\U0010ffff"})
        return {row[0] for row in rows}

    async def delete(self, device_id: int) -> bool:
        """Delete a device with all that belongs to it."""
        (deleted,) = await self._writer.write(device_id, (_DELETE, [(device_id,)]))
        return bool(deleted)

    async def set_quarantined(self, device_id: int, at: float, *, is_quarantined: bool) -> None:
        """Set a device apart, or let it in again."""
        await self._writer.write(device_id, (_SET_QUARANTINED, [(device_id, is_quarantined, at)]))

    async def set_type(self, device_id: int, type_id: int | None, at: float) -> None:
        """Make a device one of a type: its settings are to be pushed."""
        await self._writer.write(device_id, (_SET_TYPE, [(device_id, type_id, at)]), (_MARK_DUE, [(device_id,)]))

    async def want_firmware(
        self, device_id: int, firmware_image_id: int | None, at: float, *, is_pending: bool
    ) -> None:
        """Which firmware a device is to have, and whether it is on its way there."""
        await self._writer.write(device_id, (_WANT_FIRMWARE, [(device_id, firmware_image_id, is_pending, at)]))

    async def forget_beliefs(self, device_id: int) -> None:
        """The device was reset: what was read of it, and what was applied to it, is no longer true."""
        row = [(device_id,)]
        await self._writer.write(device_id, (_FORGET_VALUES, row), (_FORGET_STATES, row), (_MARK_DUE, row))

    async def logins(self, username: str) -> list[Credential]:
        """The logins of this name, of devices and of types."""
        return [_credential(row) for row in await self._database.fetch(_LOGINS, {"username": username})]

    async def logins_of(self, device_id: int, purpose: str) -> list[Credential]:
        """The logins of a device, the confirmed one first."""
        rows = await self._database.fetch(_LOGINS_OF_DEVICE, {"device_id": device_id, "purpose": purpose})
        return [_credential(row) for row in rows]

    async def put_logins(self, device_id: int, logins: Sequence[Credential], at: float) -> None:
        """Give a device logins in the place of those of the same purpose that are as confirmed, or as little."""
        await self._writer.write(
            device_id,
            (_DROP_OF_DEVICE, [(device_id, each.purpose, each.is_confirmed) for each in logins]),
            (
                _PUT_LOGIN,
                [
                    (each.uuid, each.purpose, device_id, None, each.username, each.password, each.is_confirmed, at)
                    for each in logins
                ],
            ),
            (_REVISE, [(device_id, None)]),
        )

    async def confirm_logins(self, device_id: int, logins: Sequence[Credential]) -> None:
        """The device took the logins that were pushed to it: they alone are good now."""
        await self._writer.write(
            device_id,
            (_DROP_OF_DEVICE, [(device_id, each.purpose, True) for each in logins]),
            (_CONFIRM, [(device_id, each.uuid) for each in logins]),
            (_REVISE, [(device_id, None)]),
        )

    async def drop_logins(self, device_id: int) -> None:
        """The device lost its own logins; new ones are to be given to it."""
        await self._writer.write(
            device_id,
            (
                _DROP_OF_DEVICE,
                [(device_id, "cwmp", None), (device_id, "connection_request", None)],
            ),
            (_WANT_CREDENTIALS, [(device_id,)]),
            (_REVISE, [(device_id, None)]),
        )

    async def want_logins(self, device_id: int) -> None:
        """Logins of its own are to be given to the device."""
        await self._writer.write(device_id, (_WANT_CREDENTIALS, [(device_id,)]))

    async def quarantine(
        self,
        identity: Identity,
        *,
        manufacturer: str,
        address: str,
        username: str,
        software_version: str,
        reason: str,
        device_id: int | None,
        at: float,
        most: int,
    ) -> None:
        """Note a device that was not let in, if it is known already or there is room."""
        key = f"{identity.oui}\n{identity.product_class}\n{identity.serial_number}"
        row = (
            key,
            identity.oui,
            identity.product_class,
            identity.serial_number,
            manufacturer,
            address,
            username,
            software_version,
            reason,
            device_id,
            at,
            most,
        )
        await self._writer.write(key, (_QUARANTINE, [row]))

    async def quarantined(self, *, after: int, most: int) -> list[Quarantined]:
        """Those that were not let in."""
        rows = await self._database.fetch(_QUARANTINED, {"after": after, "most": most})
        return [_quarantined(row) for row in rows]

    async def quarantined_one(self, number: int) -> Quarantined | None:
        """One of them."""
        rows = await self._database.fetch(_QUARANTINED_ONE, {"id": number})
        return _quarantined(rows[0]) if rows else None

    async def drop_quarantined(self, number: int) -> bool:
        """Forget one of them."""
        (dropped,) = await self._writer.write(f"quarantine {number}", (_DROP_QUARANTINED, [(number,)]))
        return bool(dropped)


def _device(row: Row) -> ManagedDevice:
    fields: list[Any] = list(row)
    for place in (*_FLAGS, 17, 27, 28):
        fields[place] = bool(fields[place])
    identity = Identity(*fields[2:5])
    fields[20:22] = fields[20] or "{}", fields[21] or "[]"
    fields[2:5] = [identity]
    return ManagedDevice(*fields)


def _credential(row: Row) -> Credential:
    fields: list[Any] = list(row)
    fields[6] = bool(fields[6])
    fields[8:] = [Filters(*fields[8:])]
    return Credential(*fields)


def _quarantined(row: Row) -> Quarantined:
    fields: list[Any] = list(row)
    fields[1:4] = [Identity(*row[1:4])]
    return Quarantined(*fields)
