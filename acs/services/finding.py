"""Which device a client means: by number, by name or by serial number, among those that its token sees."""

from collections.abc import Sequence

from acs.domain.access import Principal
from acs.domain.device import ManagedDevice
from acs.store.devices import DeviceStore


class FindingError(Exception):
    """There is not exactly one device::

    FindingError
     +-- NoDeviceError           there is none that the token sees
     +-- AmbiguousDeviceError    there are several
    """


class NoDeviceError(FindingError):
    """There is no such device, or none that the token sees: the two look alike."""

    def __init__(self) -> None:
        super().__init__("there is no such device")


class AmbiguousDeviceError(FindingError):
    """A serial number is unique with its OUI alone."""

    def __init__(self, ids: Sequence[int]) -> None:
        super().__init__("several devices have this serial number: name one by its id")
        self.ids = tuple(ids)
        """The devices."""


class DeviceFinder:
    """Finds devices."""

    def __init__(self, devices: DeviceStore) -> None:
        self._devices = devices

    async def by_id(self, principal: Principal, device_id: int) -> ManagedDevice:
        """The device of this number."""
        return _seen(principal, await self._devices.by_id(device_id))

    async def by_name(self, principal: Principal, name: str) -> ManagedDevice:
        """The device of this name."""
        return _seen(principal, await self._devices.by_name(name))

    async def by_serial_number(self, principal: Principal, serial_number: str) -> ManagedDevice:
        """The device of this serial number."""
        known = await self._devices.by_serial_number(serial_number)
        seen = [each for each in known if principal.sees(each.organization_id)]
        if len(seen) > 1:
            raise AmbiguousDeviceError([each.id for each in seen])
        return _seen(principal, seen[0] if seen else None)


def _seen(principal: Principal, device: ManagedDevice | None) -> ManagedDevice:
    if device is None or not principal.sees(device.organization_id):
        raise NoDeviceError
    return device
