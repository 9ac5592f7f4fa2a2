"""The value types of CWMP, between their text on the wire and Python.

Reading forgives the spellings devices use; writing has one form, bent only by a ``WireStyle``. Both raise ValueError
with a sentence that names the value.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Final

from cwmp_schemas.style import DEFAULT_STYLE, WireStyle

Value = str | int | bool | datetime | bytes | Decimal | float


class XsdType(StrEnum):
    """A type a parameter value may have (TR-106 A.2.3 and what devices use beyond it)."""

    STRING = "string"
    INT = "int"
    UNSIGNED_INT = "unsignedInt"
    LONG = "long"
    UNSIGNED_LONG = "unsignedLong"
    BOOLEAN = "boolean"
    DATE_TIME = "dateTime"
    BASE64 = "base64"
    HEX_BINARY = "hexBinary"
    DECIMAL = "decimal"
    FLOAT = "float"
    DOUBLE = "double"

    @property
    def qualified(self) -> str:
        """The name with the prefix our envelopes declare: base64 belongs to SOAP encoding, the rest to XML Schema."""
        return f"soap-enc:{self.value}" if self is XsdType.BASE64 else f"xsd:{self.value}"


INTEGER_RANGES: Final[Mapping[XsdType, tuple[int, int]]] = {
    XsdType.INT: (-(2**31), 2**31 - 1),
    XsdType.UNSIGNED_INT: (0, 2**32 - 1),
    XsdType.LONG: (-(2**63), 2**63 - 1),
    XsdType.UNSIGNED_LONG: (0, 2**64 - 1),
}

# TR-106 A.2.3: "unknown time", sent by devices that have no clock yet.
UNKNOWN_TIME: Final = datetime(1, 1, 1, tzinfo=UTC)

_MOMENT: Final = re.compile(r"[0-9-]+(?:[Tt ][0-9]{2}(?::?[0-9]{2}){0,2}(?:[.,][0-9]+)?(?:[Zz]|[+-][0-9:]+)?)?")
_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off"})

_TYPE_SPELLINGS: Final[Mapping[str, XsdType]] = {
    **{kind.value.lower(): kind for kind in XsdType},
    "base64binary": XsdType.BASE64,
    "bool": XsdType.BOOLEAN,
    "integer": XsdType.INT,
    "int32": XsdType.INT,
    "int64": XsdType.LONG,
    "signedint": XsdType.INT,
    "short": XsdType.INT,
    "uint": XsdType.UNSIGNED_INT,
    "uint32": XsdType.UNSIGNED_INT,
    "uint64": XsdType.UNSIGNED_LONG,
    "unsigned": XsdType.UNSIGNED_INT,
    "unsignedinteger": XsdType.UNSIGNED_INT,
    "unsignedshort": XsdType.UNSIGNED_INT,
    "unsignedbyte": XsdType.UNSIGNED_INT,
}


def parse_type(spelling: str) -> XsdType | None:
    """The type meant by ``xsd:unsignedInt``, ``xs:UnsignedInt``, ``string(64)``...; None when nobody could tell."""
    name = spelling.rpartition(":")[2].partition("(")[0].strip()
    return _TYPE_SPELLINGS.get(name.lower())


def parse_boolean(text: str) -> bool:
    """Read a boolean: 1, 0, true, false, and the words some devices use, in any case."""
    word = text.strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ValueError(f"{_shown(text)} is not a boolean")


def parse_integer(text: str, kind: XsdType = XsdType.LONG) -> int:
    """Read a decimal integer within the range of its type."""
    digits = text.strip()
    unsigned = digits[1:] if digits[:1] in {"+", "-"} else digits
    # int() alone would take underscores, other scripts' digits and numbers of any length.
    if not (unsigned.isascii() and unsigned.isdigit() and len(unsigned) <= 40):
        raise ValueError(f"{_shown(text)} is not an integer")
    number = int(digits)
    low, high = INTEGER_RANGES[kind]
    if not low <= number <= high:
        raise ValueError(f"{_shown(text)} is outside the range of {kind.value}")
    return number


def parse_date_time(text: str) -> datetime:
    """Read an ISO 8601 time as UTC. A time without a zone is taken as UTC (TR-106 A.2.3 asks for UTC throughout)."""
    moment = read_moment(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def read_moment(text: str) -> datetime:
    """Read an ISO 8601 time as UTC, or without a zone if it names none."""
    text = text.strip()
    try:
        # Python 3.11 overlooks what stands between a fraction that is too long and the zone.
        moment = datetime.fromisoformat(text if _MOMENT.fullmatch(text) else "")
        return moment if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{_shown(text)} is not a dateTime of the years 1 to 9999") from None


def parse_base64(text: str) -> bytes:
    """Read base64, white space allowed anywhere."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"{_shown(text)} is not base64") from None


