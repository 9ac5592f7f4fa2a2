"""What devices are to have, through the API: put, merged, dropped, pushed, and what became of it; on both databases."""

import json
from urllib.parse import quote

import pytest

from acs.domain.inventory import DeviceTypeDetails
from acs.domain.operation import OperationKind, Variable
from acs.domain.token import Role
from acs.services.device_types import TypeWish
from acs.services.wanted import NewSetting
from tests.api.conftest import Api
from tests.api.routers import name_of, router, tell
from tests.api.wishes import (
    CHANNEL,
    CLEAR,
    ENABLE,
    INTERVAL,
    SECRET,
    SSID,
    VENDOR,
    audited,
    given,
    history,
    path_of,
    rows,
    setting,
    states,
    values,
)
from tests.contract.opened import Probe
from tests.e2e.device import Parameter
from tests.e2e.envelopes import Fault


async def test_a_setting_is_shown_whole_pushed_in_the_next_session_and_then_applied(api: Api) -> None:
    device = await router(api)
    number = await api.served.id_of(device)
    said = await api.client.put(path_of(device), setting(SSID, "mine", value_type="string"))
    row = rows(said)[SSID]
    assert row == {
        "id": row["id"],
        "parent_id": number,
        "parameter": {
            "id": row["parameter"]["id"],
            "variable_name": SSID,
            "name": "Device.WiFi.SSID.{i}.SSID",
            "short_name": "SSID",
        },
        "value": "mine",
        "value_type": "string",
        "pending": True,
        "state": "pending",
        "fault": None,
        "is_own": True,
        "last_updated": "2027-01-15T08:00:00Z",
    }
    assert isinstance(row["id"], int)
    assert (said.json["count"], said.json["next"], said.json["previous"]) == (1, None, None)
    assert (await api.client.get(path_of(device))).json == said.json
    await api.served.sweep(60)
    assert api.served.calls.targets == [], "nobody is called for it"
    assert await given(device) == [{SSID: "mine"}]
    assert states(await api.client.get(path_of(device))) == {SSID: "applied"}
    assert await given(device) == []
    device.model.parameters[SSID].value = "changed by hand"
    await tell(device)
    assert device.model.value(SSID) == "mine", "a drift that the device tells is corrected"


async def test_a_device_can_be_called_for_its_settings(api: Api) -> None:
    device = await router(api)
    await api.client.patch(path_of(device, "?connection_request=true"), setting(SSID, "mine"))
    await api.served.calls.made(1)
    assert (await api.client.delete(path_of(device, f"?connection_request=1&parameter__name={SSID}"))).status == 204
    await api.served.calls.made(2)


async def test_what_the_device_has_already_is_applied_from_the_beginning(api: Api) -> None:
    device = await router(api)
    said = await api.client.put(path_of(device), [setting(SSID, "home"), setting(ENABLE, True), setting(CHANNEL, 6)])
    assert set(states(said).values()) == {"applied"}
    assert await given(device) == []


async def test_a_refused_setting_says_why_and_is_tried_again_when_it_is_put_again(api: Api) -> None:
    device = await router(api)
    device.model.parameters[SSID].invalid = lambda value: len(value) > 8
    await api.client.put(path_of(device), [setting(SSID, "much too long"), setting(CHANNEL, "11")])
    await device.run_session()
    said = await api.client.get(path_of(device))
    assert states(said) == {CHANNEL: "applied", SSID: "refused"}
    assert rows(said)[SSID]["fault"] == "Invalid parameter value"
    assert await given(device) == []
    device.model.parameters[SSID].invalid = lambda _: False
    said = await api.client.patch(path_of(device), setting(SSID, "much too long"))
    assert states(said) == {CHANNEL: "applied", SSID: "pending"}
    assert rows(said)[SSID]["fault"] is None
    assert await given(device) == [{SSID: "much too long"}]
    assert states(await api.client.get(path_of(device))) == {CHANNEL: "applied", SSID: "applied"}


