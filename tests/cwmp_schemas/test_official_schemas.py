"""What we emit, against the official CWMP schemas; left out where those are not there."""

import re
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from lxml import etree

from cwmp_schemas.encode import encode
from cwmp_schemas.envelope import Envelope
from cwmp_schemas.faults import AcsFault, CpeFault, Fault
from cwmp_schemas.messages import method_of
from cwmp_schemas.rpc.control import Reboot
from cwmp_schemas.style import WireStyle
from cwmp_schemas.xml import CWMP, SOAP_ENVELOPE
from tests.cwmp_schemas.strategies import ALL_NAMES, SCHEMA_VALID, envelopes, messages_named
from tests.outside import folder

HOME = folder("cwmp-xsd", "AIOACS_TEST_CWMP_XSD", "the check of every message against cwmp-1-0.xsd to cwmp-1-2.xsd")

# The first schema that knows a message; those not listed here are in all of them.
_SINCE = {
    "AutonomousTransferComplete": 1,
    "GetAllQueuedTransfers": 1,
    "ScheduleDownload": 2,
    "CancelTransfer": 2,
    "ChangeDUState": 2,
    "DUStateChangeComplete": 2,
    "AutonomousDUStateChangeComplete": 2,
}


# Messages that no official schema knows.
_IN_NO_SCHEMA = {"vendor"}
# Codes 8006 and 9014 to 9032 came with later versions; namespace 1-0 does not know them.
_LATER_CODES = {AcsFault.INCOMPATIBLE_VERSION, *(code for code in CpeFault if code >= CpeFault.MULTICAST_JOIN_FAILED)}


def _is_known(envelope: Envelope) -> bool:
    """Whether the schema of an envelope's namespace knows its message at all."""
    message = envelope.message
    if isinstance(message, Fault):
        codes = {message.code, *(parameter.code for parameter in message.parameters)}
        return (envelope.minor or 0) > 0 or not codes & _LATER_CODES
    return (envelope.minor or 0) >= _SINCE.get(method_of(message).removesuffix("Response"), 0)


@cache
def _schema(version: int) -> etree.XMLSchema:
    path = HOME / f"cwmp-1-{version}.xsd"
    text = re.sub(
        rb'schemaLocation="http://[^"]*/(envelope|encoding)/"', rb'schemaLocation="soap-\1.xsd"', path.read_bytes()
    )
    return etree.XMLSchema(etree.fromstring(text, base_url=str(path)))


def _schema_problems(envelope: bytes, minor: int) -> list[str]:
    # Versions 1.3 and 1.4 keep the namespace and the message definitions of 1.2.
    version = min(minor, 2)
    text = envelope.replace(f"{CWMP}{minor}".encode(), f"{CWMP}{version}".encode(), 1)
    body = etree.fromstring(text).find(f"{{{SOAP_ENVELOPE}}}Body")
    assert body is not None
    call = body[0]
    if call.tag == f"{{{SOAP_ENVELOPE}}}Fault":
        call = call.find("detail")[0]  # type: ignore[index]
    schema = _schema(version)
    return [] if schema.validate(call) else [f"{error.path}: {error.message}" for error in schema.error_log]


@pytest.mark.parametrize("name", [name for name in ALL_NAMES if name not in _IN_NO_SCHEMA])
def test_what_we_emit_is_valid_by_the_official_schemas(name: str) -> None:
    @settings(derandomize=True, deadline=None, max_examples=100, suppress_health_check=[HealthCheck.filter_too_much])
    @given(envelopes(messages_named(name, SCHEMA_VALID)).filter(_is_known))
    def valid(envelope: Envelope) -> None:
        for style in (WireStyle(), WireStyle(boolean_words=True, milliseconds=True)):
            assert _schema_problems(encode(envelope, style), envelope.minor or 0) == []

    valid()


def test_the_check_can_fail() -> None:
    good = encode(Envelope("1", Reboot("key")))
    assert _schema_problems(good, 0) == []
    assert _schema_problems(good.replace(b"CommandKey", b"CommandKeys"), 0) != []
