"""Connections that have asked for a file: aiohttp's, for one request each."""

import asyncio
from typing import TYPE_CHECKING, Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestHandler

from acs.cwmp_http.patience import LINGERING, Phase
from acs.services.calling import Link

if TYPE_CHECKING:
    from acs.cwmp_http.listener import Listener

_MAX_LINE: Final = 8 * 1024
_MAX_FIELD: Final = 16 * 1024
# No versions: whoever asks learns nothing that helps against us.
SERVER: Final = "aioacs"
"""What we say that we are."""


class FileConnection(RequestHandler):
    """A connection in the hands of the file server, which keeps its own deadlines until the answer is out."""

    __slots__ = ("link", "listener", "peer", "phase", "since")

    def __init__(self, listener: "Listener", peer: str) -> None:
        super().__init__(
            listener.file_server,
            loop=listener.loop,
            # A peer that is gone is found by our deadlines, without a call of the system for each connection.
            tcp_keepalive=False,
            access_log=None,  # type: ignore[arg-type]  # the documented way to switch it off
            max_line_size=_MAX_LINE,
            max_field_size=_MAX_FIELD,
            auto_decompress=False,
            lingering_time=LINGERING,
        )
        self.listener = listener
        self.link = Link()
        self.peer = peer
        self.phase = Phase.BUSY
        self.since = listener.ticks

    def connection_lost(self, exc: BaseException | None) -> None:
        """See ``asyncio.Protocol``."""
        self.listener.closed(self)
        super().connection_lost(exc)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """See ``RequestHandler``."""
        self.phase, self.since = Phase.WRITING, self.listener.ticks
        # What is asked next may be no file.
        resp.force_close()
        return await super().finish_response(request, resp, start_time)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """See ``RequestHandler``; what is wrong is not told, for it quotes the peer and names our parts."""
        answer = web.Response(
            status=super().handle_error(request, status, exc, message).status, headers={"Server": SERVER}
        )
        answer.force_close()
        return answer

    def log_exception(self, *args: object, **kw: object) -> None:
        """See ``RequestHandler``; what is no HTTP is the peer's doing, and must not fill the log."""
        error = kw.get("exc_info")
        if isinstance(error, HttpProcessingError | web.RequestPayloadError):
            # The words of the error quote what came.
            self.listener.on_nonsense(self.peer, "a request for a file that cannot be read")
        else:
            super().log_exception(*args, **kw)

    def abort(self) -> None:
        """Close at once, whatever is on the way."""
        transport = self.transport
        self.force_close()
        if isinstance(transport, asyncio.Transport):
            transport.abort()
