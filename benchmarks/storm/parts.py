"""What is measured and judged of a storm, as parts of a benchmark."""

import gc
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from benchmarks.engine import loops, processes, rounds
from benchmarks.engine.bench import bench
from benchmarks.engine.calling import settings
from benchmarks.engine.errors import ServerError
from benchmarks.engine.scenarios import Scenario
from benchmarks.engine.servers import MEASURED, NO_RATES, Server, free_port, last_words, running
from benchmarks.figures import Figure, Limit, figure
from benchmarks.running import OUT, Part
from benchmarks.storm.arriving import Came, Storm, arrive
from benchmarks.storm.crowd import TURNED_AWAY, Crowd
from benchmarks.storm.flooding import Flood, Flooded, flood
from benchmarks.storm.judge import contradictions, lost_operations
from simulators.report.files import write

_MB: Final = 2**20
_KB: Final = 1024
_ANSWERS: Final = frozenset({200, 204, 401, 503})
_NONE: Final = Limit(0.0, is_design=True)
_SHOWN: Final = 3
_SELDOM: Final = 50_000
_SCENARIO: Final = Scenario("storm", "sqlite")

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Plan:
    """How it is measured."""

    storm: Storm = field(default_factory=lambda: Storm(100_000, is_known=True))
    """The crowd; it is let loose twice, known to the server and new to it."""
    held: int = 10_000
    """Sessions that are open at once."""
    meanwhile: int = 2_000
    """Whole sessions of others while they are."""
    flood: Flood = field(default_factory=Flood)
    """The devices and operators."""
    most_peak: float = 512.0
    """MB that the server may have at most in a storm and in a flood."""
    most_kilobytes: float = 12.0
    """KB that a session which is held open may take."""
    most_resident: float = 350.0
    """MB that the server may have with all of them open."""
    out: Path = OUT
    """Where the storms are told second by second."""


def parts(plan: Plan | None = None) -> list[Part]:
    """All of them."""
    given = plan or Plan()
    known, new = (replace(given.storm, is_known=is_known) for is_known in (True, False))
    return [
        Part("storm_known", f"{_all_of(known)}, known ones", partial(_storm, given, "known", known)),
        Part("storm_new", f"{_all_of(new)}, new ones", partial(_storm, given, "new", new)),
        Part("storm_held", f"{given.held:,} sessions are held open", partial(_held, given)),
        Part("storm_flood", "a flood of operators beside devices", partial(_flood, given)),
    ]


def _all_of(storm: Storm) -> str:
    return f"{storm.devices:,} devices come up within {storm.within:g} s"


def _storm(plan: Plan, name: str, storm: Storm) -> Iterator[Figure]:
    with _served({"AIOACS_ONBOARDING": "open"}) as (server, database):
        came, crowds = survived(server, lambda: loops.run(arrive(server, storm)))
        against = contradictions(database, (cpe for crowd in crowds for cpe in crowd.devices))
    plan.out.mkdir(parents=True, exist_ok=True)
    write(plan.out / f"storm_{name}.json", json.dumps({**asdict(came), "against": against}) + "\n")
    yield from (replace(each, name=f"storm, {name}: {each.name}") for each in storm_figures(came, against, plan))


