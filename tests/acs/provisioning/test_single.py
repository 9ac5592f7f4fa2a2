from datetime import UTC, datetime

import pytest

from acs.domain.operation import Operation, OperationFault, OperationKind, OutcomeState
from acs.domain.secret_names import MASK
from acs.provisioning.context import Context
from acs.provisioning.errors import PlanningError
from acs.provisioning.plan import Plan
from acs.provisioning.planner import plan_for
from acs.provisioning.quirks import Quirks
from cwmp_schemas.faults import Fault
from cwmp_schemas.messages import AcsRequest, CpeResponse
from cwmp_schemas.rpc.control import FactoryReset, FactoryResetResponse, Reboot, RebootResponse
from cwmp_schemas.rpc.parameters import (
    GetParameterNames,
    GetParameterNamesResponse,
    GetParameterValues,
    ParameterInfo,
    SetParameterValuesResponse,
)
from cwmp_schemas.rpc.transfers import Download, DownloadResponse, Upload, UploadResponse
from cwmp_schemas.rpc.vendor import VendorField, VendorMessage

MOMENT = datetime(2024, 1, 31, 10, tzinfo=UTC)
CONTEXT = Context(command_key="k1")


def single(kind: OperationKind, method: str = "", **arguments: str) -> Operation:
    return Operation(kind, method=method, arguments=arguments)


def answered(
    wanted: Operation, answer: CpeResponse | Fault, context: Context = CONTEXT
) -> tuple[AcsRequest | None, Plan]:
    plan = plan_for(wanted, context)
    rpc = plan.next()
    plan.answered(answer)
    return rpc, plan_for(wanted, context, plan.progress())


@pytest.mark.parametrize(
    ("wanted", "rpc", "answer", "result"),
    [
        (single(OperationKind.REBOOT), Reboot("k1"), RebootResponse(), {}),
        (single(OperationKind.FACTORY), FactoryReset(), FactoryResetResponse(), {}),
        (single(OperationKind.DEVICE_FACTORY), FactoryReset(), FactoryResetResponse(), {}),
        (
            single(OperationKind.DOWNLOAD, FileType="1 Firmware Upgrade Image", URL="http://a/f", password="p"),
            Download("k1", "1 Firmware Upgrade Image", "http://a/f", password="p"),
            DownloadResponse(1, MOMENT, MOMENT),
            {"status": 1, "start_time": "2024-01-31T10:00:00Z", "complete_time": "2024-01-31T10:00:00Z"},
        ),
        (
            single(OperationKind.UPLOAD, file_type="2 Vendor Log File", url="http://a/f", command_key="mine"),
            Upload("mine", "2 Vendor Log File", "http://a/f"),
            UploadResponse(0, MOMENT, MOMENT),
            {"status": 0, "start_time": "2024-01-31T10:00:00Z", "complete_time": "2024-01-31T10:00:00Z"},
        ),
        (
            single(OperationKind.RPC, "GetParameterNames", parameter_path="Device.", next_level="true"),
            GetParameterNames("Device.", True),
            GetParameterNamesResponse((ParameterInfo("Device.X.", False),)),
            {"parameter_list": [{"name": "Device.X.", "writable": False}]},
        ),
        (
            single(OperationKind.RPC, "X_ACME_Dance", Steps="3"),
            VendorMessage("X_ACME_Dance", (VendorField("Steps", "3"),)),
            VendorMessage(
                "X_ACME_DanceResponse",
                (
                    VendorField("Item", "a"),
                    VendorField("Item", "b"),
                    VendorField("Login", (VendorField("Password", "hush"), VendorField("User", "me"))),
                ),
            ),
            {"Item": ["a", "b"], "Login": {"Password": MASK, "User": "me"}},
        ),
    ],
)
def test_one_rpc_is_sent_and_its_answer_is_the_result(
    wanted: Operation, rpc: AcsRequest, answer: CpeResponse, result: dict[str, object]
) -> None:
    sent, plan = answered(wanted, answer)
    assert sent == rpc
    assert plan.next() is None
    assert plan.outcome.state is OutcomeState.COMPLETED
    assert plan.outcome.result == result


def test_a_fault_is_the_end() -> None:
    _, plan = answered(single(OperationKind.REBOOT), Fault(9001, "Request denied"))
    assert plan.outcome.state is OutcomeState.FAILED
    assert plan.outcome.fault == OperationFault("Request denied", 9001)


def test_an_rpc_that_the_server_made_itself_is_sent_as_it_is() -> None:
    request = Download("k2", "1 Firmware Upgrade Image", "http://signed")
    plan = plan_for(single(OperationKind.DOWNLOAD), Context(request=request))
    assert plan.next() is request


def test_the_root_of_the_tree_is_listed_by_its_name_where_the_empty_path_is_refused() -> None:
    context = Context(Quirks(root_path="Device."))
    plan = plan_for(single(OperationKind.RPC, "GetParameterNames", parameter_path="", next_level="1"), context)
    assert plan.next() == GetParameterNames("Device.", True)


def test_a_lost_reboot_is_unknown_and_a_lost_read_is_repeated() -> None:
    reboot = plan_for(single(OperationKind.REBOOT), CONTEXT)
    reboot.next()
    reboot.lost()
    assert reboot.outcome.state is OutcomeState.UNKNOWN
    wanted = Operation(OperationKind.RPC, method="GetParameterValues", arguments={"parameter_names": ["Device.A"]})
    read = plan_for(wanted, CONTEXT)
    read.next()
    read.lost()
    assert read.next() == GetParameterValues(("Device.A",))


def test_an_answer_of_another_kind_is_a_fault_of_a_read_and_leaves_a_reboot_unknown() -> None:
    wanted = Operation(OperationKind.RPC, method="GetRPCMethods")
    _, plan = answered(wanted, SetParameterValuesResponse(0))
    assert plan.outcome.state is OutcomeState.FAILED
    assert plan.outcome.fault == OperationFault("GetRPCMethods was answered with SetParameterValuesResponse")
    _, plan = answered(single(OperationKind.REBOOT), SetParameterValuesResponse(0))
    assert plan.outcome.state is OutcomeState.UNKNOWN


def test_an_unknown_method_is_not_planned() -> None:
    with pytest.raises(PlanningError, match="method: 'Explode' is no method of a CPE; known are: AddObject, "):
        plan_for(single(OperationKind.RPC, "Explode"), CONTEXT)
