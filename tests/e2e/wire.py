"""HTTP/1.1 from the device's side with every octet under the test's control.

Nothing is added to a head that the test did not ask for, nothing is retried, and a server that says nothing is an error
with a name:

    WireError
    ├── SilenceError      nothing, or no more, came in time
    ├── ClosedError       the server closed in the middle of an answer, or before one
    ├── UnreachableError  there was no connection to be had
    └── NotHttpError      what came is no HTTP
"""

import asyncio
import gzip
import ssl
import zlib
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

PATIENCE: Final = 10.0
"""Seconds for a whole answer; generous, since only a failure ever waits so long."""
_MAX_HEAD: Final = 64 * 1024

Headers = Iterable[tuple[str, str]]


class WireError(Exception):
    """The exchange came to nothing."""


class SilenceError(WireError):
    """Nothing, or no more, came in time."""


class ClosedError(WireError):
    """The server closed before its answer was complete."""

    def __init__(self, received: bytes) -> None:
        super().__init__(f"the server closed after {received[:80]!r}" if received else "the server closed unasked")
        self.received = received


class UnreachableError(WireError):
    """There was no connection to be had."""


class NotHttpError(WireError):
    """What came is no HTTP."""


@dataclass(frozen=True, slots=True)
class HttpReply:
    """A response."""

    status: int
    """Its status code."""
    reason: str
    """What stands behind the code."""
    headers: tuple[tuple[str, str], ...]
    """In their order, with the names as they were spelt."""
    body: bytes = field(repr=False)
    """Without any transfer coding."""
    version: str = "HTTP/1.1"
    """The protocol it was given in."""

    def all(self, name: str) -> tuple[str, ...]:
        """The values of all headers of a name."""
        return tuple(value for found, value in self.headers if found.lower() == name.lower())

    def first(self, name: str) -> str | None:
        """The value of the first header of a name."""
        return next(iter(self.all(name)), None)

    @property
    def closes(self) -> bool:
        """Whether it says that nothing more is taken on this connection."""
        said = (self.first("Connection") or "").lower()
        return said == "close" or (self.version == "HTTP/1.0" and said != "keep-alive")


