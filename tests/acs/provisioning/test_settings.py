from typing import Any

import pytest

from acs.domain.operation import OperationFault, OperationKind, OutcomeState, VariableStatus
from acs.domain.secret_names import MASK
from acs.domain.setting import KnownParameter, Setting
from acs.provisioning.context import Context
from acs.provisioning.plan import Plan
from acs.provisioning.planner import plan_for, plan_for_due_settings
from acs.provisioning.quirks import Quirks
from acs.provisioning.settings import due_settings
from cwmp_schemas.faults import Fault
from cwmp_schemas.rpc.parameters import (
    GetParameterValues,
    GetParameterValuesResponse,
    ParameterValue,
    SetParameterValues,
    SetParameterValuesResponse,
)
from cwmp_schemas.values import XsdType
from tests.acs.provisioning.fake_device import (
    DATA_MODEL,
    FakeDevice,
    by_name,
    drive,
    drive_anew,
    operation,
    run,
    tree,
)

SYNC = operation(OperationKind.SYNC)
RECONF = operation(OperationKind.RECONF)
INTERVAL = "Device.ManagementServer.PeriodicInformInterval"
ENABLE = "Device.ManagementServer.PeriodicInformEnable"
NTP = "Device.Time.NTPServer1"
PASSWORD = "Device.ManagementServer.ConnectionRequestPassword"
VALUES = {INTERVAL: "300", ENABLE: "1", NTP: "old.example", PASSWORD: ""}
TYPES = {INTERVAL: XsdType.UNSIGNED_INT, ENABLE: XsdType.BOOLEAN}
SETTINGS = {
    INTERVAL: Setting("0300"),
    ENABLE: Setting("true"),
    NTP: Setting("new.example"),
    PASSWORD: Setting("hush", applied=True),
}
# Where only the push is looked at.
UNSEEN = Quirks(read_back=False)


def router(**habits: Any) -> FakeDevice:
    return FakeDevice(dict(VALUES), dict(TYPES), hides={PASSWORD}, **habits)


def known_of(device: FakeDevice) -> dict[str, KnownParameter]:
    return {name: KnownParameter(device.read(name).value, device.read(name).type) for name in device.values}


def many(count: int, value: str = "new") -> dict[str, Setting]:
    return {name: Setting(value) for name in tree(count)}


def due_plan(context: Context) -> Plan:
    plan = plan_for_due_settings(context)
    assert plan is not None
    return plan


def sent_names(device: FakeDevice) -> list[list[str]]:
    return [[each.name for each in rpc.parameter_list] for rpc in device.sent_of(SetParameterValues)]


def test_only_what_differs_in_meaning_is_pushed_at_a_sessions_end() -> None:
    device = router()
    context = Context(UNSEEN, settings=SETTINGS, known=known_of(device), lookup=DATA_MODEL)
    assert due_settings(context) == [NTP]
    outcome = drive(due_plan(context), device)
    assert device.sent == [SetParameterValues((ParameterValue(NTP, "new.example"),))]
    assert [(each.name, each.status) for each in outcome.variables] == [(NTP, VariableStatus.APPLIED)]
    assert plan_for_due_settings(Context(UNSEEN, settings=SETTINGS, known=known_of(device), lookup=DATA_MODEL)) is None


@pytest.mark.parametrize("applied", [True, False])
def test_what_cannot_be_compared_is_pushed_until_it_was_applied(applied: bool) -> None:
    settings = {PASSWORD: Setting("hush", applied=applied), NTP: Setting("x", applied=applied)}
    context = Context(settings=settings, known={PASSWORD: KnownParameter("", XsdType.STRING)})
    assert due_settings(context) == ([] if applied else [PASSWORD, NTP])


def test_a_secret_that_the_device_tells_is_compared() -> None:
    known = {PASSWORD: KnownParameter("other", XsdType.STRING)}
    context = Context(Quirks(read_back_secrets=True), settings={PASSWORD: Setting("hush", applied=True)}, known=known)
    assert due_settings(context) == [PASSWORD]


def test_settings_go_out_in_batches() -> None:
    device = FakeDevice(tree(130))
    outcome = drive(due_plan(Context(settings=many(130))), device)
    assert [len(names) for names in sent_names(device)] == [64, 64, 2]
    assert outcome.state is OutcomeState.COMPLETED


@pytest.mark.parametrize("code", [9002, 9003, 9004])
def test_batches_shrink_to_what_the_device_bears(code: int) -> None:
    device = FakeDevice(tree(128), max_names=20, too_many=code)
    outcome = drive(due_plan(Context(settings=many(128))), device)
    assert [len(names) for names in sent_names(device)] == [64, 32] + [16] * 8
    assert outcome.spv_batch == 16
    assert set(device.values.values()) == {"new"}