def storm_figures(came: Came, against: list[str], plan: Plan) -> Iterator[Figure]:
    """What a storm comes to."""
    storm, waits = came.storm, came.waits
    yield Figure(
        "devices that got through", came.done, "", is_rate=True, limit=Limit(storm.devices, is_design=True),
        details={"called first in time": came.in_time, "until the last one, s": came.seconds},
    )  # fmt: skip
    yield from _replies(came.statuses, came.failures, came.silent, against)
    yield Figure("from being up to the acknowledgement, half of them", waits.p50, "s")
    yield Figure("the same, 99 of 100", waits.p99, "s")
    yield Figure(
        "the same, the last one", waits.longest, "s",
        details={"of these for the simulator's sake at most": came.late.longest, "99 of 100": came.late.p99},
    )  # fmt: skip
    tries = sum(number * devices for number, devices in came.tries.items())
    yield Figure("tries of a device, on average", tries / storm.devices, "")
    yield Figure("tries of a device, at most", max(came.tries), "")
    told = {f"{tries} tries": float(devices) for tries, devices in came.tries.items()}
    yield Figure("sessions refused with 503", came.failures.get(TURNED_AWAY, 0), "", details=told)
    yield from _neighbours(came)
    never = storm.within + storm.patience
    yield Figure(
        "from all being up to sessions as before, without 503",
        never if came.recovered_in is None else came.recovered_in, "s",
        limit=Limit(storm.patience), details={"last refusal, s after the first was up": came.last_refusal},
    )  # fmt: skip
    yield Figure(
        "memory of the server at the peak", came.peak / _MB, "MB", limit=Limit(plan.most_peak),
        details={"before, MB": came.resident[0] / _MB, "after, MB": came.resident[1] / _MB,
                 "descriptors": came.most_connections},
    )  # fmt: skip
    sessions = sum(each.ok + each.near_ok for each in came.timeline if each.at >= 0)
    yield Figure("CPU of the server, a session that ended well", came.cpu_seconds * 1000 / max(1, sessions), "ms")


def _neighbours(came: Came) -> Iterator[Figure]:
    """How those fare that have nothing to do with it."""
    storm = came.storm
    during = [each for each in came.timeline if 0 <= each.at < came.seconds]
    usual = storm.neighbours / storm.interval * max(1, len(during))
    yield Figure(
        "neighbours' sessions, of those as ever", 100 * sum(each.near_ok for each in during) / usual, "%", is_rate=True,
        details={f"failed: {why}": count for why, count in _most(came.near_failures)},
    )  # fmt: skip
    yield Figure("a neighbour's longest time without a session", came.near_gap, "s")
    yield Figure("a neighbour's session before, half of them", 1000 * came.before, "ms")
    slow = sorted(each.near_p50 for each in during if each.near_ok) or [0.0]
    yield Figure("a neighbour's session meanwhile, half of them, the worst second", 1000 * slow[-1], "ms")


def _held(plan: Plan) -> Iterator[Figure]:
    room = {"AIOACS_MAX_SESSIONS": str(plan.held + plan.meanwhile)}
    with _served({"AIOACS_ONBOARDING": "open", **room}) as (server, _):
        alone = rounds.load(server, _SCENARIO, 50, plan.meanwhile, plan.held + plan.meanwhile)
        told = survived(server, lambda: rounds.hold(server, _SCENARIO, plan.held, plan.meanwhile))
    if failed := rounds.failures([alone, told]):
        raise ServerError(f"sessions failed: {failed}")
    yield Figure(
        "sessions held open at once", told["sessions"], "", is_rate=True, limit=Limit(plan.held, is_design=True)
    )
    yield Figure(
        "a held session, with its connection", told["bytes_per_session"] / _KB, "KB",
        limit=Limit(plan.most_kilobytes, is_design=True),
    )  # fmt: skip
    yield Figure(
        "the process while they are held", told["server_resident_bytes"][1] / _MB, "MB",
        limit=Limit(plan.most_resident, is_design=True),
    )  # fmt: skip
    yield Figure(
        "whole sessions of others meanwhile", told["meanwhile"], "", is_rate=True,
        limit=Limit(plan.meanwhile, is_design=True),
    )  # fmt: skip
    for share in ("p50", "p99"):
        before, meanwhile = alone["milliseconds"][share], told["meanwhile_milliseconds"][share]
        yield figure(
            f"a session of theirs, {share}, 50 at once", "ms", [meanwhile], beside=("with none held", [before])
        )


