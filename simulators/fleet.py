"""Many devices in one process: who is due, and how many may call at once.

A device is at rest, with one entry in the heap that counts; or it waits for its turn to call; or it calls.
"""

import asyncio
import heapq
import math
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from typing import Any, Final, Protocol

from simulators.clock import Clock
from simulators.device.cpe import Cpe
from simulators.device.jobs import Job, Outcome

SLICE: Final = 0.005
"""Seconds for which devices are looked after before all else in the process has its turn again."""
_SWEEP: Final = 1.0
_BATCH: Final = 16


class Call(Protocol):
    """A session that is carried out."""

    deadline: float
    """When it is to be given up."""

    @property
    def cpe(self) -> Cpe:
        """Whose it is."""

    def start(self) -> None:
        """Open it."""

    def give_up(self, why: str) -> None:
        """End it from outside."""


Ended = Callable[[Cpe, str], None]
"""What is told that the session of a device has ended, and how."""
MakeCall = Callable[[Cpe, Callable[["Call", str], None]], Call]
"""Makes what carries a session; it says once that it has ended, with ``ok`` or a short reason."""
Carry = Callable[[Cpe, Job], Coroutine[Any, Any, Outcome]]
"""Fetches or sends a file for a device, and says how that ended, whatever happens."""
Deed = Callable[[Cpe, float], object]
"""Something that happens to a device at a moment."""


