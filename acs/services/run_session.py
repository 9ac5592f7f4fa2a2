"""One post of a device after the other: what it means, what is made durable, what goes back.

The order is always the same: the machine takes the post, what happened is committed, and only then the answer leaves.
"""

from collections.abc import Callable
from typing import Final

from acs.provisioning.quirks import Quirks
from acs.services.calling import BAD_REQUEST, EMPTY, FORBIDDEN, XML, Caller, Reply
from acs.services.closing import Closing
from acs.services.decoding import decoded
from acs.services.enrol import Enrolment, Refused
from acs.services.informs import identity_of, is_out_of_bounds, read_inform
from acs.services.live import MAX_WAITING, Entry, LiveSession, SessionTable
from acs.services.login import Door, Login
from acs.services.opening import Opening, Overtaken, set_cookie
from acs.services.recording import Recorder
from acs.services.tools import Tools
from acs.services.trace import Trace
from acs.services.values import print_of, prints_of
from acs.services.work import FenceLostError
from acs.session.errors import RemoteProtocolError, UnexpectedInformError
from acs.session.events import EndReason
from acs.session.states import State
from acs.store.errors import RecordError, StoreError
from cwmp_schemas.encode import encode
from cwmp_schemas.envelope import Envelope, Received
from cwmp_schemas.errors import DecodeError
from cwmp_schemas.messages import CPE_REQUESTS
from cwmp_schemas.rpc.session import Inform

_TRIES: Final = 3
_UNASKED: Final = tuple(CPE_REQUESTS)


