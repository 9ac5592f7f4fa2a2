"""Group commit: whoever waits while the database is busy goes into the next transaction, together.

A transaction costs the same for one unit as for twenty, so after one that served several the next waits a moment for
company; a lone unit is written at once.

A caller's *unit* is a few batches with its own rows, for one key (a device, mostly). Units of the same shape run as
one statement per batch for all of them. A unit resumes its caller only after the commit that holds it.
"""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from acs.store.database import Database
from acs.store.errors import RecordError, StoreBusyError, StoreError, StoreUnavailableError
from acs.store.statements import Batch, Row, Step

Key = int | str

_LARGEST: Final = 256
_GATHER: Final = 0.010
# Above what the databases allow one transaction: for those who wait behind one that fails.
_PATIENCE: Final = 9.0


@dataclass(frozen=True, slots=True)
class Committed:
    """One transaction that was tried, for whoever counts."""

    units: int
    """How many callers it served."""
    seconds: float
    """How long it took."""
    failed: bool
    """Whether the database was to blame for its failure."""


@dataclass(slots=True, eq=False)
class _Unit:
    key: Key
    steps: Sequence[Step]
    shape: tuple[Batch, ...]
    done: asyncio.Future[list[list[Row]]]
    since: float


class GroupWriter:
    """The one that writes. ``run`` is its loop; units wait from the first ``write`` on."""

    def __init__(
        self,
        database: Database,
        *,
        capacity: int = 10_000,
        largest: int = _LARGEST,
        patience: float = _PATIENCE,
        on_commit: Callable[[Committed], None] = lambda _: None,
    ) -> None:
        self._database = database
        self._capacity = capacity
        self._largest = largest
        self._patience = patience
        self._on_commit = on_commit
        self._waiting: deque[_Unit] = deque()
        self._in_hand: list[_Unit] = []
        self._arrival = asyncio.Event()
        self._stopped = False
        self._began = 0.0
        self._watching: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        """How many units wait."""
        return len(self._waiting)

    @property
    def has_ended(self) -> bool:
        """Whether it takes no more units, told to or because it failed."""
        return self._stopped

    async def write(self, key: Key, *steps: Step) -> list[list[Row]]:
        """Make a unit durable; what each of its batches returned for its keys.

        StoreBusyError when too many wait, StoreUnavailableError when the database fails, RecordError when it is this
        unit that cannot be stored.
        """
        if self._stopped:
            raise StoreUnavailableError("the store is closed")
        if len(self._waiting) >= self._capacity:
            raise StoreBusyError(f"{self._capacity} records are waiting to be stored")
        loop = asyncio.get_running_loop()
        unit = _Unit(key, steps, tuple([batch for batch, _ in steps]), loop.create_future(), time.monotonic())
        self._waiting.append(unit)
        self._arrival.set()
        return await unit.done

    async def run(self) -> None:
        """Write until ``stop``; then what still waits."""
        self._watch()
        try:
            while True:
                await self._arrival.wait()
                self._arrival.clear()
                while self._waiting:
                    await self._gather()
                    self._began = time.monotonic()
                    self._in_hand = self._take()
                    await self._write_together(self._in_hand)
                if self._stopped:
                    return
        finally:
            if self._watching is not None:
                self._watching.cancel()
            # Whatever ended the loop: nobody waits for one that is gone.
            self._stopped = True
            for unit in (*self._in_hand, *self._waiting):
                _fail(unit, StoreUnavailableError("the store is closed"))
            self._waiting.clear()

    def stop(self) -> None:
        """Take no more units."""
        self._stopped = True
        self._arrival.set()

    def _watch(self) -> None:
        """Let nobody wait for ever: one look at all now and then costs less than a deadline for each."""
        before = time.monotonic() - self._patience
        for unit in (*self._in_hand, *self._waiting):
            if unit.since < before:
                _fail(unit, _too_late())
        self._watching = asyncio.get_running_loop().call_later(self._patience / 10, self._watch)

    async def _gather(self) -> None:
        """Where several came together just now, more are on their way."""
        left = self._began + _GATHER - time.monotonic()
        if left > 0 and len(self._in_hand) > 1 and not self._stopped:
            await asyncio.sleep(left)

    def _take(self) -> list[_Unit]:
        """The next units, at most one of each key: two changes of one row cannot stand in one statement."""
        taken: dict[Key, _Unit] = {}
        left: list[_Unit] = []
        # Also behind a standstill of the whole process: what is too late may have been done by somebody else.
        before = time.monotonic() - self._patience
        while self._waiting and len(taken) < self._largest:
            unit = self._waiting.popleft()
            if unit.done.done():
                continue
            if unit.since < before:
                _fail(unit, _too_late())
            elif unit.key in taken:
                left.append(unit)
            else:
                taken[unit.key] = unit
        self._waiting.extendleft(reversed(left))
        return list(taken.values())

    async def _write_together(self, units: Sequence[_Unit]) -> None:
        if not units:
            return
        started = time.monotonic()
        shapes: dict[tuple[Batch, ...], list[_Unit]] = {}
        for unit in units:
            shapes.setdefault(unit.shape, []).append(unit)
        for group in shapes.values():
            # Every worker locks rows in the same order, so none waits for another in a circle.
            group.sort(key=lambda unit: (isinstance(unit.key, str), unit.key))
        steps = [step for group in shapes.values() for step in _merged(group)]
        try:
            results = await self._database.transact([step for step in steps if step[1]])
        except RecordError as error:
            await self._blame(units, error)
            return
        except StoreError as error:
            self._on_commit(Committed(len(units), time.monotonic() - started, failed=True))
            for unit in units:
                _fail(unit, error)
            return
        self._on_commit(Committed(len(units), time.monotonic() - started, failed=False))
        given = iter(results)
        by_step = [next(given) if rows else [] for _, rows in steps]
        place = 0
        for group in shapes.values():
            width = len(group[0].shape)
            _hand_out(group, by_step[place : place + width])
            place += width

    async def _blame(self, units: Sequence[_Unit], error: RecordError) -> None:
        """Find the unit that cannot be stored by halves, and store the others."""
        if len(units) == 1:
            _fail(units[0], error)
            return
        middle = len(units) // 2
        await self._write_together(units[:middle])
        await self._write_together(units[middle:])


