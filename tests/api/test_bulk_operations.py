"""Operations on many devices through the API, from what is asked to what became of each device."""

import json
from typing import Any

import pytest

from acs.domain.reach import Reach, ReachKind
from acs.store.audit import AuditFilter
from acs.store.listing import Slice
from tests.api.bulk import (
    GET,
    NAME_PATH,
    PATH,
    SSID,
    asked,
    ended,
    given,
    outcomes,
    registered,
    routers,
    serials,
    sessions,
    shown,
)
from tests.api.conftest import Api
from tests.e2e.envelopes import Fault


async def test_devices_are_asked_and_what_came_of_each_is_told(api: Api) -> None:
    devices = await routers(api, 3)
    public_id = await asked(api.client, GET | {"device_targets": serials(devices)})
    await api.served.sweep()
    begun = await shown(api.client, public_id)
    assert (begun["status"], begun["progress"], begun["total_devices"]) == ("in_progress", 0, 3)
    await api.served.calls.made(3)
    assert [log.methods for log in await sessions(devices[:2])] == [("GetParameterValues",)] * 2
    await api.served.sweep()
    half = await shown(api.client, public_id)
    assert (half["status"], half["progress"], half["processed_devices"]) == ("in_progress", 66, 2)
    await sessions(devices[2:])
    await api.served.sweep()
    whole = await shown(api.client, public_id)
    assert (whole["status"], whole["progress"], whole["processed_devices"]) == ("completed", 100, 3)
    assert (whole["failed_devices"], whole["operation_details"]["error_summary"]) == (0, {})
    page = (await outcomes(api.client, public_id, "limit=2")).json
    assert (page["count"], len(page["results"])) == (3, 2)
    first = page["results"][0]
    assert (first["serial_number"], first["status"], first["error"]) == (devices[0].id.serial, "completed", None)
    single = (await api.client.get(f"{NAME_PATH}?id={first['operation_id']}")).json
    assert (single[0]["status"], single[0]["variables"][0]["variable_name"]) == ("completed", SSID)


async def test_what_is_asked_is_answered_as_the_contract_has_it(api: Api) -> None:
    organization_id = await api.organization("o")
    type_id = (await api.client.post("/inventory_type/", {"name": "A type", "short_name": "ont"})).json["id"]
    for number in range(3):
        await registered(api, f"d{number}", organization_id, type_id)
    await registered(api, "other")
    body: dict[str, Any] = {
        "operation_type": "bulk_serial_sync",
        "target_organizations": [organization_id],
        "device_filters": {"types": ["ont"], "status": ["active", "pending"]},
        "schedule": {"execute_at": "2027-01-16T02:00:00Z", "priority": "high"},
        "options": {"update_firmware_info": True, "validate_connectivity": False, "timeout_minutes": 30},
        "parameters": {"reason": "audit", "password": "hunter2"},
        "notification": {"on_completion": True, "email": "noc@example.net"},
        "retry_policy": {"max_attempts": 2, "retry_delay_minutes": 1.5},
    }
    made = await api.client.post(PATH, body)
    assert made.status == 201, made.octets
    public_id = made.json["id"]
    assert made.json == {
        "id": public_id,
        "operation_type": "bulk_serial_sync",
        "status": "scheduled",
        "created_at": "2027-01-15T08:00:00Z",
        "scheduled_for": "2027-01-16T02:00:00Z",
        "estimated_duration_minutes": 1,
        "target_device_count": 3,
        "operation_config": {"organizations": [organization_id], "device_types": ["ont"], "options": body["options"]},
        "monitoring_url": f"/api/v1{PATH}?id={public_id}",
        "parameters": {"reason": "audit", "password": "********"},
        "notification": {"on_completion": True, "on_failure": True, "webhook_url": None, "email": "noc@example.net"},
        "retry_policy": {"max_attempts": 2, "retry_delay_minutes": 1.5},
        "schedule": {
            "execute_at": "2027-01-16T02:00:00Z",
            "priority": "high",
            "next_execution": "2027-01-16T02:00:00Z",
        },
    }
    item = await shown(api.client, public_id)
    assert item == {
        "id": public_id,
        "operation_type": "bulk_serial_sync",
        "status": "scheduled",
        "progress": 0,
        "total_devices": 3,
        "processed_devices": 0,
        "failed_devices": 0,
        "created_at": "2027-01-15T08:00:00Z",
        "updated_at": "2027-01-15T08:00:00Z",
        "scheduled_for": "2027-01-16T02:00:00Z",
        "started_at": None,
        "completed_at": None,
        "estimated_completion": "2027-01-16T02:01:00Z",
        "next_execution": "2027-01-16T02:00:00Z",
        "executions": 0,
        "stopped_by": None,
        "operation_details": {"device_types": ["ont"], "organization_ids": [organization_id], "error_summary": {}},
    }
    (entry,) = (await api.served.server.services.management.audit.page(Slice(9), AuditFilter(resource="bulk"))).items
    assert (entry.entry.action, entry.entry.resource_id) == ("create", public_id)
    assert entry.entry.organization_id == organization_id
    assert "hunter2" not in entry.entry.after
    assert json.loads(entry.entry.after)["operation_type"] == "bulk_serial_sync"


