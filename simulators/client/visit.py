"""One session over HTTP: posts, logins, cookies; on as many connections as it takes."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from acs.auth.digest import answer_challenge
from acs.auth.headers import HeaderError, parse_challenges
from simulators.client.connection import Connection, Reply
from simulators.client.counts import Counts
from simulators.client.target import Target, read_target
from simulators.device.cpe import Cpe
from simulators.device.errors import AcsError
from simulators.device.session import CpeSession

REPLY_TIMEOUT: Final = 60.0
"""How long a device waits for a reply, in seconds (3.4.1 asks for 30 at least)."""
_MAX_LOGINS: Final = 2


class Visit:
    """A session of a device and what carries it. ``ended`` is called once, with ``ok`` or a short reason."""

    __slots__ = (
        "_body",
        "_connecting",
        "_connection",
        "_cookies",
        "_cpe",
        "_ended",
        "_logins",
        "_now",
        "_posted_at",
        "_session",
        "_tally",
        "_target",
        "deadline",
        "started_at",
    )

    def __init__(
        self, cpe: Cpe, tally: Counts, now: Callable[[], float], ended: Callable[["Visit", str], None]
    ) -> None:
        self._cpe = cpe
        self._tally = tally
        self._now = now
        self._ended = ended
        self._session: CpeSession | None = None
        self._target: Target | None = None
        self._connection: Connection | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._cookies: dict[str, str] = {}
        self._body = b""
        self._logins = 0
        self._posted_at = 0.0
        self.started_at = time.perf_counter()
        """When it began, by the finest clock there is."""
        self.deadline = 0.0
        """When the device gives up waiting."""

    @property
    def cpe(self) -> Cpe:
        """The device."""
        return self._cpe

    def start(self) -> None:
        """Open the session."""
        now = self._now()
        self._target = read_target(self._cpe.management(now).url)
        session = self._session = self._cpe.open(now)
        if self._target is None:
            self._fail("no URL")
            return
        self._post(session.begin(now))

    def give_up(self, why: str) -> None:
        """End it from outside."""
        self._fail(why)

    def replied(self, reply: Reply) -> None:
        """See ``Owner``."""
        self._tally.reply(reply.status)
        if not reply.keeps_alive or self._cpe.quirks.http.close_after_every_response:
            self._hang_up()
        for cookie in reply.values(b"set-cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name.strip()] = value.strip()
        if reply.status == 401 and self._logins < _MAX_LOGINS:
            self._log_in(reply)
        elif reply.status in {200, 204}:
            self._read(reply.body)
        else:
            self._fail(f"status {reply.status}")

    def lost(self, why: str) -> None:
        """See ``Owner``."""
        self._connection = None
        self._fail(why)

    def _read(self, body: bytes) -> None:
        session = self._session
        if session is None:
            return
        try:
            answer = session.receive(body, self._now())
        except AcsError as error:
            self._fail(error.reason)
            return
        if answer is None:
            self._end("ok")
        else:
            self._post(answer)

    def _post(self, body: bytes, authorization: bytes = b"") -> None:
        self._body = body
        now = self._now()
        self._posted_at = now
        self.deadline = now + REPLY_TIMEOUT
        connection = self._connection
        if connection is not None and connection.is_open:
            connection.send(self._request(authorization), self)
        else:
            self._connecting = asyncio.get_running_loop().create_task(self._connect(authorization))

    async def _connect(self, authorization: bytes) -> None:
        target = self._target
        if target is None:
            return
        try:
            _, connection = await asyncio.get_running_loop().create_connection(Connection, target.host, target.port)
        except OSError:
            self._connecting = None
            self._fail("no connection")
            return
        self._connecting = None
        self._connection = connection
        connection.send(self._request(authorization), self)

    def _request(self, authorization: bytes) -> bytes:
        target, body = self._target, self._body
        assert target is not None  # noqa: S101
        parts = [f"POST {target.path} HTTP/1.1\r\nHost: {target.authority}\r\n".encode(), authorization]
        if self._cookies:
            parts.append(f"Cookie: {'; '.join(map('='.join, self._cookies.items()))}\r\n".encode("latin-1"))
        if body:
            parts.append(b'Content-Type: text/xml; charset="utf-8"\r\nSOAPAction: ""\r\n')
        parts.append(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        return b"".join(parts)

    def _log_in(self, refused: Reply) -> None:
        self._logins += 1
        management, target = self._cpe.management(self._now()), self._target
        assert target is not None  # noqa: S101
        try:
            answer = answer_challenge(
                parse_challenges(refused.values(b"www-authenticate")),
                method="POST",
                uri=target.path,
                username=management.username,
                password=management.password,
                cnonce=f"{self._cpe.chance.bits():016x}",
                allow_basic=True,
            )
        except HeaderError:
            answer = None
        if answer is None:
            self._fail("status 401")
        else:
            self._post(self._body, b"Authorization: %b\r\n" % answer.encode())

    def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _fail(self, why: str) -> None:
        if self._session is not None:
            self._end(why)

    def _end(self, outcome: str) -> None:
        self._session = None
        if self._connecting is not None:
            self._connecting.cancel()
            self._connecting = None
        self._hang_up()
        now = self._now()
        if outcome == "ok":
            self._cpe.session_over(now)
        else:
            self._cpe.session_failed(now)
        self._tally.ended(outcome, time.perf_counter() - self.started_at, now)
        self._ended(self, outcome)
