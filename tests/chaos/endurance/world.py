"""All devices of a run, alive: they call, fetch and send files, and can be called."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from simulators.client.caller import Caller
from simulators.client.files import FileCarrier
from simulators.client.listener import Listener, called_at
from simulators.client.visit import Visit
from simulators.clock import WorldClock
from simulators.device.chance import Chance
from simulators.device.cpe import Cpe
from simulators.device.timing import Timing
from simulators.fleet import Fleet
from simulators.tally import Tally
from tests.chaos.endurance.fleet import Member, Sort, populate
from tests.chaos.endurance.ledger import Ledger, Noted
from tests.e2e.crash.beat import Beat

_AT_ONCE: Final = 400
_DRAIN: Final = 90.0


class World:
    """The devices and the network side of them."""

    def __init__(self, dealt: Sequence[Sort], beat: Beat, ledger: Ledger, seed: int) -> None:
        self.sorts = dealt
        self.members: list[Member] = []
        """The devices."""
        self.clock = WorldClock()
        self.tally = Tally(self.clock.now())
        """What is counted."""
        self.started = self.clock.now()
        """When they were switched on."""
        self.fleet: Fleet
        self._beat = beat
        self._ledger = ledger
        self._seed = seed
        self._is_stopping = False
        self._callers: list[Caller] = []
        self._by_serial: dict[str, Cpe] = {}
        self._listener: Listener | None = None

    async def begin(self, port: int, interval: int, values: Mapping[str, str], timing: Timing) -> None:
        """Switch them on; they call the server at this port."""
        now = self.clock.now
        chance = Chance(self._seed, "deaf")
        deaf: set[str] = set()
        self.started = now()
        self.tally = tally = Tally(self.started)
        self._listener = Listener(self._by_serial, tally, now, self._woke, deaf=deaf)
        address = await self._listener.start("127.0.0.1", 0)
        self.members += populate(
            self.sorts, url=f"http://127.0.0.1:{port}/", called_at=called_at(*address), interval=interval,
            seed=self._seed, now=self.started, values=values, timing=timing,
        )  # fmt: skip
        self._by_serial.update((each.serial, each.cpe) for each in self.members)
        deaf.update(each.serial for each in self.members if each.behaviour.faults.is_deaf(chance))
        carrier = FileCarrier(tally, now)
        self.fleet = Fleet(
            [each.cpe for each in self.members], self.clock, self._call,
            max_open=_AT_ONCE, ended=self._ended, carry=carrier.carry,
        )  # fmt: skip
        self._callers = [self._caller(each) for each in self.members]
        self.clock.start()
        self.fleet.start()

    async def end(self) -> None:
        """Let sessions that are open end, and call no more."""
        fleet = self.fleet
        fleet.end()
        try:
            async with asyncio.timeout(_DRAIN):
                await fleet.over()
        except TimeoutError:
            self._is_stopping = True
            fleet.stop()
        if self._listener is not None:
            await self._listener.stop()

    def _caller(self, member: Member) -> Caller:
        """A device has its own: what its sessions come to is explained by what happened in them."""
        return Caller(
            Noted(member, self.tally, self._ledger, lambda: self._is_stopping), self.clock.now,
            faults=lambda _: member.behaviour.faults, wants_jobs=self.fleet.take_jobs,
        )  # fmt: skip

    def _call(self, cpe: Cpe, ended: Callable[[Visit, str], None]) -> Visit:
        return self._callers[cpe.identity.index].call(cpe, ended)

    def _ended(self, _: Cpe, __: str) -> None:
        self._beat.strike()

    def _woke(self, cpe: Cpe) -> None:
        self.fleet.woke(cpe)
