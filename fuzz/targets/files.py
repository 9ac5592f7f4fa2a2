"""The addresses of files, ranges of them, and the forms that bring some."""

import hashlib
import re
from asyncio import Runner
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from typing import Any, Final, cast

from aiohttp import web
from multidict import CIMultiDict
from pydantic import TypeAdapter

from acs.domain.intake import FileError, FileFault, FormBody
from acs.domain.transfer import TransferDirection
from acs.files.addresses import MAX_URL_LENGTH, AddressError, FileAddresses
from acs.files.bodies import BodyError, UploadBody
from acs.files.intake import FileIntake
from acs.files.ranges import entity_tag, select
from acs.files.store import FileTooLargeError
from api.problems import Problem
from api.reading import checked
from api.resources.firmware_images import ImageFields
from fuzz.draw import Draw, pieces
from fuzz.target import Target

_ADDRESSES: Final = FileAddresses("http://acs.example.net:7547", (b"k" * 16, b"l" * 16))
_SIGNED: Final = _ADDRESSES.download_url(12, "a.bin").rpartition("/files/")[2].partition("/")[0]
_TAG: Final = entity_tag(hashlib.sha256(b"").hexdigest())
_MOST: Final = 1024
_RUNNER: Final = Runner()
_IMAGE: Final = TypeAdapter(ImageFields)


def _files(data: bytes) -> None:
    """Only what was signed leads to a file, names fit into addresses, and no range leaves its file."""
    draw = Draw(data)
    direction, number = draw.choice(tuple(TransferDirection)), 1 + draw.number(7)
    name = draw.text()
    url = (_ADDRESSES.download_url if direction is TransferDirection.DOWNLOAD else _ADDRESSES.upload_url)(number, name)
    assert len(url) <= MAX_URL_LENGTH
    assert url.isascii() and url.isprintable() and url.count("/") == 5  # noqa: PT018
    key = _ADDRESSES.transfer_of(url.removeprefix("http://acs.example.net:7547"), None)
    assert (key.direction, key.transfer_id) == (direction, number)
    path, authorization = draw.text(), draw.text()
    with suppress(AddressError):
        _ADDRESSES.transfer_of(path, authorization)
        assert _SIGNED in path or "Basic" in authorization or "basic" in authorization.lower(), path
    headers: CIMultiDict[str] = CIMultiDict()
    for header in ("Range", "If-Match", "If-None-Match", "If-Range"):
        if draw.octet() % 2:
            headers[header] = draw.text()
    size = draw.choice((0, 1, 100, 1 << 40))
    selection = select(draw.choice(("GET", "HEAD")), headers, _TAG, size)
    assert 0 <= selection.start <= selection.stop <= size
    if selection.status is HTTPStatus.PARTIAL_CONTENT:
        assert selection.start < selection.stop


class _File:
    """A file on its way in, that goes nowhere."""

    def __init__(self, most: int) -> None:
        self.octets = b""
        self.most = most

    async def write(self, octets: bytes) -> None:
        """Keep some more."""
        self.octets += octets
        if len(self.octets) > self.most:
            raise FileTooLargeError("it is too long")

    @property
    def size(self) -> int:
        """How long it is."""
        return len(self.octets)


class _Folder:
    """Where such files are."""

    @asynccontextmanager
    async def incoming(self, most: int) -> AsyncIterator[_File]:
        """One more."""
        yield _File(most)


def _forms(data: bytes) -> None:
    """In pieces a form is read as in one piece; what it says beside the file fits or is refused by name."""
    draw = Draw(data)
    sizes = [draw.octet() or 1, draw.octet() or 1]
    content_type = draw.choice(("multipart/form-data; boundary=x", draw.text()))
    octets = draw.rest()
    whole = _RUNNER.run(_taken(content_type, [octets]))
    parted = _RUNNER.run(_taken(content_type, pieces(octets, sizes)))
    # Where the bound is passed, what was found before it depends on the pieces.
    if FileFault.TOO_LARGE not in (whole, parted):
        assert whole == parted, f"{whole}, but in pieces {parted}"


