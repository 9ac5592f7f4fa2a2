"""Where devices are called over HTTP (TR-069 3.2.2): one port for all devices of a process, told apart by the path."""

import asyncio
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, cast
from urllib.parse import unquote

import httptools

from simulators.client.counting import CallCounting
from simulators.client.guard import Guard, GuardSettings, Shown
from simulators.client.outcomes import Missed
from simulators.device.calling import Called
from simulators.device.cpe import Cpe

MAX_HEAD: Final = 8 * 1024
"""How many octets a request may have."""
MAX_REQUESTS: Final = 64
"""How many requests a connection carries; so a caller that reads no answers can have few of them kept."""
MAX_SKIPPED: Final = 1024 * 1024
"""How many octets are read and forgotten after a refusal, so that the refusal gets through."""
_SWEEP: Final = 1.0
_BACKLOG: Final = 2048
_VERSIONS: Final = frozenset({"1.0", "1.1"})

_SILENCE: Final = b""
"""The answer of a device that never answers."""

_REASONS: Final = {
    200: "OK",
    204: "No Content",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    503: "Service Unavailable",
}


@dataclass(frozen=True, slots=True)
class ListenerSettings:
    """How the devices of a fleet answer."""

    guard: GuardSettings = field(default=GuardSettings())
    """What they want to know of whoever calls."""
    accepted: int = 200
    """What a good request is answered with: 200 or 204."""
    max_connections: int = 2048
    """How many may call at once."""
    patience: float = 10.0
    """Seconds that a request may take to come."""
    idle: float = 15.0
    """Seconds that a connection is kept after an answer."""
    silence: float = 30.0
    """Seconds for which one is kept on which a deaf device is called: longer than who calls waits for an answer."""

    def __post_init__(self) -> None:
        """ValueError for what cannot be."""
        if self.accepted not in {200, 204}:
            raise ValueError(f"a connection request is accepted with 200 or 204, not with {self.accepted}")
        if self.max_connections < 1 or min(self.patience, self.idle, self.silence) <= 0:
            raise ValueError("a listener needs room for a connection at least, and time for it")


def called_at(host: str, port: int) -> str:
    """The ConnectionRequestURL of devices that are called at one port, with the place of the serial number to fill."""
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/{{serial}}"


