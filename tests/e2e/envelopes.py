"""SOAP as a router writes and reads it: templates of its own, plain lxml, nothing of the server's codec.

A codec that both sides share hides its own bugs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from xml.sax.saxutils import escape

from lxml import etree

SOAP: Final = "http://schemas.xmlsoap.org/soap/envelope/"
ENCODING: Final = "http://schemas.xmlsoap.org/soap/encoding/"
XSD: Final = "http://www.w3.org/2001/XMLSchema"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
CWMP: Final = "urn:dslforum-org:cwmp-"
NEVER: Final = "0001-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Prefixes:
    """The namespace prefixes of a device's firmware."""

    soap: str = "SOAP-ENV"
    """For the envelope; empty for a default namespace."""
    encoding: str = "SOAP-ENC"
    """For arrayType."""
    xsd: str = "xsd"
    """For the names of types."""
    xsi: str = "xsi"
    """For xsi:type."""
    cwmp: str = "cwmp"
    """For the message; empty for a default namespace, which the fields are then in as well."""


@dataclass(frozen=True, slots=True)
class Value:
    """The value of a parameter with its type."""

    text: str = field(repr=False)
    """As it is written."""
    type: str = "string"
    """The name of the type, without a prefix; empty to leave xsi:type out."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A refusal by the device."""

    code: int
    """Such as 9005."""
    text: str = "refused"
    """The FaultString."""
    parameters: tuple[tuple[str, int, str], ...] = ()
    """For SetParameterValues: name, code and text of each parameter at fault."""


@dataclass(frozen=True, slots=True)
class DeviceId:
    """Who the device says it is."""

    manufacturer: str
    """The maker's name."""
    oui: str
    """The maker's number."""
    product_class: str
    """The kind of device."""
    serial: str
    """The device's number."""


class Writer:
    """Writes messages in one device's hand."""

    def __init__(self, namespace: str, prefixes: Prefixes) -> None:
        self._namespace = f"{CWMP}{namespace}"
        self._prefixes = prefixes

    def envelope(self, body: str, headers: Sequence[str]) -> str:
        """The whole message. The body is ready XML, its message element made by ``message``."""
        names = self._prefixes
        soap = _prefixed(names.soap, "")
        declared = [
            _declared(names.soap, SOAP),
            _declared(names.encoding, ENCODING),
            _declared(names.xsd, XSD),
            _declared(names.xsi, XSI),
            # As a default namespace it is declared on the message, not to hide that of the envelope.
            *([_declared(names.cwmp, self._namespace)] if names.cwmp else []),
        ]
        return (
            f"<{soap}Envelope {' '.join(declared)}><{soap}Header>{''.join(headers)}</{soap}Header>"
            f"<{soap}Body>{body}</{soap}Body></{soap}Envelope>"
        )

    def header(self, name: str, text: str, *, must_understand: bool = True) -> str:
        """A header such as ID; ``must_understand`` as attribute."""
        flag = f' {self._prefixes.soap}:mustUnderstand="1"' if must_understand and self._prefixes.soap else ""
        return f"<{self._tag(name)}{flag}>{escape(text)}</{self._prefix()}{name}>"

    def message(self, name: str, content: str = "") -> str:
        """A message element."""
        return f"<{self._tag(name)}>{content}</{self._prefix()}{name}>"

    def inform(
        self, device: DeviceId, events: Sequence[tuple[str, str]], values: Mapping[str, Value], *, now: str, retry: int
    ) -> str:
        """An Inform."""
        event = "".join(struct("EventStruct", tag("EventCode", code), tag("CommandKey", key)) for code, key in events)
        return self.message(
            "Inform",
            "<DeviceId>"
            f"{tag('Manufacturer', device.manufacturer)}{tag('OUI', device.oui)}"
            f"{tag('ProductClass', device.product_class)}{tag('SerialNumber', device.serial)}</DeviceId>"
            f"{self.array('Event', 'EventStruct', len(events), event)}<MaxEnvelopes>1</MaxEnvelopes>"
            f"{tag('CurrentTime', now)}{tag('RetryCount', str(retry))}{self.values(values)}",
        )

    def values(self, values: Mapping[str, Value]) -> str:
        """A ParameterList of values."""
        names = self._prefixes
        structs = "".join(
            f"<ParameterValueStruct>{tag('Name', name)}<Value"
            + (f' {names.xsi}:type="{names.xsd}:{value.type}"' if value.type else "")
            + f">{escape(value.text)}</Value></ParameterValueStruct>"
            for name, value in values.items()
        )
        return self.array("ParameterList", "ParameterValueStruct", len(values), structs)

    def array(self, name: str, item: str, count: int, content: str) -> str:
        """A SOAP array of structs, or of strings when the item is ``string``."""
        names = self._prefixes
        prefix = _prefixed(names.xsd if item == "string" else names.cwmp, "")
        return f'<{name} {names.encoding}:arrayType="{prefix}{item}[{count}]">{content}</{name}>'

    def fault(self, fault: Fault) -> str:
        """A SOAP fault with the CWMP fault in its detail (TR-069 3.5)."""
        soap = _prefixed(self._prefixes.soap, "")
        parameters = "".join(
            f"<SetParameterValuesFault>{tag('ParameterName', name)}{tag('FaultCode', str(code))}"
            f"{tag('FaultString', text)}</SetParameterValuesFault>"
            for name, code, text in fault.parameters
        )
        inner = self.message(
            "Fault", f"{tag('FaultCode', str(fault.code))}{tag('FaultString', fault.text)}{parameters}"
        )
        return (
            f"<{soap}Fault><faultcode>Client</faultcode><faultstring>CWMP fault</faultstring>"
            f"<detail>{inner}</detail></{soap}Fault>"
        )

    def transfer_complete(self, key: str, fault: tuple[int, str], now: str) -> str:
        """A TransferComplete; (0, "") when all went well."""
        times = tag("StartTime", now) + tag("CompleteTime", now)
        return self.message("TransferComplete", f"{tag('CommandKey', key)}{_fault_struct('FaultStruct', fault)}{times}")

    def du_state_change_complete(self, key: str, results: Sequence[tuple[str, str, str]], now: str) -> str:
        """A DUStateChangeComplete; each result is a UUID, a version and a state such as Installed."""
        times = tag("StartTime", now) + tag("CompleteTime", now)
        structs = "".join(
            "<Results>"
            f"{tag('UUID', uuid)}<DeploymentUnitRef></DeploymentUnitRef>{tag('Version', version)}"
            f"{tag('CurrentState', state)}<Resolved>1</Resolved><ExecutionUnitRefList></ExecutionUnitRefList>"
            f"{times}{_fault_struct('Fault', (0, ''))}</Results>"
            for uuid, version, state in results
        )
        return self.message("DUStateChangeComplete", structs + tag("CommandKey", key))

    def _prefix(self) -> str:
        return _prefixed(self._prefixes.cwmp, "")

    def _tag(self, name: str) -> str:
        return f"{self._prefix()}{name}" if self._prefixes.cwmp else f'{name} xmlns="{self._namespace}"'


