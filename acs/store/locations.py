"""Locations."""

import json
from collections.abc import Sequence

from acs.domain.inventory import Location, LocationDetails
from acs.store.database import Database
from acs.store.references import delete_unreferred
from acs.store.statements import Row, batch, query
from acs.store.writer import GroupWriter

_CREATE = batch("location", "create")
_UPDATE = batch("location", "update")
_BY_ID = query("location", "by_id")
_BY_NAME = query("location", "by_name")
_PAGE = query("location", "page")
_OF_ORGANIZATIONS = query("location", "of_organizations")
_COUNT = query("location", "count")
_COUNT_OF_ORGANIZATIONS = query("location", "count_of_organizations")


class LocationStore:
    """The table ``location``."""

    def __init__(self, database: Database, writer: GroupWriter) -> None:
        self._database = database
        self._writer = writer

    async def create(self, details: LocationDetails, at: float) -> int:
        """Make a location; its row. ConflictError if its name is another's."""
        (created,) = await self._writer.write(details.name, (_CREATE, [(*_columns(details), at)]))
        number: int = created[0][1]
        return number

    async def update(self, number: int, details: LocationDetails) -> bool:
        """Say something else of a location; False if there is none. ConflictError as for ``create``."""
        (updated,) = await self._writer.write(f"location {number}", (_UPDATE, [(number, *_columns(details))]))
        return bool(updated)

    async def delete(self, number: int) -> bool:
        """Delete a location; False if there is none, ReferredError if devices stand there."""
        return await delete_unreferred(self._database, self._writer, "location", number)

    async def by_id(self, number: int) -> Location | None:
        """A location."""
        rows = await self._database.fetch(_BY_ID, {"id": number})
        return _location(rows[0]) if rows else None

    async def by_name(self, name: str) -> Location | None:
        """The location that is called so."""
        rows = await self._database.fetch(_BY_NAME, {"name": name})
        return _location(rows[0]) if rows else None

    async def page(self, *, after: int, most: int, organizations: Sequence[int] | None = None) -> list[Location]:
        """The locations that follow a row; those of some organizations, if any are named."""
        place: dict[str, object] = {"after": after, "most": most}
        if organizations is None:
            rows = await self._database.fetch(_PAGE, place)
        else:
            wanted = {"organizations": json.dumps(list(organizations))}
            rows = await self._database.fetch(_OF_ORGANIZATIONS, place | wanted)
        return [_location(row) for row in rows]

    async def count(self, organizations: Sequence[int] | None = None) -> int:
        """How many there are; of some organizations, if any are named."""
        if organizations is None:
            rows = await self._database.fetch(_COUNT, {})
        else:
            wanted = {"organizations": json.dumps(list(organizations))}
            rows = await self._database.fetch(_COUNT_OF_ORGANIZATIONS, wanted)
        number: int = rows[0][0]
        return number


def _columns(details: LocationDetails) -> Row:
    return details.name, details.short_name, details.organization_id, details.latitude, details.longitude


def _location(row: Row) -> Location:
    return Location(row[0], LocationDetails(*row[1:6]), row[6])
