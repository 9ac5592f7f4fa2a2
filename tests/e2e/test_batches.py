"""How many names a device bears at once, and what is learned of it, over real sockets (CWMP.md 4, 9)."""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

import pytest

from acs.domain.operation import OperationKind, Variable
from acs.domain.queue import OperationState
from acs.services.operations import OperationView
from acs.services.wanted import NewSetting
from tests.e2e.defaults import PARAMETERS
from tests.e2e.device import Answer, Parameter, ScriptedDevice
from tests.e2e.envelopes import AcsMessage, Fault, Value
from tests.e2e.kinds import known, of_type
from tests.e2e.quirks import VANISH
from tests.e2e.serving import Served, serving

SSID: Final = "Device.WiFi.SSID.1.SSID"
ENABLE: Final = "Device.WiFi.SSID.1.Enable"
PASSPHRASE: Final = "Device.WiFi.AccessPoint.1.Security.KeyPassphrase"
MANY: Final = tuple(f"Device.X_TEST_Many.{number}.Value" for number in range(1, 13))
MANY_PARAMETERS: Final = {**PARAMETERS, **{name: Parameter(f"value of {name}") for name in MANY}}


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(f"sqlite:///{tmp_path}/a.db", tmp_path) as found:
        yield found


def values_of(view: OperationView) -> dict[str, str | None]:
    assert view.outcome is not None
    return {each.name: each.value for each in view.outcome.variables}


async def get_many(served: Served, device: ScriptedDevice) -> str:
    return await served.queue(device, OperationKind.GET, *(Variable(name) for name in MANY))


def bears(most: int, refusal: Answer) -> Callable[[AcsMessage], Answer]:
    """A device that refuses more names than it bears."""

    def hook(rpc: AcsMessage) -> Answer:
        names = rpc.strings() or [pair["Name"] for pair in rpc.structs("ParameterValueStruct")]
        return refusal if len(names) > most else None

    return hook


def sizes(rpcs: tuple[AcsMessage, ...]) -> list[int]:
    return [len(rpc.strings() or rpc.structs("ParameterValueStruct")) for rpc in rpcs]


@pytest.mark.parametrize("code", [9002, 9003, 9004])
async def test_batches_shrink_until_the_device_bears_them_and_that_is_remembered(served: Served, code: int) -> None:
    # Cisco 867 says 9004, Grandstream 9002.
    device = served.device(parameters=MANY_PARAMETERS, on_rpc={"GetParameterValues": bears(3, Fault(code, "too many"))})
    await device.run_session()
    first, second = await get_many(served, device), await get_many(served, device)
    log = await device.run_session()
    assert sizes(log.rpcs) == [12, 6, *[3] * 8], "it holds for the next operation of the session"
    third = await get_many(served, device)
    log = await device.run_session()
    assert sizes(log.rpcs) == [3, 3, 3, 3], "and in the next session"
    for public_id in (first, second, third):
        view = await served.view(public_id)
        assert view.record.state is OperationState.COMPLETED
        assert values_of(view) == {name: f"value of {name}" for name in MANY}


async def test_batches_of_settings_shrink_as_well(served: Served) -> None:
    device = served.device(parameters=MANY_PARAMETERS, on_rpc={"SetParameterValues": bears(3, Fault(9004, "too many"))})
    await device.run_session()
    device_id, wanted = await served.id_of(device), served.server.services.wanted
    for value in ("one", "two"):
        await wanted.put(device_id, [NewSetting(name, value, "string") for name in MANY])
        log = await device.run_session()
        pushed = [rpc for rpc in log.rpcs if rpc.method == "SetParameterValues"]
        assert sizes(tuple(pushed)) == ([12, 6, 3, 3, 3, 3] if value == "one" else [3, 3, 3, 3])
        assert {device.model.parameters[name].value for name in MANY} == {value}


async def test_settings_whose_answer_is_lost_are_pushed_again_in_the_same_session(served: Served) -> None:
    device = served.device(parameters=MANY_PARAMETERS)
    await device.run_session()
    wanted = served.server.services.wanted
    await wanted.put(await served.id_of(device), [NewSetting(name, "x", "string") for name in MANY])
    await device.inform()
    reply = await device.empty_post()
    assert reply.method == "GetParameterValues", "what it shows before is not known"
    assert (await device.answer(reply)).method == "SetParameterValues"
    reply = await device.empty_post()
    assert reply.method == "SetParameterValues"
    while reply.status == 200:
        reply = await device.answer(reply)
    assert reply.status == 204
    assert len(device.journal.carried_out("SetParameterValues")) == 1
    assert {device.model.parameters[name].value for name in MANY} == {"x"}
    assert (await device.run_session()).methods == ()


