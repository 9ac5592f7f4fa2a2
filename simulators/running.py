"""A run from its plan to its report."""

import asyncio
import gc
import signal
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from rich.console import Console

from simulators.campaign import Campaign
from simulators.client.caller import Caller
from simulators.client.files import FileCarrier
from simulators.client.tls import TlsFileError, tls_context
from simulators.clock import LeapingClock, WorldClock
from simulators.device.cpe import Cpe
from simulators.device.errors import ModelError
from simulators.fleet import Fleet
from simulators.judging import findings, judge
from simulators.options import OptionError
from simulators.planning import Plan, options_to_repeat
from simulators.population import Makeup, populate
from simulators.progress import EVERY, Progress
from simulators.reach import Reach
from simulators.report.document import Document, Expectation
from simulators.report.machine import Usage, machine, usage
from simulators.report.run import Run, document
from simulators.script import weather, write_script
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


async def run(plan: Plan, console: Console) -> Ended:
    """Let the devices of a plan live; OptionError if that cannot even begin."""
    clock = LeapingClock() if plan.time_lapse else WorldClock()
    before = usage()
    simulation = _Simulation(plan, clock)
    async with simulation.reach.opened() as makeup:
        with _populated(plan, makeup, clock, console) as devices, Progress(console) as progress:
            # In time-lapse five seconds of the devices are over at once: lines are for those who read them.
            is_slow = plan.time_lapse and not console.is_terminal
            caught = await simulation.live(devices, progress, EVERY if is_slow else _FRAME)
        for campaign in simulation.campaigns:
            await campaign.close()
    # A run that was cut short could not come to what was expected of it.
    expectations = [] if caught else simulation.expectations()
    summary = simulation.summary(expectations, before, is_whole=not caught)
    return Ended(document(summary, simulation.tally, machine()), caught)


class _Simulation:
    """What goes on in a run."""

    def __init__(self, plan: Plan, clock: WorldClock) -> None:
        self.plan = plan
        self.clock = clock
        self.started = clock.now()
        self._began = time.monotonic()
        self.tally = Tally(self.started)
        self.reach = Reach(plan, self.tally, clock.now, self._woke)
        self.campaigns: list[Campaign] = []
        self._devices: list[Cpe] = []
        self._heard = bytearray(plan.makeup.devices)
        faults = weather(plan, self.started, clock.now).faults_of
        tls = _tls(plan)
        self._caller = Caller(self.tally, clock.now, tls=tls, faults=faults, wants_jobs=self._want_jobs)
        self._carrier = FileCarrier(self.tally, clock.now, tls=tls)
        self._fleet: Fleet | None = None

    async def live(self, devices: list[Cpe], progress: Progress, pace: float) -> int:
        """Let them live, shown once in so many seconds; the signal that ended it before its time, or 0."""
        self._devices = devices
        await self.reach.meet(devices)
        until = self.started + self.plan.duration
        fleet = self._fleet = Fleet(
            devices,
            self.clock,
            self._caller.call,
            max_open=self.plan.concurrency,
            until=until,
            ended=self._ended,
            carry=self._carrier.carry,
        )
        self.campaigns = write_script(fleet, self.plan, self.started)
        with _signals(fleet) as caught:
            self.clock.start()
            fleet.start()
            await self._watch(fleet, progress, pace)
        return caught[0] if caught else 0

    def expectations(self) -> list[Expectation]:
        """What was demanded, and what came of it."""
        now = self.clock.now()
        found = findings(self.tally, self._devices, sum(self._heard), now)
        campaigns = [each for campaign in self.campaigns for each in campaign.expectations(now)]
        return [*judge(self.plan.scenario.expect, found, self.plan.names), *campaigns]

    def summary(self, expectations: list[Expectation], before: Usage, *, is_whole: bool) -> Run:
        """What the counts do not say."""
        after = usage()
        return Run(
            settings=options_to_repeat(self.plan),
            scenario=self.plan.loaded.name,
            seed=self.plan.makeup.seed,
            devices=self.plan.makeup.devices,
            started=self.started,
            ended=self.clock.now(),
            cpu_seconds=after.cpu_seconds - before.cpu_seconds,
            peak_memory=after.peak_memory,
            expectations=expectations,
            is_whole=is_whole,
            real_seconds=time.monotonic() - self._began,
        )

    def _ended(self, cpe: Cpe, outcome: str) -> None:
        self._heard[cpe.identity.index] |= outcome == OK
        self.reach.look_after(cpe)
        for campaign in self.campaigns:
            campaign.heard(cpe, self.clock.now())

    def _want_jobs(self, cpe: Cpe) -> None:
        if self._fleet is not None:
            self._fleet.take_jobs(cpe)

    def _woke(self, cpe: Cpe) -> None:
        if self._fleet is not None:
            self._fleet.woke(cpe)

    async def _watch(self, fleet: Fleet, progress: Progress, pace: float) -> None:
        """Show how things stand until the run is over, and a while longer if sessions do not end."""
        over = asyncio.ensure_future(fleet.over())
        deadline = None
        while not over.done():
            await asyncio.wait({over}, timeout=pace)
            progress.show(self.tally.snapshot(self.clock.now()))
            if fleet.is_ending(self.clock.now()):
                deadline = deadline or time.monotonic() + DRAIN
                if time.monotonic() > deadline:
                    fleet.stop()
        await over


@contextmanager
def _populated(plan: Plan, makeup: Makeup, clock: WorldClock, console: Console) -> Iterator[list[Cpe]]:
    """The devices, out of the collector's sight: they are there until the end."""
    began = time.perf_counter()
    gc.disable()
    try:
        devices = list(populate(makeup, plan.arrivals, clock.now()))
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


def _tls(plan: Plan) -> ssl.SSLContext:
    """How devices speak TLS: they trust whom the machine trusts, those of ``--ca`` alone, or everybody."""
    options = plan.options
    try:
        context = tls_context(authorities=options.ca)
    except TlsFileError as error:
        raise OptionError(f"--ca: {error}") from None
    if options.ca is None and not options.insecure:
        context.load_default_certs()
        context.check_hostname = True
        context.verify_mode = ssl.CERT_REQUIRED
    return context
