"""What types mean to devices, over real sockets: who is let in with their logins, and what is pushed."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from acs.store.settings import WantedValue
from tests.api.client import ADMIN, Client
from tests.api.conftest import Api
from tests.e2e.defaults import PARAMETERS
from tests.e2e.device import Parameter, ScriptedDevice, SessionLog
from tests.e2e.serving import serving

PATH = "/inventory_type/"
SSID, CHANNEL = "Device.WiFi.SSID.1.SSID", "Device.WiFi.Radio.1.Channel"
SECRET = "a secret of the tests"
BARE = {"name": "Box 1000", "short_name": "box"}
ONBOARDING = {"enabled": True, "username": "factory", "password": SECRET, "oui": "00D09E"}
SETTINGS: list[dict[str, Any]] = [
    {"variable_name": SSID, "value": "home", "value_type": "string"},
    {"variable_name": CHANNEL, "value": 11},
]


@pytest.fixture
async def strict_api(database_url: str, tmp_path: Path) -> AsyncIterator[Api]:
    """An API of a server that lets no device in that does not log in."""
    async with (
        serving(database_url, tmp_path, bootstrap_token=ADMIN, onboarding="reject") as served,
        aiohttp.ClientSession() as session,
    ):
        served.clock.advance(10)
        yield Api(served, Client(served.server.api_ports[0], session))


async def make(api: Api, body: object) -> int:
    """A type; its number."""
    made = await api.client.post(PATH, body)
    assert made.status == 201, made.json
    number: int = made.json["id"]
    return number


def factory_fresh(api: Api, password: str = SECRET) -> ScriptedDevice:
    """A router with the type's login, as it comes from the factory."""
    own = ("Username", "Password", "ConnectionRequestUsername", "ConnectionRequestPassword")
    parameters = PARAMETERS | {f"Device.ManagementServer.{name}": Parameter("") for name in own}
    return api.served.device(username="factory", password=password, parameters=parameters)


def sets(log: SessionLog) -> dict[str, str]:
    """What the SetParameterValues of a session set, but for logins and intervals."""
    return {
        pair["Name"]: pair["Value"]
        for rpc in log.rpcs
        if rpc.method == "SetParameterValues"
        for pair in rpc.structs("ParameterValueStruct")
        if "ManagementServer" not in pair["Name"]
    }


async def test_the_login_lets_devices_in_and_its_settings_are_pushed(strict_api: Api) -> None:
    body = BARE | {"onboarding": ONBOARDING, "default_settings": SETTINGS}
    number = await make(strict_api, body)
    device = factory_fresh(strict_api)
    log = await device.run_session()
    assert log.methods
    pushed = sets(log) | sets(await device.run_session())
    assert pushed == {SSID: "home", CHANNEL: "11"}
    known = await strict_api.served.server.services.tools.devices.by_id(await strict_api.served.id_of(device))
    assert known is not None
    assert (known.type_id, known.has_credentials) == (number, True)


async def test_what_changes_of_a_type_is_pushed_and_what_stays_is_not(strict_api: Api) -> None:
    body = BARE | {"onboarding": ONBOARDING, "default_settings": SETTINGS}
    number = await make(strict_api, body)
    device = factory_fresh(strict_api)
    await device.run_session()
    await device.run_session()
    assert sets(await device.run_session()) == {}
    same = [{"variable_name": SSID, "value": "home", "value_type": "string"}]
    await strict_api.client.patch(
        f"{PATH}{number}/", {"default_settings": [*same, {"variable_name": CHANNEL, "value": 6}]}
    )
    assert sets(await device.run_session()) == {CHANNEL: "6"}
    await strict_api.client.patch(f"{PATH}{number}/", {"default_settings": same, "description": "other"})
    device.model.parameters[SSID].value = "strayed"
    assert sets(await device.run_session()) == {}


async def test_how_often_devices_are_to_inform_is_pushed_when_it_changes(strict_api: Api) -> None:
    number = await make(strict_api, BARE | {"onboarding": ONBOARDING})
    device = factory_fresh(strict_api)
    await device.run_session()
    await device.run_session()
    await strict_api.client.patch(f"{PATH}{number}/", {"update_frequency": 777})
    await device.run_session()
    assert device.model.value("Device.ManagementServer.PeriodicInformInterval") == "777"


async def test_another_password_takes_the_place_of_the_first(strict_api: Api) -> None:
    number = await make(strict_api, BARE | {"onboarding": ONBOARDING})
    await strict_api.client.patch(f"{PATH}{number}/", {"onboarding": {"password": "another"}})
    assert not (await factory_fresh(strict_api).run_session()).is_acknowledged
    assert (await factory_fresh(strict_api, "another").run_session()).is_acknowledged
    await strict_api.client.patch(f"{PATH}{number}/", {"onboarding": {"enabled": False}})
    strict_api.served.clock.advance(60)
    assert not (await factory_fresh(strict_api, "another").run_session()).is_acknowledged


async def test_what_was_not_told_before_a_stop_is_told_by_the_sweep(strict_api: Api) -> None:
    number = await make(strict_api, BARE | {"onboarding": ONBOARDING})
    device = factory_fresh(strict_api)
    await device.run_session()
    await device.run_session()
    tools = strict_api.served.server.services.tools
    await tools.wanted.put_of_type(number, [WantedValue(SSID, "home", None, "a uuid")], 0.0)
    assert sets(await device.run_session()) == {}
    await strict_api.served.sweep()
    assert sets(await device.run_session()) == {SSID: "home"}
