"""Messages and sessions that the tests of the session begin with."""

from datetime import UTC, datetime
from typing import Any

from acs.session.machine import AcsSession
from cwmp_schemas.envelope import Envelope
from cwmp_schemas.messages import CODECS, AcsRequest, Message, method_of
from cwmp_schemas.rpc.parameters import GetParameterValues, GetParameterValuesResponse
from cwmp_schemas.rpc.session import DeviceId, Event, Inform

INFORM = Inform(
    DeviceId("Acme", "001122", "Box", "S1"), (Event("2 PERIODIC"),), 1, datetime(2024, 5, 17, tzinfo=UTC), 0, ()
)
READ = GetParameterValues(("Device.",))
VALUES = GetParameterValuesResponse(())


def empty(cls: Any) -> Any:
    """A message of a class, with nothing in it."""
    return CODECS[cls.NAME].empty


def message_name(value: Any) -> str:
    """What a test about a message or its class is called."""
    return value.__name__ if isinstance(value, type) else method_of(value)


def informed(**headers: Any) -> AcsSession:
    """A session whose Inform is in and answered."""
    session = AcsSession(0.0, id_prefix="s-")
    session.receive(Envelope("c1", INFORM, **headers), 1.0)
    session.events()
    return session


def in_turn(**headers: Any) -> AcsSession:
    """A session in which it is our turn."""
    session = informed(**headers)
    session.receive(None, 2.0)
    return session


def with_rpcs_out(count: int, rpc: AcsRequest = READ) -> AcsSession:
    """A session in which so many RPCs were sent and all but the last were lost."""
    session = in_turn()
    for number in range(count):
        if number:
            session.receive(None, 2.0)
        session.send(rpc, 2.0)
    session.events()
    return session


def taken(session: AcsSession, message: Message, **headers: Any) -> Envelope:
    """The answer to a message that is answered."""
    answer = session.receive(Envelope("c7", message, **headers), 5.0)
    assert answer is not None
    return answer
