"""A device that does not tell that it was reset is known to have been if we have told it to."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from acs.domain.operation import OperationKind
from acs.domain.queue import OperationState
from tests.e2e.device import VANISH, ScriptedDevice
from tests.e2e.login import Login
from tests.e2e.serving import Served, serving
from tests.e2e.test_onboarding import FACTORY, SHARED, a_type, fresh, listed, statuses, take, told


@pytest.fixture
async def served(database_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(database_url, tmp_path, onboarding="quarantine") as found:
        found.clock.advance(10)
        yield found


async def at_home(served: Served, **ways: object) -> ScriptedDevice:
    """A router that logs in with what it was given."""
    await a_type(served)
    device = fresh(served, **ways)
    await device.run_session()
    take(device)
    await device.run_session()
    return device


def come_back(device: ScriptedDevice) -> None:
    """It has been reset, and has nothing but its type's login."""
    device.model.reset()
    device.link.login = Login(SHARED, FACTORY)


async def test_it_comes_in_gets_new_logins_and_has_proven_that_it_was_reset(served: Served) -> None:
    device = await at_home(served)
    before = told(device)
    public_id = await served.queue(device, OperationKind.FACTORY)
    await device.run_session(())
    assert (await served.view(public_id)).record.state is OperationState.IN_PROGRESS
    come_back(device)
    assert (await device.run_session(())).is_acknowledged
    assert (await served.view(public_id)).record.state is OperationState.COMPLETED
    assert set(told(device).values()).isdisjoint(before.values())
    assert await listed(served) == []


async def test_an_answer_that_was_lost_is_no_hindrance(served: Served) -> None:
    device = await at_home(served, on_rpc={"FactoryReset": lambda _: VANISH})
    public_id = await served.queue(device, OperationKind.FACTORY)
    await device.run_session(())
    come_back(device)
    assert (await device.run_session(())).is_acknowledged
    assert (await served.view(public_id)).record.state is OperationState.COMPLETED


async def test_once_it_was_heard_again_nobody_comes_in_on_that_word(served: Served) -> None:
    device = await at_home(served)
    await served.queue(device, OperationKind.FACTORY)
    await device.run_session(())
    served.clock.advance(60)
    assert (await device.run_session(())).is_acknowledged, "it was not reset"
    come_back(device)
    assert statuses(await device.run_session(())) == [403]
    assert [each.reason for each in await listed(served)] == [
        "a known device came back on its type's credentials without having been reset"
    ]
