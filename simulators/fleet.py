"""Many devices in one process: who is due, and how many may call at once."""

import asyncio
import heapq
import math
from collections import deque
from collections.abc import Callable, Sequence

from simulators.client.counts import Counts
from simulators.client.visit import Visit
from simulators.device.cpe import Cpe


class Fleet:
    """Devices that live their lives until they are stopped."""

    def __init__(self, devices: Sequence[Cpe], tally: Counts, now: Callable[[], float], max_open: int) -> None:
        self._devices = devices
        self._tally = tally
        self._now = now
        self._max_open = max_open
        self._due = [(cpe.due_at, number) for number, cpe in enumerate(devices)]
        heapq.heapify(self._due)
        self._numbers = {id(cpe): number for number, cpe in enumerate(devices)}
        self._waiting: deque[Cpe] = deque()
        self._open: set[Visit] = set()
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Let them live."""
        self._tick()

    def stop(self) -> None:
        """Hang up on all that are calling."""
        if self._timer is not None:
            self._timer.cancel()
        self._max_open = 0
        for visit in list(self._open):
            visit.give_up("stopped")

    def _tick(self) -> None:
        """Look after all that are due."""
        now = self._now()
        while self._due and self._due[0][0] <= now:
            cpe = self._devices[heapq.heappop(self._due)[1]]
            if cpe.advance(now):
                self._waiting.append(cpe)
            else:
                self._plan(cpe)
        self._open_some()
        for visit in [visit for visit in self._open if visit.deadline < now]:
            visit.give_up("timeout")
        wait = min(1.0, max(0.0, self._due[0][0] - now)) if self._due else 1.0
        self._timer = asyncio.get_running_loop().call_later(wait, self._tick)

    def _open_some(self) -> None:
        while self._waiting and len(self._open) < self._max_open:
            visit = Visit(self._waiting.popleft(), self._tally, self._now, self._ended)
            self._open.add(visit)
            self._tally.began(self._now())
            visit.start()

    def _ended(self, visit: Visit, outcome: str) -> None:
        self._open.discard(visit)
        self._plan(visit.cpe)
        self._open_some()

    def _plan(self, cpe: Cpe) -> None:
        due = cpe.due_at
        if due < math.inf:
            heapq.heappush(self._due, (due, self._numbers[id(cpe)]))
