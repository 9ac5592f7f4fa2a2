"""What may be said of settings, and what is wrong with the rest."""

import pytest

from tests.api.conftest import Api
from tests.api.routers import router
from tests.api.wishes import (
    CHANNEL,
    ENABLE,
    INTERVAL,
    SSID,
    VENDOR,
    VERSION,
    audited,
    path_of,
    setting,
    values,
)
from tests.contract.opened import Probe
from tests.e2e.device import Parameter


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"variable_name", "value"}),
        ("text", {"body"}),
        ({"settings": {}}, {"settings"}),
        ({"settings": [], "more": 1}, {"more"}),
        (setting(SSID, "a", colour="red"), {"colour"}),
        ([setting(SSID, "a"), {"variable_name": CHANNEL}], {"[1].value"}),
        ({"settings": [setting("Device.WiFi.", "a")]}, {"settings[0].variable_name"}),
        (setting("Device.WiFi.SSID.*.SSID", "a"), {"variable_name"}),
        (setting("Device.WiFi.SSID.{i}.SSID", "a"), {"variable_name"}),
        (setting("Device.WiFi", "a"), None),
        (setting("", "a"), {"variable_name"}),
        (setting(VERSION, "2.0"), {"variable_name"}),
        (setting(CHANNEL, "eleven"), {"value"}),
        (setting(CHANNEL, "-1"), {"value"}),
        (setting(ENABLE, "perhaps"), {"value"}),
        (setting(SSID, "a", value_type="integer"), {"value"}),
        (setting(INTERVAL, "0"), {"value"}),
        (setting(INTERVAL, "often"), {"value"}),
        ([setting(SSID, "a"), setting(CHANNEL, 1), setting(SSID, "b")], {"[0].variable_name", "[2].variable_name"}),
        ([setting(CHANNEL, "x"), setting(ENABLE, "y"), setting(VERSION, "z")],
         {"[0].value", "[1].value", "[2].variable_name"}),
        ({"parameter": SSID, "variable_name": SSID, "value": "a"}, {"body"}),
        ({"parameter": 7, "value": "a"}, {"variable_name"}),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named_and_nothing_is_changed(
    sqlite_api: Api, method: str, body: object, errors: set[str] | None
) -> None:
    api = sqlite_api
    device = await router(api)
    await api.client.put(path_of(device), setting(SSID, "mine"))
    said = await api.client.ask(method, path_of(device), body)
    if errors is None:
        assert said.status == 200, "a parameter that no model knows"
        return
    assert (said.status, set(said.errors)) == (400, errors)
    assert values(await api.client.get(path_of(device))) == {SSID: "mine"}
    assert len(await audited(api, device)) == 1


async def test_a_repeated_setting_names_both_places(sqlite_api: Api) -> None:
    device = await router(sqlite_api)
    said = await sqlite_api.client.put(path_of(device), [setting(SSID, "a"), setting(SSID, "b")])
    (first,), (second,) = said.errors.values()
    assert first == second == f"{SSID} is named more than once: [0].variable_name, [1].variable_name"


async def test_put_takes_no_null(sqlite_api: Api) -> None:
    device = await router(sqlite_api)
    said = await sqlite_api.client.put(path_of(device), [setting(SSID, None)])
    assert (said.status, set(said.errors)) == (400, {"[0].value"})


async def test_what_the_device_says_of_a_parameter_counts_more_than_the_data_model(api: Api, probe: Probe) -> None:
    device = await router(api, {VENDOR: Parameter("1", "unsignedInt")})
    said = await api.client.put(path_of(device), [setting(VENDOR, "x"), setting(CHANNEL, "auto")])
    assert set(said.errors) == {"[0].value", "[1].value"}
    await probe.execute("UPDATE parameter SET type = 'string', writable = TRUE")
    said = await api.client.put(path_of(device), [setting(CHANNEL, "auto"), setting(VERSION, "2.0")])
    assert values(said) == {VERSION: "2.0", CHANNEL: "auto"}
    await probe.execute("UPDATE parameter SET writable = FALSE")
    said = await api.client.put(path_of(device), [setting(CHANNEL, "auto"), setting(VENDOR, "2")])
    assert set(said.errors) == {"[0].variable_name", "[1].variable_name"}


async def test_a_parameter_may_be_named_as_the_rows_do(api: Api) -> None:
    device = await router(api)
    said = await api.client.put(path_of(device), {"parameter": {"variable_name": SSID}, "value": "a"})
    assert values(said) == {SSID: "a"}
    said = await api.client.patch(path_of(device), [{"parameter": CHANNEL, "value": 1}])
    assert values(said) == {CHANNEL: "1", SSID: "a"}