def test_what_a_fault_names_is_refused_and_the_rest_goes_out_again() -> None:
    device = FakeDevice(tree(64), refuses={"Device.X.P3": 9008, "Device.X.P9": 9007})
    outcome = drive(due_plan(Context(settings=many(64))), device)
    assert [len(names) for names in sent_names(device)] == [64, 62]
    refused = {each.name: each.fault for each in outcome.variables if each.status is VariableStatus.REFUSED}
    assert refused == {"Device.X.P3": OperationFault("no", 9008), "Device.X.P9": OperationFault("no", 9007)}
    assert outcome.state is OutcomeState.FAILED
    assert outcome.fault == OperationFault("no", 9008)
    assert outcome.spv_batch is None


def test_a_refused_setting_is_found_by_halves_when_the_fault_names_none() -> None:
    device = FakeDevice(tree(64), refuses={"Device.X.P3": 9008}, names_none=True)
    outcome = drive(due_plan(Context(UNSEEN, settings=many(64))), device)
    assert [each.name for each in outcome.variables if each.status is not VariableStatus.APPLIED] == ["Device.X.P3"]
    assert len(device.sent) == 13
    assert outcome.spv_batch is None, "the one setting explains the refusals"


@pytest.mark.parametrize("names_none", [True, False])
def test_a_wrong_guess_of_a_type_is_corrected_once(names_none: bool) -> None:
    device = router(names_none=names_none)
    settings = {NTP: Setting("x"), ENABLE: Setting("0"), INTERVAL: Setting("60", "integer")}
    outcome = run(RECONF, device, Context(UNSEEN, settings=settings))
    assert outcome.state is OutcomeState.COMPLETED
    assert [device.values[name] for name in (NTP, ENABLE, INTERVAL)] == ["x", "0", "60"]
    reads = device.sent_of(GetParameterValues)
    assert reads == ([GetParameterValues((ENABLE,)), GetParameterValues((INTERVAL,))] if names_none else reads[:1])
    assert by_name(outcome)[INTERVAL].type is XsdType.UNSIGNED_INT


def test_the_types_of_one_refusal_cost_one_read_and_one_write() -> None:
    device = router()
    run(RECONF, device, Context(UNSEEN, settings={ENABLE: Setting("0"), NTP: Setting("x"), INTERVAL: Setting("60")}))
    assert [type(rpc) for rpc in device.sent] == [SetParameterValues, GetParameterValues, SetParameterValues]


def test_a_type_the_operator_insists_on_is_not_guessed_again() -> None:
    device = router()
    outcome = run(RECONF, device, Context(UNSEEN, settings={ENABLE: Setting("0", "xsd:string"), NTP: Setting("x")}))
    assert device.sent_of(GetParameterValues) == []
    assert by_name(outcome)[ENABLE].fault == OperationFault("no", 9006)
    assert device.values[NTP] == "x"


def test_a_device_that_refuses_any_type_is_asked_once_more_only() -> None:
    device = router(refuses={})
    plan = plan_for(RECONF, Context(UNSEEN, settings={ENABLE: Setting("0")}))
    sent = []
    while (rpc := plan.next()) is not None:
        sent.append(type(rpc))
        plan.answered(Fault(9006, "no") if isinstance(rpc, SetParameterValues) else device.answer(rpc))
    assert sent == [SetParameterValues, GetParameterValues, SetParameterValues]
    assert plan.outcome.variables[0].status is VariableStatus.REFUSED


def test_what_goes_out_as_the_type_it_has_is_not_tried_again() -> None:
    device = router(refuses={ENABLE: 9006})
    run(RECONF, device, Context(UNSEEN, settings={ENABLE: Setting("0", "boolean")}))
    assert [type(rpc) for rpc in device.sent] == [SetParameterValues, GetParameterValues]


def test_a_setting_the_device_does_not_have_is_refused_by_its_fault() -> None:
    outcome = run(RECONF, router(), Context(settings={"Device.Gone": Setting("1"), NTP: Setting("x")}))
    assert by_name(outcome)["Device.Gone"].fault == OperationFault("no", 9005)
    assert by_name(outcome)[NTP].status is VariableStatus.APPLIED


def test_a_setting_that_cannot_be_sent_holds_back_no_other() -> None:
    settings = {ENABLE: Setting("perhaps", "xsd:boolean"), "Device.Time.": Setting("x"), NTP: Setting("x")}
    device = router()
    outcome = run(RECONF, device, Context(settings=settings))
    assert sent_names(device) == [[NTP]]
    assert by_name(outcome)[ENABLE].fault == OperationFault("'perhaps' is not a boolean")
    assert by_name(outcome)["Device.Time."].fault == OperationFault("an object has no value")


