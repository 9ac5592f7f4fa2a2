"""The connections of one port."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from aiohttp import web

from acs.cwmp_http.connections import Connection, Handler
from acs.cwmp_http.file_connections import FileConnection
from acs.cwmp_http.patience import Patience
from acs.cwmp_http.requests import Budget
from acs.services.calling import Reply

FileHandler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Listener:
    """Makes the connections, knows them, and closes those that keep us waiting."""

    def __init__(
        self,
        handler: Handler,
        files: FileHandler,
        budget: Budget,
        patience: Patience,
        *,
        is_full: Callable[[], bool],
        come_later: Callable[[], Reply],
        on_nonsense: Callable[[str, str], None],
        is_secure: bool,
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.ticks = self.loop.time()
        """The time when deadlines were last looked at: as exact as they are kept."""
        self.handler = handler
        """Answers posts."""
        self.file_server = web.Server(files)
        """Answers those for files."""
        self.budget = budget
        """What bodies may hold."""
        self.patience = patience
        """How long connections may keep us waiting."""
        self.come_later = come_later
        """What those past the bound are told."""
        self.on_nonsense = on_nonsense
        """Called with an address and what it sent instead of HTTP."""
        self.is_secure = is_secure
        """Whether it speaks TLS."""
        self.connections: set[Connection | FileConnection] = set()
        """Those that are open."""
        self._is_full = is_full
        # Who waits for the last connection to go, while all are closed.
        self._emptied: asyncio.Event | None = None

    def __call__(self) -> Connection:
        """A protocol for a new connection."""
        return Connection(self)

    def opened(self, connection: Connection) -> bool:
        """A connection has come in; False if there are too many."""
        if self._is_full():
            return False
        self.connections.add(connection)
        return True

    def closed(self, connection: Connection | FileConnection) -> None:
        """A connection is gone."""
        self.connections.discard(connection)
        if not self.connections and self._emptied is not None:
            self._emptied.set()

    def replace(self, connection: Connection, successor: FileConnection) -> None:
        """A connection goes on as another one."""
        self.connections.discard(connection)
        self.connections.add(successor)

    def close_overdue(self) -> int:
        """Close the connections that keep us waiting; how many."""
        now = self.loop.time()
        overdue: list[Connection | FileConnection] = []
        for connection in self.connections:
            bound = self.patience.of(connection.phase, has_session=connection.link.device_id is not None)
            if bound is not None and now - connection.since > bound:
                overdue.append(connection)
        for connection in overdue:
            connection.abort()
        self.ticks = now
        return len(overdue)

    async def shutdown(self, seconds: float) -> None:
        """Let what is being answered end, and close."""
        busy = [each.task for each in self.connections if isinstance(each, Connection) and each.task is not None]
        if busy:
            await asyncio.wait(busy, timeout=seconds)
        await self.file_server.shutdown(seconds)
        for close in (Connection.close, Connection.abort):
            self._emptied = asyncio.Event()
            for connection in list(self.connections):
                if isinstance(connection, Connection):
                    close(connection)
            if self.connections:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        await self._emptied.wait()
