"""A mixed run: one server, a fleet, operators who are always at work; and the end, when all must have come to rest."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

import aiohttp
from aiohttp import web

from simulators.access import Access
from simulators.device.behaviours import Behaviour
from simulators.device.timing import Timing
from tests.chaos.endurance.campaign import Campaign
from tests.chaos.endurance.fleet import QUICK, Member, sorts
from tests.chaos.endurance.ledger import Ledger
from tests.chaos.endurance.operators import API, OPEN, Operators
from tests.chaos.endurance.projects import Projects
from tests.chaos.endurance.receiver import Receiver
from tests.chaos.endurance.watching import Stand, Watch, descriptors
from tests.chaos.endurance.world import World
from tests.chaos.listening import listening
from tests.chaos.noc import TOKEN
from tests.e2e.crash.beat import Beat
from tests.e2e.crash.processes import ServerProcess

_PROGRAM: Final = "tests.chaos.endurance.program"
_STAND: Final = 3
_REST: Final = 40
_LATE: Final = 0.6
_OPERATORS: Final = 8
_CAMPAIGN: Final = 0.1


@dataclass(frozen=True, slots=True)
class Plan:
    """How a run is to be."""

    database_url: str = field(repr=False)
    """The server's database, empty."""
    folder: Path
    """Where all is kept."""
    devices: int
    """How many devices there are."""
    seed: int
    """From which all chance comes."""
    pause: Callable[["Endurance"], Awaitable[object]]
    """Waits from one look at the server to the next."""
    progress: Callable[["Endurance"], float]
    """How much of the run is over: 1 is its end."""
    patience: float = 900.0
    """Seconds in which all that was begun must come to an end afterwards."""
    interval: int = 120
    """Seconds between two calls of a device until the ACS says otherwise."""
    beats: int = 40
    """So many sessions of devices are between two wishes of one operator."""
    odd: Sequence[Behaviour] | None = None
    """How odd devices behave; None: in every way that there is."""
    values: Mapping[str, str] = field(default_factory=dict)
    """What all devices have from the factory, by path below the root."""
    timing: Timing = QUICK
    """How long devices take for what they do."""
    retry_delay: float = 0.5
    """Minutes before an operation is tried again."""
    drain: int = 20
    """Seconds for which a server that is told to stop waits for sessions whose devices are gone."""
    census: int = 6
    """At each so many looks the server is asked what it holds."""
    latest: float = 40.0
    """Seconds after which at the latest an operation is to be done that is for later."""
    has_intervals: bool = True
    """Whether the ACS says how often devices call."""
    break_something: Callable[["Endurance"], Awaitable[object]] | None = None
    """What a test breaks at each look, so that the judge sees it."""


@dataclass(slots=True)
class End:
    """How it ended."""

    left: int
    """Operations that were still open."""
    untold: int
    """Webhooks that were still on their way."""
    settled_after: float
    """Seconds until all had come to rest."""
    idle: dict[str, int]
    """What the server had open before all."""
    after: dict[str, int]
    """What it had open after all."""
    status: int
    """Its exit status."""
    stopped_after: float
    """Seconds that it took to stop."""


