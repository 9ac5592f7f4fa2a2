"""What the server holds as time goes on: memory, open files, threads, tasks, objects, operations."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Final

import psutil

from simulators.report.document import Expectation

TOLERANCE: Final = 0.03
"""By this share the last third of the run may hold more memory than the first one, and ..."""
SLACK: Final = 4 << 20
"""... by so many octets more: what the allocator keeps of what it was given back."""
PAGES: Final = 3 * (64 << 20) + (8 << 20)
"""Octets that SQLite may keep: 64 MiB of pages for each of three connections, and what it needs beside."""
_MIB: Final = 1 << 20
_LEAST: Final = 6
# Threads that wait for files and names; they are started when there is work, and stay.
_POOL: Final = 6


@dataclass(frozen=True, slots=True)
class Sample:
    """The server at one moment."""

    at: float
    """Seconds from the start of the run."""
    memory: int
    """Octets of memory that are its own and in use (RSS)."""
    files: int
    """Open files and sockets."""
    threads: int
    """Threads."""
    cpu: float
    """Seconds of the processor since it was started."""


@dataclass(frozen=True, slots=True)
class Census:
    """What it says itself that it holds."""

    at: float
    """Seconds from the start of the run."""
    tasks: dict[str, int]
    """Tasks, by what they run."""
    objects: int
    """Python objects that were made since it serves, and are still held."""
    kinds: dict[str, int]
    """The most frequent of them, by their type."""
    remembered: dict[str, float]
    """Entries of queues and caches, by its metrics."""
    blocks: int
    """Blocks of memory that Python's objects have, those that the collector does not know among them."""
    pages: int
    """Octets of memory that SQLite keeps: pages of its file, up to a bound for each connection."""
    memory: int
    """Octets of memory that the process holds (RSS)."""


@dataclass(frozen=True, slots=True)
class Stand:
    """How far the work is at one moment."""

    at: float
    """Seconds from the start of the run."""
    operations: dict[str, int]
    """Operations by their state."""
    bulk: int
    """Devices that bulk requests have seen to."""
    updated: int
    """Devices that have the new firmware."""


@dataclass(slots=True)
class Watch:
    """All that was seen."""

    samples: list[Sample] = field(default_factory=list)
    """The server from outside."""
    censuses: list[Census] = field(default_factory=list)
    """The server from inside."""
    stands: list[Stand] = field(default_factory=list)
    """The work."""

    def sample(self, pid: int, at: float) -> None:
        """Look at the process."""
        process = psutil.Process(pid)
        with process.oneshot():
            times = process.cpu_times()
            self.samples.append(
                Sample(
                    at, process.memory_info().rss, process.num_fds(), process.num_threads(), times.user + times.system
                )
            )

    def ask(self, pid: int, said: dict[str, Any], metrics: str, at: float) -> None:
        """Keep what it says itself."""
        kept, memory = remembered(metrics), psutil.Process(pid).memory_info().rss
        self.censuses.append(
            Census(at, said["tasks"], said["objects"], said["kinds"], kept, said["blocks"], said["pages"], memory)
        )


def remembered(metrics: str) -> dict[str, float]:
    """Entries of queues and caches, by kind."""
    found: dict[str, float] = {}
    for line in metrics.splitlines():
        name, _, value = line.rpartition(" ")
        if name.startswith('aioacs_remembered{kind="'):
            found[name.partition('"')[2].partition('"')[0]] = float(value)
    return found


def growth(values: Sequence[float]) -> tuple[float, float]:
    """The median of the first and of the last third: what is between two of them does not count."""
    third = len(values) // 3
    return median(values[:third]), median(values[-third:])


def of_growth(watch: Watch, warm: float, until: float) -> list[Expectation]:
    """Whether the server held no more at the end than at the beginning, once it was warm."""
    samples = [each for each in watch.samples if warm <= each.at <= until]
    if len(samples) < _LEAST:
        return []
    found = [
        _bounded("server open files", [each.files for each in samples], 0.1, 20),
        _bounded("server threads", [each.threads for each in samples], 0.0, _POOL),
    ]
    censuses = [each for each in watch.censuses if warm <= each.at <= until]
    if len(censuses) >= _LEAST:
        own = [(each.memory - each.pages) / _MIB for each in censuses]
        pages = max(each.pages for each in censuses) / _MIB
        found += [
            _bounded("server memory beside the pages of its file, MiB", own, TOLERANCE, SLACK / _MIB),
            # They grow with the file, by design, and have this bound.
            Expectation("pages of its file, MiB", f"<= {PAGES / _MIB:g}", round(pages, 1), pages <= PAGES / _MIB),
            _bounded("server blocks of Python's memory", [each.blocks for each in censuses], 0.02, 20_000),
        ]
        found.append(_bounded("server tasks", [sum(each.tasks.values()) for each in censuses], 0.1, 10))
        found.append(_bounded("server Python objects", [each.objects for each in censuses], 0.05, 10_000))
    return found


def growing(watch: Watch, warm: float, until: float) -> list[str]:
    """What grew most, by the types of objects and the names of caches."""
    censuses = [each for each in watch.censuses if warm <= each.at <= until]
    if len(censuses) < 2:
        return []
    first, last = censuses[0], censuses[-1]
    more = Counter({kind: last.kinds[kind] - first.kinds.get(kind, 0) for kind in last.kinds})
    kept = Counter({kind: last.remembered[kind] - first.remembered.get(kind, 0) for kind in last.remembered})
    return [f"{kind}: {number:+,.0f}" for kind, number in (*more.most_common(8), *kept.most_common(8)) if number > 0]


def descriptors(pid: int) -> Counter[str]:
    """What a process has open: files by name, sockets by what they are for."""
    process = psutil.Process(pid)
    sockets = Counter(f"{each.status.lower()} connection" for each in process.net_connections("tcp"))
    found: Counter[str] = Counter()
    for number in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            target = str(number.readlink())
            found[Path(target).name if target.startswith("/") else target.partition(":")[0]] += 1
    del found["socket"]
    return found + sockets


def _bounded(what: str, values: Sequence[float], share: float, slack: float) -> Expectation:
    first, last = growth(values)
    bound = first * (1 + share) + slack
    return Expectation(f"{what}: last third against the first", f"<= {bound:,.6g}", round(last, 2), last <= bound)
