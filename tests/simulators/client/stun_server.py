"""A STUN server as small as can be, written from RFC 3489 alone: it shares no line with what it tests."""

import asyncio
import hashlib
import hmac
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from tests.simulators.client.calling import PATIENCE


class StunServer(asyncio.DatagramProtocol):
    """Says where it sees whoever asks, or what the test wants said."""

    def __init__(self, password: str = "") -> None:
        self.password = password
        """With one, requests have to be signed."""
        self.seen_at: tuple[str, int] | None = None
        """What is said in place of the truth."""
        self.requests: asyncio.Queue[tuple[dict[int, bytes], tuple[str, int]]] = asyncio.Queue(1000)
        """The attributes of each request that was answered with success, and where it came from."""
        self.is_silent = False
        """Whether it only listens."""
        self.last = b""
        """The last request as it came."""
        self.refused = 0
        """How many were refused."""

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._transport.get_extra_info("sockname")[1])

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.last = data
        kind, length = struct.unpack_from("!HH", data)
        assert (kind, length) == (1, len(data) - 20)
        attributes, at = dict[int, bytes](), 20
        while at < len(data):
            number, length = struct.unpack_from("!HH", data, at)
            if number == 8:
                padded = data[:at] + bytes(-at % 64)
                good = hmac.new(self.password.encode(), padded, hashlib.sha1).digest() == data[at + 4 :]
                assert good, "the signature is wrong"
            attributes[number] = data[at + 4 : at + 4 + length]
            at += 4 + length
        if self.password and 8 not in attributes:
            self.refused += 1
            self._transport.sendto(struct.pack("!HH16sHH4s", 0x111, 8, data[4:20], 9, 4, b"\0\0\4\1"), addr)
            return
        if not self.is_silent:
            # Where the answer is to go, if that is said (RFC 3489 section 11.2.2).
            to = addr
            if 2 in attributes:
                to = socket.inet_ntoa(attributes[2][4:]), int.from_bytes(attributes[2][2:4], "big")
            self._transport.sendto(response(data, self.seen_at or addr), to)
        self.requests.put_nowait((attributes, addr))

    async def request(self) -> tuple[dict[int, bytes], tuple[str, int]]:
        """The next request that was answered with success."""
        async with asyncio.timeout(PATIENCE):
            return await self.requests.get()


def response(request: bytes, seen_at: tuple[str, int]) -> bytes:
    """The answer to a request, which says where it came from."""
    mapped = struct.pack("!BBH4s", 0, 1, seen_at[1], socket.inet_aton(seen_at[0]))
    return struct.pack("!HH16sHH8s", 0x101, 12, request[4:20], 1, 8, mapped)


@asynccontextmanager
async def stun_server(password: str = "") -> AsyncIterator[StunServer]:
    """A STUN server at a port of the kernel's choice."""
    server = StunServer(password)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: server, ("127.0.0.1", 0))
    try:
        yield server
    finally:
        transport.abort()
