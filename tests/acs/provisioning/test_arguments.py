import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acs.domain.operation import JSONObject
from acs.provisioning.arguments import answer_as_plain, request_from
from acs.provisioning.errors import PlanningError
from acs.provisioning.plain import from_plain, to_plain
from cwmp_schemas.messages import MESSAGES, AcsRequest, Message, method_of
from cwmp_schemas.rpc.options import SetVouchers
from cwmp_schemas.rpc.parameters import (
    ParameterValue,
    SetParameterAttribute,
    SetParameterAttributes,
    SetParameterValues,
)
from cwmp_schemas.rpc.software import ChangeDUState, InstallOperation, UninstallOperation
from cwmp_schemas.rpc.transfers import Download, DownloadResponse, ScheduleDownload, TimeWindow
from cwmp_schemas.rpc.vendor import VendorField, VendorMessage
from cwmp_schemas.values import XsdType
from tests.cwmp_schemas.strategies import messages_named

REQUESTS = sorted(cls.NAME for cls in AcsRequest.__args__ if cls is not VendorMessage)


@pytest.mark.parametrize(
    ("method", "arguments", "expected"),
    [
        (
            "SetParameterValues",
            {"ParameterList": [{"Name": "Device.A", "Value": "1", "Type": "xsd:unsignedInt"}]},
            SetParameterValues((ParameterValue("Device.A", "1", XsdType.UNSIGNED_INT),)),
        ),
        (
            "SetParameterAttributes",
            {
                "parameter_list": [
                    {
                        "name": "Device.A",
                        "notification_change": True,
                        "notification": "2",
                        "access_list_change": "0",
                        "access_list": ["Subscriber"],
                    }
                ]
            },
            SetParameterAttributes((SetParameterAttribute("Device.A", True, 2, False, ("Subscriber",)),)),
        ),
        ("SetVouchers", {"VoucherList": ["aGVsbG8="]}, SetVouchers((b"hello",))),
        (
            "ChangeDUState",
            {"operations": [{"type": "Install", "url": "http://a"}, {"type": "uninstallopstruct", "UUID": "u1"}]},
            ChangeDUState((InstallOperation("http://a"), UninstallOperation("u1")), "k1"),
        ),
        (
            "ScheduleDownload",
            {
                "file_type": "1 Firmware Upgrade Image",
                "url": "http://a",
                "username": "",
                "password": "",
                "file_size": 0,
                "target_file_name": "",
                "TimeWindowList": [
                    {
                        "window_start": 0,
                        "window_end": 60,
                        "window_mode": "1 At Any Time",
                        "user_message": "",
                        "max_retries": -1,
                    }
                ],
            },
            ScheduleDownload(
                "k1",
                "1 Firmware Upgrade Image",
                "http://a",
                "",
                "",
                0,
                "",
                (TimeWindow(0, 60, "1 At Any Time", "", -1),),
            ),
        ),
        (
            "X_ACME_Dance",
            {"Fast": True, "Steps": [1, 2], "Partner": {"Name": "Ada", "Nothing": None}},
            VendorMessage(
                "X_ACME_Dance",
                (
                    VendorField("Fast", "1"),
                    VendorField("Steps", "1"),
                    VendorField("Steps", "2"),
                    VendorField("Partner", (VendorField("Name", "Ada"), VendorField("Nothing", ""))),
                ),
            ),
        ),
    ],
)
def test_arguments_may_be_spelt_in_either_way(method: str, arguments: JSONObject, expected: Message) -> None:
    assert request_from(method, arguments, "k1") == expected


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.sampled_from(sorted(MESSAGES)).flatmap(messages_named))
def test_every_message_survives_being_plain(message: Message) -> None:
    plain = json.loads(json.dumps(to_plain(message, secrets=True)))
    assert from_plain(type(message), plain) == message


def test_every_wrong_argument_is_named() -> None:
    arguments: dict[str, Any] = {
        "FileType": 7,
        "file_size": "many",
        "DelaySeconds": -1,
        "delay_seconds": 1,
        "colour": "red",
        "command_key": "x" * 5,
    }
    with pytest.raises(PlanningError) as caught:
        request_from("Download", arguments)
    assert {problem.where: problem.what for problem in caught.value.problems} == {
        "arguments.FileType": "must be a text",
        "arguments.file_size": "'many' is not an integer",
        "arguments.DelaySeconds": "must be from 0 to 4294967295",
        "arguments.delay_seconds": "is given twice",
        "arguments.colour": "is unknown; known are: command_key, file_type, url, username, password, file_size, "
        "target_file_name, delay_seconds, success_url, failure_url",
        "arguments.url": "is required",
    }


@pytest.mark.parametrize(
    ("method", "arguments", "where"),
    [
        ("GetParameterValues", {"parameter_names": "Device."}, "arguments.parameter_names"),
        ("GetParameterValues", {"parameter_names": ["Device.", 1]}, "arguments.parameter_names[1]"),
        ("SetParameterValues", {"parameter_list": [[]]}, "arguments.parameter_list[0]"),
        ("SetParameterValues", {"parameter_list": [{"name": "A"}]}, "arguments.parameter_list[0].value"),
        (
            "SetParameterValues",
            {"parameter_list": [{"name": "A", "value": "", "type": "no"}]},
            "arguments.parameter_list[0].type",
        ),
        ("ChangeDUState", {"operations": [{"type": "Explode"}]}, "arguments.operations[0]"),
        ("ChangeDUState", {"operations": ["Install"]}, "arguments.operations[0]"),
        ("SetVouchers", {"voucher_list": ["?"]}, "arguments.voucher_list[0]"),
        ("Reboot", {"command_key": "x" * 33}, "arguments.command_key"),
        ("Reboot", {"command_key": "\0"}, "arguments"),
        ("GetParameterNames", {"parameter_path": "", "next_level": 1}, "arguments.next_level"),
        ("ScheduleInform", {"delay_seconds": True}, "arguments.delay_seconds"),
        ("X_ACME Dance", {}, "arguments"),
        ("X_ACME", {"A": [[1]]}, "arguments.A"),
        ("X_ACME", {"1": "x"}, "arguments"),
    ],
)
def test_a_wrong_argument_is_named_by_its_place(method: str, arguments: JSONObject, where: str) -> None:
    with pytest.raises(PlanningError) as caught:
        request_from(method, arguments)
    assert [problem.where for problem in caught.value.problems] == [where]


def test_a_vendors_arguments_may_be_only_so_deep() -> None:
    arguments: dict[str, Any] = {}
    for _ in range(100):
        arguments = {"A": arguments}
    with pytest.raises(PlanningError, match="more than 16 levels"):
        request_from("X_ACME", arguments)


def test_plain_data_leaves_secrets_out_unless_asked_for() -> None:
    download = Download("k", "t", "http://a", "me", "hush")
    assert "password" not in to_plain(download, secrets=False)
    assert to_plain(download, secrets=True)["password"] == "hush"


def test_an_answer_is_told_with_times_as_text() -> None:
    moment = datetime(2024, 1, 31, 10, tzinfo=UTC)
    assert answer_as_plain(DownloadResponse(0, moment, moment))["start_time"] == "2024-01-31T10:00:00Z"


def test_every_standard_request_has_a_plain_form() -> None:
    for name in REQUESTS:
        with pytest.raises(PlanningError, match="nonsense"):
            request_from(name, {"nonsense": 1})


def test_a_request_keeps_its_name() -> None:
    assert method_of(request_from("GetAllQueuedTransfers", {})) == "GetAllQueuedTransfers"
