"""The two ways to read a message: what the quick one reads, the general one reads as the same."""

from random import Random
from typing import Final

import pytest
from hypothesis import given, settings

from cwmp_schemas.decode import decode
from cwmp_schemas.encode import encode
from cwmp_schemas.envelope import Envelope, Received
from cwmp_schemas.errors import DecodeError
from cwmp_schemas.oddities import Oddity
from cwmp_schemas.rpc.parameters import ParameterValue
from cwmp_schemas.rpc.session import Inform
from cwmp_schemas.usual import read_usual
from cwmp_schemas.values import XsdType
from cwmp_schemas.written import WrittenList, mark_of
from tests.cwmp_schemas.hand_made import (
    CURRENT_TIME,
    DEVICE_ID,
    EVENT,
    HEADER,
    MAX_ENVELOPES,
    NAMESPACES,
    RETRY_COUNT,
    entry,
    envelope,
    inform_body,
    parameter_list,
)  # fmt: skip
from tests.cwmp_schemas.strategies import envelopes, messages_named

SSID: Final = "Device.WiFi.SSID.1.SSID"
ENTRIES: Final = entry(SSID, "home") + entry("Device.WiFi.Radio.1.Channel", "6", ' xsi:type="xsd:unsignedInt"')
PARAMETERS: Final = parameter_list(ENTRIES, 2)
USUAL: Final = envelope(inform_body(parameters=PARAMETERS))
ANSWER: Final = envelope(f"<cwmp:GetParameterValuesResponse>{PARAMETERS}</cwmp:GetParameterValuesResponse>")
VALUES: Final = (ParameterValue(SSID, "home"), ParameterValue("Device.WiFi.Radio.1.Channel", "6", XsdType.UNSIGNED_INT))


def generally(data: bytes) -> Received:
    """What the general way reads: a space more in a tag means nothing, and is not usual."""
    other = data.replace(b"<ParameterList", b"<ParameterList ", 1)
    assert read_usual(other) is None
    return decode(other)


@pytest.mark.parametrize("data", [USUAL, ANSWER])
def test_what_is_usual_is_read_as_the_same(data: bytes) -> None:
    found = read_usual(data)
    assert found == generally(data)
    assert found is not None
    assert hash(found) == hash(generally(data))
    assert repr(found) == repr(generally(data))
    assert decode(data) == found


@pytest.mark.parametrize("name", ["Inform", "GetParameterValuesResponse"])
def test_what_we_write_is_usual(name: str) -> None:
    @settings(derandomize=True, deadline=None, max_examples=200)
    @given(envelopes(messages_named(name)))
    def is_the_same(sent: Envelope) -> None:
        data = encode(sent)
        found = read_usual(data)
        if found is None:
            # What needs an escape, a header more, or two lines.
            return
        assert found == generally(data)
        assert found.envelope == sent

    is_the_same()


