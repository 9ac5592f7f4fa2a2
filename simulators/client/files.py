"""Fetches and sends files for devices, over HTTP as devices have it: no more than so many at once, and not for ever."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Final

from cwmp_schemas.faults import CpeFault
from simulators.client.connection import Connection, Reply, why_not
from simulators.client.connector import Connector
from simulators.client.counting import Counting
from simulators.client.login import MAX_STALE, Credentials, Login
from simulators.client.requests import file_request, form_of
from simulators.client.target import MAX_REDIRECTS, REDIRECTS, Target, read_target
from simulators.client.tls import ANY_CERTIFICATE
from simulators.device.cpe import Cpe
from simulators.device.jobs import HEAD, Job, Outcome, fault_of_fetch, fault_of_sending

MAX_OPEN: Final = 50
"""How many files a process fetches or sends at once."""
PATIENCE: Final = 60.0
"""Seconds without an octet after which a transfer is given up."""
LONGEST: Final = 1_800.0
"""Seconds that one transfer may take."""


class LostError(Exception):
    """There is no reply, or not the whole of it; a short reason."""


class FileConnection(Connection):
    """A connection whose replies are counted, and kept no more than their first 4 KiB."""

    __slots__ = ("_limit", "_progressed", "octets", "status")

    def __init__(self, limit: int, progressed: Callable[[], None]) -> None:
        super().__init__()
        self.octets = 0
        """How much of the body of the last reply has come."""
        self.status = 0
        """The code of the last reply, as soon as its head has come."""
        self._limit = limit
        self._progressed = progressed

    @property
    def head(self) -> bytes:
        """How the body begins."""
        return b"".join(self._body)[:HEAD]

    def data_received(self, data: bytes) -> None:
        """Some more of a reply."""
        self._progressed()
        super().data_received(data)

    def on_message_begin(self) -> None:
        """A reply begins."""
        super().on_message_begin()
        self.octets = 0

    def on_headers_complete(self) -> None:
        """The head of the reply is complete."""
        super().on_headers_complete()
        if self._parser is not None:
            self.status = self._parser.get_status_code()

    def _keep(self, piece: bytes) -> None:
        if self.octets < HEAD:
            self._body.append(piece[: HEAD - self.octets])
        self.octets += len(piece)
        if self.octets > self._limit:
            self._give_up("too long")
            self.close()


class _Answer:
    """Waits for one reply."""

    def __init__(self) -> None:
        self.reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()

    def replied(self, reply: Reply) -> None:
        """See ``Owner``."""
        if not self.reply.done():
            self.reply.set_result(reply)

    def continued(self) -> None:
        """See ``Owner``."""

    def lost(self, why: str) -> None:
        """See ``Owner``."""
        if not self.reply.done():
            self.reply.set_exception(LostError(why))


class _Carriage:
    """One file on its way."""

    def __init__(self, cpe: Cpe, job: Job, connector: Connector, progressed: Callable[[], None]) -> None:
        self._cpe = cpe
        self._job = job
        self._connector = connector
        self._progressed = progressed
        self._connection: FileConnection | None = None
        self._is_form = job.method == "PUT" and cpe.quirks.manners.multipart_upload
        self._last_status = 0

    @property
    def status(self) -> int:
        """That of the last reply, of which no more than the head need have come."""
        return (self._connection.status if self._connection is not None else 0) or self._last_status

    @property
    def octets(self) -> int:
        """How much has come, or was taken."""
        if self._connection is None or not 200 <= self.status < 300:
            return 0
        return len(self._job.body) if self._job.method == "PUT" else self._connection.octets

    @property
    def head(self) -> bytes:
        """How the file begins that came."""
        return b"" if self._connection is None or self._job.method == "PUT" else self._connection.head

    async def run(self) -> str:
        """Carry it; what went wrong, or nothing."""
        url = self._job.url
        if self._job.method == "GET" and self._cpe.quirks.manners.drops_query:
            url = url.partition("?")[0]
        target = read_target(url)
        if target is None:
            return "unsupported URL"
        try:
            return await self._follow(target)
        except LostError as error:
            return str(error)

    def drop(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()

    async def _follow(self, target: Target) -> str:
        origin, login, authorization = target.origin, Login(), b""
        logins = redirects = 0
        while True:
            reply = await self._ask(target, authorization)
            self._last_status = reply.status
            if reply.status == 401 and target.origin == origin:
                # A login is for the server that the ACS named, not for where that sends the device.
                login.learn(reply.values(b"www-authenticate"))
                if logins and not (login.is_stale and logins <= MAX_STALE):
                    return ""
                logins += 1
                authorization = self._answer(login, target) or b""
                if not authorization:
                    return ""
            elif reply.status in REDIRECTS:
                locations = reply.values(b"location")
                found = target.elsewhere(locations[0]) if locations else None
                redirects += 1
                if found is None or redirects > MAX_REDIRECTS or (target.is_tls and not found.is_tls):
                    return "bad redirect"
                if found.origin != target.origin:
                    self.drop()
                target = found
                authorization = b""
            else:
                return "compressed reply" if self._job.method == "GET" and reply.is_encoded else ""

    def _answer(self, login: Login, target: Target) -> bytes | None:
        job = self._job
        who = Credentials(job.username, job.password)
        return login.answer(who, self._method, target.path, f"{self._cpe.chance.bits():016x}")

    @property
    def _method(self) -> str:
        return "POST" if self._is_form else self._job.method

    async def _ask(self, target: Target, authorization: bytes) -> Reply:
        connection = self._connection
        if connection is not None and connection.is_open:
            try:
                return await self._exchange(connection, target, authorization)
            except LostError:
                if not connection.was_left:
                    raise
        return await self._exchange(await self._open(target), target, authorization)

    async def _exchange(self, connection: FileConnection, target: Target, authorization: bytes) -> Reply:
        answer = _Answer()
        connection.expect(answer)
        connection.transport.write(self._octets(target, authorization))
        reply = await answer.reply
        if not reply.keeps_alive:
            connection.close()
        return reply

    async def _open(self, target: Target) -> FileConnection:
        self.drop()
        try:
            connection = await self._connector.connect(
                lambda: FileConnection(self._job.max_octets, self._progressed), target
            )
        # Some names are none (UnicodeError).
        except (OSError, UnicodeError) as error:
            raise LostError(why_not(error)) from None
        if not connection.is_open:
            raise LostError("connection cut")
        self._connection = connection
        return connection

    def _octets(self, target: Target, authorization: bytes) -> bytes:
        job = self._job
        if self._is_form:
            kind, body = form_of(job.name, job.body)
            return file_request(target, "POST", body, authorization, kind)
        return file_request(target, job.method, job.body, authorization)


class FileCarrier:
    """Carries out the jobs of all devices of a process."""

    def __init__(
        self,
        tally: Counting,
        now: Callable[[], float],
        *,
        tls: ssl.SSLContext = ANY_CERTIFICATE,
        max_open: int = MAX_OPEN,
        patience: float = PATIENCE,
        longest: float = LONGEST,
    ) -> None:
        self._tally = tally
        self._now = now
        self._connector = Connector(tls)
        self._gate = asyncio.Semaphore(max_open)
        self._patience = patience
        self._longest = longest

    async def carry(self, cpe: Cpe, job: Job) -> Outcome:
        """Fetch or send a file; how that ended, whatever happens."""
        async with self._gate:
            outcome = await self._carry(cpe, job)
        fault = fault_of_fetch(outcome, 0) if job.method == "GET" else fault_of_sending(outcome)
        seconds = outcome.completed_at - outcome.started_at
        self._tally.transfer(job.kind, outcome.octets, seconds, int(fault or 0))
        return outcome

    async def _carry(self, cpe: Cpe, job: Job) -> Outcome:
        loop, began = asyncio.get_running_loop(), self._now()
        ends = loop.time() + self._longest

        def progressed() -> None:
            if not limit.expired():
                limit.reschedule(min(ends, loop.time() + self._patience))

        carriage = _Carriage(cpe, job, self._connector, progressed)
        try:
            async with asyncio.timeout(min(self._patience, self._longest)) as limit:
                reason = await carriage.run()
        except TimeoutError:
            reason = "timeout"
        except asyncio.CancelledError:
            fault = CpeFault.DOWNLOAD_INCOMPLETE if job.method == "GET" else CpeFault.UPLOAD_FAILED
            self._tally.transfer(job.kind, carriage.octets, self._now() - began, int(fault))
            raise
        finally:
            carriage.drop()
        return Outcome(carriage.status, carriage.octets, began, self._now(), carriage.head, reason)
