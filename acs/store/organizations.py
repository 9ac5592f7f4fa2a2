"""Organizations."""

import json
from collections.abc import Sequence

from acs.domain.audit import AuditEntry
from acs.domain.inventory import Organization, OrganizationDetails
from acs.store.audit import audit_step
from acs.store.database import Database
from acs.store.listing import Found, Listing, Order, Slice, Wanted, among
from acs.store.references import delete_unreferred
from acs.store.statements import Row, batch, query
from acs.store.writer import GroupWriter

_CREATE = batch("organization", "create")
_UPDATE = batch("organization", "update")
_BY_ID = query("organization", "by_id")
_BY_NAME = query("organization", "by_name")
_KNOWN = query("organization", "known")
_BY_NUMBER = Order("organization.id", "organization.id")
_AMONG = among("organization.id", "organizations")


class OrganizationStore:
    """The table ``organization``."""

    def __init__(self, database: Database, writer: GroupWriter) -> None:
        self._database = database
        self._writer = writer

    async def create(self, details: OrganizationDetails, at: float, audit: AuditEntry | None = None) -> int:
        """Make an organization; its row. ConflictError if its name is another's."""
        created, _ = await self._writer.write(
            details.name, (_CREATE, [(details.name, details.description, at)]), audit_step(audit)
        )
        number: int = created[0][1]
        return number

    async def update(self, number: int, details: OrganizationDetails, audit: AuditEntry | None = None) -> bool:
        """Say something else of an organization; False if there is none. ConflictError as for ``create``."""
        row = (number, details.name, details.description)
        updated, _ = await self._writer.write(f"organization {number}", (_UPDATE, [row]), audit_step(audit))
        return bool(updated)

    async def delete(self, number: int, audit: AuditEntry | None = None) -> bool:
        """Delete an organization; False if there is none, ReferredError if it has devices or locations."""
        return await delete_unreferred(self._database, self._writer, "organization", number, audit)

    async def by_id(self, number: int) -> Organization | None:
        """An organization."""
        rows = await self._database.fetch(_BY_ID, {"id": number})
        return _organization(rows[0]) if rows else None

    async def by_name(self, name: str) -> Organization | None:
        """The organization that is called so."""
        rows = await self._database.fetch(_BY_NAME, {"name": name})
        return _organization(rows[0]) if rows else None

    async def known(self, numbers: Sequence[int]) -> set[int]:
        """Which of these there are."""
        rows = await self._database.fetch(_KNOWN, {"organizations": json.dumps(list(numbers))}) if numbers else []
        return {row[0] for row in rows}

    async def page(self, part: Slice, among: Sequence[int] | None = None) -> Found[Organization]:
        """A page of them by number; of these alone, if any are named."""
        wanted = Wanted(_BY_NUMBER)
        if among is not None:
            wanted = Wanted(_BY_NUMBER, (_AMONG,), {"organizations": json.dumps(list(among))})
        return await _LIST.page(self._database, wanted, part)


def _organization(row: Row) -> Organization:
    return Organization(row[0], OrganizationDetails(*row[1:3]), row[3])


_LIST = Listing("organization", "list", _organization)