class HttpConnection:
    """One TCP connection to a server."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, authority: str, patience: float = PATIENCE
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._authority = authority
        self._patience = patience
        self.is_spent = False
        """Whether part of a request stayed unsent, so that nothing can follow it."""

    @classmethod
    async def open(
        cls,
        host: str,
        port: int,
        *,
        tls: ssl.SSLContext | None = None,
        source: str | None = None,
        patience: float = PATIENCE,
    ) -> "HttpConnection":
        """Connect, from a given address of our own where one is named."""
        local = (source, 0) if source else None
        try:
            async with asyncio.timeout(patience):
                reader, writer = await asyncio.open_connection(host, port, ssl=tls, local_addr=local, limit=_MAX_HEAD)
        except TimeoutError:
            raise SilenceError(f"no connection to {host}:{port} within {patience} s") from None
        except OSError as error:
            raise UnreachableError(f"no connection to {host}:{port}: {error}") from error
        authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        return cls(reader, writer, authority=authority, patience=patience)

    # Sending, from whole requests down to octets.

    async def post(
        self,
        body: bytes,
        *,
        target: str = "/",
        headers: Headers = (),
        chunked: bool = False,
        expect_continue: bool = False,
        method: str = "POST",
    ) -> HttpReply:
        """Send a request and read its response.

        Host and the framing are added unless the headers say something else about them, wrong or right.
        """
        head, octets = self.request(body, target=target, headers=headers, chunked=chunked, method=method)
        if expect_continue:
            await self.write(head.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"))
            line, answered = await self._head()
            if line[1] != "100":
                # The body stays here, and nothing else can be sent where it is due (RFC 9110 section 10.1.1).
                self.is_spent = True
                return await self._rest(line, answered, method)
            head = b""
        # A server may answer, and close, before it has taken all of a body: so it is heard while we speak.
        reading, writing = asyncio.create_task(self.read(method)), asyncio.create_task(self.write(head + octets))
        try:
            await asyncio.wait({reading, writing}, return_when=asyncio.FIRST_COMPLETED)
            self.is_spent = not writing.done() or writing.exception() is not None
            return await reading
        finally:
            reading.cancel()
            writing.cancel()

    def request(
        self, body: bytes, *, target: str = "/", headers: Headers = (), chunked: bool = False, method: str = "POST"
    ) -> tuple[bytes, bytes]:
        """Head and body of a request as ``post`` sends them; several written in a row are a pipeline."""
        whole = list(headers)
        said = {name.lower() for name, _ in whole}
        if "host" not in said:
            whole.insert(0, ("Host", self._authority))
        if chunked and "transfer-encoding" not in said:
            whole.append(("Transfer-Encoding", "chunked"))
        elif not chunked and "content-length" not in said:
            whole.append(("Content-Length", str(len(body))))
        return self.head(method, target, whole), chunk(body) + LAST_CHUNK if chunked else body

    @staticmethod
    def head(method: str, target: str, headers: Headers) -> bytes:
        """The head of a request, with these headers and no other."""
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers), "", ""]
        return "\r\n".join(lines).encode("utf-8", "surrogateescape")

    async def write(self, octets: bytes) -> None:
        """Send octets as they are: a piece of a body, a chunk, rubbish."""
        async with self._in_time("taking what is sent"):
            self._writer.write(octets)
            await self._writer.drain()

    def half_close(self) -> None:
        """Say that nothing more will be sent, and go on listening."""
        self._writer.write_eof()

    # Reading.

    async def read_continue(self) -> None:
        """Wait for the 100 of ``Expect: 100-continue``."""
        line, _ = await self._head()
        if line[1] != "100":
            raise NotHttpError(f"{' '.join(line)} where 100 Continue was due")

    async def read(self, method: str = "POST") -> HttpReply:
        """Read the next response, past any 100 that comes before it."""
        line, headers = await self._head()
        while line[1] == "100":
            line, headers = await self._head()
        return await self._rest(line, headers, method)

    async def _rest(self, line: list[str], headers: tuple[tuple[str, str], ...], method: str) -> HttpReply:
        bare = HttpReply(int(line[1]), line[2], headers, b"", line[0])
        body = b"" if method == "HEAD" or bare.status in {204, 304} else await self._body(bare)
        return HttpReply(bare.status, bare.reason, headers, body, line[0])

    async def _head(self) -> tuple[list[str], tuple[tuple[str, str], ...]]:
        async with self._in_time("a response"):
            head = await self._reader.readuntil(b"\r\n\r\n")
        first, *lines = head[:-4].decode("utf-8", "surrogateescape").split("\r\n")
        line = [*first.split(" ", 2), "", ""][:3]
        if not line[0].startswith("HTTP/1.") or not line[1].isdigit():
            raise NotHttpError(f"no status line: {first[:80]!r}")
        headers = tuple((name, value.strip()) for name, _, value in (text.partition(":") for text in lines))
        return line, headers

    async def _body(self, reply: HttpReply) -> bytes:
        async with self._in_time(f"the body of a {reply.status}"):
            if (reply.first("Transfer-Encoding") or "").lower() == "chunked":
                return await self._chunks()
            length = reply.first("Content-Length")
            return await (self._reader.read() if length is None else self._reader.readexactly(int(length)))

    async def _chunks(self) -> bytes:
        whole = b""
        while size := int((await self._reader.readuntil(b"\r\n")).split(b";")[0], 16):
            whole += (await self._reader.readexactly(size + 2))[:-2]
        while await self._reader.readuntil(b"\r\n") != b"\r\n":
            pass
        return whole

    @asynccontextmanager
    async def _in_time(self, what: str) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._patience):
                yield
        except TimeoutError:
            raise SilenceError(f"the server was silent for {self._patience} s: {what} was due") from None
        except asyncio.IncompleteReadError as error:
            raise ClosedError(error.partial) from None
        except (asyncio.LimitOverrunError, ValueError) as error:
            raise NotHttpError(f"{what} cannot be read: {error}") from None
        except OSError:
            raise ClosedError(b"") from None

    # The end of a connection.

    @property
    def is_closed_by_server(self) -> bool:
        """Whether the server's end has reached us and all it said before is read."""
        return self._reader.at_eof() or self._reader.exception() is not None

    async def wait_closed_by_server(self) -> bytes:
        """Wait for the server to close; what it still said before."""
        try:
            async with asyncio.timeout(self._patience):
                return await self._reader.read()
        except TimeoutError:
            raise SilenceError(f"the server has not closed within {self._patience} s") from None
        except OSError:
            return b""

    def drop(self) -> None:
        """Close at once, as when the power goes: what was not sent yet is not sent."""
        self._writer.transport.abort()

    async def close(self) -> None:
        """Close in good order; what is cut short anyway, at once."""
        if self.is_spent:
            self.drop()
            return
        self._writer.close()
        try:
            async with asyncio.timeout(self._patience):
                await self._writer.wait_closed()
        except (OSError, TimeoutError):
            self.drop()


LAST_CHUNK: Final = b"0\r\n\r\n"
"""What ends a chunked body."""


def chunk(octets: bytes) -> bytes:
    """One chunk of a chunked body; nothing at all for no octets, which would end it."""
    return b"%x\r\n%b\r\n" % (len(octets), octets) if octets else b""


def gzipped(body: bytes) -> bytes:
    """A body for ``Content-Encoding: gzip``."""
    return gzip.compress(body, mtime=0)


def deflated(body: bytes) -> bytes:
    """A body for ``Content-Encoding: deflate``, with the zlib frame that RFC 9110 section 8.4.1.2 asks for."""
    return zlib.compress(body)
