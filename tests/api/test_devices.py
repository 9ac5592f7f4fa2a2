"""Devices through the API: registered, shown, replaced, changed, deleted; every field of every answer."""

import asyncio
from typing import Any

import pytest

from acs.domain.secret_names import MASK
from acs.domain.token import Role
from tests.api.conftest import Api
from tests.api.inventory import PATH, device_type, location, make

AT = "2027-01-15T08:00:00Z"
DEFAULTS: dict[str, Any] = {
    "customer_id": "",
    "is_active": True,
    "status": "Down",
    "status_change": AT,
    "type": None,
    "type_short_name": None,
    "software_version": "",
    "hardware_version": "",
    "manufacturer": "",
    "serial_number": "",
    "description": "",
    "organization_id": None,
    "location_name": "",
    "location_short_name": "",
    "latitude": "",
    "longitude": "",
    "address": "",
    "last_connection": None,
    "last_configuration": None,
    "pending_settings": None,
    "unique_identifier": "",
    "product_class": "",
    "serial_number_alt": "",
    "firmware_image": None,
    "firmware_image_is_pending": False,
    "location": None,
    "username": "",
    "update_frequency": None,
    "last_change": AT,
    "created": AT,
    "debug": False,
    "oui": "",
    "cwmp_version": "",
    "connection_request_url": "",
    "tags": [],
}
DETAIL_ONLY = {
    "unique_identifier",
    "product_class",
    "serial_number_alt",
    "firmware_image",
    "firmware_image_is_pending",
    "location",
    "username",
    "update_frequency",
    "last_change",
    "created",
    "debug",
    "oui",
    "cwmp_version",
    "connection_request_url",
    "tags",
}


async def test_one_with_a_name_alone_has_every_field(api: Api) -> None:
    made = await api.client.post(PATH, {"name": "a"})
    assert made.status == 201
    assert made.json == DEFAULTS | {"name": "a", "id": made.json["id"], "uuid": made.json["uuid"]}
    assert len(made.json["uuid"]) == 36
    assert (await api.client.get(f"{PATH}a/")).json == made.json
    (item,) = (await api.client.get(PATH)).json["results"]
    assert item == {name: value for name, value in made.json.items() if name not in DETAIL_ONLY}


async def test_all_that_is_said_is_kept(api: Api) -> None:
    organization, place, kind = await api.organization("o"), await location(api, "Attic"), await device_type(api, "t1")
    said = {
        "name": "a",
        "customer_id": "C-1",
        "is_active": False,
        "type": kind,
        "serial_number": "S1",
        "oui": "00AABB",
        "product_class": "Box",
        "description": "two\nlines",
        "organization_id": organization,
        "location_name": "in words",
        "location": place,
        "latitude": "59.9139",
        "longitude": "-10.75",
        "username": "u",
        "update_frequency": 600,
        "debug": True,
        "tags": ["pilot", "north side"],
    }
    made = await api.client.post(PATH, said | {"password": "secret word"})
    assert made.status == 201
    assert {name: made.json[name] for name in said} == said
    assert made.json["unique_identifier"] == "00AABB-Box-S1"
    assert made.json["type_short_name"] == "t1"
    assert "secret" not in made.octets.decode()
    assert made.json["pending_settings"] is None


@pytest.mark.parametrize("path", ["/inventory_device_name/", "/inventory_device/", "/inventory_device_serial/"])
async def test_each_family_does_it_all(api: Api, path: str) -> None:
    made = await api.client.post(path, {"name": "a", "serial_number": "S 1"})
    assert made.status == 201
    one = path + {"/inventory_device_name/": "a", "/inventory_device/": str(made.json["id"])}.get(path, "S%201") + "/"
    assert (await api.client.get(one)).json == made.json
    assert (await api.client.get(path)).json["results"][0]["name"] == "a"
    assert (await api.client.patch(one, {"description": "d"})).json["description"] == "d"
    assert (await api.client.put(one, {"name": "a", "serial_number": "S 1"})).json == made.json
    assert (await api.client.delete(one)).status == 204
    assert (await api.client.get(one)).status == 404