@pytest.mark.parametrize("infix", ["_name", ""])
async def test_the_other_families_give_an_absolute_url_and_the_envelope_for_one(api: Api, infix: str) -> None:
    path = f"/inventory_device{infix}_headless_operation/"
    await registered(api, "d")
    made = await api.client.post(path, {"operation_type": "reboot", "device_targets": ["d"]})
    assert made.status == 201, made.octets
    url = made.json["monitoring_url"]
    assert url == f"http://127.0.0.1:{api.client.port}/api/v1{path}?id={made.json['id']}"
    again = (await api.client.get(url)).json
    assert (again["count"], again["results"][0]["id"]) == (1, made.json["id"])
    assert "schedule" not in made.json
    assert made.json["device_targets"] == ["d"]


async def test_so_many_are_under_way_at_once(api: Api) -> None:
    devices = await routers(api, 5)
    body = GET | {"device_targets": serials(devices), "options": {"max_in_flight": 2}}
    public_id = await asked(api.client, body)
    await api.served.sweep()
    counts = []
    for _ in range(3):
        counts.append((await outcomes(api.client, public_id, "status=in_progress")).json["count"])
        for each in devices:
            await each.run_session()
        await api.served.sweep()
    assert counts[0] == 2
    assert (await shown(api.client, public_id))["status"] == "completed"


async def test_a_device_that_failed_or_did_not_call_is_counted_by_why(api: Api) -> None:
    good = await routers(api, 2)
    bad = await routers(api, 1, on_rpc={"GetParameterValues": lambda _: Fault(9002, "Internal error")})
    await registered(api, "silent")
    deleted = await registered(api, "deleted")
    api.served.calls.outcome = Reach(ReachKind.TIMEOUT, 5.0, "nothing was heard")
    targets = [*serials(good + bad), "silent", "deleted"]
    public_id = await asked(api.client, GET | {"device_targets": targets, "options": {"timeout_minutes": 0.5}})
    await api.served.sweep()
    await api.served.calls.made(5)
    await api.served.server.services.tools.devices.delete(deleted)
    await sessions(good + bad)
    await api.served.sweep(31)
    await api.served.sweep()
    item = await shown(api.client, public_id)
    assert (item["status"], item["progress"], item["processed_devices"]) == ("completed", 100, 5)
    assert item["failed_devices"] == 3
    assert item["operation_details"]["error_summary"] == {
        "device_faults": 1,
        "connection_timeouts": 1,
        "deleted_devices": 1,
    }
    failed = (await outcomes(api.client, public_id, "status=failed")).json["results"]
    assert [(each["name"], each["error"]) for each in failed if each["name"] in {"silent", "deleted"}] == [
        ("silent", "connection_timeouts"),
        ("deleted", "deleted_devices"),
    ]
    assert any(each["detail"] == "9002 Internal error" for each in failed)


async def test_where_all_fail_it_has_failed(api: Api) -> None:
    await registered(api, "silent")
    body = GET | {"device_targets": ["silent"], "options": {"timeout_minutes": 1}}
    public_id = await asked(api.client, body)
    await api.served.sweep()
    await api.served.sweep(61)
    await api.served.sweep()
    item = await shown(api.client, public_id)
    assert (item["status"], item["operation_details"]["error_summary"]) == ("failed", {"expired": 1})


async def test_one_canary_that_fails_stops_the_rest(api: Api) -> None:
    bad = await routers(api, 1, on_rpc={"GetParameterValues": lambda _: Fault(9002, "Internal error")})
    good = await routers(api, 3)
    body = GET | {"device_targets": serials(bad + good), "options": {"canary": 2}}
    public_id = await asked(api.client, body)
    await api.served.sweep()
    assert (await outcomes(api.client, public_id, "status=in_progress")).json["count"] == 2
    await sessions(bad)
    await api.served.sweep()
    assert [log.methods for log in await sessions(good)] == [(), (), ()], "what had not begun is taken back"
    await api.served.sweep()
    item = await shown(api.client, public_id)
    assert (item["status"], item["stopped_by"], item["failed_devices"]) == ("failed", "canary", 1)
    assert item["operation_details"]["error_summary"] == {"device_faults": 1, "skipped": 3}
    assert (await outcomes(api.client, public_id, "status=skipped")).json["count"] == 3
    assert (await outcomes(api.client, public_id, "status=scheduled")).json["count"] == 0


