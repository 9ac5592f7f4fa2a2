"""Downloads: accepted, fetched, put to use, told until the ACS knows."""

import pytest

from cwmp_schemas.faults import CpeFault, Fault
from cwmp_schemas.messages import Message
from cwmp_schemas.rpc.control import FactoryReset, Reboot
from cwmp_schemas.rpc.transfers import (
    CancelTransfer,
    CancelTransferResponse,
    Download,
    DownloadResponse,
    GetAllQueuedTransfers,
    GetAllQueuedTransfersResponse,
    GetQueuedTransfers,
    GetQueuedTransfersResponse,
    TransferComplete,
)
from cwmp_schemas.values import UNKNOWN_TIME
from simulators.device.cpe import Cpe
from simulators.device.errors import RefusedError
from simulators.device.jobs import MAX_FILE, Outcome
from simulators.device.quirk_names import quirk
from simulators.device.timing import Timing
from tests.simulators.device.conversing import START, acknowledgement, ask, converse, device, fault_of
from tests.simulators.device.serving import FIRMWARE, IMAGE, URL, completed, download, only_job, serve

VERSION = "Device.DeviceInfo.SoftwareVersion"
CONFIGURATION = "3 Vendor Configuration File"
DONE = [("7 TRANSFER COMPLETE", ""), ("M Download", "key")]


def queue(cpe: Cpe, now: float) -> list[tuple[str, int]]:
    """Keys and states of what GetQueuedTransfers names."""
    (answer,) = ask(cpe, now, GetQueuedTransfers())
    assert isinstance(answer, GetQueuedTransfersResponse)
    return [(each.command_key, each.state) for each in answer.transfer_list]


def test_a_download_is_accepted_and_fetched_once_the_session_is_over() -> None:
    cpe = device()
    (answer,) = ask(cpe, START, Download("key", FIRMWARE, URL, "user", "secret"))
    assert answer == DownloadResponse(1, UNKNOWN_TIME, UNKNOWN_TIME)
    job = only_job(cpe, START)
    assert (job.method, job.url, job.username, job.password) == ("GET", URL, "user", "secret")


def test_nothing_is_fetched_while_the_session_is_open() -> None:
    cpe = device()
    cpe.advance(START)
    cpe.open(START).begin(START)
    cpe.carry_out(Download("key", FIRMWARE, URL), START)
    cpe.advance(START + 1)
    assert cpe.take_jobs() == ()
    cpe.session_over(START + 2)
    assert only_job(cpe, START + 2).url == URL


def test_new_firmware_is_told_after_the_restart_with_its_version_and_its_times() -> None:
    cpe = device()
    heard = download(cpe, START)
    assert heard.events == [*DONE, ("1 BOOT", ""), ("4 VALUE CHANGE", "")]
    told = completed(heard)
    assert (told.command_key, told.fault_struct.fault_code) == ("key", 0)
    assert (told.start_time.timestamp(), told.complete_time.timestamp()) == (START, START + 2)
    assert {each.name: each.value for each in heard.inform.parameter_list}[VERSION] == "2.0.1"


def test_the_start_that_is_told_is_when_the_file_was_asked_for() -> None:
    cpe = device()
    ask(cpe, START, Download("key", CONFIGURATION, URL))
    job = only_job(cpe, START)
    cpe.job_done(job, Outcome(200, 1, START + 7, START + 9, b"#"), START + 9)
    assert completed(converse(cpe, START + 9)).start_time.timestamp() == START + 7


def test_firmware_is_in_use_after_it_was_written_and_the_device_has_started_again() -> None:
    cpe = device()
    cpe.timing = Timing(boot=(60.0, 60.0), apply=(10.0, 10.0))
    ask(cpe, START, Download("key", FIRMWARE, URL))
    serve(cpe, START)
    assert queue(cpe, START + 5) == [("key", 3)]
    assert cpe.due_at == START + 12
    assert not cpe.advance(START + 12)
    assert cpe.due_at == START + 72
    heard = converse(cpe, START + 72)
    assert completed(heard).complete_time.timestamp() == START + 72


