"""``python -m benchmarks.api.harness``: the management API on a large database, beside a bare aiohttp handler.

The server has one core; who asks and, where there is one, PostgreSQL have another. Every question is asked many times,
one at a time, each time followed by one for as many octets from the bare handler. The table is printed, and left as
JSON in ``benchmarks/out``.
"""

import argparse
import asyncio
import json
import os
import platform
import socket
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from fnmatch import fnmatch
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.api.asking import Answered, answered, rate, request
from benchmarks.api.cases import cases
from benchmarks.api.filling import fill
from benchmarks.api.rows import ADMIN, Sizes, device_name
from benchmarks.engine import loops, processes
from benchmarks.engine.errors import ServerError, SessionError
from benchmarks.engine.postgresql import postgresql
from benchmarks.engine.servers import MEASURED, Server, free_port, running

_OUT: Final = Path(__file__).parents[1] / "out"
_START: Final = 3.0
"""Seconds that are laid down for a start."""
_READY_SECONDS: Final = 30.0
_ROUNDS: Final = 3
_SLICE: Final = 2.0
_AT_ONCE: Final = 20
_SETTINGS: Final = {"AIOACS_API_RATE": "100000", "AIOACS_API_BURST": "100000"}
_HEADLESS: Final = "/api/v1/inventory_device_name_headless_operation/"


@dataclass(frozen=True, slots=True)
class Plan:
    """What the arguments ask for."""

    database: str
    """``sqlite`` or ``postgresql``, or the URL of a database that is filled already."""
    sizes: Sizes
    """How large one is made."""
    patterns: tuple[str, ...]
    """Which cases, by name; empty: all."""
    requests: int
    """How often each question is asked."""
    seed: int
    """The seed of the database."""
    out: Path
    """Where the results go."""

    def chosen(self, name: str) -> bool:
        """Whether something is to be measured."""
        return not self.patterns or any(fnmatch(name, pattern) for pattern in self.patterns)


@dataclass(frozen=True, slots=True)
class Rate:
    """Answers a second."""

    what: str
    """To what."""
    ours: float
    """Of the server under measurement."""
    bare: float
    """Of the bare handler."""
    ratio: float
    """The one as a share of the other: the median of the rounds' ratios."""


def main() -> int:
    """Measure; exit status 1 when something was not answered, or a figure that is laid down is not reached."""
    plan = _plan()
    core, own_core = processes.cores()
    processes.pin(os.getpid(), own_core)
    plan.out.mkdir(exist_ok=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="aioacs-bench-")))
        url = stack.enter_context(_filled(plan, folder))
        api_port, started = free_port(), time.monotonic()
        server = stack.enter_context(_server(MEASURED, url, folder / "ours", core, api_port))
        _wait_for(api_port)
        start = time.monotonic() - started
        bare = stack.enter_context(_server("bare_api", url, folder / "bare", core, api_port))
        try:
            return asyncio.run(_measure(plan, server, bare, api_port, start))
        except (ServerError, SessionError) as error:
            print(error, flush=True)
            return 1


async def _measure(plan: Plan, server: Server, bare: Server, port: int, start: float) -> int:
    load = os.getloadavg()[0]
    print(f"started in {start:.2f} s ({_verdict(start <= _START)}; at most {_START:g}); load {load:.1f}", flush=True)
    print(f"{'':44} {'rows':>8} {'octets':>7} {'p50':>7} {'p95':>7} {'p99':>7} {'max':>7} {'bare':>6}  ms", flush=True)
    results: list[Answered] = []
    # The figures are laid down for SQLite.
    is_laid_down = plan.database.startswith("sqlite")
    for case in cases(plan.sizes.devices, plan.sizes.operations):
        if plan.chosen(case.name):
            result = await answered((port, bare.port), case, plan.requests, devices=plan.sizes.devices, seed=plan.seed)
            results.append(result if is_laid_down else replace(result, most=None))
            print(_line(results[-1]), flush=True)
    rates = [
        await _rate(plan, what, port, bare.port) for what in ("detail", "headless") if plan.chosen(f"rate: {what}")
    ]
    for each in rates:
        print(f"rate: {each.what:20} {each.ours:7.0f}/s, bare {each.bare:7.0f}/s, {each.ratio:.0%}", flush=True)
    missed = [each.case for each in results if not each.reached]
    used = processes.usage([server.process_id])
    told = {
        "machine": _machine(), "database": plan.database, "sizes": asdict(plan.sizes), "load": [load, *os.getloadavg()],
        "start_seconds": start, "resident_mb": used.resident_bytes / 2**20, "cases": [asdict(each) for each in results],
        "rates": [asdict(each) for each in rates], "missed": missed,
    }  # fmt: skip
    path = plan.out / f"api_{plan.database.partition(':')[0]}.json"
    path.write_text(json.dumps(told, indent=2) + "\n")
    print(f"written: {path} ({_machine()}); missed: {', '.join(missed) or 'none'}")
    return 1 if missed or start > _START else 0


