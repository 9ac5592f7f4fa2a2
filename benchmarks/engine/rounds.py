"""Two servers under the same load in turn, so that a noisy machine does them equal harm."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.engine.errors import ServerError
from benchmarks.engine.scenarios import Scenario
from benchmarks.engine.servers import MEASURED, Server, last_words

_WARM_UP: Final = 200
_LONGEST_SECONDS: Final = 300.0


@dataclass(frozen=True, slots=True)
class Summary:
    """One server over all rounds: the medians, but the worst where it says so."""

    program: str
    """Which server."""
    sessions_per_second: float
    """Good sessions a second."""
    p50: float
    """Milliseconds of a session."""
    p99: float
    """Milliseconds that one session in a hundred exceeds."""
    cpu_milliseconds: float
    """Processor time of each session, without the database's if that is another process."""
    resident_mb: float
    """Memory after the last round."""
    failures: dict[str, int]
    """All failed sessions by reason."""
    generator_share: float
    """The most processor time that the generator took of a round: near 1 it was the limit."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two servers side by side."""

    scenario: str
    """What they had to bear."""
    concurrency: int
    """Sessions at once."""
    ratio: float
    """The first one's sessions/s as a share of the second's: the median of the ratios round by round."""
    first: Summary
    """The server under measurement."""
    second: Summary
    """What it is held against."""


def alternate(
    first: Callable[[], dict[str, Any]], second: Callable[[], dict[str, Any]], rounds: int
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """What comes of A B A B ..."""
    return [(first(), second()) for _ in range(rounds)]


def compare(
    scenario: str, concurrency: int, programs: tuple[str, str], pairs: Sequence[tuple[dict[str, Any], dict[str, Any]]]
) -> Comparison:
    """The rounds in short. The ratio of a round in which the second server bore nothing is 0."""
    ratios = [
        a["sessions_per_second"] / b["sessions_per_second"] if b["sessions_per_second"] else 0.0 for a, b in pairs
    ]
    first, second = zip(*pairs, strict=True)
    return Comparison(
        scenario, concurrency, round(median(ratios), 3), _summary(programs[0], first), _summary(programs[1], second)
    )


def _summary(program: str, results: Sequence[dict[str, Any]]) -> Summary:
    failures: dict[str, int] = {}
    for result in results:
        for reason, count in result["failures"].items():
            failures[reason] = failures.get(reason, 0) + count
    return Summary(
        program=program,
        sessions_per_second=median(result["sessions_per_second"] for result in results),
        p50=median(result["milliseconds"]["p50"] for result in results),
        p99=median(result["milliseconds"]["p99"] for result in results),
        cpu_milliseconds=median(result["server_cpu_milliseconds"] for result in results),
        resident_mb=round(results[-1]["server_resident_bytes"][1] / 2**20, 1),
        failures=failures,
        generator_share=max(result["own_cpu_share"] for result in results),
    )


def introduce(server: Server, scenario: Scenario, devices: int) -> None:
    """Every device calls once, so that what is measured afterwards is no first contact."""
    result = _generate(server, scenario, "--sessions", devices, "--concurrency", 50)
    if result["failures"]:
        told = f"{server.program} did not take the devices in: {result['failures']}"
        raise ServerError(f"{told}\n{last_words(server.log)}")
    if scenario.username and server.program == MEASURED and not result["challenges"]:
        raise ServerError(f"{scenario.name}: the server asked no device to log in")


def load(server: Server, scenario: Scenario, concurrency: int, sessions: int) -> dict[str, Any]:
    """One load; what the generator tells of it."""
    warm_up = _WARM_UP
    if scenario.before_load is not None:
        warm_up = 0
        if server.program == MEASURED:
            scenario.before_load(server, sessions)
    return _generate(server, scenario, "--sessions", sessions, "--concurrency", concurrency, "--warm-up", warm_up)


def hold(server: Server, scenario: Scenario, sessions: int) -> dict[str, Any]:
    """So many sessions open at once; what the generator tells of them."""
    return _generate(server, scenario, "--hold", sessions)


def _generate(server: Server, scenario: Scenario, *arguments: object) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.engine.generator", server.url, "--server-pid", str(server.process_id)]
    if scenario.username:
        command += ["--user", scenario.username, "--password", scenario.password]
    done = subprocess.run(
        command + [str(argument) for argument in arguments],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
        timeout=_LONGEST_SECONDS,
        check=False,
    )
    if not done.stdout:
        raise ServerError(f"the generator ended with status {done.returncode} and told nothing")
    told: dict[str, Any] = json.loads(done.stdout)
    return told
