"""The whole core at once, over bytes: a device posts, the session and a plan answer, everything through the codec."""

from collections.abc import Iterator
from datetime import UTC, datetime

from acs.domain.operation import Operation, OperationKind, OutcomeState, Variable, VariableStatus
from acs.provisioning.context import Context
from acs.provisioning.plan import Plan
from acs.provisioning.planner import plan_for
from acs.session.events import Answered, Ended, RpcLost, SessionEvent
from acs.session.limits import SessionLimits
from acs.session.machine import AcsSession
from acs.session.states import State
from cwmp_schemas.datamodel import lookup
from cwmp_schemas.decode import decode
from cwmp_schemas.encode import encode
from cwmp_schemas.envelope import Envelope
from cwmp_schemas.messages import AcsRequest, CpeResponse
from cwmp_schemas.rpc.session import DeviceId, Event, Inform, InformResponse
from cwmp_schemas.values import XsdType
from tests.acs.provisioning.fake_device import FakeDevice

INFORM = Inform(
    DeviceId("Example", "00D09E", "EX", "S1"), (Event("2 PERIODIC"),), 1, datetime(2026, 1, 2, tzinfo=UTC), 0, ()
)


class Server:
    """The least a driver must do: one session at a time, one plan, posts in and replies out."""

    def __init__(self, operation: Operation, limits: SessionLimits) -> None:
        self.operation = operation
        self.limits = limits
        self.plan: Plan = plan_for(operation, Context(lookup=lookup))
        self.session = AcsSession(0.0, limits=limits, id_prefix="s-")
        self.events: list[SessionEvent] = []

    def post(self, body: bytes, now: float) -> bytes:
        """Answer a post; an empty reply stands for 204."""
        if self.session.state in {State.CLOSING, State.ENDED} and body:
            # The plan outlives the session, and the process, by its progress alone.
            self.plan = plan_for(self.operation, Context(lookup=lookup), self.plan.progress())
            self.session = AcsSession(now, limits=self.limits, id_prefix="t-")
        answer = self.session.receive(decode(body).envelope if body else None, now)
        for event in self.session.events():
            self.events.append(event)
            if isinstance(event, Answered):
                self.plan.answered(event.answer)
            elif isinstance(event, RpcLost):
                self.plan.lost()
        if answer is None:
            rpc = self.plan.next() if self.session.may_send else None
            if rpc is None:
                self.session.end(now)
                return b""
            answer = self.session.send(rpc, now)
        return encode(answer)


def one_session(server: Server, device: FakeDevice, clock: Iterator[int]) -> None:
    """What a device does from its Inform to the 204."""
    reply = decode(server.post(encode(Envelope("d-1", INFORM, 2)), next(clock))).envelope
    assert (reply.id, reply.message, reply.minor) == ("d-1", InformResponse(), 2)
    body = b""
    while answer := server.post(body, next(clock)):
        asked = decode(answer).envelope
        assert isinstance(asked.message, AcsRequest)
        told: CpeResponse | object = device.answer(asked.message)
        body = encode(Envelope(asked.id, told, 2))  # type: ignore[arg-type]


def a_device() -> FakeDevice:
    names = [f"Device.WiFi.SSID.{number}.SSID" for number in range(1, 131)]
    return FakeDevice({name: f"home {number} & <garden>" for number, name in enumerate(names)})


def test_a_read_in_batches_over_one_session() -> None:
    device = a_device()
    server = Server(Operation(OperationKind.GET, tuple(Variable(name) for name in device.values)), SessionLimits())
    one_session(server, device, iter(range(1, 100)))
    outcome = server.plan.outcome
    assert outcome.state is OutcomeState.COMPLETED
    assert {result.name: result.value for result in outcome.variables} == device.values
    assert len(device.sent) == 3


def test_an_operation_goes_on_in_the_next_session_of_a_device_that_bears_one_rpc() -> None:
    device = a_device()
    server = Server(
        Operation(OperationKind.GET, tuple(Variable(name) for name in device.values)), SessionLimits(rpcs=1)
    )
    clock = iter(range(1, 100))
    for _ in range(3):
        one_session(server, device, clock)
    assert server.plan.outcome.state is OutcomeState.COMPLETED
    assert len(device.sent) == 3


def test_a_set_is_typed_by_the_data_model_and_read_back() -> None:
    device = FakeDevice(
        {"Device.WiFi.Radio.1.Channel": "1", "Device.WiFi.Radio.1.Enable": "0"},
        types={"Device.WiFi.Radio.1.Channel": XsdType.UNSIGNED_INT, "Device.WiFi.Radio.1.Enable": XsdType.BOOLEAN},
    )
    variables = (Variable("Device.WiFi.Radio.1.Channel", "11"), Variable("Device.WiFi.Radio.1.Enable", "TRUE"))
    server = Server(Operation(OperationKind.SET, variables), SessionLimits())
    one_session(server, device, iter(range(1, 100)))
    assert device.values == {"Device.WiFi.Radio.1.Channel": "11", "Device.WiFi.Radio.1.Enable": "1"}
    assert [result.status for result in server.plan.outcome.variables] == [VariableStatus.APPLIED] * 2
    assert [result.verified for result in server.plan.outcome.variables] == [True, True]


def test_a_reboot_whose_answer_is_lost_is_unknown_and_not_sent_again() -> None:
    device = FakeDevice({})
    server = Server(Operation(OperationKind.REBOOT), SessionLimits())
    server.post(encode(Envelope("d-1", INFORM, 2)), 1)
    assert b"cwmp:Reboot" in server.post(b"", 2)
    assert server.post(b"", 3) == b""
    one_session(server, device, iter(range(10, 100)))
    assert server.plan.outcome.state is OutcomeState.UNKNOWN
    assert device.sent == []
    server.session.close()
    assert server.session.events() == [Ended("done")]
