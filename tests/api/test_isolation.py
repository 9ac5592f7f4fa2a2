"""Who may ask for what: every route there is, with every kind of token; and nobody learns anything of others."""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from acs.auth.passwords import hash_token
from acs.domain.token import NewToken, Role
from api.routes import routes
from api.routing import AnyRoute
from tests.api.client import Client, Said
from tests.api.conftest import Api

# A star stands for the three families, {one} and {parent} for their places. Whoever adds a route says here who may.
TABLE: Final = """
viewer    GET     /inventory_device*/
operator  POST    /inventory_device*/
viewer    GET     /inventory_device*/{one}/
operator  PUT     /inventory_device*/{one}/
operator  PATCH   /inventory_device*/{one}/
operator  DELETE  /inventory_device*/{one}/
operator  PUT     /inventory_device*_operation/{one}/
viewer    GET     /inventory_device*_headless_operation/
operator  POST    /inventory_device*_headless_operation/
operator  DELETE  /inventory_device*_headless_operation/
operator  POST    /inventory_device*_headless_operation/{id}/retry/
viewer    GET     /inventory_device*_headless_operation/{id}/devices/
viewer    GET     /inventory_device*_variables/
viewer    GET     /inventory_device*_variables/{parent}/
operator  PUT     /inventory_device*_variables/
operator  PUT     /inventory_device*_variables/{parent}/
viewer    GET     /inventory_device*_setting/
viewer    GET     /inventory_device*_setting/{parent}/
operator  PUT     /inventory_device*_setting/
operator  PUT     /inventory_device*_setting/{parent}/
operator  PATCH   /inventory_device*_setting/
operator  PATCH   /inventory_device*_setting/{parent}/
operator  DELETE  /inventory_device*_setting/
operator  DELETE  /inventory_device*_setting/{parent}/
viewer    GET     /inventory_type/
admin     POST    /inventory_type/
viewer    GET     /inventory_type/{id}/
admin     PUT     /inventory_type/{id}/
admin     PATCH   /inventory_type/{id}/
admin     DELETE  /inventory_type/{id}/
viewer    GET     /firmware_image/
admin     POST    /firmware_image/
viewer    GET     /firmware_image/{id}/
admin     PATCH   /firmware_image/{id}/
admin     DELETE  /firmware_image/{id}/
admin     GET     /firmware_image/{id}/file/
admin     GET     /firmware_image/upload/{key}/
viewer    GET     /organization/
admin     POST    /organization/
viewer    GET     /organization/{id}/
admin     PUT     /organization/{id}/
admin     PATCH   /organization/{id}/
admin     DELETE  /organization/{id}/
viewer    GET     /location/
admin     POST    /location/
viewer    GET     /location/{id}/
admin     PUT     /location/{id}/
admin     PATCH   /location/{id}/
admin     DELETE  /location/{id}/
admin     GET     /token/
admin     POST    /token/
admin     GET     /token/{id}/
admin     DELETE  /token/{id}/
admin     GET     /audit_log/
viewer    GET     /webhook/
viewer    GET     /webhook/{id}/
operator  POST    /webhook/{id}/retry/
viewer    GET     /metrics
nobody    GET     /health/
nobody    GET     /ready/
nobody    GET     /openapi.json
nobody    GET     /openapi-3.0.json
nobody    GET     /docs/
nobody    GET     /docs/{file}
"""
_FAMILIES: Final = {"_name": "name", "": "id", "_serial": "serial_number"}
_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND")
_RANK: Final = {"nobody": 0, "viewer": 1, "operator": 2, "admin": 3}
# What belongs to no organization.
_FOR_ALL: Final = re.compile(r"/(inventory_type|firmware_image|docs|health|ready|metrics|openapi)")
# Lists in which every admin has something of its own: its organization, its token, what it did.
_OWN: Final = frozenset({"/organization/", "/token/", "/audit_log/"})
MARK: Final = "Zq7secretOfTheFirst"


def table() -> dict[tuple[str, str], str]:
    """Who may, by method and path."""
    found: dict[tuple[str, str], str] = {}
    for line in TABLE.strip().splitlines():
        who, method, path = line.split()
        for infix, place in _FAMILIES.items() if "*" in path else [("", "")]:
            parent = f"parent_{place}" if place == "id" else f"parent__{place}"
            own = path.replace("*", infix).replace("{one}", f"{{{place}}}").replace("{parent}", f"{{{parent}}}")
            found[method, own] = who
    return found


def all_routes(api: Api) -> list[AnyRoute]:
    return routes(api.served.server.services.management)


