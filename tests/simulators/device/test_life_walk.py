"""A device whose ACS answers anything, or nothing, and which loses its power at any moment, loses no event."""

import math
from collections.abc import Iterable

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cwmp_schemas import events
from cwmp_schemas.decode import decode
from cwmp_schemas.encode import encode
from cwmp_schemas.envelope import Envelope
from cwmp_schemas.faults import Fault
from cwmp_schemas.messages import AcsRequest, CpeRequest
from cwmp_schemas.rpc.control import FactoryReset, Reboot, ScheduleInform
from cwmp_schemas.rpc.parameters import GetParameterValues, ParameterValue, SetParameterValues
from cwmp_schemas.rpc.session import Event, Inform, InformResponse, Kicked
from cwmp_schemas.rpc.transfers import TransferComplete, TransferFault
from cwmp_schemas.rpc.vendor import VendorMessage
from cwmp_schemas.values import UNKNOWN_TIME, XsdType
from simulators.device.calling import Called
from simulators.device.errors import AcsError
from simulators.device.pending import MAX_EVENTS, OwnRequest
from simulators.device.session import CpeSession
from simulators.device.states import State
from tests.simulators.device.conversing import START, acknowledgement, converse, device

LOST_AT_RESTART = {
    Event(code)
    for code in (
        events.BOOT,
        events.VALUE_CHANGE,
        events.KICKED,
        events.CONNECTION_REQUEST,
        events.DIAGNOSTICS_COMPLETE,
    )
}
SINGLES = (events.WAKEUP, events.HEARTBEAT, events.DIAGNOSTICS_COMPLETE, events.VALUE_CHANGE, "X 00A0F1 Door")
RPCS = ("reboot", "reset", "schedule", "move", "read", "vendor")
GARBAGE = (
    b"<",
    b"<html/>",
    b"\x00",
    encode(Envelope("1", GetParameterValues(("Device.",)), 2)),
    encode(Envelope("99", InformResponse(), 2)),
)


