"""What devices get wrong in parameter lists and in XML: one test for each oddity, on bytes made by hand."""

import pytest

from cwmp_schemas.decode import decode
from cwmp_schemas.oddities import Oddity
from cwmp_schemas.rpc.parameters import (
    ParameterValue,
)
from cwmp_schemas.values import XsdType
from tests.cwmp_schemas.hand_made import (
    PLAIN,
    entry,
    envelope,
    inform_body,
    values_of,
    values_response,
)


@pytest.mark.parametrize("count", [0, 2, 64])
def test_a_wrong_array_count_is_ignored(count: int) -> None:
    values, oddities = values_of(values_response(entry("Device.A", "x"), count))
    assert values == (ParameterValue("Device.A", "x"),)
    assert oddities == {Oddity.ARRAY_COUNT}


def test_a_zero_padded_array_count_is_right() -> None:
    data = values_response(entry("Device.A", "x"), 1).replace(b"[1]", b"[0001]")
    assert values_of(data) == ((ParameterValue("Device.A", "x"),), frozenset())


def test_a_value_without_a_type_is_a_string() -> None:
    values, oddities = values_of(values_response(entry("Device.A", "5", ""), 1))
    assert values == (ParameterValue("Device.A", "5", XsdType.STRING),)
    assert oddities == {Oddity.MISSING_TYPE}


@pytest.mark.parametrize(
    ("spelling", "kind", "oddities"),
    [
        ("xsd:string", XsdType.STRING, set()),
        ("xs:boolean", XsdType.BOOLEAN, set()),
        ("unsignedInt", XsdType.UNSIGNED_INT, set()),
        ("xsd:signedInt", XsdType.INT, set()),
        ("xsd:UnsignedInt", XsdType.UNSIGNED_INT, set()),
        ("xsd:string(64)", XsdType.STRING, set()),
        ("SOAP-ENC:base64", XsdType.BASE64, set()),
        ("xsd:datetime", XsdType.DATE_TIME, set()),
        ("xsd:", XsdType.STRING, {Oddity.UNKNOWN_TYPE}),
        ("xsd:IPAddress", XsdType.STRING, {Oddity.UNKNOWN_TYPE}),
        ("", XsdType.STRING, {Oddity.UNKNOWN_TYPE}),
    ],
)
def test_the_types_of_devices(spelling: str, kind: XsdType, oddities: set[Oddity]) -> None:
    values, found = values_of(values_response(entry("Device.A", "1", f' xsi:type="{spelling}"'), 1))
    assert values == (ParameterValue("Device.A", "1", kind),)
    assert found == oddities


def test_a_missing_value_is_empty() -> None:
    values, oddities = values_of(
        values_response("<ParameterValueStruct><Name>Device.A</Name></ParameterValueStruct>", 1)
    )
    assert values == (ParameterValue("Device.A", ""),)
    assert oddities == {Oddity.MISSING_VALUE}


@pytest.mark.parametrize("name", ["<Name></Name>", "<Name/>", ""])
def test_an_entry_without_a_name_is_dropped(name: str) -> None:
    bad = f'<ParameterValueStruct>{name}<Value xsi:type="xsd:string">x</Value></ParameterValueStruct>'
    values, oddities = values_of(values_response(bad + entry("Device.B", "y"), 2))
    assert values == (ParameterValue("Device.B", "y"),)
    assert oddities == {Oddity.EMPTY_NAME}


def test_name_and_value_in_the_wrong_order_and_with_company() -> None:
    odd = '<Value xsi:type="xsd:int">5</Value><Name>Device.A</Name><Unit>s</Unit>'
    values, oddities = values_of(values_response(f"<ParameterValueStruct>{odd}</ParameterValueStruct>", 1))
    assert values == (ParameterValue("Device.A", "5", XsdType.INT),)
    assert oddities == {Oddity.UNKNOWN_ELEMENT}


def test_line_breaks_inside_a_name_are_a_printers() -> None:
    values, oddities = values_of(values_response(entry("\n  Device.WAN.\n     1.Address\n", "a\n b"), 1))
    assert values == (ParameterValue("Device.WAN.1.Address", "a\n b"),)
    assert oddities == {Oddity.FOLDED_TEXT}


def test_bad_dots_and_spaces_in_names_are_kept() -> None:
    values, oddities = values_of(values_response(entry("Device..A. B", "x"), 1))
    assert values == (ParameterValue("Device..A. B", "x"),)
    assert oddities == frozenset()


def test_cdata_is_text() -> None:
    values, oddities = values_of(values_response(entry("Device.A", "<![CDATA[a<b & c]]>d"), 1))
    assert values == (ParameterValue("Device.A", "a<b & cd"),)
    assert oddities == frozenset()


def test_comments_and_processing_instructions_are_nothing() -> None:
    values, _ = values_of(values_response("<!-- a -->" + entry("Device.<!-- b -->A", "x<?php echo ?>y") + "<?z?>", 1))
    assert values == (ParameterValue("Device.A", "xy"),)


