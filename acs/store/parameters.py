"""What devices say about their parameters; paths are kept once, by number."""

import json
import re
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Final

from acs.domain.contact import NewValue
from acs.domain.parameter import ParameterRecord
from acs.domain.selection import ANY, INSTANCE, Selection
from acs.store.database import Database
from acs.store.listing import Condition, Found, Listing, Order, Slice, Wanted, condition
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
_OBJECTS = query("parameter", "objects")
_BY_PATH = Order("path.path", "parameter.path_id")
_OF_DEVICE = condition("parameter.device_id = :device_id")
_VARIABLE_NAME = Condition(
    "path.path IN (SELECT value FROM json_each(:paths)) OR EXISTS (SELECT 1 FROM json_each(:objects) AS wanted "
    "WHERE SUBSTR(path.path, 1, LENGTH(wanted.value)) = wanted.value)",
    "path.path = ANY (SELECT json_array_elements_text(CAST(:paths AS json))) OR EXISTS (SELECT 1 FROM "
    "json_array_elements_text(CAST(:objects AS json)) AS wanted (value) WHERE STARTS_WITH(path.path, wanted.value))",
)
# By the key of the table; what is below objects is found by a look at all that the device has.
_PARAMETERS = Condition(
    "parameter.path_id IN (SELECT id FROM path WHERE path IN (SELECT value FROM json_each(:paths)))",
    "parameter.path_id = ANY (ARRAY(SELECT id FROM path "
    "WHERE path = ANY (ARRAY(SELECT json_array_elements_text(CAST(:paths AS json))))))",
)
_SHORT_NAME = Condition(
    "LOWER(SUBSTR(path.path, LENGTH(RTRIM(path.path, REPLACE(path.path, '.', ''))) + 1)) "
    "IN (SELECT value FROM json_each(:short_names))",
    "LOWER(SUBSTRING(path.path FROM '[^.]*$')) = ANY (SELECT json_array_elements_text(CAST(:short_names AS json)))",
)
# Of each pair one is for either database. With as many dots as the name has, no star stands for a dot.
_NAME = Condition(
    "EXISTS (SELECT 1 FROM json_each(:names) AS wanted WHERE path.path GLOB wanted.value ->> 0 "
    "AND LENGTH(REPLACE(path.path, '.', '')) - LENGTH(path.path) "
    "= LENGTH(REPLACE(wanted.value ->> 0, '.', '')) - LENGTH(wanted.value ->> 0))",
    "EXISTS (SELECT 1 FROM json_array_elements(CAST(:names AS json)) AS wanted (value) "
    "WHERE path.path ~ (wanted.value ->> 1))",
)
_WILDCARD = Condition("path.path GLOB :wildcard ->> 0", "path.path LIKE (CAST(:wildcard AS json) ->> 1)")

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

    def forget_numbers(self) -> None:
        """What is at hand may be of a database that has lost its last commits: it is looked up again."""
        self._numbers.clear()

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
        """Path, value, type and writable of the paths that are known, and since when they are so."""
        return await self._database.fetch(_KNOWN, {"device_id": device_id, "paths": json.dumps(sorted(set(paths)))})

    async def below(self, device_id: int, prefix: str, most: int) -> list[Row]:
        """Path, value, type and writable of what is known below a partial path."""
        low, high = _bounds(prefix)
        rows = await self._database.fetch(_BELOW, {"device_id": device_id, "low": low, "high": high, "most": most})
        return [row[:4] for row in rows]

    async def page(self, device_id: int, selection: Selection, part: Slice) -> Found[ParameterRecord]:
        """A page of what is known of a device, by path."""
        conditions, values = _conditions(selection)
        wanted = Wanted(_BY_PATH, (_OF_DEVICE, *conditions), {"device_id": device_id, **values})
        return await _LIST.page(self._database, wanted, part)

    async def objects(self, device_id: int, objects: Sequence[str]) -> list[str]:
        """Which of these objects have parameters that are known, by path."""
        if not objects:
            return []
        values = {"device_id": device_id, "objects": json.dumps(objects)}
        return sorted(row[0] for row in await self._database.fetch(_OBJECTS, values))

    async def count(self, device_id: int) -> int:
        """How many parameters of a device are known."""
        rows = await self._database.fetch(_COUNT, {"device_id": device_id})
        number: int = rows[0][0]
        return number

    async def _look_up(self, paths: Sequence[str]) -> dict[str, int]:
        if not paths:
            return {}
        return {row[0]: row[1] for row in await self._database.fetch(_IDS, {"paths": json.dumps(list(paths))})}


def _conditions(selection: Selection) -> tuple[list[Condition], dict[str, object]]:
    """A selection as SQL; ``Selection.takes`` says the same."""
    conditions: list[Condition] = []
    values: dict[str, object] = {}
    if selection.variable_names:
        conditions.append(_VARIABLE_NAME if selection.objects else _PARAMETERS)
        values["paths"] = json.dumps(selection.parameters)
        if selection.objects:
            values["objects"] = json.dumps(selection.objects)
    if selection.names:
        conditions.append(_NAME)
        values["names"] = json.dumps([_name_patterns(each) for each in selection.names])
    if selection.short_names:
        conditions.append(_SHORT_NAME)
        values["short_names"] = json.dumps([each.lower() for each in selection.short_names])
    if selection.wildcard is not None:
        pieces = selection.pattern.split(ANY)
        conditions.append(_WILDCARD)
        values["wildcard"] = json.dumps(["*".join(map(_in_glob, pieces)), "%".join(map(_in_like, pieces))])
    return conditions, values


def _name_patterns(name: str) -> tuple[str, str]:
    pieces = name.split(".")
    return (
        ".".join("[0-9]*" if each == INSTANCE else _in_glob(each) for each in pieces),
        "^" + r"\.".join("[0-9][^.]*" if each == INSTANCE else re.escape(each) for each in pieces) + "$",
    )


def _in_glob(text: str) -> str:
    return re.sub(r"[*?\[]", r"[\g<0>]", text)


def _in_like(text: str) -> str:
    return re.sub(r"[%_\\]", r"\\\g<0>", text)


def _record(row: Row) -> ParameterRecord:
    return ParameterRecord(row[0], row[1], row[2], row[3], None if row[4] is None else bool(row[4]), row[5])


_LIST = Listing("parameter", "list", _record)


def _bounds(prefix: str) -> tuple[str, str]:
    """Between which paths those lie that begin so."""
    return prefix, f"{prefix}\U0010ffff"
