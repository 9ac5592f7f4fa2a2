"""What Informs leave behind, and who holds which device's session."""

from typing import Final

from acs.domain.contact import Contact, HistoryEntry, InformRecord, Met
from acs.domain.status import Checkable
from acs.store.database import Database
from acs.store.statements import Step, batch, query
from acs.store.writer import GroupWriter

_MEET = batch("contact", "meet")
_EXPECT = batch("contact", "expect")
_NOTE_CHANGES = batch("parameter", "note_changes")
_RECORD_VALUES = batch("parameter", "record")
_ADD_HISTORY = batch("history", "add")
_PROVE = batch("operation", "prove")
_DESCRIBE = batch("device", "describe")
_HOLD = batch("contact", "hold")
_TAKE_OVER = batch("contact", "take_over")
_SESSION = query("contact", "session")
_CREDENTIALS_DUE = query("contact", "credentials_due")
_RECORD_REACH = batch("contact", "record_reach")
_OVERDUE = query("contact", "overdue")
_LOOK_AGAIN = batch("contact", "look_again")
_LOOK_AGAIN_AT_WISHES = batch("contact", "look_again_at_wishes")
_MARK_DOWN = batch("contact", "mark_down")
_ADD_DOWN = batch("history", "add_down")
_TO_CHECK = query("contact", "to_check")
_MARK_FOUND, _ADD_FOUND = batch("contact", "mark_found"), batch("history", "add_found")
_MARK_MISSED, _ADD_MISSED = batch("contact", "mark_missed"), batch("history", "add_missed")
_OF_DEVICE = query("contact", "of_device")
_TO_PRUNE, _PRUNE = query("history", "to_prune"), batch("history", "prune")
_HISTORY = query("history", "of_device")


UNNAMED_PROOF: Final = 86_400.0
"""For how many seconds after its beginning an operation is proven by an event that names no request."""


def history_step(device_id: int, at: float, entries: tuple[HistoryEntry, ...]) -> Step:
    """The step that adds to a device's history."""
    return _ADD_HISTORY, [(device_id, at, each.kind, each.subject, each.old, each.new, each.actor) for each in entries]


