"""Derives, once per class, the codec of a message or struct from its dataclass fields.

A field is written under its name in the schema's spelling (``max_envelopes`` -> ``MaxEnvelopes``), in the order of the
class, as the codec of its annotation says. ``X | None = None`` marks what the schema allows to be missing.
"""

import dataclasses
import types
from datetime import datetime
from typing import Annotated, Any, Final, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

from lxml.etree import _Element as Element

from cwmp_schemas.codec import Array, Base64, Boolean, Codec, DateTime, Integer, Name, Repeated, Text
from cwmp_schemas.oddities import Oddity
from cwmp_schemas.style import WireStyle
from cwmp_schemas.values import XsdType
from cwmp_schemas.xml import attribute, local_name

S = TypeVar("S")

UnsignedInt = Annotated[int, Integer(XsdType.UNSIGNED_INT)]
Int = Annotated[int, Integer(XsdType.INT)]
Token = Annotated[str, Name()]
"""A string that names something; see ``Name``."""
CommandKey = Annotated[str, Name("CommandKeyType")]
ParameterKey = Annotated[str, Name("ParameterKeyType")]
FileType = Annotated[str, Name("DownloadFileType", "UploadFileType", "TransferFileType")]

_ACRONYMS: Final = {"oui": "OUI", "url": "URL", "uuid": "UUID", "sn": "SN"}
_PLAIN: Final[dict[object, Codec[Any]]] = {str: Text(), bool: Boolean(), datetime: DateTime(), bytes: Base64()}

_ABSENT: Final = object()


def wire_name(attribute: str) -> str:
    """The schema's spelling of a field: ``success_url`` -> ``SuccessURL``."""
    return "".join(_ACRONYMS.get(part) or part.capitalize() for part in attribute.split("_"))


@dataclasses.dataclass(frozen=True, slots=True)
class Field:
    """One field of a struct."""

    attribute: str
    """Its name in Python."""
    tag: str
    """Its element's name."""
    index: int
    """Its place among the arguments of the class."""
    codec: Codec[Any]
    """How it is read and written."""
    optional: bool
    """Whether the schema lets it be missing."""
    repeats: bool
    """Whether its element may come several times, with more of its items each time."""


class Struct(Codec[S], Generic[S]):
    """A dataclass as an element whose children are its fields."""

    def __init__(self, cls: type[S], *type_names: str) -> None:
        self.cls = cls
        self.type_names = type_names
        self.fields = tuple(_fields_of(cls))
        self._by_tag = {field.tag: field for field in self.fields}
        self._by_name = {name: field for field in self.fields for name in field.codec.type_names} | self._by_tag
        self._blank: list[object] = [_ABSENT] * len(self.fields)
        self.empty = cls(*(None if field.optional else field.codec.empty for field in self.fields))

    def read(self, element: Element, oddities: set[Oddity]) -> S:
        """The dataclass an element holds; children in any order, unknown ones skipped, missing ones empty."""
        values = self._blank.copy()
        several: dict[int, list[object]] | None = None
        by_tag = self._by_tag
        for child in element:
            field = by_tag.get(child.tag)  # type: ignore[arg-type]
            if field is None:
                name = local_name(child.tag)
                field = self._by_name.get(name)
                if field is None:
                    if name in self.type_names:
                        # A wrapper named after the type, as <Fault><FaultStruct>...</FaultStruct></Fault>.
                        return self.read(child, oddities)
                    oddities.add(Oddity.UNKNOWN_ELEMENT)
                    continue
                oddities.add(Oddity.UNEXPECTED_NAME)
            if field.repeats:
                several = several or {}
                several.setdefault(field.index, []).extend(field.codec.read(child, oddities))
            else:
                if values[field.index] is not _ABSENT:
                    oddities.add(Oddity.REPEATED_ELEMENT)
                values[field.index] = field.codec.read(child, oddities)
        if several:
            for index, items in several.items():
                values[index] = tuple(items)
        if _ABSENT in values:
            self._fill(values, element, oddities)
        return self.cls(*values)

    def write(self, tag: str, value: S, out: list[str], style: WireStyle) -> None:
        """Append the element and, in the order of the class, its children."""
        out.append(f"<{tag}>")
        self.write_fields(value, out, style)
        out.append(f"</{tag}>")

    def write_fields(self, value: S, out: list[str], style: WireStyle) -> None:
        """Append the children alone."""
        for field in self.fields:
            part = getattr(value, field.attribute)
            if part is not None:
                field.codec.write(field.tag, part, out, style)

    def _fill(self, values: list[object], element: Element, oddities: set[Oddity]) -> None:
        for field in self.fields:
            if values[field.index] is not _ABSENT:
                continue
            if field.optional:
                values[field.index] = None
                continue
            oddities.add(Oddity.MISSING_FIELD)
            values[field.index] = field.codec.empty
            if isinstance(field.codec, Struct) and field.codec.has_fields_in(element):
                # The struct's fields without the element around them: a FaultCode right below TransferComplete.
                values[field.index] = field.codec.read(element, oddities)

    def has_fields_in(self, element: Element) -> bool:
        """Whether an element has any of the fields directly within."""
        return any(local_name(child.tag) in self._by_name for child in element)


