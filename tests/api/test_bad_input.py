"""Whatever is wrong with a request is told as a problem; nothing is changed, and nothing of it gets into the log."""

import copy
import io
import json
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

import pytest
from structlog.testing import capture_logs

from acs.domain.token import Role
from api.routing import AnyRoute
from tests.api.client import Client, Said
from tests.api.conftest import Api
from tests.api.test_isolation import MARK, First, all_routes, fill, path_of, selected
from tests.contract.opened import probing

SECRET: Final = "Zq7textOfARequest"
_IN_QUERIES: Final = 6
HOSTILE: Final[dict[str, Any]] = {
    "NUL": f"{SECRET}\0",
    "a lone surrogate": f"{SECRET}\ud800",
    "a line break": f"{SECRET}\r\nX-Evil: 1",
    "a million letters": SECRET + "x" * 900_000,
    "a long number": 10**400,
    "a number too large": 2**63,
    "a negative number": -1,
    "a fraction": 1.5,
    "infinity": float("1e308"),
    "true": True,
    "a list": [SECRET],
    "an object": {SECRET: SECRET},
    "deep lists": json.loads("[" * 40 + "]" * 40),
}
# Values of these are free in kind: what would be wrong elsewhere may be right here.
_FREE: Final = frozenset({"value", "parameters", "arguments", "options", "device_filters", "quirks", "description"})
BODIES: Final[dict[str, bytes]] = {
    "empty": b"",
    "blank": b"  \n",
    "no JSON": SECRET.encode(),
    "half": b'{"name": "' + SECRET.encode(),
    "not UTF-8": b'{"name": "\xff\xfe"}',
    "UTF-16": '{"name": "a"}'.encode("utf-16"),
    "a mark before it": b'\xef\xbb\xbf{"name": "a"}',
    "two documents": b"{}{}",
    "a key twice": b'{"name": "a", "name": "b"}',
    "NaN": b'{"name": NaN}',
    "1e999": b'{"name": 1e999}',
    "a number of 10,000 digits": b'{"name": ' + b"9" * 10_000 + b"}",
    "10,000 levels": b"[" * 10_000 + b"]" * 10_000,
    "10,000 levels of objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "a list of nothing": b"[[]]",
    "a text": json.dumps(SECRET).encode(),
    "null": b"null",
    "an unknown key": json.dumps({f"{SECRET}'; DROP TABLE device; --": 1}).encode(),
}


@pytest.fixture
async def filled(sqlite_api: Api) -> tuple[Api, First, dict[str, Any]]:
    """An API with something of everything, and its document."""
    return sqlite_api, await fill(sqlite_api), (await sqlite_api.client.get("/openapi.json")).json


def with_bodies(api: Api, document: dict[str, Any], first: First) -> Iterator[tuple[AnyRoute, str, Any]]:
    """Every route with a JSON body, its path, and a body that would do."""
    for route in all_routes(api):
        if route.body is not None:
            operation = document["paths"][route.path][route.method.lower()]
            example = operation["requestBody"]["content"]["application/json"]["example"]
            yield route, path_of(route, first.places(route)), selected(example, first)


async def content(api: Api) -> dict[str, list[str]]:
    """All that the database holds, but for when tokens were used, and what became of a call to the device meanwhile."""
    url = api.served.server.services.tools.settings.database_url.get_secret_value()
    async with probing(url) as probe:
        found = await probe.content()
    return {table: rows for table, rows in found.items() if table not in {"token", "contact"}}


def told(said: Said, what: object) -> None:
    """The answer says what is wrong with the request."""
    assert 400 <= said.status < 500, (what, said.status, said.octets[:300])
    assert said.headers["Content-Type"] == "application/problem+json"


