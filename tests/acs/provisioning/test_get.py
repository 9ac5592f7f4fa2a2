import pytest

from acs.domain.operation import OperationFault, OperationKind, OutcomeState, VariableStatus
from acs.provisioning.context import Context
from acs.provisioning.errors import PlanningError
from acs.provisioning.planner import plan_for
from acs.provisioning.quirks import Quirks
from cwmp_schemas.faults import Fault, ParameterFault
from cwmp_schemas.rpc.parameters import (
    GetParameterNames,
    GetParameterNamesResponse,
    GetParameterValues,
    GetParameterValuesResponse,
    ParameterInfo,
    ParameterValue,
)
from cwmp_schemas.values import XsdType
from tests.acs.provisioning.fake_device import FakeDevice, by_name, drive, drive_anew, operation, run, tree

GET = OperationKind.GET


def test_leaves_are_read_in_batches_and_come_with_their_types() -> None:
    device = FakeDevice(tree(130), {"Device.X.P1": XsdType.UNSIGNED_INT})
    outcome = run(operation(GET, *device.values), device)
    assert [len(rpc.parameter_names) for rpc in device.sent_of(GetParameterValues)] == [64, 64, 2]
    assert {each.name: each.value for each in outcome.variables} == device.values
    assert by_name(outcome)["Device.X.P1"].type is XsdType.UNSIGNED_INT
    assert ParameterValue("Device.X.P1", "1", XsdType.UNSIGNED_INT) in outcome.learned
    assert outcome.state is OutcomeState.COMPLETED
    assert outcome.gpv_batch is None


def test_each_partial_path_goes_in_an_rpc_of_its_own() -> None:
    device = FakeDevice(tree(3) | tree(2, "Device.Y."))
    outcome = run(operation(GET, "Device.X.", "Device.X.P1", "Device.Y."), device)
    assert device.sent == [
        GetParameterValues(("Device.X.P1",)),
        GetParameterValues(("Device.X.",)),
        GetParameterValues(("Device.Y.",)),
    ]
    first, second, third = outcome.variables
    assert first.values == tuple(ParameterValue(f"Device.X.P{n}", str(n)) for n in range(3))
    assert (second.value, second.values) == ("1", None)
    assert third.values == (ParameterValue("Device.Y.P0", "0"), ParameterValue("Device.Y.P1", "1"))


def test_the_empty_path_is_the_whole_tree() -> None:
    device = FakeDevice(tree(3))
    assert run(operation(GET, ""), device).variables[0].values == tuple(map(device.read, device.values))
    assert device.sent == [GetParameterValues(("",))]


def test_a_device_that_refuses_the_empty_path_is_asked_for_its_root_object() -> None:
    device = FakeDevice(tree(3), refuses={"": 9005}, too_big=2)
    outcome = run(operation(GET, ""), device, Context(Quirks(root_path="Device.")))
    assert len(outcome.variables[0].values or ()) == 3
    assert device.sent[:2] == [GetParameterValues(("Device.",)), GetParameterNames("Device.", True)]


def test_a_path_with_nothing_below_it_is_read_and_empty() -> None:
    outcome = run(operation(GET, "Device.Hosts."), FakeDevice(tree(1)))
    assert outcome.state is OutcomeState.COMPLETED
    assert (outcome.variables[0].status, outcome.variables[0].values) == (VariableStatus.READ, ())


def test_a_name_asked_for_twice_is_read_once_and_answered_twice() -> None:
    device = FakeDevice(tree(2))
    outcome = run(operation(GET, "Device.X.P1", "Device.X.P0", "Device.X.P1"), device)
    assert device.sent == [GetParameterValues(("Device.X.P1", "Device.X.P0"))]
    assert [(each.name, each.value) for each in outcome.variables] == [
        ("Device.X.P1", "1"),
        ("Device.X.P0", "0"),
        ("Device.X.P1", "1"),
    ]


