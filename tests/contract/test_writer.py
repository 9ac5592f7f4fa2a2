"""The group commit over real databases: who resumes when, with what, and whom a failure concerns."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Iterable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from acs.domain.inventory import OrganizationDetails
from acs.store.errors import ConflictError, RecordError, StoreBusyError, StoreUnavailableError
from acs.store.opening import AnyDatabase
from acs.store.organizations import OrganizationStore
from acs.store.statements import batch
from acs.store.writer import Committed, GroupWriter
from tests.contract.gated import GatedDatabase
from tests.contract.opened import OpenStore, Probe

_CREATE = batch("organization", "create")
_UPDATE = batch("organization", "update")
_NAMES = "SELECT name FROM organization ORDER BY name"


def _named(name: str) -> OrganizationDetails:
    return OrganizationDetails(name)


class Writing:
    """A writer over a gated database."""

    def __init__(self, database: AnyDatabase, **limits: Any) -> None:
        self.committed: list[Committed] = []
        self.gate = GatedDatabase(database)
        self.writer = GroupWriter(self.gate, on_commit=self.committed.append, **limits)
        self.organizations = OrganizationStore(self.gate, self.writer)
        self.running = asyncio.create_task(self.writer.run())

    async def behind_a_first(self, waiting: Iterable[Awaitable[Any]]) -> list["asyncio.Task[Any]"]:
        """Begin these while the transaction of another waits, so that all of them pile up."""
        self.gate.shut()
        first = asyncio.ensure_future(self.organizations.create(_named("first"), 0.0))
        await self.gate.arrived()
        tasks = [asyncio.ensure_future(each) for each in waiting]
        await asyncio.sleep(0)
        self.gate.transactions.clear()
        return [first, *tasks]


async def test_what_comes_too_late_is_not_written_any_more(
    database: AnyDatabase, probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _writing(database, patience=100.0) as writing:
        _, late = await writing.behind_a_first([writing.organizations.create(_named("late"), 0.0)])
        now = time.monotonic()
        # The process stood still for so long, and has not looked at who waits since.
        monkeypatch.setattr("acs.store.writer.time", SimpleNamespace(monotonic=lambda: now + 101.0))
        writing.gate.open()
        with pytest.raises(StoreUnavailableError):
            await late
        assert [row[0] for row in await probe.rows(_NAMES)] == ["first"]


@pytest.fixture
async def writing(database: AnyDatabase) -> AsyncIterator[Writing]:
    async with _writing(database) as found:
        yield found


@asynccontextmanager
async def _writing(database: AnyDatabase, **limits: Any) -> AsyncIterator[Writing]:
    found = Writing(database, **limits)
    yield found
    found.gate.open()
    found.writer.stop()
    await asyncio.gather(found.running, return_exceptions=True)


async def test_a_caller_resumes_when_others_can_see_what_it_wrote(writing: Writing, probe: Probe) -> None:
    async def write_and_look(name: str) -> int:
        await writing.organizations.create(_named(name), 0.0)
        count: int = await probe.value(f"SELECT COUNT(*) FROM organization WHERE name = '{name}'")
        return count

    assert [await write_and_look(f"alone {number}") for number in range(5)] == [1] * 5


async def test_no_caller_resumes_before_the_commit(writing: Writing, probe: Probe) -> None:
    tasks = await writing.behind_a_first(writing.organizations.create(_named(f"o{number}"), 0.0) for number in range(3))
    done, _ = await asyncio.wait(tasks, timeout=0)
    assert not done
    assert await probe.rows(_NAMES) == []
    writing.gate.open()
    await asyncio.gather(*tasks)
    assert await probe.rows(_NAMES) == [("first",), ("o0",), ("o1",), ("o2",)]


async def test_all_that_waits_goes_into_one_transaction_with_one_statement_for_each_shape(writing: Writing) -> None:
    known = [await writing.organizations.create(_named(f"known {number}"), 0.0) for number in range(20)]
    tasks = await writing.behind_a_first(
        [
            *(writing.organizations.create(_named(f"new {number}"), 0.0) for number in range(30)),
            *(writing.organizations.update(number, _named(f"updated {number}")) for number in known),
        ]
    )
    writing.gate.open()
    await asyncio.gather(*tasks)
    (transaction,) = writing.gate.transactions
    assert {statement.name: len(rows) for statement, rows in transaction} == {
        "organization.create": 30,
        "organization.update": 20,
    }
    assert (writing.committed[-1].units, writing.committed[-1].failed) == (50, False)


async def test_a_transaction_has_a_bound(database: AnyDatabase) -> None:
    async with _writing(database, largest=8) as writing:
        tasks = await writing.behind_a_first(
            writing.organizations.create(_named(f"o{number}"), 0.0) for number in range(20)
        )
        writing.gate.open()
        await asyncio.gather(*tasks)
        assert [sum(len(rows) for _, rows in each) for each in writing.gate.transactions] == [8, 8, 4]


@pytest.mark.parametrize("places", [{0}, {10}, {19}, {3, 4, 17}, set(range(20))], ids=str)
async def test_a_bad_record_fails_alone_and_its_neighbours_are_kept(
    writing: Writing, probe: Probe, places: set[int]
) -> None:
    await writing.organizations.create(_named("taken"), 0.0)
    other = await writing.organizations.create(_named("other"), 0.0)
    tasks = await writing.behind_a_first(
        [
            *(
                # An update of another row to a name that is taken: a conflict that only the database can see.
                writing.writer.write(f"bad {n}", (_UPDATE, [(other, "taken", "")]))
                if n in places
                else writing.organizations.create(_named(f"good {n}"), 0.0)
                for n in range(20)
            )
        ]
    )
    writing.gate.open()
    results = await asyncio.gather(*tasks[1:], return_exceptions=True)
    assert {n for n, result in enumerate(results) if isinstance(result, ConflictError)} == places
    assert sum(isinstance(result, int) for result in results) == 20 - len(places)
    kept = {name for (name,) in await probe.rows(_NAMES)}
    assert kept == {"taken", "other", "first"} | {f"good {n}" for n in set(range(20)) - places}


async def test_a_unit_is_stored_wholly_or_not_at_all(writing: Writing, probe: Probe) -> None:
    await writing.organizations.create(_named("taken"), 0.0)
    with pytest.raises(ConflictError):
        await writing.writer.write("unit", (_CREATE, [("new", "", 0.0)]), (_CREATE, [("taken", "", 0.0)]))
    assert await probe.rows(_NAMES) == [("taken",)]


async def test_two_units_of_one_key_are_never_in_one_transaction_and_keep_their_order(
    writing: Writing, probe: Probe
) -> None:
    numbers = [await writing.organizations.create(_named(f"o{n}"), 0.0) for n in range(3)]
    tasks = await writing.behind_a_first(
        writing.organizations.update(number, _named(f"{number} {turn}")) for turn in range(4) for number in numbers
    )
    writing.gate.open()
    assert all(await asyncio.gather(*tasks))
    # In the order of the keys, which are texts: a database that was used before goes on counting, from 999 to 1000.
    in_order = sorted(numbers, key=str)
    assert [[row[1] for _, rows in each for row in rows] for each in writing.gate.transactions] == [
        [f"{number} {turn}" for number in in_order] for turn in range(4)
    ]
    assert await probe.rows("SELECT name FROM organization WHERE name <> 'first' ORDER BY id") == [
        (f"{number} 3",) for number in numbers
    ]


@pytest.mark.parametrize("largest", [1, 2, 3, 4, 5])
async def test_units_of_one_key_keep_their_order_in_transactions_of_any_size(
    database: AnyDatabase, largest: int
) -> None:
    async with _writing(database, largest=largest) as writing:
        a, b, c = [await writing.organizations.create(_named(name), 0.0) for name in "abc"]
        tasks = await writing.behind_a_first(
            writing.organizations.update(number, _named(f"{number} {turn}"))
            for turn, number in enumerate([a, a, b, c, a, b, a, c, c])
        )
        writing.gate.open()
        async with asyncio.timeout(20):
            assert all(await asyncio.gather(*tasks))
        written = [row for each in writing.gate.transactions for _, rows in each for row in rows]
        assert {number: [row[1] for row in written if row[0] == number] for number in (a, b, c)} == {
            a: [f"{a} {turn}" for turn in (0, 1, 4, 6)],
            b: [f"{b} {turn}" for turn in (2, 5)],
            c: [f"{c} {turn}" for turn in (3, 7, 8)],
        }


async def test_the_queue_has_a_bound_and_takes_units_again_when_it_has_drained(database: AnyDatabase) -> None:
    async with _writing(database, capacity=3) as writing:
        tasks = await writing.behind_a_first(
            writing.organizations.create(_named(f"o{number}"), 0.0) for number in range(3)
        )
        assert len(writing.writer) == 3
        with pytest.raises(StoreBusyError, match="3 records are waiting"):
            async with asyncio.timeout(20):
                await writing.organizations.create(_named("too many"), 0.0)
        writing.gate.open()
        await asyncio.gather(*tasks)
        await writing.organizations.create(_named("in time"), 0.0)
        assert await writing.organizations.by_name("too many") is None


async def test_whoever_no_longer_waits_is_not_written(writing: Writing, probe: Probe) -> None:
    first, gone, stays = await writing.behind_a_first(
        [writing.organizations.create(_named("gone"), 0.0), writing.organizations.create(_named("stays"), 0.0)]
    )
    gone.cancel()
    writing.gate.open()
    await asyncio.gather(first, stays)
    assert await probe.rows(_NAMES) == [("first",), ("stays",)]


async def test_whoever_leaves_while_it_is_written_disturbs_nobody(writing: Writing, probe: Probe) -> None:
    writing.gate.shut()
    leaves = asyncio.ensure_future(writing.organizations.create(_named("leaves"), 0.0))
    await writing.gate.arrived()
    leaves.cancel()
    next_one = asyncio.ensure_future(writing.organizations.create(_named("next"), 0.0))
    writing.gate.open()
    await next_one
    assert await probe.rows(_NAMES) == [("leaves",), ("next",)]


async def test_nobody_waits_for_ever_and_whoever_has_given_up_before_its_turn_is_not_written(
    database: AnyDatabase, probe: Probe
) -> None:
    async with _writing(database, patience=0.01) as writing:
        tasks = await writing.behind_a_first([writing.organizations.create(_named("behind"), 0.0)])
        async with asyncio.timeout(5):
            results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [str(each) for each in results] == ["the database does not answer in time"] * 2
        assert all(isinstance(each, StoreUnavailableError) for each in results)
        writing.gate.open()
    assert await probe.rows(_NAMES) == [("first",)]


async def test_the_end_writes_what_still_waits_and_takes_no_more(writing: Writing, probe: Probe) -> None:
    tasks = await writing.behind_a_first(writing.organizations.create(_named(f"o{n}"), 0.0) for n in range(3))
    writing.writer.stop()
    with pytest.raises(StoreUnavailableError, match="the store is closed"):
        await writing.organizations.create(_named("late"), 0.0)
    writing.gate.open()
    await asyncio.gather(*tasks, writing.running)
    assert await probe.rows(_NAMES) == [("first",), ("o0",), ("o1",), ("o2",)]


async def test_a_writer_that_is_killed_leaves_nobody_waiting(writing: Writing) -> None:
    tasks = await writing.behind_a_first(writing.organizations.create(_named(f"o{n}"), 0.0) for n in range(3))
    writing.running.cancel()
    async with asyncio.timeout(20):
        results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [StoreUnavailableError] * 4
    with pytest.raises(StoreUnavailableError):
        await writing.organizations.create(_named("late"), 0.0)


@pytest.mark.parametrize("seed", range(4))
async def test_every_caller_gets_its_own_results(store: OpenStore, seed: int) -> None:
    chance = random.Random(seed)
    known = [await store.organizations.create(_named(f"known {n}"), 0.0) for n in range(20)]

    async def create(name: str) -> None:
        number = await store.organizations.create(_named(name), 0.0)
        found = await store.organizations.by_id(number)
        assert found is not None
        assert found.details.name == name

    async def create_some(stem: str) -> None:
        # Rows in an order of their own: the database need not keep it.
        names = [f"{stem} {n}" for n in chance.sample(range(100), chance.randint(2, 5))]
        (created,) = await store.writer.write(stem, (_CREATE, [(name, "", 0.0) for name in names]))
        assert [row[0] for row in created] == names

    async def update(number: int) -> None:
        assert await store.organizations.update(number, _named(f"updated {number}"))

    async def miss(number: int) -> None:
        assert not await store.organizations.update(number, _named("nobody"))

    async def fail(number: int) -> None:
        with pytest.raises(RecordError):
            await store.organizations.create(_named(f"\x00{number}"), 0.0)

    units = [
        *(create(f"new {n}") for n in range(60)),
        *(create_some(f"some {n}") for n in range(30)),
        *(update(number) for number in known),
        *(miss(10_000 + n) for n in range(20)),
        *(fail(n) for n in range(2)),
    ]
    chance.shuffle(units)
    await asyncio.gather(*units)