def _merged(group: Sequence[_Unit]) -> list[Step]:
    """One step for each batch of the shape, with all units' rows."""
    if len(group) == 1:
        return list(group[0].steps)
    return [
        (batch, [row for unit in group for row in unit.steps[place][1]]) for place, batch in enumerate(group[0].shape)
    ]


def _hand_out(group: Sequence[_Unit], results: Sequence[list[Row]]) -> None:
    """Give every unit the returned rows that begin with one of its keys."""
    if len(group) == 1:
        _finish(group[0], list(results))
        return
    by_key = [_by_key(rows) for rows in results]
    for unit in group:
        _finish(unit, [_own(rows, found) if found else [] for (_, rows), found in zip(unit.steps, by_key, strict=True)])


def _by_key(rows: Sequence[Row]) -> dict[Key, list[Row]]:
    found: dict[Key, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[0]].append(row)
    return found


def _own(given: Sequence[Row], found: dict[Key, list[Row]]) -> list[Row]:
    """What was returned for the keys of the rows that a unit gave."""
    if len(given) == 1:
        return found.get(given[0][0], [])
    return [row for key in dict.fromkeys([row[0] for row in given]) for row in found.get(key, ())]


def _too_late() -> StoreError:
    return StoreUnavailableError("the database does not answer in time")


def _finish(unit: _Unit, results: list[list[Row]]) -> None:
    if not unit.done.done():
        unit.done.set_result(results)


def _fail(unit: _Unit, error: StoreError) -> None:
    if not unit.done.done():
        unit.done.set_exception(error)
