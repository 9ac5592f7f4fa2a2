"""On what a run was made, and what it took of it. Nothing here tells whose machine it is."""

import os
import platform
import time
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

PACKAGES: Final = ("aioacs", "uvloop", "httptools", "lxml")
"""Whose versions say how fast a run may be."""
_CPUS: Final = Path("/proc/cpuinfo")
_STATUS: Final = Path("/proc/self/status")


@dataclass(frozen=True, slots=True)
class Machine:
    """What a run was made on."""

    cpu: str
    """The model of the processor."""
    cores: int
    """How many there are."""
    usable_cores: int
    """How many of them this process may use."""
    memory: int | None
    """Octets of memory; None where that cannot be told."""
    system: str
    """The kernel and its release."""
    python: str
    """The Python that ran it."""
    packages: dict[str, str]
    """The versions of ``PACKAGES``, as far as they are there."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What this process has taken so far."""

    cpu_seconds: float
    """Of the processor, for itself and for the kernel's work on its behalf."""
    peak_memory: int | None
    """Octets of memory it held at most; None where that cannot be told."""


def machine() -> Machine:
    """This machine."""
    cores = os.cpu_count() or 1
    return Machine(
        cpu=_cpu(),
        cores=cores,
        usable_cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else cores,
        memory=_memory(),
        system=f"{platform.system()} {platform.release()}",
        python=f"{platform.python_implementation()} {platform.python_version()}",
        packages={name: found for name in PACKAGES if (found := _version(name))},
    )


def usage() -> Usage:
    """What this process has taken up to now; take it before and after to know what something took."""
    try:
        import resource  # noqa: PLC0415  # Windows has none
    except ImportError:
        return Usage(time.process_time(), None)
    taken = resource.getrusage(resource.RUSAGE_SELF)
    unit = 1 if platform.system() == "Darwin" else 1024
    return Usage(taken.ru_utime + taken.ru_stime, _high_water() or taken.ru_maxrss * unit)


def _high_water() -> int | None:
    """What Linux says of this process alone: getrusage tells of the one it was started from, if that was larger."""
    found = _field(_STATUS, "VmHWM")
    return int(found.split()[0]) * 1024 if found else None


def _cpu() -> str:
    return _field(_CPUS, "model name") or platform.processor() or platform.machine() or "unknown"


def _memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def _field(path: Path, name: str) -> str | None:
    """The first value of this name in one of the kernel's lists."""
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), None)
    except OSError:
        return None


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
