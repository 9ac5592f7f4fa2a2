"""An operator who wants devices to have something."""

from dataclasses import dataclass

from acs.domain.inventory import DeviceTypeDetails
from acs.domain.queue import OperationState
from acs.services.wanted import NewSetting, Wanted
from tests.contract.opened import OpenStore
from tests.e2e.defaults import ALWAYS_TOLD
from tests.e2e.device import ScriptedDevice, Value
from tests.e2e.serving import Served


@dataclass(frozen=True, slots=True)
class Office:
    """A server, and an operator's way to its wishes."""

    served: Served
    store: OpenStore

    async def want(self, device: ScriptedDevice, *settings: NewSetting) -> None:
        """Want values of a device."""
        await self.served.server.services.wanted.put(await self.served.id_of(device), settings)

    async def wanted(self, device: ScriptedDevice) -> dict[str, Wanted]:
        """What the device is to have, and what became of that."""
        services = self.served.server.services
        found = await services.tools.devices.by_id(await self.served.id_of(device))
        assert found is not None
        return await services.wanted.of_device(found, "Device.")

    async def type_with(self, device: ScriptedDevice, *settings: NewSetting, **details: int) -> int:
        """A type that wants these values, and the device of that type."""
        number = await self.store.types.create(DeviceTypeDetails("home", "home", **details), at=0.0)  # type: ignore[arg-type]
        await self.served.server.services.wanted.put_of_type(number, settings)
        await self.store.devices.set_type(await self.served.id_of(device), number, 0.0)
        return number

    async def is_done(self, public_id: str) -> bool:
        """Whether an operation is completed."""
        return (await self.served.view(public_id)).record.state is OperationState.COMPLETED


def told(device: ScriptedDevice, *names: str) -> dict[str, Value]:
    """What an Inform tells that tells these parameters too."""
    return {
        name: Value(parameter.value, parameter.type)
        for name, parameter in device.model.parameters.items()
        if name.endswith(ALWAYS_TOLD) or name in names
    }
