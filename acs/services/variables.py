"""What devices say about their parameters, as operators read it."""

import json
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from acs.auth.sealing import SealError
from acs.domain.audit import AuditEntry
from acs.domain.device import ManagedDevice
from acs.domain.operation import Operation, OperationKind, Variable
from acs.domain.parameter import ParameterRecord
from acs.domain.queue import OperationState, Origin
from acs.domain.secret_names import MASK
from acs.domain.selection import ANY, INSTANCE, Selection
from acs.provisioning.errors import InvalidDataError
from acs.services.device_settings import DeviceSettings, WishState
from acs.services.knowledge import root_of
from acs.services.operations import Operations, Terms
from acs.services.requested import Requested
from acs.services.secret_values import is_secret, masked_value
from acs.services.tools import Tools
from acs.store.listing import Found, Slice
from cwmp_schemas.datamodel import lookup

TABLE: Final = "table"
"""The type of an object."""
READ_WITHIN: Final = 60.0
"""So many seconds a device has to come and be read; later nobody waits for it."""
_MOST_READ: Final = 100


@dataclass(frozen=True, slots=True)
class KnownVariable:
    """A parameter or an object, as far as the device has told of it."""

    path: str
    """Its path."""
    value: str | None = field(repr=False)
    """Its value, masked if it is a secret; None: not told, or an object."""
    type: str | None
    """Its type; None: not told."""
    writable: bool | None
    """Whether it can be set, as the device says or else the data model; None: neither says."""
    updated: float | None
    """When this was told first; None for an object."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What came of asking a device."""

    public_id: str
    """The operation that asks it."""
    is_fresh: bool
    """Whether it has answered in time."""


class Variables:
    """Reads what is known, and asks devices for it."""

    def __init__(self, tools: Tools, operations: Operations, settings: DeviceSettings) -> None:
        self._tools = tools
        self._operations = operations
        self._settings = settings

    async def page(self, device_id: int, selection: Selection, part: Slice) -> Found[KnownVariable]:
        """A page of what is known, by path. The objects that are named come first, if anything is below them."""
        objects = await self._tools.parameters.objects(device_id, selection.objects)
        first = [_object(path) for path in objects[part.offset : part.offset + part.limit] if part.after is None]
        rest = Slice(part.limit - len(first), max(0, part.offset - len(objects)), part.after)
        found = await self._tools.parameters.page(device_id, selection, rest)
        return Found(
            [*first, *(self._known(device_id, each) for each in found.items)],
            found.count + len(objects),
            found.following,
        )

    async def pending(self, device: ManagedDevice, paths: Collection[str]) -> dict[str, str]:
        """What these parameters are going to be set to, secrets masked: by operations that are open, then by settings
        that the device is not known to have.
        """
        values: dict[str, str] = {}
        for record in await self._tools.operations.open_of_device(device.id):
            if record.kind != OperationKind.SET:
                continue
            with suppress(SealError, InvalidDataError):
                variables = self._operations.view_of(record).requested.operation.variables
                values |= {each.name: each.value for each in variables if each.value is not None}
        wanted = await self._settings.of_device(device)
        here = [path for path in paths if path in wanted]
        states = await self._settings.states(device, wanted, here)
        values |= {path: wanted[path].setting.value for path in here if states[path] is WishState.PENDING}
        return {path: masked_value(path, value) for path, value in values.items() if path in paths}

    async def refresh(
        self,
        device: ManagedDevice,
        selection: Selection,
        seconds: float,
        *,
        actor: str,
        note: Callable[[str, Sequence[str]], AuditEntry],
    ) -> Refreshed:
        """Ask the device for a selection, and wait so many seconds for its answer. It is in nobody's way.

        ``note`` makes the entry of the audit log, of the operation's public id and what is read. PlanningError if that
        cannot be read.
        """
        names = await self._to_read(device, selection)
        operation = Operation(OperationKind.GET, tuple(map(Variable, names)))
        until = self._tools.clock.wall() + READ_WITHIN
        terms = Terms(expires_at=until, max_attempts=1, origin=Origin.SERVER, actor=actor)
        view = await self._operations.queue(
            device.id, Requested(operation), terms, lambda public_id: note(public_id, names)
        )
        public_id = view.record.public_id
        view = await self._operations.until_ended(public_id, seconds)
        return Refreshed(public_id, view.record.state is OperationState.COMPLETED)

    async def _to_read(self, device: ManagedDevice, selection: Selection) -> Sequence[str]:
        """What a device is to be asked for: no less than is meant."""
        if selection.variable_names:
            return selection.variable_names
        names: Sequence[str] = ()
        if selection.names:
            names = [_above(each, INSTANCE) for each in selection.names]
        elif selection.wildcard is not None:
            names = [_above(selection.pattern, ANY)]
        elif selection.short_names:
            known = await self._tools.parameters.page(device.id, selection, Slice(_MOST_READ))
            names = [each.path for each in known.items]
        else:
            names = json.loads(device.managed)
        if not names or "" in names:
            return [await root_of(self._tools, device.id)]
        return list(dict.fromkeys(names))

    def _known(self, device_id: int, record: ParameterRecord) -> KnownVariable:
        path, value = record.path, record.value
        if value and is_secret(path):
            value = MASK
        elif value is not None:
            value = masked_value(path, self._opened(device_id, path, value))
        facts = lookup(path)
        writable = record.writable if record.writable is not None or facts is None else facts.writable
        return KnownVariable(path, value, record.type, writable, record.updated)

    def _opened(self, device_id: int, path: str, kept: str) -> str:
        try:
            return self._tools.vault.open(kept, "parameter", (device_id, path), "value")
        except SealError:
            # It held a login, and the key is gone: the others are shown all the same.
            return MASK


def _object(path: str) -> KnownVariable:
    facts = lookup(path)
    return KnownVariable(path, None, TABLE, None if facts is None else facts.writable, None)


def _above(pattern: str, place: str) -> str:
    """The path itself, or the object above the first place that anything may stand in."""
    first, found, _ = pattern.partition(place)
    return first[: first.rfind(".") + 1] if found else first