async def _rate(plan: Plan, what: str, port: int, bare: int) -> Rate:
    """The two servers in turn."""

    def detail(turn: int) -> bytes:
        return request("GET", f"/api/v1/inventory_device/{1 + turn * 7919 % plan.sizes.devices}/", ADMIN)

    def headless(turn: int) -> bytes:
        body = {"name": device_name(1 + turn % plan.sizes.devices, plan.seed), "operation": "get",
                "variables": [{"variable_name": "Device.DeviceInfo.UpTime"}], "connection_request": False}  # fmt: skip
        return request("POST", _HEADLESS, ADMIN, body)

    def beside(turn: int) -> bytes:
        return (
            request("GET", "/900", "")
            if what == "detail"
            else request("POST", "/500", "", {"turn": turn, "more": "x" * 120})
        )

    ours, others = [], []
    for _ in range(_ROUNDS):
        asked, good = (detail, 200) if what == "detail" else (headless, 201)
        ours.append(await rate(port, asked, _AT_ONCE, _SLICE, good))
        others.append(await rate(bare, beside, _AT_ONCE, _SLICE, 200))
    ratio = median(one / other for one, other in zip(ours, others, strict=True))
    return Rate(what, median(ours), median(others), ratio)


@contextmanager
def _filled(plan: Plan, folder: Path) -> Iterator[str]:
    """The URL of a large database."""
    if "://" in plan.database:
        yield plan.database
        return
    with ExitStack() as stack:
        url = f"sqlite:///{folder / 'aioacs.db'}"
        if plan.database == "postgresql":
            url = stack.enter_context(postgresql(folder / "postgresql"))
        started = time.monotonic()
        asyncio.run(fill(url, plan.sizes, plan.seed, time.time()))
        print(f"filled in {time.monotonic() - started:.0f} s", flush=True)
        yield url


@contextmanager
def _server(program: str, url: str, folder: Path, core: int, api_port: int) -> Iterator[Server]:
    folder.mkdir()
    settings = {**_SETTINGS, "AIOACS_API_PORT": str(api_port)}
    with running(program, database_url=url, folder=folder, core=core, settings=settings) as server:
        yield server


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        try:
            socket.create_connection((loops.HOST, port), timeout=1.0).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise ServerError(f"the API takes no connection after {_READY_SECONDS:g} s")


def _line(result: Answered) -> str:
    ours, count = result.ours, "" if result.count is None else result.count
    row = f"{result.case:44} {count:>8} {result.octets:7}"
    row += (
        "".join(f" {each:7.2f}" for each in (ours.p50, ours.p95, ours.p99, ours.longest)) + f" {result.bare.p50:6.2f}"
    )
    if result.most is not None:
        row += f"  {_verdict(result.reached)}"
    return row + (f"  failed: {result.failures}" if result.failures else "")


def _verdict(reached: bool) -> str:
    return "reached" if reached else "MISSED"


def _machine() -> str:
    name = platform.processor() or platform.machine()
    return f"{name}, {os.cpu_count()} cores, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"


def _plan() -> Plan:
    described = argparse.ArgumentParser(
        prog="python -m benchmarks.api.harness",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    usual = Sizes()
    add = described.add_argument
    add("patterns", nargs="*", help="which cases, as 'devices: *' (default: all)")
    add("--database", default="sqlite", help="sqlite, postgresql, or the URL of one that is filled (default sqlite)")
    add("--devices", type=int, default=usual.devices, help=f"default {usual.devices}")
    add("--operations", type=int, default=usual.operations, help=f"default {usual.operations}")
    add("--requests", type=int, default=100, help="how often each question is asked (default 100)")
    add("--seed", type=int, default=1, help="the seed of the database (default 1)")
    add("--out", type=Path, default=_OUT, help="the folder for the results (default benchmarks/out)")
    arguments = described.parse_args()
    operations = arguments.operations
    sizes = Sizes(arguments.devices, operations, operations, operations // 2, max(1, arguments.devices // 10))
    return Plan(arguments.database, sizes, tuple(arguments.patterns), arguments.requests, arguments.seed, arguments.out)


if __name__ == "__main__":
    sys.exit(main())
