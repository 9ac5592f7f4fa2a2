"""Which forms a request for a headless operation may have, and what is wrong with others."""

from io import BytesIO
from typing import Any

import pytest

from acs.domain.token import Role
from tests.api.asking import FAMILIES, NAME, NOW, SERIAL, SSID, item, reads, refused, sets
from tests.api.conftest import Api
from tests.api.routers import name_of, router
from tests.e2e.device import ScriptedDevice

READ = {"operation": "get", "variables": reads(SSID)}
OLDER = "reboot, factory, factory_reset, device_factory, sync, configuration_sync, reconf, get, set, add.obj, del.obj"


async def selectors(api: Api, device: ScriptedDevice) -> dict[str, Any]:
    """All that selects a router."""
    name, number, serial = name_of(device), await api.served.id_of(device), device.id.serial
    return {
        "name": name, "device_name": name, "id": number, "device_id": number, "serial_number": serial,
        "device_serial": serial,
    }  # fmt: skip


@pytest.mark.parametrize("path", FAMILIES)
async def test_any_family_takes_any_selector_and_echoes_the_body(api: Api, path: str) -> None:
    for selector, value in (await selectors(api, await router(api))).items():
        document = {selector: value} | READ
        made = await api.client.post(path, document)
        assert made.status == 201, made.octets
        public_id = made.json["id"]
        assert public_id.startswith("op_")
        assert made.json == document | {
            "id": public_id, "transaction_id": public_id, "status": "scheduled", "created_at": NOW,
            "scheduled_at": NOW,
        }  # fmt: skip


async def test_a_device_is_named_once(sqlite_api: Api) -> None:
    device = await router(sqlite_api)
    known = await selectors(sqlite_api, device)
    two = {"name": known["name"], "id": known["id"], "serial_number": known["serial_number"]} | READ
    assert await refused(sqlite_api.client, two) == {
        "id": ["cannot be given together with name"],
        "serial_number": ["cannot be given together with name"],
    }


async def test_neither_one_device_nor_many_is_refused_and_so_is_both(sqlite_api: Api) -> None:
    device = await router(sqlite_api)
    (neither,) = (await refused(sqlite_api.client, READ))["body"]
    assert neither.startswith("names no device")
    for key, value in (("target_organizations", [1]), ("device_filters", {}), ("device_targets", [])):
        (both,) = (await refused(sqlite_api.client, {"name": name_of(device), key: value} | READ))["body"]
        assert both == f"names one device by name and many by {key}: only one of the two"


async def test_what_nobody_knows_is_a_404_and_what_is_ambiguous_a_409(api: Api) -> None:
    device = await router(api)
    for selector in ({"name": "nobody"}, {"id": 10**9}, {"serial_number": "NONE"}):
        assert (await api.client.post(NAME, selector | READ)).status == 404
    twin = api.served.device(serial=device.id.serial, product_class="Other")
    await twin.run_session()
    ambiguous = await api.client.post(SERIAL, {"serial_number": device.id.serial} | READ)
    assert ambiguous.status == 409
    assert set(ambiguous.json["ids"]) == {await api.served.id_of(device), await api.served.id_of(twin)}


async def test_all_that_is_wrong_is_named_at_once(sqlite_api: Api) -> None:
    name = name_of(await router(sqlite_api))
    wrong = {
        "name": name,
        "operation": "set",
        "variables": [
            {"variable_name": SSID},
            {"variable_name": "Device.WiFi.", "value": "x"},
            {"variable_name": "Device.WiFi.SSID.{i}.SSID", "value": "x"},
            {"variable_name": "Device.A", "value": "seven", "value_type": "integer"},
            {"variable_name": "Device.B", "value": "yes", "value_type": "boolean"},
            {"variable_name": "Device..C", "value": "x", "colour": "red"},
        ],
        "priority": "utmost",
        "wait": 61,
        "timeout_minutes": 0,
        "connection_request": "yes",
        "verify": 1,
        "scheduled_at": "soon",
        "notification": {"webhook_url": "x"},
        "retry_policy": {"max_attempts": 0},
        "method": "Reboot",
        "colour": "red",
    }
    errors = await refused(sqlite_api.client, wrong)
    assert set(errors) == {
        "variables[0].value", "variables[1].variable_name", "variables[2].variable_name", "variables[3].value",
        "variables[4].value", "variables[5].variable_name", "variables[5].colour", "priority", "wait",
        "timeout_minutes", "connection_request", "verify", "scheduled_at", "notification.webhook_url",
        "retry_policy.max_attempts", "method", "colour",
    }  # fmt: skip
    assert (await sqlite_api.client.get(NAME)).json == []


