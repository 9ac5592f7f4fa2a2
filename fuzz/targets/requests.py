"""What devices send over HTTP, in whatever pieces it comes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from acs.cwmp_http.reader import Reader, RefusedError
from acs.cwmp_http.requests import Body, BodyError, Budget, Request
from fuzz.draw import Draw, pieces
from fuzz.running import finished
from fuzz.target import Target

_BOUND: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class _Read:
    """What was made of octets."""

    requests: Sequence[tuple[object, ...]]
    """The requests, with their bodies if those are whole."""
    status: int | None
    """How they were refused."""
    wants_file: bool
    """Whether a file is asked for."""


def _requests(data: bytes) -> None:
    """In pieces it is read as in one piece, and nothing that it took is kept."""
    draw = Draw(data)
    sizes = [draw.octet() or 1, draw.octet() or 1]
    octets = draw.rest()
    whole, parted = _read([octets]), _read(pieces(octets, sizes))
    if not (whole.wants_file or parted.wants_file):
        assert whole == parted, f"{whole}, but in pieces {parted}"


def _read(parts: Sequence[bytes]) -> _Read:
    budget = Budget(_BOUND)
    reader = Reader(budget)
    status = None
    try:
        for part in parts:
            # From there on the file server reads.
            if reader.wants_file:
                break
            reader.feed(part)
    except RefusedError as error:
        status = error.status
    requests = list(reader.waiting)
    reader.stop("the end")
    read = [_told(each) for each in requests]
    for each in requests:
        each.body.drop()
    assert budget.used == 0, f"{budget.used} octets are held for nobody"
    return _Read(read, status, reader.wants_file)


def _told(request: Request) -> tuple[object, ...]:
    return (
        request.method,
        request.target,
        request.path,
        {name: list(values) for name, values in request.headers.items()},
        request.is_kept,
        request.is_old,
        request.is_held_back,
        _octets(request.body, request.header("content-encoding")),
    )


def _octets(body: Body, encoding: str | None) -> object:
    if not body.is_complete:
        return None
    try:
        return finished(body.read(_BOUND, encoding))
    except BodyError as error:
        return error.status


TARGETS: Final = {
    "requests": Target(
        "requests",
        _requests, longest=1024,
        words=(
            b"POST / HTTP/1.1\r\n", b"GET ", b"HEAD ", b"PRI * HTTP/2.0", b"/files/", b"http://a/", b" HTTP/1.0\r\n",
            b"Host: a\r\n", b"Content-Length: ", b"Transfer-Encoding: chunked\r\n", b"Expect: 100-continue\r\n",
            b"Connection: close\r\n", b"Connection: Upgrade\r\nUpgrade: h2c\r\n", b"Content-Encoding: gzip\r\n",
            b"Cookie: aioacs=", b"Authorization: Basic ", b"\r\n\r\n", b"0\r\n\r\n", b"5;a=b\r\nhello\r\n", b"\n",
            b"\r\n ", b"\x16\x03\x01",
        ),
    )
}  # fmt: skip
