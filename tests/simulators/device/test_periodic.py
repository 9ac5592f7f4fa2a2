"""When a device calls by its interval."""

from datetime import UTC, datetime

from cwmp_schemas.rpc.parameters import ParameterValue, SetParameterValues, SetParameterValuesResponse
from cwmp_schemas.values import XsdType, date_time_text
from simulators.device.capture import read_capture
from simulators.device.cpe import Cpe
from simulators.device.model import Model
from tests.simulators.device.conversing import SMALL, START, ask, converse, device

ENABLE = "Device.ManagementServer.PeriodicInformEnable"
INTERVAL = "Device.ManagementServer.PeriodicInformInterval"
TIME = "Device.ManagementServer.PeriodicInformTime"


def model_with_phase(phase: float | None = None) -> Model:
    """A router with a PeriodicInformTime."""
    text = "0001-01-01T00:00:00Z" if phase is None else date_time_text(datetime.fromtimestamp(phase, UTC))
    return read_capture([*SMALL.splitlines(), f"{TIME},false,true,{text},xsd:dateTime"])


def put(cpe: Cpe, now: float, name: str, value: str, kind: XsdType) -> None:
    """The ACS sets a parameter, in a session that it has asked for."""
    assert ask(cpe, now, SetParameterValues((ParameterValue(name, value, kind),), "")) == [
        SetParameterValuesResponse(0)
    ]


def test_late_calls_do_not_shift_those_after_them() -> None:
    cpe = device()
    converse(cpe, START)
    converse(cpe, START + 450)
    assert cpe.due_at == START + 600
    converse(cpe, START + 2000)
    assert cpe.due_at == START + 2100


def test_calls_are_whole_intervals_away_from_the_time_that_is_set() -> None:
    cpe = device(model_with_phase(START + 100 - 300 * 7))
    assert not cpe.advance(START)
    assert cpe.due_at == START + 100
    assert converse(cpe, START + 100).events == [("2 PERIODIC", "")]
    assert cpe.due_at == START + 400


def test_a_time_in_the_future_is_as_good_a_reference() -> None:
    cpe = device(model_with_phase(START + 10_000))
    cpe.advance(START)
    assert cpe.due_at == START + 100


def test_the_unknown_time_leaves_the_reference_to_the_device() -> None:
    assert device(model_with_phase()).advance(START)


def test_a_new_interval_counts_at_once_both_ways() -> None:
    cpe = device()
    converse(cpe, START)
    put(cpe, START + 10, INTERVAL, "60", XsdType.UNSIGNED_INT)
    assert cpe.due_at == START + 70
    converse(cpe, START + 70)
    put(cpe, START + 80, INTERVAL, "86400", XsdType.UNSIGNED_INT)
    assert cpe.due_at == START + 80 + 86_400


def test_a_new_time_counts_at_once() -> None:
    cpe = device(model_with_phase())
    converse(cpe, START)
    put(cpe, START + 10, TIME, date_time_text(datetime.fromtimestamp(START + 42, UTC)), XsdType.DATE_TIME)
    assert cpe.due_at == START + 42


def test_the_interval_that_is_written_as_it_was_shifts_nothing() -> None:
    cpe = device()
    converse(cpe, START)
    put(cpe, START + 10, INTERVAL, "300", XsdType.UNSIGNED_INT)
    assert cpe.due_at == START + 300


def test_calls_are_switched_off_and_on_at_once() -> None:
    cpe = device()
    converse(cpe, START)
    put(cpe, START + 10, ENABLE, "0", XsdType.BOOLEAN)
    assert cpe.due_at == float("inf")
    put(cpe, START + 1000, ENABLE, "1", XsdType.BOOLEAN)
    assert cpe.due_at == START + 1300


def test_a_call_that_falls_due_in_a_session_is_made_after_it() -> None:
    cpe = device()
    converse(cpe, START)
    cpe.called(START + 299)
    assert cpe.advance(START + 299)
    session = cpe.open(START + 299)
    session.begin(START + 299)
    assert cpe.due_at == START + 300
    assert not cpe.advance(START + 301)
    cpe.session_failed(START + 302)
    assert converse(cpe, cpe.due_at).events == [("2 PERIODIC", "")]
