"""What devices say about their parameters, and sets that are queued, in all families and on both databases."""

import json
from urllib.parse import quote

import pytest

from acs.domain.contact import NewValue
from acs.domain.token import Role
from tests.api.client import Said
from tests.api.conftest import Api
from tests.api.routers import name_of, router, tell
from tests.contract.opened import Probe
from tests.e2e.device import Parameter, ScriptedDevice

SSID = "Device.WiFi.SSID.1.SSID"
GUEST = "Device.WiFi.SSID.2.SSID"
ENABLE = "Device.WiFi.SSID.1.Enable"
CHANNEL = "Device.WiFi.Radio.1.Channel"
SECRET = "Device.WiFi.AccessPoint.1.Security.KeyPassphrase"
CLEAR = "correct horse battery staple"
MORE = {GUEST: Parameter("guests"), SECRET: Parameter(CLEAR)}


def path_of(device: ScriptedDevice, query: str = "") -> str:
    """Where the variables of a device are, by name."""
    return f"/inventory_device_name_variables/{quote(name_of(device))}/{query}"


def names(said: Said) -> list[str]:
    """The names of the rows."""
    assert said.status == 200, said.json
    return [row["name"] for row in said.json["results"]]


async def test_all_that_a_device_has_told_comes_by_path_and_secrets_are_masked(api: Api) -> None:
    device = await router(api, MORE)
    said = await api.client.get(path_of(device))
    assert said.json == {
        "count": len(device.model.parameters),
        "next": None,
        "previous": None,
        "next_cursor": None,
        "results": [
            {
                "name": path,
                "variable_name": path,
                "value": "********" if path == SECRET else parameter.value,
                "type": parameter.type,
            }
            for path, parameter in sorted(device.model.parameters.items())
        ],
    }
    assert CLEAR.encode() not in said.octets


async def test_each_family_takes_its_key_in_the_path_and_any_in_the_query(api: Api) -> None:
    device = await router(api)
    number = await api.served.id_of(device)
    keys = {
        "parent_id": (number, "/inventory_device_variables/"),
        "parent__name": (quote(name_of(device)), "/inventory_device_name_variables/"),
        "parent__serial_number": (device.id.serial, "/inventory_device_serial_variables/"),
    }
    expected = (await api.client.get(path_of(device))).json["results"]
    assert expected
    for value, own in keys.values():
        assert (await api.client.get(f"{own}{value}/")).json["results"] == expected
        for key, (other, _) in keys.items():
            assert (await api.client.get(f"{own}?{key}={other}")).json["results"] == expected
    for _, own in keys.values():
        assert (await api.client.get(own)).errors.keys() == keys.keys()
        both = await api.client.get(f"{own}?parent_id={number}&parent__name={keys['parent__name'][0]}")
        assert (both.status, set(both.errors)) == (400, {"parent_id", "parent__name"})
    twice = await api.client.get(path_of(device, f"?parent_id={number}"))
    assert (twice.status, set(twice.errors)) == (400, {"parent_id"})


