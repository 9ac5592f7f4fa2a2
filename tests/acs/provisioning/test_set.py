from collections.abc import Mapping
from typing import Any

import pytest

from acs.domain.operation import OperationFault, OperationKind, OutcomeState, VariableStatus
from acs.domain.setting import KnownParameter
from acs.provisioning.context import Context
from acs.provisioning.errors import PlanningError, ProgressError
from acs.provisioning.planner import plan_for, refusal
from acs.provisioning.quirks import Quirks
from cwmp_schemas.faults import Fault, ParameterFault
from cwmp_schemas.rpc.parameters import (
    GetParameterValues,
    ParameterValue,
    SetParameterValues,
    SetParameterValuesResponse,
)
from cwmp_schemas.values import XsdType
from tests.acs.provisioning.fake_device import DATA_MODEL, FakeDevice, by_name, drive, drive_anew, operation, run, tree

SET = OperationKind.SET
SSID = "Device.WiFi.SSID.1.SSID"
ENABLE = "Device.WiFi.SSID.1.Enable"
CHANNEL = "Device.WiFi.Radio.1.Channel"
PASSPHRASE = "Device.WiFi.AccessPoint.1.Security.KeyPassphrase"
TYPES = {ENABLE: XsdType.BOOLEAN, CHANNEL: XsdType.UNSIGNED_INT}


def wifi(**habits: Any) -> FakeDevice:
    values = {SSID: "old", ENABLE: "0", CHANNEL: "1", PASSPHRASE: "old secret"}
    return FakeDevice(values, dict(TYPES), hides={PASSPHRASE}, **habits)


def message_of(result: Mapping[str, object]) -> object:
    return result.get("message")


def test_all_variables_go_out_in_one_rpc_and_are_read_back() -> None:
    device = wifi()
    wanted = operation(SET, (SSID, "new"), (ENABLE, "true", "boolean"), (CHANNEL, "11"))
    outcome = run(wanted, device, Context(lookup=DATA_MODEL))
    assert device.sent == [
        SetParameterValues(
            (
                ParameterValue(SSID, "new", XsdType.STRING),
                ParameterValue(ENABLE, "1", XsdType.BOOLEAN),
                ParameterValue(CHANNEL, "11", XsdType.UNSIGNED_INT),
            )
        ),
        GetParameterValues((SSID, ENABLE, CHANNEL)),
    ]
    assert outcome.state is OutcomeState.COMPLETED
    assert outcome.result == {"status": 0, "applied": True, "verified": True, "mismatches": []}
    assert [(each.status, each.verified) for each in outcome.variables] == [(VariableStatus.APPLIED, True)] * 3
    assert by_name(outcome)[ENABLE].value == "true", "as it was asked for"


def test_a_set_larger_than_any_batch_stays_one_rpc() -> None:
    device = FakeDevice(tree(200))
    run(operation(SET, *((name, "x") for name in device.values)), device)
    assert len(device.sent_of(SetParameterValues)) == 1


def test_booleans_go_out_as_words_where_the_device_wants_them() -> None:
    device = wifi()
    run(operation(SET, (ENABLE, "1")), device, Context(Quirks(boolean_words=True), lookup=DATA_MODEL))
    assert device.values[ENABLE] == "true"


def test_a_type_the_operator_insists_on_is_sent_and_never_guessed_again() -> None:
    device = wifi()
    outcome = run(operation(SET, (ENABLE, "1", "xsd:string")), device, Context(lookup=DATA_MODEL))
    assert device.sent == [SetParameterValues((ParameterValue(ENABLE, "1", XsdType.STRING),))]
    assert outcome.state is OutcomeState.FAILED
    assert outcome.variables[0].fault == OperationFault("no", 9006)


