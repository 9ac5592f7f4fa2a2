"""What became of operations whose time was over: those never begun, and those done by half; on both databases."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from acs.domain.operation import OperationKind, Variable, VariableStatus
from acs.domain.queue import OperationState
from acs.services.operations import Terms
from acs.services.wanted import NewSetting
from tests.contract.opened import Probe
from tests.e2e.device import VANISH, ScriptedDevice
from tests.e2e.kinds import known
from tests.e2e.serving import Served, serving

TABLE = "Device.NAT.PortMapping."
SSID = "Device.WiFi.SSID.1.SSID"
CHANNEL = "Device.WiFi.Radio.1.Channel"
LATE = "its time was over before it was done"


@pytest.fixture
async def served(database_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(database_url, tmp_path) as found:
        yield found


async def done_by_half(served: Served, device: ScriptedDevice, kind: OperationKind, *variables: Variable) -> str:
    """An operation of a device that bears one RPC, after the first of them, its time over."""
    terms = Terms(expires_at=served.clock.wall() + 100)
    public_id = await served.queue(device, kind, *variables, terms=terms)
    assert len((await device.run_session()).rpcs) == 1
    assert (await served.view(public_id)).record.state is OperationState.QUEUED
    await served.sweep(200)
    return public_id


async def test_an_object_that_was_added_is_told(served: Served) -> None:
    device = await known(served, served.device(), rpcs_per_session=1)
    variables = Variable(TABLE), Variable(f"{TABLE}{{i}}.Description", "new", "string")
    public_id = await done_by_half(served, device, OperationKind.ADD_OBJECT, *variables)
    view = await served.view(public_id)
    assert view.record.state is OperationState.FAILED
    assert LATE in view.record.fault
    assert view.outcome is not None
    added, described = view.outcome.variables
    assert (added.status, added.path) == (VariableStatus.APPLIED, f"{TABLE}{added.instance_number}.")
    assert described.status is not VariableStatus.APPLIED
    assert (await device.run_session()).methods == ()


async def test_a_value_that_was_set_is_told(served: Served) -> None:
    device = await known(served, served.device(), rpcs_per_session=1)
    public_id = await done_by_half(served, device, OperationKind.SET, Variable(SSID, "new", "string"))
    view = await served.view(public_id)
    assert view.outcome is not None
    assert [each.status for each in view.outcome.variables] == [VariableStatus.APPLIED]
    assert view.record.state.value == view.outcome.state.value


async def test_a_value_that_was_read_is_told(served: Served) -> None:
    device = await known(served, served.device(), rpcs_per_session=1, gpv_batch=1)
    public_id = await done_by_half(served, device, OperationKind.GET, Variable(SSID), Variable(CHANNEL))
    view = await served.view(public_id)
    assert view.outcome is not None
    assert view.outcome.variables[0].value == device.model.value(SSID)
    assert view.outcome.variables[1].value is None
    assert view.record.state.value == view.outcome.state.value


async def test_a_comparison_that_was_begun_fails(served: Served) -> None:
    device = await known(served, served.device(), rpcs_per_session=1, gpv_batch=1)
    await served.server.services.wanted.put(await served.id_of(device), [NewSetting(SSID, "new")])
    public_id = await done_by_half(served, device, OperationKind.SYNC)
    view = await served.view(public_id)
    assert view.record.state is OperationState.FAILED
    assert LATE in view.record.fault


@pytest.mark.parametrize("kind", [OperationKind.GET, OperationKind.SET])
async def test_what_was_sent_and_lost_has_begun(served: Served, kind: OperationKind) -> None:
    device = served.device()
    await device.run_session()
    variable = Variable(SSID, "new", "string") if kind is OperationKind.SET else Variable(SSID)
    public_id = await served.queue(device, kind, variable, terms=Terms(expires_at=served.clock.wall() + 2_000))
    await device.run_session(answers=lambda _: VANISH)
    await served.sweep(61)
    await served.sweep(2_000)
    view = await served.view(public_id)
    assert (view.record.state, view.record.attempts) == (OperationState.FAILED, 1)
    assert LATE in view.record.fault


async def test_what_was_put_off_because_the_device_was_starting_expires(served: Served) -> None:
    device = await known(served, served.device(), config_delay=600)
    terms = Terms(expires_at=served.clock.wall() + 100)
    public_id = await served.queue(device, OperationKind.SET, Variable(SSID, "new", "string"), terms=terms)
    assert (await device.run_session((("1 BOOT", ""),))).methods == ()
    await served.sweep(200)
    assert (await served.view(public_id)).record.state is OperationState.EXPIRED


async def test_a_progress_that_cannot_be_read_keeps_nothing_from_its_end(served: Served, probe: Probe) -> None:
    device = await known(served, served.device(), rpcs_per_session=1)
    terms = Terms(expires_at=served.clock.wall() + 100)
    variables = Variable(TABLE), Variable(f"{TABLE}{{i}}.Description", "new", "string")
    public_id = await served.queue(device, OperationKind.ADD_OBJECT, *variables, terms=terms)
    await device.run_session()
    await probe.execute("UPDATE operation SET progress = 'sealed:damaged'")
    await served.sweep(200)
    view = await served.view(public_id)
    assert view.record.state is OperationState.FAILED
    assert "cannot be read" in view.record.fault
