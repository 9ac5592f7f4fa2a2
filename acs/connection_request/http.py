"""Connection requests over HTTP and HTTPS (TR-069 section 3.2.2): a GET that the device answers 200 or 204.

This speaks HTTP by itself, over asyncio's streams, because it needs so little of it and that little exactly. Only the
judged address is connected to, for there is no name left to look up; the request target goes out letter by letter, as
the digest needs it; of an answer only the head is read, within bounds, so that an endless body costs nothing; and there
is no proxy, cookie, redirect or decompression that would have to be turned off.
"""

import asyncio
import os
import re
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from acs.auth.digest import answer_challenge
from acs.auth.headers import BasicChallenge, Challenge, DigestChallenge, HeaderError, parse_challenges
from acs.connecting import Resolver, SystemResolver, addresses_of, connected
from acs.domain.reach import Reach, ReachKind, WakeTarget
from acs.domain.targets import Address, Endpoint, Network, Refusal, judge, read_url

_CNONCE_LENGTH: Final = 16
# Without a login; with one; and once more if the device takes its own nonce for too old.
_MAX_REQUESTS: Final = 3

MAX_HEAD: Final = 16 * 1024
# The body of a 401 that is worth reading, so that the connection can be used again.
MAX_SKIPPED_BODY: Final = 16 * 1024
_STATUS_LINE: Final = re.compile(rb"HTTP/1\.[0-9] +([0-9]{3})(?![0-9])")
_NUMBER: Final = re.compile(r"[0-9]{1,9}")

_Outcome = tuple[ReachKind, str]


class AnswerError(Exception):
    """Why there is no answer to read, on a connection that came about::

    AnswerError
     +-- NoAnswerError
     +-- UnreadableAnswerError
    """


class NoAnswerError(AnswerError):
    """The device closed the connection and said nothing."""

    def __init__(self) -> None:
        super().__init__("the device closed the connection without an answer")


class UnreadableAnswerError(AnswerError):
    """What came is no HTTP, or too much of it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The head of an answer, as far as it matters here."""

    status: int
    """The HTTP status."""
    challenges: tuple[str, ...] = field(repr=False)
    """The ``WWW-Authenticate`` headers."""
    body_length: int | None
    """How much follows before the connection can be used again; None when it cannot."""