def test_a_wrong_guess_is_corrected_by_what_the_device_says() -> None:
    device = wifi()
    outcome = run(operation(SET, (SSID, "new"), (ENABLE, "1"), (CHANNEL, "11", "integer")), device)
    first, learning, second, read_back = device.sent
    assert learning == GetParameterValues((ENABLE, CHANNEL))
    assert isinstance(first, SetParameterValues)
    assert isinstance(second, SetParameterValues)
    assert [each.type for each in first.parameter_list] == [XsdType.STRING, XsdType.STRING, XsdType.INT]
    assert [each.type for each in second.parameter_list] == [XsdType.STRING, XsdType.BOOLEAN, XsdType.UNSIGNED_INT]
    assert read_back == GetParameterValues((SSID, ENABLE, CHANNEL))
    assert outcome.state is OutcomeState.COMPLETED
    assert ParameterValue(CHANNEL, "11", XsdType.UNSIGNED_INT) in outcome.learned
    assert ParameterValue(CHANNEL, "1", XsdType.UNSIGNED_INT) not in outcome.learned, "it was true before the set"


@pytest.mark.parametrize("code", [9003, 9006])
def test_a_fault_that_names_nothing_puts_all_guesses_in_doubt_only_as_9006(code: int) -> None:
    plan = plan_for(operation(SET, (ENABLE, "1"), (SSID, "x", "xsd:string")), Context())
    plan.next()
    plan.answered(Fault(code, "no"))
    assert plan.next() == (GetParameterValues((ENABLE,)) if code == 9006 else None)


@pytest.mark.parametrize(("code", "doubted"), [(9003, False), (9006, True)])
def test_a_parameter_named_without_a_code_has_that_of_the_whole_fault(code: int, doubted: bool) -> None:
    plan = plan_for(operation(SET, (ENABLE, "1"), (CHANNEL, "1")), Context())
    plan.next()
    plan.answered(Fault(code, "no", (ParameterFault(ENABLE, 0, "bad"),)))
    assert plan.next() == (GetParameterValues((ENABLE,)) if doubted else None)
    if not doubted:
        assert plan.outcome.variables[0].fault == OperationFault("bad", 9003)


def test_a_second_9006_is_final() -> None:
    plan = plan_for(operation(SET, (ENABLE, "1")), Context())
    device, sent = wifi(), []
    while (rpc := plan.next()) is not None:
        sent.append(rpc)
        plan.answered(Fault(9006, "no") if isinstance(rpc, SetParameterValues) else device.answer(rpc))
    assert [type(rpc) for rpc in sent] == [SetParameterValues, GetParameterValues, SetParameterValues]
    assert plan.outcome.fault == OperationFault("no", 9006)


@pytest.mark.parametrize("value", ["maybe", "on"])
def test_without_a_new_type_there_is_no_second_try(value: str) -> None:
    known = {ENABLE: KnownParameter("0", XsdType.BOOLEAN)} if value == "on" else {}
    device = FakeDevice({ENABLE: "0"}, dict(TYPES), refuses={ENABLE: 9006} if value == "on" else {})
    outcome = run(operation(SET, (ENABLE, value)), device, Context(known=known))
    assert len(device.sent_of(SetParameterValues)) == 1
    assert outcome.variables[0].fault == OperationFault("no", 9006)


def test_a_refusal_names_the_refused_and_keeps_the_rest_from_being_set() -> None:
    device = wifi(refuses={CHANNEL: 9008})
    outcome = run(operation(SET, (SSID, "new"), (CHANNEL, "x")), device)
    assert device.values[SSID] == "old"
    assert len(device.sent) == 1
    assert outcome.state is OutcomeState.FAILED
    assert outcome.fault == OperationFault("Invalid arguments", 9003, (ParameterFault(CHANNEL, 9008, "no"),))
    ssid, channel = outcome.variables
    assert (ssid.status, ssid.fault) == (VariableStatus.SKIPPED, None)
    assert (channel.status, channel.fault) == (VariableStatus.REFUSED, OperationFault("no", 9008))


def test_status_1_is_told_and_not_read_back() -> None:
    device = wifi(status=1)
    outcome = run(operation(SET, (SSID, "new")), device)
    assert len(device.sent) == 1
    assert outcome.variables[0].status is VariableStatus.ACCEPTED
    assert outcome.result == {
        "status": 1,
        "applied": False,
        "verified": None,
        "mismatches": [],
        "message": "the device accepted the values and applies them later",
    }


