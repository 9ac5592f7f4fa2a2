"""A server with its API, and clients with tokens of every kind."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from acs.auth.passwords import hash_token
from acs.domain.inventory import OrganizationDetails
from acs.domain.token import NewToken, Role
from tests.api.client import ADMIN, Client
from tests.e2e.serving import Served, serving


@dataclass(frozen=True, slots=True)
class Api:
    """A running server, and clients of its API."""

    served: Served
    """The server, its clock and its connection requests."""
    client: Client
    """An admin that sees everything."""

    async def token(self, role: Role, *organizations: int) -> Client:
        """A client with a new token; without organizations it sees all."""
        text = f"token-{role.value}-{'-'.join(map(str, organizations)) or 'all'}-of-the-tests"
        tokens = self.served.server.services.management.tokens
        if await tokens.by_hash(hash_token(text)) is None:
            new = NewToken(text, role, hash_token(text), organizations or None)
            await tokens.create(new, self.served.clock.wall())
        return self.client.as_(text)

    async def organization(self, name: str) -> int:
        """A new organization."""
        organizations = self.served.server.services.management.organizations
        return await organizations.create(OrganizationDetails(name), self.served.clock.wall())


@pytest.fixture
async def api(database_url: str, tmp_path: Path) -> AsyncIterator[Api]:
    """An API on each database in turn."""
    async with (
        serving(database_url, tmp_path, bootstrap_token=ADMIN, api_rate=100_000, api_burst=100_000) as served,
        aiohttp.ClientSession() as session,
    ):
        yield Api(served, Client(served.server.api_ports[0], session))


@pytest.fixture
async def sqlite_api(tmp_path: Path) -> AsyncIterator[Api]:
    """An API on SQLite, for what no database has a part in."""
    async with (
        serving(
            f"sqlite:///{tmp_path / 'aioacs.db'}", tmp_path, bootstrap_token=ADMIN, api_rate=100_000, api_burst=100_000
        ) as served,
        aiohttp.ClientSession() as session,
    ):
        yield Api(served, Client(served.server.api_ports[0], session))
