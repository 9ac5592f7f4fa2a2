"""The file in the body of an upload: the body itself, or the first file of a form."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import ClassVar, Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from acs.files.forms import FormError, FormReader, file_name
from acs.files.store import BLOCK

# What a form may hold beside its file: boundaries, headers, other fields.
FORM_ALLOWANCE: Final = 64 * 1024
_MAX_NAME_LENGTH: Final = 255

_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_WORD: Final = re.compile(r"[a-z0-9!#$&^_.+/-]{1,127}")
_UNKNOWN_TYPE: Final = "application/octet-stream"


class BodyError(Exception):
    """Why the file in a body is not taken, with the status that says so::

    BodyError
     +-- TooLongBodyError      it is longer than the slot
     +-- StalledBodyError      it comes too slowly
     +-- BrokenBodyError       the connection ended, or the body's framing is wrong
     +-- BadFormError          the form cannot be read, or holds no file
    """

    status: ClassVar[HTTPStatus] = HTTPStatus.BAD_REQUEST


class TooLongBodyError(BodyError):
    """The body is longer than the slot."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class StalledBodyError(BodyError):
    """The body comes too slowly."""

    status = HTTPStatus.REQUEST_TIMEOUT


class BrokenBodyError(BodyError):
    """The connection ended within the body, or its framing is wrong."""


class BadFormError(BodyError):
    """The form cannot be read, or holds no file."""


class UploadBody:
    """Reads the file in a body block by block. It came in whole if no block raised BodyError."""

    def __init__(self, request: web.BaseRequest, max_bytes: int, block_timeout: float) -> None:
        """The body of a request, which nobody has read from. TooLongBodyError if it announces to be too long."""
        content_type = request.headers.get("Content-Type", "")
        is_form = request.content_type.startswith("multipart/")
        self.file_name = ""
        """What the device calls the file, once the first block is there."""
        self.content_type = "" if is_form else _media_type(content_type)
        """What the device says the file is, once the first block is there."""
        self.content_encoding = _token(request.headers.get("Content-Encoding", ""))
        """How the body is packed; empty if it is not."""
        self._content = request.content
        self._block_timeout = block_timeout
        self._max_body = max_bytes + FORM_ALLOWANCE if is_form else max_bytes
        self._part_open = False
        self._part_ended = False
        if request.content_length is not None and request.content_length > self._max_body:
            raise TooLongBodyError(f"the body has {request.content_length} octets")
        with _telling():
            self._form = FormReader(content_type, self._read) if is_form else None

    async def block(self) -> bytes:
        """The next block of the file, about 64 KiB but for the last; empty at the end of the file and of the body."""
        block = bytearray()
        with _telling():
            async with asyncio.timeout(self._block_timeout):
                while len(block) < BLOCK and (piece := await self._piece(BLOCK - len(block))):
                    block += piece
        return bytes(block)

    async def _piece(self, room: int) -> bytes:
        if self._form is None:
            return await self._read(room)
        if not self._part_open:
            head = await self._form.open_file()
            self.file_name = plain_file_name(file_name(head))
            self.content_type = _media_type(head.get("Content-Type", ""))
            self._part_open = True
        if not self._part_ended:
            if piece := await self._form.piece():
                return piece
            self._part_ended = True
            await self._form.check_boundary()
        # The file counts only when the whole form is there.
        while await self._read(BLOCK):
            pass
        return b""

    async def _read(self, count: int) -> bytes:
        octets = await self._content.read(count)
        # What has come in counts, not what was read: the fields of a form are no way round the limit.
        if self._content.total_bytes > self._max_body:
            raise TooLongBodyError(f"the body has more than {self._max_body} octets")
        return octets


@contextmanager
def _telling() -> Iterator[None]:
    """Turn what goes wrong while a body is read into BodyError."""
    try:
        yield
    except TimeoutError as error:
        raise StalledBodyError("the body comes too slowly") from error
    except FormError as error:
        raise BadFormError(str(error)) from error
    # aiohttp has a RuntimeError for a connection that ended before it was read from.
    except (ConnectionError, web.RequestPayloadError, HttpProcessingError, RuntimeError) as error:
        raise BrokenBodyError("the body ended early, or its framing is wrong") from error


def plain_file_name(claimed: str | None) -> str:
    """A name that may be stored and shown, without the folders before it."""
    # Some browsers and devices send the whole path they have it under.
    name = re.split(r"[/\\]", _UNPRINTABLE.sub("", claimed or ""))[-1]
    return name[:_MAX_NAME_LENGTH]


def _media_type(claimed: str) -> str:
    return _token(claimed.partition(";")[0]) or _UNKNOWN_TYPE


def _token(claimed: str) -> str:
    """A word from a header, fit to be stored and shown; empty if it is not."""
    word = claimed.strip().lower()
    return word if _WORD.fullmatch(word) else ""
