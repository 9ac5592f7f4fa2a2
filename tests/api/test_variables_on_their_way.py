"""Variables that the device is asked for first, and those that are going to be set; on both databases."""

import asyncio

import pytest

from acs.domain.token import Role
from tests.api.client import Said
from tests.api.conftest import Api
from tests.api.routers import name_of, router
from tests.api.test_variables import path_of
from tests.api.wishes import CHANNEL, CLEAR, ENABLE, SECRET, SSID, setting
from tests.api.wishes import path_of as settings_of
from tests.e2e.device import Parameter, ScriptedDevice

MORE = {SECRET: Parameter(CLEAR), "Device.WiFi.SSID.2.SSID": Parameter("guests")}


async def asked(api: Api, device: ScriptedDevice, query: str) -> tuple[Said, list[str]]:
    """What is answered while the device comes when it is called, and what it was asked for."""
    before = len(api.served.calls.targets)
    asking = asyncio.create_task(api.client.get(path_of(device, f"?force_update=true&{query}")))
    await api.served.calls.made(before + 1)
    log = await device.run_session()
    names = [name for rpc in log.rpcs if rpc.method == "GetParameterValues" for name in rpc.strings()]
    return await asking, names


def shown(said: Said) -> dict[str, str | None]:
    """The values by name."""
    assert said.status == 200, said.json
    return {row["name"]: row["value"] for row in said.json["results"]}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        (f"parameter__variable_name={SSID},{CHANNEL}", [CHANNEL, SSID]),
        ("parameter__variable_name=Device.WiFi.SSID.1.", ["Device.WiFi.SSID.1."]),
        ("parameter__name=Device.WiFi.SSID.{i}.SSID", ["Device.WiFi.SSID."]),
        (f"parameter__name={SSID}", [SSID]),
        ("wildcard=Device.WiFi.SSID.*.SSID", ["Device.WiFi.SSID."]),
        ("wildcard=Device.WiFi.SSID.", ["Device.WiFi.SSID."]),
        ("wildcard=*SSID", ["Device."]),
        ("parameter__short_name=ssid", [SSID, "Device.WiFi.SSID.2.SSID"]),
        ("parameter__short_name=unheard", ["Device."]),
        ("limit=3", ["Device."]),
    ],
)
async def test_the_device_is_asked_for_no_less_than_is_meant(sqlite_api: Api, query: str, names: list[str]) -> None:
    device = await router(sqlite_api, MORE)
    said, read = await asked(sqlite_api, device, query)
    assert sorted(read) == names
    assert (said.status, said.headers["X-Fresh"]) == (200, "true")


async def test_what_the_device_answers_is_what_is_shown(api: Api) -> None:
    device = await router(api, MORE)
    device.model.parameters[SSID].value = "changed by hand"
    assert shown(await api.client.get(path_of(device, f"?parameter__variable_name={SSID}"))) == {SSID: "home"}
    said, _ = await asked(api, device, f"parameter__variable_name={SSID},{SECRET}")
    assert shown(said) == {SECRET: "********", SSID: "changed by hand"}
    view = await api.served.view(said.headers["X-Operation-ID"])
    assert (view.record.kind, view.record.state.value) == ("get", "completed")
    assert view.record.actor.endswith("(first)")
    (entry,) = (await api.client.get(f"/audit_log/?resource=operation&resource_id={view.record.public_id}")).json[
        "results"
    ]
    assert entry["after"]["variables"] == [{"variable_name": SSID}, {"variable_name": SECRET}]


async def test_a_device_that_does_not_come_is_not_waited_for_for_ever_and_is_in_nobodys_way(api: Api) -> None:
    device = await router(api)
    device.model.parameters[SSID].value = "changed by hand"
    said = await api.client.get(path_of(device, f"?force_update=1&wait=0&parameter__variable_name={SSID}"))
    assert (said.headers["X-Fresh"], shown(said)) == ("false", {SSID: "home"})
    asked_for = await api.client.put(f"/inventory_device_name_operation/{name_of(device)}/", {"operation": "reboot"})
    assert asked_for.status == 200, "only a user's operation is a reason for a 409"
    await api.served.sweep(61)
    assert (await api.served.view(said.headers["X-Operation-ID"])).record.state.value == "expired"


async def test_a_device_that_refuses_leaves_what_is_known(api: Api) -> None:
    device = await router(api)
    said, _ = await asked(api, device, "parameter__variable_name=Device.Nothing.Here")
    assert (said.headers["X-Fresh"], shown(said)) == ("false", {})


async def test_what_cannot_be_asked_is_a_400_and_who_only_reads_asks_nobody(api: Api) -> None:
    device = await router(api)
    for query, field in (
        ("force_update=true&wait=0&parameter__variable_name=Device.WiFi.SSID.*.SSID", "parameter__variable_name"),
        ("force_update=true&wait=61", "wait"),
        ("force_update=now", "force_update"),
    ):
        said = await api.client.get(path_of(device, f"?{query}"))
        assert (said.status, set(said.errors)) == (400, {field})
    viewer = await api.token(Role.VIEWER)
    assert (await viewer.get(path_of(device, "?force_update=true"))).status == 403
    assert (await viewer.get("/inventory_device_name_variables/nobody/?force_update=true")).status == 403
    assert api.served.calls.targets == []


async def test_what_is_going_to_be_set_is_told_when_asked(api: Api) -> None:
    device = await router(api, MORE)

    async def pending() -> dict[str, str | None]:
        rows = (await api.client.get(path_of(device, "?pending=true"))).json["results"]
        assert all(row["pending"] is (row["pending_value"] is not None) for row in rows)
        return {row["name"]: row["pending_value"] for row in rows if row["pending"]}

    assert await pending() == {}
    await api.client.put(path_of(device), [setting(SSID, "first"), setting(CHANNEL, 11), setting(SECRET, "another")])
    await api.client.put(path_of(device), setting(CHANNEL, 1))
    await api.client.put(settings_of(device), [setting(SSID, "in the long run"), setting(ENABLE, True)])
    assert await pending() == {CHANNEL: "1", SECRET: "********", SSID: "in the long run"}
    await device.run_session()
    assert await pending() == {}
    row = (await api.client.get(path_of(device, f"?parameter__name={SSID}"))).json["results"][0]
    assert row["value"] == "in the long run"
    assert "pending" not in row