@pytest.mark.parametrize(
    "data",
    [
        b'<?xml version="1.0" encoding="UTF-8"?>\n' + USUAL + b"\r\n",
        USUAL.replace(b"><", b">\r\n\t <").replace(b">\r\n\t </CommandKey", b"></CommandKey"),
        USUAL.replace(b"SOAP-ENV", b"s").replace(b"cwmp:", b"c:").replace(b":cwmp=", b":c="),
        USUAL.replace(b"cwmp-1-0", b"cwmp-1-4"),
        USUAL.replace(b"home", "zu Hause, 漢字 😀".encode()),
        USUAL.replace(b"home", b"two\nlines\tand a tab"),
        USUAL.replace(b"home", b""),
        USUAL.replace(b">home</Value>", b"/>"),
        USUAL.replace(b"xsd:string", b"xsd:string(64)"),
        USUAL.replace(b"xsd:string", b"xs:string"),
        USUAL.replace(b"<Name>", b'<Name xsi:type="xsd:string">'),
        USUAL.replace(b"<Event ", b'<Event xsi:type="SOAP-ENC:Array" '),
        USUAL.replace(b"[2]", b"[02]"),
        USUAL.replace(b' SOAP-ENC:arrayType="cwmp:ParameterValueStruct[2]"', b""),
        USUAL.replace(b"<CommandKey></CommandKey>", b"<CommandKey/>"),
        USUAL.replace(b"<CommandKey></CommandKey>", b"<CommandKey>some key</CommandKey>"),
        USUAL.replace(b"05Z", b"05"),
        USUAL.replace(b"2026-01-02T", b"yesterday "),
        envelope(inform_body(parameters=parameter_list("", 0))),
        envelope(
            inform_body(parameters=PARAMETERS),
            HEADER.replace("</SOAP-ENV:Header>", "<cwmp:NoMoreRequests>1</cwmp:NoMoreRequests></SOAP-ENV:Header>"),
        ),
    ],
)
def test_spellings_that_are_usual(data: bytes) -> None:
    found = read_usual(data)
    assert found is not None
    assert found == generally(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<",
        USUAL[:-1],
        USUAL + b"\0",
        USUAL + USUAL,
        b"\xef\xbb\xbf" + USUAL,
        b'<?xml version="1.0" encoding="ISO-8859-1"?>' + USUAL,
        USUAL.replace(b"home", b"\xff"),
        USUAL.replace(b"home", b"\x01"),
        USUAL.replace(b"home", "\ufffe".encode()),
        USUAL.replace(b"home", b"a &amp; b"),
        USUAL.replace(b"home", b"a & b"),
        USUAL.replace(b"home", b"<![CDATA[x]]>"),
        USUAL.replace(b"home", b"]]>"),
        USUAL.replace(b"home", b"<!-- x -->"),
        USUAL.replace(b"home", b"<b/>"),
        USUAL.replace(b"home", b"a\rb"),
        USUAL.replace(SSID.encode(), b""),
        USUAL.replace(SSID.encode(), b"two\nlines"),
        USUAL.replace(b"xsd:string", b"xsd:word"),
        USUAL.replace(b' xsi:type="xsd:string"', b""),
        USUAL.replace(b' xsi:type="xsd:string"', b" xsi:type='xsd:string'"),
        USUAL.replace(b"ParameterValueStruct[2]", b"ParameterValueStruct[3]"),
        USUAL.replace(b"EventStruct[1]", b"EventStruct[2]"),
        USUAL.replace(b"<Manufacturer>", b"<cwmp:Manufacturer>").replace(b"</Manufacturer>", b"</cwmp:Manufacturer>"),
        USUAL.replace(b"<RetryCount>0", b"<RetryCount>-1"),
        USUAL.replace(b"<RetryCount>0", b"<RetryCount>99999999999"),
        USUAL.replace(b"S1<", b" <"),
        USUAL.replace(b">7<", b"><"),
        USUAL.replace(b"cwmp-1-0", b"cwmp-2-0"),
        USUAL.replace(b"cwmp-1-0", b"cwmp-1-10"),
        USUAL.replace(b"soap/envelope/", b"soap-envelope"),
        USUAL.replace(b"soap/encoding/", b"soap-encoding"),
        USUAL.replace(b"XMLSchema-instance", b"XMLSchema-example"),
        USUAL.replace(b"xmlns:xsi", b"xmlns:xsj"),
        USUAL.replace(b"xmlns:cwmp", b"xmlns:cwmq"),
        USUAL.replace(b"xmlns:xsd=", b"xmlns="),
        USUAL.replace(b"xmlns:xsd=", b"xmlns:xsi="),
        USUAL.replace(b"xmlns:xsd=", b"xmlns:xml="),
        USUAL.replace(b"xmlns:xsd=", b"xmlns:1x="),
        USUAL.replace(b"xmlns:xsd=", b"other:xsd="),
        USUAL.replace(b" xmlns:xsd=", b"xmlns:xsd="),
        envelope(
            f"<cwmp:Inform>{DEVICE_ID}{MAX_ENVELOPES}{EVENT}{CURRENT_TIME}{RETRY_COUNT}{PARAMETERS}</cwmp:Inform>"
        ),
        envelope(inform_body(parameters=PARAMETERS), ""),
        envelope(inform_body(parameters=PARAMETERS), HEADER * 2),
        envelope(inform_body(parameters=PARAMETERS) * 2),
        envelope(inform_body(parameters=PARAMETERS * 2)),
        ANSWER.replace(b"</cwmp:GetParameterValuesResponse>", b"</cwmp:GetParameterNamesResponse>"),
        ANSWER.replace(b"GetParameterValuesResponse>", b"SetParameterValuesResponse>"),
    ],
)
def test_anything_else_goes_the_general_way(data: bytes) -> None:
    assert read_usual(data) is None