async def test_put_says_everything_anew_and_patch_some_of_it(api: Api) -> None:
    place = await location(api, "Attic")
    said = {"name": "a", "customer_id": "C", "serial_number": "S", "location": place, "tags": ["t"], "debug": True}
    made = (await api.client.post(PATH, said)).json
    changed = await api.client.patch(f"{PATH}a/", {"name": "b", "description": "d", "tags": None})
    assert changed.json == made | {"name": "b", "description": "d", "tags": []}
    replaced = await api.client.put(f"{PATH}b/", {"name": "c", "update_frequency": 60})
    assert replaced.status == 200
    same = {"id": made["id"], "uuid": made["uuid"]}
    assert replaced.json == DEFAULTS | same | {"name": "c", "update_frequency": 60}
    assert (await api.client.put(f"{PATH}c/", {"description": "no name"})).errors == {"name": ["is required"]}
    assert (await api.client.patch(f"{PATH}c/", {"name": None})).status == 400


async def test_null_stands_for_what_is_so_if_nothing_is_said(api: Api) -> None:
    said = {name: None for name in DEFAULTS if name != "status"} | {"name": "a", "password": None}
    made = await api.client.post(PATH, said)
    assert made.status == 201
    assert made.json == DEFAULTS | {"name": "a", "id": made.json["id"], "uuid": made.json["uuid"]}


async def test_what_is_shown_can_be_sent_back(api: Api) -> None:
    organization = await api.organization("o")
    await make(api, "a", serial_number="S", organization_id=organization, username="u", password="p", tags=["t"])
    shown = (await api.client.get(f"{PATH}a/")).json
    back = await api.client.put(f"{PATH}a/", shown)
    assert (back.status, back.json) == (200, shown)
    ignored = set(back.headers["X-Ignored-Fields"].split(", "))
    assert {"id", "uuid", "status", "last_connection", "pending_settings", "unique_identifier"} <= ignored
    assert not ignored & {"name", "organization_id", "location", "tags"}


async def test_unknown_and_read_only_keys_are_passed_over_and_named(api: Api) -> None:
    body = {"name": "a", "ip_address": "1.2.3.4", "model": 7, "firmware_version": None, "id": 99, "status": "Up"}
    made = await api.client.post(PATH, body | {"reboot": True, "a b": 1})
    assert made.status == 201
    assert made.headers["X-Ignored-Fields"] == "ip_address, model, firmware_version, id, status, reboot, (unprintable)"
    assert (made.json["status"], made.json["pending_settings"]) == ("Down", None)
    patched = await api.client.patch(f"{PATH}a/", {"colour": "red"})
    assert (patched.status, patched.headers["X-Ignored-Fields"]) == (200, "colour")
    assert "X-Ignored-Fields" not in (await api.client.patch(f"{PATH}a/", {"debug": True})).headers


async def test_older_clients_say_organization_and_location_in_words(api: Api) -> None:
    organization = await api.organization("o")
    made = await api.client.post(PATH, {"name": "a", "organization": organization, "location": "Main street"})
    assert (made.status, "X-Ignored-Fields" in made.headers) == (201, False)
    assert made.json["organization_id"] == organization
    assert (made.json["location_name"], made.json["location"]) == ("Main street", None)
    changed = await api.client.patch(f"{PATH}a/", {"organization": None, "location": ""})
    assert (changed.json["organization_id"], changed.json["location_name"]) == (None, "")
    wrong = await api.client.patch(
        f"{PATH}a/",
        {"organization": organization, "organization_id": None, "location": "x", "location_name": "y"},
    )
    assert set(wrong.errors) == {"organization", "location"}


async def test_the_operators_word_for_a_place_goes_before_the_locations(api: Api) -> None:
    place = await location(api, "Attic", short_name="A", latitude="1.5", longitude="2.5")
    await make(api, "a", location=place)
    shown = (await api.client.get(f"{PATH}a/")).json
    places = ("location_name", "location_short_name", "latitude", "longitude")
    assert [shown[name] for name in places] == ["Attic", "A", "1.5", "2.5"]
    await api.client.put(f"{PATH}a/", shown)
    moved = {"name": "Cellar", "short_name": "C", "latitude": "3", "longitude": "4"}
    assert (await api.client.put(f"/location/{place}/", moved)).status == 200
    shown = (await api.client.get(f"{PATH}a/")).json
    assert [shown[name] for name in places] == ["Cellar", "C", "3", "4"], "what was sent back still follows"
    shown = (await api.client.patch(f"{PATH}a/", {"location_name": "in words", "latitude": "9"})).json
    assert [shown[name] for name in places] == ["in words", "C", "9", "4"]