class Endurance:
    """``run`` does it all; what came of it is in the fields."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.random = Random(plan.seed)
        self.beat = Beat()
        self.ledger = Ledger()
        self.watch = Watch()
        self.world = World(sorts(plan.devices, plan.seed, plan.odd), self.beat, self.ledger, plan.seed)
        self.process = ServerProcess(
            plan.database_url, plan.folder, program=_PROGRAM, bootstrap_token=TOKEN, onboarding="quarantine",
            log_format="json", api_rate=100_000, api_burst=100_000, webhook_networks="127.0.0.0/8",
            operation_attempts=6, retry_delay_minutes=plan.retry_delay, max_retry_delay_minutes=1, proof_timeout=120,
            transfer_timeout=120, postgres_pool_size=10, drain_timeout=plan.drain,
        )  # fmt: skip
        self.receiver = Receiver(plan.folder / "webhook.secret", Random(self.random.random()))
        self.operators: Operators
        self.projects: Projects
        self.began = 0.0
        """When the load began, by the monotonic clock."""
        self.ended = 0.0
        """When the load ended, in seconds from its beginning."""
        self.over_at = 0.0
        """When the devices were switched off, in POSIX seconds."""
        self._looks = 0
        self._to_do: list[tuple[float, Callable[[], Awaitable[object]]]] = []

    @property
    def members(self) -> list[Member]:
        """The devices."""
        return self.world.members

    @property
    def elapsed(self) -> float:
        """Seconds since the load began."""
        return time.monotonic() - self.began

    async def run(self) -> End:
        """From the start of the server to its end."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self.process.close)
            base_url = await stack.enter_async_context(listening(web.post("/hook", self.receiver.take)))
            await self.process.start()
            async with self._api() as session:
                self.operators = Operators(
                    session, base_url, self.members, self.beat, Random(self.random.random()), self.ledger,
                    self.plan.latest,
                )  # fmt: skip
                self.projects = Projects(self.operators, f"{base_url}/hook")
                await self._make_types()
            idle = await self._idle(None)
            async with self._api() as session:
                self.operators.session = session
                await self._live()
                left, untold, settled = await self._settle()
                await self._stand()
                if self.projects.campaign is not None:
                    await self.projects.campaign.close()
            await self.world.end()
            self.over_at = self.world.clock.now()
            after = await self._idle(idle)
            began = time.monotonic()
            self.process.terminate()
            status = await self.process.ended()
            return End(left, untold, settled, dict(idle), dict(after), status, time.monotonic() - began)

    def _api(self) -> aiohttp.ClientSession:
        head = {"Authorization": f"Bearer {TOKEN}"}
        return aiohttp.ClientSession(f"http://127.0.0.1:{self.process.api_port}", headers=head)

    async def _make_types(self) -> None:
        """Tell the ACS what it has to know of each sort, and how its devices log in for the first time."""
        for sort in self.world.sorts:
            body: dict[str, Any] = {
                "name": f"{sort.kind.name} {sort.number}",
                "short_name": sort.name,
                "onboarding": {
                    "enabled": True, "username": sort.name, "password": sort.password,
                    "serial_prefix": f"{sort.name}-",
                },
                "quirks": dict(sort.settings),
                "helpers": ["connection_request", "last_inform"],
            }  # fmt: skip
            if self.plan.has_intervals:
                body["update_frequency"] = sort.interval
            await self.operators.ask("POST", f"{API}/inventory_type/", body)

    async def _live(self) -> None:
        """Let the fleet live and the operators work until it is time to end."""
        plan = self.plan
        self.began = time.monotonic()
        await self.world.begin(self.process.port, plan.interval, plan.values, plan.timing)
        self._to_do = self._agenda()
        work = [asyncio.create_task(self.operators.work(plan.beats)) for _ in range(_OPERATORS)]
        while plan.progress(self) < 1:
            await plan.pause(self)
            await self._look()
        self.ended = self.elapsed
        self.operators.is_over = True
        self.receiver.is_well = True
        done, late = await asyncio.wait(work, timeout=120)
        for task in late:
            task.cancel()
        for task in done:
            task.result()

    def _agenda(self) -> list[tuple[float, Callable[[], Awaitable[object]]]]:
        """What is done with many devices, and when: the share of the run that is over by then."""
        largest = sorted(self.world.sorts, key=lambda sort: -len(sort.behaviours))
        first, second, third = (largest * 3)[:3]
        projects = self.projects
        return [
            (0.15, lambda: projects.begin_bulk(first, "get")),
            (0.25, self._begin_campaign),
            (0.35, lambda: projects.begin_bulk(second, "set")),
            (0.45, lambda: projects.change_type(third, "ntp-of-the-type.example.net")),
            (0.55, lambda: projects.begin_bulk(third, "get")),
            (0.65, lambda: projects.begin_bulk(first, "set")),
        ]

    async def _begin_campaign(self) -> None:
        able = [each for each in self.members if each.outcome == "ok" and each.cpe.memory.acknowledged]
        chosen = self.random.sample(able, min(len(able), round(self.plan.devices * _CAMPAIGN)))
        access = Access(f"http://127.0.0.1:{self.process.api_port}", TOKEN)
        campaign = Campaign(self.operators, access, chosen, self.beat, self.plan.seed)
        await self.projects.begin_campaign(campaign)

    async def _look(self) -> None:
        """Look at the server, and do what is due."""
        pid, at = self.process.pid, self.elapsed
        if pid is None or not self.process.is_running:
            raise AssertionError(f"the server is gone: {self.process.log.read_text('utf-8', 'replace')[-2_000:]}")
        self.watch.sample(pid, at)
        if self._looks % _STAND == 0:
            await self._stand()
        if self._looks % self.plan.census == 0:
            await self._census()
        self._looks += 1
        self.operators.is_late = self.plan.progress(self) > _LATE
        while self._to_do and self._to_do[0][0] <= self.plan.progress(self):
            await self._to_do.pop(0)[1]()
        if self.plan.break_something is not None:
            await self.plan.break_something(self)

    async def _stand(self) -> None:
        await self.projects.look()
        counts = await self.operators.counts()
        processed = sum(each.processed for each in self.projects.bulks)
        updated = self.projects.updated(self.world.clock.now())
        self.watch.stands.append(Stand(self.elapsed, counts, processed, updated))

    async def _census(self) -> None:
        said = await self.process.ask(do="census")
        async with self.operators.session.get(f"{API}/metrics") as answer:
            metrics = await answer.text()
        if said is not None:
            self.watch.ask(self.process.pid or 0, said, metrics, self.elapsed)

    async def _settle(self) -> tuple[int, int, float]:
        """Wait until nothing is left to be done, within bounds; what is left then."""
        began = time.monotonic()
        while True:
            counts = await self.operators.counts()
            left = sum(counts[state] for state in OPEN)
            _, waiting = await self.operators.ask("GET", f"{API}/webhook/", query={"status": "waiting", "limit": 1})
            untold = int(waiting["count"]) if waiting else 0
            await self.projects.look()
            took, now = time.monotonic() - began, self.world.clock.now()
            unmet = any(self.operators.lacks(each, now) for each in self.members)
            if not (left or untold or unmet or self.projects.is_at_work) or took > self.plan.patience:
                return left, untold, took
            await self.plan.pause(self)
            await self._look()

    async def _idle(self, before: Counter[str] | None) -> Counter[str]:
        """What the server has open when nobody calls; it may take a while until the last one has hung up."""
        assert self.process.pid is not None
        found = descriptors(self.process.pid)
        for _ in range(_REST if before is not None else 0):
            if found <= (before or found):
                break
            await asyncio.sleep(1)
            found = descriptors(self.process.pid)
        return found