class Fleet:
    """Devices that live their lives up to a moment."""

    def __init__(
        self,
        devices: Sequence[Cpe],
        clock: Clock,
        call: MakeCall,
        *,
        max_open: int,
        until: float = math.inf,
        ended: Ended | None = None,
        carry: Carry | None = None,
    ) -> None:
        self._devices = devices
        self._clock = clock
        self._call = call
        self._max_open = max_open
        self._until = until
        self._told = ended
        self._carry = carry
        self._jobs: deque[tuple[Cpe, Job]] = deque()
        self._carrying: dict[asyncio.Task[None], tuple[Cpe, Job]] = {}
        self._numbers = {id(cpe): number for number, cpe in enumerate(devices)}
        # When each is planned to be looked after; an entry of the heap that says otherwise is out of date.
        self._planned = [cpe.due_at for cpe in devices]
        self._due = [(due, number) for number, due in enumerate(self._planned) if due < math.inf]
        heapq.heapify(self._due)
        self._waiting: deque[int] = deque()
        self._waits = bytearray(len(devices))
        self._open: dict[int, Call] = {}
        self._script: list[tuple[float, int, Iterable[int], Deed]] = []
        self._count = 0
        self._deeds: deque[tuple[Iterator[int], Deed]] = deque()
        self._holds = 0
        self._timer: asyncio.Handle | None = None
        self._timer_at = 0.0
        self._next_sweep = 0.0
        self._is_stopped = False
        self._broken: Exception | None = None
        self._over = asyncio.Event()

    @property
    def open(self) -> int:
        """How many call now."""
        return len(self._open)

    @property
    def carrying(self) -> int:
        """How many files are fetched or sent now."""
        return len(self._carrying)

    @property
    def waiting(self) -> int:
        """How many wait for their turn to call."""
        return len(self._waiting)

    def start(self) -> None:
        """Let them live."""
        self._tick()

    async def over(self) -> None:
        """Wait until the last moment has come and nobody calls any more; what broke the fleet before is raised."""
        await self._over.wait()
        if self._broken is not None:
            raise self._broken

    def at(self, moment: float, devices: Iterable[int], deed: Deed) -> None:
        """Something happens to these devices at a moment."""
        self._count += 1
        heapq.heappush(self._script, (moment, self._count, devices, deed))
        if self._timer is not None:
            self._wake_in(max(0.0, moment - self._clock.now()))

    def woke(self, cpe: Cpe) -> None:
        """Something has happened to a device from outside: it may be due earlier than planned."""
        self._plan(self._numbers[id(cpe)])

    def cut(self, cpe: Cpe, why: str) -> None:
        """End the session of a device if it has one open: it lost its power or its line."""
        call = self._open.get(self._numbers[id(cpe)])
        if call is not None:
            call.give_up(why)

    def hold(self) -> None:
        """Something from outside is not done yet: the run goes on, its last moment or not, until ``release``."""
        self._holds += 1

    def release(self) -> None:
        """What held the run is done."""
        # One that was ended has nothing that holds it any more.
        self._holds = max(0, self._holds - 1)
        self._soon()

    def is_ending(self, now: float) -> bool:
        """Whether the last moment has come."""
        return now >= self._until and not self._holds

    def end(self) -> None:
        """Nobody calls from now on; those who do so already may finish."""
        self._until = min(self._until, self._clock.now())
        self._holds = 0
        self._script.clear()
        self._deeds.clear()
        self._jobs.clear()
        for number in self._waiting:
            self._waits[number] = 0
        self._waiting.clear()
        self._soon()

    def stop(self) -> None:
        """Hang up on all that are calling."""
        self._is_stopped = True
        if self._timer is not None:
            self._timer.cancel()
        for call in list(self._open.values()):
            call.give_up("stopped")
        for task in list(self._carrying):
            task.cancel()
        self._over.set()

    def _tick(self) -> None:
        """Look after all that are due; one that cannot be looked after ends the run, which would stand still else."""
        self._timer = None
        if self._is_stopped:
            return
        try:
            self._turn()
        except Exception as error:  # noqa: BLE001  # whatever it is, whoever waits for the end is to know
            self._broken = error
            self.stop()

    def _turn(self) -> None:
        """Look after all that are due, as long as one may at a time."""
        clock = self._clock
        until = time.perf_counter() + SLICE
        is_done = self._work(clock.now(), until)
        # Some call in any case: a crowd of which ever more are due must not keep the first of them from calling.
        is_done = self._open_some(until) and is_done
        now = clock.now()
        if now >= self._next_sweep:
            self._sweep(now)
        if not is_done:
            self._soon()
            return
        soonest = self._soonest() if self._holds else min(self._soonest(), self._until)
        if soonest <= now and (self._holds or soonest < self._until):
            self._soon()
        elif self._open or self._carrying or self._holds or soonest == math.inf:
            self._wake_in(min(_SWEEP, soonest - now) if soonest > now else _SWEEP)
        elif soonest <= now:
            self._over.set()
        elif clock.leap(soonest):
            self._soon()
        else:
            self._wake_in(min(_SWEEP, soonest - now))

    def _work(self, now: float, until: float) -> bool:
        """Do what the script says, and see what devices are due; False if time ran out before all was done."""
        script, deeds = self._script, self._deeds
        while script and script[0][0] <= now and script[0][0] < self._until:
            _, _, devices, deed = heapq.heappop(script)
            deeds.append((iter(devices), deed))
        while deeds:
            devices, deed = deeds[0]
            for count, number in enumerate(devices, 1):
                deed(self._devices[number], now)
                self._plan(number)
                if count % _BATCH == 0 and time.perf_counter() > until:
                    return False
            deeds.popleft()
        return self._look_after(now, until)

    def _look_after(self, now: float, until: float) -> bool:
        due, planned, count = self._due, self._planned, 0
        last = self._until if not self._holds else math.inf
        while due and due[0][0] <= now and due[0][0] < last:
            at, number = heapq.heappop(due)
            if planned[number] != at:
                continue
            planned[number] = math.inf
            cpe = self._devices[number]
            if cpe.advance(now):
                self._wait(number)
            else:
                self._plan(number)
            if cpe.jobs.is_waiting:
                self.take_jobs(cpe)
            count += 1
            if count % _BATCH == 0 and time.perf_counter() > until:
                return False
        return True

    def _open_some(self, until: float) -> bool:
        waiting, count = self._waiting, 0
        while waiting and len(self._open) < self._max_open:
            number = waiting.popleft()
            self._waits[number] = 0
            cpe = self._devices[number]
            # It may have lost its power while it waited.
            if not cpe.wants_session:
                self._plan(number)
                continue
            call = self._call(cpe, self._ended)
            self._open[number] = call
            call.start()
            count += 1
            if count % _BATCH == 0 and time.perf_counter() > until:
                return False
        return True

    def _ended(self, call: Call, outcome: str) -> None:
        number = self._numbers[id(call.cpe)]
        self._open.pop(number, None)
        self._plan(number)
        if call.cpe.jobs.is_waiting:
            self.take_jobs(call.cpe)
        if self._told is not None:
            self._told(call.cpe, outcome)
        if self._waiting or not self._open:
            self._soon()

    def take_jobs(self, cpe: Cpe) -> None:
        """Have the files fetched and sent that a device wants."""
        if self._carry is not None:
            self._jobs.extend((cpe, job) for job in cpe.take_jobs())
            self._carry_some(self._carry)

    def _carry_some(self, carry: Carry) -> None:
        while self._jobs and len(self._carrying) < self._max_open and not self._is_stopped:
            cpe, job = self._jobs.popleft()
            if not cpe.jobs.wants(job):
                continue
            task = asyncio.get_running_loop().create_task(self._carried(carry, cpe, job))
            self._carrying[task] = cpe, job
            task.add_done_callback(lambda done: self._was_carried(carry, done))

    async def _carried(self, carry: Carry, cpe: Cpe, job: Job) -> None:
        outcome = await carry(cpe, job)
        cpe.job_done(job, outcome, self._clock.now())
        if cpe.jobs.is_waiting:
            self.take_jobs(cpe)
        self.woke(cpe)

    def _was_carried(self, carry: Carry, task: "asyncio.Task[None]") -> None:
        self._carrying.pop(task, None)
        self._carry_some(carry)
        self._soon()

    def _drop_forgotten(self) -> None:
        """Hang up where a device that went down was fetching or sending a file."""
        for task, (cpe, job) in self._carrying.items():
            if not cpe.jobs.wants(job):
                task.cancel()

    def _sweep(self, now: float) -> None:
        self._next_sweep = now + _SWEEP
        for call in [call for call in self._open.values() if call.deadline < now]:
            call.give_up("timeout")

    def _wait(self, number: int) -> None:
        if not self._waits[number]:
            self._waits[number] = 1
            self._waiting.append(number)

    def _plan(self, number: int) -> None:
        """Look after a device when it says so; one that calls or waits to call is looked after then."""
        if self._carrying and not self._devices[number].is_on:
            self._drop_forgotten()
        if number in self._open or self._waits[number]:
            return
        due = self._devices[number].due_at
        if due == self._planned[number]:
            return
        self._planned[number] = due
        if due == math.inf:
            return
        if len(self._due) > 2 * len(self._devices) + _BATCH:
            self._due = [(at, each) for each, at in enumerate(self._planned) if at < math.inf]
            heapq.heapify(self._due)
        else:
            heapq.heappush(self._due, (due, number))
        if self._timer is not None:
            self._wake_in(max(0.0, due - self._clock.now()))

    def _soonest(self) -> float:
        due, planned = self._due, self._planned
        while due and planned[due[0][1]] != due[0][0]:
            heapq.heappop(due)
        soonest = due[0][0] if due else math.inf
        return min(soonest, self._script[0][0]) if self._script else soonest

    def _soon(self) -> None:
        self._wake_in(0.0)

    def _wake_in(self, seconds: float) -> None:
        if self._is_stopped:
            return
        loop = asyncio.get_running_loop()
        at = loop.time() + seconds
        if self._timer is not None:
            if self._timer_at <= at:
                return
            self._timer.cancel()
        self._timer_at = at
        self._timer = loop.call_later(seconds, self._tick) if seconds else loop.call_soon(self._tick)
