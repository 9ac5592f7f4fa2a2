"""What proves a firmware image that a device ran before: that it was fetched, and that the device has booted since."""

import pytest

from acs.domain.queue import OperationState
from tests.e2e.depot import Depot, done_now, fetching, known, report_of, state
from tests.e2e.device import ScriptedDevice

VALUE_CHANGE = (("4 VALUE CHANGE", ""),)
BOOT = (("1 BOOT", ""),)


async def reinstalling(depot: Depot, device: ScriptedDevice) -> tuple[str, str]:
    """Have the device download the image that it runs: the operation, and the key to report it with."""
    await known(device)
    public_id = await depot.upgrade(device, await depot.image(version="1.0"))
    (asked,) = (await device.run_session()).rpcs
    depot.served.clock.advance(60)
    return public_id, asked.text("CommandKey")


async def test_the_version_that_runs_already_proves_nothing(depot: Depot) -> None:
    device = depot.served.device()
    public_id, _ = await reinstalling(depot, device)
    device.behaviour.transfers.clear()
    await device.run_session(VALUE_CHANGE)
    await device.run_session(BOOT)
    await depot.served.sweep(3_500)
    assert state(await depot.served.view(public_id)) is OperationState.IN_PROGRESS
    assert await depot.is_pending(device)
    await depot.served.sweep(100)
    assert state(await depot.served.view(public_id)) is OperationState.FAILED


async def test_a_report_is_no_proof_of_it_before_the_device_has_booted(depot: Depot) -> None:
    device = depot.served.device()
    public_id, key = await reinstalling(depot, device)
    device.behaviour.transfers.clear()
    await device.run_session(VALUE_CHANGE, requests=[report_of(device, key)])
    assert state(await depot.served.view(public_id)) is OperationState.IN_PROGRESS
    await device.run_session(VALUE_CHANGE)
    assert state(await depot.served.view(public_id)) is OperationState.IN_PROGRESS
    await device.run_session(BOOT)
    assert state(await depot.served.view(public_id)) is OperationState.COMPLETED
    assert not await depot.is_pending(device)


async def test_a_report_of_a_device_that_has_booted_is_proof_of_it(depot: Depot) -> None:
    device = fetching(depot, new_version=None)
    public_id, _ = await reinstalling(depot, device)
    await device.run_session()
    assert state(await depot.served.view(public_id)) is OperationState.COMPLETED


async def test_a_boot_before_the_download_does_not_count(depot: Depot) -> None:
    device = await known(depot.served.device())
    depot.served.clock.advance(60)
    public_id = await depot.upgrade(device, await depot.image(version="1.0"))
    (asked,) = (await device.run_session(BOOT)).rpcs
    device.behaviour.transfers.clear()
    await device.run_session(VALUE_CHANGE, requests=[report_of(device, asked.text("CommandKey"))])
    assert state(await depot.served.view(public_id)) is OperationState.IN_PROGRESS
    depot.served.clock.advance(60)
    await device.run_session(BOOT)
    assert state(await depot.served.view(public_id)) is OperationState.COMPLETED


async def test_a_device_that_has_applied_it_at_once_is_believed(depot: Depot) -> None:
    device = await known(depot.served.device(on_rpc={"Download": done_now}))
    public_id = await depot.upgrade(device, await depot.image(version="1.0"))
    await device.run_session()
    assert state(await depot.served.view(public_id)) is OperationState.COMPLETED


@pytest.mark.parametrize("boots", [False, True])
async def test_a_reported_fault_fails_it_all_the_same(depot: Depot, boots: bool) -> None:
    device = fetching(depot, new_version=None, fault=(9018, "file corrupted"))
    public_id, _ = await reinstalling(depot, device)
    await device.transfer()
    (due,) = device.behaviour.due
    assert due.request is not None
    await device.run_session(BOOT if boots else VALUE_CHANGE, requests=[due.request])
    assert state(await depot.served.view(public_id)) is OperationState.FAILED
