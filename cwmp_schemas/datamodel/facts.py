"""The facts about one path, and the words that carry them in the bundled file and in the script that makes it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cwmp_schemas.values import XsdType, to_python

_BOUNDS: Final = re.compile(r"(-?\d+)?\.\.(-?\d+)?", re.ASCII)
_ESCAPE: Final = re.compile(r"%([0-9A-Fa-f]{2})")
_WORDS: Final = frozenset({"len", "enum", "list", "default", "unit", "hidden"})


class Kind(StrEnum):
    """What a path leads to."""

    PARAMETER = "parameter"
    OBJECT = "object"
    TABLE = "table"
    INSTANCE = "instance"


@dataclass(frozen=True, slots=True)
class Bounds:
    """The numbers from one to another, both among them; None where nothing bounds them."""

    low: int | None
    """The smallest."""
    high: int | None
    """The largest."""

    @classmethod
    def parse(cls, text: str) -> "Bounds":
        """Read ``0..255``, ``-1..`` or ``..64``."""
        parts = _BOUNDS.fullmatch(text)
        if not parts:
            raise ValueError(f"{text!r} is no range")
        low, high = (None if number is None else int(number) for number in parts.groups())
        if low is not None and high is not None and low > high:
            raise ValueError(f"{text!r} is a range that holds nothing")
        return cls(low, high)

    def __contains__(self, number: int) -> bool:
        return (self.low is None or self.low <= number) and (self.high is None or number <= self.high)

    def __str__(self) -> str:
        if self.low is not None and self.low == self.high:
            return str(self.low)
        if self.low is None:
            return "any" if self.high is None else f"at most {self.high}"
        return f"at least {self.low}" if self.high is None else f"{self.low} to {self.high}"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a published data model says about one path."""

    kind: Kind
    """A parameter; or an object, a table (AddObject goes there) or an instance of one (DeleteObject goes there)."""
    type: XsdType | None
    """How a parameter's value is sent; a list is one string. None for whatever holds no value."""
    writable: bool
    """SetParameterValues may set it, AddObject may add to the table, DeleteObject may delete the instance (A.3.2.3)."""
    is_list: bool = False
    """The value is a list with commas (TR-106 3.2.3); ranges, lengths and enumeration then speak of each item."""
    ranges: tuple[Bounds, ...] = ()
    """The numbers allowed, any of these; empty when the type alone decides. The items of a list are then integers."""
    lengths: tuple[Bounds, ...] = ()
    """The lengths allowed, any of these: characters of a string, bytes of base64 and hexBinary."""
    enumeration: tuple[str, ...] = ()
    """The values allowed; empty when any is. Vendors may add values that begin with ``X_`` (TR-106 3.3)."""
    default: str | None = None
    """The value in a new instance; None when the model gives none."""
    hidden: bool = False
    """It reads back empty or as a constant whatever was set, as passwords do: no read-back can prove a set."""
    unit: str | None = None
    """The unit as the model spells it."""

    @property
    def is_limited(self) -> bool:
        """Whether anything but the type limits the value."""
        return bool(self.enumeration or self.ranges or self.lengths or self.is_list)

    def problem(self, text: str) -> str | None:
        """Why a text cannot be a value of this parameter, for a warning; None when the model allows it."""
        if self.type is None:
            return "only a parameter has a value"
        if not self.is_list:
            return self._problem_of(text, self.type)
        # The models' lists are of strings; where they give ranges the items are integers.
        kind = XsdType.LONG if self.ranges else self.type
        for number, item in enumerate(_items(text), 1):
            problem = self._problem_of(item, kind)
            if problem:
                return f"item {number}: {problem}"
        return None

    def _problem_of(self, text: str, kind: XsdType) -> str | None:
        try:
            value = to_python(kind, text)
        except ValueError as error:
            return str(error)
        if self.enumeration and text not in self.enumeration and not text.startswith("X_"):
            return f"not one of {', '.join(map(repr, self.enumeration))}"
        if self.ranges and isinstance(value, int) and not any(value in bounds for bounds in self.ranges):
            return f"not {_either(self.ranges)}"
        if self.lengths and isinstance(value, str | bytes) and not any(len(value) in bounds for bounds in self.lengths):
            unit = "bytes" if isinstance(value, bytes) else "characters"
            return f"{len(value)} {unit} long, not {_either(self.lengths)}"
        return None


def parse_facts(text: str) -> Facts:
    """Read ``rw string len ..64; default ; hidden``: access, kind or type, limits. ValueError says what is not read."""
    access, _, rest = text.partition(" ")
    what, _, limits = rest.partition(" ")
    if access not in {"ro", "rw"}:
        raise ValueError(f"access {access!r} is neither ro nor rw")
    writable = access == "rw"
    if what in {Kind.OBJECT, Kind.TABLE, Kind.INSTANCE}:
        if limits:
            raise ValueError(f"{limits!r} cannot limit what has no value")
        return Facts(Kind(what), None, writable)
    found = _limits(limits)
    return Facts(
        Kind.PARAMETER,
        XsdType(what),
        writable,
        is_list="list" in found,
        ranges=tuple(map(Bounds.parse, found.get("range", ()))),
        lengths=tuple(map(Bounds.parse, found.get("len", ()))),
        enumeration=tuple(found["enum"][0].split("|")) if "enum" in found else (),
        default=found["default"][0] if "default" in found else None,
        hidden="hidden" in found,
        unit=found["unit"][0] if "unit" in found else None,
    )


def _limits(text: str) -> dict[str, list[str]]:
    """What follows each word; a range stands without one. Only ranges and lengths may be several."""
    found: dict[str, list[str]] = {}
    for limit in text.split("; ") if text else ():
        word, _, rest = limit.partition(" ")
        if word not in _WORDS:
            word, rest = "range", limit
        elif word in found and word != "len":
            raise ValueError(f"{word!r} is said twice")
        elif rest and word in {"list", "hidden"}:
            raise ValueError(f"{limit!r} is no limit")
        found.setdefault(word, []).append(rest)
    return found


def _items(text: str) -> Iterator[str]:
    """The items of a list: blanks around them mean nothing, a comma inside one is percent-encoded (TR-106 3.2.3)."""
    for item in text.split(",") if text.strip() else ():
        yield _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), item.strip())


def _either(choices: tuple[Bounds, ...]) -> str:
    return " or ".join(map(str, choices))
