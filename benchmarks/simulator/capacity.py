"""``python -m benchmarks.simulator.capacity``: how many sessions the simulator bears, and how many the server bears.

The simulator has a core of its own and drives, in turn, the least that can answer (then the simulator is the limit) and
the whole server on SQLite (then the server is). It must bear at least twice what the server bears.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.engine import loops, processes
from benchmarks.engine.servers import MEASURED, Server, running

GOAL: Final = 2.0
"""How many times what the server bears the simulator must bear."""
_OUT: Final = Path(__file__).parents[1] / "out"
_SETTINGS: Final = {"AIOACS_ONBOARDING": "open", "AIOACS_DEVICE_SESSIONS_PER_MINUTE": "600"}
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


def simulated(server: Server, devices: int, seconds: int, core: int, folder: Path) -> Load:
    """Let the simulator loose on a server: plain periodic sessions, each on a new connection, 50 at once."""
    told = folder / "told.json"
    command = [
        *(sys.executable, "-m", "acs", "simulate", "--acs-url", server.url, "--devices", str(devices)),
        *("--scenario", str(Path(__file__).with_name("saturation.toml")), "--duration", f"{seconds}s"),
        *("--concurrency", "50", "--json", str(told), "--quiet"),
    ]
    before = processes.usage([server.process_id])
    with subprocess.Popen(command, cwd=Path(__file__).parents[2]) as process:
        processes.pin(process.pid, core)
        process.wait()
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


def main() -> int:
    """Measure; exit status 1 when the simulator does not bear twice what the server does, or a session failed."""
    arguments = _arguments()
    loops.raise_file_limit()
    server_core, own_core = processes.cores()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        servers = {}
        for program in (_LIMIT, MEASURED):
            place = folder / program
            place.mkdir()
            servers[program] = stack.enter_context(
                running(
                    program, database_url=f"sqlite:///{place}/a.db", folder=place, core=server_core, settings=_SETTINGS
                )
            )
        for server in servers.values():
            simulated(server, arguments.devices, 5, own_core, folder)
        rounds = [
            {
                program: simulated(server, arguments.devices, arguments.seconds, own_core, folder)
                for program, server in servers.items()
            }
            for _ in range(arguments.rounds)
        ]
    ratio = median(each[_LIMIT].sessions_per_second / each[MEASURED].sessions_per_second for each in rounds)
    by_cost = median(each[MEASURED].server_ms / each[MEASURED].simulator_ms for each in rounds)
    for number, each in enumerate(rounds, 1):
        for program, load in each.items():
            print(
                f"round {number}  {program:9}  {load.sessions_per_second:7.0f}/s  simulator {load.simulator_ms:.3f} ms"
                f"  server {load.server_ms:.3f} ms a session  {load.failures or ''}"
            )
    print(f"the simulator bears {ratio:.2f} times what the server bears (goal {GOAL:g});", end=" ")
    print(f"a session costs the server {by_cost:.2f} times what it costs the simulator")
    _OUT.mkdir(exist_ok=True)
    result = {"ratio": ratio, "ratio_by_cost": by_cost, "rounds": [_plain(each) for each in rounds]}
    (_OUT / "simulator.json").write_text(json.dumps(result, indent=2))
    failed = sum(sum(load.failures.values()) for each in rounds for load in each.values())
    return 0 if ratio >= GOAL and not failed else 1


def _plain(loads: dict[str, Load]) -> dict[str, Any]:
    return {program: asdict(load) for program, load in loads.items()}


def _arguments() -> argparse.Namespace:
    described = argparse.ArgumentParser(prog="python -m benchmarks.simulator.capacity", description=__doc__)
    described.add_argument("--rounds", type=int, default=4, help="how often each is loaded (default 4)")
    described.add_argument("--seconds", type=int, default=10, help="how long a load lasts (default 10)")
    described.add_argument(
        "--devices", type=int, default=5000, help="how many devices take turns, one call a second each (default 5000)"
    )
    return described.parse_args()


if __name__ == "__main__":
    os.environ.setdefault("PYTHONPATH", str(Path(__file__).parents[2]))
    sys.exit(main())
