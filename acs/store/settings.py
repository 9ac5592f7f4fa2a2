"""What devices are to have, and what became of it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from acs.domain.settlement import SettingsReport
from acs.store.database import Database
from acs.store.statements import Step, batch, query
from acs.store.type_changes import SETTINGS, note_change
from acs.store.writer import GroupWriter

_EFFECTIVE = query("setting", "effective")
_PUSHED = query("contact", "settings_pushed")
_PUT_OF_DEVICE = batch("setting", "put_of_device")
_PUT_OF_TYPE = batch("setting", "put_of_type")
_DROP_OF_DEVICE = batch("setting", "drop_of_device")
_PUT_OF_NEW_TYPE = batch("setting", "put_of_new_type")
_DROP_OTHERS_OF_TYPE = batch("setting", "drop_others_of_type")
_OF_TYPES = query("setting", "of_types")
_MARK_DUE = batch("setting", "mark_due")
_RECORD_STATES = batch("setting", "record_states")
_SETTLE_FLAGS = batch("contact", "settle_flags")
_REVISE_DEVICE = batch("device", "revise")


@dataclass(frozen=True, slots=True)
class WantedValue:
    """What a parameter is to be, as it is put."""

    path: str
    """The parameter."""
    value: str = field(repr=False)
    """The value as kept, perhaps sealed for the uuid."""
    value_type: str | None
    """See ``acs.domain.operation.Variable.value_type``."""
    uuid: str
    """Names just this wish: another value has another one."""


@dataclass(frozen=True, slots=True)
class KeptSetting:
    """What a parameter of a device is to be, and what became of it."""

    wanted: WantedValue
    """The wish."""
    is_own: bool
    """Whether it is the device's own, and not its type's."""
    state: str | None
    """``applied`` or ``refused``; None: pending."""
    fault: str
    """Why it was refused."""
    shown: str | None = field(repr=False)
    """What the device shows since it was applied, as kept; None: not known."""
    id: int
    """Its row."""
    updated: float
    """When it was put."""
    settled: float | None = None
    """When its state was found; None: pending."""


def settings_steps(device_id: int, fence: int, report: SettingsReport | None, at: float) -> tuple[Step, Step, Step]:
    """The steps that keep what became of settings in a session."""
    if report is None:
        return (_RECORD_STATES, ()), (_SETTLE_FLAGS, ()), (_REVISE_DEVICE, ())
    flags = (
        report.settings_due,
        report.settings_revision,
        report.progress,
        report.credentials_due,
        report.last_configuration,
        report.batches,
    )
    return (
        (
            _RECORD_STATES,
            [
                (device_id, fence, each.path, each.uuid, each.state, each.fault, each.shown, at)
                for each in report.states
            ],
        ),
        (_SETTLE_FLAGS, [(device_id, fence, *flags)]),
        # Whoever remembers the device is to look again.
        (_REVISE_DEVICE, [] if report.batches is None else [(device_id, fence)]),
    )


def put_of_type(type_id: int, wanted: Sequence[WantedValue], at: float) -> Step:
    """The step that wants values of a type's devices; of those that are there already only what differs changes."""
    return _PUT_OF_TYPE, [(type_id, each.path, each.value, each.value_type, each.uuid, at) for each in wanted]


def put_of_new_type(name: str, wanted: Sequence[WantedValue], at: float) -> Step:
    """The same of a type that the unit has just made."""
    return _PUT_OF_NEW_TYPE, [(name, each.path, each.value, each.value_type, each.uuid, at) for each in wanted]


def drop_others_of_type(type_id: int, wanted: Sequence[WantedValue] | None) -> Step:
    """The step that wants nothing else of a type's devices; None: what is wanted stays."""
    rows = [] if wanted is None else [(type_id, json.dumps([each.path for each in wanted]))]
    return _DROP_OTHERS_OF_TYPE, rows


class SettingStore:
    """The tables ``setting`` and ``setting_state``."""

    def __init__(self, database: Database, writer: GroupWriter) -> None:
        self._database = database
        self._writer = writer

    async def effective(self, device_id: int) -> list[KeptSetting]:
        """A device's own settings over those of its type."""
        rows = await self._database.fetch(_EFFECTIVE, {"device_id": device_id})
        return [KeptSetting(WantedValue(*row[:4]), bool(row[4]), row[5], row[6] or "", *row[7:]) for row in rows]

    async def pushed(self, device_id: int) -> tuple[int, str]:
        """How often it was changed what a device is to have, and how far the push of that is, as kept."""
        rows = await self._database.fetch(_PUSHED, {"device_id": device_id})
        return (rows[0][0], rows[0][1]) if rows else (0, "")

    async def put_of_device(self, device_id: int, wanted: Sequence[WantedValue], at: float) -> None:
        """Want values of a device; the rest stays."""
        rows = [(device_id, each.path, each.value, each.value_type, each.uuid, at) for each in wanted]
        await self._writer.write(device_id, (_PUT_OF_DEVICE, rows), (_MARK_DUE, [(device_id,)]))

    async def drop_of_device(self, device_id: int, paths: Sequence[str] | None = None) -> None:
        """Want some of a device's values no longer; None: any of them."""
        rows = [(device_id, path) for path in ([None] if paths is None else paths)]
        await self._writer.write(device_id, (_DROP_OF_DEVICE, rows), (_MARK_DUE, [(device_id,)]))

    async def of_types(self, types: Sequence[int]) -> dict[int, list[WantedValue]]:
        """What the devices of types are to have, by type, in the order of the paths."""
        found: dict[int, list[WantedValue]] = {number: [] for number in types}
        for type_id, *value in sorted(await self._database.fetch(_OF_TYPES, {"types": json.dumps(list(types))})):
            found[type_id].append(WantedValue(*value))
        return found

    async def put_of_type(self, type_id: int, wanted: Sequence[WantedValue], at: float) -> None:
        """Want values of all devices of a type; the rest stays. ``TypeChangeStore`` tells them."""
        await self._writer.write(f"type {type_id}", put_of_type(type_id, wanted, at), note_change(type_id, SETTINGS))
