"""Where something is measured: in a folder of its own, with a core for the server and one for everything else."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.engine import processes


@contextmanager
def bench() -> Iterator[tuple[Path, int]]:
    """A folder that is gone afterwards, and the server's core; until then this process keeps to the other one."""
    allowed = os.sched_getaffinity(0)
    core, own_core = processes.cores()
    processes.pin(os.getpid(), own_core)
    try:
        with tempfile.TemporaryDirectory(prefix="aioacs-bench-") as folder:
            yield Path(folder), core
    finally:
        # Whoever measures twice in a row would else find one core only, and share it with the second server.
        os.sched_setaffinity(0, allowed)
