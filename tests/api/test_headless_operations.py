"""Operations asked for through the API, carried out by scripted routers, and shown again."""

from typing import Any

from acs.store.listing import Slice
from tests.api.conftest import Api
from tests.e2e.device import ScriptedDevice

PATH = "/inventory_device_name_headless_operation/"
SSID = "Device.WiFi.SSID.1.SSID"
ENABLE = "Device.WiFi.SSID.1.Enable"


async def a_device(api: Api, **ways: Any) -> tuple[ScriptedDevice, str]:
    """A router that has called once, and its name."""
    device = api.served.device(**ways)
    await device.run_session()
    known = await api.served.server.services.tools.devices.by_id(await api.served.id_of(device))
    assert known is not None
    return device, known.name


async def ask(api: Api, name: str, operation: str, *variables: dict[str, Any], **more: Any) -> str:
    """Ask a router for something; what it is called."""
    made = await api.client.post(PATH, {"name": name, "operation": operation, "variables": list(variables)} | more)
    assert made.status == 201, made.octets
    public_id: str = made.json["id"]
    return public_id


async def item(api: Api, public_id: str) -> dict[str, Any]:
    """An operation as it is shown."""
    found = await api.client.get(f"{PATH}?id={public_id}")
    assert found.status == 200, found.octets
    (only,) = found.json
    shown: dict[str, Any] = only
    return shown


async def test_a_get_shows_each_value_or_its_fault_in_the_order_of_the_request(api: Api) -> None:
    device, name = await a_device(api)
    public_id = await ask(
        api, name, "get", {"variable_name": "Device.Nothing.Here"}, {"variable_name": "Device.WiFi.SSID."},
        {"variable_name": ENABLE},
    )  # fmt: skip
    waiting = await item(api, public_id)
    assert waiting["status"] == "queued"
    assert waiting["progress"] == 0
    assert waiting["variables"] == [
        {"variable_name": "Device.Nothing.Here"}, {"variable_name": "Device.WiFi.SSID."}, {"variable_name": ENABLE}
    ]  # fmt: skip
    await device.run_session()
    missing = {"code": 9005, "string": "Invalid parameter name: Device.Nothing.Here", "parameters": []}
    assert await item(api, public_id) == {
        "id": public_id,
        "transaction_id": public_id,
        "name": name,
        "device_name": name,
        "serial_number": device.id.serial,
        "operation": "get",
        "variables": [
            {"variable_name": "Device.Nothing.Here", "fault": missing},
            {
                "variable_name": "Device.WiFi.SSID.",
                "values": [
                    {"name": SSID, "value": "home", "type": "string"},
                    {"name": ENABLE, "value": "1", "type": "boolean"},
                ],
            },
            {"variable_name": ENABLE, "value": "1", "value_type": "boolean"},
        ],
        "status": "completed",
        "progress": 100,
        "created_at": "2027-01-15T08:00:00Z",
        "scheduled_at": "2027-01-15T08:00:00Z",
        "started_at": "2027-01-15T08:00:00Z",
        "completed_at": "2027-01-15T08:00:00Z",
        "updated_at": "2027-01-15T08:00:00Z",
        "attempts": 1,
        "fault": None,
        "result": {},
    }


async def test_what_has_not_begun_is_cancelled_once_and_that_is_noted_once(api: Api) -> None:
    _, name = await a_device(api)
    public_id = await ask(api, name, "get", {"variable_name": SSID})
    cancelled = await api.client.delete(f"{PATH}?id={public_id}")
    assert (cancelled.status, cancelled.octets) == (204, b"")
    assert (await item(api, public_id))["status"] == "cancelled"
    assert (await api.client.delete(f"{PATH}?id={public_id}")).status == 409
    assert (await api.client.delete(f"{PATH}?id=op_none")).status == 404
    log = (await api.served.server.services.management.audit.page(Slice())).items
    noted = [(each.entry.action, each.entry.resource, each.entry.resource_id) for each in reversed(log)]
    assert noted == [("create", "operation", public_id), ("cancel", "operation", public_id)]
