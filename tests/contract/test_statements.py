"""Every statement of every file is good SQL on both databases, and none walks through a table that grows."""

import asyncio
import re
import sqlite3
from importlib.resources import files
from pathlib import Path

import asyncpg
import pytest

from acs.store.devices import LOOKUPS
from acs.store.migrations import migrate
from acs.store.statements import Batch, Dialect, Query, batch, query
from tests.contract.servers import Server

_FILES = sorted(path.name.removesuffix(".sql") for path in files("acs.store").joinpath("sql").iterdir())


def _all() -> list[Batch | Query]:
    found: list[Batch | Query] = []
    for file in _FILES:
        text = files("acs.store").joinpath("sql", f"{file}.sql").read_text()
        for name, part in re.findall(r"^-- name: (\w+)\n(.*?)(?=^-- name:|\Z)", text, re.MULTILINE | re.DOTALL):
            if "-- parts:" in part:
                continue  # what fills its places makes a statement of it: tests/contract/test_listing.py
            found.append(batch(file, name) if "-- rows:" in part else query(file, name))
    return list({each.name: each for each in found}.values())


ALL = [*_all(), *LOOKUPS]

# Tables that stay small, and the rows that callers bring.
_WALKED = {
    "organization",
    "location",
    "firmware_image",
    "device_type",
    "type_change",
    "token",
    "quarantine",
    "rows",
    "json_each",
}
# Indices that hold a few rows of a big table: operations that a session has, or whose proof may still come; those that
# have just ended and are to be told of.
_FEW = {"operation_unsettled", "operation_untold", "bulk_execution_untold", "bulk_untold"}
# What is open is counted once a minute; whether there is any login is asked at the start, and any one will do. A text
# within others is in no index: the table that is walked for it holds nothing else.
_ALLOWED = {
    "operation.count_open",
    "delivery.count_waiting",
    "credential.any",
    "device_list.matching",
    "device_list.count_matching",
}


def test_there_are_statements() -> None:
    assert len(ALL) > 100
    assert {"operation.claim", "token.by_hash"} <= {each.name for each in ALL}


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("statements") / "aioacs.db"
    asyncio.run(migrate(f"sqlite:///{path}"))
    return path


@pytest.mark.parametrize("statement", ALL, ids=lambda each: each.name)
def test_sqlite_finds_rows_by_an_index(sqlite: Path, statement: Batch | Query) -> None:
    parameters = ("rows",) if isinstance(statement, Batch) else statement.parameters
    connection = sqlite3.connect(sqlite)
    try:
        plan = connection.execute(
            f"EXPLAIN QUERY PLAN {statement.sql[Dialect.SQLITE]}", dict.fromkeys(parameters, "[]")
        ).fetchall()
    finally:
        connection.close()
    if statement.name in _ALLOWED:
        return
    text = statement.sql[Dialect.SQLITE]
    names = {alias: table for table, alias in re.findall(r"(\w+)(?:\([^()]*\))? AS (\w+)", text)}
    for _, _, _, step in plan:
        match = re.match(r"SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?", step)
        if match and match[1] != "CONSTANT" and match[2] not in _FEW:
            assert names.get(match[1], match[1]) in _WALKED, f"{step} in {plan}"


async def test_postgresql_prepares_every_statement(postgresql_server: Server) -> None:
    name = await postgresql_server.take()
    connection = await asyncpg.connect(postgresql_server.url(name))
    refused: dict[str, str] = {}
    try:
        for statement in ALL:
            try:
                await connection.prepare(statement.sql[Dialect.POSTGRESQL])
            except asyncpg.PostgresError as error:
                refused[statement.name] = str(error)
    finally:
        await connection.close()
        await postgresql_server.give_back(name)
    assert not refused