class Life(RuleBasedStateMachine):
    """A device, and a ledger of what it owes the ACS, kept by the rules of table 8."""

    @initialize(is_known=st.booleans())
    def begin(self, is_known: bool) -> None:
        self.cpe = device(is_known=is_known)
        self.now = START
        self.session: CpeSession | None = None
        self.owed: set[Event] = set()
        self.requests: list[OwnRequest] = []
        self.refused: list[OwnRequest] = []
        self.told: set[Event] = set()
        self.again: set[Event] = set()
        self.post: bytes = b""
        self.accepted: list[str] = []
        self.has_moved = False
        self.count = 0

    # What happens around the device.

    @rule(code=st.sampled_from(SINGLES))
    def something_happens(self, code: str) -> None:
        self.cpe.pending.add(code)
        self._owe([Event(code)])

    @rule()
    def a_transfer_ends(self) -> None:
        key = self._new()
        message = TransferComplete(key, TransferFault(0, ""), UNKNOWN_TIME, UNKNOWN_TIME)
        self._request(OwnRequest(message, (Event(events.TRANSFER_COMPLETE), Event(events.M_DOWNLOAD, key))))

    @rule()
    def somebody_kicks(self) -> None:
        self._request(OwnRequest(Kicked(self._new(), "", "", ""), (Event(events.KICKED),)))

    @rule()
    def the_acs_calls(self) -> None:
        if self.cpe.called(self.now) is Called.ACCEPTED:
            self._owe([Event(events.CONNECTION_REQUEST)])

    @rule(seconds=st.sampled_from([0.0, 1.0, 7.0, 300.0, 10_000.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self.cpe.advance(self.now)
        self._see_boot()

    @rule(seconds=st.sampled_from([0.0, 5.0, 10_000.0]))
    def it_crashes_or_has_no_power(self, seconds: float) -> None:
        self._goes_down()
        self.cpe.restart(self.now, takes=seconds)

    # Its sessions.

    @precondition(lambda self: self.session is None)
    @rule(is_patient=st.booleans())
    def it_calls(self, is_patient: bool) -> None:
        if is_patient and self.cpe.due_at != math.inf:
            self.now = max(self.now, self.cpe.due_at)
        if not self.cpe.advance(self.now):
            return
        self._see_boot()
        self.session = self.cpe.open(self.now)
        self.post = self.session.begin(self.now)
        self._hear_inform()

    @precondition(lambda self: self.session is not None)
    @rule()
    def nobody_answers(self) -> None:
        self._failed()

    @precondition(lambda self: self.session is not None)
    @rule(reply=st.sampled_from([b"", *GARBAGE]))
    def the_acs_answers_nonsense(self, reply: bytes) -> None:
        self._hear(reply)

    @precondition(lambda self: self.session is not None)
    @rule(code=st.sampled_from([8000, 8002, 8005]))
    def the_acs_refuses(self, code: int) -> None:
        assert self.session is not None
        if self.session.state is State.REQUESTING and code != 8005:
            request = next(each for each in self.requests if all(each is not other for other in self.refused))
            if code == 8000 or request.may_be_dropped:
                self._settled(request)
            else:
                self.refused.append(request)
        self._hear(encode(Envelope(self._id(), Fault(code, "no"), 2)))

    @precondition(lambda self: self.session is not None)
    @rule()
    def the_acs_answers(self) -> None:
        session = self.session
        assert session is not None
        if session.state is State.ACS_TURN:
            self._hear(b"")
            return
        message = decode(self.post).envelope.message
        if session.state is State.INFORMING:
            held = {event for request in self.requests for event in request.events}
            self.owed -= self.told - held - self.again
            self.told, self.again = set(), set()
        else:
            self._settled(next(each for each in self.requests if all(each is not other for other in self.refused)))
        self._hear(encode(Envelope(self._id(), acknowledgement(message), 2)))

    @precondition(lambda self: self.session is not None and self.session.state is State.ACS_TURN)
    @rule(what=st.sampled_from(RPCS))
    def the_acs_asks(self, what: str) -> None:
        key = self._new()
        rpc: AcsRequest
        match what:
            case "reboot":
                rpc = Reboot(key)
                self.accepted.append(key)
            case "reset":
                rpc = FactoryReset()
                self.accepted.append("reset")
            case "schedule":
                rpc = ScheduleInform(int(key), key)
            case "move":
                url = ParameterValue("Device.ManagementServer.URL", f"http://acs{key}.example/", XsdType.STRING)
                rpc = SetParameterValues((url,), "")
                self.accepted.append("move")
                self.has_moved = True
            case "read":
                rpc = GetParameterValues(("Device.",))
            case _:
                rpc = VendorMessage("X_00A0F1_Do")
        self._hear(encode(Envelope("a", rpc, 2)))

    @precondition(lambda self: self.session is None)
    @rule(wanted=st.lists(st.sampled_from(RPCS), max_size=3), ends=st.booleans())
    def a_session_goes_well(self, wanted: list[str], ends: bool) -> None:
        """As they mostly do; at random it would hardly ever come to the turn of the ACS."""
        self.it_calls(is_patient=True)
        while self.session is not None and self.session.state is not State.ACS_TURN:
            self.the_acs_answers()
        for what in wanted if self.session is not None else ():
            self.the_acs_asks(what)
        while ends and self.session is not None:
            self.the_acs_answers()

    # What always holds.

    @invariant()
    def it_knows_when_to_go_on(self) -> None:
        if hasattr(self, "cpe"):
            due_at = self.cpe.due_at
            assert not math.isnan(due_at)
            if self.cpe.is_on:
                assert due_at < math.inf
            if self.cpe.wants_session:
                assert self.cpe.pending.events

    def teardown(self) -> None:
        """With an ACS that is in order, all that is owed is told."""
        if not hasattr(self, "cpe"):
            return
        if self.session is not None:
            self._failed()
        for _ in range(20):
            self._see_boot()
            self.now = max(self.now, self.cpe.due_at)
            if not self.cpe.advance(self.now):
                continue
            self._see_boot()
            if not self.owed and not self.requests:
                break
            heard = converse(self.cpe, self.now)
            assert heard.events, "an Inform without a cause"
            told = {Event(*event) for event in heard.events}
            self.owed -= told
            self.requests = []
        assert not self.owed, "it was never told"

    # The ledger.

    def _new(self) -> str:
        self.count += 1
        return str(self.count)

    def _id(self) -> str:
        return decode(self.post).envelope.id or "" if self.post else "a"

    def _owe(self, happened: Iterable[Event]) -> None:
        for event in happened:
            self.owed.add(event)
            self.again.add(event)

    def _request(self, request: OwnRequest) -> None:
        self.cpe.pending.request(request)
        self.requests.append(request)
        self._owe(request.events)

    def _settled(self, request: OwnRequest) -> None:
        self.requests = [each for each in self.requests if each is not request]
        held = {event for other in self.requests for event in other.events}
        self.owed -= set(request.events) - held

    def _hear_inform(self) -> None:
        message = decode(self.post).envelope.message
        assert isinstance(message, Inform)
        assert 0 < len(message.event) <= MAX_EVENTS
        self.told, self.again = set(message.event), set()

    def _hear(self, reply: bytes) -> None:
        session = self.session
        assert session is not None
        try:
            post = session.receive(reply, self.now)
        except AcsError:
            self._failed()
            return
        if post is None:
            self.cpe.session_over(self.now)
            self._ended()
        else:
            self.post = post
            if session.state is State.INFORMING:
                self._hear_inform()
            elif post and session.state is State.REQUESTING:
                assert isinstance(decode(post).envelope.message, CpeRequest)

    def _failed(self) -> None:
        self.cpe.session_failed(self.now)
        self.owed -= (self.told - self.again) & {Event(events.CONNECTION_REQUEST)}
        self._ended()

    def _ended(self) -> None:
        self.session = None
        self.told, self.again, self.refused = set(), set(), []
        accepted, self.accepted = self.accepted, []
        done: set[str] = set()
        for what in accepted:
            if what in {"reset", "move"} and what in done:
                continue
            done.add(what)
            if what in {"reset", "move"}:
                self._forgets()
            if what != "move":
                self._restarts()
            if what not in {"reset", "move"}:
                self.owed.add(Event(events.M_REBOOT, what))
        self.has_moved = False

    def _forgets(self) -> None:
        self.owed = {Event(events.BOOTSTRAP)}
        self.requests = []

    def _restarts(self) -> None:
        self.owed -= LOST_AT_RESTART
        self.requests = [each for each in self.requests if set(each.events) - LOST_AT_RESTART]

    def _goes_down(self) -> None:
        if self.session is not None:
            self.owed -= (self.told - self.again) & {Event(events.CONNECTION_REQUEST)}
        self.session = None
        self.told, self.again, self.refused, self.accepted = set(), set(), [], []
        self._restarts()

    def _see_boot(self) -> None:
        if self.has_moved and self.session is None and self.cpe.is_on:
            # It went down in the session that gave it another ACS.
            self.has_moved = False
            self._forgets()


Life.TestCase.settings = settings(
    max_examples=80, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestLife = Life.TestCase
