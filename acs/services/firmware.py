"""Firmware images: files and what is known of them, in step with each other."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from acs.domain.audit import AuditEntry
from acs.domain.intake import FileError
from acs.domain.inventory import FirmwareImage, FirmwareImageDetails
from acs.services.ports import FileDesk, TakenForm
from acs.services.tools import Tools
from acs.store.errors import RecordError

MOST_UPLOADS: Final = 1_000
"""So many uploads are remembered, the latest."""


class UploadState(StrEnum):
    """How far an upload is."""

    RECEIVING = "receiving"
    """It is on its way."""
    DONE = "done"
    """The image is there."""
    FAILED = "failed"
    """It came to nothing."""


@dataclass(slots=True)
class Upload:
    """An upload, as whoever sent it may watch it."""

    total: int | None
    """The length of the whole body, if it was told."""
    received: int = 0
    """How many octets of it have come."""
    state: UploadState = UploadState.RECEIVING
    """How far it is."""
    image_id: int | None = None
    """The image that it has become."""

    def note(self, received: int) -> None:
        """So much of it has come."""
        self.received = received


class Uploads:
    """The uploads that were given a key, by whose they are and that key."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[int, str], Upload] = OrderedDict()

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._known)

    def begin(self, token_id: int, key: str, total: int | None) -> Upload:
        """A new one; an earlier one of the same key is forgotten."""
        upload = self._known[token_id, key] = Upload(total)
        self._known.move_to_end((token_id, key))
        if len(self._known) > MOST_UPLOADS:
            self._known.popitem(last=False)
        return upload

    def find(self, token_id: int, key: str) -> Upload | None:
        """One of this token's."""
        return self._known.get((token_id, key))


class FirmwareShelf:
    """Keeps images."""

    def __init__(self, tools: Tools, files: FileDesk) -> None:
        self._tools = tools
        self.files = files
        """Takes files in."""
        self.uploads = Uploads()
        """Those that are watched."""
        tools.metrics.memories.watch("watched uploads", MOST_UPLOADS, lambda: len(self.uploads))

    async def add(self, taken: TakenForm, details: FirmwareImageDetails, at: float, audit: AuditEntry) -> FirmwareImage:
        """Keep a file that has come as an image. ConflictError if its name is another's: nothing is kept then.

        The file comes first: one without a record is swept away some day, a record without a file would be a lie.
        """
        key = await taken.keep()
        images, size, sha256 = self._tools.images, taken.size, taken.sha256
        try:
            number = await images.create(details, size=size, sha256=sha256, file_key=key, at=at, audit=audit)
        except RecordError:
            await self._drop(key)
            raise
        return FirmwareImage(number, details, size, sha256, key, at)

    async def delete(self, image: FirmwareImage, audit: AuditEntry) -> bool:
        """Forget an image and its file; False if there is none, ReferredError if somebody needs it."""
        if not await self._tools.images.delete(image.id, audit):
            return False
        await self._drop(image.file_key)
        return True

    def open(self, image: FirmwareImage) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """The file of an image, block by block; FileError if it is not there."""
        return self.files.open(image.file_key, image.size)

    async def _drop(self, key: str) -> None:
        try:
            await asyncio.shield(self.files.delete(key))
        except FileError as error:  # the sweep tries again
            self._tools.complain("files", "a file could not be deleted", reason=str(error))
