import pytest

from acs.domain.operation import OperationFault, OperationKind, OutcomeState, VariableStatus
from acs.domain.setting import KnownParameter
from acs.provisioning.context import Context
from acs.provisioning.errors import PlanningError, ProgressError
from acs.provisioning.planner import plan_for
from acs.provisioning.quirks import Quirks
from cwmp_schemas.faults import Fault
from cwmp_schemas.rpc.control import AddObject, AddObjectResponse, DeleteObject, RebootResponse
from cwmp_schemas.rpc.parameters import GetParameterValues, ParameterValue, SetParameterValues
from cwmp_schemas.values import XsdType
from tests.acs.provisioning.fake_device import DATA_MODEL, FakeDevice, drive, drive_anew, harmful, operation, run

ADD = OperationKind.ADD_OBJECT
DELETE = OperationKind.DELETE_OBJECT
SSIDS = "Device.WiFi.SSID."
POINTS = "Device.WiFi.AccessPoint."
QUIET = Context(Quirks(read_back=False), lookup=DATA_MODEL)


def test_an_object_is_added_and_its_number_and_path_are_told() -> None:
    device = FakeDevice({}, next_instance=7)
    outcome = run(operation(ADD, SSIDS), device)
    assert device.sent == [AddObject(SSIDS)]
    assert outcome.state is OutcomeState.COMPLETED
    result = outcome.variables[0]
    assert (result.status, result.instance_number, result.path) == (VariableStatus.APPLIED, 7, f"{SSIDS}7.")
    assert outcome.result == {
        "objects": [{"name": SSIDS, "path": f"{SSIDS}7.", "instance_number": 7, "status": 0}],
    }


def test_variables_of_a_new_instance_are_set_in_one_rpc_right_after_it() -> None:
    device = FakeDevice({})
    wanted = operation(ADD, SSIDS, (f"{SSIDS}{{i}}.SSID", "guests"), (f"{SSIDS}{{i}}.Enable", "true"), POINTS)
    outcome = run(wanted, device, Context(lookup=DATA_MODEL))
    assert device.sent == [
        AddObject(SSIDS),
        SetParameterValues(
            (
                ParameterValue(f"{SSIDS}1.SSID", "guests", XsdType.STRING),
                ParameterValue(f"{SSIDS}1.Enable", "1", XsdType.BOOLEAN),
            )
        ),
        GetParameterValues((f"{SSIDS}1.SSID", f"{SSIDS}1.Enable")),
        AddObject(POINTS),
    ]
    follow_up = outcome.variables[1]
    assert (follow_up.name, follow_up.path) == (f"{SSIDS}{{i}}.SSID", f"{SSIDS}1.SSID")
    assert (follow_up.status, follow_up.verified) == (VariableStatus.APPLIED, True)


def test_a_variable_belongs_to_the_nearest_addition_before_it_or_else_the_first_after() -> None:
    device = FakeDevice({})
    name = f"{SSIDS}{{i}}.SSID"
    run(operation(ADD, (f"{SSIDS}{{i}}.Name", "zero"), SSIDS, (name, "one"), SSIDS, (name, "two")), device, QUIET)
    written = {name: value for name, value in device.values.items() if value}
    assert written == {f"{SSIDS}1.Name": "zero", f"{SSIDS}1.SSID": "one", f"{SSIDS}2.SSID": "two"}


def test_an_object_can_be_added_below_a_new_instance_wherever_it_stands() -> None:
    device = FakeDevice({})
    below = f"{SSIDS}{{i}}.Sub."
    outcome = run(operation(ADD, below, (f"{below}{{i}}.Name", "x"), SSIDS), device, QUIET)
    assert device.sent[:2] == [AddObject(SSIDS), AddObject(f"{SSIDS}1.Sub.")]
    assert device.values[f"{SSIDS}1.Sub.2.Name"] == "x"
    assert [each.path for each in outcome.variables] == [f"{SSIDS}1.Sub.2.", f"{SSIDS}1.Sub.2.Name", f"{SSIDS}1."]


def test_a_wrong_guess_of_a_type_is_corrected_in_the_new_instance() -> None:
    device = FakeDevice({})
    outcome = run(operation(ADD, SSIDS, (f"{SSIDS}{{i}}.Enable", "1")), device, Context(Quirks(read_back=False)))
    kinds = [type(rpc) for rpc in device.sent]
    assert kinds == [AddObject, SetParameterValues, GetParameterValues, SetParameterValues]
    assert outcome.state is OutcomeState.COMPLETED