async def test_who_is_not_there_is_a_404_and_an_ambiguous_serial_number_a_409(api: Api) -> None:
    one = await router(api, serial="TWICE")
    other = api.served.device(serial="TWICE", oui="AABBCC")
    await other.run_session()
    numbers = [each.id for each in await api.served.server.services.tools.devices.by_serial_number("TWICE")]
    said = await api.client.get("/inventory_device_serial_variables/TWICE/")
    assert (said.status, said.json["ids"]) == (409, numbers)
    said = await api.client.put("/inventory_device_serial_variables/TWICE/", {"variable_name": SSID, "value": "a"})
    assert (said.status, said.json["ids"]) == (409, numbers)
    for path in (
        "/inventory_device_name_variables/nobody/",
        "/inventory_device_name_variables/?parent__name=nobody",
        "/inventory_device_variables/999999/",
        "/inventory_device_variables/abc/",
        "/inventory_device_variables/?parent_id=999999",
        "/inventory_device_serial_variables/nobody/",
    ):
        assert (await api.client.get(path)).status == 404, path
        assert (await api.client.put(path, {"variable_name": SSID, "value": "a"})).status == 404, path
    assert (await api.client.get("/inventory_device_variables/?parent_id=abc")).errors.keys() == {"parent_id"}
    assert one.id.serial == other.id.serial


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (f"parameter__variable_name={SSID}", [SSID]),
        (f"parameter__variable_name={SSID},{CHANNEL}", [CHANNEL, SSID]),
        (f"parameter__variable_name={SSID},Device.Nothing", [SSID]),
        ("parameter__variable_name=", None),
        ("parameter__variable_name=device.wifi.ssid.1.ssid", []),
        ("parameter__name=Device.WiFi.SSID.{i}.SSID", [SSID, GUEST]),
        (f"parameter__name={SSID}", [SSID]),
        ("parameter__short_name=ssid", [SSID, GUEST]),
        ("parameter__short_name=Channel,Enable", [CHANNEL, ENABLE]),
        ("wildcard=Device.WiFi.SSID.*", [ENABLE, SSID, GUEST]),
        ("wildcard=Device.WiFi.SSID.*.SSID", [SSID, GUEST]),
        ("wildcard=Device.WiFi.SSID.", [ENABLE, SSID, GUEST]),
        ("wildcard=*Channel", [CHANNEL]),
        ("wildcard=*", None),
        ("wildcard=*&parameter__short_name=ssid&parameter__variable_name=Device.WiFi.SSID.2.", [None, GUEST]),
    ],
)
async def test_filters_leave_what_fits_all_of_them(api: Api, query: str, expected: list[str | None] | None) -> None:
    device = await router(api, MORE)
    found = names(await api.client.get(path_of(device, f"?{query}")))
    everything = sorted(device.model.parameters)
    assert found == (everything if expected is None else [each or "Device.WiFi.SSID.2." for each in expected])


async def test_an_object_comes_as_a_table_before_what_is_below_it(api: Api) -> None:
    device = await router(api, MORE)
    query = "?parameter__variable_name=Device.WiFi.SSID.1.,Device.WiFi.SSID.,Device.Nothing.&extra=true&dates=1"
    said = await api.client.get(path_of(device, query))
    assert names(said) == ["Device.WiFi.SSID.", "Device.WiFi.SSID.1.", ENABLE, SSID, GUEST]
    assert said.json["results"][0] == {
        "name": "Device.WiFi.SSID.",
        "variable_name": "Device.WiFi.SSID.",
        "value": None,
        "type": "table",
        "writable": True,
        "notification": None,
        "last_updated": None,
    }
    paged: list[str] = []
    address: str | None = path_of(device, f"{query}&limit=1")
    while address is not None:
        page = await api.client.get(address)
        assert page.json["count"] == 5
        paged += names(page)
        address = page.json["next"]
    assert paged == names(said)


async def test_extra_and_dates_tell_more_when_asked(api: Api) -> None:
    device = await router(api, {"Device.X_Vendor.Thing": Parameter("1")})
    query = f"?parameter__variable_name={SSID},Device.DeviceInfo.SoftwareVersion,Device.X_Vendor.Thing"
    version, ssid, thing = (await api.client.get(path_of(device, f"{query}&extra=True"))).json["results"]
    assert [each["writable"] for each in (version, ssid, thing)] == [False, True, None]
    assert ssid["notification"] is None
    assert "last_updated" not in ssid
    api.served.clock.advance(60)
    device.model.parameters[SSID].value = "another"
    await tell(device)
    version, ssid, thing = (await api.client.get(path_of(device, f"{query}&dates=true"))).json["results"]
    assert version["last_updated"] == "2027-01-15T08:00:00Z"
    assert (ssid["value"], ssid["last_updated"]) == ("another", "2027-01-15T08:01:00Z")
    assert "writable" not in ssid


