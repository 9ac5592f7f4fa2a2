"""Envelopes put together by hand, so that a codec cannot hide its own mistakes."""

from datetime import UTC, datetime
from typing import TypeVar

from cwmp_schemas.decode import decode
from cwmp_schemas.envelope import Received
from cwmp_schemas.oddities import Oddity
from cwmp_schemas.rpc.parameters import GetParameterValuesResponse, ParameterValue
from cwmp_schemas.rpc.session import DeviceId, Event, Inform

M = TypeVar("M")

NAMESPACES = (
    'xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/" xmlns:SOAP-ENC="http://schemas.xmlsoap.org/soap/encoding/"'
    ' xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xmlns:cwmp="urn:dslforum-org:cwmp-1-0"'
)
HEADER = '<SOAP-ENV:Header><cwmp:ID SOAP-ENV:mustUnderstand="1">7</cwmp:ID></SOAP-ENV:Header>'

DEVICE_ID = (
    "<DeviceId><Manufacturer>Example</Manufacturer><OUI>00D09E</OUI><ProductClass>EX5501</ProductClass>"
    "<SerialNumber>S1</SerialNumber></DeviceId>"
)
EVENT = (
    '<Event SOAP-ENC:arrayType="cwmp:EventStruct[1]"><EventStruct><EventCode>2 PERIODIC</EventCode>'
    "<CommandKey></CommandKey></EventStruct></Event>"
)
MAX_ENVELOPES = "<MaxEnvelopes>1</MaxEnvelopes>"
CURRENT_TIME = "<CurrentTime>2026-01-02T03:04:05Z</CurrentTime>"
RETRY_COUNT = "<RetryCount>0</RetryCount>"


def envelope(body: str, header: str = HEADER, namespaces: str = NAMESPACES) -> bytes:
    """An envelope around what a body holds."""
    return (
        f"<SOAP-ENV:Envelope {namespaces}>{header}<SOAP-ENV:Body>{body}</SOAP-ENV:Body></SOAP-ENV:Envelope>"
    ).encode()


def parameter_list(entries: str, count: int) -> str:
    """A ParameterList around entries written out."""
    return f'<ParameterList SOAP-ENC:arrayType="cwmp:ParameterValueStruct[{count}]">{entries}</ParameterList>'


def entry(name: str, value: str, kind: str = ' xsi:type="xsd:string"') -> str:
    """One entry of a ParameterList."""
    return f"<ParameterValueStruct><Name>{name}</Name><Value{kind}>{value}</Value></ParameterValueStruct>"


ONE_PARAMETER = parameter_list(entry("Device.DeviceInfo.SoftwareVersion", "1.0"), 1)


def inform_body(
    device_id: str = DEVICE_ID,
    event: str = EVENT,
    max_envelopes: str = MAX_ENVELOPES,
    current_time: str = CURRENT_TIME,
    retry_count: str = RETRY_COUNT,
    parameters: str = ONE_PARAMETER,
) -> str:
    """An Inform of parts."""
    return f"<cwmp:Inform>{device_id}{event}{max_envelopes}{current_time}{retry_count}{parameters}</cwmp:Inform>"


def values_response(entries: str, count: int) -> bytes:
    """A GetParameterValuesResponse with entries written out."""
    body = parameter_list(entries, count)
    return envelope(f"<cwmp:GetParameterValuesResponse>{body}</cwmp:GetParameterValuesResponse>")


PLAIN = Inform(
    DeviceId("Example", "00D09E", "EX5501", "S1"),
    (Event("2 PERIODIC", ""),),
    1,
    datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    0,
    (ParameterValue("Device.DeviceInfo.SoftwareVersion", "1.0"),),
)


def message_of(received: Received, kind: type[M]) -> M:
    """The message that was read, which is to be of a kind."""
    message = received.envelope.message
    assert isinstance(message, kind)
    return message


def values_of(data: bytes) -> tuple[tuple[ParameterValue, ...], frozenset[Oddity]]:
    """The parameters of a GetParameterValuesResponse, and what was odd about it."""
    received = decode(data)
    return message_of(received, GetParameterValuesResponse).parameter_list, received.oddities
