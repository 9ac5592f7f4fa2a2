"""The settings of a device, as tests put them and read what is answered."""

from typing import Any
from urllib.parse import quote

from tests.api.client import Said
from tests.api.conftest import Api
from tests.api.routers import name_of
from tests.e2e.device import ScriptedDevice

SSID = "Device.WiFi.SSID.1.SSID"
ENABLE = "Device.WiFi.SSID.1.Enable"
CHANNEL = "Device.WiFi.Radio.1.Channel"
VERSION = "Device.DeviceInfo.SoftwareVersion"
SECRET = "Device.WiFi.AccessPoint.1.Security.KeyPassphrase"
CLEAR = "correct horse battery staple"
INTERVAL = "Device.ManagementServer.PeriodicInformInterval"
VENDOR = "Device.X_Vendor.Thing"


def path_of(device: ScriptedDevice, query: str = "") -> str:
    """Where the settings of a device are, by name."""
    return f"/inventory_device_name_setting/{quote(name_of(device))}/{query}"


def rows(said: Said) -> dict[str, dict[str, Any]]:
    """The rows by path, in their order."""
    assert said.status == 200, said.json
    return {row["parameter"]["variable_name"]: row for row in said.json["results"]}


def values(said: Said) -> dict[str, str]:
    """The values by path."""
    return {path: row["value"] for path, row in rows(said).items()}


def states(said: Said) -> dict[str, str]:
    """The states by path."""
    assert all(row["pending"] is (row["state"] == "pending") for row in rows(said).values())
    return {path: row["state"] for path, row in rows(said).items()}


def setting(path: str, value: object, **more: object) -> dict[str, object]:
    """A setting of a body."""
    return {"variable_name": path, "value": value, **more}


async def given(device: ScriptedDevice) -> list[dict[str, str]]:
    """What each SetParameterValues of the next session sets."""
    log = await device.run_session()
    return [
        {pair["Name"]: pair["Value"] for pair in rpc.structs("ParameterValueStruct")}
        for rpc in log.rpcs
        if rpc.method == "SetParameterValues"
    ]


async def history(api: Api, device: ScriptedDevice, kind: str = "setting") -> list[tuple[str, str | None, str | None]]:
    """What a device's history says of its settings, newest first."""
    found = await api.served.server.services.tools.contacts.history(
        await api.served.id_of(device), before=2**62, most=100
    )
    return [(each.subject, each.old, each.new) for _, _, each in found if each.kind == kind]


async def audited(api: Api, device: ScriptedDevice) -> list[dict[str, Any]]:
    """What the audit log says of its settings, newest first."""
    number = await api.served.id_of(device)
    said = await api.client.get(f"/audit_log/?resource=device_setting&resource_id={number}")
    found: list[dict[str, Any]] = said.json["results"]
    return found
