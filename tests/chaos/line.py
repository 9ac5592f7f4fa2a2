"""The network between devices and the server: it delays, and it breaks in the middle of what is said."""

import asyncio
import socket
import struct
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Final, Self

_PIECE: Final = 4_096
_RESET: Final = struct.pack("ii", 1, 0)


@dataclass(slots=True)
class Weather:
    """How bad the network is; it counts from the next connection on."""

    breaks: float = 0.0
    """The share of connections that break after some octets, in one direction or the other."""
    delays: float = 0.0
    """The share of pieces that come late."""
    longest: int = 3_000
    """Octets after which at the latest a connection breaks that does."""
    delay: float = 0.05
    """Seconds that a late piece takes at most."""


class Line:
    """Listens on a port of its own, and passes on what it hears: each connection to any of the servers."""

    def __init__(self, ports: Sequence[int], random: Random) -> None:
        self.weather = Weather()
        self._to = ports
        self._random = random
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0, backlog=512)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    @property
    def port(self) -> int:
        """Where devices call."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        this = asyncio.current_task()
        assert this is not None
        self._talks.add(this)
        this.add_done_callback(self._talks.discard)
        # That the run is over is no failure of a talk, as which asyncio would log it.
        with suppress(asyncio.CancelledError):
            await self._carry(reader, writer)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._random.choice(self._to))
        except OSError:
            _reset(writer)
            return
        random, weather = self._random, self.weather
        breaks_at = random.randint(1, weather.longest) if random.random() < weather.breaks else None
        is_up = random.random() < 0.5
        ways = [
            asyncio.create_task(self._pass(reader, far_writer, breaks_at if is_up else None)),
            asyncio.create_task(self._pass(far_reader, writer, None if is_up else breaks_at)),
        ]
        try:
            done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            if not any(each.result() for each in done):
                await asyncio.wait(ways)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for end in (writer, far_writer):
                _reset(end) if breaks_at is not None else end.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, breaks_at: int | None) -> bool:
        """Pass on what comes; whether the line broke."""
        passed, weather = 0, self.weather
        with suppress(OSError):
            while piece := await reader.read(_PIECE):
                if weather.delays and self._random.random() < weather.delays:
                    await asyncio.sleep(self._random.uniform(0, weather.delay))
                room = len(piece) if breaks_at is None else breaks_at - passed
                writer.write(piece[:room])
                passed += len(piece)
                await writer.drain()
                if room < len(piece):
                    return True
            if writer.can_write_eof():
                writer.write_eof()
            return False
        # One end is gone; the other one is to know.
        return True


def _reset(writer: asyncio.StreamWriter) -> None:
    """Hang up as a router does that loses its line: what is under way is lost."""
    talk: socket.socket | None = writer.get_extra_info("socket")
    if talk is not None:
        with suppress(OSError):
            talk.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.close()
