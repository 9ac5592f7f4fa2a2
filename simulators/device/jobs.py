"""What a device wants fetched or sent over HTTP: its driver carries the jobs out and says how they ended.

for job in cpe.take_jobs(): ... carry it out ...; cpe.job_done(job, outcome, now)

A driver asks for jobs after each ``advance`` and after each session. A device that restarts in between has forgotten
its jobs: what comes of them is not looked at.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal

from cwmp_schemas.faults import CpeFault

MAX_JOBS: Final = 64
"""How many jobs a device may have under way or waiting for its driver."""
HEAD: Final = 4_096
"""How many octets of a file a device looks at."""
MAX_FILE: Final = 256 * 1024 * 1024
"""The longest file a device can store."""

# No user name before the host: A.3.2.8 and A.4.1.5 forbid it.
_URL: Final = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?:\[[0-9a-f:.%]+\]|[^\s/?#@:\[\]]+)(?::(?P<port>\d{1,5})?)?(?:[/?#]\S*)?",
    re.IGNORECASE,
)
_PORTS: Final = range(1, 65_536)


@dataclass(frozen=True, slots=True)
class Job:
    """A file to fetch or to send."""

    key: int
    """Its number, unique for the device."""
    method: Literal["GET", "PUT"]
    """GET fetches, PUT sends."""
    url: str
    """Where from or where to, as the ACS wrote it: it may be no URL at all."""
    username: str = ""
    """For a server that asks for a login (Basic or Digest)."""
    password: str = field(default="", repr=False)
    """For the same."""
    body: bytes = field(default=b"", repr=False)
    """What is sent."""
    max_octets: int = MAX_FILE
    """Where the driver stops fetching; the outcome then counts more octets than this."""
    name: str = ""
    """How a file that is sent is called."""
    kind: str = "file"
    """What it is, for counting."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file is, or where it is to go."""

    url: str
    """As the ACS wrote it."""
    username: str = ""
    """For the file server."""
    password: str = field(default="", repr=False)
    """For the file server."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended."""

    status: int
    """The status of the last reply; 0 when no reply came at all."""
    octets: int
    """How much of the file went over the line."""
    started_at: float
    """When the first octet was asked for."""
    completed_at: float
    """When the last one had come."""
    head: bytes = field(default=b"", repr=False)
    """The first 4 KiB of what was fetched."""
    reason: str = ""
    """What went wrong, in a few words; empty when the whole reply came. With a good status it was cut short."""


Done = Callable[[Outcome, float], None]
"""What is done with the outcome."""


class Jobs:
    """The jobs of a device."""

    __slots__ = ("_count", "_under_way", "_waiting")

    def __init__(self) -> None:
        self._count = 0
        self._waiting: tuple[Job, ...] = ()
        self._under_way: dict[int, Done] = {}

    def __len__(self) -> int:
        return len(self._under_way)

    @property
    def is_full(self) -> bool:
        """Whether no more can be given out."""
        return len(self._under_way) >= MAX_JOBS

    @property
    def is_waiting(self) -> bool:
        """Whether there is something for the driver to take."""
        return bool(self._waiting)

    def fetch(self, place: Place, done: Done, kind: str = "file") -> None:
        """Have a file fetched; whoever lets others ask for it looks at ``is_full`` before."""
        self._add(Job(self._next_key(), "GET", place.url, place.username, place.password, kind=kind), done)

    def send(self, place: Place, body: bytes, name: str, done: Done, kind: str = "file") -> None:
        """Have a file sent."""
        job = Job(self._next_key(), "PUT", place.url, place.username, place.password, body, name=name, kind=kind)
        self._add(job, done)

    def take(self) -> tuple[Job, ...]:
        """What is to be carried out now; each job is given once."""
        taken, self._waiting = self._waiting, ()
        return taken

    def done(self, job: Job, outcome: Outcome, now: float) -> None:
        """A job has ended; one that the device has forgotten is not looked at."""
        done = self._under_way.pop(job.key, None)
        if done is not None:
            done(outcome, now)

    def wants(self, job: Job) -> bool:
        """Whether the device still waits for the end of a job."""
        return job.key in self._under_way

    def clear(self) -> None:
        """Forget everything (a restart)."""
        self._waiting = ()
        self._under_way.clear()

    def _next_key(self) -> int:
        self._count += 1
        return self._count

    def _add(self, job: Job, done: Done) -> None:
        self._waiting += (job,)
        self._under_way[job.key] = done


def scheme_fault(url: str) -> CpeFault | None:
    """Why a URL cannot be used at all: its protocol is none that the device speaks, or it has a login in it."""
    parts = _URL.fullmatch(url.strip())
    if parts is None or int(parts["port"] or 1) not in _PORTS:
        return CpeFault.INVALID_ARGUMENTS
    return None if parts["scheme"].lower() in {"http", "https"} else CpeFault.UNSUPPORTED_PROTOCOL


def fault_of_fetch(outcome: Outcome, size: int) -> CpeFault | None:
    """Why a fetched file cannot be used (A.5.1); None if it came whole. A size of 0 is not known."""
    if outcome.status == 0:
        return CpeFault.FILE_SERVER_UNREACHABLE
    if outcome.status in {401, 407}:
        return CpeFault.FILE_SERVER_AUTHENTICATION
    if 400 <= outcome.status < 500:
        return CpeFault.FILE_NOT_ACCESSIBLE
    if not 200 <= outcome.status < 300:
        return CpeFault.TRANSFER_FAILED
    if outcome.reason or (size and outcome.octets != size):
        return CpeFault.DOWNLOAD_INCOMPLETE
    return None


def fault_of_sending(outcome: Outcome) -> CpeFault | None:
    """Why a file could not be sent (A.5.1); None if it has arrived."""
    if outcome.status in {401, 407}:
        return CpeFault.FILE_SERVER_AUTHENTICATION
    if outcome.status == 0:
        return CpeFault.FILE_SERVER_UNREACHABLE
    return None if 200 <= outcome.status < 300 and not outcome.reason else CpeFault.UPLOAD_FAILED
