"""Locations."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from acs.domain.audit import AuditEntry
from acs.domain.inventory import Location, LocationDetails
from acs.store.audit import audit_step
from acs.store.database import Database
from acs.store.listing import Condition, Found, Listing, Order, Slice, Wanted, among, condition, ordered
from acs.store.references import delete_unreferred
from acs.store.statements import Row, batch, query
from acs.store.writer import GroupWriter

_CREATE = batch("location", "create")
_UPDATE = batch("location", "update")
_BY_ID = query("location", "by_id")
_USED_BY_OTHERS = query("location", "used_by_others")
_KEY: Final = "location.id"
_OWN: Final = among("location.organization_id", "organizations")
_SEEN: Final = Condition(
    f"location.organization_id IS NULL OR {_OWN.sqlite}", f"location.organization_id IS NULL OR {_OWN.postgresql}"
)

ORDERS: Final[Mapping[str, Order]] = {
    "id": Order(_KEY, _KEY),
    "name": Order("location.name", _KEY),
    "short_name": Order("location.short_name", _KEY),
}
"""By what locations can be in order."""


@dataclass(frozen=True, slots=True)
class LocationFilter:
    """Which locations."""

    name: str | None = None
    """That is called so."""
    short_name: str | None = None
    """Those that are called so for short."""
    organization_id: int | None = None
    """Those of an organization."""
    seen_by: Sequence[int] | None = None
    """Those of these organizations, and those of nobody."""


ALL: Final = LocationFilter()
"""Any of them."""


class LocationStore:
    """The table ``location``."""

    def __init__(self, database: Database, writer: GroupWriter) -> None:
        self._database = database
        self._writer = writer

    async def create(self, details: LocationDetails, at: float, audit: AuditEntry | None = None) -> int:
        """Make a location; its row. ConflictError if its name is another's."""
        created, _ = await self._writer.write(details.name, (_CREATE, [(*_columns(details), at)]), audit_step(audit))
        number: int = created[0][1]
        return number

    async def update(self, number: int, details: LocationDetails, audit: AuditEntry | None = None) -> bool:
        """Say something else of a location; False if there is none. ConflictError as for ``create``."""
        updated, _ = await self._writer.write(
            f"location {number}", (_UPDATE, [(number, *_columns(details))]), audit_step(audit)
        )
        return bool(updated)

    async def delete(self, number: int, audit: AuditEntry | None = None) -> bool:
        """Delete a location; False if there is none, ReferredError if devices stand there."""
        return await delete_unreferred(self._database, self._writer, "location", number, audit)

    async def is_used_by_others(self, number: int, organization_id: int) -> bool:
        """Whether devices of other organizations than this one stand at a location."""
        place = {"id": number, "organization_id": organization_id}
        return bool(await self._database.fetch(_USED_BY_OTHERS, place))

    async def by_id(self, number: int) -> Location | None:
        """A location."""
        rows = await self._database.fetch(_BY_ID, {"id": number})
        return _location(rows[0]) if rows else None

    async def page(self, part: Slice, wanted: LocationFilter = ALL, ordering: str = "id") -> Found[Location]:
        """A page of them; ``ordering`` is one of ``ORDERS``, perhaps with a minus before it."""
        conditions: list[Condition] = []
        values: dict[str, object] = {}
        for column in ("name", "short_name", "organization_id"):
            value = getattr(wanted, column)
            if value is not None:
                conditions.append(condition(f"location.{column} = :{column}"))
                values[column] = value
        if wanted.seen_by is not None:
            conditions.append(_SEEN)
            values["organizations"] = json.dumps(list(wanted.seen_by))
        return await _LIST.page(self._database, Wanted(ordered(ORDERS, ordering), tuple(conditions), values), part)


def _columns(details: LocationDetails) -> Row:
    return details.name, details.short_name, details.organization_id, details.latitude, details.longitude


def _location(row: Row) -> Location:
    return Location(row[0], LocationDetails(*row[1:6]), row[6])


_LIST = Listing("location", "list", _location)