@pytest.mark.parametrize("code", [9001, 9002, 9003, 9004, 9005, 9800])
def test_a_refused_name_is_found_and_the_others_are_read(code: int) -> None:
    device = FakeDevice(tree(64), refuses={"Device.X.P20": code})
    outcome = run(operation(GET, *device.values), device)
    assert outcome.state is OutcomeState.COMPLETED
    assert [each.name for each in outcome.variables if each.status is not VariableStatus.READ] == ["Device.X.P20"]
    fault = by_name(outcome)["Device.X.P20"].fault
    assert fault is not None
    assert (fault.code, fault.string) == (code, "Device.X.P20 is refused")
    # Six halvings, and the other half of each.
    assert len(device.sent) == 13


@pytest.mark.parametrize("code", [9002, 9003, 9004])
def test_one_refused_name_is_not_taken_for_a_device_that_bears_little(code: int) -> None:
    device = FakeDevice(tree(256), refuses={"Device.X.P20": code})
    outcome = run(operation(GET, *device.values), device)
    assert outcome.gpv_batch is None
    assert len(device.sent) == 13 + 3


@pytest.mark.parametrize("code", [9002, 9003, 9004])
def test_batches_shrink_to_what_the_device_bears_and_that_is_reported(code: int) -> None:
    device = FakeDevice(tree(256), max_names=10, too_many=code)
    outcome = run(operation(GET, *device.values), device)
    assert {each.name: each.value for each in outcome.variables} == device.values
    assert outcome.gpv_batch == 8
    # 64, 32 and 16 are refused once each.
    assert len(device.sent) == 3 + 256 // 8


def test_a_refused_name_among_small_batches_does_not_bring_large_ones_back() -> None:
    device = FakeDevice(tree(128), max_names=10, refuses={"Device.X.P3": 9005})
    outcome = run(operation(GET, *device.values), device)
    assert outcome.gpv_batch == 8
    assert [each.name for each in outcome.variables if each.fault] == ["Device.X.P3"]
    assert len(device.sent) == 3 + 128 // 8 + 6


def test_a_method_that_is_not_supported_is_asked_for_once() -> None:
    device = FakeDevice(tree(200), max_names=0, too_many=9000)
    outcome = run(operation(GET, "Device.X.", *device.values), device)
    assert len(device.sent) == 1
    assert outcome.state is OutcomeState.FAILED
    assert outcome.fault is not None
    assert {each.fault.code for each in outcome.variables if each.fault} == {outcome.fault.code} == {9000}


def test_a_get_of_refused_names_only_fails_with_the_first_fault() -> None:
    device = FakeDevice(tree(1), refuses={"Device.A": 9001, "Device.B": 9005})
    outcome = run(operation(GET, "Device.A", "Device.B"), device)
    assert outcome.state is OutcomeState.FAILED
    assert outcome.fault is not None
    assert outcome.fault.code == 9001


def test_names_left_out_in_silence_are_asked_again() -> None:
    device = FakeDevice(tree(600), max_values=256)
    outcome = run(operation(GET, *device.values), device, Context(Quirks(gpv_batch=512)))
    assert {each.name: each.value for each in outcome.variables} == device.values
    assert len(device.sent) == 3


def test_a_name_left_out_even_alone_is_reported_by_us() -> None:
    class Silent(FakeDevice):
        def answer(self, rpc: object) -> GetParameterValuesResponse:
            assert isinstance(rpc, GetParameterValues)
            return GetParameterValuesResponse(tuple(map(self.read, self.values.keys() & set(rpc.parameter_names))))

    outcome = run(operation(GET, "Device.X.P0", "Device.Gone", "Device.X.P1"), Silent(tree(2)))
    assert outcome.state is OutcomeState.COMPLETED
    fault = by_name(outcome)["Device.Gone"].fault
    assert fault is not None
    assert fault.code is None
    assert fault.string == "the device answers without a fault, but leaves this name out"