async def test_names_and_identities_are_one_devices(api: Api) -> None:
    await make(api, "a", serial_number="S", oui="00AABB", product_class="Box")
    await make(api, "b", serial_number="T")
    again = await api.client.post(PATH, {"name": "a"})
    assert (again.status, again.errors) == (409, {"name": ["another device has the same name"]})
    same = await api.client.post(PATH, {"name": "c", "serial_number": "S", "oui": "00AABB", "product_class": "Box"})
    assert (same.status, set(same.errors)) == (409, {"oui", "product_class", "serial_number"})
    assert (await api.client.post(PATH, {"name": "c", "serial_number": "T"})).status == 409, "unset equals unset"
    assert (await api.client.post(PATH, {"name": "c", "serial_number": "S"})).status == 201
    assert (await api.client.post(PATH, {"name": "d"})).status == 201
    assert (await api.client.post(PATH, {"name": "e"})).status == 201, "without a serial number there is no identity"
    assert (await api.client.patch(f"{PATH}b/", {"name": "a"})).status == 409
    assert (await api.client.put(f"{PATH}b/", {"name": "b", "serial_number": "S"})).status == 409
    assert (await api.client.get(f"{PATH}b/")).json["serial_number"] == "T"


async def test_all_that_is_wrong_is_named_and_nothing_is_kept(api: Api) -> None:
    wrong = await api.client.post(
        PATH,
        {
            "name": "",
            "is_active": "yes",
            "type": "router",
            "serial_number": 7,
            "organization_id": 0,
            "location": 1.5,
            "latitude": True,
            "update_frequency": 0,
            "tags": ["a,b", 7],
            "debug": 1,
            "password": 7,
            "description": "x" * 5000,
        },
    )
    assert wrong.status == 400
    assert set(wrong.errors) == {
        "name", "is_active", "type", "serial_number", "organization_id", "location", "latitude", "update_frequency",
        "tags[0]", "tags[1]", "debug", "password", "description",
    }  # fmt: skip
    missing = await api.client.post(
        PATH, {"name": "a", "type": 99, "organization_id": 99, "location": 99, "password": "p"}
    )
    assert (missing.status, set(missing.errors)) == (400, {"type", "organization_id", "location"})
    assert (await api.client.post(PATH, {"name": "a", "password": "p"})).errors == {
        "username": ["is required with a password"]
    }
    assert (await api.client.get(PATH)).json["count"] == 0


async def test_one_that_is_deleted_takes_everything_with_it_but_the_audit_entry(api: Api) -> None:
    number = await make(api, "a", username="u", password="p")
    await api.client.patch(f"{PATH}a/", {"reboot": True})
    assert (await api.client.delete(f"{PATH}a/")).status == 204
    services = api.served.server.services
    assert await services.tools.operations.of_device(number, before=2**62, most=9) == []
    assert await services.tools.contacts.history(number, before=2**62, most=9) == []
    assert await services.tools.devices.logins("u") == []
    assert (await api.client.delete(f"{PATH}a/")).status == 404
    log = (await api.client.get(f"/audit_log/?resource=device&resource_id={number}")).json["results"]
    assert sorted(each["action"] for each in log) == ["create", "delete", "update"]
    assert '"p"' not in str(log)


async def test_a_change_is_told_by_the_audit_log_and_the_history(api: Api) -> None:
    number = await make(api, "a", username="u", password="hush one")
    changed = {"name": "b", "password": "hush two", "tags": ["x", "y"], "sync": True}
    await api.client.patch(f"{PATH}a/", changed)
    await api.client.patch(f"{PATH}b/", {"name": "b"})
    entries = (await api.client.get(f"/audit_log/?resource=device&resource_id={number}")).json["results"]
    update = next(each for each in entries if each["action"] == "update")
    assert len(entries) == 2, "what changes nothing is no change"
    assert (update["before"]["name"], update["after"]["name"]) == ("a", "b")
    assert (update["after"]["password"], update["after"]["operations"]) == ("********", ["sync"])
    assert "hush" not in str(entries)
    history = await api.served.server.services.tools.contacts.history(number, before=2**62, most=99)
    told = {(entry.kind, entry.subject, entry.old, entry.new) for *_, entry in history}
    assert ("change", "name", "a", "b") in told
    assert ("change", "tags", "", "x, y") in told
    assert ("change", "password", None, "********") in told
    assert ("device", "", None, "created") in told
    assert {entry.actor for *_, entry in history} == {update["actor"]}


async def test_only_operators_change_devices(api: Api) -> None:
    await make(api, "a")
    viewer, operator = await api.token(Role.VIEWER), await api.token(Role.OPERATOR)
    for refused in (
        await viewer.post(PATH, {"name": "b"}),
        await viewer.put(f"{PATH}a/", {"name": "b"}),
        await viewer.patch(f"{PATH}nothing/", {"name": "b"}),
        await viewer.delete(f"{PATH}a/"),
        await viewer.put("/inventory_device_name_operation/a/", {"operation": "reboot"}),
    ):
        assert refused.status == 403
    assert (await viewer.get(f"{PATH}a/")).status == 200
    assert (await operator.post(PATH, {"name": "b"})).status == 201
    assert (await operator.delete(f"{PATH}a/")).status == 204
    assert (await api.client.as_(None).get(PATH)).status == 401