class Sessions:
    """All sessions of one process."""

    def __init__(
        self,
        tools: Tools,
        *,
        door: Door,
        enrolment: Enrolment,
        opening: Opening,
        recorder: Recorder,
        trace: Trace,
    ) -> None:
        self._tools = tools
        self._door = door
        self._enrolment = enrolment
        self._opening = opening
        self._trace = trace
        # How many are about to be opened: they count, or a crowd that comes at once would all find room.
        self._beginning = 0
        self.table = SessionTable()
        """The open sessions."""
        self.closing = Closing(tools, recorder, self.table)
        """How they end."""
        self.is_draining = False
        """Whether new sessions are turned away because the server is about to stop."""
        self.is_overrun: Callable[[], bool] = lambda: False
        """Whether devices come faster than they are served."""

    def __len__(self) -> int:
        """How many sessions are open, those left out that have had their last answer."""
        return len(self.table) - len(self.closing)

    @property
    def _is_full(self) -> bool:
        return len(self) + self._beginning >= self._tools.settings.max_sessions

    @property
    def _why_not_now(self) -> str:
        """Why no new session is begun now; empty if one may be."""
        if self.is_draining:
            return "draining"
        return "overload" if self._is_full or self.is_overrun() else ""

    async def admit(self, caller: Caller) -> Entry | Reply:
        """Whether a post may come in, before its body is read."""
        settings = self._tools.settings
        session = self.table.find(caller)
        if session is not None:
            return Entry(session, None, settings.max_body)
        reason = self._why_not_now
        try:
            login = None if reason else await self._door.check(caller)
            if isinstance(login, Login):
                proven = login.credential is not None or login.certificate is not None
                return Entry(None, login, settings.max_body if proven else settings.max_unauthenticated_body)
            # Open sessions go on, and it is the session that is authenticated: another process may have the caller's.
            if await self._opening.is_open(caller):
                return Entry(None, None, settings.max_body)
        except StoreError as error:
            return self._store_failed(error)
        return login or self.come_later(reason)

    def answer_at_once(self, caller: Caller) -> Reply | None:
        """End a session by its empty post if nothing waits, as nearly all do; None: the post is to be handled."""
        session = self.table.find(caller)
        if session is None or not session.may_end_at_once:
            return None
        now = self._tools.clock.monotonic()
        session.machine.receive(None, now)
        self._heard(session, caller, now)
        return self.closing.end(session, now)

    async def handle(self, caller: Caller, entry: Entry, body: bytes) -> Reply:
        """Answer a post."""
        try:
            received = await decoded(self._tools, body) if body.strip() else None
        except DecodeError as error:
            self._tools.metrics.decode_refusals.inc(error.refusal)
            self._tools.complain(
                f"decode {caller.address}", "a body cannot be read", address=caller.address, reason=str(error)
            )
            return BAD_REQUEST
        session = entry.session
        is_inform = received is not None and isinstance(received.envelope.message, Inform)
        if session is None:
            may_be_elsewhere = bool(caller.cookies)
        else:
            # What comes on another connection may have gone on with another process meanwhile.
            may_be_elsewhere = self._tools.is_shared and caller.link is not session.link
        if may_be_elsewhere and not is_inform:
            try:
                session = await self._resumed(caller, session)
            except StoreError as error:
                # It may well have a session: what it says must not be lost for want of a look at it.
                return self._store_failed(error)
        if session is not None:
            return await self._go_on(session, caller, received, body)
        if entry.login is None:
            return await self._begin_anew(caller, received, body)
        return await self._begin(caller, entry.login, received, body)

    def notify(self, device_id: int) -> bool:
        """Tell the device's open session that there is work; False if it has none that may still do it."""
        session = self.table.of_device(device_id)
        if session is not None and session.may_work:
            session.has_operations = True
        return self.is_in_session(device_id)

    def tell_of_wishes(self, device_id: int) -> bool:
        """Tell the device's open session that it may be to have something else; False as above."""
        session = self.table.of_device(device_id)
        if session is not None and session.may_work:
            session.settings_due = True
        return self.notify(device_id)

    def is_in_session(self, device_id: int) -> bool:
        """Whether a device has a session that may still do work."""
        session = self.table.of_device(device_id)
        return session is not None and session.may_work

    async def _resumed(self, caller: Caller, ours: LiveSession | None) -> LiveSession | None:
        """The session of a caller as the store has it."""
        if ours is not None:
            if not await self._opening.is_elsewhere(ours):
                return ours
            self.closing.drop(ours, EndReason.SUPERSEDED)
        try:
            session = await self._opening.resume(caller)
        except FenceLostError as error:
            self._tools.complain("resume", "a session cannot be continued", reason=str(error))
            return None
        return session if session is not None and self._add(session) else None

    def come_later(self, reason: str) -> Reply:
        """503 with a jittered Retry-After: they must not all come back at once."""
        self._tools.metrics.sessions_refused.inc(reason)
        return Reply(503, headers=(("Retry-After", str(int(self._tools.chance.between(10, 60)))),))

    def _store_failed(self, error: StoreError) -> Reply:
        self._tools.complain("store", "the store failed", reason=str(error))
        return self.come_later("storage")

    async def _begin(
        self, caller: Caller, login: Login, received: Received | None, body: bytes, old: LiveSession | None = None
    ) -> Reply:
        if received is None:
            # Some begin so, to collect the challenge; with good credentials there is nothing to say (Calix GigaSpire).
            return self._door.challenge() if login.is_refused else EMPTY
        envelope = received.envelope
        if not isinstance(envelope.message, Inform):
            self._tools.complain(
                f"begin {caller.address}", "a post without a session is no Inform", address=caller.address
            )
            return self._door.challenge() if login.is_refused else BAD_REQUEST
        if is_out_of_bounds(identity_of(envelope.message)):
            return BAD_REQUEST
        takes_its_place = old is not None and old.device.identity == identity_of(envelope.message)
        # By the cookie of an old session, say, it has passed the first look.
        if self.is_draining or (self._is_full and not takes_its_place):
            return self.come_later("draining" if self.is_draining else "overload")
        self._beginning += 1
        try:
            return await self._open(caller, login, envelope, envelope.message, body)
        except RecordError as error:
            self._tools.complain("record", "an Inform cannot be kept", address=caller.address, reason=str(error))
            return BAD_REQUEST
        except StoreError as error:
            return self._store_failed(error)
        finally:
            self._beginning -= 1

    async def _open(self, caller: Caller, login: Login, envelope: Envelope, inform: Inform, body: bytes) -> Reply:
        told, recorded = read_inform(inform), None
        for _ in range(_TRIES):
            admitted = await self._enrolment.admit(caller, login, inform, told)
            if isinstance(admitted, Refused):
                return admitted.reply
            device = admitted.device
            # What is decided anew was counted before.
            if recorded != device.id and not self._enrolment.may_call(device, len(body)):
                return self.come_later("rate")
            old = self.table.of_device(device.id)
            if old is not None and not await self._supersede(old, caller):
                return FORBIDDEN
            opened = await self._opening.open(caller, admitted, envelope, inform, told, recorded=recorded)
            if isinstance(opened, Overtaken):
                recorded = opened.recorded
                # Its login may be what has changed.
                self._door.forget(login.username)
                checked = await self._door.check(caller, is_again=True)
                if isinstance(checked, Reply):
                    return checked
                login = checked
                continue
            if device.debug:
                self._trace.received(device, body, self._tools.clock.wall())
            session = opened.session
            if session is None:
                # No common version: a fault, and nothing to remember.
                return self._reply(None, opened.answer, opened.quirks)
            # What was overtaken is recorded all the same, and acknowledged.
            if self._add(session):
                self.table.attach(session, caller.link)
            return self._reply(session, opened.answer, opened.quirks, set_cookie(session, is_secure=caller.is_secure))
        return self.come_later("storage")

    def _add(self, session: LiveSession) -> bool:
        """Let a session be found; False if, of two Informs at once, the other one of its device came later."""
        gone = self.table.add(session)
        if gone is not None:
            # A post of its may be under way, so its machine is left alone: it can change nothing any more.
            self.closing.drop(gone, EndReason.SUPERSEDED)
        return gone is not session

    async def _supersede(self, old: LiveSession, caller: Caller) -> bool:
        """Let a device's old session go; False if two devices seem to share one identity."""
        async with old.lock:
            is_cut = old.machine.state is not State.CLOSING and not old.is_over
            if not old.is_over:
                old.machine.supersede()
            await self.closing.settle(old)
        if is_cut and old.address != caller.address:
            return await self._enrolment.note_superseded(old.device, caller.address)
        return True

    async def _go_on(self, session: LiveSession, caller: Caller, received: Received | None, body: bytes) -> Reply:
        if session.waiting >= MAX_WAITING:
            return self.come_later("overload")
        session.waiting += 1
        try:
            async with session.lock:
                reply = await self._step(session, caller, received, body)
        except FenceLostError:
            self.closing.drop(session, EndReason.SUPERSEDED)
            return self.come_later("storage")
        except RecordError as error:
            # What the device said cannot be kept as it is; its session cannot go on truthfully.
            self._tools.complain("record", "an answer cannot be kept", device=session.device.name, reason=str(error))
            self.closing.drop(session, EndReason.CLOSED)
            return BAD_REQUEST
        except StoreError as error:
            # What was not made durable must not be acknowledged: the device begins again, and tells it again.
            self.closing.drop(session, EndReason.CLOSED)
            return self._store_failed(error)
        except Exception:
            # Nobody knows what of it is true now.
            self.closing.drop(session, EndReason.CLOSED)
            raise
        finally:
            session.waiting -= 1
        return reply if reply is not None else await self._begin_anew(caller, received, body, session)

    async def _begin_anew(
        self, caller: Caller, received: Received | None, body: bytes, old: LiveSession | None = None
    ) -> Reply:
        """Begin a session, of whoever was let in for another one."""
        try:
            login = await self._door.check(caller)
        except StoreError as error:
            return self._store_failed(error)
        return login if isinstance(login, Reply) else await self._begin(caller, login, received, body, old)

    async def _step(self, session: LiveSession, caller: Caller, received: Received | None, body: bytes) -> Reply | None:
        """Answer a post within a session; None if it begins another one."""
        now = self._tools.clock.monotonic()
        envelope = received.envelope if received is not None else None
        message = envelope.message if envelope is not None else None
        # The same Inform once more is a repetition; what any other one says must be recorded, too.
        if isinstance(message, Inform) and (
            session.is_over or print_of(message, prints_of(message.parameter_list)) != session.told
        ):
            return None
        if session.is_over:
            return EMPTY if envelope is None else BAD_REQUEST
        if isinstance(message, _UNASKED) and not self._enrolment.may_say(session.device, len(body)):
            return self.come_later("rate")
        if session.device.debug:
            self._trace.received(session.device, body, self._tools.clock.wall(), hides_faults=session.has_sent_secrets)
        try:
            answer = session.machine.receive(envelope, now)
        except UnexpectedInformError:
            return None
        except RemoteProtocolError as error:
            self._tools.complain(
                f"protocol {session.device.id}", "a post out of place", device=session.device.name, reason=str(error)
            )
            return Reply(error.status)
        self._heard(session, caller, now)
        await self.closing.record(session)
        if answer is not None:
            return self._reply(session, answer, session.quirks)
        return await self._speak(session) if session.machine.state is State.ACS_TURN else EMPTY

    async def _speak(self, session: LiveSession) -> Reply:
        """It is our turn: the next RPC, or 204."""
        work, machine = session.work, session.machine
        if work is None and session.has_something:
            work = session.work = self._opening.new_work(session)
        rpc = await work.next_rpc() if work is not None and work.has_something else None
        if rpc is None and work is not None:
            # The device may bear no more in this session.
            await work.leave(EndReason.DONE)
        if session.is_over:
            # Another one of the device has begun meanwhile.
            return EMPTY
        if rpc is None or work is None:
            return self.closing.end(session, self._tools.clock.monotonic())
        now = self._tools.clock.monotonic()
        envelope = machine.send(rpc, now)
        session.rpc_sent_at = now
        await work.sending(rpc)
        return self._reply(session, envelope, session.quirks)

    def _heard(self, session: LiveSession, caller: Caller, now: float) -> None:
        # It goes on, if it had had its last answer.
        self.closing.reopen(session)
        session.posts += 1
        session.heard_at = now
        self.table.attach(session, caller.link)

    def _reply(
        self,
        session: LiveSession | None,
        envelope: Envelope,
        quirks: Quirks,
        *headers: tuple[str, str],
    ) -> Reply:
        body = encode(envelope, quirks.style)
        if session is not None and session.device.debug:
            self._trace.sent(session.device, body, self._tools.clock.wall())
        return Reply(200, body, (("Content-Type", XML), *headers))