async def test_put_replaces_patch_merges_and_what_stays_is_not_due_again(api: Api) -> None:
    device = await router(api)
    first = rows(await api.client.put(path_of(device), [setting(SSID, "mine"), setting(CHANNEL, 11)]))
    assert await given(device) == [{CHANNEL: "11", SSID: "mine"}]
    api.served.clock.advance(60)
    said = await api.client.put(path_of(device), {"settings": [setting(SSID, "mine"), setting(ENABLE, False)]})
    assert values(said) == {ENABLE: "false", SSID: "mine"}
    assert states(said) == {ENABLE: "pending", SSID: "applied"}
    assert rows(said)[SSID] == first[SSID] | {"pending": False, "state": "applied"}
    assert rows(said)[ENABLE]["last_updated"] == "2027-01-15T08:01:00Z"
    said = await api.client.patch(path_of(device), [setting(CHANNEL, 1), setting(ENABLE, None), setting(VENDOR, None)])
    assert values(said) == {CHANNEL: "1", SSID: "mine"}
    assert await given(device) == [{CHANNEL: "1"}]
    assert values(await api.client.put(path_of(device), [])) == {}


async def test_delete_drops_what_the_query_means(api: Api) -> None:
    device = await router(api)
    await api.client.put(path_of(device), [setting(SSID, "mine"), setting(CHANNEL, 11), setting(ENABLE, 0)])
    for query, errors in (
        ("", {"parameter__variable_name"}),
        ("?parameter__variable_name=", {"parameter__variable_name"}),
    ):
        said = await api.client.delete(path_of(device, query))
        assert (said.status, set(said.errors)) == (400, errors)
    assert (await api.client.delete(path_of(device, f"?parameter__variable_name={VENDOR}"))).status == 404
    assert (await api.client.delete(path_of(device, f"?parameter__variable_name={SSID}"))).status == 204
    assert set(rows(await api.client.get(path_of(device)))) == {CHANNEL, ENABLE}
    assert (await api.client.delete(path_of(device, "?parameter__short_name=enable"))).status == 204
    assert (await api.client.delete(path_of(device, "?wildcard=Device.*"))).status == 204
    assert rows(await api.client.get(path_of(device))) == {}
    assert [each["action"] for each in await audited(api, device)] == ["delete", "delete", "delete", "update"]


async def test_what_the_type_wants_is_shown_and_the_devices_own_stands_over_it(api: Api, probe: Probe) -> None:
    device = await router(api)
    services = api.served.server.services
    wishes = [NewSetting(SSID, "of the type"), NewSetting(CHANNEL, "3")]
    number = await services.management.types.create(TypeWish(DeviceTypeDetails("home", "home"), None, wishes), 0.0)
    await services.tools.devices.set_type(await api.served.id_of(device), number, 0.0)
    said = await api.client.get(path_of(device))
    assert {path: (row["value"], row["is_own"]) for path, row in rows(said).items()} == {
        CHANNEL: ("3", False),
        SSID: ("of the type", False),
    }
    said = await api.client.put(path_of(device), setting(SSID, "its own"))
    assert {path: (row["value"], row["is_own"]) for path, row in rows(said).items()} == {
        CHANNEL: ("3", False),
        SSID: ("its own", True),
    }
    assert (await api.client.delete(path_of(device, f"?parameter__name={CHANNEL}"))).status == 404, "the type's"
    assert values(await api.client.put(path_of(device), [])) == {CHANNEL: "3", SSID: "of the type"}


async def test_a_change_is_one_entry_of_the_audit_log_and_one_of_the_history_for_each_setting(api: Api) -> None:
    device = await router(api)
    await api.client.put(path_of(device), [setting(SSID, "one"), setting(SECRET, CLEAR)])
    await api.client.put(path_of(device), [setting(SSID, "two")])
    await api.client.put(path_of(device), [setting(SSID, "two")])
    second, first = await audited(api, device)
    assert (first["before"], first["after"]) == ({SSID: None, SECRET: None}, {SSID: "one", SECRET: "********"})
    assert (second["before"], second["after"]) == ({SSID: "one", SECRET: "********"}, {SSID: "two", SECRET: None})
    assert first["actor"].endswith("(first)")
    told = await history(api, device)
    assert set(told[:2]) == {(SECRET, "********", None), (SSID, "one", "two")}
    assert set(told[2:]) == {(SECRET, None, "********"), (SSID, None, "one")}


