"""The ACS side of one CWMP session: messages and time in, answers and events out (TR-069 3.7)."""

import math
from collections.abc import Mapping
from typing import Final

from acs.session.answers import (
    answer_to,
    highest_common_version,
    is_answer,
    is_served,
    no_common_version,
    readable_versions,
    shown_name,
)
from acs.session.errors import (
    LocalProtocolError,
    ProtocolError,
    RemoteProtocolError,
    SnapshotError,
    UnexpectedInformError,
)
from acs.session.events import (
    Answered,
    AnsweredLate,
    Ended,
    EndReason,
    Informed,
    Requested,
    RpcLost,
    SessionEvent,
    Unsupported,
)
from acs.session.limits import DEFAULT_LIMITS, SessionLimits
from acs.session.rpcs import SentRpc, SentRpcs
from acs.session.snapshot import VERSION, SnapshotReader, written_rpc
from acs.session.states import FROM_CPE, TRANSITIONS, Input, State
from cwmp_schemas.envelope import Envelope
from cwmp_schemas.faults import Fault
from cwmp_schemas.messages import AcsRequest, CpeResponse, Message, answers, method_of
from cwmp_schemas.rpc.session import Inform
from cwmp_schemas.xml import MINORS

_NEVER: Final = math.inf


class AcsSession:
    """One session with one device. Its driver does the I/O, one post at a time:

        answer = session.receive(envelope, now)
        ...make session.events() durable...
        send ``answer``; or, when it is None and the state is ACS_TURN, what ``send`` returns, or 204 after ``end``

    If the connection dies before the answer goes out, the device repeats its post, and that is accepted. Time is only
    looked at in ``handle_timeout``: a post that comes before it is called is in time.
    """

    __slots__ = (
        "_asked_timeout",
        "_device",
        "_empty_posts",
        "_events",
        "_holding",
        "_idle_deadline",
        "_informing",
        "_limits",
        "_minor",
        "_no_more_requests",
        "_rpcs",
        "_session_deadline",
        "_state",
    )

    def __init__(
        self,
        now: float,
        *,
        limits: SessionLimits = DEFAULT_LIMITS,
        id_prefix: str = "",
        hold_requests: bool = False,
    ) -> None:
        """A session whose Inform is on its way. For ``id_prefix`` see ``SentRpcs``; a live session needs one."""
        self._limits = limits
        self._state = State.AWAITING_INFORM
        self._rpcs = SentRpcs(id_prefix)
        self._holding = hold_requests
        self._events: list[SessionEvent] = []
        self._device: tuple[str, str, str] | None = None
        self._minor = 0
        self._informing = False
        self._no_more_requests = False
        self._asked_timeout = 0
        self._empty_posts = 0
        self._idle_deadline = now + limits.idle_timeout
        self._session_deadline = _NEVER

    @property
    def state(self) -> State:
        """Who is to speak next."""
        return self._state

    @property
    def outstanding(self) -> SentRpc | None:
        """The RPC that is out."""
        return self._rpcs.outstanding

    @property
    def may_send(self) -> bool:
        """Whether it is our turn and the device bears another RPC."""
        return self._state is State.ACS_TURN and not self._rpcs_used_up

    @property
    def holding(self) -> bool:
        """Whether the CPE is asked to hold back its own requests."""
        return self._holding

    @property
    def no_more_requests(self) -> bool:
        """Whether the CPE has said that it has no more requests of its own; it may err."""
        return self._no_more_requests

    def events(self) -> list[SessionEvent]:
        """What has happened since the last call."""
        events, self._events = self._events, []
        return events

    def deadline(self) -> float | None:
        """When ``handle_timeout`` is to be called; None once the session has ended."""
        return None if self._state is State.ENDED else min(self._idle_deadline, self._session_deadline)

    def receive(self, envelope: Envelope | None, now: float) -> Envelope | None:
        """Take a post of the device, None for an empty one, and give the answer; None when it is for us to speak."""
        if envelope is None:
            self._take_empty_post(now)
            return None
        message = envelope.message
        if isinstance(message, Inform):
            return self._take_inform(envelope, message, now)
        if is_answer(message):
            self._take_answer(envelope, message, now)
            return None
        return self._take_request(envelope, now)

    def send(self, rpc: AcsRequest, now: float, *, release: bool = False) -> Envelope:
        """The envelope of an RPC; ``release`` lets the CPE's held requests go (HoldRequests, TR-069 3.5)."""
        self._check(Input.RPC, "an RPC out of turn")
        if self._rpcs_used_up:
            raise LocalProtocolError(f"the device bears {self._limits.rpcs} RPCs in a session", self._state)
        self._move(Input.RPC)
        self._holding = self._holding and not release
        self._empty_posts = 0
        self._idle_deadline = now + self._idle_timeout
        sent = self._rpcs.send(method_of(rpc))
        return Envelope(sent.rpc_id, rpc, self._minor, hold_requests=self._holding)

    def end(self, now: float) -> None:
        """Answer with 204: we have nothing to ask. What the CPE has held back is now let go (TR-069 3.7.1.3)."""
        self._check(Input.END, "an end out of turn")
        self._move(Input.END)
        self._holding = False
        self._idle_deadline = now + self._limits.linger

    def close(self) -> None:
        """End the session from outside."""
        self._check(Input.CLOSE, "nothing to close")
        self._finish(Input.CLOSE, EndReason.CLOSED)

    def supersede(self) -> None:
        """End the session because the same device has opened another one."""
        self._check(Input.SUPERSEDE, "nothing to supersede")
        self._finish(Input.SUPERSEDE, EndReason.SUPERSEDED)

    def handle_timeout(self, now: float) -> None:
        """End the session if a deadline has passed; else do nothing."""
        deadline = self.deadline()
        if deadline is None or now < deadline:
            return
        idle = self._idle_deadline <= self._session_deadline
        self._finish(Input.TIMEOUT, EndReason.IDLE_TIMEOUT if idle else EndReason.SESSION_TIMEOUT)

    def snapshot(self, now: float) -> dict[str, object]:
        """The session as plain JSON values, for ``restore``. Events that are not drained would be lost: refused."""
        if self._events:
            raise LocalProtocolError("a snapshot before the events are drained", self._state)
        rpcs = self._rpcs
        session_left = None if self._session_deadline == _NEVER else self._session_deadline - now
        return {
            "version": VERSION,
            "state": self._state.name,
            "device": None if self._device is None else list(self._device),
            "minor": self._minor,
            "informing": self._informing,
            "holding": self._holding,
            "no_more_requests": self._no_more_requests,
            "asked_timeout": self._asked_timeout,
            "empty_posts": self._empty_posts,
            "id_prefix": rpcs.prefix,
            "sent": rpcs.sent,
            "lost": rpcs.lost,
            "outstanding": None if rpcs.outstanding is None else written_rpc(rpcs.outstanding),
            "earlier": [written_rpc(rpc) for rpc in rpcs.earlier.values()],
            "idle_left": self._idle_deadline - now,
            "session_left": session_left,
        }

    @classmethod
    def restore(
        cls, snapshot: Mapping[str, object], now: float, *, limits: SessionLimits = DEFAULT_LIMITS
    ) -> "AcsSession":
        """The session of a snapshot; SnapshotError, a ValueError, names the key that is wrong.

        The limits are settings, so they are passed again and may have changed; the time while it lay stored is free.
        """
        reader = SnapshotReader(snapshot)
        session = cls(now, limits=limits, id_prefix=reader.text("id_prefix"), hold_requests=reader.flag("holding"))
        session._state = reader.state("state")
        session._device = reader.identity("device")
        session._minor = reader.count("minor", below=MINORS)
        session._informing = reader.flag("informing")
        session._no_more_requests = reader.flag("no_more_requests")
        session._asked_timeout = reader.count("asked_timeout")
        session._empty_posts = reader.count("empty_posts")
        session._rpcs.sent = reader.count("sent")
        session._rpcs.lost = reader.count("lost")
        session._rpcs.outstanding = reader.rpc("outstanding")
        session._rpcs.earlier = reader.rpcs("earlier")
        idle_left, session_left = reader.seconds("idle_left"), reader.seconds("session_left")
        if idle_left is None:
            raise SnapshotError("idle_left", "is no number of seconds")
        session._idle_deadline = now + idle_left
        session._session_deadline = _NEVER if session_left is None else now + session_left
        session._check_consistency()
        return session

    def _take_inform(self, envelope: Envelope, inform: Inform, now: float) -> Envelope:
        repeated = self._informing and self._state is State.CPE_TURN
        kind = Input.REPEATED_INFORM if repeated else Input.INFORM
        self._check(kind, "an Inform within a session: the device has begun a new one")
        device = (inform.device_id.oui, inform.device_id.product_class, inform.device_id.serial_number)
        if repeated and device != self._device:
            # A proxy that pools connections carries one device's Inform right behind another's.
            raise UnexpectedInformError("an Inform of another device than this session's", self._state)
        self._move(kind)
        if not repeated:
            self._device = device
            self._session_deadline = now + self._limits.session_timeout
        self._minor = envelope.minor or 0
        self._asked_timeout = max(envelope.session_timeout or 0, 0)
        self._note_post(now, envelope)
        self._informing = True
        offered = readable_versions(envelope.supported_versions)
        version = highest_common_version(offered)
        if offered and version is None:
            self._finish(Input.GIVE_UP, EndReason.NO_COMMON_VERSION)
            return self._answer(envelope, no_common_version(offered))
        self._events.append(Informed(inform, repeated))
        return self._answer(envelope, answer_to(inform), version)

    def _take_request(self, envelope: Envelope, now: float) -> Envelope:
        message = envelope.message
        self._check(Input.CPE_REQUEST, f"a session begins with an Inform, not with {shown_name(message)}")
        self._move(Input.CPE_REQUEST)
        self._note_post(now, envelope)
        self._empty_posts = 0
        self._events.append(Requested(message) if is_served(message) else Unsupported(message))
        return self._answer(envelope, answer_to(message))

    def _take_empty_post(self, now: float) -> None:
        self._check(Input.EMPTY_POST, "no place for an empty post")
        self._move(Input.EMPTY_POST)
        self._note_post(now)
        self._empty_posts += 1
        self._lose_rpc()
        self._enforce_bounds()

    def _take_answer(self, envelope: Envelope, answer: CpeResponse | Fault, now: float) -> None:
        earlier = self._rpcs.find_earlier(envelope.id, answer)
        if earlier is not None:
            self._take_stale_answer(earlier, envelope, answer, now)
            return
        refusal = f"a {shown_name(answer)} that answers no RPC of ours"
        self._check(Input.ANSWER, refusal)
        rpc = self._rpcs.outstanding
        if rpc is None or not answers(answer, rpc.method):
            raise RemoteProtocolError(refusal, self._state)
        self._move(Input.ANSWER)
        self._note_post(now, envelope)
        self._rpcs.settle(rpc)
        self._events.append(Answered(rpc.rpc_id, rpc.method, answer))

    def _take_stale_answer(self, rpc: SentRpc, envelope: Envelope, answer: CpeResponse | Fault, now: float) -> None:
        self._check(Input.STALE_ANSWER, f"a {shown_name(answer)} once more")
        self._move(Input.STALE_ANSWER)
        self._note_post(now, envelope)
        if rpc.lost:
            self._empty_posts = 0
            self._rpcs.settle(rpc)
            self._events.append(AnsweredLate(rpc.rpc_id, rpc.method, answer))
        else:
            # A repetition brings no more than an empty post does.
            self._empty_posts += 1
        self._lose_rpc()
        self._enforce_bounds()

    def _answer(self, envelope: Envelope, message: Message, use_version: str | None = None) -> Envelope:
        # TR-069 3.5: the ID of a request appears in its response. Devices hang up over another namespace than theirs.
        # While requests are held back every envelope says so: one without the header would let them go.
        return Envelope(
            envelope.id or self._rpcs.spare_id,
            message,
            self._minor if envelope.minor is None else envelope.minor,
            hold_requests=self._holding,
            use_version=use_version,
        )

    def _note_post(self, now: float, envelope: Envelope | None = None) -> None:
        self._informing = False
        self._idle_deadline = now + self._idle_timeout
        if envelope is not None and envelope.no_more_requests:
            self._no_more_requests = True

    @property
    def _idle_timeout(self) -> float:
        limits = self._limits
        # TR-069 3.5: with SessionTimeout the CPE says how long it may take to answer. It can only lengthen our own.
        return max(limits.idle_timeout, min(self._asked_timeout, limits.max_idle_timeout))

    @property
    def _rpcs_used_up(self) -> bool:
        return self._limits.rpcs is not None and self._rpcs.sent >= self._limits.rpcs

    def _lose_rpc(self) -> None:
        rpc = self._rpcs.lose()
        if rpc is not None:
            self._events.append(RpcLost(rpc.rpc_id, rpc.method))

    def _enforce_bounds(self) -> None:
        if self._rpcs.lost >= self._limits.lost_answers:
            self._finish(Input.GIVE_UP, EndReason.LOST_ANSWERS)
        elif self._empty_posts >= self._limits.empty_posts:
            self._finish(Input.GIVE_UP, EndReason.EMPTY_POSTS)

    def _finish(self, cause: Input, reason: EndReason) -> None:
        # After our 204 nothing is cut short, whatever ends the waiting.
        reason = EndReason.DONE if self._state is State.CLOSING else reason
        self._move(cause)
        self._lose_rpc()
        self._events.append(Ended(reason))

    def _check(self, what: Input, refusal: str) -> None:
        if (self._state, what) in TRANSITIONS:
            return
        error: type[ProtocolError] = RemoteProtocolError if what in FROM_CPE else LocalProtocolError
        if what is Input.INFORM:
            error = UnexpectedInformError
        raise error(refusal if self._state is not State.ENDED else "the session has ended", self._state)

    def _move(self, what: Input) -> None:
        self._state = TRANSITIONS[self._state, what]

    def _check_consistency(self) -> None:
        if self._rpcs.sent < len(self._rpcs.earlier) + (self._rpcs.outstanding is not None):
            raise SnapshotError("sent", "is less than the RPCs that are told")
        if (self._state is State.AWAITING_ANSWER) != (self._rpcs.outstanding is not None):
            raise SnapshotError("outstanding", f"does not fit the state {self._state.name}")
        opened = self._state is not State.AWAITING_INFORM
        for key, present in (
            ("device", self._device is not None),
            ("session_left", self._session_deadline != _NEVER),
        ):
            if present != opened and self._state is not State.ENDED:
                raise SnapshotError(key, f"does not fit the state {self._state.name}")