async def test_what_is_wrong_with_a_query_is_named(api: Api) -> None:
    device = await router(api)
    query = f"?limit=-1&offset=x&extra=perhaps&dates=2&wildcard={'*' * 11}&force=1&parameter__name={'a,' * 101}"
    said = await api.client.get(path_of(device, query))
    assert said.status == 400
    assert set(said.errors) == {"limit", "offset", "extra", "dates", "wildcard", "force", "parameter__name"}


async def test_a_device_with_ten_thousand_parameters_is_paged_by_offset_and_by_cursor(api: Api) -> None:
    device = await router(api)
    number = await api.served.id_of(device)
    parameters = api.served.server.services.tools.parameters
    paths = [f"Device.Hosts.Host.{host}.{leaf}" for host in range(1, 1001) for leaf in "ABCDEFGHIJ"]
    values = [NewValue(path_id, "v", "string", None, None, None) for path_id in await parameters.numbers(paths)]
    await parameters.record(number, 1, values, api.served.clock.wall())
    expected = sorted([*paths, *device.model.parameters])
    first = await api.client.get(path_of(device, "?limit=1000"))
    assert first.json["count"] == len(expected)
    assert names(first) == expected[:1000]
    behind = await api.client.get(path_of(device, f"?limit=1000&cursor={first.json['next_cursor']}"))
    assert names(behind) == expected[1000:2000]
    assert behind.json["count"] == len(expected)
    last = await api.client.get(path_of(device, f"?limit=10&offset={len(expected) - 10}"))
    assert names(last) == expected[-10:]
    assert last.json["next"] is None
    below = await api.client.get(path_of(device, "?wildcard=Device.Hosts.Host.77.*"))
    assert names(below) == [f"Device.Hosts.Host.77.{leaf}" for leaf in "ABCDEFGHIJ"]


@pytest.mark.parametrize("form", ["one", "several", "object"])
async def test_a_put_queues_one_set_of_all_of_them(api: Api, form: str) -> None:
    device = await router(api)
    sent: list[dict[str, object]] = [{"variable_name": SSID, "value": "new"}]
    if form != "one":
        sent.append({"variable_name": CHANNEL, "value": 11, "value_type": "integer"})
        sent.append({"variable_name": ENABLE, "value": False})
    body = {"one": sent[0], "several": sent, "object": {"variables": sent}}[form]
    said = await api.client.put(path_of(device), body)
    assert said.status == 200
    shown = said.json
    assert shown.pop("variables") == [{"value_type": None} | each for each in sent]
    assert shown == {
        "id": shown["id"],
        "transaction_id": shown["id"],
        "name": name_of(device),
        "operation": "set",
        "status": "queued",
        "created_at": "2027-01-15T08:00:00Z",
    }
    await api.served.calls.made(1)
    log = await device.run_session()
    assert log.methods[0] == "SetParameterValues"
    given = [(each["Name"], each["Value"]) for each in log.rpcs[0].structs("ParameterValueStruct")]
    assert given == [(SSID, "new"), (CHANNEL, "11"), (ENABLE, "0")][: len(sent)]
    view = await api.served.view(shown["id"])
    assert view.record.state.value == "completed"
    assert view.record.actor.endswith("(first)")
    found = await api.client.get(path_of(device, f"?parameter__variable_name={SSID}"))
    assert found.json["results"][0]["value"] == "new"


