"""The server beside the bare handler, under whole sessions.

``python -m benchmarks.engine.harness`` takes other pairs of servers as well, and profiles.

The server has one core; the generator and, where there is one, PostgreSQL have another. Both servers stay up, and only
one of them is loaded at a time. The figures are printed, and left as JSON, as a picture and as a page.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Final

from benchmarks.engine import loops, processes, profiler, rounds
from benchmarks.engine.bench import bench
from benchmarks.engine.databases import database
from benchmarks.engine.scenarios import CONCURRENCY, SCENARIOS, Scenario
from benchmarks.engine.servers import MEASURED, OPEN, PROGRAMS, Server, running
from benchmarks.figures import Figure
from benchmarks.running import OUT, Part, run

_BARE: Final = "bare"
_FRESH: Final = 200


@dataclass(frozen=True, slots=True)
class Plan:
    """How a scenario is measured."""

    programs: tuple[str, str] = (MEASURED, _BARE)
    """The server under measurement, and what it is held against."""
    rounds: int = 4
    """How often each is loaded."""
    sessions: int = 4000
    """How many sessions a load has, one for each device."""
    hold: int = 10_000
    """How many sessions are held open to weigh them, where that is to be; 0 for none."""
    profile: str | None = None
    """The form of a profile of the server under measurement."""
    out: Path = OUT
    """Where profiles go."""

    @property
    def is_design(self) -> bool:
        """Whether what the design lays down can be judged."""
        return self.programs == (MEASURED, _BARE)


def parts(plan: Plan, scenarios: Sequence[Scenario] = SCENARIOS) -> list[Part]:
    """A part for each scenario."""
    return [Part(each.name, each.title or each.name, partial(measure, plan, each)) for each in scenarios]


def measure(plan: Plan, scenario: Scenario) -> Iterator[Figure]:
    """One scenario, from the start of its servers to their end."""
    loops.raise_file_limit()
    all_cores = processes.cores()
    second = plan.programs[1] if scenario.second_settings is None else plan.programs[0]
    others = scenario.settings if scenario.second_settings is None else scenario.second_settings
    beside = scenario.beside if plan.is_design else second
    with ExitStack() as stack:
        folder, core = stack.enter_context(bench())
        start = partial(_start, scenario, all_cores if scenario.has_all_cores else (core,), stack)
        servers = (
            start(plan.programs[0], (folder / "first", scenario.settings)),
            start(second, (folder / "second", others)),
        )
        for server in servers:
            _prepare(plan, scenario, server)
        if plan.hold and scenario.most_kilobytes is not None:
            held = (rounds.hold(servers[0], scenario, plan.hold), rounds.hold(servers[1], scenario, plan.hold))
            rounds.check(scenario.name, [held])
            yield from rounds.weighed(scenario, beside, held, is_laid_down=plan.is_design)
        firsts = [_firsts(plan), _firsts(plan)] if scenario.is_first_contact else [iter(int, 1), iter(int, 1)]
        for concurrency in CONCURRENCY:

            def loaded(which: int, concurrency: int = concurrency) -> rounds.Told:
                return rounds.load(servers[which], scenario, concurrency, plan.sessions, next(firsts[which]))

            pairs = rounds.alternate(partial(loaded, 0), partial(loaded, 1), plan.rounds)
            rounds.check(scenario.name, pairs)
            yield from rounds.figures(scenario, concurrency, beside, pairs, is_laid_down=plan.is_design)
        if plan.profile is not None:
            _profile(plan, scenario, servers[0], plan.profile)


def _firsts(plan: Plan) -> Iterator[int]:
    """The first of so many devices that no load has had, again and again."""
    return count(_FRESH, plan.sessions)


def _prepare(plan: Plan, scenario: Scenario, server: Server) -> None:
    """Let the devices be known that are to be known, and the server warm."""
    devices = max(plan.sessions, plan.hold) if scenario.most_kilobytes is not None else plan.sessions
    if scenario.set_up is not None and server.program == MEASURED:
        scenario.set_up(server, devices)
    for _ in range(scenario.introductions):
        rounds.introduce(server, scenario, _FRESH if scenario.is_first_contact else plan.sessions)


def _profile(plan: Plan, scenario: Scenario, server: Server, form: str) -> None:
    out = plan.out / f"profile_{scenario.name}.{profiler.FORMATS[form]}"
    firsts = count(1_000_000, plan.sessions) if scenario.is_first_contact else iter(int, 1)

    def work() -> None:
        for _ in range(plan.rounds):
            rounds.load(server, scenario, CONCURRENCY[0], plan.sessions, next(firsts))

    try:
        profiler.profile(server.process_id, form, out, work)
    except (OSError, subprocess.CalledProcessError) as error:  # py-spy is not there, or may not look
        print(f"{scenario.name}: no profile: {error}", flush=True)
    else:
        print(f"written: {out}", flush=True)


def _start(
    scenario: Scenario, cores: Sequence[int], stack: ExitStack, program: str, place: tuple[Path, Mapping[str, str]]
) -> Server:
    """A server with a database of its own, in a folder and with settings."""
    folder, settings = place
    folder.mkdir()
    # The others keep nothing.
    url, process = stack.enter_context(database(scenario.database if program == MEASURED else "sqlite", folder))
    return stack.enter_context(
        running(
            program,
            database_url=url,
            folder=folder,
            cores=cores,
            settings={**OPEN, **settings},
            database_process=process,
        )
    )


def main() -> int:
    """Measure; exit status 1 when a session or a server failed, or a figure that is laid down is not reached."""
    described = argparse.ArgumentParser(
        prog="python -m benchmarks.engine.harness",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add, usual = described.add_argument, Plan()
    names = [scenario.name for scenario in SCENARIOS]
    add("scenarios", nargs="*", metavar="scenario", help=f"of {', '.join(names)} (default: all)")
    add("--first", choices=PROGRAMS, default=MEASURED, help="the server under measurement (default aioacs)")
    add("--second", choices=PROGRAMS, default=_BARE, help="what it is held against (default bare)")
    add("--rounds", type=int, default=usual.rounds, help=f"how often each is loaded (default {usual.rounds})")
    add("--sessions", type=int, default=usual.sessions, help=f"sessions of a load (default {usual.sessions})")
    add("--hold", type=int, default=usual.hold, help=f"open sessions to weigh; 0 for none (default {usual.hold})")
    add("--profile", choices=profiler.FORMATS, help="profile the first server under as many more loads")
    add("--out", type=Path, default=OUT, help="the folder for the results (default benchmarks/out)")
    given = described.parse_args()
    if unknown := set(given.scenarios) - set(names):
        described.error(f"no such scenario: {', '.join(sorted(unknown))}")
    if min(given.rounds, given.sessions) < 1:
        described.error("at least one round of one session")
    chosen = [scenario for scenario in SCENARIOS if scenario.name in (given.scenarios or names)]
    plan = Plan((given.first, given.second), given.rounds, given.sessions, given.hold, given.profile, given.out)
    return run(parts(plan, chosen), given.out, "engine")


if __name__ == "__main__":
    sys.exit(main())