class HttpConnectionRequester:
    """Calls devices over HTTP and HTTPS."""

    def __init__(
        self,
        *,
        allow_basic: bool,
        allowed_networks: Sequence[Network],
        clock: Callable[[], float],
        chance: Callable[[int], bytes],
        tries: Sequence[float] = (2.0, 5.0),
        resolver: Resolver | None = None,
    ) -> None:
        """A requester; tries are the seconds that each may take, clock is monotonic, chance gives so many octets."""
        if not tries or min(tries) <= 0:
            raise ValueError("a connection request needs at least one try, and each more than 0 seconds")
        self._allow_basic = allow_basic
        self._allowed_networks = tuple(allowed_networks)
        self._clock = clock
        self._chance = chance
        self._tries = tuple(tries)
        self._resolver = resolver or SystemResolver()
        self._tls = _tls_context()

    async def request(self, target: WakeTarget) -> Reach:
        """Ask the device to open a session, for as long as all tries may take; never raises for what it does."""
        started = self._clock()
        try:
            async with asyncio.timeout(sum(self._tries)):
                kind, detail = await self._request(target)
        except TimeoutError:
            kind, detail = _silent("the device")
        return Reach(kind, max(0.0, self._clock() - started), detail)

    async def close(self) -> None:
        """Give up what is held; requests under way are their callers' to cancel."""
        self._resolver.close()

    async def _request(self, target: WakeTarget) -> _Outcome:
        endpoint = read_url(target.url)
        if isinstance(endpoint, Refusal):
            return endpoint.kind, endpoint.detail
        try:
            async with asyncio.timeout(self._tries[0]):
                addresses = await addresses_of(endpoint, self._resolver)
        except TimeoutError:
            return _silent("the name service")
        except (OSError, ValueError):
            addresses = ()
        allowed = judge(addresses, target.session_address, self._allowed_networks)
        if isinstance(allowed, Refusal):
            return allowed.kind, allowed.detail
        outcome = _silent("the device")
        for number, seconds in enumerate(self._tries):
            address = allowed[number % len(allowed)]
            try:
                async with asyncio.timeout(seconds):
                    # Many devices close after the 401, or fall silent, whatever they say. So the last try keeps no
                    # connection; and it begins anew, for the nonce may have been used.
                    return await self._converse(endpoint, address, target, keep=number + 1 < len(self._tries))
            except TimeoutError:
                outcome = _silent("the device")
            except (OSError, AnswerError) as error:
                outcome = ReachKind.REFUSED, _why(error, address, endpoint.port)
        return outcome

    async def _converse(self, endpoint: Endpoint, address: Address, target: WakeTarget, *, keep: bool) -> _Outcome:
        authorization: str | None = None
        used: set[str] = set()
        connection = _Connection(endpoint, address, self._tls if endpoint.is_secure else None)
        try:
            for _ in range(_MAX_REQUESTS):
                answer = await connection.get(authorization, keep=keep)
                if answer.status != 401:
                    return _outcome(answer.status, logged_in=authorization is not None)
                try:
                    challenges = parse_challenges(answer.challenges)
                except HeaderError:
                    return ReachKind.UNAUTHORIZED, "the device asks for a login in a way that cannot be read"
                nonces = _nonces(challenges)
                if authorization is not None and (used & nonces or not _is_stale(challenges)):
                    break
                used |= nonces
                authorization = self._authorization(challenges, endpoint, target)
                if authorization is None:
                    return ReachKind.UNAUTHORIZED, self._why_no_login(challenges)
        finally:
            connection.drop()
        return _outcome(401, logged_in=True)

    def _authorization(self, challenges: Sequence[Challenge], endpoint: Endpoint, target: WakeTarget) -> str | None:
        return answer_challenge(
            challenges,
            method="GET",
            uri=endpoint.request_target,
            username=target.username,
            password=target.password,
            cnonce=self._chance(_CNONCE_LENGTH).hex(),
            allow_basic=self._allow_basic,
        )

    def _why_no_login(self, challenges: Sequence[Challenge]) -> str:
        if not self._allow_basic and any(isinstance(challenge, BasicChallenge) for challenge in challenges):
            return "the device asks for the password in clear, which no setting allows"
        return "the device asks for a login of no kind that is known here, or for one that cannot be written"


class _Connection:
    """A connection to a device, made anew when the device has not left it open."""

    def __init__(self, endpoint: Endpoint, address: Address, tls: ssl.SSLContext | None) -> None:
        self._endpoint = endpoint
        self._address = address
        self._tls = tls
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, authorization: str | None, *, keep: bool) -> Answer:
        """Ask; with keep the connection stays, if the device leaves it open, for a device that ties nonces to it."""
        reader, writer = self._streams = self._streams or await self._open()
        lines = [f"GET {self._endpoint.request_target} HTTP/1.1", f"Host: {self._endpoint.host_header}"]
        if authorization is not None:
            lines.append(f"Authorization: {authorization}")
        if not keep:
            lines.append("Connection: close")
        # Lone surrogates in what was stored equal nothing a device knows, and must not be an error either.
        writer.write("\r\n".join((*lines, "", "")).encode("utf-8", "surrogatepass"))
        answer = await read_answer(reader)
        if not (keep and answer.status == 401 and await _skip_body(reader, answer)):
            self.drop()
        return answer

    def drop(self) -> None:
        """Close at once, whatever the device still sends."""
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        named = self._endpoint.host if self._endpoint.address is None else str(self._endpoint.address)
        connection = await connected(self._address, self._endpoint.port)
        return await asyncio.open_connection(
            sock=connection, limit=MAX_HEAD, ssl=self._tls, server_hostname=named if self._tls is not None else None
        )


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    """The head of the next answer; NoAnswerError, UnreadableAnswerError or OSError if there is none."""
    first = await _line(reader)
    if not first:
        raise NoAnswerError
    status = _STATUS_LINE.match(first)
    if status is None:
        raise UnreadableAnswerError("what answers there does not speak HTTP")
    headers: dict[str, list[str]] = {}
    values: list[str] = []
    room = MAX_HEAD - len(first)
    # The end of the stream ends the head as well: some devices forget the empty line.
    while line := (await _line(reader)).rstrip(b"\r\n"):
        room -= len(line) + 1
        if room < 0:
            raise UnreadableAnswerError(f"the head of the device's answer has more than {MAX_HEAD} octets")
        text = line.decode("utf-8", "surrogateescape")
        if text[0] in " \t" and values:  # a folded line (RFC 9112 section 5.2)
            values[-1] += " " + text.strip()
        else:
            name, _, value = text.partition(":")
            values = headers.setdefault(name.strip().lower(), [])
            values.append(value.strip())
    return Answer(int(status[1]), tuple(headers.get("www-authenticate", ())), _body_length(first, headers))


