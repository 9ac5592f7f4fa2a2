"""What a device has fetched and sent, and what it makes of how that ended."""

import pytest

from cwmp_schemas.faults import CpeFault
from simulators.device.jobs import Job, Jobs, Outcome, Place, fault_of_fetch, fault_of_sending, scheme_fault
from tests.simulators.device.conversing import START, device


def outcome(status: int = 200, octets: int = 10, reason: str = "") -> Outcome:
    """How a job ended."""
    return Outcome(status, octets, START, START + 1, b"", reason)


def test_a_job_is_given_to_the_driver_once_and_its_outcome_comes_back_once() -> None:
    cpe, ends = device(), []
    cpe.jobs.fetch(Place("http://files.example/1", "user", "secret"), lambda outcome, now: ends.append((outcome, now)))
    (job,) = cpe.take_jobs()
    assert (job.method, job.url, job.username, job.password) == ("GET", "http://files.example/1", "user", "secret")
    assert cpe.take_jobs() == ()
    for _ in range(2):
        cpe.job_done(job, outcome(), START + 2)
    assert ends == [(outcome(), START + 2)]


def test_what_is_sent_is_in_the_job_and_secrets_are_not_in_its_text() -> None:
    jobs = Jobs()
    jobs.send(Place("http://files.example/1", "user", "secret"), b"hidden", "log.txt", lambda outcome, now: None)
    (job,) = jobs.take()
    assert (job.method, job.body, job.name) == ("PUT", b"hidden", "log.txt")
    assert "secret" not in repr(job)
    assert "hidden" not in repr(job)


def test_a_device_that_restarts_has_forgotten_its_jobs() -> None:
    cpe, ends = device(), []
    for number in (1, 2):
        cpe.jobs.fetch(Place(f"http://files.example/{number}"), lambda outcome, now: ends.append(outcome))
        if number == 1:
            (begun,) = cpe.take_jobs()
    cpe.restart(START)
    assert cpe.take_jobs() == ()
    cpe.job_done(begun, outcome(), START + 1)
    assert ends == []
    # What is fetched afterwards has another number.
    cpe.jobs.fetch(Place("http://files.example/3"), lambda outcome, now: None)
    assert cpe.take_jobs()[0].key > begun.key


def test_there_is_an_end_to_the_jobs_of_a_device() -> None:
    jobs = Jobs()
    while not jobs.is_full:
        jobs.fetch(Place("http://files.example/"), lambda outcome, now: None)
    assert len(jobs) == 64
    jobs.done(Job(1, "GET", ""), outcome(), START)
    assert not jobs.is_full


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("http://files.example/a?b=c", None),
        ("HTTPS://[2001:db8::1]:8443/a", None),
        ("ftp://files.example/a", CpeFault.UNSUPPORTED_PROTOCOL),
        ("http://user:secret@files.example/a", CpeFault.INVALID_ARGUMENTS),
        ("http://files.example:99999/", CpeFault.INVALID_ARGUMENTS),
        ("http:///a", CpeFault.INVALID_ARGUMENTS),
        ("http://[/", CpeFault.INVALID_ARGUMENTS),
        ("", CpeFault.INVALID_ARGUMENTS),
    ],
)
def test_a_url_is_refused_for_what_is_wrong_with_it(url: str, fault: CpeFault | None) -> None:
    assert scheme_fault(url) is fault


@pytest.mark.parametrize(
    ("end", "size", "fault"),
    [
        (outcome(), 0, None),
        (outcome(), 10, None),
        (outcome(octets=11), 10, CpeFault.DOWNLOAD_INCOMPLETE),
        (outcome(reason="connection cut"), 0, CpeFault.DOWNLOAD_INCOMPLETE),
        (outcome(0, 0, "no connection"), 0, CpeFault.FILE_SERVER_UNREACHABLE),
        (outcome(401), 0, CpeFault.FILE_SERVER_AUTHENTICATION),
        (outcome(403), 0, CpeFault.FILE_NOT_ACCESSIBLE),
        (outcome(404), 0, CpeFault.FILE_NOT_ACCESSIBLE),
        (outcome(302), 0, CpeFault.TRANSFER_FAILED),
        (outcome(500), 0, CpeFault.TRANSFER_FAILED),
    ],
)
def test_a_fetched_file_fails_for_what_went_wrong(end: Outcome, size: int, fault: CpeFault | None) -> None:
    assert fault_of_fetch(end, size) is fault


@pytest.mark.parametrize(
    ("end", "fault"),
    [
        (outcome(204), None),
        (outcome(401), CpeFault.FILE_SERVER_AUTHENTICATION),
        (outcome(413), CpeFault.UPLOAD_FAILED),
        (outcome(200, reason="connection cut"), CpeFault.UPLOAD_FAILED),
        (outcome(0, 0, "no connection"), CpeFault.FILE_SERVER_UNREACHABLE),
    ],
)
def test_a_file_that_is_sent_fails_for_what_went_wrong(end: Outcome, fault: CpeFault | None) -> None:
    assert fault_of_sending(end) is fault
