"""The requests and headers of devices, each in every state in which it may come, over real sockets (CWMP.md 1, 2)."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
from structlog.testing import capture_logs

from acs.domain.operation import JSON, OperationKind, Variable
from acs.domain.queue import OperationState
from tests.e2e.device import EndedBy, Fault, Request, ScriptedDevice, TransferHabits
from tests.e2e.envelopes import CWMP, Value, struct, tag
from tests.e2e.link import Reply
from tests.e2e.serving import Served, serving
from tests.e2e.wire import HttpConnection

SSID: Final = "Device.WiFi.SSID.1.SSID"
NOW: Final = "2026-01-01T00:00:00Z"
TIMES: Final = tag("StartTime", NOW) + tag("CompleteTime", NOW)
NO_FAULT: Final = struct("FaultStruct", tag("FaultCode", "0"), tag("FaultString", ""))
UNIT: Final = (
    tag("UUID", "00000000-0000-5000-8000-000000000001")
    + tag("DeploymentUnitRef", "")
    + tag("Version", "1.0")
    + tag("CurrentState", "Installed")
    + tag("Resolved", "1")
    + tag("ExecutionUnitRefList", "")
    + TIMES
    + struct("Fault", tag("FaultCode", "0"), tag("FaultString", ""))
)
FILE: Final[dict[str, JSON]] = {"url": "http://files.example/x", "file_type": "3 Vendor Configuration File"}
REQUESTS: Final = {
    "GetRPCMethods": "",
    "TransferComplete": tag("CommandKey", "k") + NO_FAULT + TIMES,
    "AutonomousTransferComplete": tag("AnnounceURL", "")
    + tag("TransferURL", "http://files.example/x")
    + tag("IsDownload", "1")
    + tag("FileType", "1 Firmware Upgrade Image")
    + tag("FileSize", "10")
    + tag("TargetFileName", "x")
    + NO_FAULT
    + TIMES,
    "RequestDownload": tag("FileType", "3 Vendor Configuration File") + "<FileTypeArg></FileTypeArg>",
    "Kicked": tag("Command", "c") + tag("Referer", "r") + tag("Arg", "a") + tag("Next", "http://portal.example/"),
    "DUStateChangeComplete": struct("Results", UNIT) + tag("CommandKey", "k"),
    "AutonomousDUStateChangeComplete": "<Results><AutonOpResultStruct>"
    + UNIT
    + tag("OperationPerformed", "Install")
    + "</AutonOpResultStruct></Results>",
}


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(f"sqlite:///{tmp_path}/a.db", tmp_path) as found:
        yield found


async def state_of(served: Served, public_id: str) -> OperationState:
    return (await served.view(public_id)).record.state


async def is_asked(served: Served, device: ScriptedDevice) -> tuple[str, Reply]:
    """A session in which a get is out."""
    await device.run_session()
    public_id = await served.queue(device, OperationKind.GET, Variable(SSID))
    await device.inform()
    asked = await device.empty_post()
    assert asked.method == "GetParameterValues"
    return public_id, asked


# Requests of the device's own.


@pytest.mark.parametrize("name", REQUESTS)
async def test_each_request_is_answered_after_the_inform_amid_an_rpc_and_after_the_end(
    served: Served, name: str
) -> None:
    device = served.device()
    await device.run_session()
    public_id = await served.queue(device, OperationKind.GET, Variable(SSID))
    request = device.request(name, REQUESTS[name])

    async def is_answered() -> None:
        reply = await device.ask(request)
        assert (reply.status, reply.method) == (200, f"{name}Response")

    await device.inform()
    await is_answered()
    asked = await device.empty_post()
    assert asked.method == "GetParameterValues"
    await is_answered()
    # The RPC is still out, and answered afterwards.
    assert (await device.answer(asked)).status == 204
    assert await state_of(served, public_id) is OperationState.COMPLETED
    await is_answered()
    assert (await device.empty_post()).status == 204
    await device.close()


async def test_the_methods_are_all_that_we_answer(served: Served) -> None:
    device = served.device()
    await device.inform()
    reply = await device.ask(device.request("GetRPCMethods"))
    assert reply.message is not None
    assert set(reply.message.strings()) == {"Inform", *REQUESTS}
    await device.close()


async def test_an_answer_of_kicked_names_where_to_go(served: Served) -> None:
    device = served.device()
    await device.inform()
    reply = await device.ask(device.request("Kicked", REQUESTS["Kicked"]))
    assert reply.message is not None
    assert reply.message.text("NextURL") == "http://portal.example/"
    await device.close()


async def test_what_a_device_reports_is_in_its_history_once_however_often_it_says_it(served: Served) -> None:
    device = served.device()
    await device.inform()
    for name in ("RequestDownload", "AutonomousTransferComplete", "DUStateChangeComplete", "Kicked") * 2:
        assert (await device.ask(device.request(name, REQUESTS[name]))).status == 200
    contacts = served.server.services.tools.contacts
    entries = [each for _, _, each in await contacts.history(await served.id_of(device), before=2**62, most=50)]
    subjects = [each.subject for each in entries if each.kind in {"request", "transfer", "software"}]
    assert sorted(subjects) == [
        "DUStateChangeComplete",
        "Kicked",
        "RequestDownload",
        "autonomous download of 1 Firmware Upgrade Image",
    ]
    await device.close()


@pytest.mark.parametrize("method", ["X_000AE5_Ping", "Informed", "ActivateGateway"])
async def test_an_unknown_method_is_fault_8000_and_the_session_goes_on(served: Served, method: str) -> None:
    device = served.device()
    await device.run_session()
    public_id = await served.queue(device, OperationKind.GET, Variable(SSID))
    await device.inform()
    reply = await device.ask(device.request(method, tag("Anything", "1")))
    assert (reply.status, reply.fault_code) == (200, 8000)
    asked = await device.empty_post()
    assert (await device.ask(device.request(method))).fault_code == 8000
    assert (await device.answer(asked)).status == 204
    assert await state_of(served, public_id) is OperationState.COMPLETED
    await device.close()


async def test_a_transfer_complete_is_acknowledged_as_often_as_it_is_repeated(served: Served) -> None:
    device = served.device()
    await device.run_session()
    public_id = await served.queue(device, OperationKind.DOWNLOAD, arguments=dict(FILE))
    assert (await device.run_session()).methods == ("Download",)
    assert await state_of(served, public_id) is OperationState.IN_PROGRESS
    await device.transfer()
    (due,) = device.behaviour.due
    assert due.request is not None
    for _ in range(2):
        # The acknowledgement gets lost: Calix GigaSpire says it again, in this session and in the next ones.
        await device.inform(due.events)
        for _ in range(2):
            assert (await device.post(device.envelope(due.request.body, "1"))).method == "TransferCompleteResponse"
            assert await state_of(served, public_id) is OperationState.COMPLETED
        device.drop()
    assert (await served.view(public_id)).record.attempts == 1
    assert len(device.journal.carried_out("Download")) == 1
    metrics = served.server.services.tools.metrics.render().decode()
    assert 'aioacs_transfers_total{direction="download",state="completed"} 1.0' in metrics


async def test_a_transfer_complete_without_a_key_is_about_the_only_open_transfer(served: Served) -> None:
    device = served.device(transfers=TransferHabits(reports=False))
    await device.run_session()
    public_id = await served.queue(device, OperationKind.DOWNLOAD, arguments=dict(FILE))
    await device.run_session()
    report = Request("TransferComplete", device.writer.transfer_complete("", (9010, "no such file"), NOW))
    await device.run_session((("7 TRANSFER COMPLETE", ""),), requests=[report])
    view = await served.view(public_id)
    assert view.record.state is OperationState.FAILED
    assert '"code": 9010' in view.record.fault


async def test_a_transfer_complete_for_an_unknown_key_is_acknowledged_and_changes_nothing(served: Served) -> None:
    device = served.device(transfers=TransferHabits(reports=False))
    await device.run_session()
    public_id = await served.queue(device, OperationKind.DOWNLOAD, arguments=dict(FILE))
    await device.run_session()
    report = Request("TransferComplete", device.writer.transfer_complete("another's", (9010, "no"), NOW))
    log = await device.run_session(requests=[report])
    assert log.replies[1].method == "TransferCompleteResponse"
    assert await state_of(served, public_id) is OperationState.IN_PROGRESS


# Posts without a session.


async def test_an_empty_post_without_a_session_is_204_where_everyone_is_let_in(served: Served) -> None:
    device = served.device()
    assert (await device.empty_post()).status == 204
    assert len(served.server.services.sessions) == 0
    assert (await device.run_session()).ended_by is EndedBy.NO_CONTENT


@pytest.mark.parametrize("name", ["GetParameterValuesResponse", "RebootResponse", "TransferComplete"])
async def test_an_answer_or_a_request_without_a_session_is_400(served: Served, name: str) -> None:
    device = served.device()
    reply = await device.post(device.envelope(device.writer.message(name, REQUESTS.get(name, "")), "1"))
    assert (reply.status, reply.http.body) == (400, b"")
    assert (await device.run_session()).ended_by is EndedBy.NO_CONTENT


async def test_a_fault_without_a_session_is_400(served: Served) -> None:
    device = served.device()
    assert (await device.post(device.envelope(device.writer.fault(Fault(9001)), "1"))).status == 400
    await device.close()


async def test_an_answer_to_nothing_harms_that_post_alone(served: Served) -> None:
    device = served.device()
    public_id, asked = await is_asked(served, device)
    reply = await device.answer(asked, device.writer.message("RebootResponse"))
    assert reply.status == 400
    assert (await device.answer(asked)).status == 204
    assert await state_of(served, public_id) is OperationState.COMPLETED
    await device.close()


async def test_any_path_is_the_acs_and_any_other_method_is_405(served: Served) -> None:
    device = served.device(path="/cpe/TR069?x=1")
    assert (await device.run_session()).ended_by is EndedBy.NO_CONTENT
    with capture_logs() as lines:
        for _ in range(50):
            connection = await HttpConnection.open("127.0.0.1", served.port)
            reply = await connection.post(b"", method="GET")
            assert (reply.status, reply.first("Allow")) == (405, "POST")
            assert reply.body == b"This is a TR-069 server for devices: it takes POST.\n", "a browser shows it"
            await connection.close()
    (first, *more) = lines
    assert (first["event"], first["address"], first["method"]) == ("a request that is no POST", "127.0.0.1", "GET")
    assert len(more) == 4, "a few a minute"


# Headers and versions.


async def test_headers_of_the_device_about_requests_hold_nothing_up(served: Served) -> None:
    device = served.device()
    await device.run_session()
    public_id = await served.queue(device, OperationKind.GET, Variable(SSID))
    reply = await device.inform(hold_requests=True, no_more_requests=True)
    assert b"NoMoreRequests" not in reply.http.body, "deprecated, and not for an ACS to send since 1.1"
    assert b"HoldRequests" not in reply.http.body
    # It said that it has no more requests, and may err.
    assert (await device.ask(device.request("GetRPCMethods"))).status == 200
    asked = await device.empty_post()
    no_more = [device.writer.header("NoMoreRequests", "1")]
    answer = device.writer.message("GetParameterValuesResponse", device.writer.values({SSID: Value("home")}))
    message_id = asked.message.id if asked.message else None
    assert (await device.post(device.envelope(answer, message_id, no_more))).status == 204
    assert await state_of(served, public_id) is OperationState.COMPLETED
    await device.close()


@pytest.mark.parametrize(
    ("offered", "used"),
    [(("1.0", "1.1", "1.2", "1.3", "1.4"), "1.4"), (("1.2", "1.3"), "1.3"), (("1.0", "1.9"), "1.0"), ((), None)],
)
async def test_the_highest_common_version_is_named_only_if_versions_were_offered(
    served: Served, offered: tuple[str, ...], used: str | None
) -> None:
    device = served.device()
    reply = await device.inform(supported_versions=offered)
    assert reply.message is not None
    (root,) = reply.message.element.xpath("ancestor::*[last()]")
    found = root.findall(".//{*}UseCWMPVersion")
    assert [each.text for each in found] == ([] if used is None else [used])
    assert all("1" in each.attrib.values() for each in found), "mustUnderstand"
    assert (await device.empty_post()).status == 204
    await device.close()


async def test_a_device_with_no_version_of_ours_hears_so_and_leaves_no_session(served: Served) -> None:
    device = served.device()
    reply = await device.inform(supported_versions=("2.0", "2.1"))
    assert (reply.status, reply.fault_code) == (200, 8006)
    assert len(served.server.services.sessions) == 0
    await device.close()


@pytest.mark.parametrize("version", ["1-0", "1-1", "1-2", "1-3", "1-4"])
async def test_each_namespace_is_answered_in_its_own(served: Served, version: str) -> None:
    device = served.device(cwmp=version)
    await device.run_session()
    await served.queue(device, OperationKind.SET, Variable(SSID, "new", "string"))
    log = await device.run_session(requests=[device.request("GetRPCMethods")])
    assert log.methods == ("SetParameterValues", "GetParameterValues")
    spoken = {reply.message.namespace for reply in log.replies if reply.message is not None}
    assert spoken == {f"{CWMP}{version}"}
    assert device.model.parameters[SSID].value == "new"
