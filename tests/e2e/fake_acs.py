"""An ACS that answers post after post with what a test has written down, and keeps every octet it was sent."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

ENVELOPE = (
    '<soap-env:Envelope xmlns:soap-env="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:soap-enc="http://schemas.xmlsoap.org/soap/encoding/" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:cwmp="urn:dslforum-org:cwmp-1-2"><soap-env:Header>'
    '<cwmp:ID soap-env:mustUnderstand="1">a1</cwmp:ID></soap-env:Header><soap-env:Body>%s</soap-env:Body>'
    "</soap-env:Envelope>"
)


def http(status: int, body: bytes = b"", *headers: str) -> bytes:
    """A response; one that has no body has no length but what is given."""
    length = [] if status in {204, 304} else [f"Content-Length: {len(body)}"]
    return "\r\n".join([f"HTTP/1.1 {status} So", *headers, *length, "", ""]).encode() + body


def says(content: str, *headers: str) -> bytes:
    """An envelope of the ACS with this message."""
    return http(200, (ENVELOPE % content).encode(), 'Content-Type: text/xml; charset="utf-8"', *headers)


def asks(method: str, content: str = "") -> bytes:
    """An RPC of the ACS."""
    return says(f"<cwmp:{method}>{content}</cwmp:{method}>")


INFORMED = asks("InformResponse", "<MaxEnvelopes>1</MaxEnvelopes>")
DONE = http(204)


@dataclass(frozen=True, slots=True)
class Got:
    """A request as it came."""

    connection: int
    """Counted from 1."""
    head: str
    """Everything before the body."""
    raw: bytes
    """The body with its transfer coding."""
    body: bytes
    """The body without it."""

    def header(self, name: str) -> str | None:
        """The value of a header."""
        lines = (line.partition(":") for line in self.head.split("\r\n")[1:])
        return next((value.strip() for found, _, value in lines if found.lower() == name.lower()), None)


@dataclass(slots=True)
class FakeAcs:
    """What the fake is told to say, and what it was told."""

    replies: list[bytes | None]
    """Answers in order; None closes the connection instead."""
    port: int = 0
    """Where it is."""
    got: list[Got] = field(default_factory=list)
    """Every request."""
    connections: int = 0
    """How many there were."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.connections += 1
        number = self.connections
        try:
            while (reply := await self._one(number, reader, writer)) is not None:
                writer.write(reply)
                await writer.drain()
                if b"\r\nConnection: close\r\n" in reply:
                    break
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _one(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes | None:
        head = (await reader.readuntil(b"\r\n\r\n"))[:-4].decode("latin-1")
        lower = head.lower()
        if "expect: 100-continue" in lower:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        raw = body = b""
        if "transfer-encoding: chunked" in lower:
            while (size := int(line := await reader.readuntil(b"\r\n"), 16)) > 0:
                piece = await reader.readexactly(size + 2)
                raw, body = raw + line + piece, body + piece[:-2]
            raw += line + await reader.readuntil(b"\r\n")
        else:
            length = next((line for line in lower.split("\r\n") if line.startswith("content-length:")), ": 0")
            raw = body = await reader.readexactly(int(length.partition(":")[2]))
        self.got.append(Got(number, head, raw, body))
        return self.replies.pop(0) if self.replies else http(500)


@asynccontextmanager
async def fake_acs(*replies: bytes | None) -> AsyncIterator[FakeAcs]:
    """Run one."""
    fake = FakeAcs(list(replies))
    server = await asyncio.start_server(fake.serve, "127.0.0.1", 0)
    fake.port = server.sockets[0].getsockname()[1]
    try:
        yield fake
    finally:
        server.close()
        await server.wait_closed()


def session(*rpcs: bytes) -> Sequence[bytes]:
    """The answers of a session in which the ACS asks for these."""
    return (INFORMED, *rpcs, DONE)
