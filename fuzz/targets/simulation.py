"""What simulated devices read: files that people name, expressions, datagrams."""

import json
from collections.abc import Mapping
from contextlib import suppress
from io import StringIO
from typing import Final

from fuzz.documents import document
from fuzz.draw import Draw
from fuzz.target import Target
from simulators.arrivals import TraceError, read_trace
from simulators.client.udp_request import UdpRequestError, read_udp_request
from simulators.device.capture import read_capture
from simulators.device.errors import ModelError
from simulators.device.stun import StunError, StunMessage, decode_stun, encode_stun, is_signed
from simulators.expressions import GREATEST, ExpressionError, names_in, value_of
from simulators.kinds import read_kinds
from simulators.scenarios.loading import ScenarioError, read
from simulators.scenarios.schema import Scenario
from simulators.spans import LONGEST, read_span

_NAMES: Final = {"devices": 100, "interval": 60}
_SCHEMA: Final = Scenario.model_json_schema()


def _scenarios(data: bytes) -> None:
    """A scenario, or a sentence about what is wrong with it. Behind a NUL comes one that nearly fits its schema."""
    try:
        text = _toml(Draw(data[1:])) if data[:1] == b"\0" else data.decode("utf-8")
    except UnicodeDecodeError:
        return
    try:
        read(text, "a.toml")
    except ScenarioError as error:
        assert str(error)


def _toml(draw: Draw) -> str:
    found = document(draw, _SCHEMA, _SCHEMA)
    pairs = found.items() if isinstance(found, Mapping) else ()
    return "".join(f"{_written(name)} = {_written(value)}\n" for name, value in pairs)


def _written(value: object) -> str:
    """A value of TOML; there is none for nothing."""
    match value:
        case Mapping():
            inner = ", ".join(f"{_written(name)} = {_written(each)}" for name, each in value.items())
            return f"{{{inner}}}"
        case list():
            return f"[{', '.join(map(_written, value))}]"
        case float():
            return repr(value)
        case str():
            return json.dumps(value.encode("utf-8", "replace").decode(), ensure_ascii=False).replace("\x7f", "")
        case None:
            return '""'
    return json.dumps(value)


def _captures(data: bytes) -> None:
    """A model, or an error that says where; and the same for traces."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return
    with suppress(ModelError):
        read_capture(StringIO(text, newline=""))
    with suppress(TraceError):
        arrivals = read_trace(StringIO(text))
        assert arrivals
        assert all(0 <= each.at <= LONGEST for each in arrivals)


def _expressions(data: bytes) -> None:
    """A whole number within its bounds, or an error; the same for kinds of devices and lengths of time."""
    text = Draw(data).rest().decode("utf-8", "surrogateescape")
    try:
        names = names_in(text)
    except ExpressionError:
        names = {"no expression"}
    try:
        value = value_of(text, _NAMES)
    except ExpressionError:
        pass
    else:
        assert abs(value) <= GREATEST
        assert names <= _NAMES.keys()
    with suppress(ValueError):
        assert 0 <= read_span(text) <= LONGEST
    # Others name files.
    if "/" not in text and ".csv" not in text:
        with suppress(ModelError):
            kinds = read_kinds(text)
            again = ",".join(f"{each.name}:{each.share}" for each in kinds)
            assert [each.name for each in read_kinds(again)] == [each.name for each in kinds]


def _datagrams(data: bytes) -> None:
    """A connection request or none; a message of STUN or none, and what is read is written again."""
    with suppress(UdpRequestError):
        read_udp_request(data).is_signed_with("secret")
    is_signed(data, "secret")
    try:
        message = decode_stun(data)
    except StunError:
        return
    _ = message.mapped, message.error
    plain = StunMessage(message.kind, message.transaction, message.attributes)
    assert decode_stun(encode_stun(plain)) == message
    assert is_signed(encode_stun(StunMessage(message.kind, message.transaction), "secret"), "secret")


TARGETS: Final = {
    each.name: each
    for each in (
        Target(
            "captures",
            _captures, longest=1024,
            words=(
                b"Parameter,Object,Writable,Value,Value type\n", b"Device.", b"InternetGatewayDevice.", b"DeviceInfo.",
                b"DeviceID.SerialNumber,", b",true,", b",false,", b"xsd:unsignedInt", b"xsd:dateTime", b"xsd:base64",
                b"\n", b'"', b",", b"ManagementServer.URL", b"Notification", b"Access list", b"0 BOOTSTRAP", b"1.5,",
                b"#", b"\r",
            ),
        ),
        Target(
            "datagrams",
            _datagrams, longest=512,
            words=(
                b"GET http://", b"?ts=1&id=2&un=u&cn=c&sig=", b" HTTP/1.1\r\n", b"%C3%A9", b"\x01\x01\x00\x00",
                b"\x21\x12\xa4\x42", b"\x00\x20\x00\x08\x00\x01", b"\x00\x01\x00\x08\x00\x02", b"\x00\x08\x00\x14",
                b"\x00\x09\x00\x04", b";", b"&",
            ),
        ),
        Target(
            "expressions",
            _expressions, longest=128,
            words=(
                b"devices", b"interval", b" * ", b" + ", b" - ", b"(", b")", b"**", b"tr181:3", b"ont", b"tr098-dsl",
                b",", b"1e9", b"0x1", b"1_0", b"lambda:", b"[", b"15m", b"1.5h", b"90", b"ms", b"\\\n", b"'", b"not ",
                b":=", b"1000000000000000",
            ),
        ),
        Target(
            "scenarios",
            _scenarios, longest=1024,
            seconds=0.2,
            words=(
                b'about = "a"\n', b"devices = 1\n", b"[[phases]]\n", b"[[ways]]\n", b"[faults]\n", b"[arrivals]\n",
                b"[timing]\n", b"[expect]\n", b"[expect.events]\n", b"[values]\n", b"shape = ", b"share = 0.5\n",
                b'quirks = ["', b"behaviours = 1\n", b'action = "power-cut"\n', b'at = "1m"\n', b"drop = 0.1\n",
                b"boot = [1, 2]\n", b"inf", b"nan", b'"1/0"', b"1/3", b'model = "tr181"\n', b"name = ", b"from = 1\n",
                b"to = 2\n", b'sessions_ok = "devices * 2"\n', b"true", b"'''",
            ),
        ),
    )
}  # fmt: skip