async def test_what_is_wrong_is_said_in_words_of_the_api(sqlite_api: Api) -> None:
    errors = await refused(sqlite_api.client, {"name": "x", "operation": "get", "variables": [SSID]})
    assert errors == {"variables[0]": ["input should be an object"]}
    errors = await refused(sqlite_api.client, {"name": "x", "operation": "get", "variables": []})
    assert errors == {"variables": ["list should have at least 1 item"]}


@pytest.mark.parametrize(
    ("operation", "variables", "field"),
    [
        ("get", [], "variables"),
        ("get", None, "variables"),
        ("get", reads("Device.WiFi.SSID.*.SSID"), "variables[0].variable_name"),
        ("get", reads(""), "variables[0].variable_name"),
        ("set", sets(ssid=None), "variables[0].value"),
        ("set", [*sets(ssid="a"), *sets(ssid="b")], "variables[1].variable_name"),
        ("set", [{"variable_name": SSID, "value": ["a"]}], "variables[0].value"),
        ("set", [{"variable_name": SSID, "value": "a", "value_type": "colour"}], "variables[0].value_type"),
        ("add.obj", reads("Device.WiFi.SSID"), "variables[0].variable_name"),
        ("add.obj", [{"variable_name": "Device.NAT.PortMapping.{i}.Enable", "value": True}], "variables"),
        ("del.obj", reads("Device.WiFi.SSID.1"), "variables[0].variable_name"),
        ("del.obj", reads("Device.WiFi.SSID.{i}."), "variables[0].variable_name"),
        ("rpc", [], "method"),
        ("reboot", reads(SSID), "operation"),
        (None, reads(SSID), "operation"),
    ],
)
async def test_what_does_not_fit_the_operation_is_named(
    sqlite_api: Api, operation: str | None, variables: list[Any] | None, field: str
) -> None:
    document = {"name": name_of(await router(sqlite_api)), "operation": operation, "variables": variables}
    assert field in await refused(sqlite_api.client, {key: each for key, each in document.items() if each is not None})


async def test_a_method_with_wrong_arguments_is_refused(sqlite_api: Api) -> None:
    document = {"name": name_of(await router(sqlite_api)), "operation": "rpc"}
    assert list(await refused(sqlite_api.client, document | {"method": "Dance"})) == ["method"]
    wrong = {"method": "ScheduleInform", "arguments": {"delay_seconds": "soon", "colour": "red"}}
    assert set(await refused(sqlite_api.client, document | wrong)) == {
        "arguments.delay_seconds",
        "arguments.colour",
    }
    assert list(await refused(sqlite_api.client, document | {"method": "Reboot", "variables": reads(SSID)})) == [
        "variables"
    ]


async def test_values_are_echoed_as_they_were_sent(sqlite_api: Api) -> None:
    variables = [
        {"variable_name": SSID, "value": 5},
        {"variable_name": "Device.A", "value": True},
        {"variable_name": "Device.B", "value": "TRUE", "value_type": "boolean"},
        {"variable_name": "Device.C", "value": "7", "value_type": "integer"},
        {"variable_name": "Device.D", "value": "7", "value_type": "xsd:unsignedInt"},
    ]
    document = {"name": name_of(await router(sqlite_api)), "operation": "set", "variables": variables}
    made = await sqlite_api.client.post(NAME, document)
    assert made.json["variables"] == variables
    shown = (await item(sqlite_api.client, made.json["id"]))["variables"]
    assert [each["value"] for each in shown] == ["5", "true", "TRUE", "7", "7"]


