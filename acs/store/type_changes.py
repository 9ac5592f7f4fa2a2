"""What changes of a type is told to its devices a few at a time, however many there are.

A crash in between loses nothing: the change and the note of it are one commit, and each batch of devices moves the
note on in the commit that tells them.
"""

from typing import Final

from acs.store.database import Database
from acs.store.statements import Row, Step, batch, query
from acs.store.writer import GroupWriter

DEVICE: Final = "device"
"""What is known of the devices is to be read anew."""
SETTINGS: Final = "settings"
"""The devices' settings are due."""
BATCH: Final = 500
"""So many devices are told at once."""

_NOTE = batch("type_change", "note")
_NOTE_IF_IT_MATTERS = batch("type_change", "note_if_it_matters")
_SOME, _NEXT = query("type_change", "some"), query("type_change", "next")
_ADVANCE, _FINISH = batch("type_change", "advance"), batch("type_change", "finish")
_TELL: Final = {
    DEVICE: batch("type_change", "revise_devices"),
    SETTINGS: batch("type_change", "mark_settings_due"),
}


def note_change(type_id: int, kind: str, *, takes_place: bool = True) -> Step:
    """The step that notes a change of a type, with the change itself; no change, no note."""
    return _NOTE, [(type_id, kind)] if takes_place else []


def note_if_it_matters(row: Row) -> Step:
    """The step that notes a change if it matters to devices: it comes before the change."""
    return _NOTE_IF_IT_MATTERS, [row]


class TypeChangeStore:
    """The table ``type_change``."""

    def __init__(self, database: Database, writer: GroupWriter) -> None:
        self._database = database
        self._writer = writer

    async def tell(self, most: int = BATCH) -> bool:
        """Tell so many devices of each change; whether there is more to tell."""
        changes = await self._database.fetch(_SOME, {"most": 100})
        for type_id, kind, told_to in changes:
            place = {"type_id": type_id, "told_to": told_to, "most": most}
            rows = await self._database.fetch(_NEXT, place)
            is_over, last = len(rows) < most, rows[-1][0] if rows else told_to
            # The note comes first: whoever changes the type at this moment waits for this commit, and notes it anew.
            await self._writer.write(
                f"type {type_id} {kind}",
                (_FINISH, [(type_id, kind, told_to)] if is_over else []),
                (_ADVANCE, [] if is_over else [(type_id, kind, told_to, last)]),
                (_TELL[kind], [(type_id, told_to, last)] if rows else []),
            )
        return bool(changes)
