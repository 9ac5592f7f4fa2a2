"""How one kind of value is read from an element and written as one.

A codec never fails on what a device sent: what cannot be read becomes the codec's ``empty`` value and an ``Oddity``.
Writing raises EncodeError for what no valid envelope can hold.
"""

from abc import ABC, abstractmethod
from datetime import UTC, datetime
from typing import Generic, TypeVar

from lxml.etree import _Element as Element

from cwmp_schemas import values
from cwmp_schemas.errors import EncodeError
from cwmp_schemas.oddities import Oddity
from cwmp_schemas.style import WireStyle
from cwmp_schemas.values import XsdType
from cwmp_schemas.xml import ARRAY_TYPE, escaped, local_name, unfolded

T = TypeVar("T")


class Codec(ABC, Generic[T]):
    """One kind of value, in both directions."""

    empty: T
    type_names: tuple[str, ...] = ()
    """Schema type names; some devices name the element after its type."""

    @abstractmethod
    def read(self, element: Element, oddities: set[Oddity]) -> T:
        """The value an element holds."""

    @abstractmethod
    def write(self, tag: str, value: T, out: list[str], style: WireStyle) -> None:
        """Append the element that holds a value."""


class Text(Codec[str]):
    """A string, kept to the letter."""

    empty = ""

    def read(self, element: Element, oddities: set[Oddity]) -> str:
        return element.text or ""

    def write(self, tag: str, value: str, out: list[str], style: WireStyle) -> None:
        out.append(f"<{tag}>{escaped(value, tag)}</{tag}>")


class Name(Text):
    """A string that names something: line breaks in it come from a pretty printer, never from the device's data."""

    def __init__(self, *type_names: str) -> None:
        self.type_names = type_names

    def read(self, element: Element, oddities: set[Oddity]) -> str:
        text = element.text or ""
        if "\n" in text or "\r" in text:
            oddities.add(Oddity.FOLDED_TEXT)
            return unfolded(text)
        return text


class Integer(Codec[int]):
    """A whole number within the range of its type."""

    empty = 0

    def __init__(self, kind: XsdType, *type_names: str) -> None:
        self.kind = kind
        self.type_names = type_names

    def read(self, element: Element, oddities: set[Oddity]) -> int:
        try:
            return values.parse_integer(element.text or "", self.kind)
        except ValueError:
            oddities.add(Oddity.BAD_NUMBER)
            return self.empty

    def write(self, tag: str, value: int, out: list[str], style: WireStyle) -> None:
        try:
            out.append(f"<{tag}>{values.integer_text(value, self.kind)}</{tag}>")
        except ValueError as error:
            raise EncodeError(str(error), tag) from None


class Boolean(Codec[bool]):
    """True or false."""

    empty = False

    def read(self, element: Element, oddities: set[Oddity]) -> bool:
        try:
            return values.parse_boolean(element.text or "")
        except ValueError:
            oddities.add(Oddity.BAD_BOOLEAN)
            return self.empty

    def write(self, tag: str, value: bool, out: list[str], style: WireStyle) -> None:
        out.append(f"<{tag}>{values.boolean_text(value, words=style.boolean_words)}</{tag}>")


class NextLevel(Boolean):
    """The one boolean argument that some devices want spelt differently from the others."""

    def write(self, tag: str, value: bool, out: list[str], style: WireStyle) -> None:
        words = style.boolean_words or style.next_level_words
        out.append(f"<{tag}>{values.boolean_text(value, words=words)}</{tag}>")


class DateTime(Codec[datetime]):
    """A moment in UTC; what cannot be read is the standard's "unknown time"."""

    empty = values.UNKNOWN_TIME

    def read(self, element: Element, oddities: set[Oddity]) -> datetime:
        return self.read_text(element.text or "", oddities)

    def read_text(self, text: str, oddities: set[Oddity]) -> datetime:
        """The moment that a text says."""
        try:
            moment = values.read_moment(text)
        except ValueError:
            oddities.add(Oddity.BAD_TIME)
            return self.empty
        if moment.tzinfo is None:
            oddities.add(Oddity.TIME_WITHOUT_ZONE)
            return moment.replace(tzinfo=UTC)
        return moment

    def write(self, tag: str, value: datetime, out: list[str], style: WireStyle) -> None:
        try:
            out.append(f"<{tag}>{values.date_time_text(value, style)}</{tag}>")
        except ValueError as error:
            raise EncodeError(str(error), tag) from None


class Base64(Codec[bytes]):
    """Binary data."""

    empty = b""

    def read(self, element: Element, oddities: set[Oddity]) -> bytes:
        try:
            return values.parse_base64(element.text or "")
        except ValueError:
            oddities.add(Oddity.BAD_BASE64)
            return self.empty

    def write(self, tag: str, value: bytes, out: list[str], style: WireStyle) -> None:
        out.append(f"<{tag}>{values.to_text(XsdType.BASE64, value)}</{tag}>")


class Array(Codec[tuple[T, ...]]):
    """A SOAP array: any child is an item, whatever it is called and whatever arrayType counts."""

    empty: tuple[T, ...] = ()

    def __init__(self, item: Codec[T], item_tag: str, array_type: str, *type_names: str) -> None:
        self.item = item
        self.item_tag = item_tag
        self.array_type = array_type
        self.type_names = type_names

    def read(self, element: Element, oddities: set[Oddity]) -> tuple[T, ...]:
        read = self.item.read
        items = tuple([read(child, oddities) for child in element])
        note_array_count(element, len(items), oddities)
        return items

    def write(self, tag: str, value: tuple[T, ...], out: list[str], style: WireStyle) -> None:
        out.append(f'<{tag} soap-enc:arrayType="{self.array_type}[{len(value)}]">')
        for item in value:
            self.item.write(self.item_tag, item, out, style)
        out.append(f"</{tag}>")


def note_array_count(element: Element, count: int, oddities: set[Oddity]) -> None:
    """Count an arrayType that names another number of items than there are."""
    declared = element.get(ARRAY_TYPE)
    if declared is not None and not declared.endswith(f"[{count}]"):
        digits = declared.rpartition("[")[2].rstrip("]")
        if digits.lstrip("0") != str(count):
            oddities.add(Oddity.ARRAY_COUNT)


class Repeated(Codec[tuple[T, ...]]):
    """Items that follow each other without an array around them, as the schema has the results of A.4.2.3.

    Many devices wrap them in an array nevertheless, so one element may yield several items.
    """

    empty: tuple[T, ...] = ()

    def __init__(self, item: Codec[T]) -> None:
        self.item = item
        self.type_names = item.type_names

    def read(self, element: Element, oddities: set[Oddity]) -> tuple[T, ...]:
        wrapped = [child for child in element if local_name(child.tag) in self.type_names]
        if wrapped:
            return tuple([self.item.read(child, oddities) for child in wrapped])
        return (self.item.read(element, oddities),)

    def write(self, tag: str, value: tuple[T, ...], out: list[str], style: WireStyle) -> None:
        for item in value:
            self.item.write(tag, item, out, style)
