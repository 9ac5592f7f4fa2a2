"""The endpoint itself: a request in, ``Sessions`` asked, a ``Reply`` out."""

import ssl
from typing import Final

from acs.cwmp_http.connections import Connection
from acs.cwmp_http.heads import base_url, our_cookies
from acs.cwmp_http.requests import BodyError, Request
from acs.services.calling import Caller, Reply
from acs.services.peers import forwarded_for, is_within
from acs.services.run_session import Sessions
from acs.services.tools import Tools

_HEADERS: Final = (("Allow", "POST"), ("Content-Type", "text/plain; charset=us-ascii"))
_NOT_ALLOWED: Final = Reply(405, b"This is a TR-069 server for devices: it takes POST.\n", _HEADERS, close=True)
# The answer to HEAD has no body (RFC 9110 9.3.2).
_NO_HEAD: Final = Reply(405, headers=_HEADERS, close=True)


class Endpoint:
    """Answers every request of a device but those for files."""

    def __init__(self, tools: Tools, sessions: Sessions) -> None:
        self._tools = tools
        self._sessions = sessions

    def at_once(self, connection: Connection, request: Request) -> Reply | None:
        """The reply to a request, if nothing has to be waited for; None: it is to be handled."""
        if request.method != "POST" or not request.body.is_empty:
            return None
        reply = self._sessions.answer_at_once(self._caller(connection, request))
        if reply is not None:
            self._tools.metrics.http_requests.inc(reply.status)
        return reply

    async def handle(self, connection: Connection, request: Request) -> Reply:
        """Answer a request."""
        if request.method != "POST":
            return self._not_allowed(connection.peer, request.method)
        try:
            reply = await self._reply(connection, request)
        except MemoryError:
            self._tools.complain("memory", "there was no memory for a post", address=connection.peer)
            reply = self._sessions.come_later("overload")
        except Exception:
            # The outermost edge of a request: whatever it was, it harms this one alone.
            self._tools.log.exception("a post failed")
            reply = Reply(500, close=True)
        self._tools.metrics.http_requests.inc(reply.status)
        return reply

    def _not_allowed(self, peer: str, method: str) -> Reply:
        self._tools.remark(f"method {peer}", "a request that is no POST", address=peer, method=method)
        self._tools.metrics.http_requests.inc(405)
        return _NO_HEAD if method == "HEAD" else _NOT_ALLOWED

    async def _reply(self, connection: Connection, request: Request) -> Reply:
        caller = self._caller(connection, request)
        entry = await self._sessions.admit(caller)
        if isinstance(entry, Reply):
            return entry
        try:
            body = await connection.read(request, entry.max_body)
        except BodyError as error:
            self._tools.complain(
                f"body {caller.address}", "a body was not read", address=caller.address, reason=str(error)
            )
            if error.status == 503:
                return self._sessions.come_later("overload")
            return Reply(error.status, close=True)
        return await self._sessions.handle(caller, entry, body)

    def _caller(self, connection: Connection, request: Request) -> Caller:
        headers, trusted = request.headers, self._tools.settings.trusted_proxies
        is_secure = connection.listener.is_secure
        peer, link = connection.peer, connection.link
        address, scheme = peer, "https" if is_secure else "http"
        certificate = _certificate(connection) if is_secure else None
        if trusted and is_within(peer, trusted):
            link.is_proxy = True
            address = forwarded_for(headers.get("x-forwarded-for", ()), peer, trusted)
            if (request.header("x-forwarded-proto") or "").lower() == "https":
                is_secure, scheme = True, "https"
        return Caller(
            link,
            address,
            our_cookies(headers["cookie"]) if "cookie" in headers else (),
            request.header("authorization"),
            request.method,
            request.target,
            base_url(request.header("host"), scheme) or _own_url(connection, scheme),
            is_secure,
            certificate,
        )


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
    local = connection.transport.get_extra_info("sockname") if connection.transport is not None else None
    address, port = (str(local[0]), local[1]) if isinstance(local, tuple) else ("127.0.0.1", 0)
    return f"{scheme}://[{address}]:{port}" if ":" in address else f"{scheme}://{address}:{port}"