def test_values_that_were_not_asked_for_are_ignored() -> None:
    plan = plan_for(operation(GET, "Device.A", "Device.B."), Context())
    plan.next()
    plan.answered(GetParameterValuesResponse((ParameterValue("Device.B.Z", "1"), ParameterValue("Device.A", "2"))))
    plan.next()
    plan.answered(GetParameterValuesResponse((ParameterValue("Device.C", "3"), ParameterValue("Device.B.C.", ""))))
    assert plan.outcome.variables[1].values == ()
    assert plan.outcome.learned == (ParameterValue("Device.A", "2"),)


NESTED = tree(3) | tree(2, "Device.X.A.") | tree(4, "Device.X.B.") | tree(2, "Device.X.B.C.")


@pytest.mark.parametrize("ignores_next_level", [False, True])
def test_a_path_too_big_for_one_answer_is_read_by_its_parts(ignores_next_level: bool) -> None:
    device = FakeDevice(dict(NESTED), too_big=4, ignores_next_level=ignores_next_level)
    outcome = run(operation(GET, "Device.X."), device)
    assert outcome.state is OutcomeState.COMPLETED
    assert {each.name: each.value for each in outcome.variables[0].values or ()} == device.values
    assert outcome.variables[0].fault is None
    assert device.sent == [
        GetParameterValues(("Device.X.",)),
        GetParameterNames("Device.X.", True),
        GetParameterValues(("Device.X.P0", "Device.X.P1", "Device.X.P2")),
        GetParameterValues(("Device.X.A.",)),
        GetParameterValues(("Device.X.B.",)),
        GetParameterNames("Device.X.B.", True),
        GetParameterValues(("Device.X.B.P0", "Device.X.B.P1", "Device.X.B.P2", "Device.X.B.P3")),
        GetParameterValues(("Device.X.B.C.",)),
    ]


def test_a_name_that_a_device_lists_and_refuses_is_told_with_its_path() -> None:
    device = FakeDevice(dict(NESTED), too_big=4, refuses={"Device.X.P1": 9005, "Device.X.A.": 9002})
    outcome = run(operation(GET, "Device.X."), device)
    result = outcome.variables[0]
    assert result.status is VariableStatus.READ
    assert len(result.values or ()) == len(NESTED) - 3
    assert result.fault is not None
    assert result.fault.string == "2 of the names below it could not be read"
    assert result.fault.parameters == (
        ParameterFault("Device.X.P1", 9005, "Device.X.P1 is refused"),
        ParameterFault("Device.X.A.", 9002, "Device.X.A. is refused"),
    )


def test_what_was_read_or_refused_is_not_asked_again_when_a_path_is_read_by_its_parts() -> None:
    device = FakeDevice(dict(NESTED), too_big=4, refuses={"Device.X.P1": 9005})
    outcome = run(operation(GET, "Device.X.", "Device.X.A.", "Device.X.P0", "Device.X.P1"), device)
    asked = [name for rpc in device.sent_of(GetParameterValues)[3:] for name in rpc.parameter_names]
    assert asked == ["Device.X.", "Device.X.P2", *(["Device.X.B."]), *below_b(), "Device.X.B.C.", "Device.X.A."]
    assert len(outcome.variables[0].values or ()) == len(NESTED) - 1
    assert outcome.variables[0].fault is not None


def below_b() -> list[str]:
    return [f"Device.X.B.P{number}" for number in range(4)]


def test_a_name_refused_alone_is_no_fault_of_a_path_that_brought_it() -> None:
    device = FakeDevice(dict(NESTED), too_big=4, refuses={"Device.X.A.P1": 9005})
    outcome = run(operation(GET, "Device.X.", "Device.X.A.P1"), device)
    assert outcome.variables[0].fault is None
    assert len(outcome.variables[0].values or ()) == len(NESTED)
    assert outcome.variables[1].value == "1"


