"""Word from one process to the others that there is work for a device.

It only saves waiting: whoever misses it finds the work in the database all the same.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final, Protocol

import asyncpg

_CHANNEL: Final = "aioacs_work"
_PAUSE: Final = 5.0
_CLOSE: Final = 2.0
_LISTEN: Final = 15.0
_MOST_DIGITS: Final = 18
WAITING: Final = 10_000
"""How many words may wait to be sent."""


class Signals(Protocol):
    """How processes tell each other."""

    @property
    def waiting(self) -> int:
        """How many words wait to be sent."""

    def announce(self, device_id: int) -> None:
        """There is work for a device; never waits, never fails."""

    async def run(self, heard: Callable[[int], object]) -> None:
        """Call ``heard`` for each device that any process announces, until cancelled."""


class NoSignals:
    """For a database that only one process uses."""

    waiting = 0

    def announce(self, device_id: int) -> None:
        """See ``Signals``."""

    async def run(self, heard: Callable[[int], object]) -> None:
        """See ``Signals``."""
        await asyncio.Event().wait()


class PostgresqlSignals:
    """LISTEN and NOTIFY on a connection of their own."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._queue: asyncio.Queue[int] = asyncio.Queue(WAITING)

    @property
    def waiting(self) -> int:
        """See ``Signals``."""
        return self._queue.qsize()

    def announce(self, device_id: int) -> None:
        """See ``Signals``."""
        if not self._queue.full():
            self._queue.put_nowait(device_id)

    async def run(self, heard: Callable[[int], object]) -> None:
        """See ``Signals``. A lost connection is made anew; what was announced meanwhile by others is missed."""
        while True:
            try:
                await self._run(heard)
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
                await asyncio.sleep(_PAUSE)

    async def _run(self, heard: Callable[[int], object]) -> None:
        connection = await asyncpg.connect(self._url)
        try:
            await connection.add_listener(_CHANNEL, _calling(heard))
            while True:
                try:
                    async with asyncio.timeout(_LISTEN):
                        device_id = await self._queue.get()
                except TimeoutError:
                    # A connection that is gone says so only when it is used.
                    await connection.execute("SELECT 1", timeout=_CLOSE)
                    continue
                await connection.execute("SELECT pg_notify($1, $2)", _CHANNEL, str(device_id), timeout=_CLOSE)
        finally:
            try:
                await connection.close(timeout=_CLOSE)
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
                connection.terminate()


def _calling(heard: Callable[[int], object]) -> Callable[..., None]:
    def called(_connection: Any, _process: int, _channel: str, payload: object) -> None:  # noqa: ANN401  asyncpg's
        # Whoever may connect to the database may say anything there.
        if isinstance(payload, str) and payload.isascii() and payload.isdigit() and len(payload) <= _MOST_DIGITS:
            heard(int(payload))

    return called
