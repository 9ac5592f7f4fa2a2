"""Devices that live in this process: those that all come at once, and neighbours that go on calling as ever."""

import gc
from collections.abc import Callable, Sequence
from typing import Final

from benchmarks.storm.devices import StormCpe
from simulators.client.caller import Caller
from simulators.clock import WorldClock
from simulators.device.cpe import Cpe
from simulators.fleet import Fleet
from simulators.kinds import read_kinds
from simulators.population import Makeup, populate_with
from simulators.tally import Tally

KINDS: Final = "tr181:2,tr098:1,ont:1"
"""Of what kinds devices are, if nothing else is said."""
SELDOM: Final = 86_400
"""Seconds between two calls of a device that is to call only for a reason of its own."""
TURNED_AWAY: Final = "status 503"
"""How a session ends that the server does not want now."""


class Crowd:
    """Devices and what is counted of them."""

    def __init__(self, devices: list[StormCpe], clock: WorldClock, at_once: int) -> None:
        self.devices = devices
        self.tally = Tally(clock.now())
        """What is counted."""
        self.done = 0
        """How many of them have got through since they were up."""
        self.silent = 0
        """How often one was turned away without being told when to come again."""
        self._at_once = at_once
        self._clock = clock
        self._fleet: Fleet | None = None
        self._done = bytearray(len(devices))

    @property
    def waiting(self) -> int:
        """How many wait for nothing but their turn in this process."""
        return 0 if self._fleet is None else self._fleet.waiting

    @property
    def open(self) -> int:
        """How many call now."""
        return 0 if self._fleet is None else self._fleet.open

    def start(self, at_once: int | None = None) -> None:
        """Let them live from now on; all counts begin anew."""
        self.tally = Tally(self._clock.now())
        self.done = 0
        self._done = bytearray(len(self.devices))
        call = Caller(self.tally, self._clock.now).call
        self._fleet = Fleet(self.devices, self._clock, call, max_open=at_once or self._at_once, ended=self._ended)
        self._fleet.start()

    async def stop(self) -> None:
        """Nobody calls any more; those who do may finish."""
        if self._fleet is not None:
            self._fleet.end()
            await self._fleet.over()

    def hang_up(self) -> None:
        """End all that is left."""
        if self._fleet is not None:
            self._fleet.stop()

    def restart(self, boots: Sequence[float]) -> None:
        """The power is cut: each device is up again after so many seconds."""
        now = self._clock.now()
        for cpe, takes in zip(self.devices, boots, strict=True):
            cpe.restart(now, takes=takes)

    def _ended(self, cpe: Cpe, outcome: str) -> None:
        assert isinstance(cpe, StormCpe)
        if outcome == TURNED_AWAY and not cpe.put_off_until:
            self.silent += 1
        index = cpe.identity.index
        if cpe.story.is_done and not self._done[index]:
            self._done[index] = 1
            self.done += 1


def crowd(
    count: int,
    url: str,
    clock: WorldClock,
    arrivals: Sequence[float],
    *,
    prefix: str,
    seed: int,
    at_once: int,
    kinds: str = KINDS,
    interval: int = SELDOM,
) -> Crowd:
    """New devices, each switched on at its arrival."""
    makeup = Makeup(count, read_kinds(kinds), url, interval, seed=seed, prefix=prefix)
    return Crowd(_unwatched(lambda: list(populate_with(StormCpe, makeup, arrivals, clock.now()))), clock, at_once)


def _unwatched(make: Callable[[], list[StormCpe]]) -> list[StormCpe]:
    """Devices are there until the end, so the collector need not look at them."""
    gc.disable()
    try:
        devices = make()
    finally:
        gc.enable()
    gc.freeze()
    return devices