class Choice(Codec[S], Generic[S]):
    """One of several structs, told apart by xsi:type or, failing that, by the element's name."""

    def __init__(self, *options: type[S]) -> None:
        structs: list[Struct[S]] = [struct_of(option) for option in options]
        self.by_class = {struct.cls: struct for struct in structs}
        self.by_name = {struct.type_names[0]: struct for struct in structs}
        self.type_names = tuple(self.by_name)
        self.default = structs[0]
        self.empty = self.default.empty

    def read(self, element: Element, oddities: set[Oddity]) -> S:
        """The struct that the element says it is; the first of them if it does not say."""
        named = local_name(attribute(element, "type") or "") or local_name(element.tag)
        option = self.by_name.get(named)
        if option is None:
            oddities.add(Oddity.UNKNOWN_TYPE)
            option = self.default
        return option.read(element, oddities)

    def write(self, tag: str, value: S, out: list[str], style: WireStyle) -> None:
        """Append the element with its type, which is all that tells the structs apart."""
        struct = self.by_class[type(value)]
        out.append(f'<{tag} xsi:type="cwmp:{struct.type_names[0]}">')
        struct.write_fields(value, out, style)
        out.append(f"</{tag}>")


_STRUCTS: Final[dict[type, Struct[Any]]] = {}


def struct_of(cls: type[S]) -> Struct[S]:
    """The codec of a struct class, which names its schema types in ``TYPES``, or of a message class."""
    if cls not in _STRUCTS:
        _STRUCTS[cls] = Struct(cls, *getattr(cls, "TYPES", ()))
    return _STRUCTS[cls]


def codec_of(annotation: Any) -> Codec[Any]:  # noqa: ANN401
    """The codec that serves a field's annotation."""
    if get_origin(annotation) is Annotated:
        return next(extra for extra in get_args(annotation)[1:] if isinstance(extra, Codec))
    if get_origin(annotation) in {Union, types.UnionType}:
        return codec_of(next(part for part in get_args(annotation) if part is not types.NoneType))
    if get_origin(annotation) is tuple:
        return _array_of(get_args(annotation)[0])
    if dataclasses.is_dataclass(annotation) and isinstance(annotation, type):
        return struct_of(annotation)
    return _PLAIN[annotation]


def _array_of(item: Any) -> Codec[Any]:  # noqa: ANN401
    codec = codec_of(item)
    if isinstance(codec, Name):
        return Array(codec, "string", "xsd:string")
    if isinstance(codec, Base64):
        return Array(codec, "base64", "soap-enc:base64")
    name = codec.type_names[0]
    return Array(codec, name, f"cwmp:{name}", name.replace("Struct", "List"))


def _fields_of(cls: type) -> list[Field]:
    hints = get_type_hints(cls, include_extras=True)
    return [
        Field(
            attribute=field.name,
            tag=wire_name(field.name),
            index=index,
            codec=codec,
            optional=field.default is None,
            repeats=isinstance(codec, Repeated),
        )
        for index, field in enumerate(dataclasses.fields(cls))
        for codec in [codec_of(hints[field.name])]
    ]
