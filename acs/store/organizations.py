"""Organizations."""

import json
from collections.abc import Sequence

from acs.domain.inventory import Organization, OrganizationDetails
from acs.store.database import Database
from acs.store.references import delete_unreferred
from acs.store.statements import Row, batch, query
from acs.store.writer import GroupWriter

_CREATE = batch("organization", "create")
_UPDATE = batch("organization", "update")
_BY_ID = query("organization", "by_id")
_BY_NAME = query("organization", "by_name")
_PAGE = query("organization", "page")
_AMONG = query("organization", "among")
_COUNT = query("organization", "count")


class OrganizationStore:
    """The table ``organization``."""

    def __init__(self, database: Database, writer: GroupWriter) -> None:
        self._database = database
        self._writer = writer

    async def create(self, details: OrganizationDetails, at: float) -> int:
        """Make an organization; its row. ConflictError if its name is another's."""
        (created,) = await self._writer.write(details.name, (_CREATE, [(details.name, details.description, at)]))
        number: int = created[0][1]
        return number

    async def update(self, number: int, details: OrganizationDetails) -> bool:
        """Say something else of an organization; False if there is none. ConflictError as for ``create``."""
        row = (number, details.name, details.description)
        (updated,) = await self._writer.write(f"organization {number}", (_UPDATE, [row]))
        return bool(updated)

    async def delete(self, number: int) -> bool:
        """Delete an organization; False if there is none, ReferredError if it has devices or locations."""
        return await delete_unreferred(self._database, self._writer, "organization", number)

    async def by_id(self, number: int) -> Organization | None:
        """An organization."""
        rows = await self._database.fetch(_BY_ID, {"id": number})
        return _organization(rows[0]) if rows else None

    async def by_name(self, name: str) -> Organization | None:
        """The organization that is called so."""
        rows = await self._database.fetch(_BY_NAME, {"name": name})
        return _organization(rows[0]) if rows else None

    async def page(self, *, after: int, most: int, among: Sequence[int] | None = None) -> list[Organization]:
        """The organizations that follow a row; of these alone, if any are named."""
        if among is None:
            rows = await self._database.fetch(_PAGE, {"after": after, "most": most})
        else:
            rows = await self._database.fetch(_AMONG, {"after": after, "most": most, "ids": json.dumps(list(among))})
        return [_organization(row) for row in rows]

    async def count(self) -> int:
        """How many there are."""
        number: int = (await self._database.fetch(_COUNT, {}))[0][0]
        return number


def _organization(row: Row) -> Organization:
    return Organization(row[0], OrganizationDetails(*row[1:3]), row[3])
