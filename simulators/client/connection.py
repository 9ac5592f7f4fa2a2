"""One connection to the ACS: a request at a time, each with its reply; read by a C parser."""

import asyncio
from dataclasses import dataclass, field
from typing import Final, Protocol, cast

import httptools

MAX_BODY: Final = 16 * 1024 * 1024
"""How long a reply may be."""
_MAX_HEAD: Final = 64 * 1024
_READ: Final = frozenset({b"set-cookie", b"www-authenticate", b"location", b"retry-after", b"content-length"})


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
        return [value.decode("latin-1") for key, value in self.headers if key == name]


class Owner(Protocol):
    """Whoever waits for a reply."""

    def replied(self, reply: Reply) -> None:
        """The reply has come."""

    def lost(self, why: str) -> None:
        """The connection is gone, or what came is no reply: a short reason."""


class Connection(asyncio.Protocol):
    """One connection."""

    __slots__ = ("_body", "_head", "_headers", "_owner", "_parser", "_size", "_transport", "is_open")

    def __init__(self) -> None:
        self.is_open = False
        """Whether requests can be sent."""
        self._owner: Owner | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self._head = self._size = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Requests may begin."""
        self._transport = cast("asyncio.Transport", transport)
        self._parser = httptools.HttpResponseParser(self)
        self.is_open = True

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever waits has waited in vain."""
        self.is_open = False
        # The parser holds us, and we must not wait for the collector.
        self._parser = None
        self._give_up("connection cut")

    def data_received(self, data: bytes) -> None:
        """Some more of a reply."""
        if self._parser is None:
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._give_up("not HTTP")
            self.close()

    def send(self, request: bytes, owner: Owner) -> None:
        """Send a request; the owner gets the reply."""
        self._owner = owner
        self._transport.write(request)

    def close(self) -> None:
        """Hang up; nobody is told."""
        self.is_open = False
        self._owner = self._parser = None
        self._transport.close()

    def abort(self) -> None:
        """Hang up without a farewell, as a device that lost its power."""
        self.is_open = False
        self._owner = self._parser = None
        self._transport.abort()

    def on_message_begin(self) -> None:
        """A reply begins."""
        self._headers, self._body = [], []
        self._head = self._size = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header of the reply."""
        self._head += len(name) + len(value)
        if self._head > _MAX_HEAD:
            self._give_up("endless headers")
            self.close()
            return
        name = name.lower()
        if name in _READ:
            self._headers.append((name, value))

    def on_body(self, piece: bytes) -> None:
        """A piece of the body."""
        self._size += len(piece)
        if self._size > MAX_BODY:
            self._give_up("endless body")
            self.close()
            return
        self._body.append(piece)

    def on_message_complete(self) -> None:
        """A reply is complete."""
        parser, owner = self._parser, self._owner
        if parser is None or owner is None or parser.get_status_code() == 100:
            return
        self._owner = None
        reply = Reply(parser.get_status_code(), self._headers, b"".join(self._body), parser.should_keep_alive())
        owner.replied(reply)

    def _give_up(self, why: str) -> None:
        owner, self._owner = self._owner, None
        if owner is not None:
            owner.lost(why)
