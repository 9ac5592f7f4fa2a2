"""Devices as the management API lists and shows them."""

import json
from collections.abc import Sequence
from string import ascii_lowercase, ascii_uppercase
from typing import Any, Final

from acs.domain.device import Identity
from acs.domain.device_record import DeviceDetails, DeviceFilter, DeviceRecord, PlaceShown
from acs.store.database import Database
from acs.store.listing import Condition, Found, Listing, Order, Slice, Wanted, among, condition
from acs.store.statements import Row, query

_BY_ID = query("device_list", "by_id")
_OPEN_KINDS = query("device_list", "open_kinds")
_MATCHING = query("device_list", "matching")
_COUNT_MATCHING = query("device_list", "count_matching")

_MANY: Final = 10_000
"""So many devices with a text are named one by one; more are looked at where others stand in the way."""
_LOWER: Final = str.maketrans(ascii_uppercase, ascii_lowercase)

_COLUMNS: Final = {
    "id": "device.id",
    "name": "device.name",
    "customer_id": "device.customer_id",
    "is_active": "CASE WHEN device.is_active THEN 1 ELSE 0 END",
    "status": "CASE WHEN contact.is_up THEN 1 ELSE 0 END",
    "status_change": "contact.status_change",
    "type": "COALESCE(device.type_id, 0)",
    "software_version": "device.software_version",
    "hardware_version": "device.hardware_version",
    "manufacturer": "device.manufacturer",
    "serial_number": "device.serial_number",
    "product_class": "device.product_class",
    "oui": "device.oui",
    "organization_id": "COALESCE(device.organization_id, 0)",
    "address": "contact.address",
    "last_connection": "COALESCE(contact.last_inform, 0)",
    "last_configuration": "COALESCE(contact.last_configuration, 0)",
    "created": "device.created",
    "last_change": "device.last_change",
}
ORDERINGS: Final = tuple(_COLUMNS)
"""By what devices can be in order."""
_KEYS: Final = ("device.id", "contact.device_id")
_ORDERS: Final = {
    f"{sign}{name}": Order(column, _KEYS["contact." in column], is_descending=sign == "-", sorts_few=True)
    for name, column in _COLUMNS.items()
    for sign in ("", "-")
}

_DEVICE, _CONTACT = condition("device"), condition("contact")
_BOTH: Final = condition("device JOIN contact ON contact.device_id = device.id")
_DEVICE_KEY, _CONTACT_KEY = (condition(key) for key in _KEYS)
_UP: Final = {True: condition("contact.is_up"), False: condition("NOT contact.is_up")}
_ACTIVE: Final = {True: condition("device.is_active"), False: condition("NOT device.is_active")}
_AMONG: Final = among("device.organization_id", "organizations")
_OF_ONE: Final = condition("device.organization_id = :only")
_TAGGED: Final = Condition("instr(device.tags, :tag) > 0", "strpos(device.tags, :tag) > 0")
_NAMED: Final = among("device.id", "named")
_SEARCH: Final = condition(
    "EXISTS (SELECT 1 FROM device_text WHERE device_text.device_id = device.id AND "
    "(device_text.text LIKE :search ESCAPE '\\' OR device_text.address LIKE :search ESCAPE '\\'))"
)
_EQUAL: Final = {
    name: condition(f"{column} = :{name}")
    for name, column in (
        ("type_id", "device.type_id"),
        ("organization_id", "device.organization_id"),
        ("serial_number", "device.serial_number"),
        ("manufacturer", "device.manufacturer"),
        ("product_class", "device.product_class"),
        ("software_version", "device.software_version"),
        ("address", "contact.address"),
    )
}
_BOUNDED: Final = {
    "status_change_from": condition("contact.status_change >= :status_change_from"),
    "last_connection_from": condition("contact.last_inform >= :last_connection_from"),
    "last_connection_to": condition("contact.last_inform <= :last_connection_to"),
}
_PLACES: Final = 4


