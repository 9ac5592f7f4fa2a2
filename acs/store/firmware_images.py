"""Firmware images; their octets lie in the folder of files."""

from acs.domain.inventory import FirmwareImage, FirmwareImageDetails
from acs.store.database import Database
from acs.store.references import delete_unreferred
from acs.store.statements import Row, batch, query
from acs.store.writer import GroupWriter

_CREATE = batch("firmware_image", "create")
_UPDATE = batch("firmware_image", "update")
_BY_ID = query("firmware_image", "by_id")
_BY_NAME = query("firmware_image", "by_name")
_PAGE = query("firmware_image", "page")
_COUNT = query("firmware_image", "count")


class FirmwareImageStore:
    """The table ``firmware_image``."""

    def __init__(self, database: Database, writer: GroupWriter) -> None:
        self._database = database
        self._writer = writer

    async def create(self, details: FirmwareImageDetails, *, size: int, sha256: str, file_key: str, at: float) -> int:
        """Note a file that has come; its row. ConflictError if its name is another's."""
        (created,) = await self._writer.write(
            details.name, (_CREATE, [(*_columns(details), size, sha256, file_key, at)])
        )
        number: int = created[0][1]
        return number

    async def update(self, number: int, details: FirmwareImageDetails) -> bool:
        """Say something else of an image; False if there is none. ConflictError as for ``create``."""
        (updated,) = await self._writer.write(f"firmware image {number}", (_UPDATE, [(number, *_columns(details))]))
        return bool(updated)

    async def delete(self, number: int) -> bool:
        """Forget an image; False if there is none, ReferredError if types, devices or open transfers need it."""
        return await delete_unreferred(self._database, self._writer, "firmware_image", number)

    async def by_id(self, number: int) -> FirmwareImage | None:
        """An image."""
        rows = await self._database.fetch(_BY_ID, {"id": number})
        return _image(rows[0]) if rows else None

    async def by_name(self, name: str) -> FirmwareImage | None:
        """The image that is called so."""
        rows = await self._database.fetch(_BY_NAME, {"name": name})
        return _image(rows[0]) if rows else None

    async def page(self, *, after: int, most: int) -> list[FirmwareImage]:
        """The images that follow a row."""
        return [_image(row) for row in await self._database.fetch(_PAGE, {"after": after, "most": most})]

    async def count(self) -> int:
        """How many there are."""
        number: int = (await self._database.fetch(_COUNT, {}))[0][0]
        return number


def _columns(details: FirmwareImageDetails) -> Row:
    return details.name, details.version, details.file_name, details.file_type, details.applicability


def _image(row: Row) -> FirmwareImage:
    return FirmwareImage(row[0], FirmwareImageDetails(*row[1:6]), *row[6:])
