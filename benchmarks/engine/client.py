"""The device's side of HTTP and of one session, with no more than a load needs: one post, one reply, one post."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Final, cast

from acs.auth.digest import answer_challenge
from acs.auth.headers import parse_challenges
from benchmarks.engine.device import Device, Message, read_message
from benchmarks.engine.errors import SessionError

# A server that never says 204 would keep the session, and the run, for ever.
_MAX_RPCS: Final = 100
_MAX_HEAD: Final = 16_384
_SOAP: Final = b'Content-Type: text/xml; charset="utf-8"\r\nSOAPAction: ""\r\n'


@dataclass(frozen=True, slots=True)
class Target:
    """The server, and how to log in."""

    host: str
    """Its address."""
    port: int
    """Its port."""
    path: str = "/"
    """Path and query of the posts."""
    username: str = ""
    """The name for Digest, where ``{serial}`` stands for the device's; empty if a 401 is a failure."""
    password: str = field(default="", repr=False)
    """The password for Digest."""

    @property
    def request_line(self) -> bytes:
        """What every post begins with."""
        return f"POST {self.path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n".encode()


@dataclass(slots=True)
class Tally:
    """What is counted over many sessions."""

    requests: int = 0
    """Posts sent."""
    challenges: int = 0
    """Logins asked for and answered."""
    rpcs: int = 0
    """RPCs of the server that were answered."""
    failures: Counter[str] = field(default_factory=Counter)
    """Failed sessions by reason."""
    durations: list[float] = field(default_factory=list)
    """Seconds from the connect, or from the Inform on a kept connection, to the 204, of each good session."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP response."""

    status: int
    """Its code."""
    headers: tuple[tuple[bytes, bytes], ...]
    """Names in lower case, and values, in their order."""
    body: bytes
    """What followed."""

    def values(self, name: bytes) -> list[str]:
        """The values of one header."""
        return [value.decode("latin-1") for key, value in self.headers if key == name]


def read_reply(data: bytes) -> Reply | None:
    """The reply in what has arrived so far; None until it is complete."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        if len(data) > _MAX_HEAD:
            raise SessionError("endless headers")
        return None
    first, *lines = data[:end].split(b"\r\n")
    version, _, status = first.partition(b" ")
    if not version.startswith(b"HTTP/1.") or not status[:3].isdigit():
        raise SessionError("not HTTP")
    parted = [line.partition(b":") for line in lines]
    headers = tuple((name.lower(), value.strip()) for name, _, value in parted)
    code = int(status[:3])
    # RFC 9112 6.3: a 204 ends with its headers, whatever they say.
    length = b"0" if code == 204 else dict(headers).get(b"content-length", b"")
    if not length.isdigit():
        raise SessionError("reply without length")
    body = data[end + 4 :]
    if len(body) < int(length):
        return None
    if len(body) > int(length):
        raise SessionError("more than one reply")
    return Reply(code, headers, body)


class Connection(asyncio.Protocol):
    """One connection: a post at a time, each with its reply."""

    def __init__(self) -> None:
        self.closed = False
        self._read = b""
        self._waiting: asyncio.Future[Reply] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Posts may begin."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever waits has waited in vain."""
        self.closed = True
        self._fail(SessionError("connection cut"))

    def data_received(self, data: bytes) -> None:
        """Give the reply to whoever waits, once it is complete."""
        self._read += data
        try:
            reply = read_reply(self._read)
        except SessionError as error:
            self._fail(error)
            return
        if reply is not None:
            self._read = b""
            if self._waiting is not None and not self._waiting.done():
                self._waiting.set_result(reply)

    def post(self, request: bytes) -> asyncio.Future[Reply]:
        """Send a request; its reply will come."""
        self._waiting = asyncio.get_running_loop().create_future()
        if self.closed:
            self._fail(SessionError("connection cut"))
        else:
            self._transport.write(request)
        return self._waiting

    def close(self) -> None:
        """Hang up."""
        self.closed = True
        self._transport.close()

    def _fail(self, error: SessionError) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(error)


async def connect(target: Target) -> Connection:
    """A new connection."""
    _, connection = await asyncio.get_running_loop().create_connection(Connection, target.host, target.port)
    return connection


class Session:
    """One session of a device; it is bound to its cookies, not to a connection."""

    __slots__ = ("_cookies", "_device", "_tally", "_target")

    def __init__(self, device: Device, target: Target, tally: Tally) -> None:
        """A session that has not begun."""
        self._device = device
        self._target = target
        self._tally = tally
        self._cookies: dict[str, str] = {}

    async def inform(self, connection: Connection) -> None:
        """Begin it: Inform to InformResponse, with a login between them where the server wants one."""
        data = self._device.inform(time.time())
        reply = await self._post(connection, data)
        if reply.status == 401 and self._target.username:
            reply = await self._post(connection, data, self._authorization(reply))
        message = _message_of(reply)
        if message.name != "InformResponse":
            raise SessionError("no InformResponse")
        if message.id != self._device.message_id:
            raise SessionError("wrong ID")

    async def finish(self, connection: Connection) -> None:
        """Give the server its turn, answer its RPCs, and see it end the session with 204."""
        answer = b""
        for _ in range(_MAX_RPCS):
            reply = await self._post(connection, answer)
            if reply.status == 204:
                return
            answer = self._device.answer(_message_of(reply))
            self._tally.rpcs += 1
        raise SessionError(f"no 204 after {_MAX_RPCS} RPCs")

    async def _post(self, connection: Connection, body: bytes, authorization: bytes = b"") -> Reply:
        parts = [self._target.request_line, authorization]
        if self._cookies:
            parts.append(b"Cookie: %b\r\n" % "; ".join(map("=".join, self._cookies.items())).encode("latin-1"))
        if body:
            parts.append(_SOAP)
        parts.append(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._tally.requests += 1
        reply = await connection.post(b"".join(parts))
        for cookie in reply.values(b"set-cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name.strip()] = value.strip()
        return reply

    def _authorization(self, refused: Reply) -> bytes:
        target = self._target
        answer = answer_challenge(
            parse_challenges(refused.values(b"www-authenticate")),
            method="POST",
            uri=target.path,
            username=target.username.replace("{serial}", self._device.serial),
            password=target.password,
            cnonce=self._device.message_id,
        )
        if answer is None:
            raise SessionError("401 without a challenge that can be answered")
        self._tally.challenges += 1
        return b"Authorization: %b\r\n" % answer.encode()


def _message_of(reply: Reply) -> Message:
    if reply.status != 200:
        raise SessionError(f"status {reply.status}")
    return read_message(reply.body)