def path_of(route: AnyRoute, places: Mapping[str, object]) -> str:
    """The path of a route with something in its places."""
    return re.sub(r"\{(\w+)\}", lambda match: str(places.get(match[1], "999999")), route.path)


async def ask(client: Client, route: AnyRoute, path: str, body: object = None) -> Said:
    """Ask for a route; what it takes is sent, if only an empty one."""
    if route.streams:
        return await client.ask(route.method, path, data=b"", headers={"Content-Type": route.streams})
    sent = {} if body is None and route.body is not None else body
    return await client.ask(route.method, path, sent)


async def test_the_table_names_every_route_and_no_other(sqlite_api: Api) -> None:
    there = {(each.method, each.path): each.role.value if each.role else "nobody" for each in all_routes(sqlite_api)}
    assert there == table()


async def test_nothing_is_given_to_whoever_has_no_good_token(sqlite_api: Api) -> None:
    tokens, now = sqlite_api.served.server.services.management.tokens, sqlite_api.served.clock.wall()
    await tokens.create(NewToken("old", Role.ADMIN, hash_token("expired"), None, now - 1), now)
    revoked = await tokens.create(NewToken("revoked", Role.ADMIN, hash_token("revoked")), now)
    await sqlite_api.client.delete(f"/token/{revoked}/")
    for text in (None, "wrong", "expired", "revoked"):
        client = sqlite_api.client.as_(text)
        for route in all_routes(sqlite_api):
            sqlite_api.served.clock.advance(1)
            said = await ask(client, route, path_of(route, {}))
            if route.role is None:
                assert said.status in {200, 404}, route.path
            else:
                assert said.status == 401, (route.method, route.path, text)
                assert said.headers["WWW-Authenticate"] == "Bearer"


async def test_a_role_may_what_the_table_says_and_nothing_else(sqlite_api: Api) -> None:
    for role in Role:
        client = await sqlite_api.token(role)
        for route in all_routes(sqlite_api):
            may = _RANK[role.value] >= _RANK[table()[route.method, route.path]]
            if may and "text/event-stream" in route.answers.values():
                continue  # it would not end
            said = await ask(client, route, path_of(route, {}))
            assert (said.status == 403) is not may, (role, route.method, route.path, said.octets)
            assert said.status < 500


async def test_every_other_method_is_answered_with_those_that_there_are(sqlite_api: Api) -> None:
    known: dict[str, set[str]] = {}
    for route in all_routes(sqlite_api):
        known.setdefault(route.path, set()).update({"GET", "HEAD"} if route.method == "GET" else {route.method})
    client = sqlite_api.client.as_(None)
    for path, methods in known.items():
        for method in set(_METHODS) - methods:
            said = await client.ask(method, re.sub(r"\{\w+\}", "1", path), headers={"X-Request-ID": "mine-1"})
            assert said.status == 405, (method, path)
            assert set(said.headers["Allow"].split(",")) == methods, (method, path)
            assert said.headers["X-Request-ID"] == "mine-1"
            if method != "HEAD":
                assert said.json["type"] == "urn:aioacs:problem:method-not-allowed"


@dataclass(frozen=True, slots=True)
class First:
    """What the first organization has, all of it marked."""

    organization: int
    device: int
    location: int
    token: int
    operation: str
    delivery: str
    bulk: str

    @property
    def names(self) -> dict[str, object]:
        """What stands in places, queries and bodies for it."""
        return {
            "id": self.device,
            "device_id": self.device,
            "parent_id": self.device,
            "organization": self.organization,
            "organization_id": self.organization,
            "location": self.location,
            **dict.fromkeys(
                ("name", "device_name", "parent__name", "serial_number", "device_serial", "parent__serial_number"), MARK
            ),
            "search": MARK,
        }

    def places(self, route: AnyRoute) -> dict[str, object]:
        """What stands in the places of a route."""
        own: int | str
        by_path = {"/organization/": self.organization, "/location/": self.location, "/token/": self.token}
        own = next((number for start, number in by_path.items() if route.path.startswith(start)), self.device)
        if route.path.startswith("/webhook/"):
            own = self.delivery
        if "headless" in route.path:
            own = self.bulk if route.path.endswith("/devices/") else self.operation
        return self.names | {"id": own}