async def test_a_secret_is_masked_everywhere_and_its_mask_stands_for_it(api: Api, probe: Probe) -> None:
    device = await router(api, {SECRET: Parameter("")})
    said = await api.client.put(path_of(device), [setting(SECRET, CLEAR), setting(SSID, "mine")])
    assert rows(said)[SECRET]["value"] == "********"
    assert states(said)[SECRET] == "pending"
    assert await given(device) == [{SECRET: CLEAR, SSID: "mine"}]
    said = await api.client.get(path_of(device))
    assert states(said)[SECRET] == "applied"
    back = [setting(path, row["value"]) for path, row in rows(said).items()]
    said = await api.client.put(path_of(device), back)
    assert rows(said)[SECRET]["state"] == "applied"
    assert await given(device) == []
    assert device.model.value(SECRET) == CLEAR
    await api.client.put(path_of(device), [])
    said = await api.client.put(path_of(device), setting(SECRET, "********"))
    assert (said.status, set(said.errors)) == (400, {"value"})
    content = await probe.content()
    assert [table for table, entries in content.items() if any(CLEAR in entry for entry in entries)] == []


async def test_an_inform_interval_and_the_update_frequency_are_one(api: Api, probe: Probe) -> None:
    device = await router(api)

    async def frequency() -> object:
        return await probe.value("SELECT update_frequency FROM device")

    said = await api.client.put(path_of(device), [setting(INTERVAL, "0600"), setting(SSID, "mine")])
    assert values(said) == {INTERVAL: "600", SSID: "mine"}
    assert await frequency() == 600
    assert await given(device) == [{INTERVAL: "600", SSID: "mine"}]
    assert states(await api.client.get(path_of(device))) == {INTERVAL: "applied", SSID: "applied"}
    await api.served.queue(device, OperationKind.SET, Variable(INTERVAL, "900", "integer"))
    assert await given(device) == [{INTERVAL: "900"}]
    assert await frequency() == 900
    said = await api.client.get(path_of(device))
    assert (values(said)[INTERVAL], rows(said)[INTERVAL]["is_own"]) == ("900", True)
    assert await given(device) == []
    said = await api.client.patch(
        path_of(device), setting("InternetGatewayDevice.ManagementServer.PeriodicInformInterval", 300)
    )
    assert values(said) == {INTERVAL: "300", SSID: "mine"}
    assert await frequency() == 300
    assert values(await api.client.put(path_of(device), setting(SSID, "mine"))) == {SSID: "mine"}
    assert await frequency() is None
    await probe.execute("UPDATE device SET update_frequency = 450, revision = revision + 1")
    assert values(await api.client.put(path_of(device), [])) == {INTERVAL: "450"}, "nobody has put it as a setting"
    assert rows(await api.client.get(path_of(device)))[INTERVAL]["id"] is None
    assert values(await api.client.patch(path_of(device), setting(INTERVAL, None))) == {}
    assert await frequency() is None


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (f"parameter__variable_name={SSID},{CHANNEL}", [CHANNEL, SSID]),
        ("parameter__variable_name=Device.WiFi.SSID.", [ENABLE, SSID]),
        ("parameter__name=Device.WiFi.SSID.{i}.SSID", [SSID]),
        ("parameter__short_name=ssid,CHANNEL", [CHANNEL, SSID]),
        ("wildcard=Device.WiFi.*.1.S*", [SSID]),
        ("pending=true", [CHANNEL]),
        ("pending=False", [ENABLE, SSID]),
        ("pending=0&parameter__short_name=enable", [ENABLE]),
        ("limit=2", [CHANNEL, ENABLE]),
        ("limit=2&offset=2", [SSID]),
        ("limit=0", []),
    ],
)
async def test_filters_and_pages(api: Api, query: str, expected: list[str]) -> None:
    device = await router(api)
    await api.client.put(path_of(device), [setting(SSID, "home"), setting(CHANNEL, 11), setting(ENABLE, 1)])
    assert list(rows(await api.client.get(path_of(device, f"?{query}")))) == expected


