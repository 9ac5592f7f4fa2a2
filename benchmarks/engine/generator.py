"""A load of simulated devices on one server: a closed loop of sessions, every reply checked, one line of JSON.

A session is: connect, Inform to InformResponse, an empty post, answers to whatever the server asks, 204, close.
``--hold N`` opens N sessions instead, keeps them open, and tells what each costs the server in memory; with
``--meanwhile M`` M other devices have whole sessions while they are open.
"""

import argparse
import asyncio
import contextlib
import json
import random
import sys
import time
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from benchmarks.engine import loops
from benchmarks.engine.client import Connection, Session, Tally, Target, connect
from benchmarks.engine.device import DEFAULT_PARAMETERS, Device, inform_template
from benchmarks.engine.errors import SessionError
from benchmarks.engine.processes import usage
from benchmarks.figures import share_of

_PERCENTILES: Final = (50, 90, 99)

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Load:
    """What is let loose on the server."""

    target: Target
    """The server."""
    sessions: int = 2000
    """How many sessions are counted."""
    concurrency: int = 50
    """How many go on at once; never more than there are devices, for each has one session at a time."""
    devices: int = 0
    """How many devices take turns; 0 for as many as there are sessions."""
    first: int = 0
    """The number of the first of them."""
    is_scattered: bool = False
    """Whether their turns are in no order."""
    warm_up: int = 0
    """How many sessions go before, uncounted."""
    keep: bool = False
    """Whether the next session of a slot uses the connection of the last."""
    parameters: int = DEFAULT_PARAMETERS
    """How many parameters an Inform has."""
    event: str = "2 PERIODIC"
    """Why the devices call."""
    seconds: float = 30.0
    """The longest that one session may take."""
    server_processes: tuple[int, ...] = ()
    """The server's processes, whose cost is told."""
    database_processes: tuple[int, ...] = ()
    """Those of its database, if that is another program."""

    def fleet(self, epoch: int) -> deque[Device]:
        """The devices, in the order of their turns."""
        template = inform_template(self.parameters, self.event)
        numbers = list(range(self.first, self.first + (self.devices or self.sessions)))
        if self.is_scattered:
            random.Random(epoch).shuffle(numbers)  # noqa: S311  an order of turns
        return deque(Device(index, template, epoch) for index in numbers)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a load."""

    sessions: int
    """Good sessions."""
    failures: dict[str, int]
    """Bad ones by reason."""
    seconds: float
    """From the first to the last."""
    sessions_per_second: float
    """Good sessions a second."""
    requests_per_second: float
    """Posts a second."""
    milliseconds: dict[str, float]
    """Percentiles of the time of a session."""
    rpcs: int
    """RPCs of the server that were answered."""
    challenges: int
    """Logins that were answered."""
    own_cpu_share: float
    """The generator's processor time as a share of the time: near 1 it measures itself."""
    server_cpu_milliseconds: float | None = None
    """Processor time of the server for each session, if its processes are known."""
    server_resident_bytes: tuple[int, int] | None = None
    """The server's memory before and after, if its processes are known."""
    database_cpu_milliseconds: float | None = None
    """Processor time of the database for each session, if its processes are known."""


@dataclass(frozen=True, slots=True)
class Held:
    """What open sessions cost."""

    sessions: int
    """How many were open at once."""
    failures: dict[str, int]
    """Those that could not be opened, or not be ended afterwards, by reason."""
    connections: str
    """``kept`` or ``closed``."""
    server_resident_bytes: tuple[int, int] | None
    """The server's memory before, and while they were open."""
    bytes_per_session: float | None
    """The growth for each."""
    meanwhile: int = 0
    """Good sessions of other devices while they were open."""
    meanwhile_milliseconds: dict[str, float] = field(default_factory=dict)
    """Percentiles of the time that these took."""


