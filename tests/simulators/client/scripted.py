"""A server that says exactly what a test wants, and a device that visits it."""

import asyncio
import gzip
import socket
import ssl
import struct
import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from cwmp_schemas.decode import decode
from cwmp_schemas.encode import encode
from cwmp_schemas.envelope import Envelope
from cwmp_schemas.messages import AcsRequest
from cwmp_schemas.rpc.session import InformResponse
from simulators.client.caller import Caller
from simulators.client.tls import ANY_CERTIFICATE
from simulators.client.visit import Visit
from simulators.device.chance import Chance
from simulators.device.cpe import Cpe
from simulators.device.identity import Identity
from simulators.device.quirks import PLAIN, Quirks
from simulators.device.random_faults import NO_FAULTS, RandomFaults
from simulators.device.timing import AT_ONCE
from simulators.tally import Tally
from tests.simulators.device.conversing import START, small_model

PATIENCE = 10.0
"""Seconds that only a failure ever waits."""


@dataclass(frozen=True)
class Heard:
    """A request that came."""

    connection: int
    """On which connection, from 1 on."""
    line: str
    """Its first line."""
    headers: tuple[tuple[str, str], ...]
    """Its headers, names in small letters."""
    body: bytes = field(repr=False)
    """What followed, without chunks."""

    def all(self, name: str) -> list[str]:
        """The values of a header."""
        return [value for key, value in self.headers if key == name]

    def one(self, name: str) -> str | None:
        """The value of a header that is there once at most."""
        values = self.all(name)
        assert len(values) < 2, values
        return values[0] if values else None

    @property
    def message(self) -> bytes:
        """The body without what it was compressed with."""
        match self.one("content-encoding"):
            case "gzip":
                return gzip.decompress(self.body)
            case "deflate":
                return zlib.decompress(self.body)
            case _:
                return self.body

    @property
    def target(self) -> str:
        """What is asked for."""
        return self.line.split(" ")[1]


@dataclass(frozen=True)
class Say:
    """What the server does when a request has come."""

    octets: bytes = b""
    """What it writes."""
    then: str = "stay"
    """``stay``, ``close`` or ``reset``."""


Script = Callable[[Heard], Say]


def reply(status: int, body: bytes = b"", *headers: str, then: str = "stay") -> Say:
    """An ordinary reply."""
    lines = [f"HTTP/1.1 {status} So", *headers, f"Content-Length: {len(body)}", "", ""]
    return Say("\r\n".join(lines).encode() + body, then)


def informed(heard: Heard) -> bytes:
    """The InformResponse to an Inform."""
    return encode(Envelope(decode(heard.message).envelope.id, InformResponse(), 2))


def asking(*rpcs: AcsRequest) -> Script:
    """An ACS that acknowledges the Inform, asks these and ends the session."""
    waiting = list(rpcs)

    def say(heard: Heard) -> Say:
        if b":Inform>" in heard.message:
            return reply(200, informed(heard))
        return reply(200, encode(Envelope("acs", waiting.pop(0), 2))) if waiting else reply(204)

    return say


def constant(said: Say) -> Script:
    """Says always the same."""
    return lambda _: said


def in_turn(*steps: Say | Script) -> Script:
    """Says one thing after the other, and then goes on as a plain ACS."""
    left, rest = list(steps), asking()

    def say(heard: Heard) -> Say:
        step = left.pop(0) if left else rest
        return step(heard) if callable(step) else step

    return say


def hang_up(transport: asyncio.BaseTransport) -> None:
    """Reset a connection."""
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert isinstance(transport, asyncio.WriteTransport)
    transport.abort()


