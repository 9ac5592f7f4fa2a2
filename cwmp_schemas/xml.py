"""The XML names and small rules that reading and writing share."""

import re
from typing import Final

from lxml.etree import _Element as Element

from cwmp_schemas.errors import EncodeError

SOAP_ENVELOPE: Final = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_ENCODING: Final = "http://schemas.xmlsoap.org/soap/encoding/"
XML_SCHEMA: Final = "http://www.w3.org/2001/XMLSchema"
XML_SCHEMA_INSTANCE: Final = "http://www.w3.org/2001/XMLSchema-instance"
CWMP: Final = "urn:dslforum-org:cwmp-1-"
MINORS: Final = 10
"""How many namespaces are answered in: five exist, and a device that claims a later one is answered in it."""

XSI_TYPE: Final = f"{{{XML_SCHEMA_INSTANCE}}}type"
ARRAY_TYPE: Final = f"{{{SOAP_ENCODING}}}arrayType"

# XML 1.0, production Char, the other way round: what no document can hold, not even escaped.
FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_NEEDS_ESCAPE: Final = re.compile(r"[&<>\r]")
_LINE_BREAKS: Final = re.compile(r"[\r\n]+")


def local_name(tag: object) -> str:
    """A tag without namespace or prefix; '' for what is no element."""
    # An undeclared prefix stays in the tag after a colon.
    return tag.rpartition("}")[2].rpartition(":")[2] if isinstance(tag, str) else ""


def attribute(element: Element, name: str) -> str | None:
    """An attribute by its local name, for devices that bind the namespaces wrongly or not at all."""
    for key, value in element.attrib.items():
        if local_name(key) == name:
            return str(value)
    return None


def escaped(text: str, where: str) -> str:
    """Text as element content. A carriage return would be read back as a line feed, so it is escaped too."""
    if FORBIDDEN.search(text):
        raise EncodeError("a character that XML cannot carry", where)
    if not _NEEDS_ESCAPE.search(text):
        return text
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


def unfolded(text: str) -> str:
    """A name without the line breaks (and the white space around them) that a pretty printer put into it."""
    first, *rest = _LINE_BREAKS.split(text)
    return "".join([first.rstrip(), *(line.strip() for line in rest[:-1]), rest[-1].lstrip()]) if rest else first