async def run_load(load: Load, epoch: int) -> Result:
    """Warm up, then count."""
    fleet = load.fleet(epoch)
    await _slots(load, fleet, load.warm_up, Tally())
    tally, before, own = Tally(), usage(load.server_processes), time.process_time()
    database = usage(load.database_processes).cpu_seconds
    started = time.perf_counter()
    await _slots(load, fleet, load.sessions, tally)
    seconds = time.perf_counter() - started
    own, after = time.process_time() - own, usage(load.server_processes)
    database = usage(load.database_processes).cpu_seconds - database
    good = len(tally.durations)
    spent = (after.cpu_seconds - before.cpu_seconds) * 1e3
    return Result(
        sessions=good,
        failures=dict(tally.failures),
        seconds=round(seconds, 3),
        sessions_per_second=round(good / seconds, 1),
        requests_per_second=round(tally.requests / seconds, 1),
        milliseconds=_percentiles(tally.durations),
        rpcs=tally.rpcs,
        challenges=tally.challenges,
        own_cpu_share=round(own / seconds, 3),
        server_cpu_milliseconds=round(spent / max(good, 1), 4) if load.server_processes else None,
        server_resident_bytes=(before.resident_bytes, after.resident_bytes) if load.server_processes else None,
        database_cpu_milliseconds=round(database * 1e3 / max(good, 1), 4) if load.database_processes else None,
    )


async def hold(load: Load, epoch: int, *, closed: bool, meanwhile: int = 0) -> Held:
    """Open the sessions, weigh the server, and then end them, which shows that they were really open."""
    tally = Tally()
    beginning, opened = replace(load, devices=0).fleet(epoch), deque[tuple[Session, Connection]]()

    async def open_one() -> None:
        session = Session(beginning.popleft(), load.target, tally)
        connection = await connect(load.target)
        with ExitStack() as ending:
            ending.callback(connection.close)
            await session.inform(connection)
            opened.append((session, connection))
            if not closed:
                ending.pop_all()

    async def end_one() -> None:
        session, connection = opened.popleft()
        if closed:
            connection = await connect(load.target)
        with contextlib.closing(connection):
            await session.finish(connection)

    async def all_of(waiting: deque[Any], work: Callable[[], Coroutine[object, object, None]]) -> None:
        while waiting:
            await _in_time(work(), load, tally)

    await _slots(load, load.fleet(epoch), load.warm_up, Tally())
    before = usage(load.server_processes).resident_bytes
    await asyncio.gather(*(all_of(beginning, open_one) for _ in range(load.concurrency)))
    after = usage(load.server_processes).resident_bytes
    held, others = len(opened), Tally()
    await _slots(
        load, replace(load, devices=meanwhile, first=load.first + load.sessions).fleet(epoch), meanwhile, others
    )
    tally.failures.update(others.failures)
    await asyncio.gather(*(all_of(opened, end_one) for _ in range(load.concurrency)))
    return Held(
        sessions=held,
        failures=dict(tally.failures),
        connections="closed" if closed else "kept",
        server_resident_bytes=(before, after) if load.server_processes else None,
        bytes_per_session=round((after - before) / max(held, 1)) if load.server_processes else None,
        meanwhile=len(others.durations),
        meanwhile_milliseconds=_percentiles(others.durations),
    )


async def _slots(load: Load, fleet: deque[Device], sessions: int, tally: Tally) -> None:
    """So many sessions, so many at once: a slot begins the next one when its last one has ended."""
    waiting = sessions

    async def slot() -> None:
        nonlocal waiting
        connection: Connection | None = None
        while waiting > 0:
            waiting -= 1
            device = fleet.popleft()
            connection = await _in_time(_session(device, connection, load, tally), load, tally)
            fleet.append(device)
        if connection is not None:
            connection.close()

    await asyncio.gather(*(slot() for _ in range(min(load.concurrency, sessions, len(fleet)))))


async def _session(device: Device, connection: Connection | None, load: Load, tally: Tally) -> Connection:
    """One whole session; the connection it was on, which stays open only if it is to be used again."""
    started = time.perf_counter()
    if connection is None or connection.closed:
        connection = await connect(load.target)
    with ExitStack() as ending:
        ending.callback(connection.close)
        session = Session(device, load.target, tally)
        await session.inform(connection)
        await session.finish(connection)
        if load.keep:
            ending.pop_all()
    tally.durations.append(time.perf_counter() - started)
    return connection