def test_a_refused_object_takes_along_what_depends_on_it_and_nothing_else() -> None:
    device = FakeDevice({}, refuses={SSIDS: 9004})
    below = f"{SSIDS}{{i}}.Sub."
    deeper = f"{below}{{i}}.Sub."
    outcome = run(operation(ADD, SSIDS, (f"{SSIDS}{{i}}.SSID", "x"), below, deeper, POINTS), device)
    assert device.sent == [AddObject(SSIDS), AddObject(POINTS)]
    assert outcome.state is OutcomeState.FAILED
    assert outcome.fault == OperationFault(f"{SSIDS} is refused", 9004)
    statuses = [each.status for each in outcome.variables]
    skipped = VariableStatus.SKIPPED
    assert statuses == [VariableStatus.REFUSED, skipped, skipped, skipped, VariableStatus.APPLIED]
    assert [each.fault.string for each in outcome.variables[1:4] if each.fault] == [
        f"not sent, because {SSIDS} was refused",
        f"not sent, because {SSIDS} has no new instance to go below",
        f"not sent, because {below} has no new instance to go below",
    ]


def test_an_instance_whose_variables_were_refused_is_still_told() -> None:
    device = FakeDevice({}, refuses={f"{SSIDS}1.SSID": 9007})
    outcome = run(operation(ADD, SSIDS, (f"{SSIDS}{{i}}.SSID", "x"), (f"{SSIDS}{{i}}.Name", "y")), device)
    assert outcome.state is OutcomeState.FAILED
    assert outcome.fault is not None
    assert outcome.fault.code == 9003
    added, ssid, name = outcome.variables
    assert (added.status, added.instance_number) == (VariableStatus.APPLIED, 1)
    assert (ssid.status, ssid.fault) == (VariableStatus.REFUSED, OperationFault("no", 9007))
    assert (name.status, name.fault) == (VariableStatus.SKIPPED, None)
    told = {"name": SSIDS, "path": f"{SSIDS}1.", "instance_number": 1, "status": 0}
    assert outcome.result == {
        "objects": [told | {"message": "it was added and exists, but its variables are not known to be set"}]
    }


def test_a_device_that_names_no_number_fails_what_was_to_be_set() -> None:
    device = FakeDevice({}, numbers=False)
    assert run(operation(ADD, SSIDS), device).state is OutcomeState.COMPLETED
    outcome = run(operation(ADD, SSIDS, (f"{SSIDS}{{i}}.SSID", "x"), f"{SSIDS}{{i}}.Sub."), device)
    assert outcome.state is OutcomeState.FAILED
    added, follow_up, below = outcome.variables
    assert (added.status, added.instance_number, added.path) == (VariableStatus.APPLIED, None, None)
    assert follow_up.fault == OperationFault(f"not sent, because the device named no number for the new {SSIDS}")
    assert below.status is VariableStatus.SKIPPED


def test_status_1_of_an_addition_is_told_and_its_variables_are_set() -> None:
    device = FakeDevice({}, status=1)
    outcome = run(operation(ADD, SSIDS, (f"{SSIDS}{{i}}.SSID", "x")), device)
    assert outcome.state is OutcomeState.COMPLETED
    assert [each.status for each in outcome.variables] == [VariableStatus.ACCEPTED] * 2


@pytest.mark.parametrize("done", [True, False])
def test_a_lost_addition_is_never_repeated(done: bool) -> None:
    device = FakeDevice({})
    wanted = operation(ADD, POINTS, SSIDS, (f"{SSIDS}{{i}}.SSID", "x"), POINTS)
    outcome = drive_anew(wanted, QUIET, device, lose={1}, done=done)
    assert device.sent == [AddObject(POINTS), AddObject(SSIDS)]
    assert outcome.state is OutcomeState.UNKNOWN
    assert outcome.fault == OperationFault(
        "AddObject was sent and no answer came; it is not repeated, because it may have been done"
    )
    statuses = [each.status for each in outcome.variables]
    skipped = VariableStatus.SKIPPED
    assert statuses == [VariableStatus.APPLIED, VariableStatus.UNKNOWN, skipped, skipped]


def test_a_set_lost_after_an_addition_is_repeated_and_the_addition_is_not() -> None:
    device = FakeDevice({})
    wanted = operation(ADD, SSIDS, (f"{SSIDS}{{i}}.SSID", "x"))
    outcome = drive_anew(wanted, QUIET, device, lose={1, 2}, done=True)
    assert harmful(device) == [AddObject(SSIDS)]
    assert len(device.sent_of(SetParameterValues)) == 3
    assert outcome.state is OutcomeState.COMPLETED


def test_an_answer_of_the_wrong_kind_leaves_it_unknown_whether_an_object_was_added() -> None:
    plan = plan_for(operation(ADD, SSIDS), Context())
    plan.next()
    plan.answered(RebootResponse())
    assert plan.next() is None
    assert plan.outcome.state is OutcomeState.UNKNOWN


def test_an_addition_given_up_half_way_tells_what_was_done() -> None:
    plan = plan_for(operation(ADD, SSIDS, (f"{SSIDS}{{i}}.SSID", "x"), POINTS), Context())
    plan.next()
    plan.answered(AddObjectResponse(3, 0))
    plan.next()
    plan.lost()
    plan.give_up("three attempts")
    outcome = plan.outcome
    assert outcome.state is OutcomeState.FAILED
    statuses = [each.status for each in outcome.variables]
    assert statuses == [VariableStatus.APPLIED, VariableStatus.UNKNOWN, VariableStatus.SKIPPED]
    assert outcome.variables[0].path == f"{SSIDS}3."


