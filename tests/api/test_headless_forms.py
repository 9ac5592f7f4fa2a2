"""Which forms a request for a headless operation may have, and what is wrong with others."""

from typing import Any

import pytest

from tests.api.conftest import Api
from tests.e2e.device import ScriptedDevice

NAME, ID, SERIAL = (f"/inventory_device{infix}_headless_operation/" for infix in ("_name", "", "_serial"))
FAMILIES = [NAME, ID, SERIAL]
SSID = "Device.WiFi.SSID.1.SSID"
READS = [{"variable_name": SSID}]


async def a_device(api: Api) -> tuple[ScriptedDevice, dict[str, Any]]:
    """A router that has called once, and what selects it."""
    device = api.served.device()
    await device.run_session()
    number = await api.served.id_of(device)
    known = await api.served.server.services.tools.devices.by_id(number)
    assert known is not None
    return device, {"name": known.name, "id": number, "serial_number": device.id.serial}


@pytest.mark.parametrize("path", FAMILIES)
async def test_any_family_takes_any_selector(api: Api, path: str) -> None:
    _, selectors = await a_device(api)
    aliases = {"device_name": "name", "device_id": "id", "device_serial": "serial_number"}
    for selector in [*selectors, *aliases]:
        document = {selector: selectors[aliases.get(selector, selector)], "operation": "get", "variables": READS}
        made = await api.client.post(path, document)
        assert made.status == 201, made.octets
        public_id = made.json["id"]
        assert public_id.startswith("op_")
        assert made.json == document | {
            "id": public_id,
            "transaction_id": public_id,
            "status": "scheduled",
            "created_at": "2027-01-15T08:00:00Z",
            "scheduled_at": "2027-01-15T08:00:00Z",
        }