def test_control_characters_are_removed() -> None:
    values, oddities = values_of(values_response(entry("Device.A", "a\x01\x1fb&#2;c&#0;\ufffe"), 1))
    assert values == (ParameterValue("Device.A", "abc"),)
    assert oddities == {Oddity.CONTROL_CHARACTER}


def test_a_raw_ampersand_is_an_ampersand() -> None:
    values, oddities = values_of(values_response(entry("Device.A", "http://x/?a=1&b=2&amp;c=3 & &nbsp; &#65; &"), 1))
    assert values == (ParameterValue("Device.A", "http://x/?a=1&b=2&c=3 & &nbsp; A &"),)
    assert oddities == {Oddity.RAW_AMPERSAND}


def test_a_raw_ampersand_beside_cdata() -> None:
    values, _ = values_of(values_response(entry("Device.A", "a & <![CDATA[b && c]]>"), 1))
    assert values == (ParameterValue("Device.A", "a & b && c"),)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"caf\xe9", "caf\xe9"),  # latin-1
        (b"M\x81ller", "M\xfcller"),  # cp437
        (b"caf\xc3\xa9 \xe9", "caf\xe9 \xe9"),  # both in one document: what is UTF-8 stays
    ],
)
def test_other_bytes_under_a_utf_8_label(raw: bytes, text: str) -> None:
    for declaration in (b"", b'<?xml version="1.0" encoding="UTF-8"?>'):
        values, oddities = values_of(declaration + values_response(entry("Device.A", "@"), 1).replace(b"@", raw))
        assert values == (ParameterValue("Device.A", text),)
        assert oddities == {Oddity.ENCODING}


def test_a_declared_encoding_is_believed() -> None:
    data = values_response(entry("Device.A", "@"), 1).replace(b"@", b"caf\xe9")
    values, oddities = values_of(b'<?xml version="1.0" encoding="ISO-8859-1"?>' + data)
    assert values == (ParameterValue("Device.A", "caf\xe9"),)
    assert oddities == frozenset()


def test_an_unknown_declared_encoding_is_taken_as_utf_8() -> None:
    data = values_response(entry("Device.A", "caf\xe9"), 1)
    values, oddities = values_of(b"<?xml version='1.0' encoding='martian'?>" + data)
    assert values == (ParameterValue("Device.A", "caf\xe9"),)
    assert oddities == {Oddity.ENCODING}


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-be", "utf-16-le"])
def test_utf_16(codec: str) -> None:
    text = '<?xml version="1.0" encoding="UTF-16"?>' + values_response(entry("Device.A", "caf\xe9"), 1).decode()
    assert values_of(text.encode(codec))[0] == (ParameterValue("Device.A", "caf\xe9"),)


def test_a_byte_order_mark() -> None:
    assert decode(b"\xef\xbb\xbf" + envelope(inform_body())).envelope.message == PLAIN


@pytest.mark.parametrize("tail", [b"\0", b"\0\0\0\r\n", b"garbage"])
def test_bytes_after_the_envelope_are_dropped(tail: bytes) -> None:
    received = decode(envelope(inform_body()) + tail)
    assert received.envelope.message == PLAIN
    assert received.oddities == {Oddity.STRAY_BYTES}


def test_white_space_before_the_declaration() -> None:
    received = decode(b'\r\n<?xml version="1.0"?>' + envelope(inform_body()))
    assert received.envelope.message == PLAIN
    assert received.oddities == {Oddity.STRAY_BYTES}


def test_of_several_envelopes_the_first_is_taken() -> None:
    received = decode(envelope(inform_body()) + b"\r\n" + envelope("<cwmp:GetRPCMethods/>"))
    assert received.envelope.message == PLAIN
    assert received.oddities == {Oddity.SEVERAL_ENVELOPES}


def test_a_trailing_line_break_is_no_oddity() -> None:
    assert decode(envelope(inform_body()) + b"\r\n").oddities == frozenset()


def test_white_space_in_a_value_is_kept_also_where_the_type_is_odd() -> None:
    values, _ = values_of(values_response(entry("Device.A", "  x ", ' xsi:type="x:y"'), 1))
    assert values == (ParameterValue("Device.A", "  x "),)


def test_elements_within_a_value_are_counted_and_their_text_is_kept() -> None:
    values, oddities = values_of(values_response(entry("Device.A", "ab<br/>c<i>d</i>"), 1))
    assert values == (ParameterValue("Device.A", "abcd"),)
    assert oddities == {Oddity.UNKNOWN_ELEMENT}


def test_references_inside_cdata_are_text() -> None:
    values, _ = values_of(values_response(entry("Device.A", "\x01<![CDATA[&#1;&amp;]]>"), 1))
    assert values == (ParameterValue("Device.A", "&#1;&amp;"),)


def test_a_chinese_encoding_that_is_declared() -> None:
    data = values_response(entry("Device.A", "@"), 1).replace(b"@", "\u8def\u7531\u5668".encode("gb2312"))
    values, oddities = values_of(b'<?xml version="1.0" encoding="GB2312"?>' + data)
    assert values == (ParameterValue("Device.A", "\u8def\u7531\u5668"),)
    assert oddities == frozenset()
