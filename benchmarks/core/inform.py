"""Decoding a periodic Inform of 2 KB with 12 parameters, beside lxml and reading the same fields by hand."""

from typing import Final

from lxml import etree

from benchmarks.core.timing import side_by_side, timed
from benchmarks.figures import Figure
from cwmp_schemas.decode import decode
from cwmp_schemas.rpc.parameters import ParameterValue
from cwmp_schemas.rpc.session import Inform
from cwmp_schemas.xml import XSI_TYPE

BASELINE: Final = "lxml, read by hand"
_PARAMETERS: Final = (
    ("Device.RootDataModelVersion", "string", "2.12"),
    ("Device.DeviceInfo.HardwareVersion", "string", "HW-2.1"),
    ("Device.DeviceInfo.SoftwareVersion", "string", "5.17.2-r4471"),
    ("Device.DeviceInfo.ProvisioningCode", "string", "TLCO.GRP2"),
    ("Device.DeviceInfo.UpTime", "unsignedInt", "86400"),
    ("Device.ManagementServer.ParameterKey", "string", ""),
    ("Device.ManagementServer.ConnectionRequestURL", "string", "http://10.0.0.1:7548/cr"),
    ("Device.IP.Interface.1.IPv4Address.1.IPAddress", "string", "10.0.0.1"),
    ("Device.WiFi.Radio.1.Channel", "unsignedInt", "6"),
    ("Device.WiFi.SSID.1.SSID", "string", "home-1"),
    ("Device.DeviceInfo.MemoryStatus.Free", "unsignedInt", "211456"),
    ("Device.ManagementServer.PeriodicInformEnable", "boolean", "1"),
)


def inform() -> bytes:
    """The Inform, as a well-behaved device sends it."""
    entries = "".join(
        f'<ParameterValueStruct><Name>{name}</Name><Value xsi:type="xsd:{kind}">{value}</Value></ParameterValueStruct>'
        for name, kind, value in _PARAMETERS
    )
    return (
        '<soap-env:Envelope xmlns:soap-env="http://schemas.xmlsoap.org/soap/envelope/"'
        ' xmlns:soap-enc="http://schemas.xmlsoap.org/soap/encoding/" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:cwmp="urn:dslforum-org:cwmp-1-2">'
        '<soap-env:Header><cwmp:ID soap-env:mustUnderstand="1">4711</cwmp:ID></soap-env:Header><soap-env:Body>'
        "<cwmp:Inform><DeviceId><Manufacturer>ExampleNet</Manufacturer><OUI>00D09E</OUI>"
        "<ProductClass>EX5501</ProductClass><SerialNumber>S00000001</SerialNumber></DeviceId>"
        '<Event soap-enc:arrayType="cwmp:EventStruct[1]"><EventStruct><EventCode>2 PERIODIC</EventCode><CommandKey/>'
        "</EventStruct></Event><MaxEnvelopes>1</MaxEnvelopes><CurrentTime>2026-01-02T03:04:05Z</CurrentTime>"
        f'<RetryCount>0</RetryCount><ParameterList soap-enc:arrayType="cwmp:ParameterValueStruct[{len(_PARAMETERS)}]">'
        f"{entries}</ParameterList></cwmp:Inform></soap-env:Body></soap-env:Envelope>"
    ).encode()


def read_by_hand(data: bytes) -> tuple[object, ...]:
    """The least anybody must do to have the same fields: positions known, nothing checked, nothing converted."""
    header, body = etree.fromstring(data)
    device_id, event, max_envelopes, current_time, retry_count, parameter_list = body[0]
    identity = [child.text for child in device_id]
    events = [(code.text, key.text) for code, key in event]
    parameters = [(name.text, value.text, value.get(XSI_TYPE)) for name, value in parameter_list]
    return header[0].text, identity, events, max_envelopes.text, current_time.text, retry_count.text, parameters


def in_another_spelling(data: bytes) -> bytes:
    """The same message, spelt so that it has to be read the general way."""
    return data.replace(b"<ParameterList ", b"<ParameterList  ", 1)


def decode_whole(data: bytes) -> tuple[ParameterValue, ...]:
    """Decode an Inform, and read every parameter, as one of a device that is not known has to be."""
    message = decode(data).envelope.message
    return tuple(message.parameter_list) if isinstance(message, Inform) else ()


def measure() -> list[Figure]:
    """Decode beside reading by hand."""
    data = inform()
    other = in_another_spelling(data)
    baseline = (BASELINE, lambda: read_by_hand(data))
    name = "decode an Inform of 12 parameters"
    return [
        side_by_side(name, lambda: decode_whole(data), baseline, 2_000, at_most=2.0),
        side_by_side(f"{name} in another spelling", lambda: decode_whole(other), baseline, 2_000, at_most=2.0),
        timed(f"{name}, none of them read", lambda: decode(data), 2_000),
    ]
