"""How a scripted device fetches and delivers files: one request, and once more when it is asked who it is."""

from urllib.parse import urlsplit

from tests.e2e.login import Login
from tests.e2e.wire import HttpConnection, HttpReply, WireError


async def request_file(method: str, url: str, login: Login, body: bytes = b"") -> HttpReply | None:
    """The answer of the file server; None when it could not be reached or broke off. Plain http alone."""
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "") or "/"
    try:
        reply = await _once(parts.hostname or "", parts.port or 80, method, target, (), body)
        if reply.status != 401 or not login.learn(reply.all("WWW-Authenticate")):
            return reply
        proof = (("Authorization", login.authorization(method, target)),)
        return await _once(parts.hostname or "", parts.port or 80, method, target, proof, body)
    except WireError:
        return None


async def _once(
    host: str, port: int, method: str, target: str, headers: tuple[tuple[str, str], ...], body: bytes
) -> HttpReply:
    connection = await HttpConnection.open(host, port)
    try:
        return await connection.post(body, method=method, target=target, headers=headers)
    finally:
        await connection.close()