def test_what_is_garbled_is_never_read_as_something_else() -> None:
    random = Random(1)
    pieces = [
        b"<",
        b">",
        b"&",
        b"/",
        b'"',
        b" ",
        b"\n",
        b"\r",
        b"\0",
        b"\xc3",
        b"!--",
        b"]]>",
        b"<?x?>",
        b"Name",
        b"[1]",
    ]
    read = 0
    for data in (USUAL, ANSWER, USUAL.replace(b"><", b">\n<")):
        for _ in range(4_000):
            garbled = bytearray(data)
            for _ in range(random.randint(1, 3)):
                at = random.randrange(len(garbled))
                garbled[at : at + random.randint(0, 4)] = random.choice([b"", *pieces, bytes([random.randrange(256)])])
            found = read_usual(bytes(garbled))
            if found is not None:
                read += 1
                assert found == generally(bytes(garbled)), bytes(garbled)
    assert read > 100


def test_a_message_that_is_too_long_is_refused_either_way() -> None:
    with pytest.raises(DecodeError):
        decode(USUAL, len(USUAL) - 1)
    assert decode(USUAL, len(USUAL)) == read_usual(USUAL)


def test_a_large_answer_is_read_in_time_that_grows_with_it() -> None:
    many = 20_000
    answer = parameter_list(entry(SSID, "x" * 20) * many, many)
    data = envelope(f"<cwmp:GetParameterValuesResponse>{answer}</cwmp:GetParameterValuesResponse>")
    found = read_usual(data)
    assert found is not None
    assert found == generally(data)
    # Seen to be wrong at its end alone.
    assert read_usual(data[:-3]) is None


def listed() -> WrittenList:
    message = decode(USUAL).envelope.message
    assert isinstance(message, Inform)
    assert isinstance(message.parameter_list, WrittenList)
    return message.parameter_list


def test_a_list_is_read_bit_by_bit() -> None:
    values = listed()
    assert len(values) == 2
    assert values[1] == VALUES[1]
    assert values[1] is values[1]
    assert values[-1] == VALUES[1]
    assert values[:1] == VALUES[:1]
    with pytest.raises(IndexError):
        listed()[2]
    assert tuple(values) == VALUES
    assert values[0] == VALUES[0]


def test_a_list_is_as_the_tuple_of_its_parameters() -> None:
    values = listed()
    assert values == VALUES
    assert values == VALUES
    assert values == listed()
    assert values != VALUES[:1]
    assert values != list(VALUES)
    assert hash(values) == hash(VALUES)
    assert repr(values) == repr(VALUES)
    assert "home" not in repr(values)


def test_one_value_of_a_list_is_found_by_its_name() -> None:
    values = listed()
    assert values.value_after(mark_of(SSID)) == "home"
    assert values.value_after(mark_of("Device.WiFi")) is None
    assert values.value_after(mark_of("SSID")) is None
    twice = USUAL.replace(ENTRIES.encode(), (entry(SSID, "first") + entry(SSID, "last")).encode())
    message = decode(twice).envelope.message
    assert isinstance(message, Inform)
    assert isinstance(message.parameter_list, WrittenList)
    assert message.parameter_list.value_after(mark_of(SSID)) == "last"
    empty = USUAL.replace(b">home</Value>", b" />")
    message = decode(empty).envelope.message
    assert isinstance(message, Inform)
    assert isinstance(message.parameter_list, WrittenList)
    assert message.parameter_list.value_after(mark_of(SSID)) == ""


def test_what_is_tolerated_is_counted_as_ever() -> None:
    assert decode(USUAL.replace(b"05Z", b"05")).oddities == {Oddity.TIME_WITHOUT_ZONE}
    assert decode(USUAL.replace(b"2026-01-02T", b"x")).oddities == {Oddity.BAD_TIME}
    assert NAMESPACES.encode() in USUAL