@pytest.mark.parametrize("key", ["scheduled_at", "scheduled_time", "execute_at"])
async def test_a_time_has_three_names(sqlite_api: Api, key: str) -> None:
    name = name_of(await router(sqlite_api))
    made = await sqlite_api.client.post(NAME, {"name": name, key: "2027-01-15 10:00:00"} | READ)
    assert made.json["scheduled_at"] == "2027-01-15T10:00:00Z"
    shown = await item(sqlite_api.client, made.json["id"])
    assert (shown["status"], shown["scheduled_at"]) == ("scheduled", "2027-01-15T10:00:00Z")
    twice = {"name": name, "scheduled_at": NOW, "scheduled_time": NOW} | READ
    assert list(await refused(sqlite_api.client, twice)) == ["scheduled_time"]


async def test_what_would_be_over_before_it_begins_is_refused(sqlite_api: Api) -> None:
    document = {"name": name_of(await router(sqlite_api))} | READ
    for times in (
        {"expires_at": "2027-01-15T07:59:59Z"},
        {"scheduled_at": "2027-01-16", "expires_at": "2027-01-15T09:00:00Z"},
    ):
        assert list(await refused(sqlite_api.client, document | times)) == ["expires_at"]
    both = {"expires_at": "2028-01-01", "timeout_minutes": 5}
    assert list(await refused(sqlite_api.client, document | both)) == ["timeout_minutes"]


@pytest.mark.parametrize(
    ("operation_type", "operation"),
    [
        ("reboot", "reboot"), ("factory", "factory"), ("factory_reset", "factory"),
        ("device_factory", "device_factory"), ("sync", "sync"), ("configuration_sync", "sync"), ("reconf", "reconf"),
    ],
)  # fmt: skip
async def test_the_older_form_is_echoed_and_shown_as_it_was_sent(api: Api, operation_type: str, operation: str) -> None:
    name = name_of(await router(api))
    document = {
        "device_name": name,
        "operation_type": operation_type,
        "scheduled_at": "2024-01-15T10:00:00Z",
        "parameters": {"force": True, "window": [1, {"a": None}], "admin_password": "hunter2"},
    }
    parameters = {"force": True, "window": [1, {"a": None}], "admin_password": "********"}
    made = await api.client.post(NAME, document)
    assert made.status == 201, made.octets
    public_id, seconds = made.json["id"], made.json["estimated_duration"]
    assert seconds > 0
    assert made.json == document | {
        "id": public_id, "transaction_id": public_id, "status": "scheduled", "created_at": NOW,
        "parameters": parameters, "estimated_duration": seconds,
    }  # fmt: skip
    shown = await item(api.client, public_id)
    assert shown["operation"] == operation
    assert {key: shown[key] for key in [*document, "estimated_duration"]} == document | {
        "parameters": parameters,
        "estimated_duration": seconds,
    }


async def test_the_older_form_has_its_variables_in_parameters(api: Api) -> None:
    device = await router(api)
    document = {"device_name": name_of(device), "operation_type": "set"}
    parameters = {"variables": [{"variable_name": SSID, "value": "older", "value_type": "string"}], "mode": "fast"}
    made = await api.client.post(NAME, document | {"parameters": parameters})
    assert (made.status, made.json["parameters"]) == (201, parameters)
    await device.run_session()
    assert device.model.parameters[SSID].value == "older"
    assert list(await refused(api.client, document)) == ["parameters.variables"]
    wrong = {"variables": [{"variable_name": SSID}, {"variable_name": SSID, "value": "x", "value_type": "integer"}]}
    assert list(await refused(api.client, document | {"parameters": wrong})) == [
        "parameters.variables[0].value",
        "parameters.variables[1].value",
    ]


async def test_another_operation_type_is_refused_with_those_that_there_are(sqlite_api: Api) -> None:
    document = {"device_name": name_of(await router(sqlite_api)), "operation_type": "firmware_upgrade"}
    assert await refused(sqlite_api.client, document) == {"operation_type": [f"must be one of {OLDER}"]}


