"""A fleet in time-lapse, with devices that are real and calls that last as long as a test likes."""

import asyncio
from collections.abc import Callable

from simulators.clock import LeapingClock
from simulators.device.cpe import Cpe
from simulators.device.jobs import Job, Outcome
from simulators.fleet import Call, Fleet
from simulators.population import Kind, Makeup, populate
from tests.simulators.device.conversing import START, small_model


class Hand:
    """A monotonic clock that the test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Talk:
    """A session that ends when it is told to, or at once."""

    def __init__(self, cpe: Cpe, ended: Callable[[Call, str], None], world: "World") -> None:
        self.cpe = cpe
        self.deadline = world.clock.now() + 60
        self._ended = ended
        self._world = world

    def start(self) -> None:
        self.cpe.open(self._world.clock.now())
        self._world.begun.append((self._world.clock.now() - START, self.cpe.identity.index))
        if self._world.is_quick:
            asyncio.get_running_loop().call_soon(self.end)

    def end(self) -> None:
        self.cpe.informed(self._world.clock.now())
        self.cpe.pending.clear()
        self.cpe.session_over(self._world.clock.now())
        self._ended(self, "ok")

    def give_up(self, why: str) -> None:
        self._world.failed.append((self.cpe.identity.index, why))
        self.cpe.session_failed(self._world.clock.now())
        self._ended(self, why)


class World:
    """A fleet in time-lapse, with all that happened in it."""

    def __init__(self, *arrivals: float, until: float = 1000.0, max_open: int = 10, is_quick: bool = True) -> None:
        self.hand = Hand()
        self.clock = LeapingClock(wall=START, monotonic=self.hand)
        self.clock.start()
        self.is_quick = is_quick
        self.begun: list[tuple[float, int]] = []
        self.failed: list[tuple[int, str]] = []
        self.talks: list[Talk] = []
        makeup = Makeup(len(arrivals), (Kind("small", small_model()),), "http://127.0.0.1:1/", 300, is_known=True)
        self.devices = list(populate(makeup, arrivals, START))
        self.fleet = Fleet(
            self.devices, self.clock, self._call, max_open=max_open, until=START + until, carry=self._carry
        )
        self.fetched: list[str] = []

    def _call(self, cpe: Cpe, ended: Callable[[Call, str], None]) -> Call:
        talk = Talk(cpe, ended, self)
        self.talks.append(talk)
        return talk

    async def _carry(self, cpe: Cpe, job: Job) -> Outcome:
        # Long enough for time to leap if it did not wait.
        for _ in range(20):
            await asyncio.sleep(0)
        self.fetched.append(job.url)
        return Outcome(200, 1, self.clock.now(), self.clock.now())

    async def live(self) -> None:
        self.fleet.start()
        await self.over()

    async def over(self) -> None:
        async with asyncio.timeout(10):
            await self.fleet.over()

    async def settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)
