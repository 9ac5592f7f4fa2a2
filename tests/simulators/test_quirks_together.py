"""Each quirk alone, against a real server: what is wanted of such a device is done all the same."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from acs.domain.operation import OperationKind, Variable
from simulators.device.capture import read_capture
from simulators.device.quirk_names import quirk
from simulators.device.quirk_table import REGISTRY
from tests.e2e.serving import Served, serving
from tests.simulators.device.conversing import SMALL
from tests.simulators.together import Subject, read, told

CODE = "Device.DeviceInfo.ProvisioningCode"
MODEL = read_capture(SMALL.replace(f"{CODE},false,true,", f"{CODE},false,true,Büro & Küche <1>").splitlines())
NAMES = (
    CODE,
    "Device.DeviceInfo.SoftwareVersion",
    "Device.DeviceInfo.HardwareVersion",
    "Device.ManagementServer.PeriodicInformInterval",
    "Device.NAT.PortMapping.1.ExternalPort",
)
WELL = [name for name, each in REGISTRY.items() if each.outcome == "ok"]
REFUSED = [name for name in REGISTRY if name not in WELL]

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """One server for all devices: each is another one."""
    folder = tmp_path_factory.mktemp("served")
    async with serving(f"sqlite:///{folder}/a.db", folder) as found:
        yield found


@pytest.mark.parametrize("name", WELL)
async def test_a_device_is_read_whatever_its_quirk(served: Served, name: str) -> None:
    subject = Subject(served, MODEL, quirk(name))
    assert await subject.session() == "ok"
    if REGISTRY[name].settings:
        await subject.be_of_type(REGISTRY[name].settings)
    wanted = await subject.queue(OperationKind.GET, *map(Variable, NAMES))
    outcome, ends = await subject.until_done(wanted, sessions=3)
    assert ends[-1] == "ok"
    assert read(outcome) == told(subject.cpe, NAMES, subject.now)


@pytest.mark.parametrize("name", REFUSED)
async def test_a_device_that_cannot_be_told_from_others_is_refused(served: Served, name: str) -> None:
    subject = Subject(served, MODEL, quirk(name))
    assert await subject.session() == REGISTRY[name].outcome
