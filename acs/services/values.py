"""What devices say about parameters, made ready to be kept."""

import asyncio
from array import array
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from acs.domain.contact import NewValue
from acs.domain.secret_names import MASK
from acs.domain.url_logins import masked_logins
from acs.services.secret_values import is_secret
from acs.services.tools import DEVICES_REMEMBERED, Tools
from acs.services.vault import MARKS
from acs.store.parameters import NUMBERS_KEPT
from cwmp_schemas.datamodel import lookup
from cwmp_schemas.rpc.parameters import ParameterValue
from cwmp_schemas.rpc.session import Inform
from cwmp_schemas.values import XsdType
from cwmp_schemas.written import WrittenList

MAX_VALUES: Final = 20_000
"""How many parameters of one answer are kept."""
MAX_PARAMETERS: Final = 50_000
"""How many parameters of one device are known; those beyond are not."""
MAX_VALUE: Final = 64 * 1024
"""Longer values are not kept; an operation that reads one has it in its result."""
MAX_SHOWN: Final = 1024
"""How much of a value the history shows."""
MAX_PATH: Final = 512
"""Longer names are not kept; the standard allows 256 characters."""
_AT_ONCE: Final = 1_000
_MAX_JUDGED: Final = 50_000
# Informs with more values are written in full; nearly all have a dozen.
_MAX_TOLD: Final = 256
_MAX_LISTS: Final = 500
_UNKNOWN: Final = 0
# Where that many of a hundred or so Informs find that another process wrote meanwhile, all values are written at once:
# those that differ, and then all, take two commits more.
_OFTEN: Final = 0.25
_LATELY: Final = 0.01

_MEASURED: Final = frozenset(
    {
        XsdType.INT,
        XsdType.UNSIGNED_INT,
        XsdType.LONG,
        XsdType.UNSIGNED_LONG,
        XsdType.DATE_TIME,
    }
)


@dataclass(slots=True)
class News:
    """What an Inform says that its last one did not."""

    values: list[NewValue]
    """The values."""
    fence: int | None
    """Under which fence just these are right: nobody but a session writes a device's values, so if the fence has moved
    by one since the last Inform, no other process wrote any. None: these are all values."""
    up_until: float
    """Until when the device has been up, going by its last Inform; 0 if that is not remembered."""


@dataclass(frozen=True, slots=True)
class _Judgement:
    is_news: bool
    is_secret: bool


@dataclass(slots=True)
class _Told:
    """What the last Inform of a device said."""

    fence: int
    """The fence under which it is kept."""
    places: Mapping[str, int]
    """Where each name stands in it."""
    prints: "Prints"
    """What it said, as far as that is still what is kept."""
    up_until: float
    """Until when the device cannot count as down."""


