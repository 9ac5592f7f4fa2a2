"""From the API to the router and back, over real sockets and with real connection requests, on both databases."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.alive import LiveRouter, calling_api, living
from tests.api.conftest import Api
from tests.api.routers import name_of

SSID = "Device.WiFi.SSID.1.SSID"
PATH = "/inventory_device_name_headless_operation/"


@pytest.fixture
async def api(database_url: str, tmp_path: Path) -> AsyncIterator[Api]:
    async with calling_api(database_url, tmp_path) as found:
        yield found


@pytest.fixture
async def router(api: Api) -> AsyncIterator[LiveRouter]:
    async with living(api.served, api.served.device()) as found:
        yield found


async def done(api: Api, router: LiveRouter, operation: str, *variables: dict[str, Any]) -> dict[str, Any]:
    """Ask for an operation and wait for its end."""
    body = {"name": name_of(router.device), "operation": operation, "variables": list(variables), "wait": 20}
    said = await api.client.post(PATH, body)
    assert said.status == 201
    found: dict[str, Any] = said.json
    return found


async def test_get_set_add_and_delete_are_done_while_somebody_waits(api: Api, router: LiveRouter) -> None:
    parameters = router.device.model.parameters
    got = await done(api, router, "get", {"variable_name": SSID})
    assert (got["status"], got["progress"]) == ("completed", 100)
    assert got["variables"][0]["value"] == parameters[SSID].value
    put = await done(api, router, "set", {"variable_name": SSID, "value": "through", "value_type": "string"})
    assert (put["status"], parameters[SSID].value) == ("completed", "through")
    added = await done(api, router, "add.obj", {"variable_name": "Device.NAT.PortMapping."})
    assert added["status"] == "completed"
    number = added["variables"][0]["instance_number"]
    gone = await done(api, router, "del.obj", {"variable_name": f"Device.NAT.PortMapping.{number}."})
    assert gone["status"] == "completed"
    refused = await done(api, router, "set", {"variable_name": "Device.No.Such", "value": "x", "value_type": "string"})
    assert refused["status"] == "failed"
    assert refused["fault"]["parameters"][0]["code"] == 9005
    # The first session was its own; each operation was a call and a session.
    assert router.sessions == 6


async def test_a_reboot_is_complete_when_the_router_is_back(api: Api, router: LiveRouter) -> None:
    name = name_of(router.device)
    said = await api.client.put(f"/inventory_device_name_operation/{name}/", {"operation": "reboot"})
    assert (said.status, said.json["status"]) == (200, "initiated")
    item = await ended(api, said.json["execution_id"])
    assert item["status"] == "completed"
    again = await api.client.get(f"/inventory_device_name/{name}/")
    assert (again.json["status"], again.json["pending_settings"]) == ("Up", None)


async def ended(api: Api, public_id: str) -> dict[str, Any]:
    """An operation once it has ended; its end is looked for, not waited for by a timer."""
    async with asyncio.timeout(20):
        while True:
            item: dict[str, Any] = (await api.client.get(f"{PATH}?id={public_id}")).json[0]
            if item["status"] not in {"scheduled", "queued", "in_progress"}:
                return item


async def test_who_waits_when_the_server_stops_is_told_how_it_stands(api: Api) -> None:
    # Nobody lives there: it would wait for the whole minute.
    await api.client.post("/inventory_device_name/", {"name": "silent"})
    body = {"name": "silent", "operation": "get", "variables": [{"variable_name": SSID}], "wait": 60}
    waiting = asyncio.create_task(api.client.post(PATH, body))
    async with asyncio.timeout(30):
        while not (await api.client.get(PATH)).json:
            pass
        await api.served.server.drain()
        said = await waiting
    assert (said.status, said.json["status"]) == (201, "queued")
