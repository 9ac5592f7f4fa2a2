"""A fleet, operators and a server to which things happen, until the time has come to judge."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Final

import psutil

from simulators.client.caller import Caller
from simulators.client.files import FileCarrier
from simulators.clock import WorldClock
from simulators.device.behaviours import FIT, Behaviour
from simulators.device.cpe import Cpe
from simulators.device.quirk_names import named
from simulators.device.timing import AT_ONCE
from simulators.fleet import Fleet
from simulators.population import Kind, Makeup, Way, populate_with
from simulators.tally import Tally
from tests.chaos.faults import Fault
from tests.chaos.judge import contradictions, in_the_log
from tests.chaos.line import Line
from tests.chaos.listening import listening
from tests.chaos.noc import SECRET, TOKEN, Noc
from tests.chaos.witness import WitnessedCpe
from tests.e2e.crash.beat import Beat
from tests.e2e.crash.processes import ServerProcess
from tests.e2e.serving import serving
from tests.simulators.device.conversing import small_model

_PROGRAM: Final = "tests.chaos.program"
_PASSWORD: Final = f"{SECRET}of-all-devices"
_INTERVAL: Final = 1
_CALM: Final = 3_000
_SAID_EVERY: Final = 10
_FIRST: Final = 3
# What leaves out the events leaves the witness nothing to hold the server to.
_SPELLINGS: Final = tuple(
    Behaviour((name,))
    for name in FIT
    if named(name).group in {"http", "wire", "namespace"} and not named(name).settings and name != "no-event"
)
_ODD: Final = Way("odd spelling", Fraction(1, 2), _SPELLINGS)


@dataclass(frozen=True, slots=True)
class Told:
    """What came of it."""

    contradictions: list[str]
    """What cannot be true; there should be none."""
    rounds: Counter[str]
    """How often what befell the server."""
    sessions: Counter[str]
    """How the sessions of devices ended."""
    answers: Counter[str]
    """What the API answered."""
    promised: int
    """Operations that were acknowledged."""
    requests: int
    """RPCs that devices have answered."""
    peak: int
    """The most memory that a server had, in octets."""


class Battle:
    """Begins with ``begun``; ``strike`` lets things happen; ``end`` judges."""

    def __init__(
        self,
        database_url: str,
        folder: Path,
        seed: int,
        devices: int,
        *,
        servers: int = 1,
        control: Callable[..., None] | None = None,
    ) -> None:
        self.database_url = database_url
        self.control = control
        self.random = Random(seed)
        self.beat = Beat()
        self._servers = [
            ServerProcess(
                database_url, folder, program=_PROGRAM, name=f"server{number}", idle_timeout=5, retry_delay_minutes=0.1,
                drain_timeout=2, bootstrap_token=TOKEN, api_rate=100_000, api_burst=100_000, operation_attempts=100,
                max_retry_delay_minutes=0.1, max_downloads=50, connection_requests=1,
                connection_request_timeouts="0.1,0.1",
            )
            for number in range(servers)
        ]  # fmt: skip
        self.process = self._servers[0]
        """The one to which something happens now."""
        self.line = Line([each.port for each in self._servers], Random(self.random.random()))
        self._folder = folder
        self._count = devices
        self._rounds: Counter[str] = Counter()
        self._sessions: Counter[str] = Counter()
        self._peak = 0
        self._devices: list[WitnessedCpe] = []
        self._noc: Noc | None = None
        self._fleet: Fleet | None = None

    @asynccontextmanager
    async def begun(self) -> AsyncIterator[None]:
        """All are at work within."""
        async with AsyncExitStack() as stack:
            for each in self._servers:
                stack.push_async_callback(each.close)
            await stack.enter_async_context(self.line)
            base_url = await stack.enter_async_context(listening())
            for each in self._servers:
                await each.start()
            clock = WorldClock()
            makeup = Makeup(
                self._count, (Kind("small", small_model()),), f"http://127.0.0.1:{self.line.port}/", _INTERVAL,
                prefix="CHAOS", password=_PASSWORD, timing=AT_ONCE,
                values={"ManagementServer.CWMPRetryMinimumWaitInterval": "1"}, ways=(_ODD,),
            )  # fmt: skip
            arrivals = [self.random.uniform(0, _INTERVAL) for _ in range(self._count)]
            self._devices = list(populate_with(WitnessedCpe, makeup, arrivals, clock.now()))
            self._fleet = fleet = self._living(clock)
            order = Random(self.random.random())
            self._noc = noc = Noc(self._servers, TOKEN, f"{base_url}/file", self._devices, self.beat, order)
            clock.start()
            fleet.start()
            work = asyncio.create_task(noc.work())
            try:
                await self.beat.wait(_FIRST * self._count)
                yield
            finally:
                noc.is_over = True
                work.cancel()
                await asyncio.gather(work, return_exceptions=True)
                fleet.stop()

    async def strike(self, name: str, fault: Fault) -> None:
        """Let something happen to one of the servers, once."""
        self._rounds[name] += 1
        self.process = self.random.choice(self._servers)
        self._watch()
        await fault(self)
        if not self.process.is_running:
            raise AssertionError(f"after {name} the server is gone: {self.process.log.read_text()[-2_000:]}")

    async def replace(self, *, by_force: bool) -> None:
        """Another server in the place of the one that runs, or ran."""
        if by_force:
            self.process.kill()
            await self.process.ended()
        else:
            self.process.terminate()
            status = await self.process.ended()
            if status != 0:
                raise AssertionError(f"told to stop, it ended with {status}")
        await self.process.start()

    async def end(self, tell: Callable[[str], None] = lambda _: None) -> Told:
        """Let what was begun be done, and judge; ``tell`` is given how that goes on."""
        noc, fleet = self._noc, self._fleet
        assert noc is not None
        assert fleet is not None
        noc.is_over = True
        left = await self._calm(noc, tell)
        self._watch()
        fleet.end()
        await fleet.over()
        found = []
        for each in self._servers:
            each.terminate()
            if (status := await each.ended()) != 0:
                found.append(f"at the end it ended with {status}")
        if left:
            found.append(f"{left} operations are not done, however long one waits")
        async with serving(self.database_url, self._folder) as served:
            found += await contradictions(served, self._devices, noc)
        for each in self._servers:
            found += in_the_log(each.log, (SECRET, TOKEN))
        return Told(
            found,
            self._rounds,
            self._sessions,
            noc.answers,
            len(noc.promised),
            sum(cpe.memory.requests for cpe in self._devices),
            self._peak,
        )

    async def _calm(self, noc: Noc, tell: Callable[[str], None]) -> int | None:
        """Wait until nothing is left to be done, within bounds; what is left then."""
        left: int | None = None
        for number in range(_CALM):
            await self.beat.wait(self._count)
            left = await noc.count_open()
            if number % _SAID_EVERY == 0:
                tell(f"operations that are not done yet: {'unknown' if left is None else left}")
            if left == 0 and all(not each.pending.requests for each in self._devices):
                return 0
        return left

    def _living(self, clock: WorldClock) -> Fleet:
        tally = Tally(clock.now())
        caller, carrier = Caller(tally, clock.now, wants_jobs=self._want_jobs), FileCarrier(tally, clock.now)
        return Fleet(self._devices, clock, caller.call, max_open=self._count, ended=self._ended, carry=carrier.carry)

    def _want_jobs(self, cpe: Cpe) -> None:
        if self._fleet is not None:
            self._fleet.take_jobs(cpe)

    def _ended(self, _cpe: Cpe, outcome: str) -> None:
        self._sessions[outcome] += 1
        self.beat.strike()

    def _watch(self) -> None:
        for pid in [each.pid for each in self._servers]:
            if pid is not None and psutil.pid_exists(pid):
                self._peak = max(self._peak, psutil.Process(pid).memory_info().rss)
