"""Desired settings: what devices are to have, and of which type they get it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from acs.domain.device import ManagedDevice
from acs.domain.setting import Setting
from acs.services.requested import is_secret
from acs.services.tools import Tools
from acs.store.settings import KeptSetting, WantedValue


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a parameter of a device is to be, and what became of that."""

    setting: Setting
    """The wish, and whether the device has taken it."""
    uuid: str
    """Names just this wish; empty for one that follows from the device's update frequency."""
    is_own: bool
    """Whether it is the device's own, and not its type's."""
    is_refused: bool = False
    """Whether the device refused it: it is tried again after a change, a sync, a reconf or a reset."""
    fault: str = ""
    """Why."""


@dataclass(frozen=True, slots=True)
class NewSetting:
    """A wish as an operator utters it."""

    path: str
    """The parameter."""
    value: str = field(repr=False)
    """The value."""
    value_type: str | None = None
    """See ``acs.domain.operation.Variable.value_type``."""


class WantedSettings:
    """Keeps wishes, and tells which hold for a device."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def of_device(self, device: ManagedDevice, root: str) -> dict[str, Wanted]:
        """All that a device is to have, its own wishes over those of its type; ``root`` is that of its tree."""
        kept = await self._tools.wanted.effective(device.id)
        wanted = {each.wanted.path: self._opened(device.id, each) for each in kept}
        seconds = device.update_frequency or device.type_update_frequency
        if seconds:
            path = f"{root}ManagementServer.PeriodicInformInterval"
            wanted.setdefault(path, Wanted(Setting(str(seconds), "unsignedInt"), "", is_own=False))
        return wanted

    async def put(self, device_id: int, settings: Sequence[NewSetting]) -> None:
        """Want values of a device; what else it is to have stays."""
        await self._tools.wanted.put_of_device(device_id, self.sealed(settings), self._tools.clock.wall())

    async def put_of_type(self, type_id: int, settings: Sequence[NewSetting]) -> None:
        """Want values of all devices of a type."""
        await self._tools.wanted.put_of_type(type_id, self.sealed(settings), self._tools.clock.wall())
        await self._tools.type_changes.tell()

    async def drop(self, device_id: int, paths: Sequence[str] | None = None) -> None:
        """Want some of a device's values no longer; None: any of its own."""
        await self._tools.wanted.drop_of_device(device_id, paths)

    def sealed(self, settings: Sequence[NewSetting]) -> list[WantedValue]:
        """Wishes as they are kept, each with a uuid of its own."""
        sealed: list[WantedValue] = []
        for each in settings:
            uuid = self._tools.chance.octets(16).hex()
            value = self._tools.vault.keep(each.value, "setting", uuid, "value", is_secret=is_secret(each.path))
            sealed.append(WantedValue(each.path, value, each.value_type, uuid))
        return sealed

    def uttered(self, kept: WantedValue) -> NewSetting:
        """A wish as it was uttered."""
        value = self._tools.vault.open(kept.value, "setting", kept.uuid, "value")
        return NewSetting(kept.path, value, kept.value_type)

    def _opened(self, device_id: int, kept: KeptSetting) -> Wanted:
        wanted = kept.wanted
        value = self._tools.vault.open(wanted.value, "setting", wanted.uuid, "value")
        shown = kept.shown
        if shown is not None:
            shown = self._tools.vault.open(shown, "setting_state", (device_id, wanted.path), "shown")
        return Wanted(
            Setting(value, wanted.value_type, applied=kept.state == "applied", shown=shown),
            wanted.uuid,
            kept.is_own,
            kept.state == "refused",
            kept.fault,
        )