async def test_ten_thousand_settings_come_in_pages_by_offset_and_by_cursor(sqlite_api: Api) -> None:
    api, paths = sqlite_api, [f"Device.X_Vendor.Thing.{number}.Value" for number in range(10_000)]
    device = await router(api)
    said = await api.client.put(path_of(device), [setting(path, "v") for path in paths])
    assert said.json["count"] == 10_000
    one_more = await api.client.patch(path_of(device), setting(SSID, "mine"))
    assert (one_more.status, set(one_more.errors)) == (400, {"variable_name"})
    too_many = await api.client.put(path_of(device), [setting(path, "v") for path in [*paths, SSID]])
    assert (too_many.status, set(too_many.errors)) == (400, {"body"})
    first = await api.client.get(path_of(device, "?limit=1000"))
    behind = await api.client.get(path_of(device, f"?limit=1000&cursor={first.json['next_cursor']}"))
    second = await api.client.get(first.json["next"])
    assert list(rows(first)) + list(rows(second)) == sorted(paths)[:2000]
    assert rows(behind) == rows(second)


async def test_settings_wait_for_a_device_that_has_not_called_yet(api: Api) -> None:
    device = api.served.device()
    await device.run_session()
    assert states(await api.client.put(path_of(device), setting(SSID, "mine"))) == {SSID: "pending"}
    device.on_rpc["SetParameterValues"] = lambda _: Fault(9002, "Internal error")
    await device.run_session()
    del device.on_rpc["SetParameterValues"]
    assert states(await api.client.get(path_of(device))) == {SSID: "refused"}
    await api.served.queue(device, OperationKind.RECONF)
    await device.run_session()
    assert states(await api.client.get(path_of(device))) == {SSID: "applied"}


async def test_each_family_takes_its_key_in_the_path_and_any_in_the_query(api: Api) -> None:
    device = await router(api)
    number = await api.served.id_of(device)
    keys = {
        "parent_id": (str(number), "/inventory_device_setting/"),
        "parent__name": (quote(name_of(device)), "/inventory_device_name_setting/"),
        "parent__serial_number": (device.id.serial, "/inventory_device_serial_setting/"),
    }
    for turn, (value, own) in enumerate(keys.values()):
        for key, (other, _) in keys.items():
            for path in (f"{own}{value}/", f"{own}?{key}={other}"):
                text = f"{turn} {path}"
                assert values(await api.client.put(path, setting(SSID, text))) == {SSID: text}
                assert values(await api.client.get(path)) == {SSID: text}
                assert values(await api.client.patch(path, setting(SSID, None))) == {}
        for method, body in (("GET", None), ("PUT", []), ("PATCH", []), ("DELETE", None)):
            said = await api.client.ask(method, own, body)
            assert (said.status, set(said.errors)) == (400, set(keys))
            missing = (
                f"{own}?parent_id=99999&parameter__name={SSID}" if method == "DELETE" else f"{own}?parent_id=99999"
            )
            assert (await api.client.ask(method, missing, body)).status == 404


async def test_who_reads_may_not_change_and_nobody_sees_what_is_not_theirs(api: Api, probe: Probe) -> None:
    device = await router(api)
    mine, other = await api.organization("mine"), await api.organization("other")
    await probe.execute(f"UPDATE device SET organization_id = {mine}, revision = revision + 1")
    body, drop = setting(SSID, "new"), path_of(device, f"?parameter__name={SSID}")
    bound, stranger, viewer = (
        await api.token(Role.OPERATOR, mine), await api.token(Role.OPERATOR, other), await api.token(Role.VIEWER, mine)
    )  # fmt: skip
    assert values(await bound.put(path_of(device), body)) == {SSID: "new"}
    assert values(await viewer.get(path_of(device))) == {SSID: "new"}
    for client, status in ((stranger, 404), (viewer, 403)):
        assert (await client.put(path_of(device), body)).status == status
        assert (await client.patch(path_of(device), body)).status == status
        assert (await client.delete(drop)).status == status
    assert (await stranger.get(path_of(device))).status == 404
    assert (await viewer.put("/inventory_device_name_setting/nobody/", body)).status == 403, "before a 404"
    (entry,) = await audited(api, device)
    assert entry["organization_id"] == mine
    assert json.dumps(entry).count("new") == 1
    assert (await bound.delete(drop)).status == 204
