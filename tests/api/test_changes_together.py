"""Changes that come together: none is lost, and the audit log tells each as it was; on both databases."""

import asyncio
from typing import Any

import pytest

from tests.api.conftest import Api
from tests.api.forms import form, send
from tests.api.inventory import PATH, make

ROUNDS = 5
NEW: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "device": (PATH, {"name": "a"}, ["customer_id", "description", "latitude", "location_name"]),
    "device_type": ("/inventory_type/", {"name": "a", "short_name": "a"}, ["name", "short_name", "description"]),
    "firmware_image": ("/firmware_image/", {"name": "a", "version": "1"}, ["name", "version", "file_type"]),
    "location": ("/location/", {"name": "a"}, ["name", "short_name", "latitude", "longitude"]),
    "organization": ("/organization/", {"name": "a"}, ["name", "description"]),
}


async def made(api: Api, what: str) -> tuple[str, int]:
    """A new thing: where it is, and its number."""
    path, body, _ = NEW[what]
    said = await (send(api.client, form(body)) if what == "firmware_image" else api.client.post(path, body))
    assert said.status == 201, said.json
    return f"{path}{body['name'] if what == 'device' else said.json['id']}/", said.json["id"]


async def tick(api: Api) -> None:
    """Time passes while requests wait for each other."""
    while True:
        api.served.clock.advance(0.001)
        await asyncio.sleep(0)


@pytest.mark.parametrize("what", list(NEW))
async def test_changes_of_different_fields_are_all_kept(api: Api, what: str) -> None:
    path, _ = await made(api, what)
    fields = NEW[what][2]
    for number in range(ROUNDS):
        said = await asyncio.gather(*(api.client.patch(path, {field: f"{field} {number}"}) for field in fields))
        assert {each.status for each in said} == {200}
        shown = (await api.client.get(path)).json
        assert {field: shown[field] for field in fields} == {field: f"{field} {number}" for field in fields}


@pytest.mark.parametrize("what", list(NEW))
async def test_the_audit_log_tells_each_change_by_what_the_one_before_has_left(api: Api, what: str) -> None:
    path, number = await made(api, what)
    fields = NEW[what][2]
    ticking = asyncio.create_task(tick(api))
    said = [{field: f"{field} {turn}"} for turn in range(ROUNDS) for field in fields]
    await asyncio.gather(*(api.client.patch(path, each) for each in said))
    ticking.cancel()
    log = (await api.client.get(f"/audit_log/?resource={what}&resource_id={number}&limit=1000")).json["results"]
    first, *updates = reversed(log)
    # What never changes of an image, its size and its checksum, is told once.
    before = {name: value for name, value in first["after"].items() if name not in {"size", "sha256"}}
    assert len(updates) == ROUNDS * len(fields)
    for each in updates:
        assert each["before"] == before
        assert sum(each["after"][name] != value for name, value in before.items()) == 1
        before = each["after"]


async def test_who_deletes_what_another_changes_is_told_the_truth(api: Api) -> None:
    for turn in range(ROUNDS):
        number = await make(api, f"a{turn}")
        path = f"/inventory_device/{number}/"
        asked = [api.client.delete(path), api.client.patch(path, {"description": "x"}), api.client.delete(path)]
        statuses = [each.status for each in await asyncio.gather(*asked)]
        assert sorted((statuses[0], statuses[2])) == [204, 404]
        assert statuses[1] in {200, 404}
        log = (await api.client.get(f"/audit_log/?resource=device&resource_id={number}")).json["results"]
        actions = [each["action"] for each in reversed(log)]
        assert actions == ["create", *(["update"] if statuses[1] == 200 else []), "delete"]


async def test_settings_that_are_replaced_together_are_told_one_after_the_other(api: Api) -> None:
    number = await make(api, "a")
    path = f"/inventory_device_setting/{number}/"
    bodies = [[{"variable_name": f"Device.X.P{each}", "value": "1"}] for each in range(10)]
    assert {each.status for each in await asyncio.gather(*(api.client.put(path, body) for body in bodies))} == {200}
    dropped = [api.client.delete(f"{path}?wildcard=*"), api.client.patch(path, bodies[0])]
    assert (await asyncio.gather(*dropped))[1].status == 200
    log = (await api.client.get(f"/audit_log/?resource=device_setting&resource_id={number}")).json["results"]
    told: dict[str, str | None] = {}
    for each in reversed(log):
        assert each["before"] == {name: told.get(name) for name in each["before"]}
        told |= each["after"] or dict.fromkeys(each["before"])
    shown = (await api.client.get(path)).json["results"]
    assert {name for name, value in told.items() if value} == {each["parameter"]["variable_name"] for each in shown}
