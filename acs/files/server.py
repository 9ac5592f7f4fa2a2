"""The file server: every request of the CWMP listener below ``/files/``.

aiohttp's own FileResponse is not used: it waits for a stalled device for ever, sends from the threads that everything
else shares, and knows no bound.
"""

import asyncio
import contextlib
from collections.abc import Callable
from enum import StrEnum
from http import HTTPStatus
from typing import Final

from aiohttp import HttpVersion11, web

from acs.auth.headers import basic_challenge, quoted
from acs.domain.transfer import (
    DeskUnavailableError,
    Offer,
    ReceivedFile,
    Slot,
    TransferDesk,
    TransferDirection,
)
from acs.files.addresses import CredentialsError, FileAddresses, UnknownAddressError
from acs.files.bodies import BodyError, StalledBodyError, TooLongBodyError, UploadBody
from acs.files.limits import FileLimits, Gate
from acs.files.ranges import Selection, entity_tag, select
from acs.files.store import (
    BLOCK,
    FileFolder,
    FileMissingError,
    FileTooLargeError,
    FolderError,
    FolderFullError,
    StoredFile,
    StoredReader,
)

_METHODS: Final = {
    TransferDirection.DOWNLOAD: ("GET", "HEAD"),
    TransferDirection.UPLOAD: ("PUT", "POST"),
}

# Without it aiohttp tells its version and Python's.
_BANNER: Final = "aioacs"


class FileEvent(StrEnum):
    """What is counted."""

    REFUSED = "refused"
    """An address that leads nowhere, or wrong credentials."""
    ENDED = "ended"
    """A transfer that is over, or never was."""
    BUSY = "busy"
    """A device turned away because too many were there."""
    DESK_UNAVAILABLE = "desk_unavailable"
    """A device turned away, or a note lost, because the desk could not answer."""
    SENT = "sent"
    """A file, or the range asked for, went out."""
    SENDING_STALLED = "sending_stalled"
    """A device was dropped because it read too slowly."""
    SENDING_CUT = "sending_cut"
    """A device left before it had read everything."""
    RECEIVED = "received"
    """A file came in and is recorded."""
    RECEIVING_STALLED = "receiving_stalled"
    """A file was given up because it came too slowly."""
    RECEIVING_CUT = "receiving_cut"
    """A body that ended early or is malformed."""
    TOO_LARGE = "too_large"
    """A file that is longer than its slot."""
    FILE_MISSING = "file_missing"
    """A file on offer is not in the folder, or not as it was."""
    DISK_FULL = "disk_full"
    """There was no room for a file."""
    DISK_FAILED = "disk_failed"
    """The disk failed otherwise."""


def ignore_event(event: FileEvent, octets: int) -> None:
    """Count nothing."""


