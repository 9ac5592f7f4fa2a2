"""Times that are further off than any wait may be: a clock that was ahead has set them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from acs.store.database import Database
from acs.store.statements import Batch, Row, batch, query
from acs.store.writer import GroupWriter

_PAGE: Final = 500
_SLACK: Final = 300.0
# What others write while it is looked for is later than the moment at which that began.
_MEANWHILE: Final = 60.0


@dataclass(frozen=True, slots=True)
class LongestWaits:
    """How far off each may be, in seconds."""

    delivery: float
    """Another attempt to tell of an end."""
    operation: float
    """Another attempt of an operation, or another call of its device."""
    proof: float
    """When a device has to have proven what it was asked for."""
    transfer: float
    """When a file has to have been fetched or sent."""
    check: float
    """When a device of a request for many is to be looked at again."""
    session: float
    """When a session has to have said something."""


def _wait(of: Callable[[LongestWaits], float]) -> Callable[[LongestWaits], float]:
    return of


_KINDS: Final = tuple(
    (query("clock", f"late_{kind}"), batch("clock", f"hasten_{kind}"), wait)
    for kind, wait in (
        ("deliveries", _wait(lambda longest: longest.delivery)),
        ("operations", _wait(lambda longest: longest.operation)),
        ("wakes", _wait(lambda longest: longest.operation)),
        ("proofs", _wait(lambda longest: longest.proof)),
        ("transfers", _wait(lambda longest: longest.transfer)),
        ("checks", _wait(lambda longest: longest.check)),
        # What is being carried out is looked at all the time.
        ("bulks", _wait(lambda _: 0.0)),
        # By so much the clocks of two machines may differ.
        ("keys", _wait(lambda _: _SLACK)),
    )
)
_EARLY, _PUT_BACK = query("clock", "early_operations"), batch("clock", "put_back_operations")
_LATE_CONTACTS, _HASTEN_CONTACTS = query("clock", "late_contacts"), batch("clock", "hasten_contacts")
_KEY: Final = "late times"


class LateStore:
    """Finds such times in all tables, and brings them back."""

    def __init__(self, database: Database, writer: GroupWriter) -> None:
        self._database = database
        self._writer = writer

    async def hasten(self, at: float, longest: LongestWaits) -> int:
        """Let nothing wait for longer than it may from now on; how much did."""
        found = await self._put_back(at)
        for late, change, wait in _KINDS:
            latest, hastened = at + wait(longest), _PAGE
            while hastened == _PAGE:
                rows = await self._database.fetch(late, {"at": at, "latest": latest + _MEANWHILE, "most": _PAGE})
                hastened = await self._change(change, [(*row, latest, at) for row in rows])
                found += hastened
        return found + await self._hasten_contacts(at, at + longest.session)

    async def _put_back(self, at: float) -> int:
        """What is to be done later, and was taken for due, waits again."""
        found, put_back = 0, _PAGE
        while put_back == _PAGE:
            rows = await self._database.fetch(_EARLY, {"at": at, "most": _PAGE})
            put_back = await self._change(_PUT_BACK, [(*row, at) for row in rows])
            found += put_back
        return found

    async def _hasten_contacts(self, at: float, lease_latest: float) -> int:
        found, after = 0, 0
        asked = {"at": at + _MEANWHILE, "lease_latest": lease_latest + _MEANWHILE, "most": _PAGE}
        while rows := await self._database.fetch(_LATE_CONTACTS, {**asked, "after": after}):
            found += await self._change(_HASTEN_CONTACTS, [(device_id, lease_latest, at) for (device_id,) in rows])
            after = rows[-1][0]
        return found

    async def _change(self, change: Batch, rows: list[Row]) -> int:
        if not rows:
            return 0
        (changed,) = await self._writer.write(_KEY, (change, sorted(rows)))
        return len(changed)