def test_a_write_that_the_device_ignores_is_a_mismatch() -> None:
    outcome = run(operation(SET, (SSID, "new"), (ENABLE, "1", "boolean")), wifi(ignores={SSID}))
    assert outcome.state is OutcomeState.COMPLETED
    assert [(each.verified, each.found) for each in outcome.variables] == [(False, "old"), (True, "1")]
    assert (outcome.result["verified"], outcome.result["mismatches"]) == (False, [SSID])
    assert message_of(outcome.result) == "the device accepted the values, but reads back others"


def test_secrets_are_not_read_back() -> None:
    device = wifi()
    outcome = run(operation(SET, (PASSPHRASE, "new secret"), (SSID, "new")), device)
    assert device.sent[1] == GetParameterValues((SSID,))
    assert [each.verified for each in outcome.variables] == [None, True]
    assert "new secret" not in repr(outcome)
    assert run(operation(SET, (PASSPHRASE, "x")), device).result["verified"] is None


def test_a_parameter_hidden_by_the_data_model_is_not_read_back() -> None:
    name = "Device.ManagementServer.ConnectionRequestURL"
    hidden = "InternetGatewayDevice.SmartCardReader.1.Reset"
    device = FakeDevice({name: "", hidden: ""})
    run(operation(SET, (name, "x"), (hidden, "y", "xsd:string")), device, Context(lookup=DATA_MODEL))
    assert device.sent[1] == GetParameterValues((name,))


def test_secrets_are_read_back_where_the_device_tells_them() -> None:
    device = wifi()
    device.hides = ()
    outcome = run(operation(SET, (PASSPHRASE, "new")), device, Context(Quirks(read_back_secrets=True)))
    assert outcome.variables[0].verified is True


@pytest.mark.parametrize("quietly", [{"verify": False}, {}])
def test_nothing_is_read_back_when_it_is_not_wanted_or_not_borne(quietly: dict[str, Any]) -> None:
    device = wifi()
    run(operation(SET, (SSID, "new"), **quietly), device, Context(Quirks(read_back=bool(quietly))))
    assert len(device.sent) == 1


def test_what_was_learned_before_the_set_is_not_taken_for_a_read_back() -> None:
    device = wifi()
    outcome = drive_anew(operation(SET, (ENABLE, "1")), Context(Quirks(read_back=False)), device)
    assert len(device.sent) == 3
    assert (outcome.variables[0].verified, outcome.variables[0].found, outcome.learned) == (None, None, ())


def test_a_set_is_done_whatever_becomes_of_the_read_back() -> None:
    device = wifi()
    silent = run(operation(SET, (SSID, "new")), device, lose={1})
    assert (silent.state, silent.variables[0].status) == (OutcomeState.COMPLETED, VariableStatus.APPLIED)
    assert message_of(silent.result) == "the device accepted the values; no answer came when they were to be read back"
    plan = plan_for(operation(SET, (SSID, "new")), Context())
    plan.next()
    plan.answered(SetParameterValuesResponse(0))
    plan.next()
    plan.answered(Fault(9005, "no"))
    assert plan.outcome.state is OutcomeState.COMPLETED
    assert plan.outcome.variables[0].verified is None
    assert message_of(plan.outcome.result) == "the device accepted the values; not all of them could be read back"


def test_a_set_given_up_during_its_read_back_is_done() -> None:
    plan = plan_for(operation(SET, (SSID, "new")), Context())
    plan.next()
    plan.answered(SetParameterValuesResponse(0))
    plan.give_up("the time is up")
    assert plan.outcome.state is OutcomeState.COMPLETED


def test_a_lost_set_is_sent_again() -> None:
    device = wifi()
    outcome = run(operation(SET, (SSID, "new")), device, lose={0, 1, 2})
    assert len(device.sent_of(SetParameterValues)) == 4
    assert outcome.state is OutcomeState.COMPLETED


