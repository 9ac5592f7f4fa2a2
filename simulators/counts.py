"""Counts by name, with a bound on the names: a peer that invents names must not fill the memory."""

from collections.abc import Mapping
from typing import Final, TypeVar

MOST: Final = 64
"""Names that are told apart; all others count under one."""
LONGEST: Final = 80
"""Characters of a name that are kept."""
OTHER: Final = "other"
"""Under which all further words are counted."""

Name = TypeVar("Name", str, int)


class Counts(dict[Name, int]):
    """How often each name was counted: the first ``MOST`` names, and the rest under one."""

    __slots__ = ("_other",)

    def __init__(self, other: Name) -> None:
        super().__init__()
        self._other: Name = other

    def add(self, name: Name) -> Name:
        """Count one more; says under which name it was counted."""
        try:
            self[name] += 1
        except KeyError:
            name = kept(self, name, self._other)
            self[name] = self.get(name, 0) + 1
        return name

    @property
    def sum(self) -> int:
        """How often anything was counted."""
        return sum(self.values())


def kept(known: Mapping[Name, object], name: Name, other: Name) -> Name:
    """The name under which a new one is counted: itself, made fit to be shown, while there is room."""
    if isinstance(name, str):
        name = shown(name)
    return name if name in known or len(known) - (other in known) < MOST else other


def shown(text: str) -> str:
    """A word of a peer without what a terminal or a page might act upon, and no longer than it may be."""
    return "".join(character if character.isprintable() else "?" for character in text[:LONGEST])
