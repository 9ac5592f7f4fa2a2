"""Types of devices, and the logins with which unknown devices may become of one."""

import json

from acs.domain.device import Filters
from acs.domain.inventory import DeviceType, DeviceTypeDetails, TypeLogin
from acs.store.database import Database
from acs.store.references import delete_unreferred
from acs.store.statements import Row, batch, query
from acs.store.writer import GroupWriter

_CREATE = batch("device_type", "create")
_CREATE_LOGIN = batch("device_type", "create_login")
_REVISE_DEVICES_IF_CHANGED = batch("device_type", "revise_devices_if_changed")
_REVISE_DEVICES = batch("device_type", "revise_devices")
_UPDATE = batch("device_type", "update")
_PUT_LOGIN = batch("device_type", "put_login")
_DROP_LOGIN = batch("device_type", "drop_login")
_LOGIN = query("device_type", "login")
_BY_ID = query("device_type", "by_id")
_BY_NAME = query("device_type", "by_name")
_BY_SHORT_NAME = query("device_type", "by_short_name")
_PAGE = query("device_type", "page")
_COUNT = query("device_type", "count")


class DeviceTypeStore:
    """The table ``device_type``, and what of ``credential`` is a type's."""

    def __init__(self, database: Database, writer: GroupWriter) -> None:
        self._database = database
        self._writer = writer

    async def create(self, details: DeviceTypeDetails, at: float, *, login: TypeLogin | None = None) -> int:
        """Make a type, perhaps with a login; its row. ConflictError if one of its names is another's."""
        logins = [] if login is None else [(details.name, login.uuid, login.username, login.password, at)]
        created, _ = await self._writer.write(
            details.name, (_CREATE, [(*_columns(details), at)]), (_CREATE_LOGIN, logins)
        )
        number: int = created[0][1]
        return number

    async def update(
        self, number: int, details: DeviceTypeDetails, at: float, *, login: TypeLogin | None = None
    ) -> bool:
        """Say something else of a type, perhaps with another login; False if there is none.

        ConflictError as for ``create``. Its devices are revised if it matters to them.
        """
        columns = _columns(details)
        logins = [] if login is None else [(number, login.uuid, login.username, login.password, at)]
        matters = (number, details.update_frequency, json.dumps(details.managed), details.quirks)
        _, _, updated, _ = await self._writer.write(
            _key(number),
            (_REVISE_DEVICES_IF_CHANGED, [matters] if login is None else []),
            (_REVISE_DEVICES, [] if login is None else [(number,)]),
            (_UPDATE, [(number, *columns, at)]),
            (_PUT_LOGIN, logins),
        )
        return bool(updated)

    async def drop_login(self, number: int) -> bool:
        """Let no more devices in with the type's login; False if it had none."""
        row = [(number,)]
        dropped, _ = await self._writer.write(_key(number), (_DROP_LOGIN, row), (_REVISE_DEVICES, row))
        return bool(dropped)

    async def login(self, number: int) -> TypeLogin | None:
        """The type's login."""
        rows = await self._database.fetch(_LOGIN, {"id": number})
        return TypeLogin(*rows[0]) if rows else None

    async def delete(self, number: int) -> bool:
        """Delete a type, its login and its settings; False if there is none, ReferredError if devices are of it."""
        return await delete_unreferred(self._database, self._writer, "device_type", number)

    async def by_id(self, number: int) -> DeviceType | None:
        """A type."""
        rows = await self._database.fetch(_BY_ID, {"id": number})
        return _type(rows[0]) if rows else None

    async def by_name(self, name: str) -> DeviceType | None:
        """The type that is called so."""
        rows = await self._database.fetch(_BY_NAME, {"name": name})
        return _type(rows[0]) if rows else None

    async def by_short_name(self, short_name: str) -> DeviceType | None:
        """The type that is called so for short."""
        rows = await self._database.fetch(_BY_SHORT_NAME, {"short_name": short_name})
        return _type(rows[0]) if rows else None

    async def page(self, *, after: int, most: int) -> list[DeviceType]:
        """The types that follow a row."""
        return [_type(row) for row in await self._database.fetch(_PAGE, {"after": after, "most": most})]

    async def count(self) -> int:
        """How many there are."""
        number: int = (await self._database.fetch(_COUNT, {}))[0][0]
        return number


def _key(number: int) -> str:
    return f"type {number}"


def _columns(details: DeviceTypeDetails) -> Row:
    filters = details.filters
    return (
        details.name,
        details.short_name,
        details.description,
        details.onboarding_enabled,
        filters.manufacturer,
        filters.oui,
        filters.product_class,
        filters.serial_prefix,
        details.update_frequency,
        json.dumps(details.helpers),
        json.dumps(details.managed),
        details.quirks,
        details.firmware_image_id,
    )


def _type(row: Row) -> DeviceType:
    details = DeviceTypeDetails(
        row[1],
        row[2],
        row[3],
        bool(row[4]),
        Filters(*row[5:9]),
        row[9],
        tuple(json.loads(row[10])),
        tuple(json.loads(row[11])),
        row[12],
        row[13],
    )
    return DeviceType(row[0], details, *row[14:])
