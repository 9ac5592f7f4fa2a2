"""Informs and values in the spelling that most devices share, read by one pattern and without a tree.

They are most of what devices send, and most of an Inform is what the device said the last time: so its parameters are
read from their text when somebody asks for them. Whatever is spelt in another way goes the general way; of what is
spelt in this one, both read the same.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Final

from cwmp_schemas.codec import DateTime
from cwmp_schemas.envelope import Envelope, Received
from cwmp_schemas.oddities import Oddity
from cwmp_schemas.rpc.parameters import GetParameterValuesResponse
from cwmp_schemas.rpc.session import DeviceId, Event, Inform
from cwmp_schemas.written import ENTRY, NAME, SPACE, TEXT, TYPED, WrittenList, read_written
from cwmp_schemas.xml import CWMP, FORBIDDEN, MINORS, SOAP_ENCODING, SOAP_ENVELOPE, XML_SCHEMA_INSTANCE

_LONGEST: Final = 8 * 1024 * 1024
_KEPT: Final = 256
_LONGEST_ATTRIBUTES: Final = 1_000

_PREFIX: Final = r"[A-Za-z][\w-]*+"
_NUMBER: Final = r"\d{1,9}+"
_BOUND: Final = rf'xmlns:(?!xml){_PREFIX}="(?:https?://[\w./-]++|urn:[\w:.-]++)"'
_OTHER: Final = rf"""(?!xml){_PREFIX}:{_PREFIX}="[ !#-%'-;=?-~]*+\""""
_BINDINGS: Final = rf"(?:[ \t\r\n]++(?:{_BOUND}|{_OTHER}))++"
_MUST: Final = '(?: (?P=soap):mustUnderstand="1")?+'
_DECLARATION: Final = r'<\?xml version="1\.0"(?: encoding="(?:UTF|utf)-8")?+(?: standalone="(?:yes|no)")?+ ?+\?>'


def _group(name: str, content: str) -> str:
    return f"(?P<{name}>{content})"


def _array(tag: str, name: str, item: str) -> str:
    """Any number of items, and of the arrayType, if there is one, the prefix and the number."""
    prefix, number = _group(f"{name}_prefix", _PREFIX), _group(f"{name}_count", _NUMBER)
    items = _group(name, f"{SPACE}(?:{item}{SPACE})*+")
    return rf'<{tag}{TYPED}(?: {prefix}:arrayType="[\w:-]++\[{number}\]")?>{items}</{tag}>'


def _field(tag: str, content: str) -> str:
    return f"<{tag}{TYPED}>{_group(tag, content)}</{tag}>"


def _envelope(message: str, *parts: str) -> re.Pattern[str]:
    soap, cwmp, attributes = _group("soap", _PREFIX), _group("cwmp", _PREFIX), _group("attributes", _BINDINGS)
    return re.compile(
        SPACE.join(
            (
                f"(?:{_DECLARATION})?+",
                f"<{soap}:Envelope{attributes}>",
                "<(?P=soap):Header>",
                f"<{cwmp}:ID{_MUST}>{_group('id', NAME)}</(?P=cwmp):ID>",
                f"(?:<(?P=cwmp):NoMoreRequests{_MUST}>{_group('no_more', '[01]')}</(?P=cwmp):NoMoreRequests>)?",
                "</(?P=soap):Header>",
                "<(?P=soap):Body>",
                f"<(?P=cwmp):{message}>",
                *parts,
                f"</(?P=cwmp):{message}>",
                "</(?P=soap):Body>",
                "</(?P=soap):Envelope>",
                "",
            )
        ),
        re.ASCII,
    )


def _event(opening: str) -> str:
    """The fields of an event, their groups opened like this."""
    key = f"(?:<CommandKey{TYPED}>{opening}{TEXT})</CommandKey>|<CommandKey ?/>)"
    return f"<EventStruct>{SPACE}<EventCode{TYPED}>{opening}{TEXT})</EventCode>{SPACE}{key}{SPACE}</EventStruct>"


