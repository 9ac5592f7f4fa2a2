"""Methods the standard does not know: vendor extensions, by name and fields (TR-069 A.2, ``X_<OUI>_Name``)."""

import re
from dataclasses import dataclass, field
from typing import Final

from lxml.etree import _Element as Element

from cwmp_schemas.errors import DecodeError, EncodeError, Refusal
from cwmp_schemas.values import XsdType, parse_type
from cwmp_schemas.xml import attribute, escaped, local_name

MAX_DEPTH: Final = 16
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]{0,127}")


@dataclass(frozen=True, slots=True)
class VendorField:
    """One element of a vendor message."""

    name: str
    """The element's name, without prefix."""
    value: "str | tuple[VendorField, ...]" = field(default="", repr=False)
    """Its text, which may be a secret, or the elements within."""
    type: XsdType | None = None
    """Its xsi:type, where one is given and known."""


@dataclass(frozen=True, slots=True)
class VendorMessage:
    """A request or, when its name ends in ``Response``, an answer of a vendor's own."""

    name: str
    """The method."""
    fields: tuple[VendorField, ...] = ()
    """Its arguments, in order."""

    @property
    def is_response(self) -> bool:
        """Whether it answers a request."""
        return self.name.endswith("Response")


def read(element: Element) -> VendorMessage:
    """The message an element holds, whatever it is."""
    return VendorMessage(local_name(element.tag), _read_fields(element, MAX_DEPTH, {}))


def write(message: VendorMessage, out: list[str]) -> None:
    """Append the message's element in the CWMP namespace."""
    out.append(f"<cwmp:{_checked(message.name)}>")
    _write_fields(message.fields, out, message.name, MAX_DEPTH)
    out.append(f"</cwmp:{message.name}>")


def _read_fields(element: Element, depth: int, names: dict[str, str]) -> tuple[VendorField, ...]:
    if not depth:
        raise DecodeError(Refusal.OVER_LIMIT, f"more than {MAX_DEPTH} levels of elements", "a vendor's message")
    fields = []
    for child in element:
        value = _read_fields(child, depth - 1, names) if len(child) else child.text or ""
        kind = parse_type(attribute(child, "type") or "") if child.attrib else None
        name = local_name(child.tag)
        # A list repeats its names; each is kept once.
        fields.append(VendorField(names.setdefault(name, name), value, kind))
    return tuple(fields)


def _write_fields(fields: tuple[VendorField, ...], out: list[str], where: str, depth: int) -> None:
    if not depth:
        raise EncodeError(f"more than {MAX_DEPTH} levels of fields", where)
    for each in fields:
        kind = f' xsi:type="{each.type.qualified}"' if each.type else ""
        out.append(f"<{_checked(each.name)}{kind}>")
        if isinstance(each.value, str):
            out.append(escaped(each.value, each.name))
        else:
            _write_fields(each.value, out, each.name, depth - 1)
        out.append(f"</{each.name}>")


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise EncodeError(f"{ascii(name)[:60]} is not a name for an element", "vendor method")
    return name