async def _taken(content_type: str, parts: list[bytes]) -> object:
    waiting = list(parts)

    async def read(count: int) -> bytes:
        del count
        return waiting.pop(0) if waiting else b""

    async def before_file(fields: Mapping[str, str]) -> None:
        with suppress(Problem):
            checked(_IMAGE, fields)

    intake = FileIntake(cast("Any", _Folder()), 5.0)
    try:
        async with intake.take(FormBody(content_type, None, read), _MOST, before_file, lambda _: None) as taken:
            # It is ours: only FileIntake makes them.
            file = cast("Any", taken)._incoming  # noqa: SLF001
            assert not re.search(r"[/\\\x00-\x1f]", taken.file_name)
            return taken.fields, taken.file_name, file.octets
    except FileError as error:
        return error.fault


class _Content:
    """A body that comes in pieces."""

    def __init__(self, parts: list[bytes]) -> None:
        self._parts = list(parts)
        self.total_bytes = 0

    async def read(self, count: int) -> bytes:
        """The next piece, as much of it as is asked for."""
        part = self._parts.pop(0) if self._parts else b""
        if len(part) > count:
            self._parts.insert(0, part[count:])
            part = part[:count]
        self.total_bytes += len(part)
        return part


class _Request:
    """What an upload is read from."""

    def __init__(self, headers: CIMultiDict[str], parts: list[bytes]) -> None:
        self.headers = headers
        self.content = _Content(parts)
        self.content_length = None
        self.content_type = headers.get("Content-Type", "").partition(";")[0].strip().lower()


def _uploads(data: bytes) -> None:
    """In pieces an upload is read as in one piece; no more is taken than there is room for."""
    draw = Draw(data)
    sizes = [draw.octet() or 1, draw.octet() or 1]
    headers: CIMultiDict[str] = CIMultiDict()
    headers["Content-Type"] = draw.choice(("multipart/form-data; boundary=x", draw.text()))
    headers["Content-Encoding"] = draw.text()
    octets = draw.rest()
    whole, parted = _uploaded(headers, [octets]), _uploaded(headers, pieces(octets, sizes))
    assert whole == parted, f"{whole}, but in pieces {parted}"


def _uploaded(headers: CIMultiDict[str], parts: list[bytes]) -> object:
    return _RUNNER.run(_blocks(headers, parts))


async def _blocks(headers: CIMultiDict[str], parts: list[bytes]) -> object:
    try:
        body = UploadBody(cast("web.BaseRequest", _Request(headers, parts)), _MOST, 5.0)
        octets = b""
        while block := await body.block():
            octets += block
    except BodyError as error:
        return type(error)
    for word in (body.content_type, body.content_encoding):
        assert len(word) <= 127 and word.isascii() and word.isprintable() and " " not in word  # noqa: PT018
    assert not re.search(r"[/\\\x00-\x1f]", body.file_name)
    return octets, body.file_name, body.content_type


_FORM_WORDS: Final = (
    b"multipart/form-data; boundary=x", b"\r\n--x\r\n", b"\r\n--x--\r\n",
    b'Content-Disposition: form-data; name="file"', b'; filename="a.bin"', b"filename*=utf-8''a%20b", b'name="name"',
    b'name="version"', b'name="applicability"', b"\r\n\r\n", b"Content-Type: application/octet-stream", b"text/plain",
    b"--x", b'{"types": ["a"]}', b"=?utf-8?q?a?=", b"name*0=fi; name*1=le", b"gzip",
)  # fmt: skip
TARGETS: Final = {
    each.name: each
    for each in (
        Target(
            "files",
            _files, longest=384,
            words=(
                b"/files/", _SIGNED.encode(), b"d12", b"u1-", b"/a.bin", b"Basic ZDEyOg==", b"bytes=0-1", b"bytes=-5",
                b"bytes=1-", b"bytes=0-0,2-3", _TAG.encode(), b'W/"', b"*", b"..", b"%2f", b"\xc3\xa9",
                b"999999999999999999",
            ),
        ),
        Target("forms", _forms, longest=1024, words=_FORM_WORDS),
        Target("uploads", _uploads, longest=1024, words=_FORM_WORDS),
    )
}  # fmt: skip