async def test_after_good_canaries_the_rest_follows(api: Api) -> None:
    devices = await routers(api, 4)
    body = GET | {"device_targets": serials(devices), "options": {"canary": 1}}
    public_id = await asked(api.client, body)
    await api.served.sweep()
    assert [log.methods for log in await sessions(devices)].count(("GetParameterValues",)) == 1
    await api.served.sweep()
    await sessions(devices)
    await api.served.sweep()
    item = await shown(api.client, public_id)
    assert (item["status"], item["processed_devices"], item["stopped_by"]) == ("completed", 4, None)


async def test_as_many_failures_as_are_borne_stop_the_rest(api: Api) -> None:
    bad = await routers(api, 4, on_rpc={"GetParameterValues": lambda _: Fault(9002, "Internal error")})
    body = GET | {"device_targets": serials(bad), "options": {"max_failures": 2, "max_in_flight": 1}}
    public_id = await asked(api.client, body)
    for _ in range(6):
        await api.served.sweep()
        await sessions(bad)
    await api.served.sweep()
    item = await shown(api.client, public_id)
    assert (item["status"], item["stopped_by"], item["failed_devices"]) == ("failed", "max_failures", 2)
    assert item["operation_details"]["error_summary"] == {"device_faults": 2, "skipped": 2}
    assert item["progress"] == 50


async def test_cancelling_leaves_what_has_begun_to_end(api: Api) -> None:
    devices = await routers(api, 3)
    body = GET | {"device_targets": serials(devices), "options": {"max_in_flight": 2}}
    public_id = await asked(api.client, body)
    await api.served.sweep()
    await devices[0].inform()
    running = await devices[0].empty_post()
    assert running.method == "GetParameterValues"
    assert (await api.client.delete(f"{PATH}?id={public_id}")).status == 204
    assert (await shown(api.client, public_id))["status"] == "cancelled"
    again = await api.client.post(f"{PATH}{public_id}/retry/")
    assert again.status == 409, "it still runs"
    await api.served.sweep()
    await devices[0].answer(running)
    await devices[0].close()
    await api.served.sweep()
    assert [log.methods for log in await sessions(devices[1:])] == [(), ()]
    item = await shown(api.client, public_id)
    assert (item["status"], item["processed_devices"], item["stopped_by"]) == ("cancelled", 1, "cancelled")
    assert item["progress"] == 33, "what was taken back is not done, whether it had its operation or not"
    assert item["operation_details"]["error_summary"] == {"cancelled": 2}
    assert (await outcomes(api.client, public_id, "status=cancelled")).json["count"] == 2
    late = await api.client.delete(f"{PATH}?id={public_id}")
    assert late.status == 409


async def test_what_is_for_later_can_be_cancelled_before_it_begins(api: Api) -> None:
    await registered(api, "d")
    body = GET | {"device_targets": ["d"], "schedule": {"execute_at": "2027-01-16"}}
    public_id = await asked(api.client, body)
    await api.served.sweep()
    assert (await shown(api.client, public_id))["status"] == "scheduled"
    assert (await api.client.delete(f"{PATH}?id={public_id}")).status == 204
    await api.served.sweep(86_400)
    item = await shown(api.client, public_id)
    assert (item["status"], item["executions"], item["next_execution"]) == ("cancelled", 0, None)


async def test_those_that_failed_are_tried_again_alone(api: Api) -> None:
    broken = [True]
    answers = {"GetParameterValues": lambda _: Fault(9002, "Internal error") if broken else None}
    bad, good = await routers(api, 2, on_rpc=answers), await routers(api, 2)
    await registered(api, "gone")
    body = GET | {"device_targets": [*serials(bad + good), "gone", "nobody"], "parameters": {"ticket": 7}}
    public_id = await asked(api.client, body | {"options": {"timeout_minutes": 1}})
    early = await api.client.post(f"{PATH}{public_id}/retry/")
    assert early.status == 409
    await api.served.sweep()
    await sessions(bad + good)
    await api.served.sweep(61)
    await api.served.sweep()
    assert (await shown(api.client, public_id))["failed_devices"] == 3
    made = await api.client.post(f"{PATH}{public_id}/retry/")
    assert made.status == 201, made.octets
    assert (made.json["target_device_count"], made.json["retry_of"]) == (3, public_id)
    assert (made.json["parameters"], made.json["operation_type"]) == ({"ticket": 7}, "get")
    assert "unmatched_targets" not in made.json, "that was said of the first request"
    await api.served.sweep()
    broken.clear()
    assert [log.methods for log in await sessions(bad + good)] == [("GetParameterValues",)] * 2 + [()] * 2
    await api.served.sweep(61)
    await api.served.sweep()
    item = await shown(api.client, made.json["id"])
    assert (item["status"], item["total_devices"], item["failed_devices"]) == ("completed", 3, 1)
    await api.served.server.services.tools.devices.delete(
        (await outcomes(api.client, made.json["id"], "status=failed")).json["results"][0]["device_id"]
    )
    none = await api.client.post(f"{PATH}{made.json['id']}/retry/")
    assert none.status == 409


