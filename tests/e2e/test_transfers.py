"""Files to devices and from them: from the RPC to the proof, over real sockets, on both databases."""

import hashlib
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from acs.domain.operation import OperationKind
from acs.domain.queue import OperationState, Phase
from acs.files.store import FileFolder
from tests.contract.opened import Probe
from tests.e2e.depot import CONFIGURATION, FIRMWARE, OCTETS, Depot, done_now, fetching, known, report_of, state
from tests.e2e.device import ScriptedDevice, TransferHabits
from tests.e2e.envelopes import Fault
from tests.e2e.files import request_file
from tests.e2e.journal import Transferred
from tests.e2e.login import Login
from tests.e2e.serving import serving
from tests.e2e.wire import HttpReply

CONTENT = b"the configuration, as the vendor writes it"


async def url_asked(device: ScriptedDevice) -> str:
    """The address in the RPC that the device gets in a session of its own, left unanswered."""
    await device.inform()
    reply = await device.empty_post()
    await device.close()
    assert reply.message is not None
    return reply.message.text("URL")


async def fetched(url: str, method: str = "GET", body: bytes = b"") -> HttpReply:
    reply = await request_file(method, url, Login("", ""), body)
    assert reply is not None
    return reply


async def test_a_firmware_update_is_done_when_the_device_runs_the_image(depot: Depot) -> None:
    device = await known(fetching(depot))
    public_id = await depot.upgrade(device, await depot.image())
    (asked,) = (await device.run_session()).rpcs
    assert asked.method == "Download"
    assert asked.text("URL").startswith(f"http://127.0.0.1:{depot.served.port}/files/d")
    assert asked.text("FileType") == FIRMWARE
    assert asked.text("FileSize") == str(len(OCTETS))
    assert asked.text("TargetFileName") == "image.bin"
    view = await depot.served.view(public_id)
    assert (state(view), view.record.phase) == (OperationState.IN_PROGRESS, Phase.AWAITING)
    assert await depot.is_pending(device)
    await device.run_session()
    (got,) = device.journal.of(Transferred)
    assert (got.status, got.sha256) == (200, hashlib.sha256(OCTETS).hexdigest())
    assert state(await depot.served.view(public_id)) is OperationState.COMPLETED
    assert not await depot.is_pending(device)


async def test_the_file_is_offered_where_the_device_found_the_server(depot: Depot) -> None:
    device = await known(depot.served.device(host="localhost"))
    await depot.upgrade(device, await depot.image())
    assert (await url_asked(device)).startswith(f"http://localhost:{depot.served.port}/files/d")


async def test_the_file_is_offered_at_the_public_url_if_there_is_one(database_url: str, tmp_path: Path) -> None:
    folder = FileFolder(tmp_path / "files", keep_free=0)
    async with serving(database_url, tmp_path, cwmp_public_url="http://acs.example.net:7547") as served:
        depot, device = Depot(served, folder), served.device()
        await device.run_session()
        await depot.upgrade(device, await depot.image())
        assert (await url_asked(device)).startswith("http://acs.example.net:7547/files/d")
    await folder.close()


@pytest.mark.parametrize("version", [None, "1.5"])
async def test_a_good_report_of_a_device_on_another_version_is_no_proof_yet(depot: Depot, version: str | None) -> None:
    device = await known(fetching(depot, new_version=version))
    public_id = await depot.upgrade(device, await depot.image())
    for _ in range(2):
        await device.run_session()
    assert len(device.journal.of(Transferred)) == 1
    assert state(await depot.served.view(public_id)) is OperationState.IN_PROGRESS
    assert await depot.is_pending(device)
    device.model.parameters["Device.DeviceInfo.SoftwareVersion"].value = "2.0"
    await device.run_session()
    assert state(await depot.served.view(public_id)) is OperationState.COMPLETED
    assert not await depot.is_pending(device)


