"""Connections with deadlines of their own: nobody holds a socket by being slow (CWMP.md 8)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestHandler

from acs.cwmp_http.heads import plain_address
from acs.services.calling import Link

MAX_LINE: Final = 8 * 1024
MAX_FIELD: Final = 16 * 1024
"""A Digest header with the longest names there are is far from it."""

# No versions: whoever asks learns nothing that helps against us.
OURS: Final = {"Server": "aioacs"}
"""What stands in every answer."""

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Phase(Enum):
    """What a connection is waiting for."""

    SILENT = auto()
    """The first byte."""
    HEAD = auto()
    """The rest of a head."""
    BODY = auto()
    """The rest of a body."""
    BUSY = auto()
    """Us."""
    WRITING = auto()
    """The device, to take our answer."""
    IDLE = auto()
    """The next request."""


@dataclass(frozen=True, slots=True)
class Patience:
    """For how many seconds each of these may last."""

    first_byte: float
    """A new connection's silence."""
    head: float
    """A head on its way."""
    body: float
    """A body on its way; an answer too."""
    idle: float
    """A kept connection's silence: longer than any session's."""

    def of(self, phase: Phase) -> float | None:
        """The bound of a phase."""
        match phase:
            case Phase.SILENT:
                return self.first_byte
            case Phase.HEAD:
                return self.head
            case Phase.BODY | Phase.WRITING:
                return self.body
            case Phase.IDLE:
                return self.idle
            case Phase.BUSY:
                return None


class Connection(RequestHandler):
    """One connection, its phase and since when it is in it."""

    __slots__ = ("certificate", "link", "listener", "peer", "phase", "since")

    def __init__(self, listener: "Listener", loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            listener.server,
            loop=loop,
            keepalive_timeout=listener.patience.idle,
            # A peer that is gone is found by our deadlines, without a call of the system for each connection.
            tcp_keepalive=False,
            access_log=None,  # type: ignore[arg-type]  # the documented way to switch it off
            max_line_size=MAX_LINE,
            max_field_size=MAX_FIELD,
            auto_decompress=False,
            lingering_time=2.0,
        )
        self.listener = listener
        self.link = Link()
        self.certificate: str | None = None
        self.peer = "::"
        self.phase = Phase.SILENT
        self.since = listener.ticks

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See ``asyncio.Protocol``."""
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        if peer:
            self.peer = plain_address(peer[0])
        self.listener.opened(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        """See ``asyncio.Protocol``."""
        self.listener.closed(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See ``asyncio.Protocol``."""
        if self.phase is Phase.IDLE or self.phase is Phase.SILENT:
            self.phase, self.since = Phase.HEAD, self.listener.ticks
        super().data_received(data)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """See ``RequestHandler``."""
        listener = self.listener
        self.phase, self.since = Phase.WRITING, listener.ticks
        result = await super().finish_response(request, resp, start_time)
        self.phase, self.since = Phase.IDLE, listener.ticks
        return result

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """See ``RequestHandler``; what is wrong is not told, for it quotes the peer and names our parts."""
        answer = web.Response(status=super().handle_error(request, status, exc, message).status, headers=OURS)
        answer.force_close()
        return answer

    def log_exception(self, *args: object, **kw: object) -> None:
        """See ``RequestHandler``; what is no HTTP is the peer's doing, and must not fill the log."""
        error = kw.get("exc_info")
        if isinstance(error, HttpProcessingError | web.RequestPayloadError):
            self.listener.on_nonsense(self.peer, type(error).__name__)
        else:
            super().log_exception(*args, **kw)

    def enter(self, phase: Phase) -> None:
        """A phase begins."""
        self.phase = phase
        self.since = self.listener.ticks

    def abort(self) -> None:
        """Close at once, whatever is on the way."""
        transport = self.transport
        self.force_close()
        if isinstance(transport, asyncio.Transport):
            transport.abort()


class Listener:
    """The connections of one port."""

    def __init__(
        self,
        handler: Handler,
        patience: Patience,
        is_full: Callable[[], bool],
        retry_after: Callable[[], int],
        on_nonsense: Callable[[str, str], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self.ticks = self._loop.time()
        """The time when deadlines were last looked at: as exact as they are kept."""
        self.server = web.Server(handler, loop=self._loop)
        self.patience = patience
        self._is_full = is_full
        self._retry_after = retry_after
        self.on_nonsense = on_nonsense
        """Called with an address and what it sent instead of HTTP."""
        self.connections: set[Connection] = set()
        """Those that are open."""
        self.is_secure = False
        """Whether it speaks TLS."""

    def __call__(self) -> Connection:
        """A protocol for a new connection."""
        return Connection(self, self._loop)

    def opened(self, connection: Connection) -> None:
        """A connection has come in; past the bound it is told to come later."""
        if self._is_full():
            transport = connection.transport
            if isinstance(transport, asyncio.Transport):
                head = f"HTTP/1.1 503 Service Unavailable\r\nRetry-After: {self._retry_after()}\r\n"
                transport.write(f"{head}Content-Length: 0\r\nConnection: close\r\n\r\n".encode("ascii"))
            connection.force_close()
            return
        self.connections.add(connection)

    def closed(self, connection: Connection) -> None:
        """A connection is gone."""
        self.connections.discard(connection)

    def close_overdue(self) -> int:
        """Close the connections that keep us waiting; how many."""
        now = self._loop.time()
        overdue: list[Connection] = []
        for connection in self.connections:
            bound = self.patience.of(connection.phase)
            if connection.phase is Phase.IDLE and connection.link.device_id is None:
                # It never carried a session, so there is none to keep it for.
                bound = self.patience.body
            if bound is not None and now - connection.since > bound:
                overdue.append(connection)
        for connection in overdue:
            connection.abort()
        self.ticks = now
        return len(overdue)

    async def shutdown(self, seconds: float) -> None:
        """Let what is being answered end, and close."""
        await self.server.shutdown(seconds)