@pytest.mark.parametrize("was_sent", [True, False])
def test_a_set_given_up_without_an_answer_may_have_been_done_only_if_it_was_sent(was_sent: bool) -> None:
    plan = plan_for(operation(SET, (SSID, "new")), Context())
    if was_sent:
        plan.next()
        plan.lost()
    plan.give_up("three attempts")
    assert plan.outcome.state is OutcomeState.FAILED
    assert plan.outcome.fault == OperationFault("three attempts")
    assert plan.outcome.variables[0].status is (VariableStatus.UNKNOWN if was_sent else VariableStatus.SKIPPED)


def test_a_second_try_given_up_without_an_answer_may_have_been_done() -> None:
    plan = plan_for(operation(SET, (ENABLE, "1")), Context())
    device = wifi()
    for _ in range(2):
        rpc = plan.next()
        assert rpc is not None
        plan.answered(device.answer(rpc))
    plan.next()
    plan.lost()
    plan.give_up("three attempts")
    assert plan.outcome.variables[0].status is VariableStatus.UNKNOWN
    assert plan.outcome.variables[0].fault is None


def test_a_set_under_way_goes_on_when_less_is_known_of_the_device() -> None:
    wanted = operation(SET, (SSID, "x", "integer"))
    known = {SSID: KnownParameter("old", XsdType.STRING)}
    plan = plan_for(wanted, Context(known=known))
    rpc = plan.next()
    plan.lost()
    assert plan_for(wanted, Context(), plan.progress()).next() == rpc


def test_one_rpc_in_each_session_sets_the_same() -> None:
    wanted = operation(SET, (SSID, "new"), (ENABLE, "1"), (CHANNEL, "11", "integer"), (PASSPHRASE, "hidden"))
    one, other = wifi(ignores={SSID}), wifi(ignores={SSID})
    assert drive_anew(wanted, Context(), one, lose={0, 3}) == drive(plan_for(wanted, Context()), other, lose={0, 3})
    assert one.sent == other.sent


def test_the_progress_of_a_set_holds_no_value() -> None:
    plan = plan_for(operation(SET, (PASSPHRASE, "new secret")), Context())
    plan.next()
    plan.lost()
    assert "new secret" not in str(plan.progress())


def test_every_bad_variable_is_named_before_anything_is_sent() -> None:
    wanted = operation(
        SET,
        (SSID, "fine"),
        (ENABLE, "maybe", "xsd:boolean"),
        (CHANNEL, "1", "number"),
        ("Device.WiFi.", "1"),
        ("Device.NoValue",),
        (SSID, "twice"),
        (PASSPHRASE, "hush", "xsd:int"),
    )
    with pytest.raises(PlanningError) as caught:
        plan_for(wanted, Context())
    assert [(problem.where, problem.variable) for problem in caught.value.problems] == [
        ("variables[1].value", 1),
        ("variables[2].value", 2),
        ("variables[3].value", 3),
        ("variables[4].value", 4),
        ("variables[6].value", 6),
        ("variables[5].variable_name", 5),
    ]
    assert f"{ENABLE}: 'maybe' is not a boolean" in str(caught.value)
    assert "hush" not in str(caught.value)
    outcome = refusal(wanted, caught.value)
    assert outcome.state is OutcomeState.FAILED
    assert outcome.variables[0].status is VariableStatus.SKIPPED
    assert outcome.variables[1].fault == OperationFault(f"{ENABLE}: 'maybe' is not a boolean")


def test_a_set_of_nothing_is_not_planned() -> None:
    with pytest.raises(PlanningError, match="there is nothing to set"):
        plan_for(operation(SET), Context())


def test_the_progress_of_another_set_is_refused() -> None:
    plan = plan_for(operation(SET, (SSID, "new")), Context())
    with pytest.raises(ProgressError, match="a write of other parameters"):
        plan_for(operation(SET, (CHANNEL, "1")), Context(), plan.progress())
    with pytest.raises(ProgressError, match="is set, but the operation is get"):
        plan_for(operation(OperationKind.GET, SSID), Context(), plan.progress())
