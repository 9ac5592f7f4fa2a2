"""Bulks for later, and again and again."""

from typing import Any

from tests.api.bulk import GET, PATH, asked, outcomes, registered, routers, serials, sessions, shown
from tests.api.conftest import Api

NIGHTLY = {"type": "recurring", "cron": "0 2 * * *", "timezone": "Europe/Berlin"}
"""From the time of the tests, 08:00 UTC, that is first at 01:00 UTC."""


async def test_it_begins_when_it_is_to_and_takes_the_devices_that_are_there_then(api: Api) -> None:
    devices = await routers(api, 1)
    body = GET | {"device_filters": {}, "schedule": {"execute_at": "2027-01-15T09:00:00Z"}}
    public_id = await asked(api.client, body)
    await api.served.sweep(3_599)
    assert (await shown(api.client, public_id))["status"] == "scheduled"
    devices += await routers(api, 1)
    await api.served.sweep(1)
    item = await shown(api.client, public_id)
    assert (item["status"], item["total_devices"], item["started_at"]) == ("in_progress", 2, "2027-01-15T09:00:00Z")
    await sessions(devices)
    await api.served.sweep()
    assert (await shown(api.client, public_id))["status"] == "completed"


async def test_what_was_to_begin_already_begins_at_once(api: Api) -> None:
    await registered(api, "d")
    body = GET | {"device_filters": {}, "schedule": {"execute_at": "2020-01-01"}}
    made = await api.client.post(PATH, body)
    assert made.json["scheduled_for"] == "2027-01-15T08:00:00Z"
    await api.served.sweep()
    assert (await shown(api.client, made.json["id"]))["status"] == "in_progress"


async def test_it_is_carried_out_each_time_and_each_time_has_its_outcomes(api: Api) -> None:
    devices = await routers(api, 2)
    made = await api.client.post(PATH, GET | {"device_targets": serials(devices), "schedule": NIGHTLY})
    assert made.status == 201, made.octets
    assert made.json["scheduled_for"] == "2027-01-16T01:00:00Z"
    assert made.json["schedule"] == NIGHTLY | {"next_execution": "2027-01-16T01:00:00Z"}
    public_id = made.json["id"]
    await api.served.sweep(17 * 3_600)
    item = await shown(api.client, public_id)
    assert (item["status"], item["executions"], item["next_execution"]) == ("in_progress", 1, "2027-01-17T01:00:00Z")
    await sessions(devices)
    await api.served.sweep()
    item = await shown(api.client, public_id)
    assert (item["status"], item["processed_devices"], item["completed_at"]) == ("scheduled", 2, None)
    first = (await outcomes(api.client, public_id)).json["results"]
    await api.served.sweep(86_400)
    item = await shown(api.client, public_id)
    assert (item["status"], item["executions"], item["processed_devices"]) == ("in_progress", 2, 0)
    second = (await outcomes(api.client, public_id)).json["results"]
    assert {each["operation_id"] for each in first}.isdisjoint(each["operation_id"] for each in second)
    assert [log.methods for log in await sessions(devices)] == [("GetParameterValues",)] * 2


async def test_times_that_were_missed_are_made_up_for_once(api: Api) -> None:
    devices = await routers(api, 1)
    public_id = await asked(api.client, GET | {"device_targets": serials(devices), "schedule": NIGHTLY})
    await api.served.sweep(17 * 3_600 + 5 * 86_400)
    item = await shown(api.client, public_id)
    assert (item["executions"], item["next_execution"]) == (1, "2027-01-22T01:00:00Z")
    await sessions(devices)
    await api.served.sweep()
    item = await shown(api.client, public_id)
    assert (item["status"], item["executions"]) == ("scheduled", 1)


async def test_one_that_takes_too_long_does_not_begin_twice_at_once(api: Api) -> None:
    await registered(api, "silent")
    body: dict[str, Any] = GET | {"device_targets": ["silent"], "options": {"timeout_minutes": 2 * 24 * 60}}
    public_id = await asked(api.client, body | {"schedule": NIGHTLY})
    await api.served.sweep(17 * 3_600)
    await api.served.sweep(86_400 + 3_600)
    item = await shown(api.client, public_id)
    assert (item["status"], item["executions"]) == ("in_progress", 1)
    await api.served.sweep(86_400)
    await api.served.sweep()
    item = await shown(api.client, public_id)
    assert (item["status"], item["executions"]) == ("in_progress", 2), "what was missed begins when it can"


async def test_a_failure_of_one_time_does_not_end_it_and_cancelling_does(api: Api) -> None:
    await registered(api, "silent")
    body: dict[str, Any] = GET | {"device_targets": ["silent"], "options": {"timeout_minutes": 1}}
    public_id = await asked(api.client, body | {"schedule": NIGHTLY})
    await api.served.sweep(17 * 3_600)
    await api.served.sweep(61)
    await api.served.sweep()
    item = await shown(api.client, public_id)
    assert (item["status"], item["failed_devices"]) == ("scheduled", 1)
    retried = await api.client.post(f"{PATH}{public_id}/retry/")
    assert (retried.status, retried.json["target_device_count"]) == (201, 1)
    assert "schedule" not in retried.json
    assert (await api.client.delete(f"{PATH}?id={public_id}")).status == 204
    await api.served.sweep(2 * 86_400)
    item = await shown(api.client, public_id)
    assert (item["status"], item["executions"], item["next_execution"]) == ("cancelled", 1, None)


async def test_what_is_old_is_dropped(api: Api) -> None:
    devices = await routers(api, 1)
    public_id = await asked(api.client, GET | {"device_targets": serials(devices)})
    await api.served.sweep()
    await sessions(devices)
    await api.served.sweep()
    assert (await shown(api.client, public_id))["status"] == "completed"
    await api.served.sweep(31 * 86_400)
    for _ in range(60):
        await api.served.sweep()
    assert (await api.client.get(f"{PATH}?id={public_id}")).status == 404


async def test_one_that_a_clock_that_was_ahead_has_put_off_begins_when_it_is_to(api: Api) -> None:
    devices = await routers(api, 1)
    made = await api.client.post(PATH, GET | {"device_targets": serials(devices), "schedule": NIGHTLY})
    public_id = made.json["id"]
    later = GET | {"device_targets": serials(devices), "schedule": {"execute_at": "2027-06-01"}}
    once = (await api.client.post(PATH, later)).json["id"]
    await api.served.sweep()
    api.served.clock.set(ahead=400 * 86_400)
    await api.served.sweep()
    item = await shown(api.client, public_id)
    assert (item["status"], item["executions"], item["next_execution"]) == ("in_progress", 1, "2028-02-20T01:00:00Z")
    api.served.clock.set(ahead=0)
    await api.served.sweep()
    item = await shown(api.client, public_id)
    assert (item["status"], item["next_execution"]) == ("in_progress", "2027-01-16T01:00:00Z")
    await sessions(devices)
    await api.served.sweep()
    item = await shown(api.client, public_id)
    assert (item["status"], item["next_execution"]) == ("scheduled", "2027-01-16T01:00:00Z")
    await api.served.sweep(17 * 3_600)
    assert (await shown(api.client, public_id))["executions"] == 2
    assert (await shown(api.client, once))["executions"] == 1, "it began by that clock, once"
