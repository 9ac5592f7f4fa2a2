"""What a device makes of connection requests."""

from cwmp_schemas import events
from cwmp_schemas.encode import encode
from cwmp_schemas.envelope import Envelope
from cwmp_schemas.rpc.session import Event, InformResponse
from simulators.device.calling import ACCEPT_ALL, Called, CallPolicy
from simulators.device.cpe import Cpe
from tests.simulators.device.conversing import START, converse, device


def called_device(policy: CallPolicy = ACCEPT_ALL) -> Cpe:
    """A router that has told all it had to tell."""
    cpe = device(calls=policy)
    converse(cpe, START)
    return cpe


def test_several_calls_make_one_session() -> None:
    cpe = called_device()
    assert {cpe.called(START + 1) for _ in range(3)} == {Called.ACCEPTED}
    assert converse(cpe, START + 1).events == [("6 CONNECTION REQUEST", "")]
    assert not cpe.wants_session


def test_calls_within_a_session_make_exactly_one_more_right_after_it() -> None:
    cpe = called_device()
    cpe.called(START + 1)
    assert cpe.advance(START + 1)
    session = cpe.open(START + 1)
    session.begin(START + 1)
    session.receive(encode(Envelope("1", InformResponse())), START + 1)
    assert [cpe.called(START + 2), cpe.called(START + 2)] == [Called.ACCEPTED] * 2
    assert not cpe.wants_session
    assert session.receive(b"", START + 3) is None
    cpe.session_over(START + 3)
    assert cpe.due_at <= START + 3
    assert converse(cpe, START + 3).events == [("6 CONNECTION REQUEST", "")]
    assert not cpe.wants_session


def test_a_device_may_refuse_calls_within_a_session_and_then_forgets_them() -> None:
    cpe = called_device(CallPolicy(refuses_within_session=True))
    assert cpe.advance(START + 300)
    cpe.open(START + 300)
    assert cpe.called(START + 300) is Called.BUSY
    assert cpe.pending.events == (Event(events.PERIODIC),)


def test_a_device_may_accept_only_so_many_calls_in_a_period() -> None:
    cpe = called_device(CallPolicy(limit=2, period=60))
    outcomes = [cpe.called(START + second) for second in (100, 110, 120, 159, 160)]
    assert outcomes == [Called.ACCEPTED] * 2 + [Called.TOO_OFTEN] * 2 + [Called.ACCEPTED]


def test_a_device_that_is_down_does_not_answer() -> None:
    cpe = device()
    cpe.restart(START, takes=50)
    assert cpe.called(START + 49) is Called.DOWN
    assert cpe.advance(START + 50)
    assert cpe.called(START + 50) is Called.ACCEPTED
