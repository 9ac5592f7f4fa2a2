"""What devices say about their parameters; paths are kept once, by number."""

import json
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Final

from acs.domain.contact import NewValue
from acs.store.database import Database
from acs.store.statements import Row, Step, batch, query
from acs.store.writer import GroupWriter

_INTERN = batch("parameter", "intern")
_IDS = query("parameter", "ids")
_NOTE_CHANGES = batch("parameter", "note_changes")
_RECORD = batch("parameter", "record")
_FORGET_BELOW = batch("parameter", "forget_below")
_KNOWN = query("parameter", "known")
_BELOW = query("parameter", "below")
_COUNT = query("parameter", "count")

NUMBERS_KEPT: Final = 200_000
"""How many numbers of paths are kept at hand."""


def value_steps(device_id: int, fence: int, values: Sequence[NewValue], at: float) -> tuple[Step, Step]:
    """The steps that keep what a device said within its session."""
    return (
        (
            _NOTE_CHANGES,
            [
                (device_id, fence, each.path_id, each.subject, each.value, each.shown, each.is_secret, at)
                for each in values
                if each.subject is not None
            ],
        ),
        (
            _RECORD,
            [(device_id, fence, each.path_id, each.value, each.type, each.writable, at) for each in values],
        ),
    )


def gone_step(device_id: int, fence: int, gone: Sequence[str]) -> Step:
    """The step that drops what is no longer there: all below these paths."""
    return _FORGET_BELOW, [(device_id, fence, *_bounds(prefix)) for prefix in gone]


class ParameterStore:
    """The tables ``parameter`` and ``path``."""

    def __init__(self, database: Database, writer: GroupWriter) -> None:
        self._database = database
        self._writer = writer
        self._numbers: OrderedDict[str, int] = OrderedDict()
        self._interned = 0

    @property
    def numbers_kept(self) -> int:
        """How many numbers of paths are at hand."""
        return len(self._numbers)

    def known_numbers(self, paths: Iterable[str]) -> list[int] | None:
        """The numbers of paths, if all are at hand."""
        numbers = self._numbers
        try:
            return [numbers[path] for path in paths]
        except KeyError:
            return None

    async def numbers(self, paths: Sequence[str]) -> list[int]:
        """The numbers of paths; new ones are given out."""
        at_hand = self.known_numbers(paths)
        if at_hand is not None:
            return at_hand
        missing = sorted({path for path in paths if path not in self._numbers})
        found = await self._look_up(missing)
        new = [path for path in missing if path not in found]
        if new:
            # A key of its own: what several devices say for the first time goes into one transaction.
            self._interned += 1
            await self._writer.write(f"paths {self._interned}", (_INTERN, [(path,) for path in new]))
            found |= await self._look_up(new)
        result = [found[path] if path in found else self._numbers[path] for path in paths]
        self._numbers.update(found)
        while len(self._numbers) > NUMBERS_KEPT:
            self._numbers.popitem(last=False)
        return result

    async def record(self, device_id: int, fence: int, values: Sequence[NewValue], at: float) -> None:
        """Keep what a device said within its session."""
        await self._writer.write(device_id, *value_steps(device_id, fence, values, at))

    async def known(self, device_id: int, paths: Iterable[str]) -> list[Row]:
        """Path, value, type and writable of the paths that are known."""
        return await self._database.fetch(_KNOWN, {"device_id": device_id, "paths": json.dumps(sorted(set(paths)))})

    async def below(self, device_id: int, prefix: str, most: int) -> list[Row]:
        """Path, value, type and writable of what is known below a partial path."""
        low, high = _bounds(prefix)
        rows = await self._database.fetch(_BELOW, {"device_id": device_id, "low": low, "high": high, "most": most})
        return [row[:4] for row in rows]

    async def count(self, device_id: int) -> int:
        """How many parameters of a device are known."""
        rows = await self._database.fetch(_COUNT, {"device_id": device_id})
        number: int = rows[0][0]
        return number

    async def _look_up(self, paths: Sequence[str]) -> dict[str, int]:
        if not paths:
            return {}
        return {row[0]: row[1] for row in await self._database.fetch(_IDS, {"paths": json.dumps(list(paths))})}


def _bounds(prefix: str) -> tuple[str, str]:
    """Between which paths those lie that begin so."""
    return prefix, f"{prefix}\U0010ffff"
