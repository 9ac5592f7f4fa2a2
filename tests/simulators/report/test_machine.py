"""The machine is told well enough to compare figures, and nothing tells whose it is."""

import getpass
import os
import platform
import socket
from pathlib import Path

from simulators.report.machine import machine, usage


def test_the_machine_is_told() -> None:
    told = machine()
    assert told.cpu
    assert 1 <= told.usable_cores <= told.cores == os.cpu_count()
    assert told.memory is None or told.memory > 1 << 28
    assert platform.python_version() in told.python
    assert set(told.packages) >= {"httptools", "lxml"}


def test_nothing_tells_whose_it_is() -> None:
    told = repr(machine()).split()
    assert socket.gethostname() not in told
    assert getpass.getuser() not in told
    assert str(Path.cwd()) not in repr(told)


def test_usage_grows_with_work_and_memory() -> None:
    before = usage()
    held = bytearray(64 << 20)
    while usage().cpu_seconds <= before.cpu_seconds:
        held[0] = (held[0] + 1) % 256
    after = usage()
    assert before.peak_memory is not None
    assert after.peak_memory is not None
    assert after.peak_memory >= len(held)