@pytest.mark.parametrize("listed", [(), ("Device.X.", "Device.Y.P1", "Dev", "")])
def test_a_path_with_nothing_listed_below_it_keeps_its_fault(listed: tuple[str, ...]) -> None:
    plan = plan_for(operation(GET, "Device.X."), Context())
    plan.next()
    plan.answered(Fault(9004, "too big"))
    plan.next()
    plan.answered(GetParameterNamesResponse(tuple(ParameterInfo(name, True) for name in listed)))
    assert plan.outcome.fault == OperationFault("too big", 9004)


@pytest.mark.parametrize("code", [9001, 9003, 9005])
def test_a_path_refused_for_another_reason_than_its_size_is_refused(code: int) -> None:
    device = FakeDevice(tree(3), refuses={"Device.X.": code})
    assert run(operation(GET, "Device.X."), device).fault == OperationFault("Device.X. is refused", code)
    assert len(device.sent) == 1


def test_an_answer_as_full_as_the_device_makes_them_is_completed_by_parts() -> None:
    values = tree(200, "Device.A.") | tree(200, "Device.B.")
    device = FakeDevice(values, max_values=256)
    outcome = run(operation(GET, "Device."), device, Context(Quirks(answer_limit=256)))
    assert {each.name: each.value for each in outcome.variables[0].values or ()} == values
    assert run(operation(GET, "Device."), device).variables[0].values != outcome.variables[0].values


def test_a_path_that_can_be_neither_read_nor_listed_keeps_its_fault() -> None:
    device = FakeDevice(tree(9), too_big=4)
    plan = plan_for(operation(GET, "Device.X."), Context())
    rpc = plan.next()
    assert rpc is not None
    plan.answered(device.answer(rpc))
    assert plan.next() == GetParameterNames("Device.X.", True)
    plan.answered(Fault(9000, "Method not supported"))
    assert plan.outcome.variables[0].status is VariableStatus.REFUSED
    assert plan.outcome.fault is not None
    assert plan.outcome.fault.string == "too big"


def test_a_device_that_only_ever_lists_more_levels_is_left_at_the_sixteenth() -> None:
    values = {"Device." + "A." * 30 + leaf: "" for leaf in ("P0", "P1")}
    device = FakeDevice(values, too_big=1)
    outcome = run(operation(GET, "Device."), device)
    assert outcome.state is OutcomeState.FAILED
    assert len(device.sent) == 2 * 16 + 1


def test_a_read_that_grows_past_all_bounds_fails_and_says_so() -> None:
    class Endless(FakeDevice):
        def answer(self, rpc: object) -> GetParameterValuesResponse:
            return GetParameterValuesResponse(tuple(ParameterValue(f"Device.P{n}", "") for n in range(100_001)))

    outcome = run(operation(GET, "Device.", "Device.X."), Endless({}))
    assert outcome.state is OutcomeState.FAILED
    assert outcome.fault is not None
    assert outcome.fault.string == "the read needs more than 100000 names and values"
    assert outcome.variables[1].status is VariableStatus.PENDING


def test_a_read_ends_at_the_ten_thousandth_rpc() -> None:
    names = [f"Device.P{n}." for n in range(10_001)]
    device = FakeDevice({})
    outcome = run(operation(GET, *names), device)
    assert len(device.sent) == 10_000
    assert outcome.fault is not None
    assert outcome.fault.string == "it was not done within 10000 RPCs"
    assert [each.status for each in outcome.variables[-2:]] == [VariableStatus.READ, VariableStatus.PENDING]


def test_a_batch_lost_twice_goes_on_in_halves() -> None:
    device = FakeDevice(tree(64))
    outcome = run(operation(GET, *device.values), device, lose={0, 1})
    assert [len(rpc.parameter_names) for rpc in device.sent_of(GetParameterValues)] == [64, 64, 32, 32]
    assert outcome.state is OutcomeState.COMPLETED


