"""Databases for the tests: each test that asks for one gets its own, on SQLite and on PostgreSQL in turn."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from acs.store.opening import AnyDatabase, open_database
from tests.contract.opened import OpenStore, Probe, opened, probing
from tests.contract.servers import Server, running_server
from tests.contract.templates import fill_with_tables

pytest_plugins = ["tests.api.coverage"]

# How long an example takes says more about the machine than about the code.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    """A PostgreSQL server, started when the first test needs it."""
    with running_server() as server:
        yield server
        asyncio.run(server.drop_all())


@pytest.fixture(params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest) -> Server | None:
    """The PostgreSQL server; None for SQLite, which needs none."""
    if request.param == "sqlite":
        return None
    found: Server = request.getfixturevalue("postgresql_server")
    return found


@pytest.fixture
async def empty_url(server: Server | None, tmp_path: Path) -> AsyncIterator[str]:
    """A database without tables."""
    if server is None:
        yield f"sqlite:///{tmp_path / 'aioacs.db'}"
        return
    name = await server.create()
    yield server.url(name)
    await server.drop(name)


@pytest.fixture
async def database_url(server: Server | None, tmp_path: Path) -> AsyncIterator[str]:
    """A database with all tables, and nothing in them."""
    if server is None:
        url = f"sqlite:///{tmp_path / 'aioacs.db'}"
        await fill_with_tables(url)
        yield url
        return
    name = await server.take()
    yield server.url(name)
    await server.give_back(name)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[AnyDatabase]:
    """The same, opened."""
    found = await open_database(database_url)
    yield found
    await found.close()


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[OpenStore]:
    """The same with a writer at work, and all stores over it."""
    async with opened(database_url) as found:
        yield found


@pytest.fixture
async def probe(database_url: str) -> AsyncIterator[Probe]:
    """A look at the same database from outside."""
    async with probing(database_url) as found:
        yield found


@pytest.fixture
async def sqlite_store(tmp_path: Path) -> AsyncIterator[OpenStore]:
    """A store on SQLite, for what is peculiar to it."""
    url = f"sqlite:///{tmp_path / 'aioacs.db'}"
    await fill_with_tables(url)
    async with opened(url) as found:
        yield found


@pytest.fixture
async def postgresql_store(postgresql_server: Server) -> AsyncIterator[OpenStore]:
    """A store on PostgreSQL, for what is peculiar to it."""
    name = await postgresql_server.take()
    async with opened(postgresql_server.url(name)) as found:
        yield found
    await postgresql_server.give_back(name)
