"""What reading back the pushed settings shows: as wanted, spelt in the device's own way, or ignored."""

from typing import Any

import pytest

from acs.domain.operation import OperationKind, Outcome, OutcomeState, VariableStatus
from acs.domain.setting import KnownParameter, Setting
from acs.provisioning.context import Context
from acs.provisioning.planner import plan_for, plan_for_due_settings
from acs.provisioning.quirks import Quirks
from cwmp_schemas.faults import Fault
from cwmp_schemas.rpc.parameters import (
    GetParameterValues,
    ParameterValue,
    SetParameterValues,
    SetParameterValuesResponse,
)
from cwmp_schemas.values import XsdType
from tests.acs.provisioning.fake_device import FakeDevice, by_name, drive, drive_anew, operation, run, tree

SYNC = operation(OperationKind.SYNC)
RECONF = operation(OperationKind.RECONF)
NTP = "Device.Time.NTPServer1"
ENABLE = "Device.ManagementServer.PeriodicInformEnable"
PASSWORD = "Device.ManagementServer.ConnectionRequestPassword"
VALUES = {NTP: "old", ENABLE: "1", PASSWORD: ""}
WANTED = {NTP: Setting("new"), ENABLE: Setting("false")}
IGNORED = "the device answered that it took the value, but shows the same as before"


def router(**habits: Any) -> FakeDevice:
    return FakeDevice(dict(VALUES), {ENABLE: XsdType.BOOLEAN}, hides={PASSWORD}, **habits)


def told(**values: str) -> dict[str, KnownParameter]:
    names = {"ntp": (NTP, XsdType.STRING), "enable": (ENABLE, XsdType.BOOLEAN)}
    return {names[each][0]: KnownParameter(value, names[each][1]) for each, value in values.items()}


def push(way: str, context: Context, device: FakeDevice) -> Outcome:
    """Push the settings in one of the three ways."""
    if way == "due":
        plan = plan_for_due_settings(context)
        assert plan is not None
        return drive(plan, device)
    return run({"sync": SYNC, "reconf": RECONF}[way], device, context)


@pytest.mark.parametrize("way", ["sync", "reconf", "due"])
@pytest.mark.parametrize("known", [{}, told(ntp="old", enable="true")], ids=["unknown", "known"])
def test_what_the_device_took_and_ignored_is_refused(way: str, known: dict[str, KnownParameter]) -> None:
    outcome = push(way, Context(settings=WANTED, known=known), router(ignores={NTP}))
    ignored, applied = by_name(outcome)[NTP], by_name(outcome)[ENABLE]
    assert ignored.status is VariableStatus.REFUSED
    assert ignored.fault is not None
    assert ignored.fault.string == IGNORED
    assert (ignored.verified, ignored.found) == (False, "old")
    assert (applied.status, applied.verified, applied.found) == (VariableStatus.APPLIED, True, "0")
    assert (outcome.state, outcome.fault) == (OutcomeState.FAILED, ignored.fault)
    assert {each.name: each.value for each in outcome.learned} == {NTP: "old", ENABLE: "0"}


@pytest.mark.parametrize("way", ["sync", "reconf", "due"])
def test_what_the_device_spells_in_its_own_way_is_applied(way: str) -> None:
    device = router(spells={"new": "NEW"})
    outcome = push(way, Context(settings={NTP: Setting("new")}), device)
    assert outcome.state is OutcomeState.COMPLETED
    (result,) = outcome.variables
    assert (result.status, result.verified, result.found) == (VariableStatus.APPLIED, False, "NEW")


def test_a_spelling_that_is_known_for_the_devices_own_is_neither_drift_nor_ignored() -> None:
    device = router(spells={"new": "NEW"})
    device.values[NTP] = "NEW"
    context = Context(settings={NTP: Setting("new", shown="NEW")}, known=told(ntp="NEW"))
    assert plan_for_due_settings(context) is None
    synced = run(SYNC, device, context)
    assert synced.result == {"drifted": []}
    assert device.sent_of(SetParameterValues) == []
    again = run(RECONF, device, context)
    assert again.state is OutcomeState.COMPLETED
    assert again.variables[0].status is VariableStatus.APPLIED
    device.values[NTP] = "something else"
    assert run(SYNC, device, context).result["drifted"] != []


def test_what_the_device_had_already_is_not_ignored() -> None:
    device = router(ignores=set(VALUES))
    outcome = run(RECONF, device, Context(settings={NTP: Setting("old"), ENABLE: Setting("true")}))
    assert outcome.state is OutcomeState.COMPLETED
    assert {each.verified for each in outcome.variables} == {True}


def test_reconf_asks_before_the_push_only_for_what_is_not_known() -> None:
    device = router()
    run(RECONF, device, Context(settings=WANTED, known=told(ntp="old")))
    assert [type(rpc) for rpc in device.sent] == [GetParameterValues, SetParameterValues, GetParameterValues]
    assert device.sent[0] == GetParameterValues((ENABLE,))
    assert device.sent[2] == GetParameterValues((NTP, ENABLE))