_LIST: Final = _array("ParameterList", "list", ENTRY)
_VALUES: Final = _envelope("GetParameterValuesResponse", _LIST)
_INFORM: Final = _envelope(
    "Inform",
    f"<DeviceId{TYPED}>",
    *(_field(tag, TEXT) for tag in ("Manufacturer", "OUI", "ProductClass", "SerialNumber")),
    "</DeviceId>",
    _array("Event", "events", _event("(?:")),
    _field("MaxEnvelopes", _NUMBER),
    _field("CurrentTime", TEXT),
    _field("RetryCount", _NUMBER),
    _LIST,
)
_EVENTS: Final = re.compile(_event("("), re.ASCII)
_ATTRIBUTES: Final = re.compile(r'([\w:-]++)="([^"]*+)"')
_TIME: Final = DateTime()
_MINORS: Final = {f"{CWMP}{minor}": minor for minor in range(MINORS)}


def read_usual(data: bytes) -> Received | None:
    """What these octets hold; None if that is spelt in another way, or is another message."""
    if len(data) > _LONGEST:
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if not text.isascii() and FORBIDDEN.search(text):
        return None
    informs = _INFORM.fullmatch(text)
    if informs is not None:
        return _inform(informs)
    answers = _VALUES.fullmatch(text)
    return None if answers is None else _values(answers)


def _inform(found: re.Match[str]) -> Received | None:
    device = DeviceId(*found.group("Manufacturer", "OUI", "ProductClass", "SerialNumber"))
    events = tuple([Event(*event) for event in _EVENTS.findall(found["events"])])
    listed = WrittenList(found["list"])
    is_counted = _is_counted(found, "list", len(listed)) and _is_counted(found, "events", len(events))
    if not is_counted or not device.serial_number.strip():
        return None
    most, time, retries = found.group("MaxEnvelopes", "CurrentTime", "RetryCount")
    oddities: set[Oddity] = set()
    moment = _TIME.read_text(time, oddities)
    return _received(found, Inform(device, events, int(most), moment, int(retries), listed), oddities)


def _values(found: re.Match[str]) -> Received | None:
    values = read_written(found["list"])
    if not _is_counted(found, "list", len(values)):
        return None
    return _received(found, GetParameterValuesResponse(values), ())


def _received(
    found: re.Match[str], message: Inform | GetParameterValuesResponse, oddities: Iterable[Oddity]
) -> Received | None:
    soap, cwmp, attributes, message_id, no_more = found.group("soap", "cwmp", "attributes", "id", "no_more")
    bound = _namespaces(attributes)
    minor = None if bound is None else _MINORS.get(bound.get(cwmp, ""))
    if bound is None or minor is None or bound.get(soap) != SOAP_ENVELOPE or bound.get("xsi") != XML_SCHEMA_INSTANCE:
        return None
    envelope = Envelope(message_id, message, minor)
    if no_more is not None:
        envelope = replace(envelope, no_more_requests=no_more == "1")
    return Received(envelope, frozenset(oddities))


def _is_counted(found: re.Match[str], array: str, count: int) -> bool:
    """Whether the arrayType of an array, if there is one, says how many items there are."""
    prefix, counted = found.group(f"{array}_prefix", f"{array}_count")
    if prefix is None:
        return True
    bound = _namespaces(found["attributes"])
    return bound is not None and bound.get(prefix) == SOAP_ENCODING and int(counted) == count


def _namespaces(attributes: str) -> Mapping[str, str] | None:
    """The namespaces that these attributes bind to prefixes; None if there is anything unusual about them."""
    return _bound(attributes) if len(attributes) <= _LONGEST_ATTRIBUTES else None


@lru_cache(_KEPT)
def _bound(attributes: str) -> Mapping[str, str] | None:
    found = [(name.partition(":"), value) for name, value in _ATTRIBUTES.findall(attributes)]
    bound = {prefix: value for (kind, _, prefix), value in found if kind == "xmlns"}
    others = [prefix for (prefix, _, _), _ in found if prefix != "xmlns"]
    # Of two it would have to be looked at whether they are the same.
    is_usual = len(bound) + len(others) == len(found) and len(others) <= 1
    return bound if is_usual and bound.keys() >= set(others) else None
