"""Types of devices, and the logins with which unknown devices may become of one."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from acs.domain.audit import AuditEntry
from acs.domain.device import Filters
from acs.domain.inventory import DeviceType, DeviceTypeDetails, TypeLogin
from acs.store.audit import audit_step
from acs.store.database import Database
from acs.store.listing import Condition, Found, Listing, Order, Slice, Wanted, condition, ordered
from acs.store.references import delete_unreferred
from acs.store.settings import WantedValue, drop_others_of_type, put_of_new_type, put_of_type
from acs.store.statements import Row, batch, query
from acs.store.type_changes import DEVICE, SETTINGS, note_change, note_if_it_matters
from acs.store.writer import GroupWriter

_CREATE = batch("device_type", "create")
_CREATE_LOGIN = batch("device_type", "create_login")
_UPDATE = batch("device_type", "update")
_PUT_LOGIN = batch("device_type", "put_login")
_DROP_LOGIN = batch("device_type", "drop_login")
_LOGINS = query("device_type", "logins")
_BY_ID = query("device_type", "by_id")
_KEY: Final = "device_type.id"

ORDERS: Final[Mapping[str, Order]] = {
    "id": Order(_KEY, _KEY),
    "name": Order("device_type.name", _KEY),
    "short_name": Order("device_type.short_name", _KEY),
}
"""By what types can be in order."""


@dataclass(frozen=True, slots=True)
class TypeFilter:
    """Which types."""

    name: str | None = None
    """The one that is called so."""
    short_name: str | None = None
    """The one that is called so for short."""


@dataclass(frozen=True, slots=True)
class TypeUpdate:
    """What becomes of a type beyond what is said of it."""

    login: TypeLogin | None = None
    """Another login; None: the one it has stays."""
    drops_login: bool = False
    """It is to have none any more."""
    settings: Sequence[WantedValue] | None = None
    """All that its devices are to have: what has the uuid that it had is no change; None: what it is stays."""
    settings_differ: bool = False
    """Whether that is other than it was: then it is due on the devices."""


ALL: Final = TypeFilter()
"""Any of them."""
NOTHING_ELSE: Final = TypeUpdate()
"""Nothing."""


class DeviceTypeStore:
    """The table ``device_type``, and what of ``credential`` is a type's."""

    def __init__(self, database: Database, writer: GroupWriter) -> None:
        self._database = database
        self._writer = writer

    async def create(
        self,
        details: DeviceTypeDetails,
        at: float,
        *,
        login: TypeLogin | None = None,
        settings: Sequence[WantedValue] = (),
        audit: AuditEntry | None = None,
    ) -> int:
        """Make a type, perhaps with a login and settings; its row. ConflictError if one of its names is another's."""
        logins = [] if login is None else [(details.name, login.uuid, login.username, login.password, at)]
        created, *_ = await self._writer.write(
            details.name,
            (_CREATE, [(*_columns(details), at)]),
            (_CREATE_LOGIN, logins),
            put_of_new_type(details.name, settings, at),
            audit_step(audit),
        )
        number: int = created[0][1]
        return number

    async def update(
        self,
        number: int,
        details: DeviceTypeDetails,
        at: float,
        update: TypeUpdate = NOTHING_ELSE,
        audit: AuditEntry | None = None,
    ) -> bool:
        """Say something else of a type, perhaps with another login and other settings; False if there is none.

        ConflictError as for ``create``. What matters to its devices is noted; ``TypeChangeStore`` tells them.
        """
        login = update.login
        logins = [] if login is None else [(number, login.uuid, login.username, login.password, at)]
        _, _, _, updated, *_ = await self._writer.write(
            _key(number),
            note_if_it_matters((number, details.update_frequency, json.dumps(details.managed), details.quirks)),
            note_change(number, DEVICE, takes_place=login is not None or update.drops_login),
            note_change(number, SETTINGS, takes_place=update.settings_differ),
            (_UPDATE, [(number, *_columns(details), at)]),
            (_PUT_LOGIN, logins),
            (_DROP_LOGIN, [(number,)] if update.drops_login else []),
            drop_others_of_type(number, update.settings),
            put_of_type(number, update.settings or (), at),
            audit_step(audit),
        )
        return bool(updated)

    async def logins(self, types: Sequence[int]) -> dict[int, TypeLogin]:
        """The logins of types, by type."""
        rows = await self._database.fetch(_LOGINS, {"types": json.dumps(list(types))})
        return {type_id: TypeLogin(*login) for type_id, *login in rows}

    async def delete(self, number: int, audit: AuditEntry | None = None) -> bool:
        """Delete a type, its login and its settings; False if there is none, ReferredError if devices are of it."""
        return await delete_unreferred(self._database, self._writer, "device_type", number, audit)

    async def by_id(self, number: int) -> DeviceType | None:
        """A type."""
        rows = await self._database.fetch(_BY_ID, {"id": number})
        return _type(rows[0]) if rows else None

    async def page(self, part: Slice, wanted: TypeFilter = ALL, ordering: str = "id") -> Found[DeviceType]:
        """A page of them; ``ordering`` is one of ``ORDERS``, perhaps with a minus before it."""
        conditions: list[Condition] = []
        values: dict[str, object] = {}
        for column in ("name", "short_name"):
            value = getattr(wanted, column)
            if value is not None:
                conditions.append(condition(f"device_type.{column} = :{column}"))
                values[column] = value
        return await _LIST.page(self._database, Wanted(ordered(ORDERS, ordering), tuple(conditions), values), part)


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


_LIST = Listing("device_type", "list", _type)