def test_what_was_not_known_before_the_push_is_not_judged() -> None:
    device = router(ignores={NTP})
    outcome = run(RECONF, device, Context(Quirks(rpcs_per_session=1), settings={NTP: Setting("new")}))
    assert [type(rpc) for rpc in device.sent] == [SetParameterValues, GetParameterValues]
    (result,) = outcome.variables
    assert (result.status, result.verified, result.found) == (VariableStatus.APPLIED, False, "old")


@pytest.mark.parametrize("way", ["sync", "reconf", "due"])
def test_a_device_that_is_not_to_be_read_back_is_not(way: str) -> None:
    device = router(ignores={NTP})
    outcome = push(way, Context(Quirks(read_back=False), settings={NTP: Setting("new")}), device)
    assert outcome.state is OutcomeState.COMPLETED
    assert type(device.sent[-1]) is SetParameterValues
    assert outcome.variables[0].verified is None


def test_a_secret_is_read_back_only_where_the_device_tells_it() -> None:
    context = Context(settings={PASSWORD: Setting("hush")})
    device = router()
    assert run(RECONF, device, context).variables[0].verified is None
    assert len(device.sent) == 1
    device = router(ignores={PASSWORD})
    outcome = run(RECONF, device, Context(Quirks(read_back_secrets=True), settings=context.settings))
    assert outcome.variables[0].status is VariableStatus.REFUSED


def test_what_is_applied_later_and_what_was_refused_is_not_read_back() -> None:
    device = router(status=1)
    assert run(SYNC, device, Context(settings=WANTED)).variables[0].status is VariableStatus.ACCEPTED
    assert len(device.sent) == 2
    device = router(refuses={NTP: 9007})
    run(RECONF, device, Context(settings=WANTED, known=told(ntp="old", enable="1")))
    assert device.sent[-1] == GetParameterValues((ENABLE,))


def test_a_push_is_done_whatever_becomes_of_the_read_back() -> None:
    context = Context(settings={NTP: Setting("new")}, known=told(ntp="old"))
    device = router(ignores={NTP})
    assert run(RECONF, device, context, lose={1}).state is OutcomeState.COMPLETED
    assert len(device.sent) == 2, "a device that falls silent is not asked again"
    plan = plan_for(RECONF, context)
    plan.next()
    plan.answered(SetParameterValuesResponse(0))
    assert isinstance(plan.next(), GetParameterValues)
    plan.answered(Fault(9000, "no"))
    assert plan.outcome.state is OutcomeState.COMPLETED
    assert {each.verified for each in plan.outcome.variables} == {None}


def test_a_push_given_up_during_its_read_back_is_done() -> None:
    plan = plan_for(RECONF, Context(settings={NTP: Setting("new")}, known=told(ntp="old")))
    plan.next()
    plan.answered(SetParameterValuesResponse(0))
    assert not plan.is_over
    plan.give_up("three attempts")
    assert plan.outcome.state is OutcomeState.COMPLETED


def test_the_read_back_goes_out_in_batches_that_the_device_bears() -> None:
    names = tree(40)
    device = FakeDevice(dict(names), max_names=10)
    outcome = run(SYNC, device, Context(settings={name: Setting("new") for name in names}))
    reads = [len(rpc.parameter_names) for rpc in device.sent_of(GetParameterValues)]
    assert reads == [40, 20, *[10] * 8]
    assert outcome.gpv_batch == 10
    assert {each.verified for each in outcome.variables} == {True}


@pytest.mark.parametrize("wanted", [SYNC, RECONF])
@pytest.mark.parametrize("lose", [set(), {0}, {2}])
def test_a_read_back_in_a_session_of_its_own_shows_the_same(wanted: Any, lose: set[int]) -> None:
    context = Context(Quirks(gpv_batch=1), settings=WANTED)
    devices = [router(ignores={NTP}) for _ in range(2)]
    outcome = drive_anew(wanted, context, devices[0], lose)
    assert outcome == drive(plan_for(wanted, context), devices[1], lose)
    assert devices[0].sent == devices[1].sent
    assert by_name(outcome)[NTP].status is VariableStatus.REFUSED


def test_what_the_device_tells_after_the_push_is_not_taken_for_what_it_had_before() -> None:
    plan = plan_for(RECONF, Context(settings={NTP: Setting("new")}, known=told(ntp="old")))
    plan.next()
    plan.answered(SetParameterValuesResponse(0))
    device = router()
    device.values[NTP] = "NEW"
    later = plan_for(RECONF, Context(settings={NTP: Setting("new")}, known=told(ntp="NEW")), plan.progress())
    outcome = drive(later, device)
    assert outcome.state is OutcomeState.COMPLETED
    assert ParameterValue(NTP, "NEW") in outcome.learned