def test_every_wrong_name_of_an_addition_is_told_before_anything_is_sent() -> None:
    wanted = operation(
        ADD,
        SSIDS,
        (f"{POINTS}{{i}}.Enable", "1"),
        ("Device.Name", "x"),
        f"{SSIDS}{{i}}.SSID",
        (f"{SSIDS}{{i}}.Enable", "maybe", "xsd:boolean"),
        f"{SSIDS}{{i}}.",
        (f"{SSIDS}{{i}}", "x"),
        ("{i}.Name", "x"),
        (f"{SSIDS}{{i}}.Name", "x"),
        (f"{SSIDS}{{i}}.Name", "y"),
        (f"{SSIDS}{{i}}." + "A" * 256, "y"),
    )
    with pytest.raises(PlanningError) as caught:
        plan_for(wanted, Context())
    wrong = sorted(problem.variable for problem in caught.value.problems if problem.variable)
    assert wrong == [1, 2, 3, 4, 5, 6, 7, 9, 10]
    assert "no object Device.WiFi.AccessPoint. is added in this operation" in str(caught.value)
    with pytest.raises(PlanningError, match="there is no object to add"):
        plan_for(operation(ADD), Context())


def test_what_is_known_of_another_instance_is_not_expected_of_a_new_one() -> None:
    known = {f"{SSIDS}1.X_Level": KnownParameter("high", XsdType.STRING)}
    with pytest.raises(PlanningError, match="'high' is not an integer"):
        plan_for(operation(ADD, SSIDS, (f"{SSIDS}{{i}}.X_Level", "high", "integer")), Context(known=known))


def test_objects_are_deleted_in_order_and_a_refusal_spares_none_of_the_others() -> None:
    device = FakeDevice({f"{SSIDS}1.SSID": "", f"{SSIDS}3.SSID": ""})
    outcome = run(operation(DELETE, f"{SSIDS}1.", f"{SSIDS}2.", f"{SSIDS}3."), device)
    assert device.sent == [DeleteObject(f"{SSIDS}{n}.") for n in (1, 2, 3)]
    assert device.values == {}
    assert outcome.state is OutcomeState.FAILED
    assert outcome.fault == outcome.variables[1].fault == OperationFault("Invalid parameter name", 9005)
    assert [each.status for each in outcome.variables] == [
        VariableStatus.APPLIED,
        VariableStatus.REFUSED,
        VariableStatus.APPLIED,
    ]


def test_status_1_of_a_deletion_is_told() -> None:
    device = FakeDevice({f"{SSIDS}1.SSID": ""}, status=1)
    outcome = run(operation(DELETE, f"{SSIDS}1."), device)
    assert (outcome.state, outcome.variables[0].status) == (OutcomeState.COMPLETED, VariableStatus.ACCEPTED)


def test_a_lost_deletion_ends_the_operation_as_unknown() -> None:
    names = [f"{SSIDS}{n}." for n in (1, 2, 3)]
    device = FakeDevice({f"{name}SSID": "" for name in names})
    outcome = drive_anew(operation(DELETE, *names), Context(), device, lose={1})
    assert device.sent == [DeleteObject(names[0]), DeleteObject(names[1])]
    assert outcome.state is OutcomeState.UNKNOWN
    assert [each.status for each in outcome.variables] == [
        VariableStatus.APPLIED,
        VariableStatus.UNKNOWN,
        VariableStatus.SKIPPED,
    ]


def test_a_deletion_names_objects_and_each_once() -> None:
    with pytest.raises(PlanningError) as caught:
        plan_for(operation(DELETE, "Device.A.1.", "Device.B", "", "Device.A.1."), Context())
    assert sorted(problem.variable or 0 for problem in caught.value.problems) == [1, 2, 3]
    with pytest.raises(PlanningError, match="there is no object to delete"):
        plan_for(operation(DELETE), Context())


def test_one_rpc_in_each_session_adds_the_same() -> None:
    below = f"{SSIDS}{{i}}.Sub."
    wanted = operation(ADD, SSIDS, (f"{SSIDS}{{i}}.Enable", "1"), below, (f"{below}{{i}}.Name", "x"), POINTS)
    one, other = FakeDevice({}, refuses={POINTS: 9001}), FakeDevice({}, refuses={POINTS: 9001})
    assert drive_anew(wanted, Context(), one) == drive(plan_for(wanted, Context()), other)
    assert one.sent == other.sent


def test_the_progress_of_another_operation_is_refused() -> None:
    plan = plan_for(operation(ADD, SSIDS), Context())
    plan.next()
    plan.answered(Fault(9001, "no"))
    with pytest.raises(ProgressError, match="there are 1 of them, not 2"):
        plan_for(operation(ADD, SSIDS, POINTS), Context(), plan.progress())