class ValueKeeper:
    """Knows which parameters are secrets, and of which a change is news; seals and masks accordingly."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._parameters = tools.parameters
        self._vault = tools.vault
        self._last: OrderedDict[int, _Told] = OrderedDict()
        # How many of the last Informs came from devices that had spoken with another process since their last one here.
        self._outdated = 0.0
        # Where each name stands, for every list of names that devices send: those of a model share one.
        self._places: dict[tuple[str, ...], dict[str, int]] = {}
        self._judged: dict[tuple[str, XsdType | None], _Judgement] = {}
        watch = tools.metrics.memories.watch
        watch("last informs", DEVICES_REMEMBERED, lambda: len(self._last))
        watch("lists of names", _MAX_LISTS, lambda: len(self._places))
        watch("judged parameters", _MAX_JUDGED, lambda: len(self._judged))
        watch("numbers of paths", NUMBERS_KEPT, lambda: self._parameters.numbers_kept)

    async def keep(self, device_id: int, values: Iterable[ParameterValue]) -> list[NewValue]:
        """Values as they are kept: each name once, the last that was said about it."""
        kept = list(values)
        last = self._last.get(device_id)
        if last is not None:
            # What the last Inform said of these may be written over now, so the next one's are written in any case.
            for value in kept:
                place = last.places.get(value.name)
                if place is not None:
                    last.prints[place] = _UNKNOWN
        return await self._keep(device_id, kept)

    async def _keep(self, device_id: int, values: Iterable[ParameterValue]) -> list[NewValue]:
        last = {each.name: each for each in values if len(each.name) <= MAX_PATH and len(each.value) <= MAX_VALUE}
        kept = list(last.values())[:MAX_VALUES]
        paths = [each.name for each in kept]
        numbers = self._parameters.known_numbers(paths)
        if numbers is None:
            room = MAX_PARAMETERS - await self._parameters.count(device_id)
            if room < len(kept):
                # A device that makes up names must not fill the table that all share.
                known = {row[0] for row in await self._parameters.known(device_id, paths)}
                kept = [each for each in kept if each.name in known]
                paths = [each.name for each in kept]
                self._tools.complain(f"values {device_id}", "a device has too many parameters", device=device_id)
            numbers = await self._parameters.numbers(paths)
        values_kept: list[NewValue] = []
        for first in range(0, len(kept), _AT_ONCE):
            if first:
                # Of ten thousand values nobody else is to wait for the last.
                await asyncio.sleep(0)
            end = first + _AT_ONCE
            values_kept += self._kept(device_id, kept[first:end], numbers[first:end])
        return values_kept

    async def keep_news(self, device_id: int, values: Sequence[ParameterValue], prints: "Prints") -> "News":
        """Of an Inform's values those that differ from its last one's."""
        last = self._last.get(device_id)
        if last is None or self._outdated > _OFTEN:
            return News(await self._keep(device_id, values), None, 0.0)
        before = last.prints
        if len(before) == len(prints):
            changed = [values[place] for place in _changed(before, prints)]
        else:
            known = set(before)
            changed = [values[place] for place, new in enumerate(prints) if new not in known]
        return News(await self._keep(device_id, changed) if changed else [], last.fence + 1, last.up_until)

    def forget(self, device_id: int) -> None:
        """What was kept of a device is no longer there."""
        self._last.pop(device_id, None)

    def remember(
        self, device_id: int, fence: int, values: Sequence[ParameterValue], prints: "Prints", up_until: float
    ) -> None:
        """These values of an Inform are kept now, and until then the device cannot count as down."""
        if len(values) > _MAX_TOLD:
            self.forget(device_id)
            return
        last = self._last.get(device_id)
        is_the_same_list = (
            last is not None
            and len(last.prints) == len(prints)
            and all(last.places.get(values[place].name) == place for place in _changed(last.prints, prints))
        )
        places = last.places if last is not None and is_the_same_list else self._places_in(values)
        if places is None:
            # Which of two words about one parameter is kept cannot be told from their places.
            self.forget(device_id)
            return
        if last is not None:
            is_outdated = last.fence + 1 != fence
            self._outdated += (is_outdated - self._outdated) * _LATELY
        self._last[device_id] = _Told(fence, places, prints, up_until)
        self._last.move_to_end(device_id)
        if len(self._last) > DEVICES_REMEMBERED:
            self._last.popitem(last=False)

    def _places_in(self, values: Sequence[ParameterValue]) -> Mapping[str, int] | None:
        """Where each name stands in a list; None if one stands there twice."""
        names = tuple([value.name for value in values])
        places = self._places.get(names)
        if places is None:
            if len(set(names)) < len(names):
                return None
            if len(self._places) >= _MAX_LISTS:
                self._places.clear()
            places = self._places[names] = {name: place for place, name in enumerate(names)}
        return places

    def _kept(self, device_id: int, values: Sequence[ParameterValue], numbers: Sequence[int]) -> list[NewValue]:
        kept: list[NewValue] = []
        for value, number in zip(values, numbers, strict=True):
            name, text, kind = value.name, value.value, value.type
            judged = self._judged.get((name, kind)) or self._judge(name, kind)
            subject = name if judged.is_news else None
            if judged.is_secret:
                # An empty answer says nothing about a secret: that is how devices read it back.
                sealed = self._vault.seal_alike(text, "parameter", (device_id, name), "value") if text else None
                kept.append(NewValue(number, sealed, kind.value, None, subject, MASK, is_secret=True))
                continue
            shown = masked_logins(text) if "@" in text else text
            if shown != text:
                text = self._vault.seal_alike(text, "parameter", (device_id, name), "value")
            elif text.startswith(MARKS):
                shown = text = self._vault.keep(text, "parameter", (device_id, name), "value", is_secret=False)
            kept.append(NewValue(number, text, kind.value, None, subject, shown[:MAX_SHOWN]))
        return kept

    def opened(self, device_id: int, path: str, kept: str | None) -> str | None:
        """A value that was kept."""
        return None if kept is None else self._vault.open(kept, "parameter", (device_id, path), "value")

    def _judge(self, name: str, kind: XsdType | None) -> _Judgement:
        facts = lookup(name)
        # Numbers and times that nobody can set are measurements: their change is what they are for.
        measured = kind in _MEASURED and (facts is None or not facts.writable)
        if len(self._judged) >= _MAX_JUDGED:
            self._judged.clear()
        self._judged[name, kind] = judgement = _Judgement(not measured, is_secret(name))
        return judgement


Prints: TypeAlias = "array[int]"
"""A number for each value of an Inform, another one for another value; good within this process."""


def prints_of(values: Sequence[ParameterValue]) -> Prints:
    """The prints of an Inform's values; of what is not read yet, those of how it is written."""
    if isinstance(values, WrittenList):
        return array("q", map(hash, values.pieces))
    return array("q", [hash((value.name, value.value, id(value.type))) for value in values])


def _changed(before: Prints, prints: Prints) -> list[int]:
    """In which places another value stands now than before."""
    return [place for place, (old, new) in enumerate(zip(before, prints, strict=True)) if old != new]


def print_of(inform: Inform, prints: Prints) -> int:
    """A number for what an Inform says, from the prints of its values."""
    return hash((inform.event, prints.tobytes()))
