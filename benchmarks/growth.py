"""What things cost with 1,000, 10,000 and 100,000 devices: what grows must be what has to.

Three servers stay up, each with a database filled as that of an operator of so many devices is, all of which have
called. They are loaded in turn, always by as many sessions, of devices in no order; then they are asked over the API,
left alone for a minute, and started anew. They share a core, of which only one of them ever needs much.
"""

import asyncio
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final

import asyncpg

from benchmarks.api.asking import answered
from benchmarks.api.cases import Case, cases
from benchmarks.api.filling import fill
from benchmarks.api.harness import BESIDE, wait_for
from benchmarks.api.rows import Sizes
from benchmarks.engine import loops, processes, rounds
from benchmarks.engine.bench import bench
from benchmarks.engine.databases import database
from benchmarks.engine.errors import ServerError
from benchmarks.engine.scenarios import Scenario
from benchmarks.engine.servers import COUNTED, MEASURED, NO_RATES, OPEN, Server, free_port, running
from benchmarks.engine.watched import Seen, seen
from benchmarks.figures import Figure, figure
from benchmarks.running import Part

DEVICES: Final = (1_000, 10_000, 100_000)
"""How many devices there are."""
_SETTINGS: Final = {**OPEN, **NO_RATES}
_ASKED: Final = (
    "device: by name", "devices: page", "devices: by -last_connection", "devices: filtered and sorted",
    "devices: search in the middle", "operations: page", "operations: of a device by name", "audit: page",
)  # fmt: skip
_SEED: Final = 1
_AT_ONCE: Final = 50
_IDLE: Final = 65.0
"""Long enough for what is done once a minute."""
# The devices are those of the generator, which tell nothing new when they call, and nothing is left to be done.
_BECOME: Final = (
    """UPDATE device SET oui = '00D09E', product_class = 'Bench', manufacturer = 'Example', is_active = TRUE,
       software_version = '7.4.1', hardware_version = 'R3', cwmp_version = '1.2', is_registered = TRUE,
       serial_number = 'BENCH' || SUBSTR(CAST(100000000 + id - 1 AS TEXT), 2)""",
    """UPDATE operation SET state = 'cancelled', completed_at = created, updated = created, proof_by = NULL
       WHERE state IN ('queued', 'scheduled', 'in_progress')""",
    "UPDATE contact SET settings_due = FALSE, inform_interval = 300",
)


@dataclass(frozen=True, slots=True)
class Plan:
    """How it is measured."""

    database: str
    """``sqlite`` or ``postgresql``."""
    rounds: int = 4
    """How often each server is loaded."""
    sessions: int = 4000
    """How many sessions a load has."""
    requests: int = 40
    """How often each question is asked."""
    devices: tuple[int, ...] = DEVICES
    """How many devices there are."""
    idle: float = _IDLE
    """For how many seconds the servers are left alone."""
    starts: int = 3
    """How often each is started anew."""


@dataclass(slots=True)
class Fleet:
    """So many devices, and the server that knows them."""

    devices: int
    """How many."""
    folder: Path
    """Where its files are."""
    url: str
    """Its database."""
    api_port: int
    """Where it is asked."""
    server: Server
    """The server."""
    told: list[rounds.Told] = field(default_factory=list)
    """What the generator told of each load."""
    seen: list[Seen] = field(default_factory=list)
    """What was seen in the process during each."""


def part(plan: Plan) -> Part:
    """Growth on one kind of database."""
    return Part(f"growth_{plan.database}", "what grows with the number of devices", partial(measure, plan))


def measure(plan: Plan) -> Iterator[Figure]:
    """All of it."""
    loops.raise_file_limit()
    with ExitStack() as stack:
        folder, core = stack.enter_context(bench())
        with ExitStack() as serving:
            fleets = [_fleet(plan, number, folder / str(number), core, (stack, serving)) for number in plan.devices]
            for _ in range(plan.rounds):
                for each in fleets:
                    _load(plan, each)
            for each in fleets:
                yield from _sessions(each)
            yield from _asked(plan, fleets, core, serving)
            yield from _left_alone(plan, fleets)
        for each in fleets:
            yield from _started(plan, each, core)
            yield _figure(each, "size: the database", [_size(each.url) / 2**20], "MB")


