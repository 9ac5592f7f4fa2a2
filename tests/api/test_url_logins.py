"""A login in a URL is shown nowhere, and kept in clear nowhere; the device gets the URL as it was asked for."""

import json
from typing import Any

import pytest

from acs.domain.secret_names import MASK
from tests.api.asking import NAME, SSID, item
from tests.api.conftest import Api
from tests.api.routers import name_of, router, tell
from tests.api.wishes import given, history, path_of, rows, setting, states
from tests.contract.opened import Probe
from tests.e2e.device import Fault, Parameter, ScriptedDevice
from tests.e2e.envelopes import AcsMessage

SECRET = "correct-horse-battery"
URL = f"https://noc:{SECRET}@files.example.net/x?y=1"
SHOWN = f"https://{MASK}@files.example.net/x?y=1"
OTHER = f"https://noc:{SECRET}@files.example.net/other"
SERVER = "Device.X_Vendor.Server"
CALLED = "Device.ManagementServer.ConnectionRequestURL"
VARIABLES = "/inventory_device_name_variables/{}/"
METHODS = [
    ("Download", {"file_type": "3 Vendor Configuration File", "url": URL, "username": "u", "password": SECRET}),
    ("Upload", {"FileType": "2 Vendor Log File", "URL": URL, "Username": "u", "Password": SECRET}),
    ("ChangeDUState", {"operations": [{"type": "install", "url": URL, "password": SECRET}]}),
    ("X_VENDOR_Fetch", {"From": {"Place": [URL, "elsewhere"]}}),
    ("SetParameterValues", {"parameter_list": [{"name": SERVER, "value": URL, "type": "string"}]}),
]


async def everything(api: Api, probe: Probe) -> str:
    """All that the API shows of operations, variables and changes, and all that is kept."""
    paths = [NAME, "/inventory_device_serial_headless_operation/", "/audit_log/", "/inventory_device_name/"]
    for each in (await api.client.get("/inventory_device_name/")).json["results"]:
        paths += [VARIABLES.format(each["name"]), f"/inventory_device_name_setting/{each['name']}/"]
    shown = [(await api.client.get(path)).octets.decode() for path in paths]
    return "\n".join([*shown, *(row for table in (await probe.content()).values() for row in table)])


@pytest.fixture
async def device(api: Api) -> ScriptedDevice:
    """A router with a parameter for the address of a server."""
    return await router(api, {SERVER: Parameter("")})


@pytest.mark.parametrize(("method", "arguments"), METHODS)
async def test_of_the_arguments_of_a_method(
    api: Api,
    probe: Probe,
    device: ScriptedDevice,
    capsys: pytest.CaptureFixture[str],
    method: str,
    arguments: dict[str, Any],
) -> None:
    device.on_rpc[method] = lambda _: Fault(9000, f"cannot get {URL}, nor {OTHER}: noc, {SECRET}")
    document = {"name": name_of(device), "operation": "rpc", "method": method, "arguments": arguments}
    made = await api.client.post(NAME, document, Idempotency_Key="k")
    assert made.status == 201, made.octets
    assert SECRET not in made.octets.decode()
    assert SHOWN in made.octets.decode()
    assert SHOWN in str((await item(api.client, made.json["id"]))["arguments"])
    log = await device.run_session()
    assert URL.encode() in log.rpcs[0].raw.replace(b"&amp;", b"&")
    ended = await item(api.client, made.json["id"])
    assert (ended["status"], ended["fault"]["code"]) == ("failed", 9000)
    retried = await api.client.post(f"{NAME}{made.json['id']}/retry/")
    assert SHOWN in str(retried.json["arguments"])
    assert (await device.run_session()).rpcs[0].raw.count(URL.encode()) == 1
    assert SECRET not in await everything(api, probe)
    assert SECRET not in "".join(capsys.readouterr())


