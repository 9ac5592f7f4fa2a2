"""Where a server spends its time under load, by py-spy."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

FORMATS: Final = {"flamegraph": "svg", "raw": "txt"}
"""The forms of a profile, and how their files end."""
_LONGEST_SECONDS: Final = 300
_WRITE_SECONDS: Final = 60.0


def profile(process_id: int, form: str, out: Path, work: Callable[[], object]) -> None:
    """Sample a process, and those below it, while something is done; CalledProcessError if that cannot be."""
    command = [str(Path(sys.executable).with_name("py-spy")), "record", "--subprocesses", "--rate", "200"]
    command += ["--pid", str(process_id), "--format", form, "--output", str(out), "--duration", str(_LONGEST_SECONDS)]
    sampler = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        work()
        sampler.send_signal(signal.SIGINT)  # it then writes what it has
        status = sampler.wait(_WRITE_SECONDS)
    finally:
        sampler.kill()
        sampler.wait()
    if status:
        raise subprocess.CalledProcessError(status, command)
