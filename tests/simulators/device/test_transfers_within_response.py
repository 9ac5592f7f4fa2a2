"""Transfers whose end the answer to the request says, of devices that wait for it (A.3.2.8, Status 0)."""

from cwmp_schemas.decode import decode
from cwmp_schemas.encode import encode
from cwmp_schemas.envelope import Envelope
from cwmp_schemas.faults import Fault
from cwmp_schemas.messages import AcsRequest, Message
from cwmp_schemas.rpc.session import InformResponse
from cwmp_schemas.rpc.transfers import (
    Download,
    DownloadResponse,
    GetQueuedTransfers,
    GetQueuedTransfersResponse,
    QueuedTransfer,
    TransferComplete,
    Upload,
    UploadResponse,
)
from cwmp_schemas.values import UNKNOWN_TIME
from simulators.device.cpe import Cpe
from simulators.device.jobs import Job, Outcome
from simulators.device.session import CpeSession
from simulators.device.timing import AT_ONCE, Timing
from tests.simulators.device.conversing import START, ask, converse, device
from tests.simulators.device.serving import FIRMWARE, IMAGE, URL, completed, only_job

PAGES = "2 Web Content"
DOWNLOAD = Download("key", PAGES, URL)
NOT_YET = DownloadResponse(1, UNKNOWN_TIME, UNKNOWN_TIME)


def patient(apply: float = 0.0) -> Cpe:
    """A device whose answers wait ten seconds for the end of a transfer."""
    cpe = device()
    cpe.timing = Timing(AT_ONCE.boot, (apply, apply), AT_ONCE.diagnostics, AT_ONCE.unit_change, 10.0)
    return cpe


def opened(cpe: Cpe, now: float) -> CpeSession:
    """A session in which the ACS may ask."""
    cpe.advance(now)
    cpe.called(now)
    session = cpe.open(now)
    post = session.begin(now)
    session.receive(encode(Envelope(decode(post).envelope.id, InformResponse())), now)
    return session


def asked(cpe: Cpe, session: CpeSession, rpc: AcsRequest, now: float) -> Job:
    """What the device wants carried out while its answer waits."""
    assert session.receive(encode(Envelope("a", rpc)), now)
    assert session.pause == 10.0
    (job,) = cpe.take_jobs()
    return job


def late(session: CpeSession, now: float) -> Message:
    """The answer after the pause."""
    post = session.late_answer(now)
    assert post is not None
    envelope = decode(post).envelope
    assert envelope.id == "a"
    assert session.late_answer(now) is None
    return envelope.message


def over(cpe: Cpe, session: CpeSession, now: float) -> None:
    """The ACS has nothing more to ask."""
    assert session.receive(b"", now) is None
    cpe.session_over(now)
    cpe.advance(now)


def test_a_file_that_is_in_use_before_the_answer_is_told_by_it_and_not_again() -> None:
    cpe = patient(apply=3.0)
    session = opened(cpe, START)
    job = asked(cpe, session, DOWNLOAD, START)
    cpe.job_done(job, Outcome(200, 5, START + 1, START + 2, b"pages"), START + 2)
    answer = late(session, START + 10)
    assert isinstance(answer, DownloadResponse)
    assert (answer.status, answer.start_time.timestamp(), answer.complete_time.timestamp()) == (
        0,
        START + 1,
        START + 10,
    )
    over(cpe, session, START + 11)
    assert not cpe.wants_session
    assert ask(cpe, START + 12, GetQueuedTransfers()) == [GetQueuedTransfersResponse(())]


def test_a_file_that_was_sent_before_the_answer_is_told_by_it() -> None:
    cpe = patient()
    session = opened(cpe, START)
    job = asked(cpe, session, Upload("key", "2 Vendor Log File", URL), START)
    cpe.job_done(job, Outcome(201, 5, START, START + 2), START + 2)
    answer = late(session, START + 10)
    assert isinstance(answer, UploadResponse)
    assert (answer.status, answer.complete_time.timestamp()) == (0, START + 2)


def test_a_failure_before_the_answer_is_the_answer() -> None:
    cpe = patient()
    session = opened(cpe, START)
    job = asked(cpe, session, DOWNLOAD, START)
    cpe.job_done(job, Outcome(404, 0, START, START + 2), START + 2)
    answer = late(session, START + 10)
    assert isinstance(answer, Fault)
    assert answer.code == 9016
    assert session.done == ("rpc", "Download", 9016)
    over(cpe, session, START + 11)
    assert not cpe.wants_session


