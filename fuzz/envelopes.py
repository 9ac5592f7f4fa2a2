"""Mutated envelopes against the decoder.

Invariant: whatever the bytes, ``decode`` gives a message or a DecodeError; up to 64 KiB it takes under 100 ms; and what
it gives can be sent again: it holds no character that XML cannot carry, and no number out of range.
"""

import gzip
import random
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Final

from cwmp_schemas.decode import decode
from cwmp_schemas.encode import encode
from cwmp_schemas.envelope import Envelope
from cwmp_schemas.errors import DecodeError, EncodeError
from cwmp_schemas.faults import Fault, ParameterFault
from cwmp_schemas.inflate import inflate
from cwmp_schemas.messages import CODECS, Message, method_of
from cwmp_schemas.rpc.control import AddObjectResponse
from cwmp_schemas.rpc.parameters import (
    GetParameterNamesResponse,
    GetParameterValuesResponse,
    ParameterInfo,
    ParameterValue,
)
from cwmp_schemas.rpc.session import DeviceId, Event, GetRPCMethodsResponse, Inform
from cwmp_schemas.rpc.software import DeploymentFault, DUStateChangeComplete, OperationResult
from cwmp_schemas.rpc.transfers import TransferComplete, TransferFault
from cwmp_schemas.rpc.vendor import VendorField, VendorMessage
from cwmp_schemas.style import WireStyle
from cwmp_schemas.values import XsdType

MAX_SIZE: Final = 64 * 1024
MAX_SECONDS: Final = 0.1

_MOMENT: Final = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
_KINDS: Final = list(XsdType)

_NASTY: Final = [
    b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"<!--", b"-->", b"<![CDATA[", b"]]>",
    b"<?xml version='1.0' encoding='utf-16'?>",
    b"&", b"&amp;", b"&b;", b"&#0;", b"&#x1F600;", b"&#99999999;", b"<", b">", b"/>", b"</", b"\0", b"\x0b", b"\x7f",
    b"\xff\xfe", b"\xef\xbb\xbf", b"\xe9", b"\x81", b"\xed\xa0\x80", b"\xf0\x9f\x98\x80", b"\xc0\x80",
    b' xmlns="urn:x"', b' xmlns:cwmp="urn:dslforum-org:cwmp-1-9"', b" xsi:type='xsd:'",
    b' SOAP-ENC:arrayType="x[99999999]"',
    b"<a><b><c>", b"</Name>", b"<Name/>", b"<Value>", b"<FaultCode>9005</FaultCode>", b"<cwmp:Inform>",
    b"</cwmp:Inform>",
    b"-1", b"999999999999999999999", b"1e309", b"NaN", b"2026-13-45T99:99:99Z", b"0000-00-00", b"\r", b"\n", b"  ",
]  # fmt: skip


def seeds() -> list[bytes]:
    """Well-formed envelopes of many kinds, in several styles."""
    parameters = tuple(
        ParameterValue(f"Device.Some.{n}.Parameter", f"v\xe9 {n} & <x>", _KINDS[n % len(_KINDS)]) for n in range(12)
    )
    unit = OperationResult(
        "e3e70682-c209-4cac-629f-6fbed82c07cd",
        "r",
        "1",
        "Failed",
        False,
        "",
        _MOMENT,
        _MOMENT,
        DeploymentFault(9001, "x"),
    )
    messages: list[Message] = [
        Inform(
            DeviceId("M", "00D09E", "P", "S1"), (Event("2 PERIODIC"), Event("M Reboot", "k")), 1, _MOMENT, 0, parameters
        ),
        Inform(DeviceId("M", "00D09E", "", "0"), (), 1, _MOMENT, 7, ()),
        GetParameterValuesResponse(parameters * 8),
        GetParameterNamesResponse(tuple(ParameterInfo(f"Device.{n}.", n % 2 == 0) for n in range(20))),
        GetRPCMethodsResponse(("Inform", "Reboot")),
        AddObjectResponse(3, 0),
        TransferComplete("key", TransferFault(9010, "no file"), _MOMENT, _MOMENT),
        DUStateChangeComplete((unit, unit), "key"),
        Fault(9003, "Invalid arguments", (ParameterFault("Device.A", 9006, "type"), ParameterFault("Device.B", 9008))),
        VendorMessage("X_00D09E_Do", (VendorField("A", "1"), VendorField("B", (VendorField("C", "2"),)))),
    ]
    named = {method_of(message) for message in messages}
    messages += [codec.empty for name, codec in CODECS.items() if name not in named]
    found = []
    for number, message in enumerate(messages):
        envelope = Envelope(str(number), message, number % 5, session_timeout=60, supported_versions=("1.0", "1.4"))
        found.append(encode(envelope))
        found.append(encode(envelope, WireStyle(declaration=True)))
        found.append(encode(envelope).replace(b"><", b">\r\n  <"))
    return found


