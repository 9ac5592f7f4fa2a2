"""Servers that the tests let the load loose on, on ports the kernel chooses."""

import asyncio
import os
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, cast

from aiohttp import web

from acs.auth.authenticator import Authenticator, Outcome, Verdict
from acs.auth.digest import Password
from acs.auth.nonces import RANDOM_LENGTH
from benchmarks.engine import bare, loops
from benchmarks.engine.client import Target

_ID: Final = re.compile(rb":ID [^>]*>([^<]*)<")
_ENVELOPE: Final = (
    b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:c="urn:dslforum-org:cwmp-1-2">'
    b"<s:Header><c:ID>%b</c:ID></s:Header><s:Body>%b</s:Body></s:Envelope>"
)
NOTHING: Final = b"HTTP/1.1 204 No Content\r\n\r\n"

Script = Callable[[bytes, bytes], bytes]
"""Head and body of a post to the whole reply; an empty reply hangs up."""


def envelope(message_id: bytes, body: bytes) -> bytes:
    """A reply with a message."""
    return http(_ENVELOPE % (message_id, body))


def http(body: bytes, status: bytes = b"200 OK", headers: bytes = b"") -> bytes:
    """A whole reply."""
    return b"HTTP/1.1 %b\r\nContent-Length: %d\r\n%b\r\n%b" % (status, len(body), headers, body)


def message_id(body: bytes) -> bytes:
    """The cwmp:ID of a post."""
    found = _ID.search(body)
    assert found is not None
    return found[1]


def inform_response(body: bytes) -> bytes:
    """The right answer to an Inform."""
    return envelope(message_id(body), b"<c:InformResponse><MaxEnvelopes>1</MaxEnvelopes></c:InformResponse>")


class Scripted(asyncio.Protocol):
    """One connection of such a server."""

    def __init__(self, script: Script, open_now: set[asyncio.Transport]) -> None:
        self._script = script
        self._open = open_now
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._open.add(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._open.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._read += data
        head, _, body = self._read.partition(b"\r\n\r\n")
        length = re.search(rb"Content-Length: (\d+)", head)
        if length is None or len(body) < int(length[1]):
            return
        self._read = b""
        reply = self._script(head, body)
        if reply:
            self._transport.write(reply)
        else:
            self._transport.close()


@asynccontextmanager
async def scripted(script: Script, protocol: type[Scripted] = Scripted) -> AsyncIterator[Target]:
    """A server that answers what a function says."""
    open_now: set[asyncio.Transport] = set()
    async with _listening(lambda: protocol(script, open_now)) as target:
        yield target
        for transport in open_now:
            transport.abort()


@asynccontextmanager
async def bare_server() -> AsyncIterator[Target]:
    """The baseline."""
    server = bare.bare_server()
    async with _listening(server) as target:
        yield target
        await server.shutdown(timeout=1.0)


@asynccontextmanager
async def guarded(door: Authenticator, username: str, password: str) -> AsyncIterator[Target]:
    """The baseline behind a login, which is asked for with each Inform and never without one."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if not await request.read():
            return web.Response(status=204)
        now = time.time()
        login = door.read(request.headers.get("Authorization"))
        if isinstance(login, Verdict):
            verdict = login
        else:
            secrets = (Password(password),) if login.username == username else ()
            verdict = door.check(login, secrets, method="POST", target=request.path, now=now)
        if verdict.outcome is not Outcome.ACCEPTED:
            challenges = door.challenges(now=now, random=os.urandom(RANDOM_LENGTH))
            return web.Response(status=401, headers=[("WWW-Authenticate", challenge) for challenge in challenges])
        return await bare.answer(request)

    server = web.Server(answer, access_log=None)
    async with _listening(server) as target:
        yield Target(target.host, target.port, "/acs", username, password)
        await server.shutdown(timeout=1.0)


@asynccontextmanager
async def _listening(factory: Callable[[], asyncio.BaseProtocol]) -> AsyncIterator[Target]:
    server, port = await loops.listen(factory)
    try:
        yield Target(loops.HOST, port)
    finally:
        server.close()