class Server:
    """The server; it notes all that comes."""

    def __init__(self, script: Script, tls: ssl.SSLContext | None = None, *, expects: str = "100") -> None:
        """``expects`` says what a request that expects a 100 gets: that, ``nothing``, or the ``reply`` at once."""
        self.script = script
        self._expects = expects
        self._tasks: set[asyncio.Task[object] | None] = set()
        self.heard: list[Heard] = []
        """The requests, in the order in which they came."""
        self.port = 0
        """Where it listens."""
        self.connections = 0
        """How many there were."""
        self.ended = asyncio.Semaphore(0)
        """Released for each connection that has ended."""
        self.came = asyncio.Semaphore(0)
        """Released for each connection that comes about."""
        self.said = asyncio.Semaphore(0)
        """Released for each request that was dealt with."""
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        """How it is called."""
        return f"http{'s' if self._tls else ''}://127.0.0.1:{self.port}/acs/"

    async def start(self, host: str = "127.0.0.1") -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, host, 0, ssl=self._tls, limit=1 << 22)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Hang up on all."""
        assert self._server is not None
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await self._server.wait_closed()
        await asyncio.gather(*(task for task in self._tasks if task is not None))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        self.came.release()
        self._writers.add(writer)
        self._tasks.add(asyncio.current_task())
        try:
            while True:
                heard = await _request(reader, writer, number, self._expects)
                self.heard.append(heard)
                said = self.script(heard)
                writer.write(said.octets)
                self.said.release()
                if said.then == "reset":
                    await writer.drain()
                    hang_up(writer.transport)
                    return
                if said.then == "close":
                    return
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()
            self._writers.discard(writer)
            self.ended.release()
            with suppress(OSError):
                await writer.wait_closed()
            self._tasks.discard(asyncio.current_task())


async def _request(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int, expects: str = "100"
) -> Heard:
    head = (await reader.readuntil(b"\r\n\r\n"))[:-4].decode("latin-1")
    line, *lines = head.split("\r\n")
    headers = tuple((name.lower(), value.strip()) for name, _, value in (each.partition(":") for each in lines))
    said = dict(headers)
    if said.get("expect") == "100-continue" and expects == "reply":
        return Heard(number, line, headers, b"")
    if said.get("expect") == "100-continue" and expects == "100":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    if said.get("transfer-encoding") == "chunked":
        body = b""
        while size := int(await reader.readuntil(b"\r\n"), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readuntil(b"\r\n")
    else:
        body = await reader.readexactly(int(said.get("content-length", "0")))
    return Heard(number, line, headers, body)


@asynccontextmanager
async def serving(
    script: Script, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None, expects: str = "100"
) -> AsyncIterator[Server]:
    """A server that runs."""
    server = Server(script, tls, expects=expects)
    await server.start(host)
    try:
        yield server
    finally:
        await server.stop()


class Noting(Tally):
    """Counts, and tells a test when a reply has come."""

    def __init__(self) -> None:
        super().__init__(START)
        self.replies = asyncio.Semaphore(0)
        """Released for each; what follows from the reply at once has followed when the test goes on."""

    def reply(self, status: int) -> None:
        """See ``Tally``."""
        super().reply(status)
        self.replies.release()


class Visiting:
    """A device and its sessions, one after the other; its time is in the test's hands."""

    def __init__(
        self,
        url: str,
        *,
        quirks: Quirks = PLAIN,
        faults: RandomFaults = NO_FAULTS,
        tls: ssl.SSLContext = ANY_CERTIFICATE,
        username: str = "user",
        password: str = "secret",
        seed: int = 1,
    ) -> None:
        model = small_model()
        values = {"URL": url, "Username": username, "Password": password}
        model = model.with_values({model.management(name): value for name, value in values.items()})
        self.now = START
        """The time."""
        self.cpe = Cpe(
            model, Identity(model.device_id, 1), chance=Chance(seed), now=START, quirks=quirks, timing=AT_ONCE
        )
        """The device."""
        self.tally = Noting()
        """What was counted."""
        self.visit: Visit | None = None
        """The session."""
        self._caller = Caller(self.tally, lambda: self.now, tls=tls, faults=lambda _: faults)
        self._ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def begin(self) -> Visit:
        """Open a session."""
        self.cpe.advance(self.now)
        self.cpe.called(self.now)
        self._ended = ended = asyncio.get_running_loop().create_future()
        self.visit = self._caller.call(self.cpe, lambda _, how: ended.set_result(how))
        self.visit.start()
        return self.visit

    async def end(self) -> str:
        """Wait for its end."""
        async with asyncio.timeout(PATIENCE):
            return await self._ended

    async def session(self) -> str:
        """A whole session; how it ended."""
        self.begin()
        return await self.end()


async def visited(script: Script, count: int = 1, **ways: object) -> tuple[list[str], list[Heard], Visiting]:
    """Sessions of one device with a server: how they ended, what was heard, and the device."""
    async with serving(script) as server:
        device = Visiting(server.url, **ways)  # type: ignore[arg-type]
        outcomes = [await device.session() for _ in range(count)]
    return outcomes, server.heard, device


def bodies(heard: Sequence[Heard]) -> list[str]:
    """What was posted, in a word each."""
    return ["Inform" if b":Inform" in each.body else "answer" if each.body else "" for each in heard]
