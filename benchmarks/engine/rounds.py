"""Two servers under the same load in turn, so that a noisy machine does them equal harm."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.engine.errors import ServerError
from benchmarks.engine.scenarios import Scenario
from benchmarks.engine.servers import MEASURED, Server, last_words
from benchmarks.figures import Figure, Limit, figure

Told = dict[str, Any]
"""What the generator tells of a load."""
Pairs = Sequence[tuple[Told, Told]]
"""What it told of the rounds: of the server under measurement and of what it is held against."""

BUSY: Final = 0.95
"""The share of its core from which on the generator is taken for the limit."""
_WARM_UP: Final = 200
_LONGEST_SECONDS: Final = 300.0
_SLOWEST: Final = 100.0
"""Sessions a second below which something is wrong."""
_KB, _MB = 1024, 2**20


def alternate(first: Callable[[], Told], second: Callable[[], Told], rounds: int) -> list[tuple[Told, Told]]:
    """What comes of A B A B ..."""
    return [(first(), second()) for _ in range(rounds)]


def failures(told: Sequence[Told]) -> dict[str, int]:
    """All failed sessions by reason."""
    found: dict[str, int] = {}
    for each in told:
        for reason, count in each["failures"].items():
            found[reason] = found.get(reason, 0) + count
    return found


def check(name: str, pairs: Pairs) -> None:
    """ServerError if a session failed: the figures of what failed mean nothing."""
    for number, which in enumerate(("of the server", "of what it is held against")):
        if found := failures([pair[number] for pair in pairs]):
            raise ServerError(f"{name}: sessions {which} failed: {found}")


def figures(scenario: Scenario, concurrency: int, beside: str, pairs: Pairs, *, is_laid_down: bool) -> list[Figure]:
    """What the rounds come to; what the design lays down counts only against what it names."""
    name = f"{scenario.title or scenario.name}, {concurrency} at once"
    first, second = zip(*pairs, strict=True)
    is_judged = is_laid_down and concurrency == 50
    busy = max(each["own_cpu_share"] for each in (*first, *second))
    details = {"p50 ms": _median(first, _p50), "p99 ms": _median(first, _p99)}
    if busy > BUSY:
        details["the generator was the limit: % of its core"] = 100 * busy
    found = [
        figure(
            f"{name}: sessions",
            "/s",
            [each["sessions_per_second"] for each in first],
            beside=(beside, [each["sessions_per_second"] for each in second]),
            limit=_limit(scenario.least_share, is_laid_down=is_judged, of_ratio=True),
            is_rate=True,
            details=details,
        ),
        figure(
            f"{name}: CPU a session",
            "ms",
            [each["server_cpu_milliseconds"] for each in first],
            beside=(beside, [each["server_cpu_milliseconds"] for each in second]),
            limit=_limit(scenario.most_cpu, is_laid_down=is_judged, of_ratio=True),
            details=_beyond(first),
        ),
    ]
    if concurrency == 200 and scenario.most_p99 is not None:
        limit = _limit(scenario.most_p99, is_laid_down=is_laid_down)
        found.append(figure(f"{name}: p99", "ms", [_p99(each) for each in first], limit=limit))
    return found


def weighed(scenario: Scenario, beside: str, held: tuple[Told, Told], *, is_laid_down: bool) -> list[Figure]:
    """What an open session costs with its connection, and above the bare handler's, which has nothing but connections.

    Less than nothing is above it where our connection with its session is smaller than that one's connection alone.
    """
    ours, theirs = (each["bytes_per_session"] / _KB for each in held)
    resident, sessions = held[0]["server_resident_bytes"][1] / _MB, held[0]["sessions"]
    title = scenario.title or scenario.name
    above = Figure(
        f"{title}: an open session above its connection",
        ours - theirs,
        "KB",
        limit=_limit(scenario.most_kilobytes, is_laid_down=is_laid_down),
    )
    whole = figure(f"{title}: an open session with its connection", "KB", [ours], beside=(beside, [theirs]))
    process = Figure(
        f"{title}: the process with {sessions:,} open sessions",
        resident,
        "MB",
        limit=_limit(scenario.most_resident, is_laid_down=is_laid_down),
    )
    return [whole, above, process] if is_laid_down else [whole]


def _limit(bound: float | None, *, is_laid_down: bool, of_ratio: bool = False) -> Limit | None:
    """What the design lays down, if it does and it can be judged."""
    return Limit(bound, of_ratio, is_design=True) if is_laid_down and bound is not None else None


def introduce(server: Server, scenario: Scenario, devices: int) -> None:
    """Every device calls once, so that what is measured afterwards is no first contact."""
    size = ("--sessions", devices, "--concurrency", 50)
    result = generate(server, scenario, *size, longest=_LONGEST_SECONDS + devices / _SLOWEST)
    if result["failures"]:
        told = f"{server.program} did not take the devices in: {result['failures']}"
        raise ServerError(f"{told}\n{last_words(server.log)}")
    if scenario.username and server.program == MEASURED and not result["challenges"]:
        raise ServerError(f"{scenario.name}: the server asked no device to log in")


def load(server: Server, scenario: Scenario, concurrency: int, sessions: int, first: int = 0) -> Told:
    """One load, of the devices from a number on; what the generator tells of it."""
    warm_up = 0 if scenario.is_first_contact else _WARM_UP
    if scenario.before_load is not None:
        warm_up = 0
        if server.program == MEASURED:
            scenario.before_load(server, sessions)
    size = ("--sessions", sessions, "--concurrency", concurrency, "--warm-up", warm_up, "--first", first)
    return generate(server, scenario, *size)


def hold(server: Server, scenario: Scenario, sessions: int, meanwhile: int = 0) -> Told:
    """So many sessions open at once, and so many whole ones meanwhile; what the generator tells of them."""
    return generate(server, scenario, "--hold", sessions, "--meanwhile", meanwhile)


def generate(server: Server, scenario: Scenario, *arguments: object, longest: float = _LONGEST_SECONDS) -> Told:
    """Let the generator loose on a server, for so many seconds at most."""
    command = [sys.executable, "-m", "benchmarks.engine.generator", server.url, "--server-pid", str(server.process_id)]
    command += ["--event", scenario.event]
    if server.database_process is not None:
        command += ["--database-pid", str(server.database_process)]
    if scenario.username:
        command += ["--user", scenario.username, "--password", scenario.password]
    done = subprocess.run(
        command + [str(argument) for argument in arguments],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
        timeout=longest,
        check=False,
    )
    if not done.stdout:
        raise ServerError(f"the generator ended with status {done.returncode} and told nothing")
    told: Told = json.loads(done.stdout)
    return told


def _beyond(told: Sequence[Told]) -> dict[str, float]:
    """What else was seen of the server under measurement."""
    found = {"resident MB": told[-1]["server_resident_bytes"][1] / _MB}
    database = [each["database_cpu_milliseconds"] for each in told if each["database_cpu_milliseconds"] is not None]
    if database:
        found["CPU of the database, ms a session"] = median(database)
    return found


def _median(told: Sequence[Told], of: Callable[[Told], float]) -> float:
    return median(map(of, told))


def _p50(told: Told) -> float:
    return float(told["milliseconds"]["p50"])


def _p99(told: Told) -> float:
    return float(told["milliseconds"]["p99"])
