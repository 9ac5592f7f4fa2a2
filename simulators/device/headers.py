"""SOAP headers of the ACS that a device does not know (SOAP 1.1, 4.2.3; TR-069 3.5)."""

from typing import Final

from cwmp_schemas.envelope import Received
from cwmp_schemas.oddities import Oddity
from cwmp_schemas.parser import parse
from cwmp_schemas.xml import SOAP_ENVELOPE, escaped, local_name

_MUST: Final = f"{{{SOAP_ENVELOPE}}}mustUnderstand"
_KNOWN: Final = frozenset({"ID", "HoldRequests", "NoMoreRequests", "SessionTimeout", "SupportedCWMPVersions"})


def not_understood(body: bytes, received: Received, *, says_versions: bool) -> str:
    """The name of a header that has to be understood and is not; empty for none.

    A device understands UseCWMPVersion if it has said which versions it knows.
    """
    is_odd = Oddity.UNKNOWN_ELEMENT in received.oddities
    if not is_odd and (says_versions or received.envelope.use_version is None):
        return ""
    for part in parse(body, set()):
        if local_name(part.tag) != "Header":
            continue
        for header in part:
            name = local_name(header.tag)
            is_known = name in _KNOWN or (says_versions and name == "UseCWMPVersion")
            if not is_known and header.get(_MUST) in {"1", "true"}:
                return name
    return ""


def fault(message_id: str | None, header: str) -> bytes:
    """The answer to an RPC with such a header: SOAP's own fault, without a fault of CWMP in it."""
    echoed = ""
    if message_id is not None:
        echoed = f'<cwmp:ID soap-env:mustUnderstand="1">{escaped(message_id, "ID")}</cwmp:ID>'
    return (
        f'<soap-env:Envelope xmlns:soap-env="{SOAP_ENVELOPE}" xmlns:cwmp="urn:dslforum-org:cwmp-1-2">'
        f"<soap-env:Header>{echoed}</soap-env:Header><soap-env:Body><soap-env:Fault>"
        f"<faultcode>soap-env:MustUnderstand</faultcode>"
        f"<faultstring>header {escaped(header, 'Header')} is not understood</faultstring>"
        "</soap-env:Fault></soap-env:Body></soap-env:Envelope>"
    ).encode()