class ContactStore:
    """The tables ``contact`` and ``history``."""

    def __init__(self, database: Database, writer: GroupWriter) -> None:
        self._database = database
        self._writer = writer

    async def record_inform(self, record: InformRecord) -> Met | None:
        """Make an Inform durable and begin a session; None if the device is no more."""
        device_id, at, description = record.device_id, record.at, record.description
        meeting = (
            device_id,
            at,
            record.down_after,
            record.events,
            record.address,
            record.inform_interval,
            record.connection_request_url,
            record.session_key,
            record.lease_until,
            record.snapshot,
            record.booted_at,
            0 if record.is_repeated else 1,
        )
        described = (
            ()
            if description is None
            else (
                (
                    device_id,
                    description.identity.oui,
                    description.identity.product_class,
                    description.manufacturer,
                    description.software_version,
                    description.hardware_version,
                    description.cwmp_version,
                    at,
                ),
            )
        )
        news = [each for each in record.values if each.subject is not None]
        met, _, _, differs, _, _, proven, _ = await self._writer.write(
            device_id,
            (_MEET, (meeting,)),
            (_EXPECT, ((device_id, at, record.down_after),) if record.is_news else ()),
            (
                _NOTE_CHANGES,
                [
                    (device_id, None, each.path_id, each.subject, each.value, each.shown, each.is_secret, at)
                    for each in news
                ],
            ),
            (_LOOK_AGAIN_AT_WISHES, [(device_id, each.path_id, each.value) for each in news]),
            (
                _RECORD_VALUES,
                [(device_id, None, each.path_id, each.value, each.type, each.writable, at) for each in record.values],
            ),
            history_step(device_id, at, record.history),
            (_PROVE, [(device_id, each.sent, each.command_key, at - UNNAMED_PROOF, at) for each in record.proofs]),
            (_DESCRIBE, described),
        )
        if not met:
            return None
        _, fence, revision, has_operations, settings_due, credentials_due, booted_at = met[0]
        return Met(
            fence,
            revision,
            bool(has_operations),
            bool(settings_due) or bool(differs),
            bool(credentials_due),
            booted_at,
            tuple(row[2] for row in proven),
        )

    async def expect(self, device_id: int, at: float, down_after: float) -> None:
        """Look at the device when it may be down; for an Inform that was recorded as no news and was."""
        await self._writer.write(device_id, (_EXPECT, [(device_id, at, down_after)]))

    async def hold(self, device_id: int, fence: int, lease_until: float, snapshot: str) -> bool:
        """Keep a session's state; False if it is another's by now."""
        (held,) = await self._writer.write(device_id, (_HOLD, [(device_id, fence, lease_until, snapshot)]))
        return bool(held)

    async def find_session(self, device_id: int, session_key: str, at: float) -> tuple[int, str, float | None] | None:
        """Of a session that another process or an earlier life had: the fence, the snapshot, the device's last boot."""
        rows = await self._database.fetch(_SESSION, {"device_id": device_id, "session_key": session_key, "at": at})
        return (rows[0][0], rows[0][1], rows[0][2]) if rows else None

    async def take_over(self, device_id: int, fence: int, at: float) -> int | None:
        """Go on with a session under a new fence; None if it is another's by now."""
        (taken,) = await self._writer.write(device_id, (_TAKE_OVER, [(device_id, fence, at)]))
        return taken[0][1] if taken else None

    async def credentials_due(self, device_id: int) -> bool:
        """Whether logins of its own are to be given to a device."""
        rows = await self._database.fetch(_CREDENTIALS_DUE, {"device_id": device_id})
        return bool(rows and rows[0][0])

    async def record_reach(self, device_id: int, kind: str, at: float, latency: float, detail: str) -> None:
        """How a connection request ended."""
        await self._writer.write(device_id, (_RECORD_REACH, [(device_id, kind, at, latency, detail)]))

    async def mark_overdue_down(self, at: float, most: int) -> list[int]:
        """Let the devices that were not heard in time be down, a few at a time; which they are."""
        due = await self._database.fetch(_OVERDUE, {"at": at, "most": most})
        if not due:
            return []
        overdue = sorted(device_id for device_id, down_at in due if down_at < at)
        marked, _, _ = await self._writer.write(
            "mark down",
            (_MARK_DOWN, [(device_id, at) for device_id in overdue]),
            (_ADD_DOWN, [(device_id, at) for device_id in overdue]),
            (_LOOK_AGAIN, sorted((device_id, down_at) for device_id, down_at in due if down_at >= at)),
        )
        return [row[0] for row in marked]

    async def to_check(self, device_id: int) -> Checkable | None:
        """What the helpers need to know of a device."""
        rows = await self._database.fetch(_TO_CHECK, {"device_id": device_id})
        if not rows:
            return None
        is_up, last_inform, down_after, address, url, helpers = rows[0]
        return Checkable(bool(is_up), last_inform, down_after, address, url, helpers or "")

    async def mark_found(self, device_id: int, at: float, *, heard_at: float | None, down_after: float) -> None:
        """A helper has found a device: it is Up. ``down_after`` is for one that has said nothing of its interval."""
        await self._writer.write(
            device_id, (_ADD_FOUND, [(device_id, at)]), (_MARK_FOUND, [(device_id, at, heard_at, down_after)])
        )

    async def mark_missed(self, device_id: int, at: float, *, since: float) -> bool:
        """No helper has found a device: it is Down. False if it was so before, or was heard meanwhile."""
        row = [(device_id, at, since)]
        _, missed = await self._writer.write(device_id, (_ADD_MISSED, row), (_MARK_MISSED, row))
        return bool(missed)

    async def of_device(self, device_id: int) -> Contact | None:
        """How a device is heard."""
        rows = await self._database.fetch(_OF_DEVICE, {"device_id": device_id})
        if not rows:
            return None
        fields = list(rows[0][1:])
        for place in (1, 10):
            fields[place] = bool(fields[place])
        return Contact(*fields)

    async def history(self, device_id: int, *, before: int, most: int) -> list[tuple[int, float, HistoryEntry]]:
        """What happened to a device, newest first: number, time and entry."""
        rows = await self._database.fetch(_HISTORY, {"device_id": device_id, "before": before, "most": most})
        return [(row[0], row[2], HistoryEntry(*row[3:])) for row in rows]

    async def prune_history(self, before: float, most: int) -> int:
        """Drop what happened long ago, a few at a time; how many entries went."""
        old = await self._database.fetch(_TO_PRUNE, {"before": before, "most": most})
        if not old:
            return 0
        (gone,) = await self._writer.write("prune history", (_PRUNE, old))
        return len(gone)

    async def add_history(self, device_id: int, at: float, *entries: HistoryEntry) -> None:
        """Add to a device's history."""
        await self._writer.write(device_id, history_step(device_id, at, entries))
