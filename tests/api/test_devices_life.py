"""The life of a device that is registered first and calls later, over real sockets, with its login."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from acs.domain.operation import OperationKind
from tests.api.client import ADMIN, Client
from tests.api.conftest import Api
from tests.api.inventory import PATH, device_type, make
from tests.e2e.device import EndedBy, ScriptedDevice
from tests.e2e.serving import serving

INTERVAL = "Device.ManagementServer.PeriodicInformInterval"
SSID = "Device.WiFi.SSID.1.SSID"
RESET = (("0 BOOTSTRAP", ""), ("1 BOOT", ""))


@pytest.fixture
async def api(database_url: str, tmp_path: Path) -> AsyncIterator[Api]:
    """An API of a server that lets in only whom it knows."""
    ways: dict[str, Any] = {"bootstrap_token": ADMIN, "api_rate": 100_000, "api_burst": 100_000}
    async with (
        serving(database_url, tmp_path, onboarding="reject", **ways) as served,
        aiohttp.ClientSession() as session,
    ):
        served.clock.advance(10)
        yield Api(served, Client(served.server.api_ports[0], session))


def router(api: Api, username: str = "u", password: str = "p", serial: str = "S1") -> ScriptedDevice:
    return api.served.device(serial=serial, username=username, password=password)


async def shown(api: Api, name: str = "a") -> Any:
    return (await api.client.get(f"{PATH}{name}/")).json


async def test_it_is_matched_by_its_serial_number_and_login_and_filled_in(api: Api) -> None:
    number = await make(api, "a", serial_number="S1", username="u", password="p")
    before = await shown(api)
    api.served.clock.advance(5)
    assert (await router(api).run_session(RESET)).is_acknowledged
    now = "2027-01-15T08:00:15Z"
    assert await shown(api) == before | {
        "status": "Up",
        "status_change": now,
        "last_connection": now,
        "last_change": now,
        "software_version": "1.0",
        "hardware_version": "A1",
        "manufacturer": "Zyxel",
        "oui": "00D09E",
        "product_class": "EX5501",
        "unique_identifier": "00D09E-EX5501-S1",
        "cwmp_version": "1.2",
        "address": "127.0.0.1",
    }
    assert before["id"] == number
    assert (await api.client.get(PATH)).json["count"] == 1


@pytest.mark.parametrize(
    "said",
    [{"oui": "00D09E"}, {"oui": "00D09E", "product_class": "EX5501"}, {"product_class": "EX5501"}],
    ids="+".join,
)
async def test_it_is_matched_by_more_where_more_is_said(api: Api, said: dict[str, str]) -> None:
    await make(api, "other", serial_number="S1", oui="00AABB", username="u", password="p")
    await make(api, "a", serial_number="S1", username="u", password="p", **said)
    assert (await router(api).run_session()).is_acknowledged
    assert (await shown(api))["status"] == "Up"
    assert (await shown(api, "other"))["status"] == "Down"


@pytest.mark.parametrize(("username", "password"), [("u", "wrong"), ("v", "p"), ("", "")])
async def test_without_the_right_login_it_stays_out(api: Api, username: str, password: str) -> None:
    await make(api, "a", serial_number="S1", username="u", password="p")
    device = router(api, username, password) if username else api.served.device(serial="S1")
    assert not (await device.run_session()).is_acknowledged
    assert (await shown(api))["status"] == "Down"


async def test_a_login_of_another_device_lets_it_be_nobody_else(api: Api) -> None:
    await make(api, "a", serial_number="S1", username="u", password="p")
    await make(api, "b", serial_number="S2", username="v", password="q")
    assert not (await router(api, "v", "q").run_session()).is_acknowledged
    assert (await router(api, "v", "q", "S2").run_session()).is_acknowledged


async def test_devices_may_share_a_login(api: Api) -> None:
    for number in (1, 2, 3):
        await make(api, f"a{number}", serial_number=f"S{number}", username="u", password="p")
    for number in (3, 1, 2, 3):
        assert (await router(api, serial=f"S{number}").run_session()).is_acknowledged
    await api.client.patch(f"{PATH}a2/", {"password": "its own"})
    assert not (await router(api, serial="S2").run_session()).is_acknowledged
    api.served.clock.advance(2)
    assert (await router(api, password="its own", serial="S2").run_session()).is_acknowledged
    assert (await router(api, serial="S3").run_session()).is_acknowledged


async def test_a_new_password_is_good_at_once_and_the_old_one_no_more(api: Api) -> None:
    await make(api, "a", serial_number="S1", username="u", password="p")
    assert (await router(api).run_session()).is_acknowledged
    assert (await api.client.patch(f"{PATH}a/", {"password": "new"})).status == 200
    api.served.clock.advance(2)
    assert not (await router(api).run_session()).is_acknowledged
    assert (await router(api, "u", "new").run_session()).is_acknowledged


async def test_put_keeps_a_password_that_it_does_not_say_and_an_empty_one_is_none(api: Api) -> None:
    await make(api, "a", serial_number="S1", username="u", password="p")
    assert (await api.client.put(f"{PATH}a/", {"name": "a", "serial_number": "S1"})).json["username"] == "u"
    assert (await router(api).run_session()).is_acknowledged
    said = {"name": "a", "serial_number": "S1", "oui": "00D09E", "product_class": "EX5501", "username": "v"}
    assert (await api.client.put(f"{PATH}a/", said)).json["username"] == "v"
    api.served.clock.advance(2)
    assert not (await router(api).run_session()).is_acknowledged
    assert (await router(api, "v").run_session()).is_acknowledged
    assert (await api.client.patch(f"{PATH}a/", {"password": ""})).json["username"] == "v"
    api.served.clock.advance(2)
    assert not (await router(api, "v").run_session()).is_acknowledged
    assert (await api.client.patch(f"{PATH}a/", {"password": "late"})).json["username"] == "v"
    api.served.clock.advance(2)
    assert (await router(api, "v", "late").run_session()).is_acknowledged
    assert (await api.client.patch(f"{PATH}a/", {"username": ""})).json["username"] == ""
    api.served.clock.advance(2)
    assert not (await router(api, "v", "late").run_session()).is_acknowledged


async def test_a_name_without_a_password_lets_nobody_in(api: Api) -> None:
    await make(api, "a", serial_number="S1", username="u")
    assert not (await router(api, "u", "").run_session()).is_acknowledged
    assert (await api.client.put(f"{PATH}a/", {"name": "a", "serial_number": "S1"})).json["username"] == ""


async def test_its_next_inform_sees_what_was_changed(api: Api) -> None:
    await make(api, "a", serial_number="S1", username="u", password="p")
    device = router(api)
    await device.run_session()
    await device.run_session()
    assert (await api.client.patch(f"{PATH}a/", {"is_active": False})).status == 200
    assert not (await device.run_session()).is_acknowledged
    await api.client.patch(f"{PATH}a/", {"is_active": True, "update_frequency": 900})
    assert (await shown(api))["pending_settings"] == "parameter_changes"
    assert "SetParameterValues" in (await device.run_session()).methods
    assert device.model.parameters[INTERVAL].value == "900"
    assert (await shown(api))["pending_settings"] is None
    assert (await device.run_session()).methods == ()


async def test_an_inform_counts_once_and_is_told_once_though_its_device_was_changed_just_before(api: Api) -> None:
    await make(api, "a", serial_number="S1", username="u", password="p")
    device, contacts = router(api), api.served.server.services.tools.contacts
    for _ in range(2):
        await device.run_session()
    await api.client.patch(f"{PATH}a/", {"description": "changed"})
    await device.run_session([("1 BOOT", "")])
    row = await api.served.id_of(device)
    contact = await contacts.of_device(row)
    assert contact is not None
    assert contact.informs == 3
    told = [
        entry.subject for _, _, entry in await contacts.history(row, before=2**62, most=100) if entry.kind == "inform"
    ]
    assert told == ["1 BOOT"]


async def test_an_update_frequency_that_it_was_registered_with_is_pushed_at_its_first_call(api: Api) -> None:
    await make(api, "a", serial_number="S1", username="u", password="p", update_frequency=900)
    device = router(api)
    await device.run_session(RESET)
    assert device.model.parameters[INTERVAL].value == "900"


async def test_another_type_brings_its_settings(api: Api) -> None:
    number = await device_type(api, "t", default_settings=[{"variable_name": SSID, "value": "from the type"}])
    await make(api, "a", serial_number="S1", username="u", password="p")
    device = router(api)
    await device.run_session()
    said = await api.client.patch(f"{PATH}a/", {"type": number})
    assert (said.json["type_short_name"], said.json["pending_settings"]) == ("t", "parameter_changes")
    await device.run_session()
    assert device.model.parameters[SSID].value == "from the type"
    assert (await shown(api))["last_configuration"] is not None


async def test_an_operation_that_was_queued_before_it_ever_called_is_done_when_it_does(api: Api) -> None:
    await make(api, "a", serial_number="S1", username="u", password="p")
    await api.client.patch(f"{PATH}a/", {"reboot": True})
    device = router(api)
    await device.run_session()
    assert len(device.journal.carried_out("Reboot")) == 1
    await device.run_session()
    assert (await shown(api))["pending_settings"] is None


async def test_one_that_is_deleted_stays_out(api: Api) -> None:
    await make(api, "a", serial_number="S1", username="u", password="p")
    device = router(api)
    await device.run_session()
    await device.run_session()
    await api.client.delete(f"{PATH}a/")
    assert (await device.run_session()).ended_by is EndedBy.REFUSED
    assert (await api.client.get(PATH)).json["count"] == 0


async def test_one_that_is_deleted_in_its_session_does_not_come_back(api: Api) -> None:
    await make(api, "a", serial_number="S1", username="u", password="p")
    device = router(api)
    await device.run_session()
    await api.served.queue(device, OperationKind.SYNC)
    await device.inform()
    asked = await device.empty_post()
    assert asked.method == "GetParameterValues"
    await api.client.delete(f"{PATH}a/")
    assert (await device.answer(asked)).status in {401, 503}
    await device.close()
    assert not (await device.run_session()).is_acknowledged
    assert (await api.client.get(PATH)).json["count"] == 0


async def test_one_that_is_deleted_in_its_session_and_registered_again_comes_in_again(api: Api) -> None:
    device = router(api)
    for _ in range(2):
        await make(api, "a", serial_number="S1", username="u", password="p")
        await device.run_session()
        await api.served.queue(device, OperationKind.SYNC)
        await device.inform()
        asked = await device.empty_post()
        assert asked.method == "GetParameterValues"
        await api.client.delete(f"{PATH}a/")
        assert (await device.answer(asked)).status in {401, 503}
        await device.close()
    await make(api, "a", serial_number="S1", username="u", password="p")
    assert (await device.run_session()).is_acknowledged


async def test_one_that_is_deleted_and_registered_again_comes_in_again(api: Api) -> None:
    device = router(api)
    for _ in range(3):
        await make(api, "a", serial_number="S1", username="u", password="p")
        assert (await device.run_session()).is_acknowledged
        # It tells another interval: what was known of it is looked up anew at its next call.
        await device.run_session(parameters={INTERVAL: "1800"})
        assert (await api.client.delete(f"{PATH}a/")).status == 204


async def test_a_device_that_comes_in_by_itself_is_called_after_what_it_is(database_url: str, tmp_path: Path) -> None:
    async with (
        serving(database_url, tmp_path, bootstrap_token=ADMIN, onboarding="open") as served,
        aiohttp.ClientSession() as session,
    ):
        api = Api(served, Client(served.server.api_ports[0], session))
        await make(api, "00D09E-EX5501-S1")
        await served.device(serial="S1").run_session()
        await served.device(serial="S2", product_class="").run_session()
        names = {each["name"]: each for each in (await api.client.get(PATH)).json["results"]}
        assert set(names) == {"00D09E-EX5501-S1", "00D09E-EX5501-S1-2", "00D09E-S2"}
        assert names["00D09E-EX5501-S1-2"]["status"] == "Up"


async def test_a_password_that_is_null_is_one_that_is_not_said(api: Api) -> None:
    await make(api, "a", serial_number="S1", username="u", password="p")
    whole = {**await shown(api), "password": None}
    assert (await api.client.put(f"{PATH}a/", whole)).json["username"] == "u"
    assert (await api.client.patch(f"{PATH}a/", {"password": None})).json["username"] == "u"
    assert (await router(api).run_session()).is_acknowledged
    assert (await api.client.patch(f"{PATH}a/", {"password": ""})).status == 200
    assert not (await router(api).run_session()).is_acknowledged
