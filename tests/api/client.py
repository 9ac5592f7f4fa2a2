"""A client of the API, as simple as one can be: it knows HTTP, JSON and the API's document, nothing of the server."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from yarl import URL

from tests.api.contract import Contract

ADMIN = "the-admin-token-of-the-tests"

CONTRACTS: list[Contract] = []
"""The one contract, once somebody has asked something."""


@dataclass(frozen=True, slots=True)
class Said:
    """An answer."""

    status: int
    """The HTTP status."""
    headers: Mapping[str, str]
    """The head, names in any case."""
    octets: bytes
    """The body."""

    @property
    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.octets)

    @property
    def errors(self) -> dict[str, list[str]]:
        """What a problem says of fields."""
        found: dict[str, list[str]] = self.json.get("errors", {})
        return found


@dataclass(slots=True)
class Client:
    """Asks the API on a port of this machine."""

    port: int
    """Where it listens."""
    session: aiohttp.ClientSession = field(repr=False)
    """The connections."""
    token: str | None = ADMIN
    """Who asks."""

    def as_(self, token: str | None) -> "Client":
        """The same with another token."""
        return Client(self.port, self.session, token)

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        data: Any = None,
    ) -> Said:
        """Ask for a path below the base, as it is written; a body goes out as JSON, ``data`` as it is.

        An answer that is not as the document says is an AssertionError.
        """
        sent = {"Authorization": f"Bearer {self.token}"} if self.token is not None else {}
        if body is not None:
            data = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        url = path if path.startswith("http") else f"http://127.0.0.1:{self.port}/api/v1{path}"
        async with self.session.request(
            method, URL(url, encoded=True), data=data, headers=sent | dict(headers or {}), allow_redirects=False
        ) as response:
            said = Said(response.status, response.headers, await response.read())
        (await self._contract()).check(method, URL(url, encoded=True).raw_path, said.status, said.headers, said.octets)
        return said

    async def _contract(self) -> Contract:
        """Made once: the document is the same for all servers."""
        if not CONTRACTS:
            async with self.session.get(f"http://127.0.0.1:{self.port}/api/v1/openapi.json") as response:
                CONTRACTS.append(Contract(await response.json()))
        return CONTRACTS[0]

    async def get(self, path: str) -> Said:
        """GET."""
        return await self.ask("GET", path)

    async def post(self, path: str, body: object = None, **headers: str) -> Said:
        """POST; a header's name with underscores for hyphens."""
        return await self.ask(
            "POST", path, body, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )

    async def put(self, path: str, body: object) -> Said:
        """PUT."""
        return await self.ask("PUT", path, body)

    async def patch(self, path: str, body: object) -> Said:
        """PATCH."""
        return await self.ask("PATCH", path, body)

    async def delete(self, path: str) -> Said:
        """DELETE."""
        return await self.ask("DELETE", path)