async def test_the_new_version_is_proof_without_any_report(depot: Depot) -> None:
    device = await known(fetching(depot, reports=False))
    public_id = await depot.upgrade(device, await depot.image())
    for _ in range(2):
        await device.run_session()
    assert state(await depot.served.view(public_id)) is OperationState.COMPLETED
    assert not await depot.is_pending(device)


async def test_a_report_in_the_session_of_the_download_counts(depot: Depot) -> None:
    device = await known(depot.served.device())
    public_id = await depot.queue(device, OperationKind.DOWNLOAD, url="http://192.0.2.1/a.cfg", file_type="3 Config")
    await device.inform()
    asked = await device.empty_post()
    assert (await device.answer(asked)).status == 204
    assert asked.message is not None
    key = asked.message.text("CommandKey")
    reply = await device.ask(report_of(device, key))
    assert reply.method == "TransferCompleteResponse"
    assert state(await depot.served.view(public_id)) is OperationState.COMPLETED
    await device.close()


async def test_a_report_without_a_key_is_of_the_only_open_transfer(depot: Depot) -> None:
    device = await known(depot.served.device())
    public_id = await depot.queue(device, OperationKind.DOWNLOAD, url="http://192.0.2.1/a.cfg", file_type="3 Config")
    device.transfers.reports = False
    await device.run_session()
    await device.run_session(requests=[report_of(device, "")])
    assert state(await depot.served.view(public_id)) is OperationState.COMPLETED


async def test_a_report_without_a_key_is_of_none_of_several_transfers(depot: Depot) -> None:
    device = await known(depot.served.device())
    device.transfers.reports = False
    queued = [
        await depot.queue(device, OperationKind.DOWNLOAD, url=f"http://192.0.2.1/{name}", file_type="3 Config")
        for name in "ab"
    ]
    log = await device.run_session()
    keys = [rpc.text("CommandKey") for rpc in log.rpcs]
    (answer,) = [
        each.method
        for each in (await device.run_session(requests=[report_of(device, "")])).replies
        if each.method.startswith("Transfer")
    ]
    assert answer == "TransferCompleteResponse", "it is acknowledged, or the device would repeat it for ever"
    await device.run_session(requests=[report_of(device, "another's key")])
    assert {state(await depot.served.view(each)) for each in queued} == {OperationState.IN_PROGRESS}
    await device.run_session(requests=[report_of(device, keys[1])])
    assert [state(await depot.served.view(each)) for each in queued] == [
        OperationState.IN_PROGRESS,
        OperationState.COMPLETED,
    ]


async def test_status_0_is_the_end_of_a_download_from_elsewhere(depot: Depot) -> None:
    device = await known(depot.served.device(on_rpc={"Download": done_now}))
    public_id = await depot.queue(device, OperationKind.DOWNLOAD, url="http://192.0.2.1/a.cfg", file_type="3 Config")
    log = await device.run_session()
    assert log.rpcs[0].text("URL") == "http://192.0.2.1/a.cfg"
    assert state(await depot.served.view(public_id)) is OperationState.COMPLETED


async def test_status_0_to_a_firmware_image_still_wants_the_proof_of_its_version(depot: Depot) -> None:
    device = await known(depot.served.device(on_rpc={"Download": done_now}))
    public_id = await depot.upgrade(device, await depot.image())
    await device.run_session()
    assert state(await depot.served.view(public_id)) is OperationState.IN_PROGRESS
    device.model.parameters["Device.DeviceInfo.SoftwareVersion"].value = "2.0"
    await device.run_session()
    assert state(await depot.served.view(public_id)) is OperationState.COMPLETED


