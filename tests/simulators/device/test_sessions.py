"""The device's side of a session, against the ACS's side as a test speaks it."""

import pytest

from cwmp_schemas.encode import encode
from cwmp_schemas.envelope import Envelope
from cwmp_schemas.faults import Fault
from cwmp_schemas.rpc.control import Reboot
from cwmp_schemas.rpc.parameters import (
    GetParameterValues,
    GetParameterValuesResponse,
    ParameterValue,
    SetParameterValues,
)
from cwmp_schemas.rpc.session import InformResponse
from simulators.device.errors import AcsError
from simulators.device.session import MAX_REPEATS
from tests.simulators.device.conversing import START, ask, converse, device


def test_a_new_device_tells_that_it_is_new_and_then_calls_by_its_interval() -> None:
    cpe = device(is_known=False)
    assert converse(cpe, START).events == [("0 BOOTSTRAP", ""), ("1 BOOT", "")]
    assert not cpe.advance(START + 299)
    assert converse(cpe, START + 300).events == [("2 PERIODIC", "")]
    assert cpe.due_at == START + 600


def test_an_inform_made_of_the_last_one_differs_from_it_in_its_time_alone() -> None:
    cpe = device()
    first, second = (converse(cpe, at).posts[0] for at in (START, START + 300))
    assert b"2023-11-14T22:13:20Z" in first
    assert first.replace(b"2023-11-14T22:13:20Z", b"2023-11-14T22:18:20Z") == second


def test_what_the_acs_asks_is_answered_under_its_id() -> None:
    (answer,) = ask(device(), START, GetParameterValues(("Device.DeviceInfo.SoftwareVersion",)))
    assert isinstance(answer, GetParameterValuesResponse)
    assert [(each.name, each.value) for each in answer.parameter_list] == [("Device.DeviceInfo.SoftwareVersion", "1.0")]


def test_a_reboot_comes_after_the_session_and_is_told_with_its_key() -> None:
    cpe = device()
    ask(cpe, START, Reboot("key"))
    assert converse(cpe, START).events == [("M Reboot", "key"), ("1 BOOT", "")]


def test_another_url_of_the_acs_is_told_as_a_bootstrap_and_the_same_one_is_not() -> None:
    cpe = device()
    url = cpe.management(START).url

    def sets(value: str) -> SetParameterValues:
        return SetParameterValues((ParameterValue("Device.ManagementServer.URL", value),))

    converse(cpe, START)
    ask(cpe, START, sets(url))
    assert not cpe.advance(START)
    ask(cpe, START, sets("http://127.0.0.2:7547/"))
    assert converse(cpe, START).events == [("0 BOOTSTRAP", "")]
    assert not cpe.advance(START)


def test_a_failed_session_is_tried_again_between_five_and_ten_seconds_later() -> None:
    cpe = device()
    assert cpe.advance(START)
    cpe.open(START).begin(START)
    cpe.session_failed(START)
    assert START + 5 <= cpe.due_at <= START + 10
    told = converse(cpe, cpe.due_at)
    assert told.inform.retry_count == 1
    assert told.events == [("2 PERIODIC", "")]


def test_an_answer_that_is_none_fails_the_session() -> None:
    cpe = device()
    assert cpe.advance(START)
    session = cpe.open(START)
    session.begin(START)
    with pytest.raises(AcsError, match="no answer"):
        session.receive(b"", START)


def test_the_inform_is_repeated_while_the_acs_says_so_but_not_for_ever() -> None:
    cpe = device()
    assert cpe.advance(START)
    session = cpe.open(START)
    again = encode(Envelope("1", Fault(8005, "Retry request")))
    session.begin(START)
    assert session.receive(again, START)
    assert session.receive(encode(Envelope("1", InformResponse())), START) == b""
    cpe.session_over(START)
    assert cpe.advance(START + 300)
    session = cpe.open(START + 300)
    session.begin(START + 300)
    for _ in range(MAX_REPEATS):
        assert session.receive(again, START + 300)
    with pytest.raises(AcsError, match="8005"):
        session.receive(again, START + 300)
