"""What a device does when it restarts, loses its power, is reset, or gets another ACS."""

import pytest

from cwmp_schemas import events
from cwmp_schemas.messages import AcsRequest
from cwmp_schemas.rpc.control import (
    FactoryReset,
    FactoryResetResponse,
    Reboot,
    RebootResponse,
    ScheduleInform,
    ScheduleInformResponse,
)
from cwmp_schemas.rpc.parameters import ParameterValue, SetParameterValues
from cwmp_schemas.values import XsdType
from simulators.device.agenda import MAX_APPOINTMENTS
from simulators.device.calling import Called
from simulators.device.cpe import Cpe
from simulators.device.errors import AcsError
from simulators.device.pending import MAX_WAITING
from simulators.device.rpcs.arguments import MAX_COMMAND_KEY
from tests.simulators.device.conversing import START, ask, converse, device, fault_of
from tests.simulators.device.dialogue import in_session, response

URL = "Device.ManagementServer.URL"


def settled() -> Cpe:
    """A router that has told all it had to tell."""
    cpe = device()
    converse(cpe, START)
    return cpe


def put(name: str, value: str) -> SetParameterValues:
    """A text that is to be set."""
    return SetParameterValues((ParameterValue(name, value, XsdType.STRING),), "")


def test_a_reboot_waits_for_the_end_of_the_session() -> None:
    cpe = settled()
    with in_session(cpe, START + 1) as asked:
        assert asked(Reboot("key")) == RebootResponse()
        was_on = cpe.is_on
    assert (was_on, cpe.is_on) == (True, False)
    assert converse(cpe, cpe.due_at).events == [("M Reboot", "key"), ("1 BOOT", "")]


def test_a_reboot_comes_also_when_the_session_fails_after_its_answer() -> None:
    cpe = settled()
    with in_session(cpe, START + 1, ends_well=False) as asked:
        asked(Reboot("key"))
    told = converse(cpe, cpe.due_at)
    assert told.events == [("M Reboot", "key"), ("1 BOOT", "")]
    assert told.inform.retry_count == 1


def test_several_reboots_of_one_session_are_one_and_each_key_is_told() -> None:
    cpe = settled()
    ask(cpe, START + 1, Reboot("a"), Reboot("b"), Reboot("b"))
    assert converse(cpe, cpe.due_at).events == [("M Reboot", "a"), ("M Reboot", "b"), ("M Reboot", "b"), ("1 BOOT", "")]
    assert not cpe.wants_session


def test_no_acs_can_pile_up_reboots_without_end() -> None:
    cpe = settled()
    with in_session(cpe, START + 1) as asked:
        for _ in range(MAX_WAITING):
            assert asked(Reboot("key")) == RebootResponse()
        assert fault_of([asked(Reboot("key"))]).code == 9001


def test_a_key_that_is_too_long_is_no_argument() -> None:
    requests: list[AcsRequest] = [Reboot("x" * (MAX_COMMAND_KEY + 1)), ScheduleInform(5, "x" * (MAX_COMMAND_KEY + 1))]
    for request in requests:
        assert fault_of(ask(settled(), START + 1, request)).code == 9003


def test_scheduled_calls_come_at_their_moments_each_with_its_key() -> None:
    cpe = settled()
    asked = [ScheduleInform(20, "b"), ScheduleInform(10, "a"), ScheduleInform(20, "c")]
    assert ask(cpe, START + 1, *asked) == [ScheduleInformResponse()] * 3
    assert cpe.due_at == START + 11
    assert converse(cpe, START + 11).events == [("3 SCHEDULED", ""), ("M ScheduleInform", "a")]
    assert cpe.due_at == START + 21
    assert converse(cpe, START + 21).events == [
        ("3 SCHEDULED", ""),
        ("M ScheduleInform", "b"),
        ("M ScheduleInform", "c"),
    ]


def test_a_call_cannot_be_scheduled_for_now() -> None:
    assert fault_of(ask(settled(), START + 1, ScheduleInform(0, "key"))).code == 9003


def test_a_device_bears_only_so_many_scheduled_calls() -> None:
    cpe = settled()
    with in_session(cpe, START + 1) as asked:
        answers = [asked(ScheduleInform(3600, str(number))) for number in range(MAX_APPOINTMENTS + 1)]
    assert answers[:-1] == [ScheduleInformResponse()] * MAX_APPOINTMENTS
    assert fault_of(answers[-1:]).code == 9004


def test_a_restart_keeps_scheduled_calls_and_makes_those_that_were_due_meanwhile() -> None:
    cpe = settled()
    ask(cpe, START + 1, ScheduleInform(20, "a"), ScheduleInform(100, "b"))
    cpe.restart(START + 2, takes=50.0)
    assert cpe.due_at == START + 52
    told = converse(cpe, START + 52).events
    assert told == [("3 SCHEDULED", ""), ("M ScheduleInform", "a"), ("1 BOOT", "")]
    assert converse(cpe, START + 101).events == [("3 SCHEDULED", ""), ("M ScheduleInform", "b")]


