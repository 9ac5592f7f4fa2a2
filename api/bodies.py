"""Reads the bodies of requests: each within its bound and its time, and all of them together within theirs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web

from acs.services.tools import Tools
from api.problems import Kind, Problem, unavailable
from api.routing import JSON

_AT_ONCE: Final = 64
_LONGEST_NOTHING: Final = 64
_NOTHING: Final = frozenset({b"", b"{}"})
_EXPECTS: Final = web.RequestKey("expects", bool)


async def note_expectation(request: web.Request) -> None:
    """The client waits for our word before it sends the body: it gets it once we want the body."""
    request[_EXPECTS] = True


async def go_ahead(request: web.Request) -> None:
    """Let a client that waits for it send its body."""
    if request.get(_EXPECTS):
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        # This is no part of the answer.
        request.writer.output_size = 0


class Bodies:
    """The bodies that are held."""

    def __init__(self, tools: Tools) -> None:
        self._largest = int(tools.settings.max_api_body)
        self._patience = tools.settings.body_timeout
        self._bound = _AT_ONCE * self._largest
        self._held = 0
        tools.metrics.memories.watch("octets of bodies of the API", self._bound, lambda: self._held)

    @asynccontextmanager
    async def json_of(self, request: web.Request) -> AsyncIterator[bytes]:
        """A body that is to be JSON, for as long as it is needed."""
        if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
            raise Problem(Kind.UNSUPPORTED, "the body must not be compressed")
        if request.content_type != JSON:
            raise Problem(Kind.UNSUPPORTED, f"the body must be {JSON}")
        octets = bytearray()
        try:
            async for chunk in self._chunks(request, self._largest):
                if self._held + len(chunk) > self._bound:
                    raise unavailable("too many bodies are being read")
                self._held += len(chunk)
                octets += chunk
            yield bytes(octets)
        finally:
            self._held -= len(octets)

    async def refuse(self, request: web.Request) -> None:
        """A body that nobody asked for must be empty; an object without anything in it is as good."""
        octets = bytearray()
        try:
            async for chunk in self._chunks(request, _LONGEST_NOTHING):
                octets += chunk
        except Problem as problem:
            if problem.kind is not Kind.TOO_LARGE:
                raise
            octets += b"more"
        if bytes(octets.strip()) not in _NOTHING:
            raise Problem(Kind.MALFORMED, "this takes no body")

    async def _chunks(self, request: web.Request, most: int) -> AsyncIterator[bytes]:
        too_large = Problem(Kind.TOO_LARGE, f"the body has more than {most} octets")
        if (request.content_length or 0) > most:
            raise too_large
        await go_ahead(request)
        size = 0
        try:
            async with asyncio.timeout(self._patience):
                while chunk := await request.content.readany():
                    size += len(chunk)
                    if size > most:
                        raise too_large
                    yield chunk
        except TimeoutError:
            raise Problem(Kind.TIMEOUT, "the body did not arrive in time") from None
        except web.RequestPayloadError:
            raise Problem(Kind.MALFORMED, "the body is not what its head says") from None