async def test_a_device_that_does_not_answer_many_names_gets_fewer(served: Served) -> None:
    device = served.device(parameters=MANY_PARAMETERS, on_rpc={"GetParameterValues": bears(6, VANISH)})
    await device.run_session()
    public_id = await get_many(served, device)
    asked: list[int] = []
    for _ in range(3):
        asked += sizes((await device.run_session()).rpcs)
    assert asked == [12, 12, 6, 6]
    view = await served.view(public_id)
    assert view.record.state is OperationState.COMPLETED
    assert values_of(view) == {name: f"value of {name}" for name in MANY}


async def test_the_batch_sizes_of_a_type_are_kept(served: Served) -> None:
    device = served.device(parameters=MANY_PARAMETERS)
    await known(served, device, gpv_batch=5, spv_batch=4)
    await get_many(served, device)
    assert sizes((await device.run_session()).rpcs) == [5, 5, 2]
    await served.server.services.wanted.put(
        await served.id_of(device), [NewSetting(name, "x", "string") for name in MANY]
    )
    log = await device.run_session()
    assert sizes(tuple(rpc for rpc in log.rpcs if rpc.method == "SetParameterValues")) == [4, 4, 4]


async def test_a_name_that_is_refused_loses_none_of_the_others(served: Served) -> None:
    # PPP CPEs, Calix 804Mesh: 9005 on names that they have listed themselves.
    bad = MANY[4]

    def hook(rpc: AcsMessage) -> Answer:
        return Fault(9005, "Invalid parameter name") if bad in rpc.strings() else None

    device = served.device(parameters=MANY_PARAMETERS, on_rpc={"GetParameterValues": hook})
    await device.run_session()
    public_id = await get_many(served, device)
    await device.run_session()
    view = await served.view(public_id)
    assert view.record.state is OperationState.COMPLETED
    assert view.outcome is not None
    faults = {each.name: each.fault.code for each in view.outcome.variables if each.fault is not None}
    assert faults == {bad: 9005}
    assert all(each.value for each in view.outcome.variables if each.name != bad)
    # A bad name says nothing about how many names the device bears.
    await get_many(served, device)
    assert sizes((await device.run_session()).rpcs)[0] == len(MANY)


def answers_at_most(device: ScriptedDevice, most: int) -> Callable[[AcsMessage], Answer]:
    """Huawei HN8145X6N: what exceeds a number of values is left out in silence."""

    def hook(rpc: AcsMessage) -> Answer:
        found = {
            name: Value(parameter.value, parameter.type)
            for name, parameter in device.model.parameters.items()
            if any(name == path or (path.endswith(".") and name.startswith(path)) for path in rpc.strings())
        }
        few = dict(list(found.items())[:most])
        return device.writer.message("GetParameterValuesResponse", device.writer.values(few))

    return hook


async def test_names_that_an_answer_leaves_out_are_asked_again(served: Served) -> None:
    device = served.device(parameters=MANY_PARAMETERS)
    device.on_rpc["GetParameterValues"] = answers_at_most(device, 5)
    await device.run_session()
    public_id = await get_many(served, device)
    assert sizes((await device.run_session()).rpcs) == [12, 7, 2]
    assert values_of(await served.view(public_id)) == {name: f"value of {name}" for name in MANY}


async def test_a_path_with_more_below_it_than_fits_an_answer_is_read_in_parts(served: Served) -> None:
    device = served.device(parameters=MANY_PARAMETERS)
    device.on_rpc["GetParameterValues"] = answers_at_most(device, 5)
    await known(served, device, answer_limit=5)
    public_id = await served.queue(device, OperationKind.GET, Variable("Device.X_TEST_Many."))
    log = await device.run_session()
    assert "GetParameterNames" in log.methods
    view = await served.view(public_id)
    assert view.outcome is not None
    assert sorted(each.name for each in view.outcome.variables[0].values or ()) == sorted(MANY)


async def test_a_change_of_a_type_holds_from_the_next_session_on(served: Served) -> None:
    device = served.device(parameters=MANY_PARAMETERS)
    for batch in (4, 6):
        if batch == 4:
            await device.run_session()
        await of_type(served, device, gpv_batch=batch)
        await get_many(served, device)
        assert sizes((await device.run_session()).rpcs)[0] == batch


async def test_what_a_device_has_learned_us_is_with_the_device_and_not_with_its_type(served: Served) -> None:
    weak = served.device(parameters=MANY_PARAMETERS, on_rpc={"GetParameterValues": bears(3, Fault(9004, "too many"))})
    strong = served.device(parameters=MANY_PARAMETERS)
    for device in (weak, strong):
        await device.run_session()
        await get_many(served, device)
        await device.run_session()
    found = await served.server.services.tools.devices.by_id(await served.id_of(weak))
    assert found is not None
    assert json.loads(found.batches) == {"gpv": 3}
    await get_many(served, strong)
    assert sizes((await strong.run_session()).rpcs) == [12]
