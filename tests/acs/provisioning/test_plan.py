from collections.abc import Callable

import pytest

from acs.domain.operation import Operation, OperationKind, Variable
from acs.provisioning.context import Context
from acs.provisioning.errors import OrderError, PlanningError, ProgressError
from acs.provisioning.plan import Plan, is_repeatable
from acs.provisioning.planner import plan_for
from cwmp_schemas.messages import AcsRequest
from cwmp_schemas.rpc.control import Reboot
from cwmp_schemas.rpc.parameters import GetParameterValuesResponse, ParameterValue
from cwmp_schemas.rpc.vendor import VendorMessage
from tests.acs.provisioning.fake_device import operation

ANSWER = GetParameterValuesResponse((ParameterValue("Device.A", "1"),))


def fresh() -> Plan:
    return plan_for(operation(OperationKind.GET, "Device.A"), Context())


def out() -> Plan:
    plan = fresh()
    plan.next()
    return plan


def over() -> Plan:
    plan = out()
    plan.answered(ANSWER)
    return plan


@pytest.mark.parametrize(
    ("state", "act", "says"),
    [
        (fresh, lambda plan: plan.answered(ANSWER), "no RPC is out that could be answered"),
        (fresh, lambda plan: plan.lost(), "no RPC is out that could be lost"),
        (fresh, lambda plan: plan.outcome, "not over"),
        (out, lambda plan: plan.next(), "GetParameterValues is out"),
        (out, lambda plan: plan.outcome, "GetParameterValues is out"),
        (out, lambda plan: plan.give_up("now"), "GetParameterValues is out"),
        (over, lambda plan: plan.answered(ANSWER), "no RPC is out"),
        (over, lambda plan: plan.lost(), "no RPC is out"),
        (over, lambda plan: plan.give_up("now"), "over"),
    ],
)
def test_a_step_out_of_order_is_refused(state: Callable[[], Plan], act: Callable[[Plan], object], says: str) -> None:
    with pytest.raises(OrderError, match=says):
        act(state())


def test_what_was_not_settled_is_asked_for_again_by_a_plan_made_anew() -> None:
    plan = fresh()
    rpc = plan.next()
    again = plan_for(operation(OperationKind.GET, "Device.A"), Context(), plan.progress())
    assert again.next() == rpc


def test_a_plan_made_anew_from_its_end_is_over() -> None:
    for plan in (over(), fresh()):
        if not plan.is_over:
            plan.give_up("expired")
        again = plan_for(operation(OperationKind.GET, "Device.A"), Context(), plan.progress())
        assert again.next() is None
        assert again.outcome == plan.outcome


@pytest.mark.parametrize(
    "progress",
    [
        {"kind": "get"},
        {"kind": "dance", "rpcs": 0, "end": None, "state": {}},
        {"kind": "get", "rpcs": 0, "end": None, "state": {}},
        {"kind": "get", "rpcs": 0, "end": None, "state": {"leaves": {"size": 0, "groups": []}, "paths": []}},
    ],
)
def test_a_progress_that_is_none_is_refused(progress: dict[str, object]) -> None:
    with pytest.raises(ProgressError):
        plan_for(operation(OperationKind.GET, "Device.A"), Context(), progress)


REPEATABLE = {
    "GetRPCMethods",
    "GetParameterNames",
    "GetParameterValues",
    "GetParameterAttributes",
    "GetQueuedTransfers",
    "GetAllQueuedTransfers",
    "GetOptions",
    "SetParameterValues",
    "SetParameterAttributes",
}


@pytest.mark.parametrize("cls", AcsRequest.__args__)
def test_only_reads_and_the_two_sets_may_be_repeated(cls: type) -> None:
    request: AcsRequest = object.__new__(cls)
    assert is_repeatable(request) is (getattr(cls, "NAME", "vendor") in REPEATABLE)


def test_a_vendors_method_and_a_reboot_are_not_repeated() -> None:
    assert not is_repeatable(VendorMessage("X_ACME_Read"))
    assert not is_repeatable(Reboot())


@pytest.mark.parametrize("kind", [OperationKind.GET, OperationKind.SET, OperationKind.DELETE_OBJECT])
@pytest.mark.parametrize("name", ["Device.WiFi.SSID.{i}.SSID", "Device.WiFi.SSID.*.SSID", "Device.WiFi.SSID.{i}."])
def test_a_pattern_is_refused_before_anything_is_sent(kind: OperationKind, name: str) -> None:
    with pytest.raises(PlanningError, match="is a pattern"):
        plan_for(Operation(kind, (Variable(name, "x" if kind is OperationKind.SET else None),)), Context())