def _fleet(plan: Plan, devices: int, folder: Path, core: int, stacks: tuple[ExitStack, ExitStack]) -> Fleet:
    """Fill a database, start a server on it, and let every device call once."""
    stack, serving = stacks
    folder.mkdir()
    url, process = stack.enter_context(database(plan.database, folder))
    sizes = Sizes(devices, 10 * devices, 10 * devices, 5 * devices, max(1, devices // 10))
    asyncio.run(fill(url, sizes, _SEED, time.time()))
    asyncio.run(_become(url))
    port = free_port()
    server = serving.enter_context(
        running(
            COUNTED,
            database_url=url,
            folder=folder,
            cores=[core],
            settings={**_SETTINGS, "AIOACS_API_PORT": str(port)},
            database_process=process,
        )
    )
    print(f"  {devices:,} devices call for the first time", flush=True)
    rounds.introduce(server, _scenario(plan), devices)
    return Fleet(devices, folder, url, port, server)


def _scenario(plan: Plan) -> Scenario:
    return Scenario("growth", plan.database)


async def _become(url: str) -> None:
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        try:
            for statement in _BECOME:
                connection.execute(statement)
        finally:
            connection.close()
        return
    other = await asyncpg.connect(url)
    try:
        for statement in _BECOME:
            await other.execute(statement)
        await other.execute("VACUUM ANALYZE")
    finally:
        await other.close()


def _load(plan: Plan, fleet: Fleet) -> None:
    seen(fleet.server)
    size = ("--sessions", plan.sessions, "--concurrency", _AT_ONCE, "--devices", fleet.devices, "--scattered")
    told = rounds.generate(fleet.server, _scenario(plan), *size)
    if told["failures"]:
        raise ServerError(f"{fleet.devices:,} devices: sessions failed: {told['failures']}")
    fleet.told.append(told)
    fleet.seen.append(seen(fleet.server))


def _sessions(fleet: Fleet) -> Iterator[Figure]:
    """What a session costs."""
    both = list(zip(fleet.told, fleet.seen, strict=True))
    add = partial(_figure, fleet)
    yield add("a session: CPU", [each["server_cpu_milliseconds"] for each in fleet.told], "ms")
    yield add("a session: statements", [each.statements / told["sessions"] for told, each in both], "")
    yield add("a session: statements that only read", [each.reads / told["sessions"] for told, each in both], "")
    waited = [each.database_seconds * 1000 / told["sessions"] for told, each in both]
    yield add("a session: waiting for the database", waited, "ms")
    if fleet.server.database_process is not None:
        yield add("a session: CPU of the database", [each["database_cpu_milliseconds"] for each in fleet.told], "ms")
    yield add("a session: p50", [each["milliseconds"]["p50"] for each in fleet.told], "ms")
    yield add("size: memory of the process", [fleet.told[-1]["server_resident_bytes"][1] / 2**20], "MB")


def _asked(plan: Plan, fleets: Sequence[Fleet], core: int, stack: ExitStack) -> Iterator[Figure]:
    """How long answers take."""
    folder = fleets[0].folder.parent / "bare"
    folder.mkdir()
    bare = stack.enter_context(running("bare_api", database_url="", folder=folder, cores=[core], settings={}))
    with asyncio.Runner() as runner:
        for name in _ASKED:
            for each in fleets:
                ports = (each.api_port, bare.port)
                asked = answered(ports, _case(name, each.devices), plan.requests, devices=each.devices, seed=_SEED)
                found = runner.run(asked)
                if found.failures:
                    raise ServerError(f"{name}: answers by status: {found.failures}")
                curve, beside = f"the API: {name.replace(': ', ', ')}", (BESIDE, [found.bare.p50])
                yield _figure(each, curve, [found.ours.p50], "ms", beside)


def _case(name: str, devices: int) -> Case:
    return next(each for each in cases(devices, 10 * devices) if each.name == name)


def _left_alone(plan: Plan, fleets: Sequence[Fleet]) -> Iterator[Figure]:
    """What the servers cost while nobody calls."""
    before = [processes.usage([each.server.process_id]).cpu_seconds for each in fleets]
    time.sleep(plan.idle)
    for each, earlier in zip(fleets, before, strict=True):
        spent = processes.usage([each.server.process_id]).cpu_seconds - earlier
        yield _figure(each, "the process: CPU a minute while nobody calls", [spent / plan.idle * 60_000], "ms")


def _started(plan: Plan, fleet: Fleet, core: int) -> Iterator[Figure]:
    """How long a start takes, until the API answers, and what the process weighs then."""
    seconds, resident = [], []
    for number in range(plan.starts):
        folder = fleet.folder / f"start{number}"
        folder.mkdir()
        settings = {
            **_SETTINGS, "AIOACS_API_PORT": str(fleet.api_port), "AIOACS_SECRET_KEY_FILE": str(fleet.server.key_file)
        }  # fmt: skip
        began = time.monotonic()
        with running(MEASURED, database_url=fleet.url, folder=folder, cores=[core], settings=settings) as server:
            wait_for(fleet.api_port)
            seconds.append(time.monotonic() - began)
            resident.append(processes.usage([server.process_id]).resident_bytes / 2**20)
    yield _figure(fleet, "the process: start", seconds, "s")
    yield _figure(fleet, "size: memory after a start", resident, "MB")


def _size(url: str) -> int:
    """Octets of a database."""
    if url.startswith("sqlite"):
        path = Path(url.removeprefix("sqlite:///"))
        return sum(each.stat().st_size for each in path.parent.glob(f"{path.name}*"))
    return asyncio.run(_postgresql_size(url))


async def _postgresql_size(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        size: int = await connection.fetchval("SELECT pg_database_size(current_database())")
    finally:
        await connection.close()
    return size


def _figure(
    fleet: Fleet, curve: str, values: Sequence[float], unit: str, beside: tuple[str, Sequence[float]] | None = None
) -> Figure:
    """A point of a curve."""
    found = figure(f"{curve.replace(': ', ', ', 1)}, {fleet.devices:,} devices", unit, values, beside=beside)
    return replace(found, point=(curve, float(fleet.devices)))