def test_a_factory_reset_leaves_nothing_but_a_new_device() -> None:
    cpe = settled()
    ask(cpe, START + 1, put("Device.DeviceInfo.ProvisioningCode", "x"), ScheduleInform(20, "key"))
    cpe.pending.add(events.M_REBOOT, "old")
    with in_session(cpe, START + 2) as asked:
        assert asked(put("Device.ManagementServer.Password", "own")) is not None
        assert asked(FactoryReset()) == FactoryResetResponse()
        assert cpe.tree.value("Device.DeviceInfo.ProvisioningCode", START + 2) == "x"
    told = converse(cpe, cpe.due_at)
    assert told.events == [("0 BOOTSTRAP", ""), ("1 BOOT", "")]
    assert told.inform.retry_count == 0
    assert cpe.tree.value("Device.DeviceInfo.ProvisioningCode", START + 2) == ""
    assert cpe.management(START + 2).password == "secret"
    assert cpe.due_at > START + 22


def test_a_power_cut_takes_the_session_with_it_and_the_next_inform_is_a_retry() -> None:
    cpe = settled()
    assert cpe.advance(START + 300)
    session = cpe.open(START + 300)
    session.begin(START + 300)
    cpe.restart(START + 301, takes=129.0)
    assert session.late_answer(START + 302) is None
    with pytest.raises(AcsError, match="no session"):
        session.receive(response(), START + 302)
    cpe.session_failed(START + 302)
    assert (cpe.due_at, cpe.is_on, cpe.called(START + 303)) == (START + 430, False, Called.DOWN)
    told = converse(cpe, START + 430)
    assert told.events == [("2 PERIODIC", ""), ("1 BOOT", "")]
    assert told.inform.retry_count == 1


def test_a_power_cut_loses_what_is_in_no_lasting_memory() -> None:
    cpe = settled()
    for code in (events.KICKED, events.CONNECTION_REQUEST, events.DIAGNOSTICS_COMPLETE, events.M_REBOOT):
        cpe.pending.add(code)
    with in_session(cpe, START + 1, ends=False) as asked:
        asked(Reboot("forestalled"))
    cpe.restart(START + 1)
    assert converse(cpe, cpe.due_at).events == [("1 BOOT", "")]


def test_another_acs_is_told_nothing_of_the_old_one() -> None:
    cpe = settled()
    ask(cpe, START + 1, ScheduleInform(20, "key"))
    cpe.pending.add(events.M_REBOOT, "old")
    assert cpe.advance(START + 2)
    with in_session(cpe, START + 2) as asked:
        asked(put(URL, "http://other.example/"))
        cpe.pending.add(events.DIAGNOSTICS_COMPLETE)
        assert cpe.management(START + 2).url == "http://127.0.0.1:7547/"
    assert cpe.management(START + 2).url == "http://other.example/"
    assert converse(cpe, START + 2).events == [("0 BOOTSTRAP", "")]
    assert cpe.due_at == START + 300


def test_an_url_that_is_put_back_within_the_session_is_no_other_acs() -> None:
    cpe = settled()
    ask(cpe, START + 1, put(URL, "http://other.example/"), put(URL, "http://127.0.0.1:7547/"))
    assert not cpe.wants_session


def test_a_new_acs_is_not_forgotten_in_a_power_cut() -> None:
    cpe = settled()
    with in_session(cpe, START + 1, ends=False) as asked:
        asked(put(URL, "http://other.example/"))
    cpe.restart(START + 1)
    assert converse(cpe, cpe.due_at).events == [("0 BOOTSTRAP", ""), ("1 BOOT", "")]


def test_a_bootstrap_outlives_failed_sessions_and_restarts() -> None:
    cpe = device(is_known=False)
    for now in (START, START + 10, START + 30):
        assert cpe.advance(now)
        cpe.open(now).begin(now)
        cpe.session_failed(now)
        cpe.restart(now)
    assert converse(cpe, START + 60).events == [("0 BOOTSTRAP", ""), ("1 BOOT", "")]


def test_the_login_changes_with_the_session_and_that_of_connection_requests_at_once() -> None:
    cpe = settled()
    with in_session(cpe, START + 1) as asked:
        asked(put("Device.ManagementServer.Username", "new"))
        asked(put("Device.ManagementServer.Password", "other"))
        within = cpe.management(START + 1)
        assert (within.username, within.password) == ("acs-S1", "secret")
    after = cpe.management(START + 1)
    assert (after.username, after.password) == ("new", "other")


def test_the_device_goes_by_its_new_settings_after_a_session_that_failed_too() -> None:
    cpe = settled()
    with in_session(cpe, START + 1, ends_well=False) as asked:
        asked(put("Device.ManagementServer.Username", "new"))
    assert cpe.management(START + 1).username == "new"
