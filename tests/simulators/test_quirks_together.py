"""Each quirk alone and some together, against a real server: what is wanted of such a device is done all the same."""

from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio

from acs.domain.operation import OperationKind, Variable
from cwmp_schemas.values import XsdType, same_value
from simulators.device.behaviours import behaviours
from simulators.device.capture import read_capture
from simulators.device.quirk_names import REGISTRY, quirk, quirks_named, settings_for
from tests.e2e.serving import Served, serving
from tests.simulators.device.conversing import SMALL
from tests.simulators.together import Subject, read, told

CODE = "Device.DeviceInfo.ProvisioningCode"
WHEN = "Device.ManagementServer.PeriodicInformTime"
ENABLE = "Device.NAT.PortMapping.1.Enable"
MORE = f"{WHEN},false,true,2026-01-01T00:00:00Z,xsd:dateTime"
MODEL = read_capture([*SMALL.replace(f"{CODE},false,true,", f"{CODE},false,true,Büro & Küche <1>").splitlines(), MORE])
NAMES = (
    CODE,
    "Device.DeviceInfo.SoftwareVersion",
    "Device.DeviceInfo.HardwareVersion",
    "Device.ManagementServer.PeriodicInformInterval",
    "Device.NAT.PortMapping.1.ExternalPort",
)
WRITTEN: dict[str, tuple[str, str]] = {
    CODE: ("Räume & Flüge <2>", "string"),
    ENABLE: ("0", "boolean"),
    WHEN: ("2026-02-03T04:05:06Z", "dateTime"),
}
WELL = [name for name, each in REGISTRY.items() if each.outcome == "ok"]
REFUSED = [name for name in REGISTRY if name not in WELL]
MIXTURES = [each.names for each in behaviours(170, seed="mixtures") if len(each.names) > 2][:20]

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """One server for all devices: each is another one."""
    folder = tmp_path_factory.mktemp("served")
    async with serving(f"sqlite:///{folder}/a.db", folder) as found:
        yield found


async def is_read_and_configured(served: Served, names: Sequence[str]) -> None:
    """Let the server read and write values of a device with some quirks: it learns what they are, and writes them."""
    subject, settings = Subject(served, MODEL, quirks_named(names)), settings_for(names)
    before = told(subject.cpe, NAMES, subject.now)
    assert await subject.session() == "ok"
    await subject.be_of_type(settings)
    reading = await subject.queue(OperationKind.GET, *map(Variable, NAMES))
    writing = await subject.queue(OperationKind.SET, *(Variable(path, *value) for path, value in WRITTEN.items()))
    (found, written), ends = await subject.until_done(
        reading, writing, sessions=4, step=float(settings.get("config_delay", 6))
    )
    assert ends[-1] == "ok"
    assert read(found) == before
    for result in written.variables:
        value, kind = WRITTEN[result.name]
        is_ignored = "ignores-writes" in names and result.name == CODE
        assert same_value(XsdType(kind), subject.cpe.tree.value(result.name, subject.now) or "", value) != is_ignored
        assert result.verified is (None if "read_back" in settings else not is_ignored)


@pytest.mark.parametrize("name", WELL)
async def test_a_device_is_read_and_configured_whatever_its_quirk(served: Served, name: str) -> None:
    await is_read_and_configured(served, [name])


@pytest.mark.parametrize("names", MIXTURES, ids=" ".join)
async def test_a_device_is_read_and_configured_whatever_its_mixture_of_quirks(
    served: Served, names: tuple[str, ...]
) -> None:
    await is_read_and_configured(served, names)


@pytest.mark.parametrize("name", REFUSED)
async def test_a_device_that_cannot_be_told_from_others_is_refused(served: Served, name: str) -> None:
    subject = Subject(served, MODEL, quirk(name))
    assert await subject.session() == REGISTRY[name].outcome