async def test_identity_is_read_and_the_inventory_brought_up_to_date(api: Api) -> None:
    (device,) = await routers(api, 1)
    devices = api.served.server.services.tools.devices
    device_id = await api.served.id_of(device)
    device.model.parameters["Device.DeviceInfo.HardwareVersion"].value = "rev B"
    body = {"operation_type": "inventory_sync", "device_targets": serials([device])}
    public_id = await asked(api.client, body)
    await api.served.sweep()
    (log,) = await sessions([device])
    assert b"Device.DeviceInfo.ModelName" in log.rpcs[0].raw
    await api.served.sweep()
    assert (await shown(api.client, public_id))["status"] == "completed"
    known = await devices.by_id(device_id)
    assert known is not None
    assert known.hardware_version == "rev B"


@pytest.mark.parametrize("kind", ["status_update", "health_check"])
async def test_status_is_asked_of_the_helpers(api: Api, kind: str) -> None:
    devices = await routers(api, 2)
    await registered(api, "never")
    public_id = await asked(api.client, {"operation_type": kind, "device_targets": [*serials(devices), "never"]})
    item = await ended(api, public_id)
    assert (item["status"], item["processed_devices"], item["failed_devices"]) == ("completed", 3, 1)
    assert item["operation_details"]["error_summary"] == {"down": 1}
    (log,) = await sessions(devices[:1])
    assert log.methods == ()


async def test_more_devices_than_are_looked_at_together_are_looked_at_in_turn(api: Api) -> None:
    for number in range(120):
        await registered(api, f"never-{number}")
    body = {"operation_type": "health_check", "device_filters": {}, "options": {"max_in_flight": 1000}}
    item = await ended(api, await asked(api.client, body))
    assert (item["status"], item["failed_devices"]) == ("failed", 120)
    assert item["operation_details"]["error_summary"] == {"down": 120}


async def test_a_device_that_cannot_be_called_is_not_begun(api: Api) -> None:
    devices = await routers(api, 1)
    api.served.calls.outcome = Reach(ReachKind.UNAUTHORIZED, 0.1, "the login is not good")
    body = GET | {"device_targets": serials(devices), "options": {"validate_connectivity": True}}
    public_id = await asked(api.client, body)
    item = await ended(api, public_id)
    assert (item["status"], item["operation_details"]["error_summary"]) == ("failed", {"authentication_failures": 1})
    assert [log.methods for log in await sessions(devices)] == [()]
    api.served.calls.outcome = Reach(ReachKind.REACHED, 0.1, "it answered")
    public_id = await asked(api.client, body)
    await given(api, public_id, 1)
    assert [log.methods for log in await sessions(devices)] == [("GetParameterValues",)]
    await api.served.sweep()
    assert (await shown(api.client, public_id))["status"] == "completed"


async def test_a_proof_that_comes_late_counts(api: Api) -> None:
    (device,) = await routers(api, 1)
    public_id = await asked(api.client, {"operation_type": "reboot", "device_targets": serials([device])})
    await api.served.sweep()
    await device.run_session()
    await api.served.sweep(86_400)
    await api.served.sweep()
    item = await shown(api.client, public_id)
    assert (item["status"], item["operation_details"]["error_summary"]) == ("failed", {"unproven": 1})
    await device.run_session()
    await api.served.sweep()
    item = await shown(api.client, public_id)
    assert (item["status"], item["failed_devices"], item["processed_devices"]) == ("completed", 0, 1)
    assert item["operation_details"]["error_summary"] == {}


async def test_names_that_no_device_has_are_told(api: Api) -> None:
    await registered(api, "d")
    made = await api.client.post(PATH, GET | {"device_targets": ["d", "serial-d", "nobody"]})
    assert (made.status, made.json["target_device_count"]) == (201, 1)
    assert made.json["unmatched_targets"] == ["nobody"]