@pytest.mark.parametrize("skip", [True, False])
def test_a_setting_listed_as_read_only_is_tried_unless_the_list_is_to_be_believed(skip: bool) -> None:
    device = router()
    context = Context(
        Quirks(skip_writable_check=skip, read_back=False),
        settings={NTP: Setting("x")},
        known={NTP: KnownParameter("y", XsdType.STRING, writable=False)},
    )
    outcome = run(RECONF, device, context)
    assert len(device.sent) == int(skip)
    assert (outcome.state is OutcomeState.COMPLETED) is skip


def test_a_method_that_is_not_supported_is_asked_for_once() -> None:
    device = FakeDevice(tree(100), max_names=0, too_many=9000)
    outcome = run(RECONF, device, Context(UNSEEN, settings=many(100)))
    assert len(device.sent) == 1
    assert {each.status for each in outcome.variables} == {VariableStatus.REFUSED}


def test_status_1_is_told_of_each_setting() -> None:
    outcome = run(RECONF, router(status=1), Context(settings={NTP: Setting("x")}))
    assert outcome.state is OutcomeState.COMPLETED
    assert outcome.variables[0].status is VariableStatus.ACCEPTED


def test_a_lost_batch_goes_out_again_then_in_halves_and_what_is_lost_alone_stays_pending() -> None:
    device = FakeDevice(tree(2))
    outcome = run(RECONF, device, Context(UNSEEN, settings=many(2)), lose={0, 1, 2, 3})
    assert [len(names) for names in sent_names(device)] == [2, 2, 1, 1, 1]
    assert [each.status for each in outcome.variables] == [VariableStatus.PENDING, VariableStatus.APPLIED]
    assert outcome.state is OutcomeState.FAILED


def test_a_batch_lost_twice_makes_those_after_it_smaller() -> None:
    device = FakeDevice(tree(128))
    outcome = run(RECONF, device, Context(UNSEEN, settings=many(128)), lose={0, 1})
    assert [len(names) for names in sent_names(device)] == [64, 64, 32, 32, 32, 32]
    assert outcome.spv_batch == 32


def test_a_loss_in_each_of_two_batches_does_not_halve_them() -> None:
    device = FakeDevice(tree(128))
    run(RECONF, device, Context(UNSEEN, settings=many(128)), lose={0, 2})
    assert [len(names) for names in sent_names(device)] == [64, 64, 64, 64]


def test_what_was_not_pushed_before_giving_up_is_pending() -> None:
    plan = plan_for(RECONF, Context(UNSEEN, settings=many(65)))
    plan.next()
    plan.answered(SetParameterValuesResponse(0))
    plan.give_up("three attempts")
    statuses = [each.status for each in plan.outcome.variables]
    assert statuses == [VariableStatus.APPLIED] * 64 + [VariableStatus.PENDING]
    assert plan.outcome.fault == OperationFault("three attempts")


def test_reconf_pushes_everything_whatever_is_known() -> None:
    device = router()
    context = Context(settings=SETTINGS, known=known_of(device), lookup=DATA_MODEL)
    outcome = run(RECONF, device, context)
    assert sent_names(device) == [list(SETTINGS)]
    assert outcome.result == {}
    assert device.values[PASSWORD] == "hush"
    assert "hush" not in {each.value for each in outcome.learned}


def test_sync_reads_the_managed_paths_and_pushes_what_has_drifted() -> None:
    device = router()
    context = Context(UNSEEN, settings=SETTINGS, managed=("Device.ManagementServer.",))
    outcome = run(SYNC, device, context)
    assert device.sent == [
        GetParameterValues((NTP,)),
        GetParameterValues(("Device.ManagementServer.",)),
        SetParameterValues((ParameterValue(NTP, "new.example"),)),
    ]
    assert outcome.state is OutcomeState.COMPLETED
    assert outcome.result == {"drifted": [{"name": NTP, "wanted": "new.example", "found": "old.example"}]}
    assert [each.status for each in outcome.variables] == [VariableStatus.APPLIED] * 4
    assert ParameterValue(INTERVAL, "300", XsdType.UNSIGNED_INT) in outcome.learned
    assert NTP not in {each.name for each in outcome.learned}, "what was read is no longer true"


def test_sync_sends_what_has_drifted_as_the_type_it_just_read() -> None:
    device = router()
    outcome = run(SYNC, device, Context(UNSEEN, settings={INTERVAL: Setting("60"), ENABLE: Setting("0")}))
    assert [type(rpc) for rpc in device.sent] == [GetParameterValues, SetParameterValues]
    assert outcome.state is OutcomeState.COMPLETED


