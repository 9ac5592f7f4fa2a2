"""Requests with a key of their own that were cut off: done once in the end, and never twice."""

import hashlib
import json

from acs.store.statements import Dialect
from tests.api.conftest import Api
from tests.contract.opened import Probe

PATH = "/organization/"
BODY = {"name": "Example Telecom"}
LONG = 301.0


async def cut_off(api: Api, key: str) -> None:
    """A request with a key was being carried out when its process ended."""
    owner = str((await api.client.get("/token/")).json["results"][0]["id"])
    identity = f"POST /api/v1{PATH}\n".encode() + json.dumps(BODY).encode()
    store = api.served.server.services.management.idempotency
    await store.claim(owner, key, hashlib.sha256(identity).hexdigest(), api.served.clock.wall())


async def test_what_was_cut_off_before_it_did_anything_is_done(api: Api) -> None:
    await cut_off(api, "k")
    api.served.clock.advance(LONG)
    made = await api.client.post(PATH, BODY, Idempotency_Key="k")
    assert made.status == 201
    again = await api.client.post(PATH, BODY, Idempotency_Key="k")
    assert (again.status, again.json) == (201, made.json)
    assert (await api.client.get(PATH)).json["count"] == 1


async def test_what_may_still_be_carried_out_elsewhere_is_waited_for(api: Api) -> None:
    await cut_off(api, "k")
    api.served.clock.advance(1)
    said = await api.client.post(PATH, BODY, Idempotency_Key="k")
    if api.served.server.services.management.database.dialect is Dialect.SQLITE:
        # It bears one server: there is no elsewhere.
        assert said.status == 201
        return
    assert (said.status, said.json["type"]) == (409, "urn:aioacs:problem:key-pending")
    assert said.headers["Retry-After"] == "1"
    assert (await api.client.get(PATH)).json["count"] == 0


async def test_what_was_carried_out_and_not_answered_is_named_and_not_done_again(api: Api, probe: Probe) -> None:
    made = await api.client.post(PATH, BODY, Idempotency_Key="k")
    assert made.status == 201
    await probe.execute("UPDATE idempotency_key SET status = 0")
    api.served.clock.advance(LONG)
    said = await api.client.post(PATH, BODY, Idempotency_Key="k")
    assert (said.status, said.json["type"]) == (409, "urn:aioacs:problem:key-pending")
    assert (said.json["resource"], said.json["resource_id"]) == ("organization", str(made.json["id"]))
    assert (await api.client.get(PATH)).json["count"] == 1


async def test_each_kind_of_work_names_its_key_in_its_own_commit(api: Api, probe: Probe) -> None:
    client = api.client
    await client.post("/inventory_device_name/", {"name": "one"}, Idempotency_Key="device")
    path = "/inventory_device_name_headless_operation/"
    get = {"name": "one", "operation": "get", "variables": [{"variable_name": "Device.DeviceInfo."}]}
    one = await client.post(path, get, Idempotency_Key="one")
    many = {"operation_type": "get", "device_targets": ["one"], "variables": get["variables"]}
    bulk = await client.post(path, many, Idempotency_Key="many")
    await client.delete(f"{path}?id={one.json['id']}")
    await client.post(f"{path}{one.json['id']}/retry/", None, Idempotency_Key="retry")
    rows = await probe.rows("SELECT request_key, resource FROM audit WHERE request_key <> '' ORDER BY id")
    assert [(key.partition(" ")[2], resource) for key, resource in rows] == [
        ("device", "device"),
        ("one", "operation"),
        ("many", "bulk"),
        ("retry", "operation"),
    ]
    assert bulk.status == 201
