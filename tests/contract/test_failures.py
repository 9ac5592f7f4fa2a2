"""When the database cannot be used, everyone is told, nothing is half written, and no restart is needed afterwards."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from acs.domain.inventory import OrganizationDetails
from acs.store.errors import (
    RecordError,
    StoreBusyError,
    StoreGoneError,
    StoreReadOnlyError,
    StoreUnavailableError,
)
from acs.store.listing import Slice
from acs.store.migrations import migrate
from acs.store.opening import open_database
from acs.store.postgresql import PostgresqlDatabase
from acs.store.sqlite import SqliteDatabase
from acs.store.statements import batch
from tests.contract.opened import OpenStore, Probe, opened, probing
from tests.contract.servers import Server

_NAMES = "SELECT name FROM organization ORDER BY name"


async def _create_many(store: OpenStore, stem: str, length: int = 0) -> list[object]:
    return await asyncio.gather(
        *(store.organizations.create(OrganizationDetails(f"{stem} {n}", "x" * length), 0.0) for n in range(20)),
        return_exceptions=True,
    )


def _is_unavailable(result: object) -> bool:
    return isinstance(result, StoreUnavailableError) and not isinstance(result, StoreBusyError | RecordError)


# --- SQLite


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "aioacs.db"


def _file(store: OpenStore) -> SqliteDatabase:
    assert isinstance(store.database, SqliteDatabase)
    return store.database


async def _pragma(store: OpenStore, pragma: str) -> int:
    value: int = await _file(store).on_writer(lambda connection: connection.execute(f"PRAGMA {pragma}").fetchone()[0])
    return value


async def test_a_full_disk_fails_all_that_wait_and_is_forgotten_when_there_is_room(sqlite_store: OpenStore) -> None:
    assert not any(isinstance(each, Exception) for each in await _create_many(sqlite_store, "before"))
    before = (await sqlite_store.organizations.page(Slice(1000))).items
    most = await _pragma(sqlite_store, "max_page_count")
    await _pragma(sqlite_store, f"max_page_count = {await _pragma(sqlite_store, 'page_count')}")
    full = await _create_many(sqlite_store, "full", length=10_000)
    assert all(_is_unavailable(each) for each in full)
    assert "full" in str(full[0])
    assert (await sqlite_store.organizations.page(Slice(1000))).items == before
    await _pragma(sqlite_store, f"max_page_count = {most}")
    assert not any(isinstance(each, Exception) for each in await _create_many(sqlite_store, "after", length=10_000))
    assert (await sqlite_store.organizations.page(Slice(1))).count == 40


async def test_a_file_that_another_program_holds_is_written_when_it_is_let_go(
    sqlite_store: OpenStore, path: Path
) -> None:
    await _pragma(sqlite_store, "busy_timeout = 1")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert all(_is_unavailable(each) for each in await _create_many(sqlite_store, "held"))
    other.execute("ROLLBACK")
    other.close()
    assert not any(isinstance(each, Exception) for each in await _create_many(sqlite_store, "free"))


async def test_a_damaged_file_is_no_fault_of_the_records(sqlite_store: OpenStore, path: Path) -> None:
    await _create_many(sqlite_store, "before", length=5_000)
    await _file(sqlite_store).on_writer(
        lambda connection: connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    )
    await _forget_pages(sqlite_store)
    whole = _damage(path)
    assert all(_is_unavailable(each) for each in await _create_many(sqlite_store, "damaged"))
    with pytest.raises(StoreUnavailableError, match="malformed"):
        await sqlite_store.organizations.page(Slice(1000))
    _write(path, whole)
    assert not any(isinstance(each, Exception) for each in await _create_many(sqlite_store, "mended"))
    assert (await sqlite_store.organizations.page(Slice(1))).count == 40


def _damage(path: Path) -> bytes:
    """Write over all but the first page; what was there."""
    whole = path.read_bytes()
    _write(path, whole[:4096] + b"\xff" * (len(whole) - 4096))
    return whole


def _write(path: Path, octets: bytes) -> None:
    path.write_bytes(octets)


async def _forget_pages(store: OpenStore) -> None:
    """Let no connection answer from what it remembers."""
    database = _file(store)
    for connection in (database._writer, *database._readers):
        await connection.run(lambda each: each.execute("PRAGMA shrink_memory").fetchall())


async def test_a_file_that_is_no_database_is_named_in_the_error(path: Path) -> None:
    _write(path, b"not a database at all" * 1000)
    with pytest.raises(StoreUnavailableError, match=r"aioacs\.db cannot be opened: file is not a database"):
        await open_database(f"sqlite:///{path}")


async def test_a_folder_that_cannot_be_made_is_named_in_the_error(path: Path) -> None:
    _write(path, b"a file, no folder")
    with pytest.raises(StoreUnavailableError, match=r"aioacs\.db.* cannot be made"):
        await open_database(f"sqlite:///{path / 'below' / 'x.db'}")


async def test_a_closed_file_is_unavailable(path: Path) -> None:
    url = f"sqlite:///{path}"
    await migrate(url)
    async with opened(url) as store:
        await store.database.close()
        assert all(_is_unavailable(each) for each in await _create_many(store, "closed"))
        with pytest.raises(StoreUnavailableError):
            await store.organizations.page(Slice(1))


@pytest.mark.parametrize("lost", ["aioacs.db", "aioacs.db-wal", "aioacs.db-shm"])
@pytest.mark.parametrize("is_replaced", [False, True])
async def test_nothing_is_taken_while_a_file_is_away_and_all_goes_on_once_it_is_back(
    sqlite_store: OpenStore, path: Path, lost: str, is_replaced: bool
) -> None:
    await _create_many(sqlite_store, "before")
    place, away = path.with_name(lost), path.with_name("away")
    place.rename(away)
    if is_replaced:
        place.write_bytes(away.read_bytes())
    # Of those that notice it first nobody knows whether they are there; all others have changed nothing.
    unsure, refused = await _create_many(sqlite_store, "unsure"), await _create_many(sqlite_store, "away")
    assert all(isinstance(each, StoreGoneError) for each in (*unsure, *refused))
    assert f"{place} was removed or replaced" in str(refused[0])
    with pytest.raises(StoreGoneError):
        await sqlite_store.organizations.page(Slice(1))
    away.rename(place)
    assert all(isinstance(each, int) for each in await _create_many(sqlite_store, "back"))
    await sqlite_store.reopen()
    names = [each.details.name for each in (await sqlite_store.organizations.page(Slice(1000))).items]
    taken = [name for name in names if not name.startswith("unsure")]
    assert sorted(taken) == sorted(f"{stem} {n}" for stem in ("before", "back") for n in range(20))


async def test_what_is_committed_while_its_file_is_taken_away_is_not_acknowledged(
    sqlite_store: OpenStore, path: Path
) -> None:
    def work(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO organization (name, created) VALUES ('lost', 0)")
        path.unlink()

    with pytest.raises(StoreGoneError):
        await _file(sqlite_store).on_writer(work)


# --- PostgreSQL


@pytest.fixture
async def other(postgresql_store: OpenStore) -> AsyncIterator[Probe]:
    async with probing(postgresql_store.url) as probe:
        yield probe


_TERMINATE = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
_BLOCKED = (
    "SELECT COUNT(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%organization%'"
)


async def test_a_connection_that_is_lost_in_a_transaction_fails_all_that_wait_and_a_new_one_is_made(
    postgresql_store: OpenStore, other: Probe
) -> None:
    await _create_many(postgresql_store, "before")
    await other.execute("BEGIN")
    await other.execute("LOCK TABLE organization IN ACCESS EXCLUSIVE MODE")
    waiting = asyncio.create_task(_create_many(postgresql_store, "lost"))
    async with probing(postgresql_store.url) as third:
        async with asyncio.timeout(20):
            while not await third.value(_BLOCKED):
                pass
        await third.rows(f"{_TERMINATE} AND wait_event_type = 'Lock'")
    # One is in the transaction that was lost; the others came while it waited, and go into the next one.
    await other.execute("ROLLBACK")
    lost = await waiting
    failed = [each for each in lost if _is_unavailable(each)]
    assert failed
    assert len(failed) + sum(isinstance(each, int) for each in lost) == 20
    names = {name for (name,) in await other.rows(_NAMES)}
    assert len([name for name in names if name.startswith("lost")]) == 20 - len(failed)
    assert not any(isinstance(each, Exception) for each in await _create_many(postgresql_store, "after"))


async def test_a_server_that_was_restarted_needs_no_restart_of_ours(postgresql_store: OpenStore, other: Probe) -> None:
    await _create_many(postgresql_store, "before")
    await other.rows(_TERMINATE)
    # What notices the loss may fail, as unavailable and nothing else; what comes then is served.
    for _ in range(3):
        results = await _create_many(postgresql_store, "after")
        assert all(_is_unavailable(each) or isinstance(each, int | RecordError) for each in results)
    for _ in range(20):
        try:
            assert len((await postgresql_store.organizations.page(Slice(1000))).items) == 40
            break
        except StoreUnavailableError:
            continue
    else:
        pytest.fail("no connection came back")


async def test_who_stands_still_in_a_transaction_loses_it_before_others_lose_their_patience(
    postgresql_store: OpenStore, other: Probe
) -> None:
    database = postgresql_store.database
    assert isinstance(database, PostgresqlDatabase)
    (first, *_) = await _create_many(postgresql_store, "before")
    change = f"UPDATE organization SET description = description || '+' WHERE id = {first}"
    holds, goes_on = asyncio.Event(), asyncio.Event()

    async def stand_still(connection: "asyncpg.Connection[Any]") -> None:
        await connection.execute(change)
        holds.set()
        await goes_on.wait()
        await connection.execute(change)

    async with opened(postgresql_store.url) as neighbour:
        still = asyncio.create_task(database.on_writer(stand_still))
        async with asyncio.timeout(20):
            await holds.wait()
        assert isinstance(neighbour.database, PostgresqlDatabase)
        await neighbour.database.on_writer(lambda connection: connection.execute(change))
        goes_on.set()
        with pytest.raises(StoreUnavailableError):
            await still
    assert await other.value(f"SELECT description FROM organization WHERE id = {first}") == "+"
    assert all(isinstance(each, int) for each in await _create_many(postgresql_store, "after"))


async def test_all_statements_are_prepared_before_the_first_row_is_held(
    postgresql_store: OpenStore, other: Probe
) -> None:
    (first, *_) = await _create_many(postgresql_store, "before")
    await other.execute("BEGIN")
    await other.execute("LOCK TABLE location IN EXCLUSIVE MODE")
    steps = (
        (batch("organization", "update"), [(first, "changed", "")]),
        (batch("location", "update"), [(first, "nowhere", "", None, None, None)]),
    )
    waiting = asyncio.create_task(postgresql_store.writer.write("both", *steps))
    async with probing(postgresql_store.url) as third:
        async with asyncio.timeout(20):
            while not await third.value(_BLOCKED.replace("organization", "location")):
                pass
        await third.rows(f"SELECT * FROM organization WHERE id = {first} FOR UPDATE NOWAIT")
    await other.execute("ROLLBACK")
    await waiting
    assert await other.value(f"SELECT name FROM organization WHERE id = {first}") == "changed"


async def test_a_lock_that_nobody_lets_go_is_waited_for_for_some_seconds(
    postgresql_store: OpenStore, other: Probe
) -> None:
    await other.execute("BEGIN")
    await other.execute("LOCK TABLE organization IN EXCLUSIVE MODE")
    refused = await _create_many(postgresql_store, "locked")
    assert all(_is_unavailable(each) for each in refused)
    assert "lock timeout" in str(refused[0])
    await other.execute("ROLLBACK")
    assert all(isinstance(each, int) for each in await _create_many(postgresql_store, "after"))


async def test_a_migration_waits_for_locks_as_long_as_they_are_held(postgresql_store: OpenStore, other: Probe) -> None:
    database = postgresql_store.database
    assert isinstance(database, PostgresqlDatabase)
    assert await database.on_connection(lambda each: each.fetchval("SHOW lock_timeout")) == "0"
    assert await database.on_connection(lambda each: each.fetchval("SHOW statement_timeout")) == "0"


async def test_a_session_that_began_while_all_was_read_only_is_left_with_the_first_refusal(
    postgresql_store: OpenStore, postgresql_server: Server
) -> None:
    name = urlsplit(postgresql_store.url).path.removeprefix("/")
    async with probing(postgresql_server.admin_url) as admin:
        await admin.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        try:
            await admin.rows(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'")
            refused = [*await _create_many(postgresql_store, "lost"), *await _create_many(postgresql_store, "refused")]
            assert all(_is_unavailable(each) for each in refused)
            assert isinstance(refused[-1], StoreReadOnlyError)
        finally:
            await admin.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
    assert all(isinstance(each, int) for each in await _create_many(postgresql_store, "after"))


async def test_a_connection_that_is_lost_as_it_is_taken_is_no_fault_of_the_record(postgresql_store: OpenStore) -> None:
    database = postgresql_store.database
    assert isinstance(database, PostgresqlDatabase)
    lost = asyncpg.exceptions.InternalClientError("cannot switch to state 12; another operation (2) is in progress")

    async def work(connection: object) -> None:
        raise lost

    with pytest.raises(StoreUnavailableError, match="another operation"):
        await database.on_writer(work)


async def test_a_server_that_is_not_there_is_told_without_its_password() -> None:
    with pytest.raises(StoreUnavailableError) as raised:
        await open_database("postgresql://user:hunter2@127.0.0.1:1/aioacs")
    assert "hunter2" not in str(raised.value)
    assert raised.value.__cause__ is None


async def test_a_database_that_refuses_connections_fails_the_writes_until_it_takes_them(
    postgresql_store: OpenStore, postgresql_server: Server
) -> None:
    name = urlsplit(postgresql_store.url).path.removeprefix("/")
    async with probing(postgresql_server.admin_url) as admin:
        await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        await admin.rows(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'")
        try:
            assert all(_is_unavailable(each) for each in await _create_many(postgresql_store, "gone"))
            with pytest.raises(StoreUnavailableError):
                await postgresql_store.organizations.page(Slice(1))
        finally:
            await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        assert all(isinstance(each, int) for each in await _create_many(postgresql_store, "back"))


async def test_an_unknown_kind_of_database_is_refused() -> None:
    with pytest.raises(StoreUnavailableError, match="sqlite:/// or postgresql://"):
        await open_database("mysql://localhost/aioacs")
