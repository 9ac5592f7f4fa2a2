"""What operators want of one device: all of a change in one commit, with what is told of it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from acs.domain.audit import AuditEntry
from acs.domain.contact import HistoryEntry
from acs.store.audit import audit_step
from acs.store.contacts import history_step
from acs.store.settings import WantedValue
from acs.store.statements import batch
from acs.store.writer import GroupWriter

_DROP = batch("setting", "drop_of_device")
_DROP_OTHERS = batch("setting_change", "drop_others")
_PUT = batch("setting_change", "put")
_WANT_UPDATE_FREQUENCY = batch("setting_change", "want_update_frequency")
_MARK_DUE = batch("setting", "mark_due")


@dataclass(frozen=True, slots=True)
class SettingsChange:
    """What is to be another way."""

    put: Sequence[WantedValue] = ()
    """What is wanted now."""
    dropped: Sequence[str] = ()
    """What is wanted no longer."""
    kept: Sequence[str] | None = None
    """Nothing is wanted but these; None: the rest stays."""
    update_frequency: int | None = None
    """How often the device is to inform, in seconds; 0: as its type says; None: as before."""
    history: Sequence[HistoryEntry] = ()
    """What is worth telling."""


class SettingChangeStore:
    """Writes the table ``setting``."""

    def __init__(self, writer: GroupWriter) -> None:
        self._writer = writer

    async def change(self, device_id: int, change: SettingsChange, at: float, audit: AuditEntry | None) -> bool:
        """Want something else of a device, which is pushed in its next session; False if the device is no more."""
        *_, due, _, _ = await self._writer.write(
            device_id,
            (_DROP, [(device_id, path) for path in change.dropped]),
            (_DROP_OTHERS, [] if change.kept is None else [(device_id, json.dumps(list(change.kept)))]),
            (_PUT, [(device_id, each.path, each.value, each.value_type, each.uuid, at) for each in change.put]),
            (
                _WANT_UPDATE_FREQUENCY,
                [] if change.update_frequency is None else [(device_id, change.update_frequency, at)],
            ),
            (_MARK_DUE, [(device_id,)]),
            history_step(device_id, at, tuple(change.history)),
            audit_step(audit),
        )
        return bool(due)
