"""Parameter values, names and attributes (TR-069 A.3.2.1 to A.3.2.5)."""

from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Final

from lxml.etree import _Element as Element

from cwmp_schemas.binding import Int, ParameterKey, Token
from cwmp_schemas.codec import Codec, Integer, Name, NextLevel, note_array_count
from cwmp_schemas.oddities import Oddity
from cwmp_schemas.style import WireStyle
from cwmp_schemas.values import XsdType, parse_type
from cwmp_schemas.xml import XSI_TYPE, attribute, escaped, local_name, unfolded

USUAL_TYPES: Final = {f"{prefix}:{kind.value}": kind for prefix in ("xsd", "xs") for kind in XsdType} | {
    "soap-enc:base64": XsdType.BASE64
}


@dataclass(frozen=True, slots=True)
class ParameterValue:
    """A parameter with its value as it stands on the wire."""

    name: str
    """The full path."""
    value: str = field(repr=False)
    """The value's text, to the letter; it may be a secret."""
    type: XsdType = XsdType.STRING
    """The type it was, or is to be, sent as."""


class ParameterList(Codec[tuple[ParameterValue, ...]]):
    """An array of ParameterValueStruct, by hand: it is most of what devices send."""

    empty = ()
    type_names = ("ParameterValueList",)

    def read(self, element: Element, oddities: set[Oddity]) -> tuple[ParameterValue, ...]:
        """The parameters, in order. An entry without a name is dropped, one without a value is empty."""
        found: list[ParameterValue] = []
        entries = 0
        for entry in element:
            entries += 1
            try:
                name_element, value_element = entry
            except ValueError:
                parameter = _read_unusual(entry, oddities)
            else:
                name = name_element.text
                kind = USUAL_TYPES.get(value_element.get(XSI_TYPE, ""))
                if (
                    kind is not None
                    and name
                    and "\n" not in name
                    and name_element.tag == "Name"
                    and value_element.tag == "Value"
                    and not len(value_element)
                ):
                    found.append(ParameterValue(name, value_element.text or "", kind))
                    continue
                parameter = _read_unusual(entry, oddities)
            if parameter is not None:
                found.append(parameter)
        note_array_count(element, entries, oddities)
        return tuple(found)

    def write(self, tag: str, value: tuple[ParameterValue, ...], out: list[str], style: WireStyle) -> None:
        """Append the array; every value carries its type."""
        out.append(f'<{tag} soap-enc:arrayType="cwmp:ParameterValueStruct[{len(value)}]">')
        for parameter in value:
            name = escaped(parameter.name, "Name")
            text = escaped(parameter.value, parameter.name)
            out.append(
                f"<ParameterValueStruct><Name>{name}</Name>"
                f'<Value xsi:type="{_QUALIFIED[parameter.type]}">{text}</Value></ParameterValueStruct>'
            )
        out.append(f"</{tag}>")


_QUALIFIED: Final = {kind: kind.qualified for kind in XsdType}


def _read_unusual(entry: Element, oddities: set[Oddity]) -> ParameterValue | None:
    name, value = "", None
    for child in entry:
        match local_name(child.tag):
            case "Name":
                text = child.text or ""
                name = unfolded(text)
                if name != text:
                    oddities.add(Oddity.FOLDED_TEXT)
                if child.tag != "Name":
                    oddities.add(Oddity.UNEXPECTED_NAME)
            case "Value":
                value = child
            case _:
                oddities.add(Oddity.UNKNOWN_ELEMENT)
    if not name:
        oddities.add(Oddity.EMPTY_NAME)
        return None
    if value is None:
        oddities.add(Oddity.MISSING_VALUE)
        return ParameterValue(name, "")
    spelling = attribute(value, "type")
    kind = None if spelling is None else parse_type(spelling)
    if kind is None:
        oddities.add(Oddity.MISSING_TYPE if spelling is None else Oddity.UNKNOWN_TYPE)
    if len(value):
        oddities.add(Oddity.UNKNOWN_ELEMENT)
    return ParameterValue(name, "".join(value.itertext()), kind or XsdType.STRING)


Parameters = Annotated[tuple[ParameterValue, ...], ParameterList()]
Notification = Annotated[int, Integer(XsdType.INT, "ParameterAttributeNotificationValueType")]
ObjectName = Annotated[str, Name("ObjectNameType")]