class Listener:
    """Takes connection requests for devices, which are found by their serial numbers."""

    def __init__(
        self,
        devices: Mapping[str, Cpe],
        tally: CallCounting,
        now: Callable[[], float],
        woke: Callable[[Cpe], None],
        *,
        settings: ListenerSettings | None = None,
        deaf: Collection[str] = frozenset(),
        chance: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        """Now is the time of the devices; woke is told of each device that has been called; the deaf never answer."""
        self.settings = settings or ListenerSettings()
        """How the devices answer."""
        self._devices = devices
        self._tally = tally
        self._now = now
        self._woke = woke
        self._deaf = deaf
        self._guard = Guard(self.settings.guard, chance)
        self._callers: set[_Caller] = set()
        self._server: asyncio.Server | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def open(self) -> int:
        """How many connections there are."""
        return len(self._callers)

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Listen; the address and the port, where 0 is one of the kernel's choice. OSError if that cannot be had."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Caller(self), host, port, backlog=_BACKLOG)
        self._timer = loop.call_later(_SWEEP, self._sweep_again)
        address = self._server.sockets[0].getsockname()
        return str(address[0]), int(address[1])

    async def stop(self) -> None:
        """Listen no more, and hang up on all that call."""
        if self._timer is not None:
            self._timer.cancel()
        if self._server is not None:
            self._server.close()
        for caller in list(self._callers):
            caller.abort()
        if self._server is not None:
            await self._server.wait_closed()

    def sweep(self, seconds: float) -> None:
        """Hang up on those whose time is over at this moment of the event loop's clock."""
        for caller in [caller for caller in self._callers if caller.deadline <= seconds]:
            if caller.is_late:
                self.count(Missed.TOO_SLOW)
            caller.abort()

    def came(self, caller: "_Caller") -> bool:
        """Somebody has connected; whether there is room."""
        if len(self._callers) >= self.settings.max_connections:
            self.count(Missed.TOO_MANY)
            return False
        self._callers.add(caller)
        return True

    def went(self, caller: "_Caller") -> None:
        """A connection is gone."""
        self._callers.discard(caller)

    def count(self, outcome: Called | Missed) -> None:
        """This became of a request."""
        self._tally.called(outcome.value)

    def answer(self, method: bytes, target: bytes, authorization: str | None, seconds: float) -> bytes | None:
        """What a request is answered with, without the end of its head; None hangs up, as if without power."""
        cpe = self._devices.get(_serial(target))
        if cpe is None:
            self.count(Missed.UNKNOWN)
            return response(404)
        if cpe.identity.device_id.serial_number in self._deaf:
            self.count(Missed.DEAF)
            return _SILENCE
        if not cpe.is_on:
            self.count(Called.DOWN)
            return None
        if method != b"GET":
            self.count(Missed.MALFORMED)
            return response(405, "Allow: GET")
        return self._log_in(cpe, target.decode("latin-1"), authorization, seconds)

    def _log_in(self, cpe: Cpe, target: str, authorization: str | None, seconds: float) -> bytes | None:
        now = self._now()
        shown = self._guard.check(authorization, target, cpe.management(now), seconds)
        if shown is Shown.RIGHT:
            return self._wake(cpe, now)
        if shown is Shown.WRONG:
            self.count(Missed.WRONG_LOGIN)
        elif shown is Shown.REPLAYED:
            self.count(Missed.REPLAYED)
        is_stale = shown in {Shown.STALE, Shown.REPLAYED}
        return response(401, f"WWW-Authenticate: {self._guard.challenge(seconds, is_stale=is_stale)}")

    def _wake(self, cpe: Cpe, now: float) -> bytes | None:
        outcome = cpe.called(now)
        self.count(outcome)
        if outcome is Called.ACCEPTED:
            self._woke(cpe)
            return response(self.settings.accepted)
        # 3.2.2.2: whoever is turned away is told so, without a Retry-After.
        return None if outcome is Called.DOWN else response(503)

    def _sweep_again(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(_SWEEP, self._sweep_again)
        self.sweep(loop.time())


class _Caller(asyncio.Protocol):
    """One connection to the listener; requests are answered in their order as they come."""

    __slots__ = (
        "_authorization",
        "_count",
        "_is_begun",
        "_is_over",
        "_is_twofold",
        "_listener",
        "_loop",
        "_parser",
        "_room",
        "_size",
        "_target",
        "_transport",
        "deadline",
    )

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self._parser: httptools.HttpRequestParser | None = None
        self._count = 0
        self._is_over = self._is_begun = self._is_twofold = False
        self._target = b""
        self._authorization: str | None = None
        self._room, self._size = MAX_HEAD, 0
        self.deadline = self._loop.time() + listener.settings.patience
        """When its time is over, by the event loop's clock."""

    @property
    def is_late(self) -> bool:
        """Whether a request is missing, or a part of one."""
        return not self._is_over and (self._is_begun or not self._count)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody has connected."""
        self._transport = cast("asyncio.Transport", transport)
        if self._listener.came(self):
            self._parser = httptools.HttpRequestParser(self)
        else:
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """They are gone."""
        # The parser holds us, and we must not wait for the collector.
        self._parser = None
        self._is_over = True
        self._listener.went(self)

    def pause_writing(self) -> None:
        """Who reads no answers is not listened to."""
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """They read again."""
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """Some of a request, or several."""
        if self._is_over or self._parser is None:
            self._skip(len(data))
            return
        count = self._count
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._refuse()
        except httptools.HttpParserUpgrade:
            # The request itself has been answered; what follows would be another protocol.
            self._hang_up()
        if count == self._count:
            self._use(len(data))

    def abort(self) -> None:
        """Hang up at once."""
        self._is_over = True
        self._transport.abort()

    def on_message_begin(self) -> None:
        """A request begins."""
        if self._is_over:
            return
        self._is_begun, self._is_twofold = True, False
        self._target, self._authorization = b"", None
        self._room, self._size = MAX_HEAD, 0

    def on_url(self, piece: bytes) -> None:
        """A piece of the request target."""
        self._size += len(piece)
        if self._size <= MAX_HEAD:
            self._target += piece

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header."""
        self._size += len(name) + len(value)
        if name.lower() == b"authorization":
            self._is_twofold = self._authorization is not None
            self._authorization = value.decode("utf-8", "surrogateescape")

    def on_message_complete(self) -> None:
        """A request is there."""
        parser = self._parser
        if self._is_over or parser is None:
            return
        self._count += 1
        self._is_begun, self._room = False, MAX_HEAD
        version = parser.get_http_version()
        if self._is_twofold or self._size > MAX_HEAD or version not in _VERSIONS:
            self._refuse()
            return
        seconds = self._loop.time()
        answer = self._listener.answer(parser.get_method(), self._target, self._authorization, seconds)
        if answer is None:
            self.abort()
            return
        if not answer:
            self._wait_in_vain(seconds)
            return
        stays = self._count < MAX_REQUESTS and version == "1.1" and parser.should_keep_alive()
        self._transport.write(answer + (b"\r\n" if stays else b"Connection: close\r\n\r\n"))
        self.deadline = seconds + self._listener.settings.idle
        if not stays:
            self._hang_up()

    def _wait_in_vain(self, seconds: float) -> None:
        """Keep whoever calls a deaf device on the line: it is their patience that ends it, or the listener's."""
        self._is_over = True
        self._room = MAX_SKIPPED
        self.deadline = seconds + self._listener.settings.silence

    def _use(self, octets: int) -> None:
        self._room -= octets
        if self._room < 0:
            self._refuse()

    def _refuse(self) -> None:
        if self._is_over:
            return
        self._listener.count(Missed.MALFORMED)
        self._transport.write(response(400) + b"Connection: close\r\n\r\n")
        self._hang_up()

    def _hang_up(self) -> None:
        """Say that no more is coming. Closing at once would throw away the answer with what still comes in."""
        self._is_over = True
        self._room = MAX_SKIPPED
        self.deadline = self._loop.time() + self._listener.settings.patience
        self._transport.write_eof()

    def _skip(self, octets: int) -> None:
        self._room -= octets
        if self._room < 0:
            self.abort()


def response(status: int, *headers: str) -> bytes:
    """An answer without a body, but for the end of its head."""
    lines = [f"HTTP/1.1 {status} {_REASONS[status]}", *headers]
    if status != 204:
        lines.append("Content-Length: 0")
    return "\r\n".join((*lines, "")).encode("utf-8", "surrogateescape")


def _serial(target: bytes) -> str:
    """The serial number that a request target names; the empty text if it names none."""
    try:
        path: bytes | None = httptools.parse_url(target).path
    except httptools.HttpParserInvalidURLError:
        return ""
    return unquote((path or b"").decode("latin-1")[1:], errors="replace")
