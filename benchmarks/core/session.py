"""One whole session through the pure machine, without codec: Inform, empty post, one RPC, its answer, the end."""

from datetime import UTC, datetime

from acs.session.machine import AcsSession
from benchmarks.core.timing import timed
from benchmarks.figures import Figure
from cwmp_schemas.envelope import Envelope
from cwmp_schemas.rpc.parameters import GetParameterValues, GetParameterValuesResponse, ParameterValue
from cwmp_schemas.rpc.session import DeviceId, Event, Inform


def measure() -> list[Figure]:
    """A session with one RPC, and a periodic one without."""
    inform = Inform(
        DeviceId("ExampleNet", "00D09E", "EX5501", "S1"),
        (Event("2 PERIODIC"),),
        1,
        datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        0,
        (ParameterValue("Device.DeviceInfo.SoftwareVersion", "5.17"),),
    )
    opening = Envelope("1", inform, 2)
    rpc = GetParameterValues(("Device.WiFi.",))
    values = Envelope("a1", GetParameterValuesResponse((ParameterValue("Device.WiFi.Radio.1.Channel", "6"),)), 2)

    def with_one_rpc() -> None:
        session = AcsSession(0.0, id_prefix="a")
        session.receive(opening, 1.0)
        session.events()
        session.receive(None, 1.1)
        session.send(rpc, 1.1)
        session.receive(values, 1.2)
        session.events()
        session.end(1.2)
        session.close()
        session.events()

    def periodic() -> None:
        session = AcsSession(0.0, id_prefix="a")
        session.receive(opening, 1.0)
        session.events()
        session.receive(None, 1.1)
        session.end(1.1)
        session.close()
        session.events()

    return [
        timed("a session with one RPC, no codec", with_one_rpc, 2_000, at_most=60),
        timed("a periodic session, no codec", periodic, 2_000, at_most=60),
    ]
