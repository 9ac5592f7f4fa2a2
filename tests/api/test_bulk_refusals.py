"""What cannot be asked of many devices, and of whose devices one may ask: nothing is done, and the answer says why."""

from typing import Any

import pytest

from acs.domain.token import Role
from tests.api.bulk import GET, NAME_PATH, PATH, asked, outcomes, registered, shown
from tests.api.conftest import Api

ID_PATH = "/inventory_device_headless_operation/"
SSID = "Device.WiFi.SSID.1.SSID"


async def _nothing(api: Api) -> bool:
    found = await api.client.get(PATH)
    return bool(found.json["count"] == 0)


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"device_filters": {}}, {"operation_type"}),
        ({"operation_type": "", "device_filters": {}}, {"operation_type"}),
        ({"operation_type": "get", "device_filters": {}}, {"variables"}),
        ({"operation_type": "get", "device_filters": {}, "variables": []}, {"variables"}),
        (
            {
                "operation_type": "set",
                "device_filters": {},
                "variables": [{"variable_name": SSID}, {"variable_name": SSID, "value": "x", "value_type": "integer"}],
            },
            {"variables[0].value", "variables[1].value"},
        ),
        ({"operation_type": "reboot", "device_filters": {}, "variables": [{"variable_name": SSID}]}, {"variables"}),
        ({"operation_type": "reboot", "target_organizations": ["one", 0]},
         {"target_organizations[0]", "target_organizations[1]"}),
        ({"operation_type": "reboot", "device_targets": [7, ""]}, {"device_targets[0]", "device_targets[1]"}),
        (
            {"operation_type": "reboot", "device_filters": {"types": [1], "status": ["asleep"], "colour": "red"}},
            {"device_filters.types[0]", "device_filters.status[0]", "device_filters.colour"},
        ),
        (
            {"operation_type": "reboot", "device_filters": {}, "schedule": {"execute_at": "soon", "priority": "asap"}},
            {"schedule.execute_at", "schedule.priority"},
        ),
        ({"operation_type": "reboot", "device_filters": {}, "schedule": {"type": "recurring"}}, {"schedule.cron"}),
        ({"operation_type": "reboot", "device_filters": {}, "schedule": {"cron": "every day"}}, {"schedule.cron"}),
        (
            {"operation_type": "reboot", "device_filters": {}, "schedule": {"cron": "0 2 * * *", "type": "immediate"}},
            {"schedule.cron"},
        ),
        (
            {
                "operation_type": "reboot",
                "device_filters": {},
                "schedule": {"cron": "0 2 * * *", "timezone": "Mars/Olympus"},
            },
            {"schedule.timezone"},
        ),
        (
            {
                "operation_type": "reboot",
                "device_filters": {},
                "options": {
                    "max_in_flight": 0,
                    "max_failures": 0,
                    "canary": "1",
                    "timeout_minutes": 0,
                    "update_firmware_info": "yes",
                    "parallel": True,
                },
            },
            {
                "options.max_in_flight",
                "options.max_failures",
                "options.canary",
                "options.timeout_minutes",
                "options.update_firmware_info",
                "options.parallel",
            },
        ),
        ({"operation_type": "reboot", "device_filters": {}, "retry_policy": {"max_attempts": 0}},
         {"retry_policy.max_attempts"}),
        ({"operation_type": "reboot", "device_filters": {}, "operation": "get"}, {"operation"}),
        ({"operation_type": "reboot", "device_filters": {}, "parameters": {"note": "\ud800"}}, {"parameters"}),
    ],
)  # fmt: skip
async def test_what_is_malformed_is_named(sqlite_api: Api, body: dict[str, Any], wrong: set[str]) -> None:
    await registered(sqlite_api, "d")
    said = await sqlite_api.client.post(PATH, body)
    assert said.status == 400, said.octets
    assert set(said.errors) == wrong
    assert await _nothing(sqlite_api)


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"operation_type": "make_coffee", "device_filters": {}}, {"operation_type"}),
        ({"operation_type": "reboot", "target_organizations": [4711]}, {"target_organizations"}),
        ({"operation_type": "reboot", "device_filters": {"types": ["toaster"]}}, {"device_filters.types"}),
        (
            {"operation_type": "reboot", "device_filters": {}, "schedule": {"cron": "0 0 30 2 *"}},
            {"schedule.cron"},
        ),
        (
            {
                "operation_type": "reboot",
                "device_filters": {},
                "schedule": {"cron": "0 0 1 1 *", "execute_at": "9999-12-31"},
            },
            {"schedule.cron"},
        ),
        (
            {"operation_type": "x", "target_organizations": [9], "device_filters": {"types": ["y"]}},
            {"operation_type", "target_organizations", "device_filters.types"},
        ),
        ({"operation_type": "reboot", "device_targets": ["nobody"]}, {"device_targets"}),
        ({"operation_type": "reboot", "device_targets": []}, {"device_targets"}),
        ({"operation_type": "reboot", "target_organizations": []}, {"target_organizations"}),
        ({"operation_type": "reboot", "device_filters": {}, "device_targets": []}, {"device_targets"}),
        ({"operation_type": "reboot", "device_filters": {}, "target_organizations": []}, {"target_organizations"}),
        (
            {"operation_type": "reboot", "device_targets": ["d"], "target_organizations": []},
            {"target_organizations"},
        ),
        ({"operation_type": "reboot", "device_filters": {"status": ["Up"]}}, {"device_filters"}),
    ],
)
async def test_what_is_impossible_is_a_422(sqlite_api: Api, body: dict[str, Any], wrong: set[str]) -> None:
    await registered(sqlite_api, "d")
    for path in (PATH, NAME_PATH, ID_PATH):
        said = await sqlite_api.client.post(path, body)
        assert said.status == 422, said.octets
        assert set(said.errors) == wrong
    assert await _nothing(sqlite_api)


