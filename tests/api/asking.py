"""What tests of headless operations do with the API: ask, look, look again."""

from typing import Any

from tests.api.client import Client
from tests.api.conftest import Api
from tests.api.routers import name_of
from tests.e2e.device import ScriptedDevice

NAME, ID, SERIAL = (f"/inventory_device{infix}_headless_operation/" for infix in ("_name", "", "_serial"))
FAMILIES = (NAME, ID, SERIAL)
SSID = "Device.WiFi.SSID.1.SSID"
ENABLE = "Device.WiFi.SSID.1.Enable"
CHANNEL = "Device.WiFi.Radio.1.Channel"
PASSPHRASE = "Device.WiFi.AccessPoint.1.Security.KeyPassphrase"
NOW = "2027-01-15T08:00:00Z"
Variable = dict[str, Any]


def reads(*names: str) -> list[Variable]:
    """Variables of a get."""
    return [{"variable_name": name} for name in names]


def sets(**values: Any) -> list[Variable]:
    """Variables of a set, by the names above."""
    names = {"ssid": SSID, "enable": ENABLE, "channel": CHANNEL, "passphrase": PASSPHRASE}
    return [{"variable_name": names[name], "value": value} for name, value in values.items()]


async def ask(api: Api, device: ScriptedDevice, operation: str, variables: list[Variable], **more: Any) -> str:
    """Ask a router for something; what it is called."""
    document = {"name": name_of(device), "operation": operation, "variables": variables} | more
    made = await api.client.post(NAME, document)
    assert made.status == 201, made.octets
    public_id: str = made.json["id"]
    return public_id


async def item(client: Client, public_id: str) -> dict[str, Any]:
    """An operation as it is shown."""
    found = await client.get(f"{NAME}?id={public_id}")
    assert found.status == 200, found.octets
    (only,) = found.json
    shown: dict[str, Any] = only
    return shown


async def status(client: Client, public_id: str) -> str:
    """Where an operation is."""
    found: str = (await item(client, public_id))["status"]
    return found


async def refused(client: Client, document: object, path: str = NAME) -> dict[str, list[str]]:
    """What is wrong with which field of a body."""
    said = await client.post(path, document)
    assert said.status == 400, said.octets
    return said.errors
