"""Markup that cannot be broken by what is put into it: every text is escaped, for it may come from a peer."""

from html import escape
from typing import Final

_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"


class Markup(str):
    """A text that is markup already."""

    __slots__ = ()


def text(value: str) -> Markup:
    """A text as it is to be read, whatever is in it."""
    return value if isinstance(value, Markup) else Markup(escape(_clean(value)))


def tag(name: str, /, *children: "str | Markup | None", **attributes: str | float | None) -> Markup:
    """An element. Attributes are spelled as Python can (``class_``, ``aria_label``); None leaves one out."""
    spelled = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if not children:
        return Markup(f"<{name}{spelled}/>" if name in _VOID else f"<{name}{spelled}></{name}>")
    return Markup(f"<{name}{spelled}>{join(*children)}</{name}>")


def join(*children: "str | Markup | None") -> Markup:
    """One after the other."""
    return Markup("".join(text(child) for child in children if child is not None))


_VOID: Final = frozenset({"meta", "br", "wbr"})


def _clean(value: str) -> str:
    """Without what no document may hold, and without what would turn the direction of what is read."""
    return "".join(character if character.isprintable() or character == "\n" else _REPLACEMENT for character in value)