@dataclass(frozen=True, slots=True)
class ParameterInfo:
    """A path that a device has, and whether it may be written."""

    TYPES: ClassVar = ("ParameterInfoStruct",)

    name: Token
    """The path; an object's ends in a dot."""
    writable: bool
    """Of a parameter: it can be set. Of an object: instances can be added or deleted."""


@dataclass(frozen=True, slots=True)
class ParameterAttribute:
    """How changes of a parameter are notified, and who else may write it."""

    TYPES: ClassVar = ("ParameterAttributeStruct",)

    name: Token
    """The full path."""
    notification: Notification
    """0 off, 1 passive, 2 active, 3 to 6 the lightweight kinds (A.3.2.4)."""
    access_list: tuple[Token, ...]
    """Who may write it beside the ACS: ``Subscriber``, or nobody."""


@dataclass(frozen=True, slots=True)
class SetParameterAttribute:
    """A wanted change of a parameter's attributes."""

    TYPES: ClassVar = ("SetParameterAttributesStruct",)

    name: Token
    """A full path, or a partial one for everything below it."""
    notification_change: bool
    """Whether ``notification`` is to be applied."""
    notification: Notification
    """See ``ParameterAttribute``."""
    access_list_change: bool
    """Whether ``access_list`` is to be applied."""
    access_list: tuple[Token, ...]
    """See ``ParameterAttribute``."""


@dataclass(frozen=True, slots=True)
class SetParameterValuesResponse:
    """All values were accepted."""

    NAME: ClassVar[str] = "SetParameterValuesResponse"

    status: Int
    """0 applied, 1 accepted but not yet applied."""


@dataclass(frozen=True, slots=True)
class SetParameterValues:
    """Set parameters, all of them or none (A.3.2.1)."""

    NAME: ClassVar[str] = "SetParameterValues"
    RESPONSE: ClassVar = SetParameterValuesResponse

    parameter_list: Parameters
    """What to set."""
    parameter_key: ParameterKey = ""
    """Kept by the device as ManagementServer.ParameterKey."""


@dataclass(frozen=True, slots=True)
class GetParameterValuesResponse:
    """The values asked for."""

    NAME: ClassVar[str] = "GetParameterValuesResponse"

    parameter_list: Parameters
    """Full paths, also where a partial one was asked for."""


@dataclass(frozen=True, slots=True)
class GetParameterValues:
    """Ask for values. A path ending in "." means everything below it (A.3.2.2)."""

    NAME: ClassVar[str] = "GetParameterValues"
    RESPONSE: ClassVar = GetParameterValuesResponse

    parameter_names: tuple[Token, ...]
    """Full or partial paths."""


@dataclass(frozen=True, slots=True)
class GetParameterNamesResponse:
    """The paths a device has."""

    NAME: ClassVar[str] = "GetParameterNamesResponse"

    parameter_list: tuple[ParameterInfo, ...]
    """Parameters and objects."""


@dataclass(frozen=True, slots=True)
class GetParameterNames:
    """Ask which paths there are (A.3.2.3)."""

    NAME: ClassVar[str] = "GetParameterNames"
    RESPONSE: ClassVar = GetParameterNamesResponse

    parameter_path: ObjectName
    """Where to look; empty for the top of the tree."""
    next_level: Annotated[bool, NextLevel()]
    """Only the next level instead of everything below."""


@dataclass(frozen=True, slots=True)
class SetParameterAttributesResponse:
    """All attributes were set."""

    NAME: ClassVar[str] = "SetParameterAttributesResponse"


@dataclass(frozen=True, slots=True)
class SetParameterAttributes:
    """Set notification and access, all or nothing (A.3.2.4)."""

    NAME: ClassVar[str] = "SetParameterAttributes"
    RESPONSE: ClassVar = SetParameterAttributesResponse

    parameter_list: tuple[SetParameterAttribute, ...]
    """What to change."""


@dataclass(frozen=True, slots=True)
class GetParameterAttributesResponse:
    """The attributes asked for."""

    NAME: ClassVar[str] = "GetParameterAttributesResponse"

    parameter_list: tuple[ParameterAttribute, ...]
    """Full paths, also where a partial one was asked for."""


@dataclass(frozen=True, slots=True)
class GetParameterAttributes:
    """Ask for notification and access (A.3.2.5)."""

    NAME: ClassVar[str] = "GetParameterAttributes"
    RESPONSE: ClassVar = GetParameterAttributesResponse

    parameter_names: tuple[Token, ...]
    """Full or partial paths."""
