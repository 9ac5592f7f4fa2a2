"""The tables are made once, whole steps at a time, by whoever comes first."""

import asyncio
import re
import sqlite3
import sys
from contextlib import closing
from itertools import chain
from pathlib import Path

import pytest

from acs.store.errors import MigrationError, StoreError
from acs.store.migrations import Migration, apply_migrations, migrate, migrations
from acs.store.opening import open_database
from acs.store.sqlite import SqliteDatabase
from acs.store.statements import Dialect
from tests.contract.opened import TABLES, Probe, probing
from tests.outside import ROOT

_GOOD = Migration(
    9001, "good", "CREATE TABLE good (\n    number {id},\n    name TEXT\n);\nINSERT INTO good (name) VALUES ('a');\n"
)
_BAD = Migration(
    9002,
    "bad",
    "CREATE TABLE bad (number {id});\nINSERT INTO good (name) VALUES ('b');\nINSERT INTO nowhere VALUES (1);\n",
)


async def _tables(probe: Probe) -> set[str]:
    rows = await probe.rows(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        if probe.dialect is Dialect.SQLITE
        else "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    )
    return {name for (name,) in rows}


async def _indices(probe: Probe) -> set[str]:
    rows = await probe.rows(
        "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        if probe.dialect is Dialect.SQLITE
        else "SELECT indexname FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT LIKE '%_pkey'"
    )
    return {name for (name,) in rows}


async def test_an_empty_database_gets_every_table_and_every_index(empty_url: str) -> None:
    known = migrations()
    assert await migrate(empty_url) == [step.name for step in known]
    async with probing(empty_url) as probe:
        assert await _tables(probe) == {"migration", *TABLES}
        named = {name for step in known for name in re.findall(r"CREATE (?:UNIQUE )?INDEX (\w+)", step.text)}
        assert await _indices(probe) == named
        assert await probe.rows("SELECT number, name FROM migration") == [(step.number, step.name) for step in known]


async def test_a_second_run_does_nothing(database_url: str) -> None:
    async with probing(database_url) as probe:
        before = await probe.rows("SELECT * FROM migration")
        assert await migrate(database_url) == []
        assert await probe.rows("SELECT * FROM migration") == before


async def test_of_connections_at_once_one_does_a_step_and_the_others_wait(empty_url: str) -> None:
    ran = await asyncio.gather(*[migrate(empty_url) for _ in range(3)])
    assert sorted(chain(*ran)) == sorted(step.name for step in migrations())


async def test_of_processes_at_once_one_does_a_step_and_the_others_wait(empty_url: str) -> None:
    program = (
        "import asyncio, sys; from acs.store.migrations import migrate; "
        "sys.stdout.write(' '.join(asyncio.run(migrate(sys.argv[1]))))"
    )
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, empty_url, stdout=asyncio.subprocess.PIPE, cwd=ROOT
        )
        for _ in range(2)
    ]
    said = [(await process.communicate())[0].decode() for process in processes]
    assert sorted(chain(*map(str.split, said))) == sorted(step.name for step in migrations())
    assert [process.returncode for process in processes] == [0, 0]


async def test_steps_come_in_the_order_of_their_numbers_and_once_each(empty_url: str) -> None:
    database = await open_database(empty_url)
    try:
        again = Migration(9003, "again", "INSERT INTO good (name) VALUES ('c');\n")
        assert await apply_migrations(database, [_GOOD]) == ["good"]
        assert await apply_migrations(database, [_GOOD, again]) == ["again"]
        async with probing(empty_url) as probe:
            assert await probe.rows("SELECT name FROM good ORDER BY number") == [("a",), ("c",)]
    finally:
        await database.close()


async def test_a_statement_may_be_for_one_database_alone(empty_url: str) -> None:
    text = _GOOD.text + "".join(
        f"-- A word on it.\n-- only: {each}\nINSERT INTO good (name)\nVALUES ('for {each}');\n" for each in Dialect
    )
    database = await open_database(empty_url)
    try:
        await apply_migrations(database, [Migration(9001, "good", text)])
        async with probing(empty_url) as probe:
            assert await probe.rows("SELECT name FROM good ORDER BY number") == [("a",), (f"for {database.dialect}",)]
    finally:
        await database.close()


async def test_the_database_of_a_newer_program_is_refused_and_left_alone(empty_url: str) -> None:
    await migrate(empty_url)
    async with probing(empty_url) as probe:
        await probe.execute("INSERT INTO migration VALUES (9999, 'from_the_future', 0.0)")
        before = await probe.content()
        with pytest.raises(MigrationError, match=r"newer aioacs \(it has 9999 from_the_future\): install that version"):
            await migrate(empty_url)
        assert await probe.content() == before


async def test_a_step_that_fails_leaves_nothing_and_can_be_mended(empty_url: str) -> None:
    database = await open_database(empty_url)
    try:
        with pytest.raises(StoreError):
            await apply_migrations(database, [_GOOD, _BAD])
        async with probing(empty_url) as probe:
            assert await _tables(probe) == {"migration", "good"}
            assert await probe.rows("SELECT name FROM good") == [("a",)]
            assert await probe.rows("SELECT number FROM migration") == [(9001,)]
            mended = Migration(9002, "bad", _BAD.text.replace("INSERT INTO nowhere VALUES (1);\n", ""))
            assert await apply_migrations(database, [_GOOD, mended]) == ["bad"]
            assert await probe.rows("SELECT name FROM good ORDER BY number") == [("a",), ("b",)]
    finally:
        await database.close()


async def test_foreign_keys_hold_before_and_after_a_migration_of_sqlite(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'aioacs.db'}"
    parents = Migration(1, "parents", "CREATE TABLE parent (id {id});\nINSERT INTO parent VALUES (1);\n")
    children = Migration(
        2,
        "children",
        "CREATE TABLE child (parent BIGINT REFERENCES parent (id) ON DELETE CASCADE);\nINSERT INTO child VALUES (1);\n",
    )
    made_anew = Migration(
        3,
        "made_anew",
        "CREATE TABLE other (id {id}, name TEXT);\nINSERT INTO other (id) SELECT id FROM parent;\n"
        "DROP TABLE parent;\nALTER TABLE other RENAME TO parent;\n",
    )
    orphaned = Migration(4, "orphaned", "INSERT INTO child VALUES (7);\n")
    database = await SqliteDatabase.open(tmp_path / "aioacs.db")
    try:
        await apply_migrations(database, [parents, children, made_anew])
        async with probing(url) as probe:
            assert await probe.rows("SELECT * FROM child") == [(1,)], "the rows went with the table that was made anew"
            with pytest.raises(MigrationError, match="0004 orphaned would leave rows of child alone"):
                await apply_migrations(database, [parents, children, made_anew, orphaned])
            assert await probe.rows("SELECT * FROM child") == [(1,)]
        switched = await database.on_writer(lambda each: each.execute("PRAGMA foreign_keys").fetchall())
        assert switched == [(1,)]
    finally:
        await database.close()


def test_every_unique_index_is_named_after_its_table_and_columns() -> None:
    # The error of a conflict is told from the name on PostgreSQL, and from the columns on SQLite.
    for step in migrations():
        for name, table, columns in re.findall(r"CREATE UNIQUE INDEX (\w+) ON (\w+) \(([\w, ]+)\)", step.text):
            assert name == "__".join([table, *columns.split(", ")])


async def test_the_file_of_another_program_gets_no_tables(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE customer (name TEXT)")
    with pytest.raises(MigrationError, match="holds a table customer and no aioacs"):
        await migrate(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("customer",)]