class FileServer:
    """Sends files to devices and takes theirs, for transfers that are open."""

    def __init__(
        self,
        addresses: FileAddresses,
        desk: TransferDesk,
        folder: FileFolder,
        *,
        chance: Callable[[], float],
        limits: FileLimits | None = None,
        on_event: Callable[[FileEvent, int], None] = ignore_event,
    ) -> None:
        """A server of files in a folder. Chance is a number from 0 to 1 (1 excluded); on_event gets what to count."""
        self._addresses = addresses
        self._desk = desk
        self._folder = folder
        self._chance = chance
        self._limits = limits or FileLimits()
        self._count = on_event
        self._downloads = Gate(self._limits.downloads, self._limits.per_transfer)
        self._uploads = Gate(self._limits.uploads, self._limits.per_transfer)

    @property
    def sending(self) -> int:
        """How many files go out now."""
        return self._downloads.inside

    @property
    def receiving(self) -> int:
        """How many files come in now."""
        return self._uploads.inside

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request. The body of an answer to a GET has gone out already when this returns."""
        try:
            key = self._addresses.transfer_of(request.rel_url.raw_path, request.headers.get("Authorization"))
        except UnknownAddressError:
            self._count(FileEvent.REFUSED, 0)
            return _answer(HTTPStatus.NOT_FOUND)
        except CredentialsError:
            self._count(FileEvent.REFUSED, 0)
            return _answer(HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": basic_challenge("files")})
        methods = _METHODS[key.direction]
        if request.method not in methods:
            return _answer(HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": ", ".join(methods)})
        downloads = key.direction is TransferDirection.DOWNLOAD
        with (self._downloads if downloads else self._uploads).entered(key.transfer_id) as admitted:
            if not admitted:
                return self._later(FileEvent.BUSY)
            try:
                return await (self._download if downloads else self._upload)(request, key.transfer_id)
            except DeskUnavailableError:
                return self._later(FileEvent.DESK_UNAVAILABLE)
            except FolderError as error:
                return self._later(_event_of(error))

    async def _download(self, request: web.BaseRequest, transfer_id: int) -> web.StreamResponse:
        offer = await self._desk.offer(transfer_id)
        if offer is None:
            self._count(FileEvent.ENDED, 0)
            return _answer(HTTPStatus.NOT_FOUND)
        try:
            async with self._folder.reader(offer.key) as reader:
                if reader.size != offer.size:
                    raise FileMissingError("the file is not as long as it was")
                return await self._send(request, offer, reader)
        except FileMissingError:
            self._count(FileEvent.FILE_MISSING, 0)
            return _answer(HTTPStatus.NOT_FOUND)

    async def _send(self, request: web.BaseRequest, offer: Offer, reader: StoredReader) -> web.StreamResponse:
        selection = select(request.method, request.headers, entity_tag(offer.sha256), offer.size)
        headers = _headers_of(offer, selection)
        if selection.status not in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}:
            return _answer(selection.status, headers)
        response = web.StreamResponse(status=selection.status, headers=headers)
        response.content_length = selection.stop - selection.start
        if request.method == "HEAD":
            return response
        octets, event = await self._stream(request, response, reader, selection)
        self._count(event, octets)
        if event is not FileEvent.SENT:
            response.force_close()
            if event is not FileEvent.SENDING_CUT and request.transport is not None:
                # The rest of the body never comes, and a device that does not read would not take a farewell either.
                request.transport.abort()
        try:
            to_end = event is FileEvent.SENT and selection.stop == offer.size
            await self._desk.downloaded(offer.transfer_id, octets, to_end=to_end)
        except DeskUnavailableError:  # the note only says how far the device got
            self._count(FileEvent.DESK_UNAVAILABLE, 0)
        return response

    async def _stream(
        self, request: web.BaseRequest, response: web.StreamResponse, reader: StoredReader, selection: Selection
    ) -> tuple[int, FileEvent]:
        """Send the octets selected; how many went out, and how it ended."""
        offset = selection.start
        try:
            await response.prepare(request)
            while offset < selection.stop:
                block = await reader.read(offset, min(BLOCK, selection.stop - offset))
                if not block:
                    raise FileMissingError("the file has become shorter")
                async with asyncio.timeout(self._limits.block_timeout):
                    await response.write(block)
                offset += len(block)
            async with asyncio.timeout(self._limits.block_timeout):
                await _flush(request)
        except TimeoutError:
            event = FileEvent.SENDING_STALLED
        except ConnectionError:
            event = FileEvent.SENDING_CUT
        except FolderError as error:
            event = _event_of(error)
        else:
            event = FileEvent.SENT
        return offset - selection.start, event

    async def _upload(self, request: web.BaseRequest, transfer_id: int) -> web.StreamResponse:
        slot = await self._desk.slot(transfer_id)
        if slot is None:
            self._count(FileEvent.ENDED, 0)
            return _answer(HTTPStatus.NOT_FOUND)
        # A body without a length is none in HTTP, and an empty file must not take the place of a good one by mistake.
        if "Content-Length" not in request.headers and "Transfer-Encoding" not in request.headers:
            return _answer(HTTPStatus.LENGTH_REQUIRED)
        # A part of a file is not to be mistaken for the file (RFC 9110 14.5).
        if "Content-Range" in request.headers:
            return _answer(HTTPStatus.BAD_REQUEST)
        try:
            body = UploadBody(request, slot.max_bytes, self._limits.block_timeout)
            stored = await self._take(request, body, slot)
        except (BodyError, FileTooLargeError) as error:
            status = error.status if isinstance(error, BodyError) else HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            self._count(_event_of(error), 0)
            response = _answer(status)
            response.force_close()
            return response
        return await self._record(request, transfer_id, body, stored)

    async def _take(self, request: web.BaseRequest, body: UploadBody, slot: Slot) -> StoredFile:
        async with self._folder.incoming(slot.max_bytes) as incoming:
            await _continue(request)
            while block := await body.block():
                await incoming.write(block)
            return await incoming.keep()

    async def _record(
        self, request: web.BaseRequest, transfer_id: int, body: UploadBody, stored: StoredFile
    ) -> web.StreamResponse:
        # If the desk fails here the file may be recorded or not, so it stays; the sweep knows later.
        receipt = await self._desk.received(
            transfer_id,
            ReceivedFile(
                key=stored.key,
                size=stored.size,
                sha256=stored.sha256,
                file_name=body.file_name,
                content_type=body.content_type,
                content_encoding=body.content_encoding,
            ),
        )
        unnamed = receipt.superseded if receipt.recorded else stored.key
        if unnamed is not None:
            try:
                await self._folder.delete(unnamed)
            except FolderError as error:  # the sweep tries again
                self._count(_event_of(error), 0)
        if not receipt.recorded:
            self._count(FileEvent.ENDED, 0)
            return _answer(HTTPStatus.NOT_FOUND)
        self._count(FileEvent.RECEIVED, stored.size)
        # What the device created is 201 by the word of PUT (RFC 9110 9.3.4); a form's answer is 200.
        created = request.method == "PUT" and receipt.superseded is None
        return _answer(HTTPStatus.CREATED if created else HTTPStatus.OK)

    def _later(self, event: FileEvent) -> web.Response:
        self._count(event, 0)
        least, most = self._limits.retry_after_least, self._limits.retry_after_most
        seconds = least + int(self._chance() * (most - least + 1))
        return _answer(HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": str(seconds)})


def _headers_of(offer: Offer, selection: Selection) -> dict[str, str]:
    headers = {
        "Server": _BANNER,
        "Accept-Ranges": "bytes",
        "ETag": entity_tag(offer.sha256),
        # The address is a secret of the device, and the octets are what the checksum is of.
        "Cache-Control": "private, no-transform",
    }
    match selection.status:
        case HTTPStatus.OK | HTTPStatus.PARTIAL_CONTENT:
            headers["Content-Type"] = offer.content_type
            shown = "".join(letter if " " <= letter <= "~" else "_" for letter in offer.file_name)
            headers["Content-Disposition"] = f"attachment; filename={quoted(shown)}"
            if selection.status is HTTPStatus.PARTIAL_CONTENT:
                headers["Content-Range"] = f"bytes {selection.start}-{selection.stop - 1}/{offer.size}"
        case HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            headers["Content-Range"] = f"bytes */{offer.size}"
    return headers


def _answer(status: HTTPStatus, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(status=status, headers={"Server": _BANNER, **(headers or {})})


def _event_of(error: BodyError | FolderError) -> FileEvent:
    match error:
        case TooLongBodyError() | FileTooLargeError():
            return FileEvent.TOO_LARGE
        case StalledBodyError():
            return FileEvent.RECEIVING_STALLED
        case BodyError():
            return FileEvent.RECEIVING_CUT
        case FileMissingError():
            return FileEvent.FILE_MISSING
        case FolderFullError():
            return FileEvent.DISK_FULL
        case _:
            return FileEvent.DISK_FAILED


async def _flush(request: web.BaseRequest) -> None:
    """Wait until the kernel has all that was written; a device that stalls at the very end is found out too."""
    transport = request.transport
    if transport is not None:
        # Not 0: with TLS asyncio would then find its empty buffer too full, and wait for the device's next word.
        transport.set_write_buffer_limits(high=1, low=0)
        await request.writer.drain()
        transport.set_write_buffer_limits()
    if request.transport is None:
        raise ConnectionResetError("the device left")


async def _continue(request: web.BaseRequest) -> None:
    """Ask a device for its body if it waits for that (RFC 9110 10.1.1): aiohttp leaves it to its applications."""
    if request.version == HttpVersion11 and request.headers.get("Expect", "").strip().lower() == "100-continue":
        with contextlib.suppress(ConnectionError):  # reading the body says it
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        # The answer proper has not begun.
        request.writer.output_size = 0