def test_a_batch_lost_once_goes_out_again_as_it_was() -> None:
    device = FakeDevice(tree(64))
    outcome = run(operation(GET, *device.values), device, lose={0})
    assert [len(rpc.parameter_names) for rpc in device.sent_of(GetParameterValues)] == [64, 64]
    assert outcome.gpv_batch is None


def test_a_loss_in_each_of_two_batches_does_not_halve_them() -> None:
    device = FakeDevice(tree(128))
    run(operation(GET, *device.values), device, lose={0, 2})
    assert [len(rpc.parameter_names) for rpc in device.sent_of(GetParameterValues)] == [64, 64, 64, 64]


def test_a_path_lost_twice_is_read_by_its_parts() -> None:
    device = FakeDevice(tree(3))
    outcome = run(operation(GET, "Device.X."), device, lose={0, 1})
    assert device.sent[2:] == [GetParameterNames("Device.X.", True), GetParameterValues(tuple(device.values))]
    assert len(outcome.variables[0].values or ()) == 3


def test_a_name_over_which_a_device_falls_silent_does_not_lose_the_others() -> None:
    device = FakeDevice(tree(2))
    plan = plan_for(operation(GET, *device.values), Context())
    while (rpc := plan.next()) is not None:
        assert isinstance(rpc, GetParameterValues)
        if "Device.X.P0" in rpc.parameter_names:
            plan.lost()
        else:
            plan.answered(device.answer(rpc))
    assert plan.outcome.variables[1].value == "1"
    assert plan.outcome.variables[0].fault is not None
    assert plan.outcome.variables[0].fault.string == "no answer came to it, twice"


def test_the_last_name_is_asked_for_as_often_as_the_operation_is_tried() -> None:
    device = FakeDevice(tree(1))
    outcome = run(operation(GET, *device.values), device, lose={0, 1, 2, 3, 4})
    assert device.sent == [GetParameterValues(tuple(device.values))] * 6
    assert outcome.variables[0].value == "0"


def test_the_last_listing_is_asked_for_as_often_as_the_operation_is_tried() -> None:
    device = FakeDevice(tree(3))
    outcome = run(operation(GET, "Device.X."), device, lose={0, 1, 2, 3, 4})
    assert device.sent[2:6] == [GetParameterNames("Device.X.", True)] * 4
    assert len(outcome.variables[0].values or ()) == 3


def test_what_was_read_before_giving_up_is_told() -> None:
    device = FakeDevice(tree(65))
    plan = plan_for(operation(GET, *device.values, "Device.X."), Context())
    rpc = plan.next()
    assert rpc is not None
    plan.answered(device.answer(rpc))
    plan.give_up("no session within a day")
    outcome = plan.outcome
    assert outcome.state is OutcomeState.FAILED
    assert outcome.fault is not None
    assert outcome.fault.string == "no session within a day"
    statuses = [each.status for each in outcome.variables]
    assert statuses == [VariableStatus.READ] * 64 + [VariableStatus.PENDING] * 2


def test_one_rpc_in_each_session_reads_the_same() -> None:
    wanted = operation(GET, "Device.X.", *NESTED, "Device.Gone")
    habits = {"too_big": 4, "max_names": 3, "refuses": {"Device.X.P1": 9003}}
    one, other = FakeDevice(dict(NESTED), **habits), FakeDevice(dict(NESTED), **habits)  # type: ignore[arg-type]
    assert drive_anew(wanted, Context(), one) == drive(plan_for(wanted, Context()), other)
    assert one.sent == other.sent


def test_a_get_of_nothing_or_of_too_much_is_not_planned() -> None:
    with pytest.raises(PlanningError, match="variables: there is nothing to read"):
        plan_for(operation(GET), Context())
    with pytest.raises(PlanningError, match="more than 100000 names"):
        plan_for(operation(GET, *["Device.A"] * 100_001), Context())
