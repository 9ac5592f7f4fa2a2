"""Devices that answer Status 0 to a setting and ignore it (Huawei HN8145X6N), over real sockets."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from acs.domain.operation import OperationKind, VariableResult, VariableStatus
from acs.domain.queue import OperationState
from acs.services.operations import Terms
from acs.services.wanted import NewSetting, Wanted
from tests.e2e.device import ScriptedDevice, Value
from tests.e2e.envelopes import AcsMessage
from tests.e2e.kinds import known
from tests.e2e.quirks import VANISH
from tests.e2e.serving import Served, serving

SSID: Final = "Device.WiFi.SSID.1.SSID"
ENABLE: Final = "Device.WiFi.SSID.1.Enable"
CHANNEL: Final = "Device.WiFi.Radio.1.Channel"
CHANGED: Final = (("4 VALUE CHANGE", ""),)
IGNORED: Final = "the device answered that it took the value, but shows the same as before"
BOTH: Final = [OperationKind.SYNC, OperationKind.RECONF]


@pytest.fixture
async def served(database_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(database_url, tmp_path) as found:
        yield found


def stubborn(served: Served) -> ScriptedDevice:
    """A router that ignores what its network is to be called."""
    device = served.device()
    device.model.parameters[SSID].ignores = True
    return device


async def want(served: Served, device: ScriptedDevice) -> None:
    """Want a name of the network, which it ignores, and a channel."""
    settings = [NewSetting(SSID, "mine"), NewSetting(CHANNEL, "11")]
    await served.server.services.wanted.put(await served.id_of(device), settings)


async def wanted(served: Served, device: ScriptedDevice) -> dict[str, Wanted]:
    """What the device is to have, and what became of that."""
    services = served.server.services
    found = await services.tools.devices.by_id(await served.id_of(device))
    assert found is not None
    return await services.wanted.of_device(found, "Device.")


async def results(served: Served, public_id: str) -> tuple[OperationState, dict[str, VariableResult]]:
    """What became of an operation."""
    view = await served.view(public_id)
    assert view.outcome is not None
    return view.record.state, {each.name: each for each in view.outcome.variables}


@pytest.mark.parametrize("is_told", [True, False], ids=["known before", "unknown before"])
async def test_a_setting_that_is_ignored_is_refused_and_not_pushed_again(served: Served, *, is_told: bool) -> None:
    device = stubborn(served)
    told = {SSID: Value("home"), CHANNEL: Value("6", "unsignedInt")} if is_told else None
    await device.run_session(CHANGED, told)
    await want(served, device)
    log = await device.run_session()
    around = ("SetParameterValues", "GetParameterValues")
    assert log.methods == (around if is_told else ("GetParameterValues", *around))
    found = await wanted(served, device)
    assert (found[SSID].is_refused, found[SSID].fault) == (True, IGNORED)
    assert found[CHANNEL].setting.applied
    for enabled in "010":
        # Something else has changed each time, so that the settings are looked at.
        log = await device.run_session(CHANGED, {SSID: Value("home"), ENABLE: Value(enabled, "boolean")})
        assert log.methods == ()


@pytest.mark.parametrize("kind", BOTH)
async def test_sync_and_reconf_tell_which_setting_was_ignored(served: Served, kind: OperationKind) -> None:
    device = stubborn(served)
    await device.run_session()
    await want(served, device)
    for _ in range(2):
        # The second time it is known to be refused, and tried again all the same.
        public_id = await served.queue(device, kind)
        await device.run_session()
        state, each = await results(served, public_id)
        assert state is OperationState.FAILED
        assert (each[SSID].status, each[SSID].verified, each[SSID].found) == (VariableStatus.REFUSED, False, "home")
        assert each[SSID].fault is not None
        assert each[SSID].fault.string == IGNORED
        assert each[CHANNEL].status is VariableStatus.APPLIED
        found = await wanted(served, device)
        assert (found[SSID].is_refused, found[SSID].fault) == (True, IGNORED)
        assert found[CHANNEL].setting.applied
    device.model.parameters[SSID].ignores = False
    public_id = await served.queue(device, kind)
    await device.run_session()
    state, each = await results(served, public_id)
    assert (state, each[SSID].verified) == (OperationState.COMPLETED, True)
    assert (await wanted(served, device))[SSID].setting.applied


@pytest.mark.parametrize("kind", BOTH)
async def test_the_read_back_may_come_in_a_later_session(served: Served, kind: OperationKind) -> None:
    device = await known(served, stubborn(served), rpcs_per_session=1, gpv_batch=1)
    await device.run_session(CHANGED, {SSID: Value("home"), CHANNEL: Value("6", "unsignedInt")})
    await want(served, device)
    public_id = await served.queue(device, kind, terms=Terms(max_attempts=1, wakes=False))
    methods: list[str] = []
    while (await served.view(public_id)).outcome is None:
        methods += (await device.run_session()).methods
    reads = ["GetParameterValues"]
    assert methods == reads * (kind is OperationKind.SYNC) + ["SetParameterValues"] + reads * 2
    state, each = await results(served, public_id)
    assert (state, each[SSID].status) == (OperationState.FAILED, VariableStatus.REFUSED)
    assert each[CHANNEL].verified


async def test_a_device_that_is_gone_when_a_setting_is_read_back_is_believed(served: Served) -> None:
    device = stubborn(served)
    await device.run_session(CHANGED, {SSID: Value("home"), CHANNEL: Value("6", "unsignedInt")})
    await want(served, device)
    device.on_rpc["GetParameterValues"] = lambda _: VANISH
    log = await device.run_session()
    assert log.methods == ("SetParameterValues", "GetParameterValues")
    del device.on_rpc["GetParameterValues"]
    assert (await device.run_session()).methods == (), "it is not pushed in every session"
    assert all(each.setting.applied for each in (await wanted(served, device)).values())


async def test_sync_does_not_call_a_devices_own_spelling_drift(served: Served) -> None:
    device = served.device()
    await device.run_session()
    await served.server.services.wanted.put(await served.id_of(device), [NewSetting(SSID, "mine")])

    def shout(_: AcsMessage) -> str:
        device.model.parameters[SSID].value = "MINE"
        return device.writer.message("SetParameterValuesResponse", "<Status>0</Status>")

    device.on_rpc["SetParameterValues"] = shout
    await device.run_session()
    for _ in range(2):
        public_id = await served.queue(device, OperationKind.SYNC)
        assert (await device.run_session()).methods == ("GetParameterValues",)
        view = await served.view(public_id)
        assert view.outcome is not None
        assert (view.record.state, view.outcome.result) == (OperationState.COMPLETED, {"drifted": []})
    assert (await device.run_session(CHANGED, {SSID: Value("MINE")})).methods == ()
    public_id = await served.queue(device, OperationKind.RECONF)
    await device.run_session()
    state, each = await results(served, public_id)
    assert (state, each[SSID].verified, each[SSID].found) == (OperationState.COMPLETED, False, "MINE")