async def fill(api: Api) -> First:
    """An organization with something of everything, marked."""
    client = api.client
    made: dict[str, Any] = {}

    async def make(method: str, path: str, body: object) -> Any:
        said = await client.ask(method, path, body)
        assert said.status in {200, 201}, said.octets
        return said.json

    made["organization"] = (await make("POST", "/organization/", {"name": f"{MARK} A"}))["id"]
    made["location"] = (
        await make("POST", "/location/", {"name": f"{MARK} L", "organization_id": made["organization"]})
    )["id"]
    device = {
        **dict.fromkeys(("name", "serial_number", "customer_id", "description", "username"), MARK),
        "organization_id": made["organization"],
        "location": made["location"],
        "tags": [MARK],
    }
    made["device"] = (await make("POST", "/inventory_device_name/", device))["id"]
    variable = {"variable_name": f"Device.{MARK}.Enable", "value": MARK}
    made["operation"] = (
        await make(
            "POST",
            "/inventory_device_name_headless_operation/",
            {"name": MARK, "operation": "set", "variables": [variable], "connection_request": False},
        )
    )["id"]
    made["delivery"] = await fill_deliveries(api)
    made["bulk"] = (
        await make(
            "POST",
            "/inventory_device_serial_headless_operation/",
            {"operation_type": "set", "device_targets": [MARK], "variables": [variable], "parameters": {"note": MARK}},
        )
    )["id"]
    await make("PUT", f"/inventory_device_name_setting/{MARK}/", [variable])
    made["token"] = (
        await make("POST", "/token/", {"name": MARK, "role": "admin", "organizations": [made["organization"]]})
    )["id"]
    return First(**made)


async def fill_deliveries(api: Api) -> str:
    """News of an end, for a receiver that is never called: its address is none that webhooks go to."""
    path = "/inventory_device_name_headless_operation/"
    wish = {"name": MARK, "operation": "get", "variables": [{"variable_name": "Device.DeviceInfo."}]}
    asked = await api.client.post(path, wish | {"notification": {"webhook_url": f"http://127.0.0.1:9/{MARK}"}})
    assert (await api.client.delete(f"{path}?id={asked.json['id']}")).status == 204
    await api.served.sweep()
    async with asyncio.timeout(20):
        while (found := (await api.client.get("/webhook/")).json["results"][0])["status"] != "failed":
            pass
    delivery: str = found["id"]
    return delivery


def selected(body: Any, first: First) -> Any:
    """A body that means what the first organization has wherever it names something."""
    if isinstance(body, dict):
        return {
            key: first.names[key] if key in first.names and key != "organization" else value
            for key, value in body.items()
        }
    return body


async def test_a_token_of_another_organization_learns_and_changes_nothing(sqlite_api: Api) -> None:
    first = await fill(sqlite_api)
    stranger = await sqlite_api.token(Role.ADMIN, await sqlite_api.organization("second"))
    document = (await sqlite_api.client.get("/openapi.json")).json
    before = await state(sqlite_api, first)
    for route in all_routes(sqlite_api):
        if "text/event-stream" in route.answers.values():
            continue
        path = path_of(route, first.places(route))
        body = None
        if route.body is not None:
            operation = document["paths"][route.path][route.method.lower()]
            body = selected(operation["requestBody"]["content"]["application/json"]["example"], first)
        fields = {field.alias or name for name, field in route.query.model_fields.items()}
        own = first.names | ({"id": first.operation} if "headless" in route.path else {})
        for query in ["", *(f"?{name}={value}" for name, value in own.items() if name in fields)]:
            said = await ask(stranger, route, path + query, body)
            what = (route.method, path + query, said.status, said.octets)
            assert MARK.encode() not in said.octets, what
            assert MARK not in repr(dict(said.headers)).replace(path, ""), what
            if _FOR_ALL.match(route.path):
                continue
            if "{" in route.path:
                # Some queries do not go together with a place of the path.
                assert said.status in {403, 404, *([400] if query else [])}, what
            elif route.method == "GET" and said.status == 200:
                rows = said.json if isinstance(said.json, list) else said.json["results"]
                assert not rows or route.path in _OWN, what
    assert await state(sqlite_api, first) == before


async def state(api: Api, first: First) -> list[Any]:
    """What the first organization has, as an admin sees it."""
    paths = (
        f"/organization/{first.organization}/",
        f"/location/{first.location}/",
        f"/inventory_device_name/{MARK}/",
        f"/inventory_device_name_setting/{MARK}/",
        f"/inventory_device_headless_operation/?id={first.operation}",
        f"/inventory_device_headless_operation/?id={first.bulk}",
        f"/inventory_device_headless_operation/{first.bulk}/devices/",
        f"/webhook/{first.delivery}/",
        f"/token/{first.token}/",
    )
    shown = [await api.client.get(path) for path in paths]
    assert [each.status for each in shown] == [200] * len(paths)
    # What a request for many devices is like tells of no device; its devices have a list of their own.
    assert [path for path, each in zip(paths, shown, strict=True) if MARK.encode() not in each.octets] == [paths[5]]
    return [json.loads(each.octets) for each in shown]
