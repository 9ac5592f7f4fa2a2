"""Envelopes, plain and compressed."""

from contextlib import suppress
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from typing import Final

from cwmp_schemas.decode import decode
from cwmp_schemas.encode import encode
from cwmp_schemas.errors import DecodeError, EncodeError
from cwmp_schemas.inflate import inflate
from cwmp_schemas.usual import read_usual
from fuzz.target import Target

_BOUND: Final = 1 << 16


def _envelope(data: bytes) -> None:
    """What is read can be written, and what is written is read as the same; in both ways to read it."""
    usual = read_usual(data)
    if usual is not None:
        # A space more in a tag means nothing, and is not usual.
        assert usual == decode(data.replace(b"<ParameterList", b"<ParameterList ")), "read in two ways"
    try:
        envelope = decode(data).envelope
    except DecodeError:
        return
    try:
        written = encode(envelope)
    except EncodeError as error:
        # A vendor's element may have a name that we would not give one; nothing else may be wrong.
        assert error.where == "vendor method", error
        return
    # What is of no version that we know is written in the oldest.
    expected = replace(envelope, minor=envelope.minor or 0)
    again = decode(written).envelope
    assert again == _in_seconds(expected), f"{expected!r} came back as {again!r}"


def _in_seconds(value: object) -> object:
    """The same with all times in whole seconds, as they are written."""
    if isinstance(value, datetime):
        return value.replace(microsecond=0)
    if isinstance(value, tuple):
        return tuple(_in_seconds(each) for each in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{each.name: _in_seconds(getattr(value, each.name)) for each in fields(value)})
    return value


def _compressed(data: bytes) -> None:
    """What is inflated is within its bound."""
    for encoding in ("gzip", "deflate"):
        with suppress(DecodeError):
            assert len(inflate(data, encoding, _BOUND)) <= _BOUND


TARGETS: Final = {
    each.name: each
    for each in (
        Target(
            "cwmp",
            _envelope, longest=2048,
            words=(
                b"soap-env:Envelope", b"soap-env:Header", b"soap-env:Body", b"soap-env:Fault", b"cwmp:Inform",
                b"cwmp:ID", b"cwmp:Fault", b"cwmp:GetParameterValuesResponse", b"cwmp:TransferComplete",
                b"urn:dslforum-org:cwmp-1-", b"http://schemas.xmlsoap.org/soap/envelope/",
                b"http://www.w3.org/2001/XMLSchema-instance", b"http://www.w3.org/2001/XMLSchema", b"xsi:type",
                b"xsd:dateTime", b"xsd:boolean", b"xsd:base64", b"xsd:unsignedInt", b"xmlns:", b"ParameterList",
                b"ParameterValueStruct", b"Name", b"Value", b"EventStruct", b"EventCode", b"DeviceId", b"SerialNumber",
                b"FaultCode", b"FaultString", b"detail", b"<![CDATA[", b"]]>", b"<!--", b"-->", b"&#x1F600;", b"&amp;",
                b"encoding='utf-16'", b"<?xml version='1.0'?>", b"\xef\xbb\xbf", b"mustUnderstand", b"HoldRequests",
                b"NoMoreRequests", b"0001-01-01T00:00:00Z", b"9005",
            ),
        ),
        Target("inflate", _compressed, longest=1024, words=(b"\x1f\x8b\x08", b"\x78\x9c", b"\x78\x01", b"\x03\x00")),
    )
}  # fmt: skip
