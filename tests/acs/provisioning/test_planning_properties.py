"""What holds for any device and any answers."""

import itertools
import json
from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from acs.domain.operation import Operation, OperationKind, OutcomeState, VariableStatus
from acs.domain.setting import Setting
from acs.provisioning.context import Context
from acs.provisioning.plan import MAX_RPCS, is_repeatable
from acs.provisioning.planner import plan_for
from acs.provisioning.quirks import Quirks
from cwmp_schemas.faults import Fault, ParameterFault
from cwmp_schemas.messages import CpeResponse, answers, method_of
from cwmp_schemas.rpc.control import AddObject, AddObjectResponse, DeleteObjectResponse, RebootResponse
from cwmp_schemas.rpc.parameters import (
    GetParameterNamesResponse,
    GetParameterValuesResponse,
    ParameterInfo,
    ParameterValue,
    SetParameterValuesResponse,
)
from cwmp_schemas.values import XsdType
from tests.acs.provisioning.fake_device import FakeDevice, drive, drive_anew, harmful, is_path, operation

STEPS = st.sampled_from(["A", "B", "1", "2"])
PATHS = st.lists(STEPS, max_size=4).map(lambda steps: "".join(f"{step}." for step in ["Device", *steps]))
LEAVES = st.builds("{}{}".format, PATHS, st.sampled_from(["P", "Q", "R", "S", "T"]))
TREES = st.dictionaries(LEAVES, st.sampled_from(["0", "1", "x", ""]), max_size=40)
NAMES = st.lists(LEAVES | PATHS | st.just(""), min_size=1, max_size=30)
CODES = st.sampled_from([9001, 9002, 9003, 9004, 9005, 9006, 9800])
REFUSALS = st.dictionaries(LEAVES, CODES, max_size=4)
LIMITS = st.none() | st.integers(1, 20)
LOSSES = st.sets(st.integers(0, 20), max_size=4)
CHECKED = settings(derandomize=True, deadline=None, max_examples=150)


def below(path: str, values: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if name.startswith(path)}


@CHECKED
@given(TREES, NAMES, REFUSALS, st.integers(1, 20), LIMITS, LIMITS, LIMITS, st.sampled_from([9002, 9003, 9004]))
def test_a_get_tells_exactly_the_truth_about_every_name(
    values: dict[str, str],
    names: list[str],
    refuses: dict[str, int],
    batch: int,
    max_names: int | None,
    max_values: int | None,
    too_big: int | None,
    too_many: int,
) -> None:
    device = FakeDevice(
        values, refuses=refuses, max_names=max_names, max_values=max_values, too_big=too_big, too_many=too_many
    )
    context = Context(Quirks(gpv_batch=batch, answer_limit=max_values))
    outcome = drive(plan_for(operation(OperationKind.GET, *names), context), device)
    assert [each.name for each in outcome.variables] == names
    for result in outcome.variables:
        if is_path(result.name):
            found = {each.name: each.value for each in result.values or ()}
            true = below(result.name, values)
            untold = {each.name for each in result.fault.parameters} if result.fault else set()
            assert found.items() <= true.items()
            assert true.keys() - found.keys() <= untold & refuses.keys()
        elif result.fault:
            assert result.fault.code == refuses.get(result.name, 9005)
            assert result.name in refuses or result.name not in values
            assert result.value is None
        else:
            # What is refused alone may still come with a whole path.
            assert result.name not in refuses or any(is_path(each) and result.name.startswith(each) for each in names)
            assert (result.status, result.value) == (VariableStatus.READ, values[result.name])


@CHECKED
@given(TREES, NAMES, REFUSALS, st.integers(1, 20), LIMITS, LOSSES)
def test_a_get_continued_in_other_sessions_is_the_same_get(
    values: dict[str, str],
    names: list[str],
    refuses: dict[str, int],
    batch: int,
    limit: int | None,
    lose: set[int],
) -> None:
    wanted, context = operation(OperationKind.GET, *names), Context(Quirks(gpv_batch=batch))
    one, other = (FakeDevice(dict(values), refuses=refuses, max_names=limit, too_big=limit) for _ in range(2))
    assert drive_anew(wanted, context, one, lose) == drive(plan_for(wanted, context), other, lose)
    assert one.sent == other.sent


@CHECKED
@given(
    TREES, st.dictionaries(LEAVES, st.sampled_from(["0", "1", "y"]), max_size=30), REFUSALS, LIMITS, LOSSES, st.data()
)
def test_a_push_does_what_can_be_done_and_tells_the_rest(
    values: dict[str, str],
    wanted: dict[str, str],
    refuses: dict[str, int],
    limit: int | None,
    lose: set[int],
    data: st.DataObject,
) -> None:
    kinds = st.sampled_from([XsdType.STRING, XsdType.BOOLEAN, XsdType.UNSIGNED_INT])
    types = {name: data.draw(kinds) for name in values}
    names_none, ignores = data.draw(st.booleans()), data.draw(st.sets(LEAVES, max_size=4))
    kind = data.draw(st.sampled_from([OperationKind.SYNC, OperationKind.RECONF]))
    context = Context(
        Quirks(spv_batch=data.draw(st.integers(1, 20))), settings={n: Setting(v) for n, v in wanted.items()}
    )
    one, other = (
        FakeDevice(dict(values), types, refuses=refuses, max_names=limit, names_none=names_none, ignores=ignores)
        for _ in range(2)
    )
    outcome = drive_anew(operation(kind), context, one, lose)
    assert outcome == drive(plan_for(operation(kind), context), other, lose)
    assert (one.sent, one.values) == (other.sent, other.values)
    assert [each.name for each in outcome.variables] == list(wanted)
    for result in outcome.variables:
        match result.status:
            case VariableStatus.APPLIED:
                # When the read-back is lost, the device's word stands.
                assert one.values[result.name] == wanted[result.name] or (lose and result.name in ignores)
            case VariableStatus.REFUSED:
                impossible = types.get(result.name) is not XsdType.STRING and wanted[result.name] == "y"
                # When the read of its type is lost, the first refusal stands.
                unlearned = lose and result.fault and result.fault.code == 9006
                cannot = result.name in refuses or result.name not in values or impossible
                assert cannot or unlearned or result.name in ignores
            case status:
                assert status is VariableStatus.PENDING
                assert lose
    untouched = values.keys() - wanted.keys()
    assert {name: one.values[name] for name in untouched} == {name: values[name] for name in untouched}


