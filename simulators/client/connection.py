"""One connection to a server: a request at a time, each with its reply; read by a C parser."""

import asyncio
import socket
import ssl
import struct
from dataclasses import dataclass, field
from typing import Final, Protocol, cast

import httptools

MAX_BODY: Final = 16 * 1024 * 1024
"""How long a reply may be."""
_MAX_HEAD: Final = 64 * 1024
# Those that a device looks at.
_READ: Final = frozenset({b"set-cookie", b"www-authenticate", b"location", b"retry-after", b"content-encoding"})
_RESET: Final = struct.pack("ii", 1, 0)
_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})


@dataclass(slots=True)
class Reply:
    """An HTTP reply."""

    status: int
    """Its code."""
    headers: list[tuple[bytes, bytes]]
    """Those that a device looks at: names in lower case, and values."""
    body: bytes = field(repr=False)
    """What followed."""
    keeps_alive: bool
    """Whether the connection may be used again."""

    def values(self, name: bytes) -> list[str]:
        """The values of one header."""
        return [value.decode("utf-8", "surrogateescape") for key, value in self.headers if key == name]

    @property
    def is_encoded(self) -> bool:
        """Whether the body is compressed, which no device asks for."""
        return any(key == b"content-encoding" and value.lower() != b"identity" for key, value in self.headers)


class Owner(Protocol):
    """Whoever waits for a reply."""

    def replied(self, reply: Reply) -> None:
        """The reply has come."""

    def continued(self) -> None:
        """The server waits for the body of the request."""

    def lost(self, why: str) -> None:
        """The connection is gone, or what came is no reply: a short reason."""


class Connection(asyncio.Protocol):
    """One connection."""

    __slots__ = (
        "_body",
        "_head",
        "_headers",
        "_is_continued",
        "_is_framed",
        "_is_heard",
        "_is_surplus",
        "_made_nothing_of",
        "_owner",
        "_parser",
        "_reply",
        "_requests",
        "_size",
        "_skipped",
        "_to_skip",
        "_transport",
        "is_open",
    )

    def __init__(self) -> None:
        self.is_open = False
        """Whether requests can be sent."""
        self._owner: Owner | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self._head = self._size = self._made_nothing_of = 0
        self._requests = self._to_skip = self._skipped = 0
        # Whether anything has come since the last request, and what was made of it.
        self._is_heard = self._is_continued = self._is_surplus = False
        self._reply: Reply | None = None
        # None until the head of a reply is complete; then whether the reply itself says where it ends.
        self._is_framed: bool | None = None

    @property
    def was_left(self) -> bool:
        """Whether a server may have closed it because nothing had come for a while: no word of this request's reply
        came, and it was not the first."""
        return self._requests > 1 and not self._is_heard

    @property
    def transport(self) -> asyncio.Transport:
        """What it writes to."""
        return self._transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Requests may begin."""
        self._transport = cast("asyncio.Transport", transport)
        self._parser = httptools.HttpResponseParser(self)
        self.is_open = True

    def connection_lost(self, exc: Exception | None) -> None:
        """Some replies end so; whoever waits for another has waited in vain."""
        self.is_open = False
        parser, self._parser = self._parser, None
        if parser is not None and self._owner is not None and self._is_framed is False and exc is None:
            self._deliver(Reply(parser.get_status_code(), self._headers, b"".join(self._body), keeps_alive=False))
        else:
            self._give_up("connection cut")

    def data_received(self, data: bytes) -> None:
        """Some more of a reply."""
        parser = self._parser
        if parser is None:
            return
        self._is_heard = True
        self._made_nothing_of += len(data)
        try:
            parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._give_up("not HTTP")
            self.close()
            return
        if self._made_nothing_of > _MAX_HEAD and self._parser is not None:
            # The parser gathers a header until its end comes.
            self._give_up("endless headers")
            self.close()
            return
        reply = self._reply
        if self._is_surplus:
            # It says more than it was asked: what comes next would be taken for the answer to something else.
            self.is_open = False
        if reply is not None:
            self._reply = None
            self._deliver(reply)
        elif self._is_continued:
            self._is_continued = False
            if self._owner is not None:
                self._owner.continued()

    def expect(self, owner: Owner, copies: int = 0) -> None:
        """A request is written now; the owner gets the reply. Those to further copies of it are not looked at."""
        self._owner = owner
        self._is_heard = False
        self._requests += 1
        self._to_skip = copies

    def read_late(self, seconds: float) -> None:
        """Look at nothing that comes for a while."""
        self._transport.pause_reading()
        asyncio.get_running_loop().call_later(seconds, self._read_again)

    def close(self) -> None:
        """Hang up once all is sent; nobody is told."""
        self._forget()
        self._transport.close()

    def abort(self) -> None:
        """Hang up without a farewell, as a device that lost its power."""
        self._forget()
        connection = self._transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._transport.abort()

    def on_message_begin(self) -> None:
        """A reply begins."""
        self._headers, self._body = [], []
        self._head = self._size = self._made_nothing_of = 0
        self._is_framed = None

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header of the reply."""
        self._made_nothing_of = 0
        self._head += len(name) + len(value)
        if self._head > _MAX_HEAD:
            self._give_up("endless headers")
            self.close()
            return
        name = name.lower()
        if name in _READ:
            self._headers.append((name, value))
        elif name in _FRAMING:
            self._is_framed = True

    def on_headers_complete(self) -> None:
        """The head of the reply is complete."""
        if self._is_framed is None:
            self._is_framed = False

    def on_body(self, piece: bytes) -> None:
        """A piece of the body."""
        self._made_nothing_of = 0
        self._keep(piece)

    def _keep(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > MAX_BODY:
            self._give_up("endless body")
            self.close()
            return
        self._body.append(piece)

    def on_message_complete(self) -> None:
        """A reply is complete; it is looked at once the parser has returned."""
        parser = self._parser
        if parser is None:
            return
        status = parser.get_status_code()
        if status < 200:
            self._is_continued |= status == 100
        elif self._skipped:
            self._skipped -= 1
        elif self._owner is None or self._reply is not None:
            self._is_surplus = True
        else:
            self._skipped, self._to_skip = self._to_skip, 0
            self._reply = Reply(status, self._headers, b"".join(self._body), parser.should_keep_alive())

    def _deliver(self, reply: Reply) -> None:
        owner, self._owner = self._owner, None
        if owner is not None:
            owner.replied(reply)

    def _give_up(self, why: str) -> None:
        owner, self._owner = self._owner, None
        if owner is not None:
            owner.lost(why)

    def _read_again(self) -> None:
        if self.is_open:
            self._transport.resume_reading()

    def _forget(self) -> None:
        self.is_open = False
        # The parser holds us, and we must not wait for the collector.
        self._owner = self._parser = self._reply = None


def why_not(error: Exception) -> str:
    """Why there is no connection, in a word or two."""
    return "bad certificate" if isinstance(error, ssl.SSLCertVerificationError) else "no connection"
