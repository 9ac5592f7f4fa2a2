"""What processes cost, their children included, and where they run."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True)
class Usage:
    """What some processes have used so far."""

    cpu_seconds: float
    """Processor time, of the user and of the system."""
    resident_bytes: int
    """Resident memory now."""


def usage(process_ids: Iterable[int]) -> Usage:
    """What these processes and all below them have used."""
    seconds, resident = 0.0, 0
    for process in _trees(process_ids):
        try:
            with process.oneshot():
                times, memory = process.cpu_times(), process.memory_info()
        except psutil.NoSuchProcess:  # a child that has just ended
            continue
        seconds += times.user + times.system
        resident += memory.rss
    return Usage(seconds, resident)


def is_alive(process_id: int) -> bool:
    """Whether a process runs; one that has ended and was not waited for does not."""
    try:
        return bool(psutil.Process(process_id).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def forget_peak(process_id: int) -> None:
    """Let what ``peak`` tells of a process begin anew. Linux only."""
    Path(f"/proc/{process_id}/clear_refs").write_text("5")


def peak(process_id: int) -> int:
    """Octets of memory that a process has had at most. Linux only."""
    status = Path(f"/proc/{process_id}/status").read_text()
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])


def pin(process_id: int, *cores: int) -> None:
    """Keep a process that has just been started, and the threads and children it will have, on some cores."""
    psutil.Process(process_id).cpu_affinity(list(cores))


def cores() -> tuple[int, int]:
    """The core for the server and the core for everything else; they are one where there is only one."""
    allowed = psutil.Process().cpu_affinity()
    return min(allowed), max(allowed)


def _trees(process_ids: Iterable[int]) -> list[psutil.Process]:
    found = []
    for process_id in process_ids:
        if psutil.pid_exists(process_id):
            process = psutil.Process(process_id)
            found += [process, *process.children(recursive=True)]
    return found
