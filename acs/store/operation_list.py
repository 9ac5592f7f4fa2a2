"""Lists of operations, newest first."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from acs.domain.queue import OperationRecord
from acs.store.bulks import OF_NO_OTHER
from acs.store.database import Database
from acs.store.listing import Condition, Found, Listing, Order, Slice, Wanted, among, beside, condition
from acs.store.operations import record_of
from acs.store.statements import Row

_NEWEST_FIRST: Final = Order("operation.created", "operation.id", is_descending=True)
# In the words of both halves of a union.
_NEWEST_OF_BOTH_FIRST: Final = Order("created", "id", is_descending=True)
_ANY: Final = condition("TRUE")
_NAMED: Final = among("operation.public_id", "public_ids", "text")
_SINGLE: Final = condition("operation.bulk_id IS NULL")
_OF_ORGANIZATION: Final = condition("operation.organization_id = :organization")
_OF_ORGANIZATIONS: Final = among("operation.organization_id", "organizations")
_FINDING: Final = ("public_id", "name", "serial_number", "state")
"""The first of these that is asked for finds the rows; the others, and whose they are, are only looked at."""
_CONDITIONS: Final = {
    "public_id": condition("operation.public_id = :public_id"),
    "name": condition("operation.device_id = (SELECT device.id FROM device WHERE device.name = :name)"),
    "serial_number": condition(
        "operation.device_id IN (SELECT device.id FROM device WHERE device.serial_number = :serial_number)"
    ),
    "state": condition("operation.state = :state"),
    "kind": condition("operation.kind = :kind"),
    "created_from": condition("operation.created >= :created_from"),
    "created_to": condition("operation.created <= :created_to"),
}


@dataclass(frozen=True, slots=True)
class OperationFilters:
    """Which operations; None: any."""

    organizations: Sequence[int] | None = None
    """Of devices of these alone."""
    public_id: str | None = None
    """The one that is called so; it may be a part of a request for many devices, others may not."""
    name: str | None = None
    """Of the device of this name."""
    serial_number: str | None = None
    """Of devices of this serial number."""
    state: str | None = None
    """Where it is in its life."""
    kind: str | None = None
    """What is to be done."""
    created_from: float | None = None
    """Asked for then or later."""
    created_to: float | None = None
    """Asked for then or earlier."""


@dataclass(frozen=True, slots=True)
class ListedOperation:
    """An operation, and what its device is called now."""

    record: OperationRecord
    """The operation."""
    device_name: str
    """The device's name."""
    serial_number: str
    """Its serial number."""


class OperationListStore:
    """Reads the table ``operation``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, part: Slice, filters: OperationFilters) -> Found[ListedOperation]:
        """A page of them."""
        conditions, values = _conditions(filters)
        if filters.organizations is not None:
            conditions.append(_ours(filters))
        return await _LIST.page(self._database, Wanted(_NEWEST_FIRST, tuple(conditions), values), part)

    async def page_of_both(self, part: Slice, filters: OperationFilters) -> Found[str]:
        """A page of them and of requests for many devices: the public ids. Not by device, nor by public id."""
        conditions, values = _conditions(filters)
        is_bound = filters.organizations is not None
        more = (("ours", _ours(filters) if is_bound else _ANY), ("theirs", OF_NO_OTHER if is_bound else _ANY))
        wanted = Wanted(_NEWEST_OF_BOTH_FIRST, tuple(conditions), values, more)
        return await _BOTH.page(self._database, wanted, part)

    async def by_public_ids(self, public_ids: Sequence[str]) -> dict[str, ListedOperation]:
        """The operations that are called so."""
        wanted = Wanted(_NEWEST_FIRST, (_NAMED,), {"public_ids": json.dumps(list(public_ids))})
        found = await _LIST.page(self._database, wanted, Slice(len(public_ids)))
        return {each.record.public_id: each for each in found.items}

    async def one(self, public_id: str, organizations: Sequence[int] | None) -> ListedOperation | None:
        """The operation that is called so, if its device is one of these organizations'."""
        found = await self.page(Slice(1), OperationFilters(organizations, public_id))
        return found.items[0] if found.items else None


def _ours(filters: OperationFilters) -> Condition:
    """Of the organizations that are asked for. One alone is in order already, in its index."""
    assert filters.organizations is not None  # noqa: S101  looked at by whoever asks
    ours = _OF_ORGANIZATION if len(filters.organizations) == 1 else _OF_ORGANIZATIONS
    return beside(ours) if any(getattr(filters, name) is not None for name in _FINDING) else ours


def _conditions(filters: OperationFilters) -> tuple[list[Condition], dict[str, object]]:
    """What holds of the rows but for whose they are, and the values of all parameters."""
    values: dict[str, object] = {name: value for name in _CONDITIONS if (value := getattr(filters, name)) is not None}
    named = {name: _CONDITIONS[name] for name in values}
    for name in [name for name in _FINDING if name in named][1:]:
        named[name] = beside(named[name])
    conditions = [*named.values(), *([_SINGLE] if filters.public_id is None else [])]
    if filters.organizations is not None:
        values["organizations"] = json.dumps(list(filters.organizations))
        values["organization"] = filters.organizations[0] if len(filters.organizations) == 1 else None
    return conditions, values


def _listed(row: Row) -> ListedOperation:
    return ListedOperation(record_of(row[:-2]), row[-2], row[-1])


_LIST: Final = Listing("operation_list", "list", _listed)
_BOTH: Final = Listing("operation_list", "both", lambda row: str(row[1]))
