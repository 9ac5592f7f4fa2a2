"""Walks a session at random, in and out of turn, with every message there is, and checks what must hold at each step.

Invariants: nothing is raised but RemoteProtocolError for what the device does and LocalProtocolError for what we do,
and then nothing has changed; the state moves by the table alone; every request that is taken is answered under its own
ID; at most one RPC is out, and each ends in one Answered or RpcLost, the latter perhaps with one AnsweredLate; a
session ends once, and is deaf from then on; one restored from its snapshot goes on exactly as the one that made it.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from typing import Final, cast

from acs.session.errors import LocalProtocolError, ProtocolError, RemoteProtocolError
from acs.session.events import Answered, AnsweredLate, Ended, RpcLost, SessionEvent
from acs.session.limits import SessionLimits
from acs.session.machine import AcsSession
from acs.session.states import FROM_CPE, TRANSITIONS, Input, State
from cwmp_schemas.envelope import Envelope
from cwmp_schemas.faults import Fault
from cwmp_schemas.messages import CODECS, AcsRequest, CpeResponse, Message, answers, method_of
from cwmp_schemas.rpc.session import DeviceId, Event, Inform
from cwmp_schemas.rpc.vendor import VendorMessage

LIMITS: Final = SessionLimits(
    idle_timeout=30.0, session_timeout=300.0, max_idle_timeout=90.0, linger=5.0, empty_posts=5, lost_answers=4, rpcs=20
)
_NOW: Final = datetime(2024, 5, 17, 12, 0, tzinfo=UTC)
_DEVICE: Final = DeviceId("Acme", "001122", "Box", "S1")
_INFORM: Final = Inform(_DEVICE, (Event("2 PERIODIC"),), 1, _NOW, 0, ())
_OTHER_INFORM: Final = Inform(DeviceId("Acme", "001122", "Box", "S2"), (), 1, _NOW, 0, ())
_VENDOR: Final = VendorMessage("X_001122_Do")
_ANY_MESSAGE: Final[tuple[Message, ...]] = (
    *(cast("Message", codec.empty) for codec in CODECS.values()),
    _VENDOR,
    VendorMessage("X_001122_DoResponse"),
    Fault(9002, "Internal error"),
)
_BY_NAME: Final = {method_of(message): message for message in _ANY_MESSAGE}
_RPCS: Final[tuple[AcsRequest, ...]] = (
    *(cast("AcsRequest", _BY_NAME[cls.NAME]) for cls in AcsRequest.__args__ if cls is not VendorMessage),
    _VENDOR,
)
_VERSIONS: Final[tuple[tuple[str, ...], ...]] = ((),) * 9 + (("1.0", "1.2"), ("latest",), ("2.0",))

Step = Callable[[AcsSession], Envelope | None]

_OUT, _ANSWERED, _LOST, _LATE = "out", "answered", "lost", "answered late"


def walk(seed: int, steps: int = 20) -> None:
    """Take so many steps, the same for the same seed; AssertionError, or what the session raised, if it is wrong."""
    walk_by(Random(seed), steps)


def walk_by(chance: Random, steps: int) -> None:
    """Take so many steps, or fewer if the session ends, chosen by ``chance``."""
    walker = _Walker(chance)
    for _ in range(steps):
        if walker.ends:
            break
        walker.step()
    walker.finish()


class _Walker:
    """A session, what it has been through, and perhaps its twin made from a snapshot."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        # Quarters of a second are exact, so a remaining time is too.
        self.now = float(chance.randrange(1000))
        self.session = AcsSession(self.now, limits=LIMITS, id_prefix="w-", hold_requests=chance.random() < 0.3)
        self.twin: AcsSession | None = None
        self.rpcs: dict[str, str] = {}
        self.methods: dict[str, str] = {}
        self.ends = 0

    def step(self) -> None:
        """Let something happen: half of the time what is due, else anything."""
        self.now += 0.25 * self.chance.randrange(24)
        draw = self.chance.random()
        if draw < 0.50:
            self.go_on()
        elif draw < 0.60:
            self.post(self.any_envelope(self.chance.choice(_ANY_MESSAGE)))
        elif draw < 0.68:
            self.post(None)
        elif draw < 0.73:
            self.post(self.any_envelope(self.chance.choice((_INFORM, _OTHER_INFORM))))
        elif draw < 0.82:
            self.answer_earlier()
        elif draw < 0.86:
            self.send()
        elif draw < 0.90:
            self.act(lambda session: session.end(self.now), {Input.END})
        elif draw < 0.96:
            self.restore()
        elif draw < 0.98:
            self.wait()
        elif draw < 0.99:
            self.act(lambda session: session.close(), {Input.CLOSE})
        else:
            self.act(lambda session: session.supersede(), {Input.SUPERSEDE})

    def finish(self) -> None:
        """End the session, and see that everything is accounted for."""
        if self.session.state is not State.ENDED:
            self.act(lambda session: session.close(), {Input.CLOSE})
        assert self.ends == 1
        assert _OUT not in self.rpcs.values(), self.rpcs
        for envelope in (None, Envelope("x", _INFORM), self.any_envelope(self.chance.choice(_ANY_MESSAGE))):
            self.post(envelope)
        assert self.session.state is State.ENDED

    def go_on(self) -> None:
        """Do what is due."""
        rpc = self.session.outstanding
        if rpc is not None:
            self.post(self.any_envelope(self.answer_of(rpc.method)))
        elif self.session.state is State.AWAITING_INFORM:
            self.post(self.any_envelope(_INFORM))
        elif not self.session.may_send:
            self.post(None)
        elif self.chance.random() < 0.8:
            self.send()
        else:
            self.act(lambda session: session.end(self.now), {Input.END})

    def send(self) -> None:
        """Send any RPC."""
        rpc, release = self.chance.choice(_RPCS), self.chance.random() < 0.2
        answer = self.act(lambda session: session.send(rpc, self.now, release=release), {Input.RPC})
        if answer is not None and answer.id is not None:
            self.methods[answer.id] = method_of(rpc)

    def answer_earlier(self) -> None:
        """Answer an RPC that may be answered or lost already."""
        if self.methods:
            rpc_id = self.chance.choice(list(self.methods))
            self.post(replace(self.any_envelope(self.answer_of(self.methods[rpc_id])), id=rpc_id))

    def answer_of(self, method: str) -> Message:
        """A response, or a fault."""
        return _BY_NAME["Fault" if self.chance.random() < 0.2 else f"{method}Response"]

    def any_envelope(self, message: Message) -> Envelope:
        """A message under an ID of ours, an invented one or none, with any headers."""
        chance = self.chance
        ids = [None, "", "1", "invented", *self.rpcs]
        return Envelope(
            chance.choice(ids),
            message,
            chance.randrange(5),
            no_more_requests=chance.random() < 0.1,
            session_timeout=chance.choice((None, None, 0, 45, 10**9)),
            supported_versions=chance.choice(_VERSIONS) if isinstance(message, Inform) else (),
        )

    def post(self, envelope: Envelope | None) -> None:
        """Let the device post, and check the answer."""
        if envelope is None:
            expected = {Input.EMPTY_POST}
        elif isinstance(envelope.message, Inform):
            expected = {Input.INFORM, Input.REPEATED_INFORM}
        else:
            expected = {Input.CPE_REQUEST, Input.ANSWER, Input.STALE_ANSWER}
        answer = self.act(lambda session: session.receive(envelope, self.now), expected)
        if envelope is None or answer is None:
            assert answer is None
            return
        assert answer.id == (envelope.id or "w-0")
        assert answer.minor == envelope.minor
        assert answers(answer.message, method_of(envelope.message))

    def wait(self) -> None:
        """Let the deadline come, or almost."""
        deadline = self.session.deadline()
        if deadline is not None:
            self.now = max(self.now, deadline - self.chance.choice((0.0, 0.25)))
        due = deadline is not None and self.now >= deadline
        self.act(lambda session: session.handle_timeout(self.now), {Input.TIMEOUT} if due else set())

    def restore(self) -> None:
        """Make the twin anew, by way of JSON; from here on it does what the session does."""
        stored = json.loads(json.dumps(self.session.snapshot(self.now)))
        self.twin = AcsSession.restore(stored, self.now, limits=LIMITS)
        assert self.twin.snapshot(self.now) == self.session.snapshot(self.now)

    def act(self, step: Step, expected: set[Input]) -> Envelope | None:
        """Do something to the session and its twin, and check what came of it."""
        before, memory = self.session.state, self.session.snapshot(self.now)
        answer, error = self.attempt(self.session, step, expected)
        events = self.session.events()
        if error is not None:
            assert not events
            assert self.session.snapshot(self.now) == memory, error
        elif expected:
            targets = {TRANSITIONS[before, what] for what in expected if (before, what) in TRANSITIONS}
            given_up = {TRANSITIONS[state, Input.GIVE_UP] for state in targets if (state, Input.GIVE_UP) in TRANSITIONS}
            assert self.session.state in targets | given_up, (before, expected, self.session.state)
        else:
            assert self.session.state is before
        self.account(answer, expected, events)
        if self.twin is not None:
            assert self.attempt(self.twin, step, expected) == (answer, error)
            assert (self.twin.events(), self.twin.state) == (events, self.session.state)
            assert self.twin.deadline() == self.session.deadline()
        return answer

    def attempt(self, session: AcsSession, step: Step, expected: set[Input]) -> tuple[Envelope | None, str | None]:
        """What a step gives, or its refusal, which must blame the right side."""
        refusal: type[ProtocolError] = RemoteProtocolError if expected & FROM_CPE else LocalProtocolError
        try:
            return step(session), None
        except refusal as error:
            return None, str(error)

    def account(self, answer: Envelope | None, expected: set[Input], events: list[SessionEvent]) -> None:
        """Keep book of RPCs and ends."""
        if expected == {Input.RPC} and answer is not None and answer.id is not None:
            assert answer.id not in self.rpcs
            self.rpcs[answer.id] = _OUT
        for event in events:
            assert self.ends == 0, event
            if isinstance(event, Answered):
                self.change(event, _OUT, _ANSWERED)
            elif isinstance(event, RpcLost):
                self.change(event, _OUT, _LOST)
            elif isinstance(event, AnsweredLate):
                self.change(event, _LOST, _LATE)
            elif isinstance(event, Ended):
                self.ends += 1
        out = [rpc_id for rpc_id, fate in self.rpcs.items() if fate == _OUT]
        rpc = self.session.outstanding
        assert out == ([] if rpc is None else [rpc.rpc_id])
        assert (self.session.state is State.AWAITING_ANSWER) == (rpc is not None)
        assert (self.session.state is State.ENDED) == (self.ends == 1) == (self.session.deadline() is None)

    def change(self, event: Answered | RpcLost | AnsweredLate, fate: str, new_fate: str) -> None:
        """An RPC has met its fate, for the first time, with an answer of its kind."""
        assert self.rpcs[event.rpc_id] == fate, event
        self.rpcs[event.rpc_id] = new_fate
        answer: CpeResponse | Fault | None = None if isinstance(event, RpcLost) else event.answer
        assert answer is None or answers(answer, event.method)
