"""What a device is to have, as operators read it: each wish with what became of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from acs.domain.device import ManagedDevice
from acs.domain.selection import Selection
from acs.provisioning.context import Context
from acs.provisioning.settings import due_settings
from acs.services.knowledge import known_parameters, root_of
from acs.services.secret_values import masked_value
from acs.services.tools import Tools, quirks_of
from acs.services.wanted import Wanted, WantedSettings
from acs.store.listing import Cursor, Found, Slice
from cwmp_schemas.datamodel import lookup


class WishState(StrEnum):
    """What became of a wish."""

    PENDING = "pending"
    """The device is not known to have it."""
    APPLIED = "applied"
    """The device has it."""
    REFUSED = "refused"
    """The device does not take it; it is tried again after a change, a sync, a reconf or a reset."""


@dataclass(frozen=True, slots=True)
class ShownWish:
    """What a parameter of a device is to be."""

    id: int | None
    """Its row; None for one that follows from the update frequency."""
    path_id: int
    """The parameter's path, by its number."""
    path: str
    """The parameter."""
    value: str = field(repr=False)
    """The value, masked if it is a secret."""
    value_type: str | None
    """What the operator calls the value's type."""
    is_own: bool
    """Whether it is the device's own, and not its type's."""
    state: WishState
    """What became of it."""
    fault: str
    """Why it was refused."""
    updated: float | None
    """When it was put; None for one that follows from the update frequency."""


class DeviceSettings:
    """Reads wishes."""

    def __init__(self, tools: Tools, wanted: WantedSettings) -> None:
        self._tools = tools
        self._wanted = wanted

    async def of_device(self, device: ManagedDevice) -> dict[str, Wanted]:
        """All that a device is to have."""
        return await self._wanted.of_device(device, await root_of(self._tools, device.id))

    async def page(
        self, device: ManagedDevice, selection: Selection, part: Slice, *, is_pending: bool | None = None
    ) -> Found[ShownWish]:
        """A page of it, by path; of what is pending alone, or of the rest alone."""
        wanted = await self.of_device(device)
        paths = sorted(path for path in wanted if selection.takes(path))
        if is_pending is not None:
            states = await self.states(device, wanted, paths)
            paths = [path for path in paths if (states[path] is WishState.PENDING) is is_pending]
        after = None if part.after is None else str(part.after.value)
        left = paths[part.offset :] if after is None else [path for path in paths if path > after]
        here = left[: part.limit]
        following = Cursor(here[-1], 0) if here and len(left) > len(here) else None
        states = await self.states(device, wanted, here)
        numbers = await self._tools.parameters.numbers(here)
        items = [
            _shown_wish(path, number, wanted[path], states[path]) for path, number in zip(here, numbers, strict=True)
        ]
        return Found(items, len(paths), following)

    async def states(
        self, device: ManagedDevice, wanted: Mapping[str, Wanted], paths: Collection[str]
    ) -> dict[str, WishState]:
        """What became of some wishes, going by what the device last said."""
        tried = {path: wanted[path].setting for path in paths if not wanted[path].is_refused}
        known = await known_parameters(self._tools, device.id, tried)
        due = set(due_settings(Context(quirks_of(device.quirks), known, lookup, settings=tried)))
        refused = WishState.REFUSED
        return {
            path: refused if path not in tried else WishState.PENDING if path in due else WishState.APPLIED
            for path in paths
        }


def _shown_wish(path: str, number: int, wanted: Wanted, state: WishState) -> ShownWish:
    value, value_type = masked_value(path, wanted.setting.value), wanted.setting.value_type
    return ShownWish(wanted.id, number, path, value, value_type, wanted.is_own, state, wanted.fault, wanted.updated)