def test_what_takes_longer_than_the_answer_waits_is_told_later() -> None:
    cpe = patient()
    session = opened(cpe, START)
    job = asked(cpe, session, DOWNLOAD, START)
    assert late(session, START + 10) == NOT_YET
    over(cpe, session, START + 11)
    cpe.job_done(job, Outcome(200, 5, START, START + 20, b"pages"), START + 20)
    cpe.advance(START + 20)
    told = completed(converse(cpe, START + 20))
    assert (told.command_key, told.fault_struct.fault_code) == ("key", 0)


def test_a_file_that_is_put_to_use_more_slowly_than_the_answer_waits_is_told_later() -> None:
    cpe = patient(apply=15.0)
    session = opened(cpe, START)
    job = asked(cpe, session, DOWNLOAD, START)
    cpe.job_done(job, Outcome(200, 5, START, START + 2, b"pages"), START + 2)
    assert late(session, START + 10) == NOT_YET
    over(cpe, session, START + 11)
    cpe.advance(START + 17)
    assert completed(converse(cpe, START + 17)).complete_time.timestamp() == START + 17


def test_ends_that_no_answer_waited_for_after_all_are_told_each() -> None:
    cpe = patient()
    session = opened(cpe, START)
    for name in ("first", "second"):
        assert session.receive(encode(Envelope("a", Upload(name, "2 Vendor Log File", URL))), START)
        for job in cpe.take_jobs():
            cpe.job_done(job, Outcome(201, 5, START, START + 1), START + 1)
    over(cpe, session, START + 2)
    (job,) = cpe.take_jobs()
    cpe.job_done(job, Outcome(201, 5, START + 2, START + 3), START + 3)
    keys = [each.command_key for each in converse(cpe, START + 3).requests if isinstance(each, TransferComplete)]
    assert keys == ["first", "second"]


def test_firmware_is_never_in_use_before_the_device_has_restarted() -> None:
    cpe = patient()
    session = opened(cpe, START)
    job = asked(cpe, session, Download("key", FIRMWARE, URL), START)
    cpe.job_done(job, Outcome(200, len(IMAGE), START, START + 2, IMAGE), START + 2)
    assert late(session, START + 10) == NOT_YET
    assert cpe.tree.value("Device.DeviceInfo.SoftwareVersion", START) == "1.0"
    over(cpe, session, START + 11)
    assert completed(converse(cpe, START + 11)).fault_struct.fault_code == 0
    assert cpe.tree.value("Device.DeviceInfo.SoftwareVersion", START) == "2.0.1"


def test_an_end_that_came_before_a_session_failed_is_told_in_another() -> None:
    cpe = patient()
    session = opened(cpe, START)
    job = asked(cpe, session, Upload("key", "2 Vendor Log File", URL), START)
    cpe.job_done(job, Outcome(201, 5, START, START + 2), START + 2)
    cpe.session_failed(START + 5)
    heard = converse(cpe, cpe.due_at)
    assert ("M Upload", "key") in heard.events
    assert completed(heard).complete_time.timestamp() == START + 2


def test_only_one_transfer_at_a_time_is_waited_for_and_none_that_is_delayed() -> None:
    cpe = patient()
    session = opened(cpe, START)
    for rpc in (Download("late", PAGES, URL, delay_seconds=60), DOWNLOAD, Download("second", PAGES, URL)):
        session.receive(encode(Envelope("a", rpc)), START)
        if rpc is DOWNLOAD:
            assert late(session, START + 10) == NOT_YET
        else:
            assert session.pause == 0.0
            assert session.late_answer(START) is None
    over(cpe, session, START + 11)
    (queue,) = ask(cpe, START + 12, GetQueuedTransfers())
    assert isinstance(queue, GetQueuedTransfersResponse)
    assert set(queue.transfer_list) == {
        QueuedTransfer("late", 1),
        QueuedTransfer("key", 2),
        QueuedTransfer("second", 1),
    }


def test_a_restart_while_an_answer_waits_is_told_as_a_failure() -> None:
    cpe = patient()
    session = opened(cpe, START)
    asked(cpe, session, DOWNLOAD, START)
    cpe.restart(START + 5)
    assert completed(converse(cpe, START + 5)).fault_struct.fault_code == 9017


def test_other_devices_answer_at_once() -> None:
    cpe = device()
    session = opened(cpe, START)
    assert session.receive(encode(Envelope("a", DOWNLOAD)), START)
    assert session.pause == 0.0
    assert session.late_answer(START) is None
    assert cpe.take_jobs() == ()
    over(cpe, session, START)
    assert only_job(cpe, START).url == URL