async def test_a_put_can_leave_the_device_alone_until_it_comes(api: Api) -> None:
    device = await router(api)
    said = await api.client.put(path_of(device, "?connection_request=false"), {"variable_name": SSID, "value": "new"})
    assert said.status == 200
    await api.served.sweep(60)
    assert api.served.calls.targets == []
    assert (await device.run_session()).methods[0] == "SetParameterValues"


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"variable_name"}),
        ({"variable_name": SSID}, {"value"}),
        ({"variable_name": SSID, "value": None}, {"value"}),
        ([{"variable_name": SSID, "value": "a"}, {"variable_name": CHANNEL}], {"[1].value"}),
        ({"variables": [{"variable_name": CHANNEL}]}, {"variables[0].value"}),
        ({"variable_name": "Device..SSID", "value": "a"}, {"variable_name"}),
        ({"variable_name": "Device.WiFi.", "value": "a"}, {"value"}),
        ({"variable_name": "Device.WiFi.SSID.*.SSID", "value": "a"}, {"variable_name"}),
        ([{"variable_name": "Device.WiFi.SSID.{i}.SSID", "value": "a"}], {"[0].variable_name"}),
        ({"variables": [{"variable_name": SSID, "value": "a"}] * 2}, {"variables[1].variable_name"}),
        ({"variable_name": CHANNEL, "value": "eleven", "value_type": "integer"}, {"value"}),
        ({"variable_name": SSID, "value": "a", "value_type": "colour"}, {"value_type"}),
        ({"variable_name": SSID, "value": "a", "type": "string"}, {"type"}),
        ({"variables": [], "extra": 1}, {"variables", "extra"}),
        ([], {"body"}),
        ("text", {"body"}),
        (7, {"body"}),
    ],
)
async def test_what_is_wrong_with_a_put_is_named_and_nothing_is_queued(
    api: Api, body: object, errors: set[str]
) -> None:
    device = await router(api)
    said = await api.client.put(path_of(device), body)
    assert (said.status, set(said.errors)) == (400, errors)
    assert await api.served.server.services.operations.of_device(await api.served.id_of(device)) == []


async def test_a_secret_that_is_set_is_shown_nowhere(api: Api, probe: Probe) -> None:
    device = await router(api, {SECRET: Parameter("")})
    said = await api.client.put(path_of(device), {"variable_name": SECRET, "value": CLEAR})
    assert said.json["variables"] == [{"variable_name": SECRET, "value": "********", "value_type": None}]
    await device.run_session()
    assert device.model.value(SECRET) == CLEAR
    await tell(device)
    said = await api.client.get(path_of(device, f"?parameter__variable_name={SECRET}"))
    assert said.json["results"][0]["value"] == "********"
    content = await probe.content()
    assert [table for table, rows in content.items() if any(CLEAR in row for row in rows)] == []


async def test_a_set_is_in_the_audit_log(api: Api) -> None:
    device = await router(api)
    said = await api.client.put(path_of(device), {"variable_name": SSID, "value": "new"})
    (entry,) = (await api.client.get(f"/audit_log/?resource=operation&resource_id={said.json['id']}")).json["results"]
    assert (entry["action"], entry["actor"].endswith("(first)")) == ("create", True)
    assert '"new"' in json.dumps(entry["after"])


async def test_who_reads_may_not_set_and_nobody_sees_what_is_not_theirs(api: Api, probe: Probe) -> None:
    device = await router(api)
    mine, other = await api.organization("mine"), await api.organization("other")
    body = {"variable_name": SSID, "value": "new"}
    bound = await api.token(Role.OPERATOR, mine)
    assert (await bound.get(path_of(device))).status == 404
    await probe.execute(f"UPDATE device SET organization_id = {mine}, revision = revision + 1")
    assert names(await bound.get(path_of(device)))
    assert (await bound.put(path_of(device), body)).status == 200
    stranger = await api.token(Role.OPERATOR, other)
    assert (await stranger.get(path_of(device))).status == 404
    assert (await stranger.put(path_of(device), body)).status == 404
    viewer = await api.token(Role.VIEWER, mine)
    assert names(await viewer.get(path_of(device)))
    assert (await viewer.put(path_of(device), body)).status == 403
    assert (await viewer.put("/inventory_device_name_variables/nobody/", body)).status == 403, "before a 404"
