"""The octets of an envelope in a device's own spelling.

What the schemas want is written first and then changed, switch by switch; it has no white space between elements, known
prefixes, and no ``>`` within a tag, which the changes rely on.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import accumulate
from typing import Final
from zlib import crc32

from cwmp_schemas.encode import encode
from cwmp_schemas.envelope import Envelope
from cwmp_schemas.faults import Fault
from cwmp_schemas.rpc.parameters import ParameterValue
from cwmp_schemas.rpc.session import Inform
from simulators.device.quirks import Prefixes, WireQuirks

VERSIONS: Final = ("1.0", "1.1", "1.2", "1.3", "1.4")
"""What a device says it knows when it says so."""
_PREFIXES: Final = Prefixes()

_TAG: Final = re.compile(r"<[^>]*>")
_PREFIX: Final = re.compile(r'(?<=[</ ":])(soap-env|soap-enc|xsd|xsi|cwmp)(?=[:=])')
_CHILD: Final = re.compile(r"<(/?)(?!faultcode|faultstring|detail)([A-Za-z0-9]+)(?=[ >])")
_MESSAGE: Final = re.compile(r"<(/?)cwmp:((?!ID\b|SupportedCWMPVersions\b|NoMoreRequests\b|SessionTimeout\b)\w+)")
_DECLARED: Final = re.compile(r' xmlns:cwmp="([^"]*)"')
_COUNT: Final = re.compile(r' soap-enc:arrayType="([^"\[]*)\[(\d+)\]"')
_TYPE: Final = re.compile(r'<Value xsi:type="([^"]*)">')
_VALUE: Final = re.compile(r"(<Value[^>]*>)([^<]+)(?=</Value>)")
_EMPTY_VALUE: Final = re.compile(r"<Value[^>]*></Value>")
_TIME: Final = re.compile(r"<(CurrentTime|StartTime|CompleteTime)>([^<]*)Z(?=</)")
_AMPERSAND: Final = re.compile(r"&amp;(?!(?:amp|lt|gt|quot|apos|#[0-9]+|#x[0-9A-Fa-f]+);)")
_NAME: Final = re.compile(r"<(Name|ParameterName)>([^<]+)(?=</)")
_FAULT: Final = re.compile(
    r"<soap-env:Fault>.*<detail><cwmp:Fault>(.*)</cwmp:Fault></detail></soap-env:Fault>", re.DOTALL
)
_DETAIL: Final = re.compile(r"<detail>.*</detail>", re.DOTALL)
_MISSPELT: Final = {
    "xsd:string": "xsd:String",
    "xsd:int": "xsd:signedInt",
    "xsd:unsignedInt": "xsd:uint32",
    "xsd:boolean": "xsd:bool",
    "xsd:dateTime": "xsd:datetime",
    "xsd:long": "xsd:int64",
    "xsd:unsignedLong": "xsd:uint64",
    "soap-enc:base64": "xsd:base64Binary",
}


def spell(envelope: Envelope, wire: WireQuirks, method: str = "") -> bytes:
    """An envelope as the device writes it; of an answer with the RPC that it answers."""
    text = encode(_meant(envelope, wire, method)).decode("utf-8")
    for change in _CHANGES:
        text = change(text, wire)
    if isinstance(envelope.message, Inform):
        text = _without(text, wire.lacks)
    elif isinstance(envelope.message, Fault):
        text = _fault(text, wire, method)
    for change in _LAYERS:
        text = change(text, wire)
    return _octets(text, wire)


def _meant(envelope: Envelope, wire: WireQuirks, method: str) -> Envelope:
    """What can be said in the schemas' own words."""
    if wire.ids == "none":
        envelope = replace(envelope, id=None)
    elif wire.ids == "empty":
        envelope = replace(envelope, id="")
    elif wire.ids == "invented" and method:
        envelope = replace(envelope, id=f"{crc32((envelope.id or '').encode()):010d}")
    message = envelope.message
    if not isinstance(message, Inform):
        return envelope
    if wire.says_versions:
        envelope = replace(envelope, supported_versions=VERSIONS)
    if wire.says_no_more_requests or wire.session_timeout:
        timeout = wire.session_timeout or None
        envelope = replace(envelope, no_more_requests=wire.says_no_more_requests, session_timeout=timeout)
    parameters = message.parameter_list
    if wire.double_dot and parameters:
        first = parameters[0]
        above, _, name = first.name.rpartition(".")
        parameters = (replace(first, name=f"{above}..{name}"), *parameters[1:])
    if wire.empty_name:
        parameters = (*parameters, ParameterValue("", ""))
    return replace(envelope, message=replace(message, parameter_list=parameters))


# Changes of content. Each is given the schemas' own text or what the changes before it made of it.


def _times(text: str, wire: WireQuirks) -> str:
    match wire.times:
        case "no zone":
            return _TIME.sub(r"<\1>\2", text)
        case "milliseconds":
            return _TIME.sub(r"<\1>\2.000Z", text)
        case "offset":
            return _TIME.sub(r"<\1>\2+00:00", text)
        case "unknown":
            return _TIME.sub(r"<\1>0001-01-01T00:00:00Z", text)
        case "garbage":
            return _TIME.sub(r"<\1>Thu Jan  1 00:00:00 1970", text)
        case _:
            return text


def _values(text: str, wire: WireQuirks) -> str:
    if wire.drops_empty_values:
        text = _EMPTY_VALUE.sub("", text)
    if wire.control_characters:
        text = text.replace("</Value>", "\x03</Value>")
    return _AMPERSAND.sub("&", text) if wire.raw_ampersand else text