def mutated(chance: random.Random, corpus: list[bytes]) -> bytes:
    """One of the corpus after a few random changes."""
    data = chance.choice(corpus)
    # Half of them stay documents, so that what lies behind the parser gets its share.
    mutations = chance.choice([_GENTLE, _GENTLE, _GENTLE + _ROUGH, _ROUGH])
    for _ in range(chance.randint(1, 6)):
        data = chance.choice(mutations)(chance, data, corpus)[:MAX_SIZE]
    return data


def _span(chance: random.Random, data: bytes, longest: int = 200) -> tuple[int, int]:
    start = chance.randint(0, len(data))
    return start, min(len(data), start + chance.randint(0, longest))


def _flip(chance: random.Random, data: bytes, _: list[bytes]) -> bytes:
    changed = bytearray(data or b" ")
    for _unused in range(chance.randint(1, 8)):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _cut(chance: random.Random, data: bytes, _: list[bytes]) -> bytes:
    start, end = _span(chance, data)
    return data[:start] + data[end:]


def _truncate(chance: random.Random, data: bytes, _: list[bytes]) -> bytes:
    return data[: chance.randint(0, len(data))]


def _insert(chance: random.Random, data: bytes, _: list[bytes]) -> bytes:
    start, _end = _span(chance, data)
    return data[:start] + chance.choice(_NASTY) * chance.choice([1, 1, 1, 2, 50]) + data[start:]


def _repeat(chance: random.Random, data: bytes, _: list[bytes]) -> bytes:
    start, end = _span(chance, data, 600)
    return data[:end] + data[start:end] * chance.choice([1, 2, 20, 500]) + data[end:]


def _splice(chance: random.Random, data: bytes, corpus: list[bytes]) -> bytes:
    other = chance.choice(corpus)
    return data[: chance.randint(0, len(data))] + other[chance.randint(0, len(other)) :]


def _swap_tags(chance: random.Random, data: bytes, _: list[bytes]) -> bytes:
    parts = data.split(b"<")
    one, other = chance.randrange(len(parts)), chance.randrange(len(parts))
    parts[one], parts[other] = parts[other], parts[one]
    return b"<".join(parts)


def _drop_element(chance: random.Random, data: bytes, _: list[bytes]) -> bytes:
    start = data.find(b"<", chance.randint(0, len(data)))
    name = data[start + 1 : start + 60].partition(b">")[0].partition(b" ")[0]
    end = data.find(b"</" + name + b">", start)
    return data if start < 0 or end < 0 else data[:start] + data[end + len(name) + 3 :]


def _recode(chance: random.Random, data: bytes, _: list[bytes]) -> bytes:
    text = data.decode("utf-8", "replace")
    return text.encode(chance.choice(["utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp437"]), "replace")


def _change_text(chance: random.Random, data: bytes, _: list[bytes]) -> bytes:
    start = data.find(b">", chance.randint(0, len(data))) + 1
    end = data.find(b"<", start)
    return data if end < 0 else data[:start] + chance.choice(_TEXTS) + data[end:]


