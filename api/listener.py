"""The sockets of the API: how many are served at once, and for how long one may be slow.

aiohttp speaks HTTP here; what it would say or log by itself is said as everything else is.
"""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final

from aiohttp import web

from acs.services.tools import Tools
from api.app import Application

_BACKLOG: Final = 512
_KEEP_ALIVE: Final = 75.0
_DRAIN: Final = 5.0
_CLOSING: Final = 0.5
_LINGERING: Final = 2.0
_LONGEST_LINE: Final = 16 * 1024
_LONGEST_FIELD: Final = 8 * 1024
_MOST_FIELDS: Final = 100
# What a library says of a request quotes it, and our own line says the rest.
_SILENT: Final = logging.getLogger("aiohttp.server.silent")
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False


_Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class _Connection(web.RequestHandler):
    """One connection: refused beyond the bound, closed when a head takes too long."""

    __slots__ = ("_answered", "_head", "_is_busy", "_is_leaving", "_is_refused", "_listener", "_own_loop")

    def __init__(self, listener: "ApiListener", server: web.Server, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            server,
            loop=loop,
            keepalive_timeout=_KEEP_ALIVE,
            lingering_time=_LINGERING,
            logger=_SILENT,
            access_log=None,  # type: ignore[arg-type]  # as AppRunner passes it
            max_line_size=_LONGEST_LINE,
            max_field_size=_LONGEST_FIELD,
            max_headers=_MOST_FIELDS,
            auto_decompress=False,
        )
        self._listener = listener
        self._own_loop = loop
        self._head: asyncio.TimerHandle | None = None
        self._is_refused = False
        self._is_busy = False
        self._is_leaving = False
        self._answered: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Serve it, unless there are too many."""
        if self._listener.is_full:
            assert isinstance(transport, asyncio.Transport)  # noqa: S101  TCP and TLS have no other
            self._is_refused = True
            transport.write(self._listener.come_later())
            transport.close()
            return
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Let go of it."""
        self._forget_head()
        if not self._is_refused:
            super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what has come; a head that has begun must come to its end."""
        if self._is_refused:
            return
        if self._head is None and not self._is_busy:
            self._await_head()
        super().data_received(data)

    async def answer(self, request: web.BaseRequest, handler: _Handler) -> web.StreamResponse:
        """Answer a request whose head is complete."""
        self._forget_head()
        self._is_busy = True
        try:
            return await handler(request)
        except web.HTTPException as error:
            # aiohttp has looked at the request by itself.
            return self.handle_error(request, error.status, error)
        except BaseException:
            self._end_request()
            raise

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send an answer; whoever does not take it in time is left."""
        if self._is_leaving:
            resp.force_close()
        try:
            async with asyncio.timeout(self._listener.patience_of_answers):
                return await super().finish_response(request, resp, start_time)
        except TimeoutError:
            if self.transport is not None:
                # To close it would be to wait until the rest is taken.
                self.transport.abort()
            raise ConnectionError("the answer was not taken") from None
        finally:
            self._end_request()

    def close(self) -> None:
        """Close once the request in hand is answered: aiohttp would not even take the rest of its body."""
        if self._is_busy:
            self._is_leaving = True
        else:
            super().close()

    async def shutdown(self, timeout: float | None = _DRAIN) -> None:  # noqa: ASYNC109  as it is inherited
        """Answer the request in hand, within this time, and close."""
        if self._is_busy:
            self._answered = self._own_loop.create_future()
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout):
                    await self._answered
        await super().shutdown(_CLOSING)

    def _end_request(self) -> None:
        self._is_busy = False
        if self._answered is not None and not self._answered.done():
            self._answered.set_result(None)

    def _await_head(self) -> None:
        """From now on a head may take so long and no longer."""
        self._head = self._own_loop.call_later(self._listener.patience, self.force_close)

    def _forget_head(self) -> None:
        """A head is complete, or nobody waits for one any more."""
        if self._head is not None:
            self._head.cancel()
            self._head = None

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """What came is no HTTP that can be understood, or the answer could not be written."""
        self._forget_head()
        if isinstance(exc, ConnectionError):
            # Whoever asked has gone; there is nobody to tell.
            raise exc
        if request.writer.output_size > 0:
            raise ConnectionError("a part of the answer has been sent")
        response = self._listener.app.of_the_edge(self.peer, status, exc)
        response.force_close()
        return response

    @property
    def peer(self) -> str:
        """The address at the other end."""
        found = self.peername
        return str(found[0]) if isinstance(found, tuple) else ""


class ApiListener:
    """Listens for operators and their programs."""

    def __init__(self, tools: Tools, app: Application) -> None:
        self.app = app
        self.patience = tools.settings.header_timeout
        """Seconds that a head may take."""
        self.patience_of_answers = tools.settings.body_timeout
        """Seconds that an answer may take to be taken."""
        self._most = tools.settings.max_api_connections
        self._tools = tools
        self._runner = web.AppRunner(app.web, shutdown_timeout=_DRAIN, handle_signals=False)
        self._sockets: list[asyncio.Server] = []
        tools.metrics.api_connections.watch(lambda: len(self))

    def __len__(self) -> int:
        """How many connections there are."""
        return 0 if self._runner.server is None else len(self._runner.server.connections)

    @property
    def is_full(self) -> bool:
        """Whether further connections are refused."""
        return len(self) >= self._most

    def come_later(self) -> bytes:
        """The answer to a connection too many."""
        self._tools.complain("api connections", "there are too many connections to the API", bound=self._most)
        return self.app.refusal()

    async def start(
        self, host: str, ports: Sequence[tuple[int, ssl.SSLContext | None]], *, shares_ports: bool
    ) -> list[tuple[str, int]]:
        """Listen; the addresses. OSError where that cannot be done."""
        loop = asyncio.get_running_loop()
        await self._runner.setup()
        server = self._runner.server
        assert server is not None  # noqa: S101  the runner has just made it
        answer = server.request_handler

        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            connection = request.protocol
            assert isinstance(connection, _Connection)  # noqa: S101  made below
            return await connection.answer(request, answer)

        server.request_handler = handle
        for port, context in ports:
            self._sockets.append(
                await loop.create_server(
                    lambda: _Connection(self, server, loop),
                    host,
                    port,
                    ssl=context,
                    ssl_handshake_timeout=self.patience if context else None,
                    backlog=_BACKLOG,
                    reuse_port=shares_ports or None,
                )
            )
        names = [each.getsockname() for socket in self._sockets for each in socket.sockets]
        return [(str(name[0]), int(name[1])) for name in names]

    async def stop(self) -> None:
        """Answer what has come, within bounds, and listen no more."""
        for socket in self._sockets:
            socket.close()
        await self._runner.cleanup()