async def _in_time(work: Coroutine[object, object, _T], load: Load, tally: Tally) -> _T | None:
    """What comes of a session's work; None, and the failure is counted, if it fails or takes too long."""
    try:
        async with asyncio.timeout(load.seconds):
            return await work
    except SessionError as error:
        tally.failures[str(error)] += 1
    except TimeoutError:
        tally.failures["too slow"] += 1
    except OSError:
        tally.failures["no connection"] += 1
    return None


def _percentiles(durations: Sequence[float]) -> dict[str, float]:
    ranked = sorted(durations) or [0.0]
    found = {f"p{percent}": share_of(ranked, percent / 100) for percent in _PERCENTILES}
    return {name: round(value * 1e3, 3) for name, value in {**found, "max": ranked[-1]}.items()}


def _arguments() -> argparse.Namespace:
    described = argparse.ArgumentParser(
        prog="python -m benchmarks.engine.generator",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = described.add_argument
    add("url", help="where the devices call, as http://127.0.0.1:7547/")
    add("-n", "--sessions", type=int, default=2000, help="sessions that are counted (default 2000)")
    add("-c", "--concurrency", type=int, default=50, help="sessions at once (default 50)")
    add("-d", "--devices", type=int, default=0, help="devices that take turns (default: as many as sessions)")
    add("--first", type=int, default=0, help="the number of the first device (default 0)")
    add("--scattered", action="store_true", help="let the devices take turns in no order")
    add("-w", "--warm-up", type=int, default=0, help="sessions before, uncounted (default 0)")
    add("--keep", action="store_true", help="go on with the next session on the same connection")
    add("--parameters", type=int, default=DEFAULT_PARAMETERS, help="parameters in an Inform (default 12)")
    add("--event", default="2 PERIODIC", help="the event of the Informs (default 2 PERIODIC)")
    add("--user", default="", help="the name to log in with by Digest; {serial} in it stands for the device's")
    add("--password", default="", help="its password")
    add("--timeout", type=float, default=30.0, help="seconds that a session may take (default 30)")
    add("--server-pid", type=int, action="append", default=[], help="a process of the server (repeatable)")
    add("--database-pid", type=int, action="append", default=[], help="a process of its database (repeatable)")
    add("--hold", type=int, metavar="N", help="open N sessions and keep them open, with their connections")
    add("--hold-closed", action="store_true", help="with --hold: close the connections of the open sessions")
    add("--meanwhile", type=int, default=0, metavar="N", help="with --hold: N sessions of others while they are open")
    return described.parse_args()


def main() -> int:
    """Run what the arguments ask for; exit status 1 when a session failed."""
    arguments = _arguments()
    loops.raise_file_limit()
    url = urlsplit(arguments.url)
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    load = Load(
        Target(url.hostname or loops.HOST, url.port or 80, path, arguments.user, arguments.password),
        sessions=arguments.sessions if arguments.hold is None else arguments.hold,
        concurrency=arguments.concurrency,
        devices=arguments.devices,
        first=arguments.first,
        is_scattered=arguments.scattered,
        warm_up=arguments.warm_up,
        keep=arguments.keep,
        parameters=arguments.parameters,
        event=arguments.event,
        seconds=arguments.timeout,
        server_processes=tuple(arguments.server_pid),
        database_processes=tuple(arguments.database_pid),
    )
    epoch = int(time.time())
    result: Result | Held
    if arguments.hold is None:
        result = loops.run(run_load(load, epoch))
    else:
        result = loops.run(hold(load, epoch, closed=arguments.hold_closed, meanwhile=arguments.meanwhile))
    print(json.dumps(asdict(result)))
    return 1 if result.failures else 0


if __name__ == "__main__":
    sys.exit(main())
