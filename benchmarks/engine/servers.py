"""The servers under measurement: started on a core of their own, waited for, and stopped."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.engine.errors import ServerError
from benchmarks.engine.loops import HOST
from benchmarks.engine.processes import pin

_ROOT: Final = Path(__file__).parents[2]
_READY_SECONDS: Final = 20.0
_STOP_SECONDS: Final = 30.0
_LISTENING: Final = b"listening"

OPEN: Final[Mapping[str, str]] = {"AIOACS_ONBOARDING": "open", "AIOACS_DEVICE_SESSIONS_PER_MINUTE": "600"}
"""Settings of a server that knows nobody yet, and that a device calls far more often than any that is not broken."""
NO_RATES: Final[Mapping[str, str]] = {"AIOACS_API_RATE": "100000", "AIOACS_API_BURST": "100000"}
"""Settings of a server that is asked more often than anybody would."""

MEASURED: Final = "aioacs"
"""The program that all this is about; it alone has a database."""
COUNTED: Final = "counted"
"""The same, with its statements counted."""
WATCHED: Final = "watched"
"""The same, and it is seen how long its loop is held."""
PROGRAMS: Final[Mapping[str, tuple[str, ...]]] = {
    MEASURED: ("acs", "serve"),
    COUNTED: ("benchmarks.engine.watched",),
    WATCHED: ("benchmarks.engine.watched", "--pauses"),
    "bare": ("benchmarks.engine.bare", "--port", "{port}"),
    "bare_api": ("benchmarks.api.bare", "--port", "{port}"),
    "responder": ("benchmarks.engine.responder", "--port", "{port}"),
}
"""What can be measured: the arguments of ``python -m``. All get their settings by the environment as well."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs."""

    program: str
    """Which of PROGRAMS it is."""
    port: int
    """Where devices call."""
    process_id: int
    """Its process; its workers are below it."""
    database_url: str
    """Its database."""
    key_file: Path
    """The keys of its secrets."""
    log: Path
    """What it prints."""
    database_process: int | None = None
    """The process of the database, if it is another one."""

    @property
    def url(self) -> str:
        """What a device has as the URL of its ACS."""
        return f"http://{HOST}:{self.port}/"


@contextmanager
def running(
    program: str,
    *,
    database_url: str,
    folder: Path,
    cores: Sequence[int],
    settings: Mapping[str, str],
    database_process: int | None = None,
) -> Iterator[Server]:
    """A server that works in a folder, where its log is too; it has ended when the block has."""
    port = free_port()
    key_file, log = folder / "secret.keys", folder / "server.log"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AIOACS_")},
        "PYTHONPATH": str(_ROOT),
        "AIOACS_CWMP_HOST": HOST,
        "AIOACS_CWMP_PORT": str(port),
        # Several workers can share none that the kernel chooses.
        "AIOACS_API_PORT": str(free_port()) if "AIOACS_WORKERS" in settings else "0",
        "AIOACS_DATABASE_URL": database_url,
        "AIOACS_SECRET_KEY_FILE": str(key_file),
        "AIOACS_LOG_LEVEL": "info",
        **settings,
    }
    command = [sys.executable, "-m", *(part.format(port=port) for part in PROGRAMS[program])]
    with log.open("wb") as output:
        # In a session of its own the kernel gives it a share of its own, and not half of that of what loads it.
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    try:
        pin(process.pid, *cores)
        _wait_until_ready(process, port, log, int(settings.get("AIOACS_WORKERS", "1")))
        yield Server(program, port, process.pid, database_url, key_file, log, database_process)
    finally:
        _stop(process)


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path, workers: int) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ServerError(f"the server ended with status {process.returncode}:\n{last_words(log)}")
        try:
            socket.create_connection((HOST, port), timeout=1.0).close()
        except OSError:
            time.sleep(0.05)
        else:
            # One worker listens before the next one is started.
            if workers == 1 or log.read_bytes().count(_LISTENING) >= workers:
                return
            time.sleep(0.05)
    raise ServerError(f"the server takes no connection after {_READY_SECONDS:g} s:\n{last_words(log)}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(_STOP_SECONDS)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as asking:
        asking.bind((HOST, 0))
        port: int = asking.getsockname()[1]
    return port


def last_words(log: Path) -> str:
    """The end of a server's log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-20:])
