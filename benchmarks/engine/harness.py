"""``python -m benchmarks.engine.harness``: the server beside the bare handler, under whole sessions.

The server has one core; the generator and, where there is one, PostgreSQL have another. Both servers stay up, and only
one of them is loaded at a time. The table is printed, and left as JSON and as a picture in ``benchmarks/out``.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from benchmarks.engine import loops, processes, profiler, report, rounds
from benchmarks.engine.errors import ServerError
from benchmarks.engine.postgresql import postgresql
from benchmarks.engine.rounds import Comparison
from benchmarks.engine.scenarios import CONCURRENCY, SCENARIOS, Scenario
from benchmarks.engine.servers import MEASURED, PROGRAMS, Server, running
from benchmarks.figures import Figure
from benchmarks.picture import picture

_OUT: Final = Path(__file__).parents[1] / "out"
# In a benchmark a device calls far more often than any that is not broken.
_SETTINGS: Final = {"AIOACS_ONBOARDING": "open", "AIOACS_DEVICE_SESSIONS_PER_MINUTE": "600"}


@dataclass(frozen=True, slots=True)
class Plan:
    """What the arguments ask for."""

    programs: tuple[str, str]
    """The server under measurement, and what it is held against."""
    scenarios: tuple[Scenario, ...]
    """What they have to bear."""
    rounds: int
    """How often each is loaded."""
    sessions: int
    """How many sessions a load has, one for each device."""
    hold: int
    """How many sessions are held open to weigh them; 0 for none."""
    profile: str | None
    """The form of a profile of the server under measurement."""
    out: Path
    """Where the results go."""

    def named(self) -> tuple[tuple[str, str], ...]:
        """The folder and the program of each server."""
        return ("first", self.programs[0]), ("second", self.programs[1])


@dataclass(frozen=True, slots=True)
class Measured:
    """What one scenario showed."""

    comparisons: list[Comparison]
    """The two servers, for each number of sessions at once."""
    held: list[dict[str, Any]]
    """What open sessions cost each of them."""
    figures: list[Figure]
    """What is laid down."""

    @property
    def good(self) -> bool:
        """Whether no session failed."""
        return all(map(report.good, self.comparisons)) and not any(each["failures"] for each in self.held)


def main() -> int:
    """Measure; exit status 1 when a session or a server failed, or a figure that is laid down is not reached."""
    plan = _plan()
    loops.raise_file_limit()
    server_core, own_core = processes.cores()
    processes.pin(os.getpid(), own_core)
    plan.out.mkdir(exist_ok=True)
    measured: dict[str, Measured] = {}
    failed: dict[str, str] = {}
    print(report.HEAD, flush=True)
    for scenario in plan.scenarios:
        with tempfile.TemporaryDirectory(prefix="aioacs-bench-") as folder:
            try:
                measured[scenario.name] = _measure(plan, scenario, Path(folder), server_core)
            except (ServerError, subprocess.SubprocessError) as error:
                failed[scenario.name] = str(error)
                print(f"{scenario.name}: {error}", flush=True)
    figures = [figure for each in measured.values() for figure in each.figures]
    cores = "one core" if server_core == own_core else "a core for the server, one for the rest"
    machine = f"{platform.processor() or platform.machine()}, {cores}, Python {platform.python_version()}"
    told = {"machine": machine, "scenarios": {name: asdict(each) for name, each in measured.items()}, "failed": failed}
    (plan.out / "engine.json").write_text(json.dumps(told, indent=2) + "\n")
    (plan.out / "engine.svg").write_text(picture(figures, machine))
    for figure in figures:
        print(f"{figure.name}: {figure.value:.2f} {figure.unit}, {'reached' if figure.reached else 'MISSED'}")
    print(f"written: {plan.out / 'engine.json'} and {plan.out / 'engine.svg'} ({machine})")
    good = all(each.good for each in measured.values()) and not failed
    return 0 if good and all(figure.reached for figure in figures) else 1


def _measure(plan: Plan, scenario: Scenario, folder: Path, core: int) -> Measured:
    """One scenario, from the start of its servers to their end."""
    measured = Measured([], [], [])
    with ExitStack() as stack:
        first, second = (_start(program, scenario, folder / name, core, stack) for name, program in plan.named())
        for server in (first, second):
            if scenario.set_up is not None and server.program == MEASURED:
                scenario.set_up(server, max(plan.sessions, plan.hold))
            rounds.introduce(server, scenario, plan.sessions)
        if plan.hold:
            measured.held.extend(rounds.hold(server, scenario, plan.hold) for server in (first, second))
            print("\n".join(report.held_lines(plan.programs, measured.held)), flush=True)
            measured.figures.extend(report.memory(scenario, plan.programs, measured.held))
        for concurrency in CONCURRENCY:
            pairs = rounds.alternate(
                partial(rounds.load, first, scenario, concurrency, plan.sessions),
                partial(rounds.load, second, scenario, concurrency, plan.sessions),
                plan.rounds,
            )
            comparison = rounds.compare(scenario.name, concurrency, plan.programs, pairs)
            print("\n".join(report.lines(comparison)), flush=True)
            measured.comparisons.append(comparison)
            measured.figures.extend(report.figures(comparison, scenario))
        if plan.profile is not None:
            _profile(plan, scenario, first, plan.profile)
    return measured


def _profile(plan: Plan, scenario: Scenario, server: Server, form: str) -> None:
    out = plan.out / f"profile_{scenario.name}.{profiler.FORMATS[form]}"

    def work() -> None:
        for _ in range(plan.rounds):
            rounds.load(server, scenario, CONCURRENCY[0], plan.sessions)

    try:
        profiler.profile(server.process_id, form, out, work)
    except (OSError, subprocess.CalledProcessError) as error:  # py-spy is not there, or may not look
        print(f"{scenario.name}: no profile: {error}", flush=True)
    else:
        print(f"written: {out}", flush=True)


def _start(program: str, scenario: Scenario, folder: Path, core: int, stack: ExitStack) -> Server:
    """A server with a database of its own."""
    folder.mkdir()
    if scenario.database == "postgresql" and program == MEASURED:
        url = stack.enter_context(postgresql(folder / "postgresql"))
    else:
        url = f"sqlite:///{folder / 'aioacs.db'}"
    settings = {**_SETTINGS, **scenario.settings}
    return stack.enter_context(running(program, database_url=url, folder=folder, core=core, settings=settings))


def _plan() -> Plan:
    described = argparse.ArgumentParser(
        prog="python -m benchmarks.engine.harness",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = described.add_argument
    names = [scenario.name for scenario in SCENARIOS]
    add("scenarios", nargs="*", metavar="scenario", help=f"of {', '.join(names)} (default: all)")
    add("--first", choices=PROGRAMS, default=MEASURED, help="the server under measurement (default aioacs)")
    add("--second", choices=PROGRAMS, default="bare", help="what it is held against (default bare)")
    add("--rounds", type=int, default=5, help="how often each is loaded (default 5)")
    add("--sessions", type=int, default=4000, help="sessions of a load, each of another device (default 4000)")
    add("--hold", type=int, default=4000, help="open sessions to weigh; 0 for none (default 4000)")
    add("--profile", choices=profiler.FORMATS, help="profile the first server under as many more loads")
    add("--out", type=Path, default=_OUT, help="the folder for the results (default benchmarks/out)")
    arguments = described.parse_args()
    if unknown := set(arguments.scenarios) - set(names):
        described.error(f"no such scenario: {', '.join(sorted(unknown))}")
    if min(arguments.rounds, arguments.sessions) < 1:
        described.error("at least one round of one session")
    chosen = tuple(scenario for scenario in SCENARIOS if scenario.name in (arguments.scenarios or names))
    programs = (arguments.first, arguments.second)
    return Plan(
        programs, chosen, arguments.rounds, arguments.sessions, arguments.hold, arguments.profile, arguments.out
    )


if __name__ == "__main__":
    sys.exit(main())