def test_a_transfer_is_told_in_each_session_until_the_acs_knows() -> None:
    cpe = device()
    ask(cpe, START, Download("key", FIRMWARE, URL))
    serve(cpe, START)
    now = START + 3
    for attempt in range(2):
        assert cpe.advance(now)
        session = cpe.open(now)
        assert b"TRANSFER COMPLETE" in session.begin(now)
        cpe.session_failed(now)
        now = cpe.due_at + 1
        if attempt == 0:
            cpe.restart(now)
    heard = converse(cpe, now)
    assert {event for event, _ in heard.events} == {"1 BOOT", "4 VALUE CHANGE", "7 TRANSFER COMPLETE", "M Download"}
    assert completed(heard).command_key == "key"
    assert not cpe.wants_session


def test_two_transfers_with_one_key_are_told_one_by_one() -> None:
    """And the same file is fetched twice: the ACS may have changed it."""
    cpe = device()
    ask(cpe, START, *(Download("key", CONFIGURATION, URL),) * 2)
    for now in (START, START + 2):
        assert serve(cpe, now, b"# nothing\n").url == URL
    heard = converse(cpe, START + 5)
    assert heard.events == [*DONE, DONE[-1]]
    assert [type(each) for each in heard.requests] == [TransferComplete, TransferComplete]


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ({"status": 0, "reason": "no connection"}, 9015),
        ({"status": 401}, 9012),
        ({"status": 404}, 9016),
        ({"status": 500}, 9010),
        ({"reason": "connection cut"}, 9017),
        ({"octets": 99}, 9017),
        ({"head": b""}, 9018),
        ({"head": b"<html>log in first</html>", "octets": 100}, 9018),
        ({"head": b"version=2\nmodel=Other\n\n" + bytes(77), "octets": 100}, 9018),
        ({"head": b"version=2\nsignature=none\n\n" + bytes(74), "octets": 100}, 9019),
    ],
)
def test_what_went_wrong_with_a_download_is_told_and_changes_nothing(end: dict[str, object], code: int) -> None:
    cpe = device()
    ask(cpe, START, Download("key", FIRMWARE, URL, file_size=100 if end.get("head") != b"" else 0))
    serve(cpe, START, **{"octets": 100, **({"octets": 0} if end.get("head") == b"" else {}), **end})  # type: ignore[arg-type]
    heard = converse(cpe, START + 3)
    assert heard.events == DONE
    assert completed(heard).fault_struct.fault_code == code
    assert cpe.tree.value(VERSION, START) == "1.0"
    # It is not tried again (A.3.2.8).
    assert cpe.take_jobs() == ()


def test_a_size_of_zero_says_nothing_about_the_file() -> None:
    assert completed(download(device(), START, file_size=0)).fault_struct.fault_code == 0
    assert completed(download(device(), START, file_size=len(IMAGE))).fault_struct.fault_code == 0


@pytest.mark.parametrize(
    ("url", "file_type", "size", "code"),
    [
        ("http://user:secret@files.example/a", FIRMWARE, 0, 9003),
        ("files.example/a", FIRMWARE, 0, 9003),
        ("ftp://files.example/a", FIRMWARE, 0, 9013),
        (URL, "1 Firmware", 0, 9003),
        (URL, "", 0, 9003),
        (URL, "4 Tone File", 0, 9001),
        (URL, FIRMWARE, MAX_FILE + 1, 9004),
    ],
)
def test_what_cannot_be_done_is_refused_at_once(url: str, file_type: str, size: int, code: int) -> None:
    cpe = device()
    assert fault_of(ask(cpe, START, Download("key", file_type, url, file_size=size))).code == code
    cpe.advance(START)
    assert cpe.take_jobs() == ()


@pytest.mark.parametrize("file_type", ["2 Web Content", CONFIGURATION, "X ACME Splash Screen", "X 00A0F1 Logo"])
def test_other_files_are_in_use_without_a_restart(file_type: str) -> None:
    heard = download(device(), START, b"anything", file_type=file_type)
    assert heard.events == DONE
    assert completed(heard).fault_struct.fault_code == 0