async def test_one_device_and_many_are_not_asked_at_once(api: Api) -> None:
    await registered(api, "d")
    said = await api.client.post(PATH, GET | {"device_targets": ["d"], "name": "d"})
    assert said.status == 400


async def test_unknown_ids_are_404(api: Api) -> None:
    for path in (PATH, NAME_PATH, ID_PATH):
        assert (await api.client.get(f"{path}?id=bulk_none")).status == 404
        assert (await api.client.get(f"{path}bulk_none/devices/")).status == 404
        assert (await api.client.delete(f"{path}?id=bulk_none")).status == 404
        assert (await api.client.post(f"{path}bulk_none/retry/")).status == 404


async def test_what_was_cancelled_before_it_began_is_not_said_to_be_waiting(api: Api) -> None:
    await registered(api, "d")
    later = {"schedule": {"execute_at": "2027-02-01"}}
    public_id = await asked(api.client, GET | {"device_targets": ["d"]} | later)
    assert (await api.client.delete(f"{PATH}?id={public_id}")).status == 204
    said = await api.client.post(f"{PATH}{public_id}/retry/")
    assert (said.status, said.json["detail"]) == (
        409,
        f"operation {public_id} is cancelled: it has begun, and failed, on no device",
    )


async def test_a_viewer_looks_and_does_nothing(api: Api) -> None:
    await registered(api, "d")
    public_id = await asked(api.client, GET | {"device_targets": ["d"]})
    viewer = await api.token(Role.VIEWER)
    assert (await shown(viewer, public_id))["id"] == public_id
    assert (await outcomes(viewer, public_id)).status == 200
    assert (await viewer.post(PATH, GET | {"device_targets": ["d"]})).status == 403
    assert (await viewer.delete(f"{PATH}?id={public_id}")).status == 403
    assert (await viewer.post(f"{PATH}{public_id}/retry/")).status == 403
    assert (await api.client.as_(None).post(PATH, GET | {"device_targets": ["d"]})).status == 401


async def test_a_bound_token_asks_its_own_devices_alone(api: Api) -> None:
    mine, other = await api.organization("mine"), await api.organization("other")
    await registered(api, "m", mine)
    await registered(api, "o", other)
    await registered(api, "n")
    operator = await api.token(Role.OPERATOR, mine)
    for organizations in ([other], [mine, other], [4711]):
        body = {"operation_type": "make_coffee", "target_organizations": organizations}
        assert (await operator.post(PATH, body)).status == 403, "an organization's 403 comes before a 422"
    assert (await operator.post(PATH, GET | {"device_targets": ["o", "n"]})).status == 422
    made = await operator.post(PATH, GET | {"device_filters": {}})
    assert (made.status, made.json["target_device_count"]) == (201, 1)
    named = await operator.post(PATH, GET | {"device_targets": ["m", "o"]})
    assert (named.json["target_device_count"], named.json["unmatched_targets"]) == (1, ["o"])
    await api.served.sweep()
    rows = (await outcomes(operator, made.json["id"])).json["results"]
    assert [(each["name"], each["organization_id"]) for each in rows] == [("m", mine)]
    assert (await shown(operator, made.json["id"]))["operation_details"]["organization_ids"] == [mine]


