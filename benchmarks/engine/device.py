"""A simulated device as far as a load needs it: an Inform from a template, and answers that are right in form.

Nothing here comes from ``cwmp_schemas``: a generator that shared the server's codec would share its mistakes.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from lxml import etree

from benchmarks.engine.errors import SessionError

_ENVELOPE: Final = (
    '<soap-env:Envelope xmlns:soap-env="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:soap-enc="http://schemas.xmlsoap.org/soap/encoding/" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:cwmp="urn:dslforum-org:cwmp-1-2">'
    '<soap-env:Header><cwmp:ID soap-env:mustUnderstand="1">{id}</cwmp:ID></soap-env:Header>'
    "<soap-env:Body>{body}</soap-env:Body></soap-env:Envelope>"
)
Entry = tuple[str, str, str]
"""Name, type and value of a parameter."""

_XSI_TYPE: Final = "{http://www.w3.org/2001/XMLSchema-instance}type"

# The last three of the first twelve change at each Inform, as the counters of a real device do.
_PARAMETERS: Final = (
    ("Device.RootDataModelVersion", "xsd:string", "2.15"),
    ("Device.DeviceInfo.HardwareVersion", "xsd:string", "R3"),
    ("Device.DeviceInfo.SoftwareVersion", "xsd:string", "7.4.1"),
    ("Device.DeviceInfo.ProvisioningCode", "xsd:string", "region.west"),
    ("Device.ManagementServer.ParameterKey", "xsd:string", ""),
    ("Device.ManagementServer.ConnectionRequestURL", "xsd:string", "http://127.0.0.1:30005/%(serial)b"),
    ("Device.ManagementServer.PeriodicInformInterval", "xsd:unsignedInt", "300"),
    ("Device.IP.Interface.1.IPv4Address.1.IPAddress", "xsd:string", "192.0.2.7"),
    ("Device.WiFi.SSID.1.SSID", "xsd:string", "home-%(serial)b"),
    ("Device.DeviceInfo.UpTime", "xsd:unsignedInt", "%(uptime)d"),
    ("Device.DeviceInfo.MemoryStatus.Free", "xsd:unsignedInt", "%(memory)d"),
    ("Device.DeviceInfo.ProcessStatus.CPUUsage", "xsd:unsignedInt", "%(cpu)d"),
)
DEFAULT_PARAMETERS: Final = len(_PARAMETERS)


def inform_template(parameters: int = DEFAULT_PARAMETERS, event: str = "2 PERIODIC") -> bytes:
    """An Inform with places for what differs; parameters beyond the first twelve never change."""
    more = tuple(
        (f"Device.X_00D09E_Bench.{n}.Value", "xsd:string", f"value {n}") for n in range(DEFAULT_PARAMETERS, parameters)
    )
    listed = (_PARAMETERS + more)[:parameters]
    body = (
        "<cwmp:Inform><DeviceId><Manufacturer>Example</Manufacturer><OUI>00D09E</OUI><ProductClass>Bench</ProductClass>"
        "<SerialNumber>%(serial)b</SerialNumber></DeviceId>"
        '<Event soap-enc:arrayType="cwmp:EventStruct[1]"><EventStruct>'
        f"<EventCode>{escape(event, {'%': '%%'})}</EventCode><CommandKey></CommandKey></EventStruct></Event>"
        "<MaxEnvelopes>1</MaxEnvelopes><CurrentTime>%(time)b</CurrentTime><RetryCount>0</RetryCount>"
        f"{_values(listed)}</cwmp:Inform>"
    )
    return _ENVELOPE.format(id="%(id)b", body=body).encode()


@dataclass(frozen=True, slots=True)
class Message:
    """What the server sent."""

    id: str
    """Its cwmp:ID; empty if it has none."""
    name: str
    """The element in its body, without prefix."""
    element: etree._Element
    """That element."""


def read_message(data: bytes) -> Message:
    """The message in a reply; SessionError if there is none."""
    message_id = ""
    try:
        for part in etree.fromstring(data):
            for child in part:
                name = _local(child)
                if _local(part) == "Body":
                    return Message(message_id, name, child)
                if name == "ID":
                    message_id = child.text or ""
    except etree.XMLSyntaxError:
        raise SessionError("not XML") from None
    raise SessionError("no message in the reply")


class Device:
    """One device: who it is, how often it called, and what was written to it."""

    __slots__ = ("_epoch", "_index", "_template", "_written", "informs", "serial")

    def __init__(self, index: int, template: bytes, epoch: int) -> None:
        """The device of this number. The epoch is any number that differs from run to run, so that its values do."""
        self.serial = f"BENCH{index:08d}"
        self.informs = 0
        self._index = index
        self._template = template
        self._epoch = epoch
        self._written: dict[str, tuple[str, str]] = {}

    @property
    def message_id(self) -> str:
        """The cwmp:ID of the last Inform: no other device's, no other session's."""
        return f"{self._index}-{self.informs}"

    def inform(self, now: float) -> bytes:
        """The Inform that opens the next session."""
        self.informs += 1
        return self._template % {
            b"id": self.message_id.encode(),
            b"serial": self.serial.encode(),
            b"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)).encode(),
            b"uptime": (self._epoch + self._index + 300 * self.informs) % 100_000_000,
            b"memory": 100_000 + (7_919 * self._epoch + 31 * self._index + 37 * self.informs) % 400_000,
            b"cpu": (7 * self._epoch + self._index + 13 * self.informs) % 100,
        }

    def answer(self, request: Message) -> bytes:
        """The answer to an RPC, under its ID."""
        match request.name:
            case "GetParameterValues":
                body = self._get(request.element)
            case "SetParameterValues":
                body = self._set(request.element)
            case "GetParameterNames":
                body = self._names(request.element)
            case _:
                body = fault("9000", "Method not supported")
        return _ENVELOPE.format(id=escape(request.id), body=body).encode()

    def _get(self, request: etree._Element) -> str:
        names = [_leaf(element.text or "") for element in request.iter("{*}string")]
        values = [(name, *self._written.get(name, ("xsd:string", "value"))) for name in names]
        return values_response(values)

    def _names(self, request: etree._Element) -> str:
        return names_response([_leaf(request.findtext("{*}ParameterPath") or "")])

    def _set(self, request: etree._Element) -> str:
        for entry in request.iter("{*}ParameterValueStruct"):
            name, value = entry
            self._written[name.text or ""] = (value.get(_XSI_TYPE, "xsd:string"), value.text or "")
        return "<cwmp:SetParameterValuesResponse><Status>0</Status></cwmp:SetParameterValuesResponse>"


def values_response(values: Sequence[Entry]) -> str:
    """The answer to a read of values."""
    return f"<cwmp:GetParameterValuesResponse>{_values(values)}</cwmp:GetParameterValuesResponse>"


def names_response(names: Sequence[str]) -> str:
    """The answer to a read of names."""
    entries = "".join(
        f"<ParameterInfoStruct><Name>{escape(name)}</Name><Writable>1</Writable></ParameterInfoStruct>"
        for name in names
    )
    head = f'<ParameterList soap-enc:arrayType="cwmp:ParameterInfoStruct[{len(names)}]">'
    return f"<cwmp:GetParameterNamesResponse>{head}{entries}</ParameterList></cwmp:GetParameterNamesResponse>"


def fault(code: str, text: str) -> str:
    """A refusal."""
    return (
        "<soap-env:Fault><faultcode>Client</faultcode><faultstring>CWMP fault</faultstring><detail><cwmp:Fault>"
        f"<FaultCode>{code}</FaultCode><FaultString>{text}</FaultString></cwmp:Fault></detail></soap-env:Fault>"
    )


def _leaf(path: str) -> str:
    """A parameter under a path; every object here has one parameter."""
    path = path or "Device."
    return f"{path}Value" if path.endswith(".") else path


def _values(values: Sequence[Entry]) -> str:
    entries = "".join(
        f"<ParameterValueStruct><Name>{escape(name)}</Name>"
        f'<Value xsi:type="{escape(kind)}">{escape(value)}</Value></ParameterValueStruct>'
        for name, kind, value in values
    )
    head = f'<ParameterList soap-enc:arrayType="cwmp:ParameterValueStruct[{len(values)}]">'
    return f"{head}{entries}</ParameterList>"


def _local(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]
