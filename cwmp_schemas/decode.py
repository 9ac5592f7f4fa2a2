"""From the bytes of a POST to the message a router meant."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from lxml.etree import _Element as Element

from cwmp_schemas.binding import Struct
from cwmp_schemas.codec import Boolean, Integer, Name
from cwmp_schemas.envelope import Envelope, Received
from cwmp_schemas.errors import DecodeError, Refusal
from cwmp_schemas.messages import CODECS, Message
from cwmp_schemas.oddities import Oddity
from cwmp_schemas.parser import MAX_BYTES, parse
from cwmp_schemas.rpc import vendor
from cwmp_schemas.rpc.session import Inform
from cwmp_schemas.soap_fault import holds_fault_code, read_fault
from cwmp_schemas.usual import read_usual
from cwmp_schemas.values import XsdType
from cwmp_schemas.xml import CWMP, MINORS, SOAP_ENVELOPE, local_name

_ENVELOPE: Final = f"{{{SOAP_ENVELOPE}}}Envelope"
_HEADER: Final = f"{{{SOAP_ENVELOPE}}}Header"
_BODY: Final = f"{{{SOAP_ENVELOPE}}}Body"

_BY_TAG: Final[dict[object, tuple[Struct[Any], int]]] = {
    f"{{{CWMP}{minor}}}{name}": (codec, minor) for minor in range(MINORS) for name, codec in CODECS.items()
}
_ID_TAGS: Final = frozenset(f"{{{CWMP}{minor}}}ID" for minor in range(MINORS))
_NAME: Final = Name()
_FLAG: Final = Boolean()
_SECONDS: Final = Integer(XsdType.UNSIGNED_INT)

_FAULT_FIELDS: Final = frozenset({"FaultCode", "FaultString", "faultcode", "faultstring", "detail"})


def decode(data: bytes, max_bytes: int = MAX_BYTES) -> Received:
    """The envelope that was sent, and what had to be tolerated. Raises DecodeError and nothing else."""
    received = read_usual(data) if len(data) <= max_bytes else None
    return _read(data, max_bytes) if received is None else received


def _read(data: bytes, max_bytes: int) -> Received:
    """The same of any spelling."""
    oddities: set[Oddity] = set()
    header, body = _sections(parse(data, oddities, max_bytes), oddities)
    message, minor = _read_body(body, oddities)
    if type(message) is Inform and not message.device_id.serial_number.strip():
        raise DecodeError(Refusal.NO_SERIAL_NUMBER, "the device does not say who it is", "Inform/DeviceId")
    if header is not None and len(header) == 1 and header[0].tag in _ID_TAGS:
        # Nearly always; the general way costs a copy of the envelope for each header.
        envelope = Envelope(_NAME.read(header[0], oddities) or None, message, minor)
    else:
        envelope = Envelope(None, message, minor)
        if header is not None:
            envelope = _with_headers(envelope, header, oddities)
    if envelope.id is None:
        oddities.add(Oddity.MISSING_ID)
    return Received(envelope, frozenset(oddities))


def _sections(root: Element, oddities: set[Oddity]) -> tuple[Element | None, Element]:
    if root.tag != _ENVELOPE:
        if local_name(root.tag) != "Envelope":
            raise DecodeError(Refusal.NOT_AN_ENVELOPE, "no Envelope", "the root element")
        oddities.add(Oddity.UNKNOWN_NAMESPACE)
    header = body = None
    for child in root:
        if child.tag == _BODY or local_name(child.tag) == "Body":
            body = child
            break
        if child.tag == _HEADER or local_name(child.tag) == "Header":
            header = child
    if body is None:
        raise DecodeError(Refusal.NOT_AN_ENVELOPE, "no Body", "Envelope")
    return header, body


def _read_body(body: Element, oddities: set[Oddity]) -> tuple[Message, int | None]:
    if not len(body):
        raise DecodeError(Refusal.NOT_AN_ENVELOPE, "the Body is empty", "Envelope/Body")
    if len(body) > 1:
        oddities.add(Oddity.UNKNOWN_ELEMENT)
    call = body[0]
    minor: int | None
    known = _BY_TAG.get(call.tag)
    if known is not None:
        codec, minor = known
    else:
        name = local_name(call.tag)
        minor = _minor_of(call, oddities)
        if name == "Fault":
            if not call.tag.startswith("{" + SOAP_ENVELOPE):  # type: ignore[union-attr,arg-type]
                oddities.add(Oddity.BARE_FAULT)
            return read_fault(call, oddities), minor
        if name in _FAULT_FIELDS:
            oddities.add(Oddity.BARE_FAULT)
            return read_fault(body, oddities), minor
        found = CODECS.get(name)
        if found is None:
            return vendor.read(call), minor
        codec = found
        oddities.add(Oddity.UNEXPECTED_NAME)
    message = codec.read(call, oddities)
    # Only an answer that has something unknown in it can be a fault in disguise.
    if Oddity.UNKNOWN_ELEMENT in oddities and message.NAME.endswith("Response") and holds_fault_code(call):
        fault = read_fault(call, oddities)
        if fault.code:
            oddities.add(Oddity.BARE_FAULT)
            return fault, minor
    return message, minor


def _minor_of(call: Element, oddities: set[Oddity]) -> int | None:
    """The CWMP namespace of a message that does not carry it itself, from what is declared around it."""
    for namespace in _namespaces_about(call):
        minor = (namespace or "").removeprefix(CWMP)
        if len(minor) == 1 and minor.isascii() and minor.isdigit() and minor != namespace:
            return int(minor)
    oddities.add(Oddity.UNKNOWN_NAMESPACE)
    return None


def _namespaces_about(call: Element) -> Iterator[str | None]:
    yield str(call.tag).partition("}")[0].removeprefix("{")
    yield from call.nsmap.values()
    # A SOAP fault carries the CWMP namespace only on the detail within, where a device declares it there.
    for fault in call.iter("{*}Fault"):
        yield str(fault.tag).partition("}")[0].removeprefix("{")


def _with_headers(envelope: Envelope, header: Element, oddities: set[Oddity]) -> Envelope:
    """The envelope with what its header says; what cannot be read is left out."""
    for child in header:
        text = (child.text or "").strip()
        match local_name(child.tag):
            case "ID" if envelope.id is None or child.tag in _ID_TAGS:
                envelope = replace(envelope, id=_NAME.read(child, oddities) or None)
            case "HoldRequests":
                envelope = replace(envelope, hold_requests=_FLAG.read(child, oddities))
            case "NoMoreRequests":
                envelope = replace(envelope, no_more_requests=_FLAG.read(child, oddities))
            case "SessionTimeout":
                # None rather than the codec's 0: unreadable is unsaid.
                seconds = _SECONDS.read(child, oddities)
                envelope = replace(envelope, session_timeout=seconds or (0 if text == "0" else None))
            case "SupportedCWMPVersions":
                versions = tuple(part.strip() for part in text.split(",") if part.strip())
                envelope = replace(envelope, supported_versions=versions)
            case "UseCWMPVersion":
                envelope = replace(envelope, use_version=text)
            case _:
                oddities.add(Oddity.UNKNOWN_ELEMENT)
    return envelope
