"""The problems that any route may answer, provoked on each of them."""

import asyncio
import hashlib
import io
import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from acs.domain.audit import AuditEntry
from acs.domain.request_key import RequestKey
from acs.domain.token import Role
from api.app import Application
from api.listener import ApiListener
from api.routes import routes
from api.routing import KEY_HEADER, Answer, AnyRoute, Ask
from tests.api.client import ADMIN, Client, Said
from tests.api.conftest import Api
from tests.e2e.serving import serving
from tests.logged import logged

NOTHING = 987_654_321


@dataclass(frozen=True, slots=True)
class Call:
    """A request to one route that is right in form and means nothing that is there."""

    method: str
    path: str
    role: str
    """The role that the route needs; empty for none."""
    media_type: str
    """Of its body; empty for none."""
    body: Any
    """An example of it."""

    async def make(self, client: Client, **more: Any) -> Said:
        """Ask."""
        sent: dict[str, Any] = {"headers": {"Content-Type": self.media_type} if self.media_type else {}}
        if self.media_type == "application/json":
            sent["data"] = json.dumps(self.body).encode()
        elif self.media_type:
            sent["headers"] = {"Content-Type": f"{self.media_type}; boundary=b"}
            sent["data"] = b"--b--\r\n"
        sent |= {name: value for name, value in more.items() if name != "headers"}
        sent["headers"] |= more.get("headers", {})
        return await client.ask(self.method, self.path, **sent)


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[Api]:
    async with server(tmp_path) as found:
        yield found


@asynccontextmanager
async def server(folder: Path, **settings: Any) -> AsyncIterator[Api]:
    chosen = {"bootstrap_token": ADMIN, "api_rate": 100_000, "api_burst": 100_000} | settings
    async with (
        serving(f"sqlite:///{folder / 'aioacs.db'}", folder, **chosen) as served,
        aiohttp.ClientSession() as session,
    ):
        yield Api(served, Client(served.server.api_ports[0], session))


async def calls(api: Api) -> list[Call]:
    """One call for each route of the document."""
    document = (await api.client.get("/openapi.json")).json
    return list(_calls(document))


def _calls(document: dict[str, Any]) -> Iterator[Call]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {})
            media_type = next(iter(content), "")
            needs = re.search(r"Needs the role `(\w+)`", operation["description"])
            required = [each["name"] for each in operation["parameters"] if each["in"] == "query" and each["required"]]
            query = "&".join(f"{name}={NOTHING}" for name in required)
            yield Call(
                method.upper(),
                re.sub(r"\{\w+\}", str(NOTHING), path) + (f"?{query}" if query else ""),
                needs[1] if needs else "",
                media_type,
                content.get(media_type, {}).get("example"),
            )


def word(said: Said) -> str:
    """Which problem it is."""
    return str(said.json["type"]).rpartition(":")[2]


async def test_without_a_token_and_with_a_wrong_one_nothing_is_done(sqlite: Api) -> None:
    for call in await calls(sqlite):
        for token in (None, "wrong"):
            # Guesses are few in a second.
            sqlite.served.clock.advance(1)
            said = await call.make(sqlite.client.as_(token))
            assert (said.status == 401) == bool(call.role), call
            if call.role:
                assert said.headers["WWW-Authenticate"] == "Bearer"


async def test_a_role_that_is_too_low_is_told_so_before_anything_else(sqlite: Api) -> None:
    ranks = ["viewer", "operator", "admin"]
    for call in await calls(sqlite):
        for role in ranks[: ranks.index(call.role)] if call.role else []:
            said = await call.make(await sqlite.token(Role(role)))
            assert (said.status, word(said)) == (403, "forbidden"), call


async def test_what_is_not_there_is_not_found(sqlite: Api) -> None:
    for call in await calls(sqlite):
        if str(NOTHING) in call.path and call.media_type != "multipart/form-data":
            said = await call.make(sqlite.client)
            assert (said.status, word(said)) == (404, "not-found"), (call, said.octets)


async def test_a_query_that_nobody_knows_is_named(sqlite: Api) -> None:
    for call in await calls(sqlite):
        mark = "&" if "?" in call.path else "?"
        said = await replace(call, path=f"{call.path}{mark}no_such=1").make(sqlite.client)
        assert (said.status, said.errors.get("no_such")) == (400, ["is not a field of this"]), (call, said.octets)


async def test_a_body_that_is_none_or_that_nobody_wants_is_malformed(sqlite: Api) -> None:
    for call in await calls(sqlite):
        said = await call.make(sqlite.client, data=b"{")
        assert (said.status, word(said)) == (400, "malformed"), (call, said.octets)


