"""``python -m benchmarks.api.harness``: the management API on a large database, beside a bare aiohttp handler.

The server has one core; who asks and, where there is one, PostgreSQL have another. Every question is asked many times,
one at a time, each time followed by one for as many octets from the bare handler.
"""

import argparse
import asyncio
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.api.asking import Answered, answered, rate, request
from benchmarks.api.cases import DETAIL, PAGE, Case, cases
from benchmarks.api.filling import fill
from benchmarks.api.rows import ADMIN, Sizes, device_name
from benchmarks.engine import loops, processes
from benchmarks.engine.bench import bench
from benchmarks.engine.databases import database
from benchmarks.engine.errors import ServerError
from benchmarks.engine.servers import MEASURED, NO_RATES, Server, free_port, running
from benchmarks.figures import Figure, Limit, figure
from benchmarks.running import OUT, Part, run

BESIDE: Final = "bare aiohttp"
"""What answers are held against."""
_START: Final = 3.0
_READY_SECONDS: Final = 30.0
_ROUNDS: Final = 3
_SLICE: Final = 2.0
_AT_ONCE: Final = 20
_SLOWEST: Final = 3
_LIMITS: Final = {PAGE: "a page of devices", DETAIL: "one device"}
_HEADLESS: Final = "/api/v1/inventory_device_name_headless_operation/"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked."""

    database: str = "sqlite"
    """``sqlite`` or ``postgresql``, or the URL of a database that is filled already."""
    sizes: Sizes = field(default_factory=Sizes)
    """How large one is made."""
    patterns: tuple[str, ...] = ()
    """Which cases, by name; empty: all."""
    requests: int = 100
    """How often each question is asked."""
    seed: int = 1
    """The seed of the database."""

    @property
    def is_design(self) -> bool:
        """Whether the figures are laid down for such a database."""
        return self.database.startswith("sqlite") and self.sizes.devices >= Sizes().devices

    def chosen(self, name: str) -> bool:
        """Whether something is to be measured."""
        return not self.patterns or any(fnmatch(name, pattern) for pattern in self.patterns)


def part(plan: Plan) -> Part:
    """The API on one kind of database."""
    name = plan.database.partition(":")[0]
    return Part(f"api_{name}", f"the management API, {plan.sizes.devices:,} devices, {name}", partial(measure, plan))


def measure(plan: Plan) -> Iterator[Figure]:
    """All that is asked."""
    with ExitStack() as stack:
        folder, core = stack.enter_context(bench())
        url = stack.enter_context(_filled(plan, folder))
        api_port, started = free_port(), time.monotonic()
        server = stack.enter_context(_server(MEASURED, url, folder / "ours", core, api_port))
        wait_for(api_port)
        yield start(time.monotonic() - started, is_design=plan.is_design)
        bare = stack.enter_context(_server("bare_api", url, folder / "bare", core, api_port))
        runner = stack.enter_context(asyncio.Runner())
        asked = []
        for case in cases(plan.sizes.devices, plan.sizes.operations):
            if plan.chosen(case.name):
                ports = (api_port, bare.port)
                found = runner.run(answered(ports, case, plan.requests, devices=plan.sizes.devices, seed=plan.seed))
                asked.append((case, found))
                yield told(found)
        yield from _slowest(plan, asked)
        for what in ("detail", "headless"):
            if plan.chosen(f"rate: {what}"):
                yield runner.run(_rate(plan, what, api_port, bare.port))
        resident = processes.usage([server.process_id]).resident_bytes
        yield Figure("the process, after all that", resident / 2**20, "MB")


def start(seconds: float, *, is_design: bool) -> Figure:
    """How long the process took until it answered."""
    return Figure("process start", seconds, "s", limit=Limit(_START, is_design=True) if is_design else None)


def told(found: Answered) -> Figure:
    """What came of one question; ServerError if it was not answered."""
    if found.failures:
        raise ServerError(f"{found.case}: answers by status: {found.failures}")
    ours, bare = found.ours, found.bare
    details = {"p95 ms": ours.p95, "p99 ms": ours.p99, "longest ms": ours.longest, "octets": float(found.octets)}
    if found.count is not None:
        details["rows"] = float(found.count)
    p50 = figure(f"{found.case}: p50", "ms", [ours.p50], beside=(BESIDE, [bare.p50]), details=details)
    return replace(p50, rounds=found.asked)


def _slowest(plan: Plan, asked: list[tuple[Case, Answered]]) -> Iterator[Figure]:
    """For each bound the question that came nearest to it, or went farthest beyond it."""
    for bound, what in _LIMITS.items():
        found = sorted((each for case, each in asked if case.most == bound), key=lambda each: -each.ours.p99)
        if found:
            details = {each.case: each.ours.p99 for each in found[:_SLOWEST]}
            name = f"{what}: the slowest p99 of {len(found)} questions"
            limit = Limit(bound, is_design=True) if plan.is_design else None
            yield Figure(name, found[0].ours.p99, "ms", limit=limit, details=details)


async def _rate(plan: Plan, what: str, port: int, bare: int) -> Figure:
    """Answers a second; the two servers in turn."""

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
    name = "one device" if what == "detail" else "POST of a get, each durable"
    return figure(f"{name}, {_AT_ONCE} at once", "/s", ours, beside=(BESIDE, others), is_rate=True)


@contextmanager
def _filled(plan: Plan, folder: Path) -> Iterator[str]:
    """The URL of a large database."""
    if "://" in plan.database:
        yield plan.database
        return
    with database(plan.database, folder) as (url, _):
        started = time.monotonic()
        asyncio.run(fill(url, plan.sizes, plan.seed, time.time()))
        print(f"  filled in {time.monotonic() - started:.0f} s", flush=True)
        yield url


@contextmanager
def _server(program: str, url: str, folder: Path, core: int, api_port: int) -> Iterator[Server]:
    folder.mkdir()
    settings = {**NO_RATES, "AIOACS_API_PORT": str(api_port)}
    with running(program, database_url=url, folder=folder, cores=[core], settings=settings) as server:
        yield server


def wait_for(port: int) -> None:
    """Wait until something listens; ServerError if nothing does."""
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        try:
            socket.create_connection((loops.HOST, port), timeout=1.0).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise ServerError(f"the API takes no connection after {_READY_SECONDS:g} s")


def main() -> int:
    """Measure; exit status 1 when something was not answered, or a figure that is laid down is not reached."""
    described = argparse.ArgumentParser(
        prog="python -m benchmarks.api.harness",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    usual, add = Sizes(), described.add_argument
    add("patterns", nargs="*", help="which cases, as 'devices: *' (default: all)")
    add("--database", action="append", help="sqlite, postgresql, or the URL of one that is filled (default sqlite)")
    add("--devices", type=int, default=usual.devices, help=f"default {usual.devices}")
    add("--operations", type=int, default=usual.operations, help=f"default {usual.operations}")
    add("--requests", type=int, default=100, help="how often each question is asked (default 100)")
    add("--seed", type=int, default=1, help="the seed of the database (default 1)")
    add("--out", type=Path, default=OUT, help="the folder for the results (default benchmarks/out)")
    given = described.parse_args()
    operations = given.operations
    sizes = Sizes(given.devices, operations, operations, operations // 2, max(1, given.devices // 10))
    plans = [
        Plan(each, sizes, tuple(given.patterns), given.requests, given.seed) for each in given.database or ["sqlite"]
    ]
    return run([part(plan) for plan in plans], given.out, "api")


if __name__ == "__main__":
    sys.exit(main())