def _flood(plan: Plan) -> Iterator[Figure]:
    port = free_port()
    # The rates of operators are those that all have: most of a flood is turned away by them, and that is wanted.
    usual: Mapping[str, str] = {}
    for name, rates in (("at the usual rates", usual), ("without rates", NO_RATES)):
        with _served({**settings(port), **rates}) as (server, database):
            came, crowds = survived(server, partial(_flooded, server, port, plan))
            against = contradictions(database, (cpe for crowd in crowds for cpe in crowd.devices))
            lost = lost_operations(database, came.answers.promised)
        found = flood_figures(came, against, lost, plan)
        yield from (replace(each, name=f"flood {name}: {each.name}") for each in found)


def _flooded(server: Server, port: int, plan: Plan) -> tuple[Flooded, list[Crowd]]:
    return loops.run(flood(server, port, plan.flood))


def flood_figures(came: Flooded, against: list[str], lost: list[str], plan: Plan) -> Iterator[Figure]:
    """What a flood comes to."""
    answers = came.answers
    statuses = {f"answered {status}": count for status, count in sorted(answers.statuses.items())}
    yield Figure("answers to operators", answers.statuses.total() / plan.flood.seconds, "/s", details=statuses)
    yield Figure(
        "answers to operators that should not be", answers.wrong.total(), "", limit=_NONE, details=_told(answers.wrong)
    )
    yield Figure(
        "promised operations that are not there", len(lost), "", limit=_NONE,
        details={"promised": len(answers.promised)},
    )  # fmt: skip
    yield from _replies(came.statuses, came.failures, came.silent, against)
    for share, name in ((0.5, "p50"), (0.99, "p99")):
        before, during = (1000 * (each.percentile(share) or 0.0) for each in (came.before, came.during))
        yield figure(f"a device's session, {name}", "ms", [during], beside=("before the flood", [before]))
    before, during = came.before.count, came.during.count
    yield figure("devices' sessions", "", [during], beside=("before the flood", [before]), is_rate=True)
    yield Figure("memory of the server at the peak", came.peak / _MB, "MB", limit=Limit(plan.most_peak))


def _replies(
    statuses: Mapping[int, int], failures: Mapping[str, int], silent: int, against: list[str]
) -> Iterator[Figure]:
    """What must not be, whatever the load."""
    odd = sum(count for status, count in statuses.items() if status not in _ANSWERS)
    told = {f"answered {status}": count for status, count in sorted(statuses.items())}
    yield Figure("replies that are not 200, 204, 401 or 503", odd, "", limit=_NONE, details=told)
    yield Figure("503 without Retry-After", silent, "", limit=_NONE)
    others = {why: count for why, count in failures.items() if why != TURNED_AWAY}
    yield Figure("sessions that failed without 503", sum(others.values()), "", details=_told(others))
    yield Figure(
        "Informs that the database tells otherwise", len(against), "", limit=_NONE,
        details=dict.fromkeys(against[:_SHOWN], 1.0),
    )  # fmt: skip


def _told(counted: Mapping[str, int]) -> dict[str, float]:
    return {why: float(count) for why, count in _most(counted)}


def _most(counted: Mapping[str, int]) -> list[tuple[str, int]]:
    return Counter(counted).most_common(_SHOWN)


def survived(server: Server, work: Callable[[], _T]) -> _T:
    """What comes of it; ServerError if the server did not live to see the end."""
    try:
        return work()
    finally:
        if not processes.is_alive(server.process_id):
            raise ServerError(f"the server has died:\n{last_words(server.log)}")


@contextmanager
def _served(given: Mapping[str, str]) -> Iterator[tuple[Server, Path]]:
    """A server on a core of its own, and the file of its database."""
    loops.raise_file_limit()
    # With a hundred thousand devices a look at all that is there takes longer than the storm gives it.
    gc.set_threshold(_SELDOM, _SELDOM // 1000, _SELDOM // 1000)
    with bench() as (place, core):
        database = place / "aioacs.db"
        url = f"sqlite:///{database}"
        with running(MEASURED, database_url=url, folder=place, cores=[core], settings=given) as server:
            yield server, database
