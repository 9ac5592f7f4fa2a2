"""The endpoint itself: a request in, ``Sessions`` asked, a response out."""

import ssl
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from acs.cwmp_http.bodies import BodyError, Budget, read_body
from acs.cwmp_http.connections import OURS, Connection, Phase
from acs.cwmp_http.heads import base_url, forwarded_for, is_within, our_cookies
from acs.services.calling import Caller, Reply
from acs.services.run_session import Sessions
from acs.services.tools import Tools

FILES: Final = "/files/"
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class Endpoint:
    """Answers every request of a device; files have a server of their own."""

    def __init__(
        self,
        tools: Tools,
        sessions: Sessions,
        budget: Budget,
        files: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
    ) -> None:
        self._tools = tools
        self._sessions = sessions
        self._budget = budget
        self._files = files

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request."""
        connection = request.protocol
        if not isinstance(connection, Connection):
            raise TypeError("the endpoint serves the connections of a Listener")
        connection.enter(Phase.BUSY)
        if request.rel_url.raw_path.startswith(FILES):
            return await self._files(request)
        if request.method != "POST":
            return _response(Reply(405, headers=(("Allow", "POST"),), close=True))
        try:
            reply = await self._reply(request, connection)
        except Exception:
            # The outermost edge of a request: whatever it was, it harms this one alone.
            self._tools.log.exception("a post failed")
            reply = Reply(500, close=True)
        self._tools.metrics.http_requests.inc(reply.status)
        return _response(reply)

    async def _reply(self, request: web.BaseRequest, connection: Connection) -> Reply:
        caller = self._caller(request, connection)
        entry = await self._sessions.admit(caller)
        if isinstance(entry, Reply):
            return entry
        if request.headers.get("Expect", "").lower() == "100-continue" and request.transport is not None:
            request.transport.write(_CONTINUE)
        connection.enter(Phase.BODY)
        try:
            body, taken = await read_body(request, entry.max_body, self._budget)
        except BodyError as error:
            self._tools.complain(
                f"body {caller.address}", "a body was not read", address=caller.address, reason=str(error)
            )
            if error.status == 503:
                return self._sessions.come_later("overload")
            return Reply(error.status, close=True)
        connection.enter(Phase.BUSY)
        try:
            return await self._sessions.handle(caller, entry, body)
        finally:
            self._budget.give_back(taken)

    def _caller(self, request: web.BaseRequest, connection: Connection) -> Caller:
        headers, trusted = request.headers, self._tools.settings.trusted_proxies
        is_secure = connection.listener.is_secure
        peer, link = connection.peer, connection.link
        address, scheme = peer, "https" if is_secure else "http"
        if trusted and is_within(peer, trusted):
            link.is_proxy = True
            address = forwarded_for(headers.getall("X-Forwarded-For", ()), peer, trusted)
            if headers.get("X-Forwarded-Proto", "").strip().lower() == "https":
                is_secure, scheme = True, "https"
        return Caller(
            link,
            address,
            our_cookies(headers.getall("Cookie")) if "Cookie" in headers else (),
            headers.get("Authorization"),
            request.method,
            request.raw_path,
            base_url(headers.get("Host"), scheme) or _own_url(connection, scheme),
            is_secure,
            _certificate(connection) if connection.listener.is_secure else None,
        )


def _response(reply: Reply) -> web.Response:
    response = web.Response(body=reply.body or None, status=reply.status, headers=OURS)
    for name, value in reply.headers:
        response.headers.add(name, value)
    if reply.close:
        response.force_close()
    return response


def _certificate(connection: Connection) -> str | None:
    """The common name in the certificate that a device has shown; the listener has verified it."""
    if connection.transport is None:
        return None
    if connection.certificate is None:
        tls = connection.transport.get_extra_info("ssl_object")
        shown = tls.getpeercert() if isinstance(tls, ssl.SSLObject) else None
        names = [pair[1] for part in (shown or {}).get("subject", ()) for pair in part if pair[0] == "commonName"]
        connection.certificate = str(names[0]) if names else ""
    return connection.certificate or None


def _own_url(connection: Connection, scheme: str) -> str:
    """Where a device that names no host has found us."""
    local = connection.sockname
    address, port = (str(local[0]), local[1]) if isinstance(local, tuple) else ("127.0.0.1", 0)
    return f"{scheme}://[{address}]:{port}" if ":" in address else f"{scheme}://{address}:{port}"
