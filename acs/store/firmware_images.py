"""Firmware images; their octets lie in the folder of files."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from acs.domain.audit import AuditEntry
from acs.domain.firmware import Candidate
from acs.domain.inventory import FirmwareImage, FirmwareImageDetails
from acs.store.audit import audit_step
from acs.store.database import Database
from acs.store.listing import Condition, Found, Listing, Order, Slice, Wanted, condition, ordered
from acs.store.references import delete_unreferred
from acs.store.statements import Row, batch, query
from acs.store.writer import GroupWriter

_CREATE = batch("firmware_image", "create")
_UPDATE = batch("firmware_image", "update")
_BY_ID = query("firmware_image", "by_id")
_BY_NAME = query("firmware_image", "by_name")
_CANDIDATE = query("firmware_image", "candidate")
_KEY: Final = "firmware_image.id"

ORDERS: Final[Mapping[str, Order]] = {
    "id": Order(_KEY, _KEY),
    "name": Order("firmware_image.name", _KEY),
    "version": Order("firmware_image.version", _KEY),
}
"""By what images can be in order."""


@dataclass(frozen=True, slots=True)
class ImageFilter:
    """Which images."""

    name: str | None = None
    """The one that is called so."""
    version: str | None = None
    """Those of this version."""
    file_type: str | None = None
    """Those of this type."""


ALL: Final = ImageFilter()
"""Any of them."""


class FirmwareImageStore:
    """The table ``firmware_image``."""

    def __init__(self, database: Database, writer: GroupWriter) -> None:
        self._database = database
        self._writer = writer

    async def create(
        self,
        details: FirmwareImageDetails,
        *,
        size: int,
        sha256: str,
        file_key: str,
        at: float,
        audit: AuditEntry | None = None,
    ) -> int:
        """Note a file that has come; its row. ConflictError if its name is another's."""
        created, _ = await self._writer.write(
            details.name, (_CREATE, [(*_columns(details), size, sha256, file_key, at)]), audit_step(audit)
        )
        number: int = created[0][1]
        return number

    async def update(self, number: int, details: FirmwareImageDetails, audit: AuditEntry | None = None) -> bool:
        """Say something else of an image; False if there is none. ConflictError as for ``create``."""
        updated, _ = await self._writer.write(
            f"firmware image {number}", (_UPDATE, [(number, *_columns(details))]), audit_step(audit)
        )
        return bool(updated)

    async def delete(self, number: int, audit: AuditEntry | None = None) -> bool:
        """Forget an image; False if there is none, ReferredError if types, devices or open transfers need it."""
        return await delete_unreferred(self._database, self._writer, "firmware_image", number, audit)

    async def by_id(self, number: int) -> FirmwareImage | None:
        """An image."""
        rows = await self._database.fetch(_BY_ID, {"id": number})
        return _image(rows[0]) if rows else None

    async def by_name(self, name: str) -> FirmwareImage | None:
        """The image that is called so."""
        rows = await self._database.fetch(_BY_NAME, {"name": name})
        return _image(rows[0]) if rows else None

    async def candidate(self, device_id: int) -> Candidate:
        """What a device that has called is; nothing is known of one that is gone."""
        rows = await self._database.fetch(_CANDIDATE, {"device_id": device_id})
        return Candidate(*rows[0]) if rows else Candidate()

    async def page(self, part: Slice, wanted: ImageFilter = ALL, ordering: str = "id") -> Found[FirmwareImage]:
        """A page of them; ``ordering`` is one of ``ORDERS``, perhaps with a minus before it."""
        conditions: list[Condition] = []
        values: dict[str, object] = {}
        for column in ("name", "version", "file_type"):
            value = getattr(wanted, column)
            if value is not None:
                conditions.append(condition(f"firmware_image.{column} = :{column}"))
                values[column] = value
        return await _LIST.page(self._database, Wanted(ordered(ORDERS, ordering), tuple(conditions), values), part)


def _columns(details: FirmwareImageDetails) -> Row:
    return details.name, details.version, details.file_name, details.file_type, details.applicability


def _image(row: Row) -> FirmwareImage:
    return FirmwareImage(row[0], FirmwareImageDetails(*row[1:6]), *row[6:])


_LIST = Listing("firmware_image", "list", _image)
