"""Scheduled downloads: within their windows, or told as missed."""

import pytest

from cwmp_schemas.rpc.transfers import (
    CancelTransfer,
    CancelTransferResponse,
    GetQueuedTransfers,
    GetQueuedTransfersResponse,
    QueuedTransfer,
    ScheduleDownload,
    ScheduleDownloadResponse,
    TimeWindow,
)
from simulators.device.chance import Chance
from simulators.device.cpe import Cpe
from simulators.device.jobs import Outcome
from simulators.device.timing import Timing
from simulators.device.windows import windows_of
from tests.simulators.device.conversing import START, ask, converse, device, fault_of
from tests.simulators.device.serving import FIRMWARE, URL, completed, only_job, serve

CONFIGURATION = "3 Vendor Configuration File"
NOW = "2 Immediately"


def window(start: int, end: int, mode: str = NOW, retries: int = 0) -> TimeWindow:
    """A time window."""
    return TimeWindow(start, end, mode, "", retries)


def scheduled(*windows: TimeWindow, file_type: str = CONFIGURATION) -> ScheduleDownload:
    """A scheduled download."""
    return ScheduleDownload("key", file_type, URL, "", "", 0, "", windows)


def told(cpe: Cpe, now: float) -> int:
    """The fault code of the TransferComplete that is told now."""
    heard = converse(cpe, now)
    assert ("M ScheduleDownload", "key") in heard.events
    return completed(heard).fault_struct.fault_code


def test_a_scheduled_download_begins_with_its_window_and_is_told_with_its_key() -> None:
    cpe = device()
    assert ask(cpe, START, scheduled(window(100, 200), file_type=FIRMWARE)) == [ScheduleDownloadResponse()]
    assert cpe.due_at == START + 100
    cpe.restart(START + 50)
    cpe.advance(START + 50)
    serve(cpe, START + 100)
    heard = converse(cpe, START + 103)
    told = {event for event, _ in heard.events}
    assert told == {"1 BOOT", "4 VALUE CHANGE", "7 TRANSFER COMPLETE", "M ScheduleDownload"}
    assert completed(heard).fault_struct.fault_code == 0


@pytest.mark.parametrize(
    ("mode", "latest"), [("1 At Any Time", 75), (NOW, 0), ("3 When Idle", 25), ("4 Confirmation Needed", 25)]
)
def test_each_mode_has_its_moment_within_the_window(mode: str, latest: int) -> None:
    chance = Chance("moments")
    moments = [windows_of((window(100, 200, mode),), chance, START)[0].begins_at for _ in range(200)]
    wanted = [at for at in moments if at < float("inf")]
    assert all(START + 100 <= at <= START + 100 + latest for at in wanted)
    assert latest == 0 or max(wanted) - min(wanted) > latest / 2
    # What needs a user's consent does not always get it.
    refused = len(moments) - len(wanted)
    assert 10 < refused < 80 if mode.startswith("4") else refused == 0


def test_a_window_that_passes_while_the_device_is_off_is_missed() -> None:
    cpe = device()
    cpe.timing = Timing(boot=(500.0, 500.0))
    ask(cpe, START, scheduled(window(100, 200)))
    cpe.restart(START + 50)
    assert cpe.advance(START + 550)
    assert cpe.take_jobs() == ()
    assert told(cpe, START + 550) == 9020


def test_what_is_not_done_within_a_window_is_tried_in_the_next() -> None:
    cpe = device()
    cpe.timing = Timing(apply=(60.0, 60.0))
    ask(cpe, START, scheduled(window(100, 150), window(1000, 1100)))
    serve(cpe, START + 100, b"#")
    assert cpe.due_at == START + 300  # its periodic session
    cpe.advance(START + 300)
    assert cpe.take_jobs() == ()
    serve(cpe, START + 1000, b"#")
    assert told(cpe, START + 1070) == 0


def test_it_is_tried_again_in_its_window_as_often_as_the_acs_allows() -> None:
    cpe = device()
    ask(cpe, START, scheduled(window(100, 1000, retries=2)))
    for attempt in range(3):
        serve(cpe, START + 100 + 62 * attempt, status=404)
    assert told(cpe, START + 300) == 9016
    assert cpe.take_jobs() == ()


def test_no_window_leaves_room_for_a_try_after_its_end() -> None:
    cpe = device()
    ask(cpe, START, scheduled(window(100, 150, retries=5)))
    serve(cpe, START + 100, status=404)
    assert told(cpe, START + 110) == 9016


def test_a_transfer_that_waits_for_another_can_miss_its_window() -> None:
    cpe = device()
    ask(cpe, START, scheduled(window(0, 1000)), scheduled(window(10, 20)))
    job = only_job(cpe, START)
    cpe.advance(START + 20)
    cpe.job_done(job, Outcome(200, 1, START, START + 30, b"#"), START + 30)
    cpe.advance(START + 30)
    heard = converse(cpe, START + 31)
    codes = [message.fault_struct.fault_code for message in heard.requests if hasattr(message, "fault_struct")]
    assert sorted(codes) == [0, 9020]


@pytest.mark.parametrize(
    "windows",
    [
        (),
        (window(0, 1), window(2, 3), window(4, 5)),
        (window(0, 10), window(5, 20)),
        (window(10, 5),),
        (window(0, 10, "5 Whenever"),),
        (window(0, 10, retries=-2),),
    ],
)
def test_windows_that_cannot_be_are_refused(windows: tuple[TimeWindow, ...]) -> None:
    cpe = device()
    assert fault_of(ask(cpe, START, scheduled(*windows))).code == 9003
    assert ask(cpe, START, GetQueuedTransfers()) == [GetQueuedTransfersResponse(())]


def test_a_scheduled_download_is_in_the_queue_and_can_be_cancelled() -> None:
    cpe = device()
    ask(cpe, START, scheduled(window(100, 200)))
    assert ask(cpe, START, GetQueuedTransfers()) == [GetQueuedTransfersResponse((QueuedTransfer("key", 1),))]
    assert ask(cpe, START, CancelTransfer("key")) == [CancelTransferResponse()]
    cpe.advance(START + 200)
    assert cpe.take_jobs() == ()
