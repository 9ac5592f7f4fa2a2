"""Uploads: made of the device, sent, and told."""

import pytest

from cwmp_schemas.rpc.control import Reboot
from cwmp_schemas.rpc.transfers import (
    AutonomousTransferComplete,
    GetAllQueuedTransfers,
    GetAllQueuedTransfersResponse,
    GetQueuedTransfers,
    GetQueuedTransfersResponse,
    RequestDownload,
    Upload,
    UploadResponse,
)
from cwmp_schemas.values import UNKNOWN_TIME
from simulators.device.capture import read_capture
from simulators.device.jobs import Place
from simulators.device.quirk_names import quirk
from simulators.device.transfers import Method, Wish
from simulators.trees import built_in
from tests.simulators.device.conversing import SMALL, START, ask, converse, device, fault_of
from tests.simulators.device.serving import completed, only_job, serve

URL = "http://files.example/up"
LOG = "2 Vendor Log File"


def test_an_upload_is_accepted_sent_and_told_with_its_key() -> None:
    cpe = device()
    (answer,) = ask(cpe, START, Upload("key", LOG, URL, "user", "secret"))
    assert answer == UploadResponse(1, UNKNOWN_TIME, UNKNOWN_TIME)
    job = serve(cpe, START, b"", status=201)
    assert (job.method, job.url, job.username, job.password, job.name) == ("PUT", URL, "user", "secret", "S1.log")
    heard = converse(cpe, START + 3)
    assert heard.events == [("7 TRANSFER COMPLETE", ""), ("M Upload", "key")]
    told = completed(heard)
    assert told.fault_struct.fault_code == 0
    assert (told.start_time.timestamp(), told.complete_time.timestamp()) == (START, START + 2)


def test_a_delay_passes_before_the_file_is_sent() -> None:
    cpe = device()
    ask(cpe, START, Upload("key", LOG, URL, delay_seconds=30))
    assert cpe.due_at == START + 30
    assert only_job(cpe, START + 30).method == "PUT"


@pytest.mark.parametrize(("status", "code"), [(0, 9015), (401, 9012), (403, 9011), (507, 9011)])
def test_what_went_wrong_with_an_upload_is_told(status: int, code: int) -> None:
    cpe = device()
    ask(cpe, START, Upload("key", LOG, URL))
    serve(cpe, START, b"", status=status)
    assert completed(converse(cpe, START + 3)).fault_struct.fault_code == code


def test_an_upload_that_a_restart_cuts_off_has_failed() -> None:
    cpe = device()
    ask(cpe, START, Upload("key", LOG, URL))
    only_job(cpe, START)
    cpe.restart(START + 1)
    assert completed(converse(cpe, START + 2)).fault_struct.fault_code == 9011


def test_the_log_says_what_happened() -> None:
    cpe = device()
    ask(cpe, START, Upload("first", LOG, URL), Reboot("key"))
    cpe.advance(START)
    serve(cpe, START, b"", status=404)
    ask(cpe, START + 60, Upload("second", LOG, URL))
    text = serve(cpe, START + 60).body.decode()
    assert text.startswith("2023-11-14T22:13:20Z S1 kernel: started\n")
    for line in ("'2 Vendor Log File' queued", "session ended", "kernel: restarting", "Upload failed"):
        assert line in text
    assert "secret" not in text


@pytest.mark.parametrize(
    ("file_type", "code"),
    [
        ("1 Vendor Configuration File", 0),
        ("3 Vendor Configuration File 1", 0),
        ("3 Vendor Configuration File 9", 9003),
        ("4 Vendor Log File 1", 0),
        ("4 Vendor Log File ", 9003),
        ("X ACME Core Dump", 0),
        ("9 Everything", 9003),
        ("1 Firmware Upgrade Image", 9003),
    ],
)
def test_a_device_sends_the_files_that_it_has(file_type: str, code: int) -> None:
    cpe = device(built_in("tr181-ont"))
    (answer,) = ask(cpe, START, Upload("key", file_type, URL))
    if code:
        assert fault_of([answer]).code == code
    else:
        assert serve(cpe, START).body


def test_a_url_that_cannot_be_is_refused() -> None:
    assert fault_of(ask(device(), START, Upload("key", LOG, "http://user:secret@files.example/"))).code == 9003
    assert fault_of(ask(device(), START, Upload("key", LOG, "tftp://files.example/"))).code == 9013


def test_a_device_that_says_so_of_good_uploads_says_9011() -> None:
    cpe = device()
    cpe.quirks = quirk("fails-good-uploads")
    ask(cpe, START, Upload("key", LOG, URL))
    serve(cpe, START, b"", status=200)
    assert completed(converse(cpe, START + 3)).fault_struct.fault_code == 9011


OWN = Wish(
    Method.AUTONOMOUS,
    "X ACME Ringer",
    Place("http://other.example/tone"),
    file_size=4,
    target_name="tone",
    announced_at="http://other.example/",
)


def test_a_transfer_of_its_own_is_in_the_long_list_only_and_is_told_as_such() -> None:
    cpe = device()
    cpe.works.transfers.transfer_by_itself(OWN, START)
    assert only_job(cpe, START).url == "http://other.example/tone"
    short, long = ask(cpe, START, GetQueuedTransfers(), GetAllQueuedTransfers())
    assert short == GetQueuedTransfersResponse(())
    assert isinstance(long, GetAllQueuedTransfersResponse)
    assert [(each.command_key, each.file_type) for each in long.transfer_list] == [("", "X ACME Ringer")]
    cpe = device()
    cpe.works.transfers.transfer_by_itself(OWN, START)
    serve(cpe, START, b"tone")
    heard = converse(cpe, START + 3)
    assert heard.events[-1:] == [("10 AUTONOMOUS TRANSFER COMPLETE", "")]
    (told,) = heard.requests
    assert isinstance(told, AutonomousTransferComplete)
    assert (told.announce_url, told.transfer_url) == ("http://other.example/", "http://other.example/tone")
    assert (told.is_download, told.file_size, told.target_file_name) == (True, 4, "tone")
    assert told.fault_struct.fault_code == 0


def test_a_device_that_is_off_does_nothing_by_itself_before_it_is_up() -> None:
    cpe = device()
    cpe.restart(START, takes=60.0)
    cpe.works.transfers.transfer_by_itself(OWN, START + 1)
    assert not cpe.advance(START + 30)
    assert cpe.take_jobs() == ()
    assert only_job(cpe, START + 60).url == "http://other.example/tone"


def test_the_acs_may_not_want_to_hear_of_transfers_of_the_devices_own() -> None:
    row = "Device.ManagementServer.AutonomousTransferCompletePolicy.Enable,false,true,false,xsd:boolean\n"
    cpe = device(read_capture((SMALL + row).splitlines()))
    cpe.works.transfers.transfer_by_itself(OWN, START)
    serve(cpe, START, b"tone")
    assert converse(cpe, START + 3).events == [("2 PERIODIC", "")]


def test_a_device_asks_for_a_file_until_it_is_heard() -> None:
    cpe = device()
    cpe.works.transfers.request_download("1 Firmware Upgrade Image", [("Version", "2.0")], START)
    assert cpe.advance(START)
    cpe.open(START).begin(START)
    cpe.session_failed(START)
    heard = converse(cpe, cpe.due_at)
    assert ("9 REQUEST DOWNLOAD", "") in heard.events
    (told,) = heard.requests
    assert isinstance(told, RequestDownload)
    assert [(each.name, each.value) for each in told.file_type_arg] == [("Version", "2.0")]