def test_a_delay_passes_before_the_file_is_fetched() -> None:
    cpe = device()
    ask(cpe, START, Download("key", FIRMWARE, URL, delay_seconds=100))
    assert cpe.due_at == START + 100
    assert queue(cpe, START + 50) == [("key", 1)]
    assert only_job(cpe, START + 100).url == URL


def test_a_delay_that_ends_within_a_session_lasts_until_its_end() -> None:
    cpe = device()
    ask(cpe, START, Download("key", FIRMWARE, URL, delay_seconds=10))
    cpe.called(START + 9)
    cpe.open(START + 9).begin(START + 9)
    cpe.advance(START + 11)
    assert cpe.take_jobs() == ()
    cpe.session_over(START + 12)
    assert only_job(cpe, START + 12).url == URL


def test_transfers_are_carried_out_one_after_the_other_each_at_its_time() -> None:
    cpe = device()
    late = Download("late", CONFIGURATION, "http://files.example/late", delay_seconds=60)
    ask(cpe, START, late, Download("soon", CONFIGURATION, "http://files.example/soon"))
    job = only_job(cpe, START)
    assert job.url == "http://files.example/soon"
    cpe.advance(START + 70)
    assert cpe.take_jobs() == ()
    assert queue(cpe, START + 70) == [("late", 1), ("soon", 2)]
    cpe.job_done(job, Outcome(200, 1, START, START + 80, b"#"), START + 80)
    assert only_job(cpe, START + 80).url == "http://files.example/late"


def test_the_queue_takes_ten_and_refuses_more() -> None:
    wanted = [Download(str(number), FIRMWARE, URL, delay_seconds=60) for number in range(11)]
    *accepted, last = ask(device(), START, *wanted)
    assert all(isinstance(answer, DownloadResponse) for answer in accepted)
    assert isinstance(last, Fault)
    assert last.code == CpeFault.RESOURCES_EXCEEDED


def test_a_device_with_too_much_to_tell_takes_no_more() -> None:
    cpe = device()
    while not cpe.pending.is_full:
        cpe.pending.add("M Reboot", "again and again")
    with pytest.raises(RefusedError) as refused:
        cpe.carry_out(Download("key", FIRMWARE, URL), START)
    assert refused.value.fault.code == 9004


def test_the_queue_outlives_a_restart() -> None:
    cpe = device()
    cpe.timing = Timing(boot=(60.0, 60.0), apply=(0.0, 0.0))
    late = Download("late", CONFIGURATION, URL, delay_seconds=600)
    ask(cpe, START, Download("soon", CONFIGURATION, URL), late, Reboot("key"))
    assert not cpe.advance(START)
    assert cpe.take_jobs() == ()
    assert cpe.advance(START + 60)
    assert len(cpe.take_jobs()) == 1
    assert queue(cpe, START + 60) == [("soon", 2), ("late", 1)]
    assert cpe.due_at > START + 60


def test_what_a_restart_cuts_off_is_told_as_incomplete_and_not_tried_again() -> None:
    cpe = device()
    ask(cpe, START, Download("key", CONFIGURATION, URL))
    job = only_job(cpe, START)
    cpe.restart(START + 1)
    cpe.job_done(job, Outcome(200, 1, START, START + 2, b"#"), START + 2)
    heard = converse(cpe, START + 3)
    assert heard.events == [*DONE, ("1 BOOT", "")]
    assert completed(heard).fault_struct.fault_code == 9017
    cpe.advance(START + 4)
    assert cpe.take_jobs() == ()


def test_firmware_that_is_stored_is_in_use_after_whatever_restart() -> None:
    cpe = device()
    cpe.timing = Timing(boot=(0.0, 0.0), apply=(100.0, 100.0))
    ask(cpe, START, Download("key", FIRMWARE, URL))
    serve(cpe, START)
    cpe.restart(START + 10)
    heard = converse(cpe, START + 10)
    assert completed(heard).fault_struct.fault_code == 0
    assert cpe.tree.value(VERSION, START) == "2.0.1"
    # It does not restart once more.
    assert not cpe.advance(START + 200)
    assert cpe.is_on


