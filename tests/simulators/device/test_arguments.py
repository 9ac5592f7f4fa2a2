"""Arguments that are none: those without a name, and what the device would have to say again and none of its messages
could carry."""

import pytest

from cwmp_schemas.encode import encode
from cwmp_schemas.envelope import Envelope
from cwmp_schemas.faults import Fault
from cwmp_schemas.messages import AcsRequest
from cwmp_schemas.rpc.parameters import SetParameterValues
from cwmp_schemas.rpc.software import ChangeDUState, InstallOperation
from cwmp_schemas.rpc.transfers import Download, GetAllQueuedTransfers, ScheduleDownload, TimeWindow, Upload
from simulators.device.quirk_names import quirk
from simulators.device.rpcs.arguments import MAX_COMMAND_KEY, MAX_FILE_NAME
from simulators.trees import built_in
from tests.simulators.device.asking import of
from tests.simulators.device.conversing import START, ask, converse, device, fault_of
from tests.simulators.device.dialogue import informed, said
from tests.simulators.device.serving import FIRMWARE, URL, completed, serve

LOG = "2 Vendor Log File"
WINDOWS = (TimeWindow(0, 60, "1 At Any Time", "", 0),)


def asked(key: str, name: str = "") -> list[AcsRequest]:
    """Each RPC whose end is told with its key."""
    return [
        Download(key, FIRMWARE, URL, target_file_name=name, delay_seconds=60),
        ScheduleDownload(key, FIRMWARE, URL, "", "", 0, name, WINDOWS),
        Upload(key, LOG, URL, delay_seconds=60),
        ChangeDUState((InstallOperation(URL),), key),
    ]


@pytest.mark.parametrize("number", range(4))
def test_a_key_that_no_event_could_carry_is_no_argument(number: int) -> None:
    cpe = device(built_in("tr181-router"))
    assert fault_of(ask(cpe, START, asked("x" * (MAX_COMMAND_KEY + 1))[number])).code == 9003
    answer, _ = ask(cpe, START, asked("x" * MAX_COMMAND_KEY)[number], GetAllQueuedTransfers())
    assert not hasattr(answer, "code")


@pytest.mark.parametrize("number", range(2))
def test_a_file_name_that_no_list_of_transfers_could_carry_is_no_argument(number: int) -> None:
    cpe = device()
    assert fault_of(ask(cpe, START, asked("key", "x" * (MAX_FILE_NAME + 1))[number])).code == 9003
    answer, _ = ask(cpe, START, asked("key", "x" * MAX_FILE_NAME)[number], GetAllQueuedTransfers())
    assert not hasattr(answer, "code")


@pytest.mark.parametrize("kind", ["X_ACME_Logo", "X Logo", "X ", "X  Logo", f"X ACME {'x' * 58}"])
def test_a_type_of_files_that_no_list_of_transfers_could_carry_is_no_argument(kind: str) -> None:
    cpe = device()
    assert fault_of(ask(cpe, START, Download("key", kind, URL))).code == 9003
    assert fault_of(ask(cpe, START, Upload("key", kind, URL))).code == 9003
    ask(cpe, START, Download("key", f"X ACME {'x' * 57}", URL, delay_seconds=60), GetAllQueuedTransfers())


def test_values_of_which_one_has_no_name_are_no_arguments_and_none_is_set() -> None:
    cpe, path = device(), "Device.DeviceInfo.ProvisioningCode"
    session = informed(cpe, START)
    wanted = SetParameterValues((of(path, "new"), of("Device.Nothing", "x")), "key")
    answer = said(session, encode(Envelope("a", wanted, 2)).replace(b"Device.Nothing", b""), START)
    assert isinstance(answer, Fault)
    assert answer.code == 9003
    assert cpe.tree.value(path, START) == ""


def test_a_device_of_an_older_version_knows_vendors_by_their_number_alone() -> None:
    for kind, code in (("X ACME Logo", 9003), ("X 00A0F1 Logo", 0)):
        (answer,) = ask(device(quirks=quirk("namespace-1-1")), START, Download("key", kind, URL, delay_seconds=60))
        assert getattr(answer, "code", 0) == code


@pytest.mark.parametrize(("status", "code"), [(0, 9010), (401, 9012), (404, 9010), (500, 9010)])
def test_a_device_of_the_first_version_says_of_a_failed_download_what_that_version_knew(status: int, code: int) -> None:
    cpe = device(quirks=quirk("namespace-1-0"))
    ask(cpe, START, Download("key", FIRMWARE, URL))
    serve(cpe, START, b"", status=status)
    assert completed(converse(cpe, START + 3)).fault_struct.fault_code == code


def test_a_device_of_the_first_version_says_of_any_failed_upload_what_that_version_knew() -> None:
    cpe = device(quirks=quirk("namespace-1-0"))
    ask(cpe, START, Upload("key", LOG, URL))
    serve(cpe, START, b"", status=0)
    assert completed(converse(cpe, START + 3)).fault_struct.fault_code == 9011
