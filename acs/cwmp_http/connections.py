"""Connections of devices: HTTP/1.1 around ``Request`` and ``Reply``.

The parser is httptools. aiohttp's server does the same at three times the price, most of it for what a post of CWMP has
no use for (docs/decisions/0009-http-for-devices.md); it serves files, and gets the connections that ask for one.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, cast

import httptools

from acs.cwmp_http.file_connections import FileConnection
from acs.cwmp_http.heads import plain_address
from acs.cwmp_http.patience import Phase
from acs.cwmp_http.replies import octets_of
from acs.cwmp_http.requests import Body, BodyError, Request
from acs.services.calling import Link, Reply

if TYPE_CHECKING:
    from acs.cwmp_http.listener import Listener

FILES: Final = "/files/"
"""The paths of the file server."""
MAX_HEAD: Final = 32 * 1024
"""How long a head may be: one with a Digest of the longest names there are is far from it."""
MAX_LINE: Final = 8 * 1024
"""How long a target may be."""
MAX_WAITING: Final = 16
"""How many requests may wait for the one before; CWMP forbids it at all (TR-069 3.4.1)."""
_FRAMING: Final = ("content-length", "transfer-encoding")
_TLS: Final = b"\x16\x03"
"""How the first record of TLS begins."""
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
# The headers that anybody looks at.
_READ: Final = {
    name.encode("ascii"): name
    for name in (
        *_FRAMING,
        "authorization",
        "content-encoding",
        "cookie",
        "expect",
        "host",
        "x-forwarded-for",
        "x-forwarded-proto",
    )
}

Handler = Callable[["Connection", Request], Awaitable[Reply]]


class _RefusalError(Exception):
    """What the parser took is not taken by us."""

    def __init__(self, status: int, what: str) -> None:
        super().__init__(what)
        self.status = status


class Connection(asyncio.Protocol):
    """One connection, its phase and since when it is in it."""

    __slots__ = (
        "_body",
        "_declined",
        "_drained",
        "_first",
        "_head_octets",
        "_headers",
        "_is_begun",
        "_is_deaf",
        "_parser",
        "_quiet",
        "_target",
        "_waiting",
        "_wants_file",
        "certificate",
        "is_paused",
        "link",
        "listener",
        "peer",
        "phase",
        "since",
        "task",
        "transport",
    )

    def __init__(self, listener: "Listener") -> None:
        self.listener = listener
        self.link = Link()
        self.transport: asyncio.Transport | None = None
        self.peer = "::"
        self.certificate: str | None = None
        self.phase = Phase.SILENT
        self.since = listener.ticks
        self.task: asyncio.Task[None] | None = None
        """Answers what was asked; None: there is nothing to answer."""
        self.is_paused = False
        """Whether nothing is taken in, because nobody has asked for it yet."""
        self._parser: httptools.HttpRequestParser | None = httptools.HttpRequestParser(self)
        self._target = b""
        self._headers: dict[str, list[str]] = {}
        self._head_octets = 0
        # Of the request whose head was read last, until its end has come.
        self._body: Body | None = None
        # A request that offers another protocol, until that is overlooked.
        self._declined: Request | None = None
        # Whether a head is on its way.
        self._is_begun = False
        # How many octets have come since anything came of them.
        self._quiet = 0
        # What a head has come in, if nothing came before it: the file server reads it once more.
        self._first: list[bytes] = []
        self._wants_file = False
        self._waiting: deque[Request] = deque()
        self._drained: asyncio.Future[None] | None = None
        # Whether nothing more is listened to.
        self._is_deaf = False

    def enter(self, phase: Phase) -> None:
        """A phase begins."""
        self.phase = phase
        self.since = self.listener.ticks

    # What the transport says.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See ``asyncio.Protocol``."""
        self.transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        if peer:
            self.peer = plain_address(peer[0])
        if not self.listener.opened(self):
            # It is not counted, so it has no deadline either.
            self.transport.write(octets_of(self.listener.come_later(), closes=True))
            self._is_deaf = True
            self.transport.close()

    def connection_lost(self, exc: BaseException | None) -> None:
        """See ``asyncio.Protocol``. What has been asked is done all the same."""
        self.listener.closed(self)
        # The parser holds us, and we must not wait for the collector.
        self.transport = self._parser = None
        self._stop_listening("the connection ended")
        self.resume_writing()

    def eof_received(self) -> bool:
        """See ``asyncio.Protocol``. Who has said all may still want the answer."""
        self._stop_listening("the connection ended")
        self._body, self._quiet = None, 0
        return self.task is not None and not self.listener.is_secure

    def pause_writing(self) -> None:
        """See ``asyncio.Protocol``."""
        self._drained = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        """See ``asyncio.Protocol``."""
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        self._drained = None

    def data_received(self, data: bytes) -> None:
        """See ``asyncio.Protocol``."""
        if self._is_deaf or self._parser is None:
            return
        if (self.phase is Phase.IDLE or self.phase is Phase.SILENT) and not self._is_begun:
            self.enter(Phase.HEAD)
            self._first = [data]
        elif self._first:
            self._first.append(data)
        self._quiet += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            self._decline(data[offer.args[0] :])
            return
        except httptools.HttpParserCallbackError as error:
            if not isinstance(error.__context__, _RefusalError):
                raise
            self._refuse(error.__context__.status, str(error.__context__))
            return
        except httptools.HttpParserError as error:
            if data.startswith(_TLS):
                self._refuse(400, "TLS where plain HTTP is spoken")
            else:
                # The parser's words are its own; they quote nothing that came.
                self._refuse(400, str(error))
            return
        if self._wants_file:
            self._hand_over()
        elif self._quiet > MAX_HEAD:
            self._refuse(431, "a head without an end")
        elif len(self._waiting) > 1 or (self._body is not None and self._body.is_early):
            self._pause()

    # What the parser says.

    def on_message_begin(self) -> None:
        """A head begins."""
        self._is_begun = True

    def on_url(self, url: bytes) -> None:
        """A piece of the target."""
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; those after a body are nobody's."""
        self._head_octets += len(name) + len(value)
        known = _READ.get(name.lower())
        if known is not None and self._body is None:
            self._headers.setdefault(known, []).append(value.decode("utf-8", "surrogateescape").strip())

    def on_headers_complete(self) -> None:
        """A head is complete."""
        parser = self._parser
        if parser is None or self._wants_file or self._body is not None:
            return
        if len(self._target) > MAX_LINE or self._head_octets > MAX_HEAD:
            raise _RefusalError(431, "a head that is too long")
        if len(self._waiting) >= MAX_WAITING:
            raise _RefusalError(400, "too many requests at once")
        is_old = parser.get_http_version() == "1.0"
        body = Body(self.listener.budget)
        request = Request(
            parser.get_method().decode("ascii"),
            self._target.decode("utf-8", "surrogateescape"),
            self._headers,
            parser.should_keep_alive(),
            is_old,
            body,
        )
        if request.path.startswith(FILES):
            self._wants_file = True
            return
        expected = self._headers.get("expect")
        request.is_held_back = expected is not None and expected[0].lower() == "100-continue" and not is_old
        self._target, self._headers, self._first = b"", {}, []
        self._head_octets = self._quiet = 0
        self._is_begun = False
        self._body = body
        if parser.should_upgrade():
            self._declined = request
        self.enter(Phase.BODY)
        self._waiting.append(request)
        if self.task is None:
            self.task = self.listener.loop.create_task(self._serve())

    def on_chunk_header(self) -> None:
        """A chunk begins."""
        self._quiet = 0

    def on_body(self, piece: bytes) -> None:
        """A piece of a body."""
        self._quiet = 0
        if self._body is not None:
            self._body.add(piece)

    def on_message_complete(self) -> None:
        """A request is complete."""
        body = self._body
        if body is None or self._declined is not None:
            return
        self._body, self._quiet = None, 0
        body.complete()
        if self.task is not None:
            self.enter(Phase.BUSY)
        else:
            self._wait()

    # What is done about it.

    async def read(self, request: Request, limit: int) -> bytes:
        """The body of a request, decompressed; BodyError."""
        body = request.body
        body.limit = limit
        if request.is_held_back:
            request.is_held_back = False
            if not body.is_complete and self.transport is not None:
                self.transport.write(_CONTINUE)
        self._resume()
        return await body.read(limit, request.header("content-encoding"))

    async def _serve(self) -> None:
        """Answer what waits."""
        while self._waiting:
            request = self._waiting.popleft()
            reply = await self.listener.handler(self, request)
            request.body.drop()
            self._answer(reply, request)
            if self.phase is Phase.LEAVING:
                # What came behind the last request is nobody's.
                while self._waiting:
                    self._waiting.popleft().body.drop()
            elif self._drained is not None:
                self.enter(Phase.WRITING)
                await self._drained
            self._resume()
        self.task = None
        self._wait()

    def _answer(self, reply: Reply, request: Request | None) -> None:
        """Write a reply, and leave if it is the last."""
        transport = self.transport
        if transport is None or transport.is_closing():
            return
        # Who waits for a word before it sends its body sends, without it, that or the next request: nobody knows which.
        is_unclear = request is not None and request.is_held_back and not request.body.is_complete
        closes = reply.close or request is None or not request.is_kept or self._is_deaf or is_unclear
        transport.write(octets_of(reply, closes=closes, keeps=request is not None and request.is_old))
        if closes:
            self._leave()

    def _refuse(self, status: int, what: str) -> None:
        """What comes is no HTTP, or too much of it."""
        self.listener.on_nonsense(self.peer, what)
        self._stop_listening("what came is no HTTP")
        self._quiet += 1
        if self.task is None:
            self._answer(Reply(status, close=True), None)

    def _stop_listening(self, why: str) -> None:
        self._is_deaf = True
        if self._body is not None:
            self._body.fail(BodyError(400, why))

    def _leave(self) -> None:
        """That was the last answer. What is still on its way is taken and dropped, or the answer could be lost."""
        transport = self.transport
        if transport is None:
            return
        is_heard_out = self._body is None and not self._quiet
        self._is_deaf = True
        self.enter(Phase.LEAVING)
        if is_heard_out:
            transport.close()
            return
        self._resume()
        if transport.can_write_eof():
            transport.write_eof()

    def _wait(self) -> None:
        """Everything is answered."""
        if self.phase is Phase.LEAVING:
            return
        if self._body is not None:
            self.enter(Phase.BODY)
        else:
            self.enter(Phase.HEAD if self._is_begun else Phase.IDLE)

    def _hand_over(self) -> None:
        """A file is asked for."""
        transport = self.transport
        if transport is None:
            return
        if not self._first or self.task is not None:
            self._refuse(400, "a file was asked for behind another request")
            return
        successor = FileConnection(self.listener, self.peer)
        self.listener.replace(self, successor)
        self._is_deaf = True
        self.transport = self._parser = None
        transport.set_protocol(successor)
        successor.connection_made(transport)
        successor.data_received(b"".join(self._first))

    def _decline(self, rest: bytes) -> None:
        """Overlook an offer to speak another protocol (RFC 9110 7.8): the parser takes the body for that already."""
        request, self._declined = self._declined, None
        if request is None:
            return
        framing = [f"{name}: {value}" for name in _FRAMING for value in request.headers.get(name, ())]
        self._parser = httptools.HttpRequestParser(self)
        self._parser.feed_data("\r\n".join(("POST / HTTP/1.1", *framing, "", "")).encode("latin-1"))
        self._target, self._is_begun = b"", False
        self.data_received(rest)

    def _pause(self) -> None:
        if not self.is_paused and self.transport is not None:
            self.is_paused = True
            self.transport.pause_reading()

    def _resume(self) -> None:
        if self.is_paused and self.transport is not None:
            self.is_paused = False
            self.transport.resume_reading()

    def close(self) -> None:
        """Close once what was written is out."""
        if self.transport is not None:
            self.transport.close()

    def abort(self) -> None:
        """Close at once, whatever is on the way."""
        if self.transport is not None:
            self.transport.abort()
