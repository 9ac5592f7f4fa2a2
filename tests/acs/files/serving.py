"""A file server on a real socket, over a desk that keeps its records in memory."""

import asyncio
import contextlib
import hashlib
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from aiohttp import web

from acs.domain.transfer import (
    DeskUnavailableError,
    Offer,
    Receipt,
    ReceivedFile,
    Slot,
)
from acs.files.addresses import FileAddresses
from acs.files.limits import FileLimits
from acs.files.server import FileEvent, FileServer
from acs.files.store import FileFolder

KEY: Final = b"k" * 32
# Longer than what the small socket buffers below take.
LARGE: Final = bytes(range(256)) * 4096


@dataclass
class Desk:
    """Knows the open transfers, records what it is told, and can be away."""

    offers: dict[int, Offer] = field(default_factory=dict)
    slots: dict[int, Slot] = field(default_factory=dict)
    files: dict[int, ReceivedFile] = field(default_factory=dict)
    sent: list[tuple[int, int, bool]] = field(default_factory=list)
    away: bool = False

    async def offer(self, transfer_id: int) -> Offer | None:
        self._check()
        return self.offers.get(transfer_id)

    async def slot(self, transfer_id: int) -> Slot | None:
        self._check()
        return self.slots.get(transfer_id)

    async def received(self, transfer_id: int, file: ReceivedFile) -> Receipt:
        self._check()
        if transfer_id not in self.slots:
            return Receipt(recorded=False)
        earlier = self.files.get(transfer_id)
        self.files[transfer_id] = file
        return Receipt(recorded=True, superseded=earlier.key if earlier is not None else None)

    async def downloaded(self, transfer_id: int, octets: int, *, to_end: bool) -> None:
        self._check()
        self.sent.append((transfer_id, octets, to_end))

    def _check(self) -> None:
        if self.away:
            raise DeskUnavailableError("the database is away")


@dataclass
class Served:
    """A running server and what stands behind it."""

    desk: Desk
    folder: FileFolder
    addresses: FileAddresses
    port: int
    limits: FileLimits | None
    server: FileServer = field(init=False)
    events: list[tuple[FileEvent, int]] = field(default_factory=list)
    _firsts: dict[FileEvent, asyncio.Future[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.server = FileServer(
            self.addresses, self.desk, self.folder, chance=lambda: 0.5, limits=self.limits, on_event=self.note
        )

    def count(self, event: FileEvent) -> int:
        return sum(1 for seen, _ in self.events if seen is event)

    async def offering(self, content: bytes, *, transfer_id: int = 7, name: str = "image.bin") -> str:
        """Offer a file; where it is."""
        async with self.folder.incoming(len(content)) as incoming:
            await incoming.write(content)
            stored = await incoming.keep()
        self.desk.offers[transfer_id] = Offer(transfer_id, stored.key, name, len(content), sha256(content))
        return self.addresses.download_url(transfer_id, name)

    def expecting(self, *, transfer_id: int = 9, max_bytes: int = 1_000_000) -> str:
        """Make room for a file; where to send it."""
        self.desk.slots[transfer_id] = Slot(transfer_id, max_bytes)
        return self.addresses.upload_url(transfer_id, "device.log")

    async def content(self, transfer_id: int = 9) -> bytes:
        """What was received for a transfer."""
        async with self.folder.reader(self.desk.files[transfer_id].key) as reader:
            return await reader.read(0, reader.size)

    def files(self) -> list[Path]:
        """Every file in the folder, whole or not."""
        return [path for path in self.folder.root.rglob("*") if path.is_file()]

    async def happened(self, event: FileEvent) -> int:
        """Wait until something is counted for the first time; the octets counted with it."""
        return await self._future(event)

    def note(self, event: FileEvent, octets: int) -> None:
        self.events.append((event, octets))
        if not self._future(event).done():
            self._future(event).set_result(octets)

    def _future(self, event: FileEvent) -> asyncio.Future[int]:
        return self._firsts.setdefault(event, asyncio.get_running_loop().create_future())


@contextlib.asynccontextmanager
async def serving(
    root: Path,
    *,
    limits: FileLimits | None = None,
    folder: FileFolder | None = None,
    desk: Desk | None = None,
    small_buffers: bool = False,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Served]:
    """Run a server until the end of the block."""
    listening = socket.create_server(("127.0.0.1", 0))
    if small_buffers:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    port = listening.getsockname()[1]
    desk = desk or Desk()
    folder = folder or FileFolder(root / "files", keep_free=0)
    addresses = FileAddresses(f"{'https' if tls else 'http'}://127.0.0.1:{port}", (KEY,))
    served = Served(desk, folder, addresses, port, limits)
    # As the listener makes it; there is nothing to linger for in tests.
    handlers = web.Server(served.server.handle, auto_decompress=False, lingering_time=0.1)
    listener = await asyncio.get_running_loop().create_server(handlers, sock=listening, ssl=tls)
    try:
        yield served
    finally:
        listener.close()
        await handlers.shutdown(1.0)
        await listener.wait_closed()
        await folder.close()


@dataclass
class Answer:
    """An answer as it came over the socket."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@contextlib.asynccontextmanager
async def connected(
    served: Served, *, small_buffers: bool = False
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A bare connection to the server."""
    connection = socket.socket()
    connection.setblocking(False)
    if small_buffers:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", served.port))
    reader, writer = await asyncio.open_connection(sock=connection, limit=4096)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def read_answer(reader: asyncio.StreamReader, method: str = "GET") -> Answer:
    """The next answer on a bare connection."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    status_line, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    status = int(status_line.split()[1])
    length = 0 if method == "HEAD" or status in {100, 304} else int(headers["content-length"])
    return Answer(status, headers, await reader.readexactly(length))


async def ask(served: Served, method: str, target: str, *lines: str, body: bytes = b"") -> Answer:
    """Send a request whose target goes out letter by letter; the answer."""
    async with connected(served) as (reader, writer):
        head = "\r\n".join((f"{method} {target} HTTP/1.1", "Host: acs", *lines, "", ""))
        writer.write(head.encode("utf-8") + body)
        return await read_answer(reader, method)


def path_of(url: str) -> str:
    """The path of an address."""
    return "/" + url.split("/", 3)[3]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
