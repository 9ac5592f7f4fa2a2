"""Many devices for the tests of bulks: real routers, and ones that never call."""

import asyncio
from collections.abc import Sequence
from typing import Any

from acs.domain.device import Identity
from tests.api.client import Client, Said
from tests.api.conftest import Api
from tests.e2e.device import ScriptedDevice, SessionLog

PATH = "/inventory_device_serial_headless_operation/"
NAME_PATH = "/inventory_device_name_headless_operation/"
SSID = "Device.WiFi.SSID.1.SSID"
GET = {"operation_type": "get", "variables": [{"variable_name": SSID}]}


async def routers(api: Api, count: int, **ways: Any) -> list[ScriptedDevice]:
    """Routers that have called once."""
    found = [api.served.device(**ways) for _ in range(count)]
    for each in found:
        await each.run_session()
    return found


async def registered(api: Api, name: str, organization_id: int | None = None, type_id: int | None = None) -> int:
    """A device that has never called."""
    return await api.served.server.services.tools.devices.create(
        uuid=name,
        name=name,
        identity=Identity("00AABB", "Box", f"serial-{name}"),
        at=api.served.clock.wall(),
        organization_id=organization_id,
        type_id=type_id,
    )


def serials(devices: Sequence[ScriptedDevice]) -> list[str]:
    """What selects them."""
    return [each.id.serial for each in devices]


async def asked(client: Client, body: dict[str, Any]) -> str:
    """The id of a bulk that is asked for."""
    made = await client.post(PATH, body)
    assert made.status == 201, made.octets
    public_id: str = made.json["id"]
    return public_id


async def shown(client: Client, public_id: str, path: str = PATH) -> dict[str, Any]:
    """A bulk as it is shown."""
    said = await client.get(f"{path}?id={public_id}")
    assert said.status == 200, said.octets
    (item,) = said.json["results"]
    found: dict[str, Any] = item
    return found


async def outcomes(client: Client, public_id: str, more: str = "") -> Said:
    """What became of its devices."""
    return await client.get(f"{PATH}{public_id}/devices/?{more}")


async def sessions(devices: Sequence[ScriptedDevice]) -> list[SessionLog]:
    """A session of each, some at a time."""
    logs: list[SessionLog] = []
    for first in range(0, len(devices), 20):
        logs += await asyncio.gather(*(each.run_session() for each in devices[first : first + 20]))
    return logs


async def ended(api: Api, public_id: str) -> dict[str, Any]:
    """A bulk once nothing of it is under way; what is done beside the sweeps is waited for."""
    for _ in range(1_000):
        await api.served.sweep()
        item = await shown(api.client, public_id)
        if item["status"] not in {"scheduled", "in_progress"}:
            return item
    raise AssertionError(f"{public_id} does not end")


async def given(api: Api, public_id: str, count: int) -> None:
    """Wait until so many devices have their operation."""
    for _ in range(1_000):
        await api.served.sweep()
        rows = (await outcomes(api.client, public_id, "limit=1000")).json["results"]
        if sum(each["operation_id"] is not None for each in rows) == count:
            return
    raise AssertionError(f"{public_id} does not give {count} devices their operation")