async def send(client: Client, route: AnyRoute, path: str, octets: bytes | io.BytesIO, **headers: str) -> Said:
    said = {"Content-Type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.ask(route.method, path, data=octets, headers=said)


async def test_bodies_that_are_none_change_nothing(filled: tuple[Api, First, dict[str, Any]]) -> None:
    api, first, document = filled
    before = await content(api)
    with capture_logs() as log:
        for route, path, _ in with_bodies(api, document, first):
            for name, octets in BODIES.items():
                if name == "an unknown key" and route.takes_unknown:
                    continue
                told(await send(api.client, route, path, octets), (route.method, path, name))
    assert await content(api) == before
    quiet(log)


async def test_fields_of_the_wrong_kind_change_nothing(filled: tuple[Api, First, dict[str, Any]]) -> None:
    api, first, document = filled
    with capture_logs() as log:
        for route, path, example in with_bodies(api, document, first):
            before, has_changed = await content(api), False
            for name, value in HOSTILE.items():
                for body in spoilt(example, value):
                    octets = json.dumps(body).encode()
                    said = await send(api.client, route, path, octets)
                    what = (route.method, path, name, octets[:200])
                    assert said.status < 500, what
                    if said.status >= 400:
                        told(said, what)
                    else:
                        has_changed = True
            assert has_changed or await content(api) == before, (route.method, path)
    quiet(log)


def spoilt(example: Any, value: object) -> Iterator[Any]:
    """The example with one field after another made this."""
    if isinstance(example, list):
        for place, each in enumerate(example[:1]):
            for inner in spoilt(each, value):
                yield [*example[:place], inner, *example[place + 1 :]]
    if isinstance(example, dict):
        for key, each in example.items():
            if key in _FREE:
                continue
            if isinstance(each, dict | list):
                for inner in spoilt(each, value):
                    yield example | {key: inner}
            spoiled = copy.deepcopy(example)
            spoiled[key] = value
            yield spoiled


def quiet(log: list[Any]) -> None:
    """The log holds a line for each request at most, and nothing of what was asked."""
    assert SECRET not in repr(log)
    assert MARK not in repr(log)
    assert not [line for line in log if line["log_level"] not in {"info", "debug"}]


async def test_a_body_too_large_or_of_another_kind_is_refused_unread(
    filled: tuple[Api, First, dict[str, Any]],
) -> None:
    api, first, document = filled
    before = await content(api)
    large = b'{"name": "' + b"x" * 10_000_000 + b'"}'
    for place, (route, path, body) in enumerate(with_bodies(api, document, first)):
        octets = json.dumps(body).encode()
        for headers in (
            {"Content_Type": "text/plain"},
            {"Content_Type": "application/x-www-form-urlencoded"},
            {"Content_Type": "multipart/form-data; boundary=x"},
            {"Content_Encoding": "gzip"},
            {"Content_Encoding": "identity, deflate"},
        ):
            assert (await send(api.client, route, path, octets, **headers)).status == 415, path
        if place % 10 == 0:
            assert (await send(api.client, route, path, io.BytesIO(large))).status == 413, path
    assert await content(api) == before


async def test_hostile_paths_and_queries_are_answered_and_change_nothing(
    filled: tuple[Api, First, dict[str, Any]],
) -> None:
    api, _, _ = filled
    before = await content(api)
    texts = (
        "%00", "%ff", "%ed%a0%80", "%0d%0aX-Evil:%201", "9" * 400, "%27;DROP%20TABLE%20device;--", "..%2f..%2f",
        "%2e%2e", "-1", "0", "1e5", "%F0%9F%98%80", "a" * 4000, "1_000", "%D9%A1",
    )  # fmt: skip
    with capture_logs() as log:
        for route in all_routes(api):
            if "text/event-stream" in route.answers.values():
                continue
            fields = [field.alias or name for name, field in route.query.model_fields.items()]
            for place, text in enumerate(texts):
                places = dict.fromkeys(("id", "name", "serial_number", "file"), text)
                parents = {f"parent_{'_' if name != 'id' else ''}{name}": text for name in places}
                asked = [path_of(route, places | parents)] if "{" in route.path else []
                if route.method == "GET" and place < _IN_QUERIES:
                    asked += [f"{path_of(route, {})}?{name}={text}" for name in [*fields, text]]
                for path in asked:
                    said = await api.client.ask(route.method, path, {} if route.body is not None else None)
                    assert said.status < 500, (route.method, path[:200])
                    assert "X-Evil" not in said.headers
    assert await content(api) == before
    assert not [line for line in log if line["log_level"] not in {"info", "debug"}]


async def test_headers_are_not_believed(sqlite_api: Api) -> None:
    client = sqlite_api.client
    for value in ("a b", "x" * 65, "é", '"><script>', "a,b"):
        said = await client.ask("GET", "/health/", headers={"X-Request-ID": value})
        assert said.headers["X-Request-ID"] != value
    for number in range(3):
        await sqlite_api.organization(f"o{number}")
    for host in ("evil.example/x", "a b", "a@b", "a:b:c", "<script>", "a" * 300, "a?b", "[::1"):
        said = await client.ask("GET", "/organization/?limit=1", headers={"Host": host})
        assert (said.status, said.json["type"]) == (400, "urn:aioacs:problem:malformed"), host
    said = await client.ask(
        "GET", "/organization/?limit=1", headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}
    )
    assert said.json["next"].startswith("http://127.0.0.1:")
    viewer = await sqlite_api.token(Role.VIEWER)
    for token in (
        "x" * 600,
        "é",
        f"{viewer.token} x",
        f"{viewer.token},{viewer.token}",
        "Bearer",
        "Basic eDp4",
    ):
        assert (await client.as_(token).get("/organization/")).status == 401, token


@pytest.mark.parametrize("name", ["Name", "int", "list", "none", "a[0]", "Limit"])
async def test_an_unknown_key_is_named_whatever_it_looks_like(sqlite_api: Api, name: str) -> None:
    said = await sqlite_api.client.post("/organization/", {"name": "acme", name: 1})
    assert (said.status, said.errors) == (400, {name: ["is not a field of this"]})
    said = await sqlite_api.client.post("/location/", {"name": "acme", name: 1})
    assert (said.status, said.errors) == (400, {name: ["is not a field of this"]})
    said = await sqlite_api.client.get(f"/organization/?{quote(name)}=1")
    assert (said.status, said.errors) == (400, {name: ["is not a field of this"]})


async def test_what_is_wrong_with_the_query_and_with_the_body_is_told_at_once(sqlite_api: Api) -> None:
    said = await sqlite_api.client.post("/organization/?here=1", {"name": 5})
    assert (said.status, set(said.errors)) == (400, {"here", "name"})


async def test_what_is_wrong_is_told_in_the_words_of_json(sqlite_api: Api) -> None:
    said = await sqlite_api.client.post("/inventory_device_name/", {"name": "a", "tags": "t", "latitude": "1" * 65})
    assert said.errors == {
        "tags": ["input should be a list"],
        "latitude": ["string should have at most 64 characters"],
    }
    said = await sqlite_api.client.post("/inventory_device_name/", {"name": "a", "tags": ["t"] * 101})
    assert said.errors == {"tags": ["list should have at most 100 items"]}
    said = await sqlite_api.client.post("/token/", {"name": "a", "role": "viewer", "organizations": []})
    assert said.errors == {"organizations": ["list should have at least 1 item"]}
    said = await sqlite_api.client.post("/organization/", [])
    assert said.errors == {"body": ["input should be an object"]}
