"""Operations on one device: begun by one word while it is Up, or queued by a flag whatever it is."""

import asyncio
import re
from typing import Any

import pytest

from acs.domain.operation import OperationKind, Variable
from acs.domain.queue import OperationState, Origin
from acs.services.operations import Terms
from acs.services.wanted import NewSetting
from tests.api.client import Said
from tests.api.conftest import Api
from tests.api.inventory import PATH, make
from tests.e2e.device import ScriptedDevice

WORDS = ("reboot", "factory", "device_factory", "sync", "reconf")
OPERATION = "/inventory_device_name_operation/"
SSID = "Device.WiFi.SSID.1.SSID"


async def up(api: Api, name: str = "a", serial: str = "S1") -> ScriptedDevice:
    """A device that is Up and called so."""
    await make(api, name, serial_number=serial)
    device = api.served.device(serial=serial)
    await device.run_session()
    return device


async def begin(api: Api, word: str, name: str = "a") -> Said:
    return await api.client.put(f"{OPERATION}{name}/", {"operation": word})


@pytest.mark.parametrize("word", WORDS)
async def test_each_word_begins_its_operation(api: Api, word: str) -> None:
    await up(api)
    said = await begin(api, word)
    assert said.status == 200
    assert set(said.json) == {
        "id", "operation", "device_name", "status", "timestamp", "execution_id", "estimated_completion",
    }  # fmt: skip
    view = await api.served.view(said.json["execution_id"])
    assert said.json["id"] == view.record.id
    assert (said.json["operation"], said.json["device_name"], said.json["status"]) == (word, "a", "initiated")
    assert said.json["timestamp"] == "2027-01-15T08:00:00Z" < said.json["estimated_completion"]
    assert re.fullmatch(r"op_[0-9a-f]+", said.json["execution_id"])
    assert (view.record.kind, view.record.origin) == (word, Origin.USER)
    assert re.fullmatch(r"token \d+ \(first\)", view.record.actor)
    await api.served.calls.made(1)


@pytest.mark.parametrize(
    ("family", "place"),
    [("_name", "a"), ("", "{id}"), ("_serial", "S1")],
)
async def test_each_family_begins_operations(sqlite_api: Api, family: str, place: str) -> None:
    device = await up(sqlite_api)
    place = place.format(id=await sqlite_api.served.id_of(device))
    path = f"/inventory_device{family}_operation/{place}/"
    assert (await sqlite_api.client.put(path, {"operation": "sync"})).status == 200
    assert (await sqlite_api.client.put(path.replace(place, "999"), {"operation": "sync"})).status == 404
    assert (await sqlite_api.client.get(path)).status == 405


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"operation": "explode"}, "operation"),
        ({"operation": "Reboot"}, "operation"),
        ({"operation": None}, "operation"),
        ({}, "operation"),
        ({"operation": "reboot", "force": True}, "force"),
        ([], "body"),
    ],
)
async def test_what_is_no_operation_is_refused(sqlite_api: Api, body: Any, field: str) -> None:
    await up(sqlite_api)
    said = await sqlite_api.client.put(f"{OPERATION}a/", body)
    assert (said.status, set(said.errors)) == (400, {field})


async def test_a_device_that_is_down_is_a_conflict(api: Api) -> None:
    await make(api, "a")
    said = await begin(api, "reboot")
    assert (said.status, said.json["detail"]) == (409, "the device is Down")
    assert (await api.client.get("/audit_log/?resource=operation")).json["count"] == 0


async def test_another_one_that_is_open_is_a_conflict_that_names_it(api: Api) -> None:
    device = await up(api)
    first = (await begin(api, "sync")).json
    said = await begin(api, "reboot")
    assert (said.status, said.json["execution_id"], said.json["operation"]) == (409, first["execution_id"], "sync")
    assert first["execution_id"] in said.json["detail"]
    await device.run_session()
    assert (await begin(api, "reboot")).status == 200
    log = (await api.client.get("/audit_log/?resource=operation")).json
    assert log["count"] == 2, "what was refused was not asked for"


async def test_of_many_at_once_one_is_begun(api: Api) -> None:
    await up(api)
    said = await asyncio.gather(*(begin(api, word) for word in WORDS))
    assert sorted(each.status for each in said) == [200, 409, 409, 409, 409]


async def test_what_the_server_does_and_what_is_for_later_is_in_nobodys_way(api: Api) -> None:
    device = await up(api)
    await api.served.queue(device, OperationKind.SYNC, terms=Terms(origin=Origin.SERVER))
    later = Terms(scheduled_at=api.served.clock.wall() + 3_600)
    await api.served.queue(device, OperationKind.GET, Variable(SSID), terms=later)
    assert (await begin(api, "reboot")).status == 200


async def test_a_reboot_is_done_when_the_device_has_booted(api: Api) -> None:
    device = await up(api)
    public_id = (await begin(api, "reboot")).json["execution_id"]
    assert (await api.client.get(f"{PATH}a/")).json["pending_settings"] == "reboot_pending"
    await device.run_session()
    assert (await api.client.get(f"{PATH}a/")).json["pending_settings"] == "reboot_pending"
    await device.run_session()
    assert (await api.served.view(public_id)).record.state is OperationState.COMPLETED
    assert (await api.client.get(f"{PATH}a/")).json["pending_settings"] is None


async def test_flags_queue_operations_for_a_device_that_is_absent_and_never_conflict(api: Api) -> None:
    number = await make(api, "a")
    flags = dict.fromkeys(WORDS, True)
    said = await api.client.patch(f"{PATH}a/", flags)
    assert said.status == 200
    assert not set(WORDS) & set(said.json), "they are write-only"
    words = "configuration_sync,reboot_pending,factory_reset_pending,reconfiguration"
    assert said.json["pending_settings"] == words
    assert (await api.client.patch(f"{PATH}a/", flags)).status == 200
    replaced = await api.client.put(f"{PATH}a/", {"name": "a", "reboot": True, "sync": False, "factory": None})
    assert replaced.status == 200
    queued = await api.served.server.services.tools.operations.of_device(number, before=2**62, most=99)
    kinds = ["sync", "reconf", "reboot", "factory", "device_factory"]
    assert [each.kind for each in reversed(queued)] == [*kinds, *kinds, "reboot"]
    assert {each.origin for each in queued} == {Origin.USER}
    assert (await api.client.patch(f"{PATH}a/", {"reboot": "yes"})).errors.keys() == {"reboot"}


async def test_a_change_that_is_refused_queues_nothing(api: Api) -> None:
    number = await make(api, "a")
    await make(api, "b")
    said = await api.client.patch(f"{PATH}a/", {"name": "b", "reboot": True})
    assert said.status == 409
    assert await api.served.server.services.tools.operations.of_device(number, before=2**62, most=9) == []


async def test_a_device_factory_drops_the_devices_own_settings_and_what_was_read_of_it(api: Api) -> None:
    device = await up(api)
    device_id = await api.served.id_of(device)
    services = api.served.server.services
    await services.wanted.put(device_id, [NewSetting(SSID, "wanted")])
    await device.run_session()
    assert device.model.parameters[SSID].value == "wanted"
    assert await services.tools.parameters.known(device_id, [SSID])
    public_id = (await begin(api, "device_factory")).json["execution_id"]
    log = await device.run_session()
    assert log.methods == ("FactoryReset",)
    assert await services.tools.wanted.effective(device_id) == []
    assert await services.tools.parameters.known(device_id, [SSID]) == []
    await device.run_session()
    assert (await services.operations.view(public_id)).record.state is OperationState.COMPLETED