def test_a_factory_reset_forgets_the_queue_but_not_the_firmware() -> None:
    cpe = device()
    download(cpe, START)
    ask(cpe, START + 10, Download("key", FIRMWARE, URL, delay_seconds=60), FactoryReset())
    assert converse(cpe, START + 10).events == [("0 BOOTSTRAP", ""), ("1 BOOT", "")]
    assert queue(cpe, START + 11) == []
    assert cpe.tree.value(VERSION, START) == "2.0.1"


def test_a_transfer_that_has_not_begun_can_be_cancelled_and_is_never_told() -> None:
    cpe = device()
    ask(
        cpe, START, Download("key", FIRMWARE, URL, delay_seconds=60), Download("other", FIRMWARE, URL, delay_seconds=90)
    )
    assert ask(cpe, START, CancelTransfer("key")) == [CancelTransferResponse()]
    assert queue(cpe, START) == [("other", 1)]
    cpe.advance(START + 60)
    assert cpe.take_jobs() == ()
    assert only_job(cpe, START + 90).url == URL


@pytest.mark.parametrize("stored", [False, True])
def test_a_transfer_that_has_begun_cannot_be_cancelled(stored: bool) -> None:
    cpe = device()
    cpe.timing = Timing(apply=(60.0, 60.0))
    ask(cpe, START, Download("key", FIRMWARE, URL))
    if stored:
        serve(cpe, START)
    else:
        only_job(cpe, START)
    assert fault_of(ask(cpe, START + 3, CancelTransfer("key"))).code == CpeFault.CANCEL_NOT_PERMITTED
    assert fault_of(ask(cpe, START + 3, CancelTransfer("unknown"))).code == CpeFault.CANCEL_NOT_PERMITTED
    assert queue(cpe, START + 3) == [("key", 3 if stored else 2)]


def test_the_long_list_of_transfers_says_what_they_are() -> None:
    cpe = device()
    ask(cpe, START, Download("key", CONFIGURATION, URL, file_size=7, target_file_name="a.cfg", delay_seconds=60))
    (answer,) = ask(cpe, START, GetAllQueuedTransfers())
    assert isinstance(answer, GetAllQueuedTransfersResponse)
    (listed,) = answer.transfer_list
    assert (listed.command_key, listed.state, listed.is_download) == ("key", 1, True)
    assert (listed.file_type, listed.file_size, listed.target_file_name) == (CONFIGURATION, 7, "a.cfg")


def test_an_acs_that_cannot_be_told_now_is_told_later_and_not_in_the_same_session() -> None:
    """Only the response acknowledges (table 8): after another fault than 8005 it is tried as after a failed session."""
    cpe = device()
    ask(cpe, START, Download("key", FIRMWARE, URL))
    serve(cpe, START)

    def refuse(message: Message) -> Message:
        return Fault(8002, "no") if isinstance(message, TransferComplete) else acknowledgement(message)

    completed(converse(cpe, START + 3, acknowledge=refuse))
    assert START + 8 <= cpe.due_at <= START + 13
    completed(converse(cpe, cpe.due_at))
    assert not cpe.wants_session


def test_an_acs_without_the_method_is_told_nothing_twice() -> None:
    cpe = device()
    ask(cpe, START, Download("key", FIRMWARE, URL))
    serve(cpe, START)

    def refuse(message: Message) -> Message:
        return Fault(8000, "no") if isinstance(message, TransferComplete) else acknowledgement(message)

    completed(converse(cpe, START + 3, acknowledge=refuse))
    assert not cpe.wants_session


def test_devices_that_never_tell_or_forget_the_key_do_so() -> None:
    silent, forgetful = device(), device()
    silent.quirks = quirk("no-transfer-complete")
    forgetful.quirks = quirk("forgets-command-key")
    ask(silent, START, Download("key", FIRMWARE, URL))
    serve(silent, START)
    heard = converse(silent, START + 3)
    assert heard.events == [("1 BOOT", ""), ("4 VALUE CHANGE", "")]
    assert heard.requests == []
    assert completed(download(forgetful, START)).command_key == ""
