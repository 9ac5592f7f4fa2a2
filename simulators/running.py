"""A run from its plan to its report."""

import asyncio
import gc
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from rich.console import Console

from simulators.client.caller import Caller
from simulators.clock import Clock, LeapingClock, WorldClock
from simulators.device.cpe import Cpe
from simulators.device.errors import ModelError
from simulators.fleet import Fleet
from simulators.judging import findings, judge
from simulators.options import OptionError, Plan, told
from simulators.population import faults_of, populate
from simulators.progress import Progress
from simulators.report.document import Document, Expectation
from simulators.report.machine import Usage, machine, usage
from simulators.report.run import Run, document
from simulators.script import write_script
from simulators.tally import OK, Tally

DRAIN: Final = 20.0
"""Seconds for which sessions that are open at the end may go on."""
_FRAME: Final = 0.25


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that is over."""

    document: Document
    """All that is told of it."""
    interrupted_by: int
    """The signal that ended it before its time; 0 if none did."""

    @property
    def broken(self) -> list[Expectation]:
        """What the scenario demanded and did not get."""
        return [each for each in self.document.expectations if not each.holds]


async def run(plan: Plan, console: Console, clock: Clock | None = None) -> Ended:
    """Let the devices of a plan live; OptionError if that cannot even begin."""
    if clock is None:
        clock = LeapingClock() if plan.time_lapse else WorldClock()
    before = usage()
    with _populated(plan, clock, console) as devices:
        return await _lived(plan, devices, clock, console, before)


async def _lived(plan: Plan, devices: list[Cpe], clock: Clock, console: Console, before: Usage) -> Ended:
    tally = Tally(started := clock.now())
    heard = bytearray(len(devices))

    caller = Caller(tally, clock.now, faults=faults_of(plan.makeup))

    def ended(cpe: Cpe, outcome: str) -> None:
        heard[cpe.identity.index] |= outcome == OK

    fleet = Fleet(devices, clock, caller.call, max_open=plan.concurrency, until=started + plan.duration, ended=ended)
    write_script(fleet, plan, started)
    with _signals(fleet) as caught, Progress(console) as progress:
        fleet.start()
        await _watched(fleet, lambda: progress.show(tally.snapshot(clock.now())), clock)
    found = findings(tally, devices, sum(heard), clock.now())
    after = usage()
    facts = Run(
        told(plan),
        plan.loaded.name,
        plan.makeup.seed,
        plan.makeup.devices,
        started,
        clock.now(),
        after.cpu_seconds - before.cpu_seconds,
        after.peak_memory,
        # A run that was cut short could not come to what was expected of it.
        [] if caught else judge(plan.scenario.expect, found, plan.names),
    )
    return Ended(document(facts, tally, machine()), caught[0] if caught else 0)


@contextmanager
def _populated(plan: Plan, clock: Clock, console: Console) -> Iterator[list[Cpe]]:
    """The devices, out of the collector's sight: they are there until the end."""
    began = time.perf_counter()
    gc.disable()
    try:
        devices = list(populate(plan.makeup, plan.arrivals, clock.now()))
    except ModelError as error:
        raise OptionError(f"{plan.loaded.name}: {error}") from None
    finally:
        gc.enable()
    gc.collect()
    gc.freeze()
    if (took := time.perf_counter() - began) > 1:
        console.print(f"{len(devices):,} devices made in {took:.1f} s")
    try:
        yield devices
    finally:
        gc.unfreeze()


async def _watched(fleet: Fleet, show: Callable[[], None], clock: Clock) -> None:
    """Show how things stand until the run is over, and a while longer if sessions do not end."""
    over = asyncio.ensure_future(fleet.over())
    deadline = None
    while not over.done():
        await asyncio.wait({over}, timeout=_FRAME)
        show()
        if fleet.is_ending(clock.now()):
            deadline = deadline or time.monotonic() + DRAIN
            if time.monotonic() > deadline:
                fleet.stop()
    await over


@contextmanager
def _signals(fleet: Fleet) -> Iterator[list[int]]:
    """SIGINT and SIGTERM end the run in good order, and a second one at once; gives those that came."""
    loop = asyncio.get_running_loop()
    caught: list[int] = []

    def catch(number: int) -> None:
        caught.append(number)
        fleet.end() if len(caught) == 1 else fleet.stop()

    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        loop.add_signal_handler(number, catch, number)
    try:
        yield caught
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


def address_towards(host: str, port: int) -> str:
    """The address of this machine from which another one is reached; nothing is sent."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.connect(address)
        return str(probe.getsockname()[0])
