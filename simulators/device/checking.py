"""Whether a text can be the value of a parameter, and how the device spells it (TR-106 3.2, TR-069 A.2.2.1)."""

from typing import Final

from cwmp_schemas.paths import MAX_ALIAS_LENGTH
from cwmp_schemas.values import XsdType, parse_integer, to_text
from cwmp_schemas.xml import FORBIDDEN
from simulators.device.model import Leaf

MAX_VALUE: Final = 65_536
"""The longest value a device keeps, in characters; the models bound few strings."""

# XML Schema knows these four; the words that the ACS forgives devices are none of them.
_BOOLEANS: Final = {"1": "1", "true": "1", "0": "0", "false": "0"}
_INTEGERS: Final = frozenset({XsdType.INT, XsdType.UNSIGNED_INT, XsdType.LONG, XsdType.UNSIGNED_LONG})


def checked(leaf: Leaf, text: str) -> str:
    """The text in the one spelling of its type; ValueError says why the parameter cannot have it."""
    if len(text) > MAX_VALUE:
        raise ValueError(f"longer than {MAX_VALUE} characters")
    value = canonical(leaf.type, text)
    facts = leaf.facts
    # What the models say of another type than the device's says nothing about the device's.
    if facts is not None and facts.is_limited and facts.type is leaf.type:
        problem = facts.problem(text)
        if problem:
            raise ValueError(problem)
    return value


def canonical(kind: XsdType, text: str) -> str:
    """The text in the one spelling of its type; ValueError where XML Schema does not take it."""
    check_characters(text)
    if kind is XsdType.STRING:
        return text
    if kind in _INTEGERS:
        return str(parse_integer(text, kind))
    word = text.strip()
    if kind is XsdType.BOOLEAN:
        if word not in _BOOLEANS:
            raise ValueError("neither 1, 0, true nor false")
        return _BOOLEANS[word]
    if kind is XsdType.DATE_TIME and "T" not in word:
        raise ValueError("a dateTime has a date and a time")
    if kind is XsdType.HEX_BINARY and not word.isalnum() and word:
        raise ValueError("hexBinary has nothing between its digits")
    return to_text(kind, word)


def check_characters(text: str) -> None:
    """ValueError for what a device could keep, but never tell."""
    if FORBIDDEN.search(text):
        raise ValueError("a character that XML cannot carry")


def check_alias(text: str) -> None:
    """ValueError where a text cannot be the alias of an instance (TR-106, Alias)."""
    if not text[:1].isalpha() or len(text) > MAX_ALIAS_LENGTH or "]" in text or not text.isprintable():
        raise ValueError(f"an alias is a letter and up to {MAX_ALIAS_LENGTH - 1} more characters")
