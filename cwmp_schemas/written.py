"""A list of parameters as it was written, each read when somebody asks for it."""

import re
from collections.abc import Iterator, Sequence
from typing import Final, overload

from cwmp_schemas.rpc.parameters import USUAL_TYPES, ParameterValue
from cwmp_schemas.values import XsdType, parse_type

# What has no meaning in XML, and stands in a document as it is. What a part of a pattern takes it never gives back.
SPACE: Final = r"[ \t\r\n]*+"
"""White space between elements."""
NAME: Final = r"[^\x00-\x08\n-\x1f&<>]++"
"""A text that is not empty, on one line."""
TEXT: Final = NAME[:-2] + "*+"
"""A text on one line."""
TYPED: Final = r'(?: xsi:type="[\w:-]++")?+'
"""An attribute that says what is known."""

_VALUE: Final = TEXT.replace(r"\n-", r"\x0b-")
# What most have in common apart, so that it is not tried with each of them.
_TYPE: Final = rf"(?:xsd?:)?+(?:{'|'.join(XsdType)})(?:\(\d++\))?+|{XsdType.BASE64.qualified}"
_END: Final = "</ParameterValueStruct>"


def _parameter(opening: str) -> str:
    """The pattern of a name and its value, with groups that open like this."""
    value = rf'<Value xsi:type="{opening}{_TYPE})"(?:>{opening}{_VALUE})</Value>| ?/>)'
    return f"<Name{TYPED}>{opening}{NAME})</Name>{SPACE}{value}"


ENTRY: Final = f"<ParameterValueStruct>{SPACE}{_parameter('(?:')}{SPACE}{_END}"
"""The pattern of an entry, without groups."""
_PARAMETERS: Final = re.compile(_parameter("("), re.ASCII)
_VALUE_AFTER: Final = re.compile(rf'{SPACE}<Value xsi:type="[^"]*+"(?:>([^<]*+)<| ?/>)')


class WrittenList(Sequence[ParameterValue]):
    """Entries as they were written; equal to a tuple of the parameters."""

    __slots__ = ("_all_read", "_some_read", "_text", "pieces")

    def __init__(self, text: str) -> None:
        """The text of the list, which must be entries and nothing else."""
        self._text = text
        self._all_read: tuple[ParameterValue, ...] | None = None
        self._some_read: dict[int, ParameterValue] = {}
        self.pieces: Final = text.split(_END)[:-1]
        """The text of each: what is written as before says what it said before."""

    def __len__(self) -> int:
        """How many there are."""
        return len(self.pieces)

    @overload
    def __getitem__(self, place: int) -> ParameterValue: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[ParameterValue, ...]: ...

    def __getitem__(self, place: int | slice) -> ParameterValue | tuple[ParameterValue, ...]:
        """The parameter in a place: the others are not read for it."""
        if self._all_read is not None or isinstance(place, slice):
            return self._all()[place]
        parameter = self._some_read.get(place)
        if parameter is None:
            (parameter,) = read_written(self.pieces[place])
            self._some_read[place] = parameter
        return parameter

    def __iter__(self) -> Iterator[ParameterValue]:
        """All of them."""
        return iter(self._all())

    def __eq__(self, other: object) -> bool:
        """Whether another list has the same parameters."""
        return self._all() == tuple(other) if isinstance(other, tuple | WrittenList) else NotImplemented

    def __hash__(self) -> int:
        """As that of the tuple."""
        return hash(self._all())

    def __repr__(self) -> str:
        """As that of the tuple, which tells no value."""
        return repr(self._all())

    def _all(self) -> tuple[ParameterValue, ...]:
        if self._all_read is None:
            self._all_read = read_written(self._text)
        return self._all_read

    def value_after(self, mark: str) -> str | None:
        """The value of the last parameter with such a mark (see ``mark_of``); None if there is none.

        Nothing else is read for it.
        """
        at = self._text.rfind(mark)
        found = _VALUE_AFTER.match(self._text, at + len(mark)) if at >= 0 else None
        return None if found is None else found[1] or ""


def mark_of(name: str) -> str:
    """What stands in a written list only where a parameter of that name does."""
    return f">{name}</Name>"


def read_written(text: str) -> tuple[ParameterValue, ...]:
    """The parameters of entries as they were written."""
    return tuple([ParameterValue(name, value, _type_of(kind)) for name, kind, value in _PARAMETERS.findall(text)])


def _type_of(spelling: str) -> XsdType:
    return USUAL_TYPES.get(spelling) or parse_type(spelling) or XsdType.STRING