def to_python(kind: XsdType, text: str) -> Value:
    """The Python value of what stands on the wire."""
    match kind:
        case XsdType.STRING:
            return text
        case XsdType.BOOLEAN:
            return parse_boolean(text)
        case XsdType.DATE_TIME:
            return parse_date_time(text)
        case XsdType.BASE64:
            return parse_base64(text)
        case XsdType.HEX_BINARY:
            try:
                return bytes.fromhex(text)
            except ValueError:
                raise ValueError(f"{_shown(text)} is not hexBinary") from None
        case XsdType.DECIMAL:
            return _parse_decimal(text)
        case XsdType.FLOAT | XsdType.DOUBLE:
            return _parse_float(text)
        case _:
            return parse_integer(text, kind)


def to_text(kind: XsdType, value: Value, style: WireStyle = DEFAULT_STYLE) -> str:
    """The text that carries a value as the given type. A string is read as that type first."""
    if isinstance(value, str):
        if kind is XsdType.STRING:
            return value
        value = to_python(kind, value)
    match kind, value:
        case XsdType.STRING, _:
            return _plain_text(value, style)
        case XsdType.BOOLEAN, bool():
            return boolean_text(value, words=style.boolean_words)
        case XsdType.DATE_TIME, datetime():
            return date_time_text(value, style)
        case XsdType.BASE64, bytes():
            return base64.b64encode(value).decode("ascii")
        case XsdType.HEX_BINARY, bytes():
            return value.hex().upper()
        case XsdType.DECIMAL, Decimal() if value.is_finite():
            return f"{value:f}"
        case ((XsdType.FLOAT | XsdType.DOUBLE), float()):
            return {"inf": "INF", "-inf": "-INF", "nan": "NaN"}.get(repr(value), repr(value))
        case _ if kind in INTEGER_RANGES and isinstance(value, int) and not isinstance(value, bool):
            return integer_text(value, kind)
    raise ValueError(f"{_shown(value)} cannot be sent as {kind.value}")


def same_value(kind: XsdType, one: str, other: str) -> bool:
    """Whether two texts mean the same value: ``1`` and ``true``, ``007`` and ``7``."""
    if one == other:
        return True
    try:
        return to_python(kind, one) == to_python(kind, other)
    except ValueError:
        return False


def boolean_text(value: bool, *, words: bool) -> str:
    """A boolean as 1/0, or as true/false for devices that want the words."""
    return ("true" if value else "false") if words else ("1" if value else "0")


def integer_text(value: int, kind: XsdType) -> str:
    """An integer, if it is one its type can hold."""
    low, high = INTEGER_RANGES[kind]
    if not low <= value <= high:
        raise ValueError(f"{value} is outside the range of {kind.value}")
    return str(value)


def date_time_text(moment: datetime, style: WireStyle = DEFAULT_STYLE) -> str:
    """A time in UTC with ``Z``, without milliseconds unless the device wants them."""
    if moment.tzinfo is None:
        raise ValueError(f"{_shown(moment)} has no time zone")
    try:
        text = moment.astimezone(UTC).isoformat(timespec="milliseconds" if style.milliseconds else "seconds")
    except OverflowError:
        raise ValueError(f"{_shown(moment)} lies outside the years 1 to 9999") from None
    return text.removesuffix("+00:00") + "Z"


def _plain_text(value: Value, style: WireStyle) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return date_time_text(value, style)
    if isinstance(value, bytes):
        raise ValueError("bytes cannot be sent as string")
    return str(value)


def _parse_decimal(text: str) -> Decimal:
    word = text.strip()
    try:
        # Decimal alone would take underscores and other scripts' digits.
        number = Decimal(word if word.isascii() and "_" not in word else "")
    except InvalidOperation:
        raise ValueError(f"{_shown(text)} is not a decimal") from None
    # A decimal has no exponent on the wire; an enormous one would write megabytes of zeros.
    if not number.is_finite() or abs(number.adjusted()) > 100:
        raise ValueError(f"{_shown(text)} is not a decimal")
    return number


def _parse_float(text: str) -> float:
    word = text.strip()
    if "_" in word or not word.isascii():
        raise ValueError(f"{_shown(text)} is not a number")
    try:
        return float(word)
    except ValueError:
        raise ValueError(f"{_shown(text)} is not a number") from None


def _shown(value: Value) -> str:
    """A value as an error message may quote it: one line, bounded, whatever a device put into it."""
    text = ascii(value)
    return text if len(text) <= 60 else text[:57] + "..."
