"""The side of a router that takes connection requests: a GET with Digest (TR-069 3.2.2)."""

import asyncio
import hashlib
from collections.abc import Callable
from typing import Final

from tests.e2e.login import fields_of, response_to
from tests.e2e.wire import PATIENCE, SilenceError

_MAX_CALLS: Final = 1000


class ConnectionRequestListener:
    """Challenges with MD5 and qop auth, closes after each answer, and counts who was let in."""

    def __init__(
        self, username: str, password: str, path: str, called: Callable[[], None], *, status: int = 200
    ) -> None:
        self._username = username
        self._password = password
        self._path = path
        self._called = called
        self.status = status
        """What a good request is answered with; a test may turn it to 503."""
        self._calls: asyncio.Queue[None] = asyncio.Queue(_MAX_CALLS)
        self._nonces: set[str] = set()
        self._server: asyncio.Server | None = None

    async def start(self, host: str) -> str:
        """Listen on a port of the kernel's choice; the URL to be called by."""
        self._server = await asyncio.start_server(self._serve, host, 0)
        port = self._server.sockets[0].getsockname()[1]
        return f"http://{f'[{host}]' if ':' in host else host}:{port}{self._path}"

    async def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def wait(self) -> None:
        """Wait for a call that has not been waited for."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._calls.get()
        except TimeoutError:
            raise SilenceError(f"no connection request within {PATIENCE} s") from None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            writer.write(self._answer(head))
            await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return
        finally:
            writer.close()

    def _answer(self, head: str) -> bytes:
        line, *headers = head.split("\r\n")
        method, target, *_ = [*line.split(" "), "", ""]
        given = next(
            (text.partition(":")[2].strip() for text in headers if text.lower().startswith("authorization:")), ""
        )
        if method != "GET" or target != self._path:
            return _response(404)
        if not self._is_right(given, method):
            nonce = hashlib.sha256(f"{self._path}{len(self._nonces)}".encode()).hexdigest()[:32]
            self._nonces.add(nonce)
            return _response(401, f'WWW-Authenticate: Digest realm="cpe", nonce="{nonce}", algorithm=MD5, qop="auth"')
        if self.status < 300 and not self._calls.full():
            self._calls.put_nowait(None)
            self._called()
        return _response(self.status)

    def _is_right(self, given: str, method: str) -> bool:
        fields = fields_of(given.partition(" ")[2])
        if not {"username", "realm", "nonce", "uri", "response", "nc", "cnonce", "qop"} <= set(fields):
            return False
        if fields.get("algorithm", "MD5") != "MD5" or fields["qop"] != "auth":
            return False
        if fields["nonce"] not in self._nonces or fields["username"] != self._username or fields["uri"] != self._path:
            return False
        self._nonces.discard(fields["nonce"])
        return response_to(fields, self._password, method) == fields["response"]


def _response(status: int, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} So", *headers, "Content-Length: 0", "Connection: close", "", ""]
    return "\r\n".join(lines).encode()
