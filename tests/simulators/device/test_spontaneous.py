"""What a device does because of people or things around it."""

from datetime import UTC, datetime

from cwmp_schemas.rpc.parameters import ParameterValue, SetParameterValues
from cwmp_schemas.rpc.session import Kicked
from cwmp_schemas.values import XsdType, date_time_text
from simulators.device.capture import read_capture
from simulators.device.cpe import Cpe
from simulators.device.pending import MAX_WAITING
from simulators.device.spontaneous import kick, wake
from tests.simulators.device.conversing import SMALL, START, ask, converse, device

HEART = "Device.ManagementServer.HeartbeatPolicy."


def beating(first: float | None, *, is_enabled: bool = True) -> Cpe:
    """A router with a heartbeat every 60 seconds, which has told all it had to tell."""
    text = "0001-01-01T00:00:00Z" if first is None else date_time_text(datetime.fromtimestamp(first, UTC))
    rows = [
        f"{HEART}Enable,false,true,{str(is_enabled).lower()},xsd:boolean",
        f"{HEART}InitiationTime,false,true,{text},xsd:dateTime",
        f"{HEART}ReportingInterval,false,true,60,xsd:unsignedInt",
    ]
    cpe = device(read_capture([*SMALL.splitlines(), *rows]))
    converse(cpe, START)
    return cpe


def test_a_kick_asks_the_acs_where_the_browser_is_to_go() -> None:
    cpe = device()
    converse(cpe, START)
    assert kick(cpe, "go", "http://here/", "x", "http://there/")
    heard = converse(cpe, START + 1)
    assert heard.events == [("5 KICKED", "")]
    assert heard.requests == [Kicked("go", "http://here/", "x", "http://there/")]
    assert not cpe.wants_session


def test_nobody_kicks_a_device_that_is_down_or_endlessly() -> None:
    cpe = device()
    converse(cpe, START)
    assert sum(kick(cpe, "go", "", "", "") for _ in range(MAX_WAITING * 2)) < MAX_WAITING
    cpe.restart(START + 1, takes=60.0)
    assert not kick(cpe, "go", "", "", "")
    assert not wake(cpe)


def test_a_device_that_wakes_says_so_once() -> None:
    cpe = device()
    converse(cpe, START)
    assert wake(cpe)
    assert wake(cpe)
    assert converse(cpe, START + 1).events == [("13 WAKEUP", "")]


def test_a_heart_beats_from_its_first_time_on_in_its_interval() -> None:
    cpe = beating(START + 10)
    for at in (10, 70, 130):
        assert cpe.due_at == START + at
        assert converse(cpe, START + at).events == [("14 HEARTBEAT", "")]


def test_a_first_time_that_has_passed_gives_the_beat() -> None:
    assert beating(START - 601).due_at == START + 59


def test_without_a_first_time_it_beats_from_now_on() -> None:
    assert beating(None).due_at == START + 60


def test_a_heart_begins_and_ends_to_beat_as_the_acs_says() -> None:
    cpe = beating(START + 10, is_enabled=False)
    assert cpe.due_at == START + 300
    put = ParameterValue(f"{HEART}Enable", "1", XsdType.BOOLEAN)
    ask(cpe, START + 20, SetParameterValues((put,), ""))
    assert cpe.due_at == START + 70
    put = ParameterValue(f"{HEART}Enable", "0", XsdType.BOOLEAN)
    ask(cpe, START + 30, SetParameterValues((put,), ""))
    assert cpe.due_at == START + 300


def test_a_heart_beats_again_after_a_restart() -> None:
    cpe = beating(START + 10)
    cpe.restart(START + 20)
    converse(cpe, START + 20)
    assert cpe.due_at == START + 70
