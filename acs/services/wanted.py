"""Desired settings: what devices are to have, and of which type they get it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from acs.auth.sealing import SealError
from acs.domain.audit import AuditEntry
from acs.domain.contact import HistoryEntry
from acs.domain.device import ManagedDevice
from acs.domain.secret_names import MASK
from acs.domain.setting import Setting
from acs.services.knowledge import INTERVALS, root_of
from acs.services.secret_values import holds_secret, masked_value
from acs.services.tools import Tools
from acs.services.values import MAX_SHOWN
from acs.store.setting_changes import SettingsChange
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
    id: int | None = None
    """Its row; None for one that follows from the update frequency."""
    updated: float | None = None
    """When it was put; None for one that follows from the update frequency."""


Shown = Mapping[str, str | None]
"""Settings by path, as they may be shown; None: there is none."""


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

    async def of_device(self, device: ManagedDevice, root: str | None) -> dict[str, Wanted]:
        """All that a device is to have, its own wishes over those of its type; ``root`` is that of its tree.

        How often it is to inform is its own wish if the device says so, whatever is kept of that as a setting. Without
        a root nobody knows what that is called there, so it is left out unless it was put as a setting.
        """
        kept = await self._tools.wanted.effective(device.id)
        wanted = {each.wanted.path: self._opened(device.id, each) for each in kept}
        if root is None:
            return wanted
        interval = f"{root}ManagementServer.PeriodicInformInterval"
        own = next((wanted.pop(path) for path in INTERVALS if path in wanted and wanted[path].is_own), None)
        if device.update_frequency:
            seconds = str(device.update_frequency)
            is_just_this = own is not None and own.setting.value == seconds
            wanted[interval] = own if own and is_just_this else _following(seconds, is_own=True)
        elif device.type_update_frequency:
            wanted.setdefault(interval, _following(str(device.type_update_frequency), is_own=False))
        return wanted

    async def change(
        self,
        device: ManagedDevice,
        wishes: Sequence[NewSetting],
        dropped: Sequence[str] = (),
        *,
        replaces: bool = False,
        actor: str = "",
        note: Callable[[Shown, Shown], AuditEntry] | None = None,
    ) -> bool:
        """Want something else of a device: these wishes, and no longer what is dropped, or any other of its own.

        All of it in one commit; False if the device is no more. What stays as it is is not due again, but a wish that
        was refused is, if it is uttered once more. ``note`` makes the entry of the audit log, of what was and what is.
        """
        root = await root_of(self._tools, device.id)
        interval = f"{root}ManagementServer.PeriodicInformInterval"
        uttered = {path: replace(each, path=path) for each in wishes for path in [_own_path(each.path, interval)]}
        own = {path: each for path, each in (await self.of_device(device, root)).items() if each.is_own}
        new = [each for path, each in uttered.items() if not _is_the_same(own.get(path), each)]
        gone = [path for path in (_own_path(each, interval) for each in dropped) if path in own]
        if replaces:
            # An update frequency that nobody has put as a setting belongs to the device.
            gone = [path for path, each in own.items() if path not in uttered and each.id is not None]
        if not new and not gone:
            return True
        changed = {each.path: masked_value(each.path, each.value) for each in new} | dict.fromkeys(gone)
        before = {path: masked_value(path, own[path].setting.value) if path in own else None for path in changed}
        seconds = next((int(each.value) for each in new if each.path == interval), 0 if interval in gone else None)
        change = SettingsChange(
            self.sealed(new),
            [path for each in gone for path in (INTERVALS if each == interval else (each,))],
            list(uttered) if replaces else None,
            seconds,
            [HistoryEntry("setting", path, _cut(before[path]), _cut(value), actor) for path, value in changed.items()],
        )
        audit = None if note is None else note(before, changed)
        return await self._tools.wishes.change(device.id, change, self._tools.clock.wall(), audit)

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
            is_secret = holds_secret(each.path, each.value)
            value = self._tools.vault.keep(each.value, "setting", uuid, "value", is_secret=is_secret)
            sealed.append(WantedValue(each.path, value, each.value_type, uuid))
        return sealed

    def uttered(self, kept: WantedValue) -> NewSetting:
        """A wish as it was uttered; of a secret that cannot be unsealed any more, its mask."""
        try:
            value = self._tools.vault.open(kept.value, "setting", kept.uuid, "value")
        except SealError as error:
            self._tools.log.error("a setting cannot be unsealed", parameter=kept.path, reason=str(error))
            value = MASK
        return NewSetting(kept.path, value, kept.value_type)

    def _opened(self, device_id: int, kept: KeptSetting) -> Wanted:
        wanted = kept.wanted
        value = self._tools.vault.open(wanted.value, "setting", wanted.uuid, "value")
        shown = kept.shown
        if shown is not None:
            shown = self._tools.vault.open(shown, "setting_state", (device_id, wanted.path), "shown")
        return Wanted(
            Setting(value, wanted.value_type, kept.state == "applied", shown, kept.settled or 0.0),
            wanted.uuid,
            kept.is_own,
            kept.state == "refused",
            kept.fault,
            kept.id,
            kept.updated,
        )


def _following(seconds: str, *, is_own: bool) -> Wanted:
    """What follows from an update frequency."""
    return Wanted(Setting(seconds, "unsignedInt"), "", is_own)


def _own_path(path: str, interval: str) -> str:
    """A path as it is kept: how often a device is to inform is said in either tree."""
    return interval if path in INTERVALS else path


def _is_the_same(known: Wanted | None, wish: NewSetting) -> bool:
    if known is None or known.is_refused:
        return False
    if not known.uuid:
        # What follows from the update frequency has no type that anybody has uttered.
        return known.setting.value == wish.value
    return (known.setting.value, known.setting.value_type) == (wish.value, wish.value_type)


def _cut(value: str | None) -> str | None:
    return None if value is None else value[:MAX_SHOWN]