async def test_of_a_value_that_is_set_and_read(api: Api, probe: Probe, device: ScriptedDevice) -> None:
    document = {"name": name_of(device), "variables": [{"variable_name": SERVER, "value": URL}]}
    made = await api.client.post(NAME, document | {"operation": "set"})
    assert made.json["variables"][0]["value"] == SHOWN
    again = await api.client.put(VARIABLES.format(name_of(device)), {"variables": document["variables"]})
    assert again.json["variables"][0]["value"] == SHOWN
    many = await api.client.post(
        NAME, {"operation_type": "set", "device_targets": [name_of(device)], "variables": document["variables"]}
    )
    assert many.json["variables"][0]["value"] == SHOWN
    pending = await api.client.get(
        VARIABLES.format(name_of(device)) + f"?pending=true&parameter__variable_name={SERVER}"
    )
    assert [each["pending_value"] for each in pending.json["results"]] == [SHOWN]
    await device.run_session()
    assert device.model.value(SERVER) == URL
    assert [each["value"] for each in (await item(api.client, made.json["id"]))["variables"]] == [SHOWN]
    read = [{"variable_name": SERVER}, {"variable_name": "Device."}]
    asked = await api.client.post(NAME, {"name": name_of(device), "operation": "get", "variables": read})
    await device.run_session()
    one, below = (await item(api.client, asked.json["id"]))["variables"]
    assert one["value"] == SHOWN
    assert {each["name"]: each["value"] for each in below["values"]}[SERVER] == SHOWN
    assert SECRET not in await everything(api, probe)


async def test_of_a_value_that_differs_when_it_is_read_back(api: Api, probe: Probe, device: ScriptedDevice) -> None:
    def has_another(rpc: AcsMessage) -> None:
        if rpc.method == "GetParameterValues":
            device.model.parameters[SERVER].value = OTHER

    variables = [{"variable_name": SERVER, "value": "https://files.example.net/"}]
    made = await api.client.post(NAME, {"name": name_of(device), "operation": "set", "variables": variables})
    await device.run_session(answers=has_another)
    shown = (await item(api.client, made.json["id"]))["variables"][0]
    assert (shown["verified"], shown["found"]) == (False, f"https://{MASK}@files.example.net/other")
    assert SECRET not in await everything(api, probe)


async def test_of_what_a_device_tells(api: Api, probe: Probe, device: ScriptedDevice) -> None:
    name = name_of(device)
    device.model.parameters[CALLED].value = f"http://noc:{SECRET}@127.0.0.1:7547/call"
    for value in (URL, "https://files.example.net/", OTHER, OTHER):
        device.model.parameters[SERVER].value = value
        await tell(device)
    shown = await api.client.get(f"/inventory_device_name/{name}/")
    assert shown.json["connection_request_url"] == f"http://{MASK}@127.0.0.1:7547/call"
    found = {each["name"]: each["value"] for each in (await api.client.get(VARIABLES.format(name))).json["results"]}
    assert found[CALLED] == f"http://{MASK}@127.0.0.1:7547/call"
    assert found[SERVER] == f"https://{MASK}@files.example.net/other"
    told = [(old, new) for subject, old, new in await history(api, device, "value") if subject == SERVER]
    assert told == [
        ("https://files.example.net/", f"https://{MASK}@files.example.net/other"),
        (MASK, "https://files.example.net/"),
        ("", SHOWN),
    ]
    assert SECRET not in await everything(api, probe)


async def test_of_a_value_whose_key_is_gone_the_mask_is_shown(api: Api, probe: Probe, device: ScriptedDevice) -> None:
    device.model.parameters[SERVER].value = URL
    await tell(device)
    await probe.execute("UPDATE parameter SET value = value || 'x' WHERE value LIKE 'sealed:%'")
    found = await api.client.get(VARIABLES.format(name_of(device)))
    shown = {each["name"]: each["value"] for each in found.json["results"]}
    assert shown[SERVER] == MASK
    assert shown[SSID] == device.model.value(SSID)