class DeviceList:
    """Reads of the tables ``device``, ``contact`` and ``device_text``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, which: DeviceFilter, ordering: str, part: Slice) -> Found[DeviceRecord]:
        """A page of devices in one of the orders, ``-`` before it for the greatest first."""
        conditions, values = _conditions(which)
        count = None
        if which.search:
            searched = {"search": f"%{_literal(which.search.translate(_LOWER))}%"}
            ((found, named),) = await self._database.fetch(_MATCHING, searched | {"most": _MANY + 1})
            if found > _MANY:
                if not conditions:
                    ((found,),) = await self._database.fetch(_COUNT_MATCHING, searched)
                values |= searched
            else:
                values["named"] = named
            count = None if conditions else found
            conditions.append(_SEARCH if found > _MANY else _NAMED)
        return await _LIST.page(self._database, _wanted(conditions, values, _ORDERS[ordering], count), part)

    async def by_id(self, device_id: int) -> DeviceRecord | None:
        """A device."""
        rows = await self._database.fetch(_BY_ID, {"id": device_id})
        return _record(rows[0]) if rows else None

    async def open_kinds(self, device_ids: Sequence[int]) -> dict[int, set[str]]:
        """What kinds of operations are open for these devices."""
        kinds: dict[int, set[str]] = {}
        for device_id, kind in await self._database.fetch(_OPEN_KINDS, {"devices": json.dumps(list(device_ids))}):
            kinds.setdefault(device_id, set()).add(kind)
        return kinds


def kept_tags(tags: Sequence[str]) -> str:
    """Tags as they are kept: each can be found in the text as it is written there."""
    return json.dumps(list(tags), separators=(",", ":"))


def _conditions(which: DeviceFilter) -> tuple[list[Condition], dict[str, object]]:
    """What holds of the devices, but for the text in them, and the values of the parameters."""
    conditions: list[Condition] = []
    values: dict[str, object] = {}
    for name, each in (_EQUAL | _BOUNDED).items():
        value = getattr(which, name)
        if value is not None:
            conditions.append(each)
            values[name] = value
    if which.organizations is not None:
        if len(which.organizations) == 1:
            # One alone leaves SQLite the order of an index.
            conditions.append(_OF_ONE)
            values["only"] = which.organizations[0]
        else:
            conditions.append(_AMONG)
            values["organizations"] = json.dumps(which.organizations)
    if which.is_up is not None:
        conditions.append(_UP[which.is_up])
    if which.is_active is not None:
        conditions.append(_ACTIVE[which.is_active])
    if which.tag is not None:
        conditions.append(_TAGGED)
        values["tag"] = json.dumps(which.tag)
    return conditions, values


def _wanted(conditions: list[Condition], values: dict[str, object], order: Order, count: int | None) -> Wanted:
    """No table is looked at in vain: either alone is walked through much sooner than both."""
    rows, counted = _source(*conditions, condition(order.column)), _source(*conditions)
    more = (("source", rows), ("counted", counted), ("key", _CONTACT_KEY if rows is _CONTACT else _DEVICE_KEY))
    return Wanted(order, tuple(conditions), values, more, count)


def _source(*parts: Condition) -> Condition:
    """The tables that these speak of."""
    is_contact = ["contact." in each.sqlite for each in parts]
    if not any(is_contact):
        return _DEVICE
    return _CONTACT if all(is_contact) else _BOTH


def _literal(text: str) -> str:
    """A text in a LIKE pattern that means just itself."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _record(row: Row) -> DeviceRecord:
    place = [each or "" for each in row[-_PLACES:]]
    details = DeviceDetails(
        name=row[2],
        identity=Identity(*row[3:6]),
        customer_id=row[6],
        is_active=bool(row[7]),
        type_id=row[8],
        description=row[9],
        organization_id=row[10],
        location_id=row[11],
        location_name=row[12],
        latitude=row[13],
        longitude=row[14],
        tags=tuple(json.loads(row[15])),
        debug=bool(row[16]),
        update_frequency=row[17],
        firmware_image_id=row[18],
        firmware_image_is_pending=bool(row[19]),
        username=row[20],
    )
    known: list[Any] = list(row[21:-_PLACES])
    known[7], known[13] = bool(known[7]), bool(known[13])
    fields = [row[0], row[1], details, *known, PlaceShown(*place)]
    return DeviceRecord(*fields)


_LIST: Final = Listing("device_list", "list", _record)
