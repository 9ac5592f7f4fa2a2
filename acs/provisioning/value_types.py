"""Which type a value is sent as, and whether two values mean the same."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from acs.domain.secret_names import MASK, is_secret_name
from acs.domain.url_logins import logins_in
from cwmp_schemas.rpc.parameters import ParameterValue
from cwmp_schemas.style import DEFAULT_STYLE, WireStyle
from cwmp_schemas.values import XsdType, parse_type, same_value, to_text


class Facts(Protocol):
    """What a data model says about a parameter."""

    @property
    def type(self) -> XsdType | None:
        """Its type; None for whatever holds no value."""

    @property
    def hidden(self) -> bool:
        """Whether it reads back empty whatever was set."""


Lookup = Callable[[str], Facts | None]
"""Asks a data model about a path."""


@dataclass(frozen=True, slots=True)
class TypedValue:
    """A value as it stands on the wire."""

    value: str = field(repr=False)
    """Its text."""
    type: XsdType
    """Its type."""


# The plain words of the management API, and what they mean to a device of which nothing is known. A whole number goes
# out in the first type that can hold it.
_PLAIN: Final[dict[str, tuple[XsdType, ...]]] = {
    "string": (XsdType.STRING,),
    "integer": (XsdType.INT, XsdType.UNSIGNED_INT, XsdType.LONG, XsdType.UNSIGNED_LONG),
    "boolean": (XsdType.BOOLEAN,),
}


def explicit_type(value_type: str | None) -> XsdType | None:
    """The CWMP type an operator insists on; None for the plain words and when nothing is said. ValueError otherwise."""
    if value_type is None or value_type.strip().lower() in _PLAIN:
        return None
    kind = parse_type(value_type)
    if kind is None:
        raise ValueError(f"{ascii(value_type)[:60]} names no type; known are: integer, {', '.join(XsdType)}")
    return kind


def typed_value(
    value: str, value_type: str | None, *hints: XsdType | None, style: WireStyle = DEFAULT_STYLE
) -> TypedValue:
    """The value as the type insisted on, or else the first of the hints and plain meanings that can hold it.

    A hint is a guess at what the device wants: what it has said before, then what the data model says. ValueError says
    why no type can hold the value.
    """
    explicit = explicit_type(value_type)
    plain = _PLAIN[(value_type or "string").strip().lower()] if explicit is None else ()
    candidates = [explicit] if explicit else [*filter(None, hints), *plain]
    for kind in candidates:
        try:
            return TypedValue(to_text(kind, value, style), kind)
        except ValueError as error:
            reason = error
    raise reason


def better_type(value: str, refused: XsdType, found: XsdType | None) -> XsdType:
    """The type to send after one was refused: the one that was found since, if it can hold the value."""
    if found is None:
        return refused
    try:
        to_text(found, value)
    except ValueError:
        return refused
    return found


def means_the_same(one: TypedValue | ParameterValue, other: TypedValue | ParameterValue) -> bool:
    """Whether two values are the same by the type of either."""
    return any(same_value(kind, one.value, other.value) for kind in {one.type, other.type})


def is_secret(name: str, lookup: Lookup) -> bool:
    """Whether a parameter's value is a secret, or cannot be read back: by its name or by the data model."""
    if is_secret_name(name):
        return True
    facts = lookup(name)
    return facts is not None and facts.hidden


def is_masked(name: str, value: str, lookup: Lookup) -> bool:
    """Whether a value is what a client was shown in the place of a secret, or holds that in the place of a login."""
    return (value == MASK and is_secret(name, lookup)) or MASK in logins_in(value)