async def test_of_a_setting_its_mask_stands_for_it_and_for_no_other(
    api: Api, probe: Probe, device: ScriptedDevice
) -> None:
    said = await api.client.put(path_of(device), [setting(SERVER, URL)])
    assert rows(said)[SERVER]["value"] == SHOWN
    assert await given(device) == [{SERVER: URL}]
    said = await api.client.put(path_of(device), [setting(SERVER, SHOWN)])
    assert (rows(said)[SERVER]["value"], states(said)[SERVER]) == (SHOWN, "applied")
    assert await given(device) == []
    elsewhere = await api.client.patch(path_of(device), [setting(SERVER, f"https://{MASK}@example.org/")])
    assert (elsewhere.status, list(elsewhere.errors)) == (400, ["[0].value"])
    device.model.parameters[SERVER].value = OTHER
    synced = await api.client.post(NAME, {"device_name": name_of(device), "operation_type": "sync"})
    assert await given(device) == [{SERVER: URL}]
    result = (await item(api.client, synced.json["id"]))["result"]
    assert f"https://{MASK}@files.example.net/other" in str(result)
    assert SECRET not in await everything(api, probe)
    await api.client.put(path_of(device), [])
    assert (await api.client.put(path_of(device), [setting(SERVER, SHOWN)])).status == 400


async def test_of_a_types_setting_its_mask_stands_for_it_and_for_no_other(api: Api, probe: Probe) -> None:
    body = {"name": "a", "short_name": "a", "default_settings": [{"variable_name": SERVER, "value": URL}]}
    made = await api.client.post("/inventory_type/", body)
    assert made.json["default_settings"][0]["value"] == SHOWN
    path = f"/inventory_type/{made.json['id']}/"
    kept = await api.client.patch(path, {"default_settings": [{"variable_name": SERVER, "value": SHOWN}]})
    assert (kept.status, kept.json["default_settings"]) == (200, made.json["default_settings"])
    wrong = {"default_settings": [{"variable_name": SERVER, "value": f"https://{MASK}@example.org/"}]}
    assert list((await api.client.patch(path, wrong)).errors) == ["default_settings[0].value"]
    one = await router(api)
    number = await api.served.id_of(one)
    assert (await api.client.patch(f"/inventory_device/{number}/", {"type": made.json["id"]})).status == 200
    assert {SERVER: URL} in await given(one)
    assert SECRET not in await everything(api, probe)


async def test_a_mask_that_is_sent_back_never_becomes_the_login(api: Api, device: ScriptedDevice) -> None:
    name, variables = name_of(device), [{"variable_name": SERVER, "value": SHOWN}]
    asked = [
        await api.client.post(NAME, {"name": name, "operation": "set", "variables": variables}),
        await api.client.post(NAME, {"operation_type": "set", "device_targets": [name], "variables": variables}),
        await api.client.put(VARIABLES.format(name), {"variables": variables}),
    ]
    for said in asked:
        assert (said.status, list(said.errors)) == (400, ["variables[0].value"]), said.json
    for method, arguments in METHODS:
        shown = json.loads(json.dumps(arguments).replace(URL, SHOWN))
        document = {"name": name, "operation": "rpc", "method": method, "arguments": shown}
        said = await api.client.post(NAME, document)
        assert (said.status, list(said.errors)) == (400, ["arguments"]), said.json
    assert (await device.run_session()).rpcs == ()


async def test_a_webhook_takes_no_url_with_a_login_and_does_not_quote_it(api: Api, device: ScriptedDevice) -> None:
    document = {"name": name_of(device), "operation": "get", "variables": [{"variable_name": SSID}]}
    said = await api.client.post(NAME, document | {"notification": {"webhook_url": URL}})
    assert (said.status, list(said.errors)) == (400, ["notification.webhook_url"])
    assert SECRET not in said.octets.decode()
