"""One session over HTTP: posts, logins, cookies, redirects; on as many connections as it takes."""

import asyncio
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Final

from simulators.client.connection import Connection, Reply, why_not
from simulators.client.connector import Connector
from simulators.client.cookies import Cookies
from simulators.client.counting import Counting
from simulators.client.login import MAX_STALE, Credentials, Login
from simulators.client.requests import plain_post
from simulators.client.target import MAX_REDIRECTS, REDIRECTS, Target, read_target
from simulators.device.cpe import Cpe
from simulators.device.errors import AcsError
from simulators.device.numbers import whole_number
from simulators.device.session import CpeSession
from simulators.device.states import State

REPLY_TIMEOUT: Final = 60.0
"""How long a device waits for a reply, in seconds (3.4.2 asks for 30 at least)."""
CONNECT_TIMEOUT: Final = 30.0
"""How long it waits for a connection."""


class Visit:
    """A session of a device and what carries it. ``ended`` is called once, with ``ok`` or a short reason."""

    __slots__ = (
        "_authorization",
        "_body",
        "_connecting",
        "_connection",
        "_connector",
        "_cookies",
        "_cpe",
        "_ended",
        "_login",
        "_logins",
        "_not_before",
        "_now",
        "_posted_at",
        "_redirects",
        "_rpc",
        "_session",
        "_tally",
        "_target",
        "_timer",
        "deadline",
        "started_at",
        "wants_jobs",
    )

    def __init__(
        self,
        cpe: Cpe,
        tally: Counting,
        now: Callable[[], float],
        ended: Callable[["Visit", str], None],
        connector: Connector,
    ) -> None:
        self._cpe = cpe
        self._tally = tally
        self._now = now
        self._ended = ended
        self._connector = connector
        self._session: CpeSession | None = None
        self._target: Target | None = None
        self._connection: Connection | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._cookies: Cookies | None = None
        self._login: Login | None = None
        # The post that is on its way, and the line that logs in with it.
        self._body = self._authorization = b""
        # How often it was sent in answer to a challenge, sent elsewhere, and sent again because a connection was gone.
        self._logins = self._redirects = 0
        self._posted_at = 0.0
        self._not_before = 0.0
        # The RPC whose answer is under way: method, fault, and when it came.
        self._rpc: tuple[str, int, float] | None = None
        self.started_at = time.perf_counter()
        """When it began, by the finest clock there is."""
        self.deadline = 0.0
        """When the device gives up waiting."""
        self.wants_jobs: Callable[[Cpe], None] | None = None
        """Told when the device wants files fetched or sent while the session is open."""

    @property
    def cpe(self) -> Cpe:
        """The device."""
        return self._cpe

    def start(self) -> None:
        """Open the session."""
        now = self._now()
        self._target = read_target(self._cpe.management(now).url)
        self._session = self._cpe.open(now)
        if self._target is None:
            self._fail("no URL")
        else:
            self._begin()

    def give_up(self, why: str) -> None:
        """End it from outside, and hang up without a farewell."""
        if self._connection is not None:
            self._connection.abort()
        self._fail(why)

    def replied(self, reply: Reply) -> None:
        """See ``Owner``."""
        self._tally.reply(reply.status)
        if not reply.keeps_alive:
            self._hang_up()
        if reply.headers:
            self._keep_cookies(reply)
        status = reply.status
        if status in {200, 204}:
            if reply.body and reply.is_encoded:
                self._fail("compressed reply")
            else:
                self._read(reply.body)
        elif status == 401:
            self._log_in(reply)
        elif status in REDIRECTS:
            self._go_on_elsewhere(reply)
        else:
            if status == 503:
                self._not_before = _moment(reply, self._now())
            self._fail(f"status {status}")

    def continued(self) -> None:
        """See ``Owner``: nothing is held back."""

    def lost(self, why: str) -> None:
        """See ``Owner``. A connection that was left by the server in between is no reason to give up."""
        connection, self._connection = self._connection, None
        if connection is not None and connection.was_left:
            self._send()
        else:
            self._fail(why)

    def _begin(self) -> None:
        session = self._session
        if session is not None:
            self._post(session.begin(self._now()))

    def _read(self, body: bytes) -> None:
        session = self._session
        if session is None:
            return
        at, is_informing = time.perf_counter(), session.state is State.INFORMING
        if self._rpc is not None:
            method, fault, came_at = self._rpc
            self._tally.rpc(method, fault, at - came_at)
            self._rpc = None
        try:
            answer = session.receive(body, self._now())
        except AcsError as error:
            self._fail(error.reason)
            return
        done = session.done
        if done is not None and done[0] == "rpc":
            self._rpc = (done[1], done[2], at)
        elif done is not None:
            self._tally.request(done[1], at - self._posted_at, not done[2])
            for code in session.told_faults:
                self._tally.told_fault(done[1], code)
        elif is_informing and session.state is not State.INFORMING:
            self._tally.informed(at - self._posted_at)
        for event in session.acknowledged:
            self._tally.event(event.event_code)
        if answer is None:
            self._finish()
        elif session.pause:
            if self._cpe.jobs.is_waiting and self.wants_jobs is not None:
                self.wants_jobs(self._cpe)
            self._wait(session.pause, partial(self._post_late, answer))
        else:
            self._post(answer)

    def _post_late(self, answer: bytes) -> None:
        """Send what was held back, or what the device would say by now."""
        session = self._session
        if session is not None:
            self._post(session.late_answer(self._now()) or answer)

    def _finish(self) -> None:
        """The ACS has nothing more to ask."""
        self._end("ok")

    def _wait(self, seconds: float, then: Callable[[], None]) -> None:
        """Let time pass; the device is not waiting for the ACS then."""
        self.deadline = self._now() + seconds + REPLY_TIMEOUT
        self._timer = asyncio.get_running_loop().call_later(seconds, then)

    def _post(self, body: bytes) -> None:
        """Send something new."""
        self._body = body
        self._authorization = b""
        self._logins = self._redirects = 0
        self._posted_at = time.perf_counter()
        self._send()

    def _send(self) -> None:
        """Send it, for the first time or again."""
        connection = self._connection
        if connection is not None and connection.is_open:
            self.deadline = self._now() + REPLY_TIMEOUT
            self._transmit(connection)
        elif self._target is not None:
            self._hang_up()
            self.deadline = self._now() + CONNECT_TIMEOUT
            self._connecting = asyncio.get_running_loop().create_task(self._connect(self._target))

    async def _connect(self, target: Target) -> None:
        try:
            connection = await self._connector.connect(Connection, target)
        # Some names are none (UnicodeError).
        except (OSError, UnicodeError) as error:
            self._connecting = None
            self._fail(why_not(error))
            return
        self._connecting = None
        if connection.is_open:
            self._connection = connection
            self.deadline = self._now() + REPLY_TIMEOUT
            self._transmit(connection)
        else:
            # It was cut before anything could be said on it.
            self._fail("connection cut")

    def _transmit(self, connection: Connection) -> None:
        target = self._target
        if target is not None:
            connection.expect(self)
            connection.transport.write(plain_post(target, self._body, self._extras(target)))

    def _extras(self, target: Target) -> bytes:
        """The lines of login and cookies."""
        return self._authorization if self._cookies is None else self._authorization + self._cookies.header(target)

    def _prove(self, login: Login) -> bool:
        """Have the post log in; False if there is no way to."""
        management, target = self._cpe.management(self._now()), self._target
        who = Credentials(management.username, management.password)
        path = "/" if target is None else target.path
        answer = login.answer(who, "POST", path, f"{self._cpe.chance.bits():016x}")
        self._authorization = answer or b""
        return answer is not None

    def _log_in(self, refused: Reply) -> None:
        login = self._login = self._login or Login(self._cpe.quirks.http)
        login.learn(refused.values(b"www-authenticate"))
        # An answer to the challenge to this very post was refused, so that the password is wrong, unless the server
        # says that it was too late.
        is_wrong = self._logins > 0 and not (login.is_stale and self._logins <= MAX_STALE)
        self._logins += 1
        if is_wrong or not self._prove(login):
            self._fail("refused 401")
        else:
            self._send()

    def _go_on_elsewhere(self, reply: Reply) -> None:
        """The rest of the session is at another place."""
        before, locations = self._target, reply.values(b"location")
        target = before.elsewhere(locations[0]) if before is not None and locations else None
        self._redirects += 1
        if before is None or target is None:
            self._fail("bad redirect")
        elif self._redirects > MAX_REDIRECTS:
            self._fail("too many redirects")
        elif before.is_tls and not target.is_tls:
            self._fail("redirect to plain HTTP")
        else:
            self._target = target
            # Whoever is there has not refused a login yet.
            self._logins = 0
            if target.origin != before.origin:
                self._hang_up()
                self._login, self._authorization = None, b""
            elif self._authorization and self._login is not None:
                self._prove(self._login)
            self._send()

    def _keep_cookies(self, reply: Reply) -> None:
        for name, value in reply.headers:
            if name == b"set-cookie" and self._target is not None:
                if self._cookies is None:
                    self._cookies = Cookies(self._cpe.quirks.http)
                self._cookies.take(value, self._target)

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
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._hang_up()
        now = self._now()
        if outcome == "ok":
            self._cpe.session_over(now)
        else:
            self._cpe.session_failed(now, not_before=self._not_before)
        self._tally.ended(outcome, time.perf_counter() - self.started_at, now)
        self._ended(self, outcome)


def _moment(reply: Reply, now: float) -> float:
    """Before when an ACS wants no new session; 0 if it does not say (RFC 9110 10.2.3)."""
    for value in reply.values(b"retry-after"):
        text = value.strip()
        if (seconds := whole_number(text)) is not None:
            return now + seconds
        try:
            return parsedate_to_datetime(text).timestamp()
        except (ValueError, OverflowError):
            continue
    return 0.0