async def test_two_who_change_different_things_at_once_do_not_clash(api: Api) -> None:
    await make(api, "a")
    said = {"description": "d", "customer_id": "c", "debug": True, "latitude": "1", "tags": ["t"]}
    answers = await asyncio.gather(*(api.client.patch(f"{PATH}a/", {name: value}) for name, value in said.items()))
    assert {each.status for each in answers} == {200}
    shown = (await api.client.get(f"{PATH}a/")).json
    assert {name: shown[name] for name in said} == said


async def test_of_two_who_register_the_same_at_once_one_is_told(api: Api) -> None:
    body = {"name": "a", "serial_number": "S", "username": "u", "password": "p"}
    answers = await asyncio.gather(*(api.client.post(PATH, body) for _ in range(4)))
    assert sorted(each.status for each in answers) == [201, 409, 409, 409]
    assert (await api.client.get("/audit_log/?resource=device")).json["count"] == 1
    assert len(await api.served.server.services.tools.devices.logins("u")) == 1


async def test_a_change_of_nothing_is_none(api: Api) -> None:
    await make(api, "a")
    shown = (await api.client.get(f"{PATH}a/")).json
    api.served.clock.advance(60)
    assert (await api.client.patch(f"{PATH}a/", {})).json == shown
    assert (await api.client.put(f"{PATH}a/", {"name": "a"})).json == shown


async def test_a_login_in_the_url_of_a_device_is_not_shown(sqlite_api: Api) -> None:
    await make(sqlite_api, "a", serial_number="S1")
    url = "Device.ManagementServer.ConnectionRequestURL"
    await sqlite_api.served.device(serial="S1").run_session(parameters={url: "http://user:hush@[::1]:7547/path?q=1"})
    assert (await sqlite_api.client.get(f"{PATH}a/")).json[
        "connection_request_url"
    ] == f"http://{MASK}@[::1]:7547/path?q=1"


async def test_a_request_that_is_sent_again_registers_once(api: Api) -> None:
    first = await api.client.post(PATH, {"name": "a", "model": "x"}, Idempotency_Key="k")
    again = await api.client.post(PATH, {"name": "a", "model": "x"}, Idempotency_Key="k")
    assert (first.status, again.status, again.json) == (201, 201, first.json)
    assert again.headers["X-Ignored-Fields"] == "model"
    assert (await api.client.post(PATH, {"name": "b"}, Idempotency_Key="k")).status == 409


ODD: list[Any] = [
    None, True, -1, 2**63, 10**400, 1.5, "", "x" * 5_000, "nul\0", "\ud800", "\u202e", ["x"], {"x": 1},
]  # fmt: skip
FIELDS = [
    "customer_id", "is_active", "type", "serial_number", "oui", "product_class", "description", "organization_id",
    "organization", "location_name", "location", "latitude", "longitude", "username", "password", "update_frequency",
    "debug", "tags", "firmware_image", "firmware_image_is_pending", "reboot", "factory", "sync",
]  # fmt: skip


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
async def test_whatever_is_said_is_taken_or_refused_by_name(api: Api, method: str) -> None:
    """It is never the server's failure, and what is refused changes nothing."""

    async def say(field: str) -> None:
        one = f"{PATH}{field}/"
        shown = await api.client.post(PATH, {"name": field})
        for number, value in enumerate(ODD):
            body = {"name": f"{field} {number}" if method == "POST" else field, field: value}
            said = await api.client.ask(method, PATH if method == "POST" else one, body)
            assert said.status in {200, 201, 400}, (field, value, said.octets)
            if said.status == 400:
                named = {each.partition("[")[0] for each in said.errors}
                assert named == ({"username"} if value == "\u202e" and field == "password" else {field}), (field, value)
                assert (await api.client.get(one)).json == shown.json, (field, value)
            elif method != "POST":
                shown = said

    await asyncio.gather(*(say(field) for field in FIELDS))


async def test_a_tag_that_is_said_twice_is_there_once(sqlite_api: Api) -> None:
    made = await sqlite_api.client.post(PATH, {"name": "a", "tags": ["b", "a", "b"]})
    assert made.json["tags"] == ["b", "a"]
