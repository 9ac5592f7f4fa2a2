"""A receiver of webhooks on a real socket, and news for it."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from acs.domain.delivery import Channel, Delivery, DeliveryState, NewDelivery

SECRET = "the secret of the tests".replace(" ", "-")
PAYLOAD = '{"event": "operation.completed", "id": "op_1", "status": "completed"}'


@dataclass(frozen=True)
class Received:
    """A request as it came."""

    line: str
    """Its first line."""
    headers: dict[str, str]
    """Its head."""
    body: bytes
    """Its body."""


@dataclass
class Receiver:
    """What listens."""

    port: int = 0
    answers: list[bytes] = field(default_factory=list)
    """The next answers; without any it takes what comes, with an empty one it says nothing."""
    received: list[Received] = field(default_factory=list)
    come: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    async def next(self) -> Received:
        """Wait for the next request."""
        async with asyncio.timeout(20):
            await self.come.acquire()
        return self.received[-1]


def status(code: int, headers: str = "") -> bytes:
    """An answer."""
    return f"HTTP/1.1 {code} X\r\n{headers}Content-Length: 0\r\n\r\n".encode()


@asynccontextmanager
async def receiving(
    *answers: bytes, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Receiver]:
    """A receiver until the end of the block."""
    receiver = Receiver(answers=list(answers))
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
            headers = {name: value for name, _, value in (each.partition(": ") for each in lines)}
            body = await reader.readexactly(int(headers["Content-Length"]))
            answer = receiver.answers.pop(0) if receiver.answers else status(204)
            receiver.received.append(Received(line, headers, body))
            writer.write(answer)
            await writer.drain()
            receiver.come.release()
            await reader.read()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(serve(reader, writer))
        tasks.add(task)

    server = await asyncio.start_server(accepted, host, port, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


def delivery(target: str, *, channel: Channel = Channel.WEBHOOK, payload: str = PAYLOAD) -> Delivery:
    """News on its way."""
    news = NewDelivery("dlv_1", "operation", "op_1", None, channel, target, "operation.completed", payload)
    return Delivery(1, news, DeliveryState.WAITING, 1, 0.0, "", 0.0, None)
