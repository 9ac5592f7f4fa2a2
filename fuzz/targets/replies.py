"""What servers and devices answer: to simulated devices, and to the connection requests of the ACS."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, cast

from acs.connection_request.http import MAX_HEAD, MAX_SKIPPED_BODY, AnswerError, read_answer
from fuzz.draw import Draw, pieces
from fuzz.running import finished
from fuzz.target import Target
from simulators.client.connection import Connection, Reply


class _Transport:
    """Goes nowhere."""

    def close(self) -> None:
        """Nothing is to be closed."""


class _Owner:
    """Keeps the first thing that it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[object, ...]] = []

    def replied(self, reply: Reply) -> None:
        """A reply has come."""
        told = (reply.status, reply.headers, reply.body, reply.keeps_alive, reply.is_encoded)
        self.told.append(told)

    def continued(self) -> None:
        """Whether this is told depends on the pieces."""

    def lost(self, why: str) -> None:
        """There is no reply."""
        self.told.append((why,))


def _replies(data: bytes) -> None:
    """Whoever waits is told of one end exactly, and of the same reply however it comes."""
    draw = Draw(data)
    sizes = [draw.octet() or 1, draw.octet() or 1]
    copies = draw.below(3)
    octets = draw.rest()
    whole, parted = _told([octets], copies), _told(pieces(octets, sizes), copies)
    assert len(whole) == len(parted) == 1, f"{whole}, {parted}"
    # What stands behind a reply in the same piece can spoil it; in a piece of its own it cannot.
    if len(whole[0]) > 1:
        assert whole == parted, f"{whole}, but in pieces {parted}"


def _told(parts: Sequence[bytes], copies: int) -> list[tuple[object, ...]]:
    connection, owner = Connection(), _Owner()
    connection.connection_made(cast("Any", _Transport()))
    connection.expect(owner, copies)
    for part in parts:
        connection.data_received(part)
        if not connection.is_open:
            break
    connection.connection_lost(None)
    assert not connection.is_open
    return owner.told


def _answers(data: bytes) -> None:
    """Of an answer the head is read, within its bound, and no more of the body than is announced."""
    reader = asyncio.StreamReader(limit=MAX_HEAD, loop=cast("Any", _LOOP))
    reader.feed_data(data)
    reader.feed_eof()
    try:
        answer = finished(read_answer(reader))
    except (AnswerError, OSError):
        return
    assert 0 <= answer.status <= 999
    assert sum(map(len, answer.challenges)) <= MAX_HEAD
    assert answer.body_length is None or 0 <= answer.body_length <= MAX_SKIPPED_BODY


class _Loop:
    """Nobody waits, so that it has nothing to do."""

    def get_debug(self) -> bool:
        """It says no more than it must."""
        return False


_LOOP: Final = _Loop()
_WORDS: Final = (
    b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 401 Unauthorized\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.0 204\r\n",
    b"HTTP/1.1 101 S\r\nUpgrade: a\r\nConnection: upgrade\r\n\r\n", b"Content-Length: 0\r\n",
    b"Content-Length: 3\r\n\r\nabc", b"Transfer-Encoding: chunked\r\n\r\n", b"3\r\nabc\r\n0\r\n\r\n",
    b"WWW-Authenticate: Digest ", b"Set-Cookie: a=b\r\n", b"Connection: close\r\n", b"Content-Encoding: gzip\r\n",
    b"Location: http://a/\r\n", b"\r\n\r\n", b"\n", b"\r\n ", b":",
)  # fmt: skip
TARGETS: Final = {
    "answers": Target("answers", _answers, longest=1024, words=_WORDS),
    "replies": Target("replies", _replies, longest=1024, words=_WORDS),
}
