"""Connections of devices: HTTP/1.1 around ``Request`` and ``Reply``.

The parser is httptools. aiohttp's server costs more, for what a post of CWMP has no use for
(docs/decisions/0009-http-for-devices.md); it serves files, and gets the connections that ask for one.
"""

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Final, Protocol, cast

from acs.cwmp_http.file_connections import FileConnection
from acs.cwmp_http.patience import Phase
from acs.cwmp_http.reader import Reader, RefusedError
from acs.cwmp_http.replies import octets_of
from acs.cwmp_http.requests import Request
from acs.services.calling import Link, Reply
from acs.services.peers import plain_address

if TYPE_CHECKING:
    from acs.cwmp_http.listener import Listener

_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class Handler(Protocol):
    """Answers requests."""

    def at_once(self, connection: "Connection", request: Request) -> Reply | None:
        """The reply to a request that is whole, if nothing has to be waited for; None: it is to be handled."""

    def handle(self, connection: "Connection", request: Request) -> Awaitable[Reply]:
        """The reply to a request; nothing is raised."""


class Connection(asyncio.Protocol):
    """One connection, its phase and since when it is in it."""

    __slots__ = (
        "_drained",
        "_has_ended",
        "_is_deaf",
        "_reader",
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
        self._reader = Reader(listener.budget)
        self._drained: asyncio.Future[None] | None = None
        # Whether the device has said all it will.
        self._has_ended = False
        # Whether nothing more is listened to: the next answer is the last.
        self._is_deaf = False

    @property
    def has_waiting(self) -> bool:
        """Whether something is asked that is not being answered yet."""
        return bool(self._reader.waiting)

    def enter(self, phase: Phase) -> None:
        """A phase begins."""
        self.phase = phase
        self.since = self.listener.ticks

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See ``asyncio.Protocol``."""
        self.transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        if peer:
            self.peer = plain_address(peer[0])
        if not self.listener.opened(self):
            # It is not counted, so it has no deadline either.
            self.transport.write(octets_of(self.listener.come_later(), closes=True))
            self._stop_listening("the connection is refused")
            self.transport.close()

    def connection_lost(self, exc: BaseException | None) -> None:
        """See ``asyncio.Protocol``. What is being answered is done all the same."""
        self.listener.closed(self)
        self.transport = None
        self._stop_listening("the connection ended")
        if self.task is None:
            self._drop_waiting()
        self.resume_writing()

    def eof_received(self) -> bool:
        """See ``asyncio.Protocol``. Who has said all may still want the answer."""
        self._has_ended = True
        self._stop_listening("the connection ended")
        return self.task is not None and not self.listener.is_secure

    def pause_writing(self) -> None:
        """See ``asyncio.Protocol``."""
        self._drained = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        """See ``asyncio.Protocol``."""
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        self._drained = None
        if self.task is None and not self._is_deaf:
            self.enter(self._due())

    def data_received(self, data: bytes) -> None:
        """See ``asyncio.Protocol``."""
        if self._is_deaf:
            return
        reader = self._reader
        try:
            reader.feed(data)
        except RefusedError as refusal:
            self._refuse(refusal)
            return
        if reader.wants_file:
            self._hand_over()
        elif self.task is None and reader.waiting:
            self._begin()
        elif (due := self._due()) is not self.phase:
            # However much comes, a phase goes on until something is complete.
            self.enter(due)
        if len(reader.waiting) > 1 or (reader.body is not None and reader.body.is_early):
            self._pause()

    async def read(self, request: Request, limit: int) -> bytes:
        """The body of a request, decompressed; BodyError."""
        body = request.body
        body.limit = limit
        if request.is_held_back and not body.is_complete and self.transport is not None:
            self.transport.write(_CONTINUE)
        request.is_held_back = False
        self._resume()
        return await body.read(limit, request.header("content-encoding"))

    def _begin(self) -> None:
        """Answer what waits: at once what needs no waiting, anything else in a task."""
        waiting = self._reader.waiting
        while waiting:
            request = waiting[0]
            reply = self.listener.handler.at_once(self, request) if request.body.is_complete else None
            if reply is None:
                self.task = self.listener.loop.create_task(self._serve())
                break
            waiting.popleft()
            self._answer(reply, request)
        if not self._is_deaf:
            self.enter(self._due())

    async def _serve(self) -> None:
        waiting = self._reader.waiting
        try:
            while waiting:
                request = waiting.popleft()
                reply = await self.listener.handler.handle(self, request)
                self._answer(reply, request)
                if self._drained is not None:
                    self.enter(Phase.WRITING)
                    await self._drained
                self._resume()
        except BaseException:
            # Nobody would ever end it.
            self._drop_waiting()
            self.abort()
            raise
        finally:
            self.task = None
        if self._is_deaf:
            # It had said all, or nonsense, before it had taken what was then not yet the last answer.
            self._leave(is_heard_out=self._has_ended)
        else:
            self.enter(self._due())

    def _due(self) -> Phase:
        """What the connection waits for now."""
        if self._drained is not None:
            return Phase.WRITING
        if self._reader.body is not None:
            return Phase.BODY
        if self.task is not None:
            return Phase.BUSY
        return Phase.HEAD if self._reader.is_begun else Phase.IDLE

    def _answer(self, reply: Reply, request: Request) -> None:
        """Write the reply to a request, and leave if it is the last."""
        is_unclear = request.is_held_back and not request.body.is_complete
        request.body.drop()
        # Who waits for a word before it sends its body sends, without it, that or the next request: nobody knows which.
        is_last = self._is_deaf and not self._reader.waiting
        closes = reply.close or not request.is_kept or is_last or is_unclear
        self._write(octets_of(reply, closes=closes, keeps=request.is_old))
        if closes:
            self._leave(is_heard_out=self._has_ended or (self._reader.is_between and not self._is_deaf))

    def _refuse(self, refusal: RefusedError) -> None:
        """What comes is no HTTP, or too much of it."""
        self.listener.on_nonsense(self.peer, str(refusal))
        self._stop_listening("what came is no HTTP")
        if self.task is None and self._reader.waiting:
            self._begin()
        elif self.task is None:
            self._write(octets_of(Reply(refusal.status), closes=True))
            self._leave(is_heard_out=False)

    def _write(self, octets: bytes) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(octets)

    def _stop_listening(self, why: str) -> None:
        self._is_deaf = True
        self._reader.stop(why)

    def _leave(self, *, is_heard_out: bool) -> None:
        """That was the last answer. What is still on its way is taken and dropped, or the answer could be lost."""
        self._stop_listening("that was the last answer")
        # What came behind the last request is nobody's.
        self._drop_waiting()
        transport = self.transport
        if transport is None or transport.is_closing():
            return
        self.enter(Phase.WRITING if transport.get_write_buffer_size() else Phase.LEAVING)
        self._resume()
        if is_heard_out:
            transport.close()
        elif transport.can_write_eof():
            transport.write_eof()

    def _drop_waiting(self) -> None:
        while self._reader.waiting:
            self._reader.waiting.popleft().body.drop()

    def _hand_over(self) -> None:
        """A file is asked for."""
        transport, octets = self.transport, self._reader.file_request
        if not octets or self.task is not None:
            self._refuse(RefusedError(400, "a file was asked for behind another request"))
        elif transport is not None:
            self._stop_listening("the connection is handed over")
            self.transport = None
            successor = FileConnection(self.listener, self.peer)
            self.listener.replace(self, successor)
            transport.set_protocol(successor)
            successor.connection_made(transport)
            successor.data_received(octets)

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