def _insert_element(chance: random.Random, data: bytes, _: list[bytes]) -> bytes:
    start = data.find(b"><", len(data) // 4 + chance.randint(0, len(data))) + 1
    return data[:start] + chance.choice(_ELEMENTS) * chance.choice([1, 1, 3]) + data[start:] if start else data


def _rename(chance: random.Random, data: bytes, _: list[bytes]) -> bytes:
    old = chance.choice(_TAG_NAMES)
    return data.replace(b"<" + old, b"<" + (new := chance.choice(_TAG_NAMES))).replace(b"</" + old, b"</" + new)


_TEXTS: Final = [
    b"", b" ", b"\r\n  x\r\n", b"-1", b"0", b"1", b"TRUE", b"99999999999999999999", b"2026-13-45",
    b"0001-01-01T00:00:00Z",
    b"2026-01-02T03:04:05.678901+14:00", b"\xc3\xa9", b"\xe9", b"\x81", b"a & b", b"&amp;#0;", b"&#1;", b"\x02",
    b"9005",
    b"<![CDATA[<Name>]]>", b"<!-- x -->", b"====", b"x" * 3000, b"0 BOOTSTRAP", b"\xf0\x9f\x98\x80", b"&nbsp;",
]  # fmt: skip
_ELEMENTS: Final = [
    b"<Name>a</Name>", b"<Value/>", b"<a><b><c>1</c></b></a>", b"<FaultCode>9005</FaultCode>", b"<ID/>",
    b"<DeviceId><SerialNumber>S</SerialNumber></DeviceId>", b"<q:a xmlns:q='urn:x'/>", b"<q:undeclared/>",
    b"<Fault/>",
    b"<Results/>", b"<OpResultStruct><UUID>u</UUID></OpResultStruct>", b"<FaultStruct><FaultStruct/></FaultStruct>",
    b"<ParameterValueStruct><Name> </Name><Value>1</Value></ParameterValueStruct>", b"<string>a</string>",
    b"<Value xsi:type='x:y:z'>1</Value>", b"<HoldRequests>maybe</HoldRequests>", b"<!-- a --><?b c?>",
]  # fmt: skip
_TAG_NAMES: Final = [
    b"Name", b"Value", b"ParameterValueStruct", b"ParameterList", b"Event", b"DeviceId", b"FaultCode", b"Fault",
    b"cwmp:Inform", b"cwmp:Fault", b"cwmp:ID", b"Results", b"CommandKey", b"soap-env:Header", b"soap-env:Body",
    b"string",
    b"Inform", b"x", b"cwmp:GetParameterValuesResponse", b"cwmp:X_Vendor", b"soap-env:Fault", b"detail",
]  # fmt: skip

_Mutation = Callable[[random.Random, bytes, list[bytes]], bytes]
_GENTLE: Final[list[_Mutation]] = [_change_text, _change_text, _insert_element, _rename, _drop_element]
_ROUGH: Final[list[_Mutation]] = [
    _flip, _cut, _truncate, _insert, _insert, _repeat, _splice, _swap_tags, _drop_element, _recode
]  # fmt: skip


def inputs(seed: int, count: int) -> Iterator[bytes]:
    """A reproducible run of mutated envelopes."""
    chance = random.Random(seed)
    corpus = seeds()
    for _ in range(count):
        yield mutated(chance, corpus)


def outcome_of(data: bytes) -> str:
    """What became of one input, in a word; anything but a message or a DecodeError is let through as a crash."""
    try:
        return sent_again(decode(data).envelope)
    except DecodeError as error:
        return error.refusal.name


def sent_again(envelope: Envelope) -> str:
    """What was read, in a word, after it was written once more."""
    try:
        encode(envelope)
    except EncodeError as error:
        # A vendor's element may have a name that we would not give one; nothing else may be wrong.
        if error.where != "vendor method":
            raise
        return "read, not to be sent"
    return "Vendor" if isinstance(envelope.message, VendorMessage) else method_of(envelope.message)


def run(seed: int, count: int) -> tuple[Counter[str], float]:
    """Decode ``count`` mutated envelopes; how each ended, and the slowest in seconds."""
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    for data in inputs(seed, count):
        slowest = max(slowest, seconds_of(data, outcomes))
    return outcomes, slowest


def seconds_allowed(size: int) -> float:
    """What an input may take: 0.1 s up to 64 KiB, and no more than in proportion beyond."""
    return MAX_SECONDS * max(1.0, size / MAX_SIZE)


def seconds_of(data: bytes, outcomes: Counter[str] | None = None) -> float:
    """How long one input takes, in seconds of CPU; fails if that is too long."""
    took = _timed(data, Counter() if outcomes is None else outcomes)
    allowed = seconds_allowed(len(data))
    if took > allowed:
        # Another process may have had the processor's caches; a slow input is slow every time.
        took = min(_timed(data, Counter()) for _ in range(3))
        assert took <= allowed, f"{took:.3f} s for {len(data)} bytes: {data[:2000]!r}"
    return took


def _timed(data: bytes, outcomes: Counter[str]) -> float:
    start = time.thread_time()
    try:
        try:
            envelope = decode(data).envelope
        except DecodeError as error:
            outcomes[error.refusal.name] += 1
            return time.thread_time() - start
        took = time.thread_time() - start
        outcomes[sent_again(envelope)] += 1
    except Exception:
        print(f"crashed on {data!r}")
        raise
    return took


def run_compressed(seed: int, count: int) -> Counter[str]:
    """Inflate ``count`` mutated compressed bodies; how each ended."""
    chance = random.Random(seed)
    corpus = [pack(data) for data in seeds()[:6] for pack in (gzip.compress, zlib.compress)]
    outcomes: Counter[str] = Counter()
    for _ in range(count):
        try:
            inflate(mutated(chance, corpus), chance.choice(["gzip", "deflate"]))
            outcomes["inflated"] += 1
        except DecodeError as error:
            outcomes[error.refusal.name] += 1
    return outcomes