TABLES = ["Device.A.", "Device.B.", "Device.A.{i}.C."]
ADDITIONS = st.lists(
    st.sampled_from([(table,) for table in TABLES] + [(f"{table}{{i}}.Name", "x") for table in TABLES]), max_size=8
).map(lambda variables: [("Device.A.",), *dict.fromkeys(variables), ("Device.A.{i}.C.",), ("Device.B.",)])


@CHECKED
@given(ADDITIONS, LOSSES, st.booleans(), st.dictionaries(st.sampled_from(["Device.B.", "Device.A.1.Name"]), CODES))
def test_no_object_is_ever_added_twice(
    variables: list[tuple[str, ...]], lose: set[int], done: bool, refuses: dict[str, int]
) -> None:
    device = FakeDevice({}, refuses=refuses)
    wanted = operation(OperationKind.ADD_OBJECT, *variables)
    outcome = drive_anew(wanted, Context(), device, lose, done=done)
    additions = device.sent_of(AddObject)
    assert harmful(device) == additions
    assert len(additions) <= sum(len(variable) == 1 for variable in variables)
    at_the_top = Counter(rpc.object_name for rpc in additions)
    assert all(at_the_top[table] <= variables.count((table,)) for table in TABLES[:2])
    lost = [number for number, rpc in enumerate(device.sent) if number in lose and not is_repeatable(rpc)]
    assert (outcome.state is OutcomeState.UNKNOWN) is bool(lost)
    assert all(number == len(device.sent) - 1 for number in lost)
    named = [each.path for each in outcome.variables if each.instance_number is not None]
    assert len(named) == len(set(named))


NAMED = LEAVES | PATHS | st.just("")
SOME_VALUES = st.lists(st.builds(ParameterValue, NAMED, st.sampled_from(["0", "1", "x"]), st.sampled_from(XsdType)))
ANSWERS: st.SearchStrategy[CpeResponse | Fault | None] = (
    st.none()
    | st.builds(GetParameterValuesResponse, SOME_VALUES.map(tuple))
    | st.builds(GetParameterNamesResponse, st.lists(st.builds(ParameterInfo, NAMED, st.booleans())).map(tuple))
    | st.builds(SetParameterValuesResponse, st.integers(-1, 2))
    | st.builds(AddObjectResponse, st.integers(0, 3), st.integers(0, 2))
    | st.builds(DeleteObjectResponse, st.integers(0, 2))
    | st.just(RebootResponse())
    | st.builds(
        Fault,
        st.sampled_from([0, 8005, 9000, *range(9001, 9010), 9800]),
        st.just("no"),
        st.lists(st.builds(ParameterFault, NAMED, CODES), max_size=3).map(tuple),
    )
)
OPERATIONS = st.one_of(
    st.builds(lambda names: operation(OperationKind.GET, *names), NAMES),
    st.builds(
        lambda names: operation(OperationKind.SET, *((name, "1") for name in names)),
        st.lists(LEAVES, min_size=1, unique=True),
    ),
    st.builds(lambda variables: operation(OperationKind.ADD_OBJECT, *variables), ADDITIONS),
    st.builds(
        lambda names: operation(OperationKind.DELETE_OBJECT, *names),
        st.lists(PATHS, min_size=1, max_size=5, unique=True),
    ),
    st.sampled_from([operation(OperationKind.REBOOT), operation(OperationKind.SYNC), operation(OperationKind.RECONF)]),
)


@settings(CHECKED, max_examples=400)
@given(OPERATIONS, st.lists(ANSWERS, min_size=1, max_size=8), st.dictionaries(LEAVES, st.just(Setting("1"))))
def test_a_plan_ends_within_its_bound_whatever_is_answered(
    wanted: Operation, said: list[CpeResponse | Fault | None], desired: dict[str, Setting]
) -> None:
    context = Context(settings=desired, managed=("Device.A.", ""))
    progress: dict[str, Any] = dict(plan_for(wanted, context).progress())
    left = 300
    progress["rpcs"] = MAX_RPCS - left
    for answer in itertools.cycle(said):
        plan = plan_for(wanted, context, json.loads(json.dumps(progress)))
        rpc = plan.next()
        if rpc is None:
            break
        left -= 1
        assert left >= 0
        if answer is None:
            plan.lost()
        else:
            plan.answered(answer)
        if not is_repeatable(rpc) and (answer is None or not answers(answer, method_of(rpc))):
            assert plan.outcome.state is OutcomeState.UNKNOWN
        progress = plan.progress()
    outcome = plan.outcome
    assert (outcome.fault is None) is (outcome.state is OutcomeState.COMPLETED)
    if wanted.variables:
        assert [each.name for each in outcome.variables] == [each.name for each in wanted.variables]
