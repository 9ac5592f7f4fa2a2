"""Each quirk of HTTP, against a server that lets nobody in without a login."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from acs.domain.operation import OperationKind, Variable
from simulators.device.quirk_names import REGISTRY, quirks_named
from tests.e2e.serving import Served, serving
from tests.simulators.device.conversing import small_model
from tests.simulators.together import Subject, read, told

NAMES = ("Device.DeviceInfo.SoftwareVersion", "Device.ManagementServer.PeriodicInformInterval")
LOGINS = [name for name, each in REGISTRY.items() if each.group == "http" and each.outcome == "ok"]

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """One server for all devices: each is another one."""
    folder = tmp_path_factory.mktemp("served")
    async with serving(f"sqlite:///{folder}/a.db", folder, onboarding="quarantine") as found:
        yield found


async def known(served: Served, *names: str) -> Subject:
    """A device that the server knows, and what it has to know of its kind."""
    subject = Subject(served, small_model(), quirks_named(names))
    await subject.be_registered()
    # What was just looked up in vain is looked up again after a while.
    served.clock.advance(2.0)
    return subject


@pytest.mark.parametrize("name", LOGINS)
async def test_a_device_logs_in_whatever_its_quirk(served: Served, name: str) -> None:
    subject = await known(served, name)
    await subject.be_of_type(REGISTRY[name].settings)
    for _ in range(2):
        assert await subject.session() == "ok"
    assert 401 in subject.counting.statuses, "nobody asked for a login"
    wanted = await subject.queue(OperationKind.GET, *map(Variable, NAMES))
    (outcome,), ends = await subject.until_done(wanted, sessions=2)
    assert ends[-1] == "ok"
    assert read(outcome) == told(subject.cpe, NAMES, subject.now)