async def _skip_body(reader: asyncio.StreamReader, answer: Answer) -> bool:
    """Read past the body; whether that could be done, so that the connection can be used again."""
    if answer.body_length is None:
        return False
    try:
        await reader.readexactly(answer.body_length)
    except (asyncio.IncompleteReadError, ConnectionError):
        return False
    return True


async def _line(reader: asyncio.StreamReader) -> bytes:
    """The next line with its end; empty when the stream ended before it was whole."""
    try:
        return await reader.readuntil(b"\n")
    except asyncio.IncompleteReadError:
        return b""
    except asyncio.LimitOverrunError:
        raise UnreadableAnswerError(f"the head of the device's answer has more than {MAX_HEAD} octets") from None


def _body_length(status_line: bytes, headers: dict[str, list[str]]) -> int | None:
    """The length of a body that is short and told beforehand, on a connection that stays open."""
    lengths = headers.get("content-length", [])
    closing = any("close" in value.lower() for value in headers.get("connection", ()))
    if status_line.startswith(b"HTTP/1.0") or closing or "transfer-encoding" in headers or len(lengths) != 1:
        return None
    if _NUMBER.fullmatch(lengths[0]) is None or int(lengths[0]) > MAX_SKIPPED_BODY:
        return None
    return int(lengths[0])


def _tls_context() -> ssl.SSLContext:
    # Devices sign their certificates themselves, for whatever name, and there is nothing to check them against. Nor is
    # anything entrusted to the device: the digest shows it that we know the password, and does not tell it.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _nonces(challenges: Sequence[Challenge]) -> set[str]:
    return {challenge.nonce for challenge in challenges if isinstance(challenge, DigestChallenge)}


def _is_stale(challenges: Sequence[Challenge]) -> bool:
    return any(isinstance(challenge, DigestChallenge) and challenge.stale for challenge in challenges)


def _outcome(status: int, *, logged_in: bool) -> _Outcome:
    if status in {200, 204}:
        return ReachKind.REACHED, "the device took the request"
    if logged_in and status in {401, 403}:
        return ReachKind.UNAUTHORIZED, "the device does not take the login"
    # TR-069 section 3.2.2.2: how a device in a session turns a request away.
    if status == 503:
        return ReachKind.REFUSED, "the device is busy, perhaps in a session"
    if 300 <= status < 400:
        return ReachKind.REFUSED, f"the device answered with status {status}; redirects are not followed"
    return ReachKind.REFUSED, f"the device answered with status {status}"


def _silent(who: str) -> _Outcome:
    return ReachKind.TIMEOUT, f"{who} did not answer in time"


def _why(error: OSError | AnswerError, address: Address, port: int) -> str:
    if isinstance(error, AnswerError):
        return str(error)
    if isinstance(error, ConnectionRefusedError):
        return f"{address} takes no connection at port {port}"
    if isinstance(error, ssl.SSLError):
        return f"TLS with {address} port {port} did not come about"
    if isinstance(error, ConnectionError):
        return "the device cut the connection"
    reason = os.strerror(error.errno) if error.errno is not None and error.errno > 0 else "no connection"
    return f"{address} port {port} cannot be reached: {reason}"
