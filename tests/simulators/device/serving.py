"""The driver's side of transfers in a test: it takes the jobs of a device and says how they ended."""

from cwmp_schemas.rpc.transfers import Download, TransferComplete
from simulators.device.cpe import Cpe
from simulators.device.jobs import Job, Outcome
from tests.simulators.device.conversing import Conversation, ask, converse

URL = "http://files.example/firmware.bin"
IMAGE = b"version=2.0.1\nmodel=Box\n\n" + bytes(64)
FIRMWARE = "1 Firmware Upgrade Image"


def only_job(cpe: Cpe, now: float) -> Job:
    """The only thing that the device wants carried out now."""
    cpe.advance(now)
    (job,) = cpe.take_jobs()
    return job


def serve(
    cpe: Cpe, now: float, head: bytes = IMAGE, *, status: int = 200, octets: int | None = None, reason: str = ""
) -> Job:
    """Carry out the only job: it takes two seconds, then the device looks at it."""
    job = only_job(cpe, now)
    count = len(head) if octets is None else octets
    cpe.job_done(job, Outcome(status, count, now, now + 2, head, reason), now + 2)
    cpe.advance(now + 2)
    return job


def download(cpe: Cpe, now: float, head: bytes = IMAGE, **wanted: object) -> Conversation:
    """A download from its request to the session that tells its end, three seconds later."""
    arguments = {"command_key": "key", "file_type": FIRMWARE, "url": URL, **wanted}
    ask(cpe, now, Download(**arguments))  # type: ignore[arg-type]
    serve(cpe, now, head)
    return converse(cpe, now + 3)


def completed(heard: Conversation) -> TransferComplete:
    """The only request of the device, which says how a transfer ended."""
    (message,) = heard.requests
    assert isinstance(message, TransferComplete)
    return message
