"""Each field of the documented contract is in each answer that promises it, under its name and of its type."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.api.client import Said
from tests.api.conftest import Api
from tests.api.inventory import device_type, location, make
from tests.api.routers import name_of, router

SSID = "Device.WiFi.SSID.1.SSID"
Kinds = type | tuple[type | None, ...]
Fields = dict[str, Kinds]

TEXT, NUMBER, TRUTH = str, int, bool
TEXT_OR_NONE, NUMBER_OR_NONE = (str, None), (int, None)

ENVELOPE: Fields = {"count": int, "next": TEXT_OR_NONE, "previous": TEXT_OR_NONE, "results": list}
DEVICE: Fields = {
    "id": NUMBER,
    "uuid": TEXT,
    "name": TEXT,
    "customer_id": TEXT,
    "is_active": TRUTH,
    "status": TEXT,
    "status_change": TEXT,
    "type": NUMBER_OR_NONE,
    "type_short_name": TEXT_OR_NONE,
    "software_version": TEXT,
    "hardware_version": TEXT,
    "manufacturer": TEXT,
    "serial_number": TEXT,
    "description": TEXT,
    "organization_id": NUMBER_OR_NONE,
    "location_name": TEXT,
    "location_short_name": TEXT,
    "latitude": TEXT,
    "longitude": TEXT,
    "address": TEXT,
    "last_connection": TEXT_OR_NONE,
    "last_configuration": TEXT_OR_NONE,
    "pending_settings": TEXT_OR_NONE,
}
DETAIL: Fields = DEVICE | {
    "unique_identifier": TEXT,
    "product_class": TEXT,
    "serial_number_alt": TEXT,
    "firmware_image": NUMBER_OR_NONE,
    "firmware_image_is_pending": TRUTH,
    "location": NUMBER_OR_NONE,
    "username": TEXT,
    "update_frequency": NUMBER_OR_NONE,
    "last_change": TEXT,
    "created": TEXT,
    "debug": TRUTH,
    "oui": TEXT,
    "cwmp_version": TEXT,
    "connection_request_url": TEXT,
    "tags": list,
}
BEGUN: Fields = {
    "id": NUMBER,
    "operation": TEXT,
    "device_name": TEXT,
    "status": TEXT,
    "timestamp": TEXT,
    "execution_id": TEXT,
    "estimated_completion": TEXT_OR_NONE,
}
ASKED: Fields = {
    "name": TEXT,
    "operation": TEXT,
    "variables": list,
    "id": TEXT,
    "transaction_id": TEXT,
    "status": TEXT,
    "created_at": TEXT,
    "scheduled_at": TEXT,
}
ITEM: Fields = ASKED | {
    "device_name": TEXT,
    "serial_number": TEXT,
    "progress": NUMBER,
    "started_at": TEXT_OR_NONE,
    "completed_at": TEXT_OR_NONE,
    "updated_at": TEXT,
    "attempts": NUMBER,
    "fault": (dict, None),
    "result": (dict, None),
}
OLDER: Fields = {
    "id": TEXT,
    "device_name": TEXT,
    "operation_type": TEXT,
    "scheduled_at": TEXT,
    "parameters": dict,
    "estimated_duration": NUMBER,
    "status": TEXT,
    "created_at": TEXT,
}
MANY: Fields = {
    "id": TEXT,
    "operation_type": TEXT,
    "status": TEXT,
    "created_at": TEXT,
    "scheduled_for": TEXT,
    "estimated_duration_minutes": NUMBER,
    "target_device_count": NUMBER,
    "operation_config": dict,
    "monitoring_url": TEXT,
}
MANY_ITEM: Fields = {
    "id": TEXT,
    "operation_type": TEXT,
    "status": TEXT,
    "progress": NUMBER,
    "total_devices": NUMBER,
    "processed_devices": NUMBER,
    "failed_devices": NUMBER,
    "created_at": TEXT,
    "updated_at": TEXT,
    "estimated_completion": TEXT_OR_NONE,
    "operation_details": dict,
}
VARIABLE: Fields = {"name": TEXT, "variable_name": TEXT, "value": TEXT_OR_NONE, "type": TEXT_OR_NONE}
SETTING: Fields = {
    "id": NUMBER_OR_NONE,
    "parent_id": NUMBER,
    "parameter": dict,
    "value": TEXT,
    "pending": TRUTH,
    "last_updated": TEXT_OR_NONE,
}
TOKEN: Fields = {"id": NUMBER, "name": TEXT, "role": TEXT, "organizations": list, "token": TEXT}
PROBLEM: Fields = {"type": TEXT, "title": TEXT, "status": NUMBER, "detail": TEXT}


def wrong(fields: Fields, found: Mapping[str, Any]) -> list[str]:
    """What is missing, or of another type."""
    told = []
    for name, kinds in fields.items():
        allowed = kinds if isinstance(kinds, tuple) else (kinds,)
        if name not in found:
            told.append(f"{name} is missing")
        elif not any(found[name] is None if kind is None else type(found[name]) is kind for kind in allowed):
            told.append(f"{name} is {found[name]!r}")
    return told


def test_what_is_missing_or_of_another_type_is_seen() -> None:
    assert wrong({"a": int, "b": (str, None), "c": str}, {"a": True, "b": None}) == ["a is True", "c is missing"]


def shown(said: Said, status: int = 200) -> dict[str, Any]:
    assert said.status == status, said.octets
    found: dict[str, Any] = said.json
    return found


@pytest.mark.parametrize("infix", ["_name", "", "_serial"])
async def test_devices_have_all_their_fields_registered_and_after_they_have_called(api: Api, infix: str) -> None:
    path = f"/inventory_device{infix}/"
    place = await location(api, "Main street", latitude="52.1", longitude="4.3")
    kind = await device_type(api, "box")
    made = await make(api, "registered", serial_number="R1", type=kind, location=place, organization_id=None)
    await router(api)
    page = shown(await api.client.get(path))
    assert wrong(ENVELOPE, page) == []
    assert len(page["results"]) == 2
    for device in page["results"]:
        assert wrong(DEVICE, device) == []
        key = {"_name": device["name"], "": device["id"], "_serial": device["serial_number"]}[infix]
        detail = shown(await api.client.get(f"{path}{key}/"))
        assert wrong(DETAIL, detail) == []
        assert not {"password", "connection_request_password"} & set(detail)
        changed = shown(await api.client.patch(f"{path}{key}/", {"description": "said"}))
        assert wrong(DETAIL, changed) == []
        assert changed["description"] == "said"
    registered = next(each for each in page["results"] if each["id"] == made)
    assert (registered["location_name"], registered["latitude"], registered["type_short_name"]) == (
        "Main street",
        "52.1",
        "box",
    )


@pytest.mark.parametrize("infix", ["_name", "", "_serial"])
async def test_operations_have_all_their_fields_from_their_beginning_to_their_end(api: Api, infix: str) -> None:
    device, client = await router(api), api.client
    path = f"/inventory_device{infix}_headless_operation/"
    name, serial, number = name_of(device), device.id.serial, await api.served.id_of(device)
    variables = [{"variable_name": SSID}]
    asked = shown(await client.post(path, {"name": name, "operation": "get", "variables": variables}), 201)
    assert wrong(ASKED, asked) == []
    assert (asked["id"], asked["status"], asked["name"]) == (asked["transaction_id"], "scheduled", name)
    older_body = {"device_name": name, "operation_type": "reboot", "parameters": {"reason": "test"}}
    older = shown(await client.post(path, older_body), 201)
    assert wrong(OLDER, older) == []
    assert older["parameters"] == {"reason": "test"}
    await device.run_session()
    for each, fields in ((asked, ITEM), (older, OLDER)):
        found = (await client.get(f"{path}?id={each['id']}")).json
        (item,) = found if infix != "_serial" else found["results"]
        assert wrong(fields, item) == []
    await device.run_session()
    key = {"_name": name, "": number, "_serial": serial}[infix]
    begun = shown(await client.put(f"/inventory_device{infix}_operation/{key}/", {"operation": "sync"}))
    assert wrong(BEGUN, begun) == []
    assert (begun["status"], begun["device_name"]) == ("initiated", name)


@pytest.mark.parametrize("infix", ["_name", "", "_serial"])
async def test_requests_for_many_devices_have_all_their_fields(api: Api, infix: str) -> None:
    client, path = api.client, f"/inventory_device{infix}_headless_operation/"
    number = await api.organization("many")
    kind = await device_type(api, "box")
    await make(api, "one", organization_id=number, type=kind)
    body = {
        "operation_type": "bulk_serial_sync",
        "target_organizations": [number],
        "device_filters": {"types": ["box"], "status": ["active"]},
        "schedule": {"execute_at": "2027-02-01T02:00:00Z", "priority": "normal"},
        "options": {"update_firmware_info": True, "validate_connectivity": True, "timeout_minutes": 30},
        "notification": {"on_completion": True, "on_failure": True, "email": "noc@example.net"},
        "retry_policy": {"max_attempts": 3, "retry_delay_minutes": 15},
    }
    made = shown(await client.post(path, body), 201)
    assert wrong(MANY, made) == []
    assert wrong({"organizations": list, "device_types": list, "options": dict}, made["operation_config"]) == []
    assert (made["status"], made["scheduled_for"]) == ("scheduled", "2027-02-01T02:00:00Z")
    assert made["monitoring_url"].startswith("/api/v1/" if infix == "_serial" else "http://")
    assert {"notification", "retry_policy", "schedule"} <= set(made)
    found = shown(await client.get(f"{path}?id={made['id']}"))
    assert wrong(ENVELOPE, found) == []
    (item,) = found["results"]
    assert wrong(MANY_ITEM, item) == []
    details = item["operation_details"]
    assert wrong({"device_types": list, "organization_ids": list, "error_summary": dict}, details) == []


async def test_parameters_tokens_and_problems_have_all_their_fields(api: Api) -> None:
    device, client = await router(api), api.client
    name = name_of(device)
    rows = shown(await client.get(f"/inventory_device_name_variables/{name}/"))["results"]
    assert rows
    assert [each for row in rows for each in wrong(VARIABLE, row)] == []
    path = f"/inventory_device_name_setting/{name}/"
    settings = shown(await client.put(path, [{"variable_name": SSID, "value": "wanted"}]))["results"]
    assert wrong(SETTING, settings[0]) == []
    parameter: Fields = {"id": int, "variable_name": str, "name": str, "short_name": str}
    assert wrong(parameter, settings[0]["parameter"]) == []
    body = {"name": "dashboard", "role": "viewer", "organizations": [await api.organization("mine")]}
    assert wrong(TOKEN, shown(await client.post("/token/", body), 201)) == []
    problem = await client.post("/token/", {})
    assert wrong(PROBLEM | {"errors": dict}, problem.json) == []
    assert set(problem.errors) == {"name", "role"}