def _types(text: str, wire: WireQuirks) -> str:
    match wire.types:
        case "none":
            return _TYPE.sub("<Value>", text)
        case "no name":
            return _TYPE.sub('<Value xsi:type="xsd:">', text)
        case "misspelt":
            return _TYPE.sub(lambda found: f'<Value xsi:type="{_MISSPELT.get(found[1], found[1])}">', text)
        case "unknown":
            return _TYPE.sub('<Value xsi:type="xsd:anything">', text)
        case "no prefix":
            return _TYPE.sub(lambda found: f'<Value xsi:type="{found[1].partition(":")[2]}">', text)
        case _:
            return text


def _counts(text: str, wire: WireQuirks) -> str:
    match wire.counts:
        case "none":
            return _COUNT.sub("", text)
        case "wrong":
            return _COUNT.sub(lambda found: f' soap-enc:arrayType="{found[1]}[{int(found[2]) + 1}]"', text)
        case "padded":
            return _COUNT.sub(lambda found: f' soap-enc:arrayType="{found[1]}[{int(found[2]):02d}]"', text)
        case _:
            return text


_CHANGES: Final[tuple[Callable[[str, WireQuirks], str], ...]] = (_times, _values, _types, _counts)


def _without(text: str, names: tuple[str, ...]) -> str:
    for name in names:
        text = re.sub(rf"<{name}[ >].*?</{name}>", "", text, count=1, flags=re.DOTALL)
    return text


def _fault(text: str, wire: WireQuirks, method: str) -> str:
    match wire.faults:
        case "in the Body":
            return _FAULT.sub(r"\1", text)
        case "in the answer":
            answer = f"{method or 'Unknown'}Response"
            return _FAULT.sub(rf"<cwmp:{answer}>\1</cwmp:{answer}>", text)
        case "no detail":
            return _DETAIL.sub("", text)
        case _:
            return text


# Changes of how all of it is written.


def _namespaces(text: str, wire: WireQuirks) -> str:
    match wire.message:
        case "default namespace":
            declared = _DECLARED.search(text)
            namespace = declared[1] if declared else ""
            return _MESSAGE.sub(lambda at: f"</{at[2]}" if at[1] else f'<{at[2]} xmlns="{namespace}"', text)
        case "no namespace":
            return _MESSAGE.sub(r"<\1\2", text)
        case "undeclared prefix":
            return _DECLARED.sub("", text)
        case "prefixed children":
            return _CHILD.sub(r"<\1cwmp:\2", text)
        case _:
            return text


def _prefixes(text: str, wire: WireQuirks) -> str:
    wanted = wire.prefixes
    if wanted == _PREFIXES:
        return text
    known = {getattr(_PREFIXES, field): getattr(wanted, field) for field in Prefixes.__slots__}
    if not wanted.soap:
        # Without a prefix an attribute is in no namespace, so it cannot be said that a header must be understood.
        text = re.sub(r' soap-env:mustUnderstand="[01]"', "", text).replace(" xmlns:soap-env=", " xmlns=")
        text = text.replace("<soap-env:", "<").replace("</soap-env:", "</")
    return _TAG.sub(lambda tag: _PREFIX.sub(lambda prefix: known[prefix[1]], tag[0]), text)


def _laid_out(text: str, wire: WireQuirks) -> str:
    if wire.layout == "folded":
        text = _NAME.sub(r"<\1>\n\2\n", text)
    if wire.layout == "newlines":
        return "\n".join(piece for _, piece in _pieces(text))
    if wire.layout == "indented":
        return "\n".join("  " * depth + piece for depth, piece in _pieces(text))
    return text


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """The text cut where white space means nothing, each piece with its depth."""
    tags = list(_TAG.finditer(text))
    closes = [tag[0].startswith("</") for tag in tags]
    depths = list(accumulate(-1 if is_end else 1 for is_end in closes))
    start = 0
    for number in range(1, len(tags)):
        last, at = tags[number - 1], tags[number].start()
        has_text = last.end() != at
        is_empty_element = closes[number] and not closes[number - 1]
        if has_text or is_empty_element:
            continue
        # A piece is an opening tag, a closing tag, or an element with its text; only the first leads deeper.
        yield depths[number - 1] - (last.start() == start and not closes[number - 1]), text[start:at]
        start = at
    yield 0, text[start:]


def _cdata(text: str, wire: WireQuirks) -> str:
    return _VALUE.sub(lambda value: value[1] + _in_cdata(value[2], wire), text) if wire.cdata else text


def _in_cdata(escaped: str, wire: WireQuirks) -> str:
    """A text in CDATA; left as it is where that could not say it."""
    if "&#13;" in escaped or "]]&gt;" in escaped or (wire.charset != "utf-8" and not escaped.isascii()):
        return escaped
    plain = escaped.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return f"<![CDATA[{plain}]]>"


_LAYERS: Final[tuple[Callable[[str, WireQuirks], str], ...]] = (_namespaces, _prefixes, _laid_out, _cdata)


def _octets(text: str, wire: WireQuirks) -> bytes:
    label = "ISO-8859-1" if wire.charset == "latin-1" else "UTF-8"
    if wire.declaration == "double quotes" or (wire.charset == "latin-1" and wire.declaration == "none"):
        text = f'<?xml version="1.0" encoding="{label}"?>{text}'
    elif wire.declaration == "single quotes":
        text = f"<?xml version='1.0' encoding='{label}'?>{text}"
    codec = wire.charset.partition(" ")[0]
    data = text.encode(codec, "xmlcharrefreplace") + b"\0" * wire.trailing_nulls
    return data * 2 if wire.repeats_envelope else data
