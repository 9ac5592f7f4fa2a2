"""Which parameters of a device a client means."""

from dataclasses import dataclass
from typing import Final

from cwmp_schemas.paths import covers

ANY: Final = "*"
"""Stands for any text in a wildcard, dots among it."""
INSTANCE: Final = "{i}"
"""Stands for any one instance in a name of the data model."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Parameters that all of these take; an empty one takes any."""

    variable_names: tuple[str, ...] = ()
    """Paths; one that ends in a dot means all that is below it."""
    names: tuple[str, ...] = ()
    """Paths, or names of the data model: with ``{i}`` for instances."""
    short_names: tuple[str, ...] = ()
    """Last segments of paths, in any case of letters."""
    wildcard: str | None = None
    """A path with ``*`` for any text; one that ends in a dot means all that is below it."""

    def takes(self, path: str) -> bool:
        """Whether a parameter is one of these."""
        return (
            (not self.variable_names or any(covers(each, path) for each in self.variable_names))
            and (not self.names or any(_is_named(each, path) for each in self.names))
            and (not self.short_names or short_name_of(path).lower() in {each.lower() for each in self.short_names})
            and (self.wildcard is None or _fits(self.pattern, path))
        )

    @property
    def parameters(self) -> tuple[str, ...]:
        """The variable names that are parameters."""
        return tuple(each for each in self.variable_names if not each.endswith("."))

    @property
    def objects(self) -> tuple[str, ...]:
        """The variable names that are objects."""
        return tuple(dict.fromkeys(each for each in self.variable_names if each.endswith(".")))

    @property
    def pattern(self) -> str:
        """The wildcard, which is about parameters."""
        text = self.wildcard or ""
        return text + ANY if text.endswith(".") else text


def short_name_of(path: str) -> str:
    """What a parameter is called within its object."""
    return path.rpartition(".")[2]


def _is_named(name: str, path: str) -> bool:
    wanted, found = name.split("."), path.split(".")
    return len(wanted) == len(found) and all(
        text == each or (each == INSTANCE and text[:1].isdigit()) for each, text in zip(wanted, found, strict=True)
    )


def _fits(pattern: str, path: str) -> bool:
    first, *rest = pattern.split(ANY)
    if not rest:
        return path == first
    *middle, last = rest
    if not path.startswith(first):
        return False
    place = len(first)
    for piece in middle:
        found = path.find(piece, place)
        if found < 0:
            return False
        place = found + len(piece)
    return len(path) - len(last) >= place and path.endswith(last)