@pytest.mark.parametrize("is_pending", [True, False])
async def test_a_reported_fault_fails_the_download_with_its_code(depot: Depot, is_pending: bool) -> None:
    device = await known(fetching(depot, new_version=None, fault=(9018, "file corrupted")))
    public_id = await depot.upgrade(device, await depot.image(), is_pending=is_pending)
    for _ in range(2):
        await device.run_session()
    view = await depot.served.view(public_id)
    assert state(view) is OperationState.FAILED
    assert '"code": 9018' in view.record.fault
    assert "file corrupted" in view.record.fault
    assert await depot.is_pending(device) is is_pending, "a failure changes nothing in what is wanted"


async def test_a_refused_download_fails_and_its_address_ends(depot: Depot) -> None:
    device = await known(depot.served.device(on_rpc={"Download": lambda _: Fault(9002, "Internal error")}))
    public_id = await depot.upgrade(device, await depot.image())
    log = await device.run_session()
    assert state(await depot.served.view(public_id)) is OperationState.FAILED
    assert (await fetched(log.rpcs[0].text("URL"))).status == 404


async def test_a_download_without_proof_fails_in_the_end_and_a_late_version_completes_it_yet(depot: Depot) -> None:
    device = await known(depot.served.device(transfers=TransferHabits(reports=False)))
    public_id = await depot.upgrade(device, await depot.image())
    await device.run_session()
    await depot.served.sweep(3_599)
    assert state(await depot.served.view(public_id)) is OperationState.IN_PROGRESS
    await depot.served.sweep(2)
    assert state(await depot.served.view(public_id)) is OperationState.FAILED
    device.model.parameters["Device.DeviceInfo.SoftwareVersion"].value = "2.0"
    await device.run_session()
    assert state(await depot.served.view(public_id)) is OperationState.COMPLETED
    assert not await depot.is_pending(device)


async def test_a_late_report_completes_what_had_failed_for_want_of_it(depot: Depot) -> None:
    device = await known(depot.served.device(transfers=TransferHabits(reports=False)))
    public_id = await depot.queue(device, OperationKind.DOWNLOAD, url="http://192.0.2.1/a.cfg", file_type="3 Config")
    log = await device.run_session()
    await depot.served.sweep(3_601)
    assert state(await depot.served.view(public_id)) is OperationState.FAILED
    await device.run_session(requests=[report_of(device, log.rpcs[0].text("CommandKey"))])
    assert state(await depot.served.view(public_id)) is OperationState.COMPLETED


async def test_an_address_is_good_until_its_transfer_ends_or_its_time_is_over(depot: Depot) -> None:
    device = depot.served.device()
    device.transfers.reports = False
    image = await depot.image()
    await device.run_session()
    await depot.upgrade(device, image)
    log = await device.run_session()
    url = log.rpcs[0].text("URL")
    got = await fetched(url)
    assert (got.status, got.body) == (200, OCTETS)
    assert (await fetched(url, "HEAD")).status == 200
    assert (await fetched(url.replace("-", "-0", 1))).status == 404, "nobody guesses an address"
    device.model.parameters["Device.DeviceInfo.SoftwareVersion"].value = "2.0"
    await device.run_session()
    assert (await fetched(url)).status == 404
    device.model.parameters["Device.DeviceInfo.SoftwareVersion"].value = "1.0"
    await device.run_session()
    await depot.upgrade(device, image)
    log = await device.run_session()
    depot.served.clock.advance(3_601)
    assert (await fetched(log.rpcs[0].text("URL"))).status == 404


async def test_a_device_that_fetches_a_file_again_and_again_does_not_fill_the_log(depot: Depot) -> None:
    device = await known(depot.served.device())
    await depot.upgrade(device, await depot.image())
    url = await url_asked(device)
    with capture_logs() as lines:
        for _ in range(20):
            assert (await fetched(url)).status == 200
    assert [line["event"] for line in lines if line["log_level"] != "debug"] == ["download"] * 5