async def test_a_host_that_is_none_is_malformed(sqlite: Api) -> None:
    for call in await calls(sqlite):
        said = await call.make(sqlite.client, headers={"Host": "a b"})
        assert (said.status, word(said)) == (400, "malformed"), call


async def test_a_body_of_another_kind_or_size_is_refused(sqlite: Api) -> None:
    most = sqlite.served.server.services.tools.settings.max_api_body
    for call in await calls(sqlite):
        if not call.media_type:
            continue
        said = await call.make(sqlite.client, headers={"Content-Type": "text/csv"})
        assert (said.status, word(said)) == (415, "unsupported-media-type"), call
        if call.media_type == "application/json":
            said = await call.make(sqlite.client, data=io.BytesIO(b" " * (most + 1)))
            assert (said.status, word(said)) == (413, "too-large"), call


async def test_who_asks_too_often_is_told_when_to_come_again(tmp_path: Path) -> None:
    async with server(tmp_path, api_rate=1, api_burst=1) as api:
        found = await calls(api)
        await api.client.get("/organization/")
        for call in found:
            said = await call.make(api.client)
            assert (said.status, word(said)) == (429, "too-many-requests"), (call, said.octets)
            assert said.headers["Retry-After"] == "1"


async def test_a_key_that_is_taken_is_told(sqlite: Api) -> None:
    management = sqlite.served.server.services.management
    store = management.idempotency
    owner = str((await sqlite.client.get("/token/")).json["results"][0]["id"])
    for call in await calls(sqlite):
        if call.method != "POST" or call.media_type not in {"application/json", ""}:
            continue
        octets = json.dumps(call.body).encode() if call.media_type else b""
        identity = f"POST /api/v1{call.path}\n".encode() + octets
        pending, other = (RequestKey(owner, f"{word}-{call.path}".replace(" ", "-")) for word in ("pending", "other"))
        await store.claim(pending, hashlib.sha256(identity).hexdigest(), 0.0)
        # It was carried out, nobody was told, and what it made is gone.
        await management.audit.append(
            AuditEntry(0.0, "a", "", "create", "thing", f"{NOTHING}", request_key=str(pending))
        )
        await store.claim(other, "another request", 0.0)
        for key, kind in (("pending", "key-pending"), ("other", "key-reused")):
            said = await call.make(sqlite.client, headers={KEY_HEADER: f"{key}-{call.path}"})
            assert (said.status, word(said)) == (409, kind), (call, said.octets)


async def test_without_a_database_everybody_is_asked_to_come_again(sqlite: Api) -> None:
    found = await calls(sqlite)
    await sqlite.served.server.services.management.database.close()
    for call in found:
        said = await call.make(sqlite.client)
        if call.role:
            assert (said.status, word(said)) == (503, "unavailable"), (call, said.octets)
            assert said.headers["Retry-After"]


async def _fail(_: Ask[Any, Any]) -> Answer:
    raise RuntimeError("of the test, with a secret: hunter2")


def _failing(route: AnyRoute) -> AnyRoute:
    return replace(route, handler=_fail)


@pytest.fixture
def log() -> Iterator[io.BytesIO]:
    with logged("error") as stream:
        yield stream


async def test_a_handler_that_fails_is_an_answer_without_a_word_of_why(log: io.BytesIO, sqlite: Api) -> None:
    found = await calls(sqlite)
    management = sqlite.served.server.services.management
    application = Application(management, [_failing(each) for each in routes(management)])
    listener = ApiListener(management.tools, application)
    ((_, port),) = await listener.start("127.0.0.1", [(0, None)], shares_ports=False)
    try:
        for call in found:
            said = await call.make(Client(port, sqlite.client.session))
            assert (said.status, word(said)) == (500, "internal"), (call, said.octets)
            assert b"hunter2" not in said.octets
    finally:
        await listener.stop()
    assert b"a request failed" in log.getvalue()


async def test_a_body_that_does_not_come_is_not_waited_for(tmp_path: Path) -> None:
    async with server(tmp_path, body_timeout=1) as api:
        found = [call for call in await calls(api) if call.media_type == "application/json"]
        answers = await asyncio.gather(*(_stall(api.client.port, call) for call in found))
        assert set(answers) == {b"HTTP/1.1 408 Request Timeout"}


async def _stall(port: int, call: Call) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"{call.method} /api/v1{call.path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {ADMIN}\r\n"
    writer.write(f"{head}Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{{".encode())
    try:
        return (await reader.readline()).rstrip()
    finally:
        writer.close()
        await writer.wait_closed()
