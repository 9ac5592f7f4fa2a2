"""Firmware images and devices: what was uploaded is fetched, and only by those that it is for."""

import json

import pytest

from acs.domain.operation import Operation, OperationKind
from acs.domain.queue import OperationState
from acs.services.requested import Requested
from tests.api.conftest import Api
from tests.api.forms import OCTETS, PATH, upload
from tests.e2e.device import ScriptedDevice, TransferHabits


async def fetch(api: Api, device: ScriptedDevice, number: int) -> str:
    """Have a device that has called fetch an image; the operation."""
    services, device_id = api.served.server.services, await api.served.id_of(device)
    await services.tools.devices.want_firmware(device_id, number, 0.0, is_pending=True)
    requested = Requested(Operation(OperationKind.DOWNLOAD), firmware_image_id=number)
    return (await services.operations.queue(device_id, requested)).record.public_id


@pytest.mark.parametrize("of_device", ["types", "hardware_versions", "software_versions", "manufacturers"])
async def test_a_device_is_not_told_to_fetch_what_is_not_for_it(sqlite_api: Api, of_device: str) -> None:
    number = await upload(sqlite_api, applicability=json.dumps({of_device: ["another"]}))
    device = sqlite_api.served.device(transfers=TransferHabits(fetches=True, new_version="2.0"))
    await device.run_session()
    public_id = await fetch(sqlite_api, device, number)
    assert (await device.run_session()).methods == ()
    view = await sqlite_api.served.view(public_id)
    assert view.record.state is OperationState.FAILED
    assert "is not for the device's" in view.record.fault


async def test_a_device_is_not_given_what_is_not_for_it(sqlite_api: Api) -> None:
    number = await upload(sqlite_api, applicability='{"types": ["box"], "ouis": ["00aabb"]}')
    client, devices = sqlite_api.client, "/inventory_device_name/"
    (box, other) = [
        (await client.post("/inventory_type/", {"name": name, "short_name": name})).json["id"]
        for name in ("box", "other")
    ]
    await client.post(devices, {"name": "a", "type": other, "oui": "00D09E"})
    wrong = await client.patch(f"{devices}a/", {"firmware_image": number})
    assert wrong.status == 400
    assert wrong.errors == {"firmware_image": ["is not for the device's type and OUI"]}
    right = await client.patch(f"{devices}a/", {"firmware_image": number, "type": box, "oui": "00AABB"})
    assert (right.status, right.json["firmware_image"]) == (200, number)
    await client.post(devices, {"name": "b"})
    assert (await client.patch(f"{devices}b/", {"firmware_image": number})).status == 200, "nothing is known of it yet"


async def test_a_device_downloads_what_was_uploaded(api: Api) -> None:
    number = await upload(api, applicability='{"ouis": ["00D09E"]}')
    device = api.served.device(transfers=TransferHabits(fetches=True, new_version="2.0"))
    await device.run_session()
    public_id = await fetch(api, device, number)
    await device.run_session()
    assert (await api.client.delete(f"{PATH}{number}/")).status == 409
    await device.transfer()
    await device.run_session()
    assert list(device.fetched.values()) == [OCTETS]
    assert (await api.served.view(public_id)).record.state is OperationState.COMPLETED