async def test_a_bound_token_sees_what_is_of_its_organizations_alone(api: Api) -> None:
    mine, other = await api.organization("mine"), await api.organization("other")
    await registered(api, "m", mine)
    await registered(api, "o", other)
    operator = await api.token(Role.OPERATOR, mine)
    own = await asked(api.client, GET | {"device_targets": ["m"]})
    both = await asked(api.client, GET | {"target_organizations": [mine, other]})
    for path in (PATH, NAME_PATH):
        assert (await operator.get(f"{path}?id={both}")).status == 404
        assert (await operator.get(f"{path}{both}/devices/")).status == 404
        assert (await operator.delete(f"{path}?id={both}")).status == 404
        assert (await operator.post(f"{path}{both}/retry/")).status == 404
    assert [each["id"] for each in (await operator.get(PATH)).json["results"]] == [own]
    assert {each["id"] for each in (await api.client.get(PATH)).json["results"]} == {own, both}
    assert (await api.client.get(f"{NAME_PATH}?limit=9")).json["count"] == 0, "one device's operations alone"
    assert (await operator.delete(f"{PATH}?id={own}")).status == 204


@pytest.mark.parametrize("others", ["somebody's", "nobody's"])
async def test_the_audit_log_of_one_organization_tells_nothing_of_what_is_also_for_others(
    api: Api, others: str
) -> None:
    mine, other = await api.organization("mine"), await api.organization("other")
    await registered(api, "m", mine)
    await registered(api, "o", other if others == "somebody's" else None)
    auditor = await api.token(Role.ADMIN, mine)
    own = await asked(api.client, GET | {"device_targets": ["m"]})
    both = await asked(api.client, GET | {"device_targets": ["m", "o"]})
    for public_id in (own, both):
        assert (await api.client.delete(f"{PATH}?id={public_id}")).status == 204
    entries = (await api.client.get("/audit_log/?resource=bulk")).json["results"]
    assert [(each["action"], each["resource_id"]) for each in entries] == [
        ("cancel", both), ("cancel", own), ("create", both), ("create", own),
    ]  # fmt: skip
    seen = (await auditor.get("/audit_log/?resource=bulk")).json["results"]
    assert [(each["action"], each["resource_id"]) for each in seen] == [("cancel", own), ("create", own)]


async def test_a_device_that_has_moved_away_is_not_shown_to_those_it_has_left(api: Api) -> None:
    mine, other = await api.organization("mine"), await api.organization("other")
    number = await registered(api, "m", mine)
    await registered(api, "stays", mine)
    operator = await api.token(Role.OPERATOR, mine)
    public_id = await asked(operator, GET | {"device_filters": {}})
    await api.served.sweep()
    moved = await api.client.patch(f"/inventory_device/{number}/", {"organization_id": other})
    assert moved.status == 200, moved.octets
    rows = (await outcomes(operator, public_id)).json
    assert (rows["count"], [each["name"] for each in rows["results"]]) == (1, ["stays"])
    assert (await outcomes(api.client, public_id)).json["count"] == 2


async def test_a_repeated_request_makes_one(api: Api) -> None:
    await registered(api, "d")
    body = GET | {"device_targets": ["d"]}
    first = await api.client.post(PATH, body, Idempotency_Key="k")
    again = await api.client.post(PATH, body, Idempotency_Key="k")
    assert (first.status, again.status, first.json) == (201, 201, again.json)
    assert (await api.client.get(PATH)).json["count"] == 1


async def test_secrets_are_masked_wherever_they_are_echoed(api: Api) -> None:
    await registered(api, "d")
    body = {
        "operation_type": "set",
        "device_targets": ["d"],
        "variables": [{"variable_name": "Device.WiFi.AccessPoint.1.Security.KeyPassphrase", "value": "hunter2"}],
        "parameters": {"note": {"password": "hunter3"}},
    }
    made = await api.client.post(PATH, body)
    assert made.status == 201, made.octets
    assert b"hunter" not in made.octets
    assert made.json["variables"][0]["value"] == "********"
    await api.served.sweep()
    rows = (await outcomes(api.client, made.json["id"])).json["results"]
    for said in (
        await api.client.get(f"{PATH}?id={made.json['id']}"),
        await api.client.get(f"{PATH}?id={rows[0]['operation_id']}"),
    ):
        assert said.status == 200
        assert b"hunter" not in said.octets
