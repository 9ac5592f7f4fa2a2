"""From a message to the bytes that devices accept.

No declaration, no white space between elements, the prefixes ``soap-env`` and ``cwmp``, all declarations on the
Envelope: of the forms tried on independent clients this is the only one that all of them take.
"""

from typing import Final

from cwmp_schemas.envelope import Envelope
from cwmp_schemas.errors import EncodeError
from cwmp_schemas.faults import Fault
from cwmp_schemas.messages import CODECS, Message
from cwmp_schemas.rpc import vendor
from cwmp_schemas.rpc.vendor import VendorMessage
from cwmp_schemas.soap_fault import write_fault
from cwmp_schemas.style import DEFAULT_STYLE, WireStyle
from cwmp_schemas.xml import CWMP, MINORS, SOAP_ENCODING, SOAP_ENVELOPE, XML_SCHEMA, XML_SCHEMA_INSTANCE, escaped

_DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>'
_STARTS: Final = tuple(
    f'<soap-env:Envelope xmlns:soap-env="{SOAP_ENVELOPE}" xmlns:soap-enc="{SOAP_ENCODING}" xmlns:xsd="{XML_SCHEMA}"'
    f' xmlns:xsi="{XML_SCHEMA_INSTANCE}" xmlns:cwmp="{CWMP}{minor}"><soap-env:Header>'
    for minor in range(MINORS)
)
_END: Final = "</soap-env:Body></soap-env:Envelope>"


def encode(envelope: Envelope, style: WireStyle = DEFAULT_STYLE) -> bytes:
    """The envelope in UTF-8. Raises EncodeError for what cannot be written at all.

    Lengths and patterns that the schemas ask for are the caller's to keep: devices exceed them, and are echoed.
    """
    minor = envelope.minor or 0
    if not 0 <= minor < MINORS:
        raise EncodeError(f"there is no namespace cwmp-1-{minor}", "Envelope")
    out = [_DECLARATION] if style.declaration else []
    out.append(_STARTS[minor])
    if envelope.id is not None:
        out.append(f'<cwmp:ID soap-env:mustUnderstand="1">{escaped(envelope.id, "ID")}</cwmp:ID>')
    _write_rare_headers(envelope, out)
    out.append("</soap-env:Header><soap-env:Body>")
    _write_message(envelope.message, out, style)
    out.append(_END)
    try:
        return "".join(out).encode("utf-8")
    except UnicodeEncodeError:
        raise EncodeError("a surrogate, which is no character", "Envelope") from None


def _write_rare_headers(envelope: Envelope, out: list[str]) -> None:
    if envelope.hold_requests:
        out.append('<cwmp:HoldRequests soap-env:mustUnderstand="1">1</cwmp:HoldRequests>')
    if envelope.no_more_requests:
        out.append("<cwmp:NoMoreRequests>1</cwmp:NoMoreRequests>")
    if envelope.session_timeout is not None:
        if envelope.session_timeout < 0:
            raise EncodeError(f"{envelope.session_timeout} seconds", "SessionTimeout")
        out.append(f"<cwmp:SessionTimeout>{envelope.session_timeout}</cwmp:SessionTimeout>")
    if envelope.supported_versions:
        versions = escaped(",".join(envelope.supported_versions), "SupportedCWMPVersions")
        out.append(f'<cwmp:SupportedCWMPVersions soap-env:mustUnderstand="0">{versions}</cwmp:SupportedCWMPVersions>')
    if envelope.use_version is not None:
        version = escaped(envelope.use_version, "UseCWMPVersion")
        out.append(f'<cwmp:UseCWMPVersion soap-env:mustUnderstand="1">{version}</cwmp:UseCWMPVersion>')


def _write_message(message: Message, out: list[str], style: WireStyle) -> None:
    if isinstance(message, Fault):
        write_fault(message, out)
    elif isinstance(message, VendorMessage):
        vendor.write(message, out)
    else:
        CODECS[message.NAME].write(f"cwmp:{message.NAME}", message, out, style)