@pytest.mark.parametrize("text", ['"a\\u0000b"', '"\\ud800"', "1e999", '{"\\udc00": 1}'])
async def test_what_cannot_be_said_back_is_refused(sqlite_api: Api, text: str) -> None:
    name = name_of(await router(sqlite_api))
    body = f'{{"name": "{name}", "operation_type": "reboot", "parameters": {{"x": {text}}}}}'
    headers = {"Content-Type": "application/json"}
    said = await sqlite_api.client.ask("POST", NAME, data=body.encode(), headers=headers)
    assert (said.status, list(said.errors)) == (400, ["parameters"])


async def test_who_may_do_what(api: Api) -> None:
    device = await router(api)
    viewer, operator = await api.token(Role.VIEWER), await api.token(Role.OPERATOR)
    document = {"name": name_of(device)} | READ
    rpc = {"name": name_of(device), "operation": "rpc", "method": "GetRPCMethods"}
    assert (await api.client.as_(None).post(NAME, document)).status == 401
    assert (await viewer.post(NAME, document)).status == 403
    assert (await viewer.post(NAME, {"name": "nobody"} | READ)).status == 403, "a role's 403 comes before a 404"
    made = await operator.post(NAME, document)
    assert made.status == 201
    assert (await viewer.get(f"{NAME}?id={made.json['id']}")).status == 200
    assert (await viewer.delete(f"{NAME}?id={made.json['id']}")).status == 403
    assert (await operator.post(NAME, rpc)).status == 403
    assert (await operator.post(NAME, rpc | {"name": "nobody"})).status == 403
    by_admin = await api.client.post(NAME, rpc)
    assert by_admin.status == 201
    await device.run_session()
    assert (await operator.post(f"{NAME}{by_admin.json['id']}/retry/")).status == 403
    assert (await operator.post(f"{NAME}{made.json['id']}/retry/")).status == 201


async def test_other_bodies_and_methods_are_refused(sqlite_api: Api) -> None:
    name = name_of(await router(sqlite_api))
    octets, kind = b"name=" + name.encode(), {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await sqlite_api.client.ask("POST", NAME, data=octets, headers=kind)).status == 415
    large, kind = BytesIO(b'"' + 2_000_000 * b"x" + b'"'), {"Content-Type": "application/json"}
    assert (await sqlite_api.client.ask("POST", NAME, data=large, headers=kind)).status == 413
    assert (await sqlite_api.client.put(NAME, {})).status == 405
    assert (await sqlite_api.client.post(NAME, [])).status == 400
    assert (await sqlite_api.client.delete(NAME)).errors == {"id": ["is required"]}


async def test_a_request_with_a_key_asks_once(api: Api) -> None:
    device = await router(api)
    document = {"name": name_of(device), "operation": "set", "variables": sets(passphrase="hunter2hunter2")}
    first = await api.client.post(NAME, document, Idempotency_Key="k1")
    again = await api.client.post(NAME, document, Idempotency_Key="k1")
    assert (again.status, again.json) == (201, first.json)
    assert first.json["variables"][0]["value"] == "********"
    assert [each["id"] for each in (await api.client.get(NAME)).json] == [first.json["id"]]
    other = await api.client.post(NAME, document | {"priority": 3}, Idempotency_Key="k1")
    assert other.status == 409


async def test_paths_are_quoted_as_they_were_written(sqlite_api: Api) -> None:
    body = {"name": "d", "operation": "add.obj", "variables": [{"variable_name": "Device.WiFi.SSID"}]}
    (sentence,) = (await sqlite_api.client.post(NAME, body)).errors["variables[0].variable_name"]
    assert sentence.startswith("Device.WiFi.SSID is no object")


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ([], "body"),
        ("x", "body"),
        ({"name": "d", "operation": "get", "variables": [1]}, "variables[0]"),
        ({"name": "d", "operation": "get", "notification": 1}, "notification"),
        ({"name": "d", "operation": "rpc", "method": "Reboot", "arguments": []}, "arguments"),
        ({"device_filters": [], "operation_type": "reboot"}, "device_filters"),
    ],
)
async def test_what_is_to_be_an_object_is_told_so(sqlite_api: Api, body: object, place: str) -> None:
    assert (await sqlite_api.client.post(NAME, body)).errors[place] == ["input should be an object"]
