"""How many sessions the simulator bears, and how many the server bears.

The simulator has a core of its own and drives, in turn, the least that can answer (then the simulator is the limit) and
the whole server on SQLite (then the server is). It must bear at least twice what the server bears.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from benchmarks.engine import loops, processes
from benchmarks.engine.bench import bench
from benchmarks.engine.errors import ServerError
from benchmarks.engine.servers import MEASURED, OPEN, Server, running
from benchmarks.figures import Figure, Limit, figure
from benchmarks.running import Part
from benchmarks.simulator.memory import weight

GOAL: Final = 2.0
"""How many times what the server bears the simulator must bear."""
_LIMIT: Final = "responder"


@dataclass(frozen=True, slots=True)
class Load:
    """One run of the simulator."""

    sessions_per_second: float
    """Sessions that ended, for each second."""
    simulator_ms: float
    """The simulator's processor time for each session, in milliseconds."""
    server_ms: float
    """The server's."""
    failures: dict[str, int]
    """Sessions that did not end well, by reason."""


def simulated(server: Server, devices: int, seconds: int, folder: Path) -> Load:
    """Let the simulator loose on a server: plain periodic sessions, each on a new connection, 50 at once."""
    told = folder / "told.json"
    command = [
        *(sys.executable, "-m", "acs", "simulate", "--acs-url", server.url, "--devices", str(devices)),
        *("--scenario", str(Path(__file__).with_name("saturation.toml")), "--duration", f"{seconds}s"),
        *("--concurrency", "50", "--json", str(told), "--quiet"),
    ]
    before = processes.usage([server.process_id])
    # It keeps to the core of this process.
    subprocess.run(command, cwd=Path(__file__).parents[2], check=False)
    spent = processes.usage([server.process_id]).cpu_seconds - before.cpu_seconds
    document: dict[str, Any] = json.loads(told.read_text())
    sessions = document["sessions"]
    ended = sessions["ok"] + sessions["failed"]
    return Load(
        sessions["per_second"],
        document["cpu_ms_per_session"],
        round(spent * 1e3 / max(ended, 1), 4),
        document["failures"],
    )


def part(rounds: int) -> Part:
    """The simulator beside the server."""
    return Part("simulator", "what the simulator bears", partial(measure, rounds))


def measure(rounds: int, devices: int = 10_000, seconds: int = 10) -> Iterator[Figure]:
    """Both, in turn, with so many devices of which each is due once a second; then what many devices weigh."""
    loops.raise_file_limit()
    with ExitStack() as stack:
        folder, core = stack.enter_context(bench())
        servers = {}
        for program in (_LIMIT, MEASURED):
            place = folder / program
            place.mkdir()
            url = f"sqlite:///{place}/a.db"
            servers[program] = stack.enter_context(
                running(program, database_url=url, folder=place, cores=[core], settings=OPEN)
            )
        for server in servers.values():
            simulated(server, devices, min(seconds, 5), folder)
        found = [
            {program: simulated(server, devices, seconds, folder) for program, server in servers.items()}
            for _ in range(rounds)
        ]
    failures = {reason: count for each in found for load in each.values() for reason, count in load.failures.items()}
    if failures:
        raise ServerError(f"simulated sessions failed: {failures}")
    alone, beside = ([each[program] for each in found] for program in (_LIMIT, MEASURED))
    yield figure(
        "the simulator alone: sessions",
        "/s",
        [each.sessions_per_second for each in alone],
        beside=("what the server bears", [each.sessions_per_second for each in beside]),
        limit=Limit(GOAL, of_ratio=True, is_design=True),
        is_rate=True,
    )
    yield figure(
        "the simulator: CPU a session",
        "ms",
        [each.simulator_ms for each in beside],
        beside=("the server", [each.server_ms for each in beside]),
    )
    yield weight()
