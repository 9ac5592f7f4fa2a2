"""What is secret of an operation is shown nowhere, and kept in clear nowhere."""

import json
from typing import Any

import pytest

from acs.domain.secret_names import MASK
from api.masking import masked
from tests.api.asking import NAME, PASSPHRASE, SSID, ask, item, reads, sets
from tests.api.conftest import Api
from tests.api.routers import name_of, router
from tests.contract.opened import Probe, probing
from tests.e2e.device import Fault, Parameter, ScriptedDevice

SECRET = "correct horse battery"
PARAMETERS = {PASSPHRASE: Parameter("old " + SECRET)}


async def everything(api: Api, probe: Probe) -> str:
    """All that the API shows of operations and of changes, and all that is kept."""
    shown = [
        (await api.client.get(path)).octets.decode()
        for path in (NAME, f"{NAME}?limit=10", "/inventory_device_serial_headless_operation/", "/audit_log/")
    ]
    kept = [
        str(await probe.rows(f"SELECT * FROM {table}"))
        for table in ("operation", "audit", "history", "idempotency_key", "parameter")
    ]
    return "\n".join(shown + kept)


@pytest.fixture
async def device(api: Api) -> ScriptedDevice:
    """A router with a passphrase."""
    return await router(api, PARAMETERS)


async def test_a_secret_that_is_set_is_masked_everywhere(
    api: Api, database_url: str, device: ScriptedDevice, capsys: pytest.CaptureFixture[str]
) -> None:
    document = {
        "name": name_of(device),
        "operation": "set",
        "variables": sets(ssid="plain", passphrase=SECRET),
    }
    made = await api.client.post(NAME, document, Idempotency_Key="k1")
    assert made.json["variables"] == sets(ssid="plain", passphrase=MASK)
    again = await api.client.post(NAME, document, Idempotency_Key="k1")
    assert again.json == made.json
    public_id = made.json["id"]
    assert [each["value"] for each in (await item(api.client, public_id))["variables"]] == ["plain", MASK]
    await device.run_session()
    assert device.model.parameters[PASSPHRASE].value == SECRET
    shown = await item(api.client, public_id)
    assert (shown["status"], [each["value"] for each in shown["variables"]]) == ("completed", ["plain", MASK])
    retried = await api.client.post(f"{NAME}{public_id}/retry/")
    assert [each["value"] for each in retried.json["variables"]] == ["plain", MASK]
    async with probing(database_url) as probe:
        assert SECRET not in await everything(api, probe)
    assert SECRET not in capsys.readouterr().out


async def test_a_secret_that_is_read_is_masked(api: Api, database_url: str, device: ScriptedDevice) -> None:
    public_id = await ask(api, device, "get", reads(PASSPHRASE, "Device.WiFi."))
    await device.run_session()
    one, all_of_them = (await item(api.client, public_id))["variables"]
    assert one == {"variable_name": PASSPHRASE, "value": MASK, "value_type": "string"}
    values = {each["name"]: each["value"] for each in all_of_them["values"]}
    assert (values[PASSPHRASE], values[SSID]) == (MASK, "home")
    async with probing(database_url) as probe:
        assert SECRET not in await everything(api, probe)


async def test_a_fault_that_quotes_a_secret_is_not_shown_with_it(
    api: Api, database_url: str, device: ScriptedDevice
) -> None:
    device.on_rpc["SetParameterValues"] = lambda _: Fault(9007, f"bad: {SECRET}", ((PASSPHRASE, 9007, SECRET),))
    public_id = await ask(api, device, "set", sets(passphrase=SECRET))
    await device.run_session()
    assert (await item(api.client, public_id))["status"] == "failed"
    async with probing(database_url) as probe:
        assert SECRET not in await everything(api, probe)


@pytest.mark.parametrize(
    "arguments",
    [
        {"parameter_list": [{"name": PASSPHRASE, "value": SECRET, "type": "string"}]},
        {"ParameterList": [{"Name": PASSPHRASE, "Value": SECRET, "Type": "string"}]},
    ],
)
async def test_the_arguments_of_a_method_are_masked(
    api: Api, database_url: str, device: ScriptedDevice, arguments: dict[str, Any]
) -> None:
    document = {"name": name_of(device), "operation": "rpc", "method": "SetParameterValues", "arguments": arguments}
    made = await api.client.post(NAME, document)
    assert made.status == 201, made.octets
    assert SECRET not in made.octets.decode()
    await device.run_session()
    assert device.model.parameters[PASSPHRASE].value == SECRET
    read = {"method": "GetParameterValues", "arguments": {"parameter_names": [PASSPHRASE, SSID]}}
    shown = await api.client.post(NAME, document | read)
    await device.run_session()
    found = await item(api.client, shown.json["id"])
    assert (found["method"], found["arguments"]) == (read["method"], read["arguments"])
    values = found["result"]["parameter_list"]
    assert [(each["name"], each["value"]) for each in values] == [(PASSPHRASE, MASK), (SSID, "home")]
    async with probing(database_url) as probe:
        assert SECRET not in await everything(api, probe)


async def test_the_value_of_a_wrong_field_is_not_quoted(api: Api, device: ScriptedDevice) -> None:
    document = {
        "name": name_of(device),
        "operation": "set",
        "variables": [{"variable_name": PASSPHRASE, "value": SECRET, "value_type": "integer"}],
    }
    said = await api.client.post(NAME, document)
    assert (said.status, list(said.errors)) == (400, ["variables[0].value"])
    assert SECRET not in said.octets.decode()


async def test_what_is_kept_can_be_read_by_nobody_without_the_key(
    api: Api, database_url: str, device: ScriptedDevice
) -> None:
    sealed = await ask(api, device, "set", sets(passphrase=SECRET))
    plain = await ask(api, device, "get", reads(SSID))
    async with probing(database_url) as probe:
        await probe.execute(f"UPDATE operation SET request = request || 'x' WHERE public_id = '{sealed}'")
    shown = {each["id"]: each for each in (await api.client.get(NAME)).json}
    assert shown[plain]["fault"] is None
    assert shown[sealed]["fault"]["string"] == "what is kept of it cannot be read"
    assert shown[sealed]["variables"] == []


def test_names_are_told_from_their_last_segment_in_any_spelling() -> None:
    document = {"ParameterName": PASSPHRASE, "Value": "x", "inner": [{"path": SSID, "val": "y", "wifi_password": "z"}]}
    assert json.loads(json.dumps(masked(document))) == {
        "ParameterName": PASSPHRASE,
        "Value": MASK,
        "inner": [{"path": SSID, "val": "y", "wifi_password": MASK}],
    }


async def test_a_mask_that_is_sent_back_is_refused_and_never_becomes_the_password(
    api: Api, device: ScriptedDevice
) -> None:
    variables = sets(ssid="plain", passphrase=MASK)
    name = name_of(device)
    asked = [
        await api.client.post(NAME, {"name": name, "operation": "set", "variables": variables}),
        await api.client.post(NAME, {"operation_type": "set", "device_targets": [name], "variables": variables}),
        await api.client.put(f"/inventory_device_name_variables/{name}/", {"variables": variables}),
    ]
    for said in asked:
        assert (said.status, list(said.errors)) == (400, ["variables[1].value"]), said.json
        assert "mask" in said.errors["variables[1].value"][0]
    await device.run_session()
    assert device.model.parameters[PASSPHRASE].value == "old " + SECRET