def test_sync_does_not_take_what_was_known_for_what_is_there() -> None:
    device = router()
    known = {NTP: KnownParameter("new.example", XsdType.STRING), "Device.Gone": KnownParameter("1", XsdType.STRING)}
    settings = {NTP: Setting("new.example"), "Device.Gone": Setting("1")}
    outcome = run(SYNC, device, Context(settings=settings, known=known))
    assert [each.status for each in outcome.variables] == [VariableStatus.APPLIED, VariableStatus.REFUSED]
    assert device.values[NTP] == "new.example"


@pytest.mark.parametrize("managed", [(), ("Device.",)])
def test_sync_believes_the_list_of_writable_parameters_where_it_is_to(managed: tuple[str, ...]) -> None:
    device = router()
    context = Context(
        Quirks(skip_writable_check=False),
        settings={NTP: Setting("x")},
        known={NTP: KnownParameter(None, writable=False)},
        managed=managed,
    )
    assert run(SYNC, device, context).variables[0].status is VariableStatus.REFUSED
    assert device.sent_of(SetParameterValues) == []


def test_sync_pushes_a_secret_only_until_it_was_applied() -> None:
    device = router()
    outcome = run(SYNC, device, Context(settings={PASSWORD: Setting("hush")}))
    assert sent_names(device) == [[PASSWORD]]
    assert len(device.sent) == 1, "it was not read"
    assert outcome.result == {"drifted": []}
    again = router()
    assert run(SYNC, again, Context(settings={PASSWORD: Setting("hush", applied=True)})).state is OutcomeState.COMPLETED
    assert again.sent == []


def test_a_secret_that_has_drifted_is_masked() -> None:
    device = router()
    device.hides = ()
    device.values[PASSWORD] = "leaked"
    outcome = run(SYNC, device, Context(Quirks(read_back_secrets=True), settings={PASSWORD: Setting("hush")}))
    assert outcome.result == {"drifted": [{"name": PASSWORD, "wanted": MASK, "found": MASK}]}
    assert device.values[PASSWORD] == "hush"


def test_sync_tries_what_it_did_not_find_and_tells_the_devices_fault() -> None:
    gone = "Device.Gone"
    device = router()
    outcome = run(SYNC, device, Context(settings={gone: Setting("1", applied=True)}))
    assert outcome.result == {"drifted": [{"name": gone, "wanted": "1", "found": None}]}
    assert outcome.variables[0].fault == OperationFault("no", 9005)


def test_sync_given_up_while_it_reads_leaves_everything_pending() -> None:
    plan = plan_for(SYNC, Context(settings=SETTINGS))
    plan.next()
    plan.lost()
    plan.give_up("three attempts")
    assert plan.outcome.state is OutcomeState.FAILED
    assert {each.status for each in plan.outcome.variables} == {VariableStatus.PENDING}


def test_sync_without_settings_just_reads() -> None:
    device = router()
    outcome = run(SYNC, device, Context(managed=("Device.",)))
    assert device.sent == [GetParameterValues(("Device.",))]
    assert len(outcome.learned) == len(VALUES)
    assert run(SYNC, router()).state is OutcomeState.COMPLETED


def test_one_rpc_in_each_session_syncs_the_same() -> None:
    settings = SETTINGS | many(70) | {"Device.Gone": Setting("1")}
    habits: dict[str, Any] = {"max_names": 20, "refuses": {"Device.X.P3": 9008, "Device.X.P4": 9006}}
    context = Context(settings=settings, managed=("Device.ManagementServer.",))
    devices = [FakeDevice(VALUES | tree(70), dict(TYPES), **habits) for _ in range(2)]
    outcome = drive_anew(SYNC, context, devices[0], lose={0, 7, 9})
    assert outcome == drive(plan_for(SYNC, context), devices[1], lose={0, 7, 9})
    assert devices[0].sent == devices[1].sent
    assert "hush" not in str(plan_for(SYNC, context).progress())


def test_when_the_settings_have_changed_the_push_begins_anew() -> None:
    plan = plan_for(RECONF, Context(UNSEEN, settings={NTP: Setting("one")}))
    plan.next()
    plan.answered(SetParameterValuesResponse(0))
    assert plan_for(RECONF, Context(UNSEEN, settings={NTP: Setting("one")}), plan.progress()).next() is None
    again = plan_for(RECONF, Context(UNSEEN, settings={NTP: Setting("two")}), plan.progress())
    assert again.next() == SetParameterValues((ParameterValue(NTP, "two"),))


def test_a_sync_that_grows_past_all_bounds_fails() -> None:
    plan = plan_for(SYNC, Context(settings=SETTINGS, managed=("Device.",)))
    plan.next()
    plan.answered(GetParameterValuesResponse(tuple(ParameterValue(f"Device.P{n}", "") for n in range(100_001))))
    assert plan.outcome.state is OutcomeState.FAILED