@dataclass(frozen=True, slots=True)
class AcsMessage:
    """An envelope of the ACS."""

    raw: bytes = field(repr=False)
    """As it came."""
    method: str
    """The name of the message; ``Fault`` for a fault."""
    namespace: str
    """The namespace of the message, such as ``urn:dslforum-org:cwmp-1-2``."""
    headers: Mapping[str, str]
    """The headers by local name."""
    element: etree._Element = field(repr=False)
    """The message itself; for a fault the cwmp:Fault in its detail."""

    @property
    def id(self) -> str | None:
        """Its cwmp:ID."""
        return self.headers.get("ID")

    @property
    def fault_code(self) -> int | None:
        """The code of a fault; None for anything else."""
        return int(self.text("FaultCode")) if self.method == "Fault" else None

    @property
    def is_rpc(self) -> bool:
        """Whether the ACS asks for something, and does not answer."""
        return self.method != "Fault" and not self.method.endswith("Response")

    def text(self, name: str) -> str:
        """The text of the first element of a name; empty when there is none."""
        return next((element.text or "" for element in self.element.iter(f"{{*}}{name}")), "")

    def structs(self, name: str) -> list[dict[str, str]]:
        """All elements of a name, each as the texts of its children."""
        return [
            {local(child): child.text or "" for child in found.iterchildren("*")}
            for found in self.element.iter(f"{{*}}{name}")
        ]

    def strings(self, name: str = "string") -> list[str]:
        """The texts of all elements of a name."""
        return [element.text or "" for element in self.element.iter(f"{{*}}{name}")]


def read(octets: bytes) -> AcsMessage:
    """Read an envelope; ValueError for anything else."""
    try:
        root = etree.fromstring(octets, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise ValueError(f"no XML: {error}: {octets[:200]!r}") from None
    header, body = root.find(f"{{{SOAP}}}Header"), root.find(f"{{{SOAP}}}Body")
    if local(root) != "Envelope" or body is None or len(body) != 1:
        raise ValueError(f"no envelope with one message: {octets[:200]!r}")
    element = body[0]
    method = local(element)
    if element.tag == f"{{{SOAP}}}Fault":
        inner = element.find("detail/{*}Fault")
        if inner is None:
            raise ValueError(f"a fault without a cwmp:Fault: {octets[:200]!r}")
        element = inner
    headers = {} if header is None else {local(child): child.text or "" for child in header.iterchildren("*")}
    return AcsMessage(octets, method, etree.QName(element).namespace or "", headers, element)


def tag(name: str, text: str) -> str:
    """An element that holds text."""
    return f"<{name}>{escape(text)}</{name}>"


def struct(name: str, *elements: str) -> str:
    """An element that holds elements."""
    return f"<{name}>{''.join(elements)}</{name}>"


def local(element: etree._Element) -> str:
    """The name of an element without its namespace."""
    return etree.QName(element).localname


def _fault_struct(name: str, fault: tuple[int, str]) -> str:
    return struct(name, tag("FaultCode", str(fault[0])), tag("FaultString", fault[1]))


def _declared(prefix: str, namespace: str) -> str:
    return f'xmlns{":" if prefix else ""}{prefix}="{namespace}"'


def _prefixed(prefix: str, name: str) -> str:
    return f"{prefix}:{name}" if prefix else name