async def test_a_report_is_acknowledged_only_once_it_is_durable_and_repeating_it_does_no_harm(
    depot: Depot, probe: Probe
) -> None:
    device = await known(depot.served.device())
    public_id = await depot.queue(device, OperationKind.DOWNLOAD, url="http://192.0.2.1/a.cfg", file_type="3 Config")
    device.transfers.reports = False
    log = await device.run_session()
    report = report_of(device, log.rpcs[0].text("CommandKey"))
    await device.inform()
    await probe.execute("ALTER TABLE transfer RENAME TO out_of_reach")
    try:
        assert (await device.ask(report)).status == 503
    finally:
        await probe.execute("ALTER TABLE out_of_reach RENAME TO transfer")
    assert state(await depot.served.view(public_id)) is OperationState.IN_PROGRESS
    again = await device.run_session(requests=[report, report])
    assert [each.method for each in again.replies].count("TransferCompleteResponse") == 2
    first = await depot.served.view(public_id)
    assert state(first) is OperationState.COMPLETED
    depot.served.clock.advance(60)
    await device.run_session(requests=[report])
    assert (await depot.served.view(public_id)).record.completed_at == first.record.completed_at


async def test_an_uploaded_file_is_kept_with_the_operation(depot: Depot) -> None:
    device = await known(depot.served.device(transfers=TransferHabits(files={CONFIGURATION: CONTENT})))
    public_id = await depot.queue(device, OperationKind.UPLOAD)
    log = await device.run_session()
    assert log.methods == ("Upload",)
    assert state(await depot.served.view(public_id)) is OperationState.IN_PROGRESS
    await device.run_session()
    await shows_the_file(depot, public_id)


async def test_a_file_counts_though_the_device_reports_a_failure(depot: Depot) -> None:
    habits = TransferHabits(files={CONFIGURATION: CONTENT}, fault=(9011, "Upload failure"))
    device = await known(depot.served.device(transfers=habits))
    public_id = await depot.queue(device, OperationKind.UPLOAD)
    for _ in range(2):
        await device.run_session()
    await shows_the_file(depot, public_id)
    assert (await depot.transfer(public_id)).state == "ended"
    contacts, device_id = depot.served.server.services.tools.contacts, await depot.served.id_of(device)
    history = await contacts.history(device_id, before=2**62, most=9)
    assert {entry.new for _, _, entry in history if entry.kind == "transfer"} == {"upload completed"}


@pytest.mark.parametrize("method", ["PUT", "POST"])
async def test_a_file_may_come_before_the_answer_to_the_upload(depot: Depot, method: str) -> None:
    device = await known(depot.served.device())
    public_id = await depot.queue(device, OperationKind.UPLOAD)
    await device.inform()
    asked = await device.empty_post()
    assert asked.message is not None
    assert (await fetched(asked.message.text("URL"), method, CONTENT)).status in {200, 201, 204}
    assert state(await depot.served.view(public_id)) is OperationState.COMPLETED
    assert (await device.answer(asked)).status == 204
    await device.close()
    await shows_the_file(depot, public_id)


async def test_an_upload_that_never_comes_fails_in_the_end(depot: Depot) -> None:
    device = await known(depot.served.device(transfers=TransferHabits(reports=False)))
    public_id = await depot.queue(device, OperationKind.UPLOAD)
    log = await device.run_session()
    await depot.served.sweep(3_601)
    view = await depot.served.view(public_id)
    assert state(view) is OperationState.FAILED
    assert "did not prove in time" in view.record.fault
    assert (await fetched(log.rpcs[0].text("URL"), "PUT", CONTENT)).status == 404


async def shows_the_file(depot: Depot, public_id: str) -> None:
    """The operation is completed, tells of the file, and the file is on the disk."""
    view = await depot.served.view(public_id)
    assert state(view) is OperationState.COMPLETED
    assert view.outcome is not None
    assert view.outcome.result["size"] == len(CONTENT)
    assert view.outcome.result["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    transfer = await depot.transfer(public_id)
    assert depot.folder.path_of(transfer.file_key).read_bytes() == CONTENT
