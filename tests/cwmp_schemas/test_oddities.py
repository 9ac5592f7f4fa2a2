"""What devices get wrong and what we make of it: one test for each oddity, on bytes made by hand."""

from datetime import UTC, datetime
from typing import TypeVar

import pytest

from cwmp_schemas.decode import decode
from cwmp_schemas.envelope import Received
from cwmp_schemas.errors import DecodeError, Refusal
from cwmp_schemas.faults import Fault, ParameterFault
from cwmp_schemas.oddities import Oddity
from cwmp_schemas.rpc.control import RebootResponse
from cwmp_schemas.rpc.parameters import (
    GetParameterNamesResponse,
    GetParameterValuesResponse,
    ParameterInfo,
    ParameterValue,
)
from cwmp_schemas.rpc.session import DeviceId, Event, GetRPCMethods, Inform
from cwmp_schemas.rpc.software import DUStateChangeComplete
from cwmp_schemas.rpc.transfers import TransferComplete, TransferFault
from cwmp_schemas.rpc.vendor import VendorField, VendorMessage
from cwmp_schemas.values import UNKNOWN_TIME, XsdType
from tests.cwmp_schemas.hand_made import (
    CURRENT_TIME,
    DEVICE_ID,
    HEADER,
    NAMESPACES,
    ONE_PARAMETER,
    RETRY_COUNT,
    entry,
    envelope,
    inform_body,
    parameter_list,
    values_response,
)

M = TypeVar("M")

PLAIN = Inform(
    DeviceId("Example", "00D09E", "EX5501", "S1"),
    (Event("2 PERIODIC", ""),),
    1,
    datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    0,
    (ParameterValue("Device.DeviceInfo.SoftwareVersion", "1.0"),),
)


def read(received: Received, kind: type[M]) -> M:
    message = received.envelope.message
    assert isinstance(message, kind)
    return message


def values_of(data: bytes) -> tuple[tuple[ParameterValue, ...], frozenset[Oddity]]:
    received = decode(data)
    return read(received, GetParameterValuesResponse).parameter_list, received.oddities


def test_a_plain_inform_needs_no_tolerance() -> None:
    received = decode(envelope(inform_body()))
    assert received.envelope.message == PLAIN
    assert received.envelope.id == "7"
    assert received.oddities == frozenset()


# --- headers and namespaces


@pytest.mark.parametrize("minor", range(5))
def test_each_cwmp_namespace_is_understood_and_remembered(minor: int) -> None:
    namespaces = NAMESPACES.replace("cwmp-1-0", f"cwmp-1-{minor}")
    received = decode(envelope(inform_body(), namespaces=namespaces))
    assert received.envelope.minor == minor
    assert received.envelope.message == PLAIN


def test_a_missing_id_is_tolerated() -> None:
    received = decode(envelope(inform_body(), header=""))
    assert received.envelope.id is None
    assert received.oddities == {Oddity.MISSING_ID}


def test_an_empty_id_is_no_id() -> None:
    received = decode(envelope(inform_body(), header="<SOAP-ENV:Header><cwmp:ID/></SOAP-ENV:Header>"))
    assert received.envelope.id is None
    assert received.oddities == {Oddity.MISSING_ID}


def test_an_empty_header_has_no_id() -> None:
    assert decode(envelope(inform_body(), header="<SOAP-ENV:Header/>")).oddities == {Oddity.MISSING_ID}


def test_all_headers_are_read() -> None:
    header = (
        "<SOAP-ENV:Header><cwmp:ID>a b</cwmp:ID><cwmp:HoldRequests>true</cwmp:HoldRequests>"
        "<cwmp:NoMoreRequests>1</cwmp:NoMoreRequests><cwmp:SessionTimeout>240</cwmp:SessionTimeout>"
        "<cwmp:SupportedCWMPVersions>1.0, 1.2,1.4</cwmp:SupportedCWMPVersions>"
        "<cwmp:UseCWMPVersion>1.4</cwmp:UseCWMPVersion></SOAP-ENV:Header>"
    )
    read_back = decode(envelope(inform_body(), header=header)).envelope
    assert read_back.id == "a b"
    assert read_back.hold_requests
    assert read_back.no_more_requests
    assert read_back.session_timeout == 240
    assert read_back.supported_versions == ("1.0", "1.2", "1.4")
    assert read_back.use_version == "1.4"


def test_a_header_that_cannot_be_read_is_ignored() -> None:
    header = "<SOAP-ENV:Header><cwmp:ID>7</cwmp:ID><cwmp:SessionTimeout>soon</cwmp:SessionTimeout></SOAP-ENV:Header>"
    received = decode(envelope(inform_body(), header=header))
    assert received.envelope.session_timeout is None
    assert received.oddities == {Oddity.BAD_NUMBER}


def test_any_prefix_will_do() -> None:
    data = envelope(inform_body()).replace(b"SOAP-ENV", b"s").replace(b"cwmp:", b"c:").replace(b":cwmp=", b":c=")
    assert decode(data).envelope.message == PLAIN


def test_a_default_namespace_over_the_whole_message() -> None:
    body = inform_body().replace("<cwmp:Inform>", '<Inform xmlns="urn:dslforum-org:cwmp-1-2">')
    received = decode(envelope(body.replace("</cwmp:Inform>", "</Inform>")))
    assert received.envelope.message == PLAIN
    assert received.envelope.minor == 2
    assert received.oddities == {Oddity.UNEXPECTED_NAME}


def test_prefixed_arguments() -> None:
    body = inform_body()
    for name in ("DeviceId", "SerialNumber", "ParameterValueStruct", "Name", "Value", "EventCode"):
        body = body.replace(f"<{name}", f"<cwmp:{name}").replace(f"</{name}", f"</cwmp:{name}")
    received = decode(envelope(body))
    assert received.envelope.message == PLAIN
    assert Oddity.UNEXPECTED_NAME in received.oddities


def test_an_unprefixed_method() -> None:
    received = decode(envelope("<GetRPCMethods/>"))
    assert received.envelope.message == GetRPCMethods()
    assert received.envelope.minor == 0
    assert received.oddities == {Oddity.UNEXPECTED_NAME}


def test_no_cwmp_namespace_at_all() -> None:
    namespaces = NAMESPACES.replace("urn:dslforum-org:cwmp-1-0", "urn:something-else")
    received = decode(envelope(inform_body(), namespaces=namespaces))
    assert received.envelope.message == PLAIN
    assert Oddity.UNKNOWN_NAMESPACE in received.oddities


def test_an_undeclared_prefix() -> None:
    received = decode(envelope(inform_body(), namespaces=NAMESPACES.partition(" xmlns:cwmp")[0]))
    assert received.envelope.message == PLAIN
    assert Oddity.UNDECLARED_PREFIX in received.oddities


def test_undeclared_xsi_still_tells_the_type() -> None:
    namespaces = NAMESPACES.replace(' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"', "")
    parameters = parameter_list(entry("Device.A", "1", ' xsi:type="xsd:unsignedInt"'), 1)
    received = decode(envelope(inform_body(parameters=parameters), namespaces=namespaces))
    assert read(received, Inform).parameter_list == (ParameterValue("Device.A", "1", XsdType.UNSIGNED_INT),)


def test_the_schema_instance_namespace_of_1999() -> None:
    namespaces = NAMESPACES.replace("2001/XMLSchema-instance", "1999/XMLSchema-instance")
    parameters = parameter_list(entry("Device.A", "1", ' xsi:type="xsd:boolean"'), 1)
    received = decode(envelope(inform_body(parameters=parameters), namespaces=namespaces))
    assert read(received, Inform).parameter_list == (ParameterValue("Device.A", "1", XsdType.BOOLEAN),)


def test_elements_named_after_their_types() -> None:
    body = (
        "<cwmp:Inform>"
        + DEVICE_ID.replace("DeviceId", "DeviceIdStruct")
        + "<EventList><EventStruct><EventCodeType>2 PERIODIC</EventCodeType><CommandKeyType/></EventStruct></EventList>"
        + "<MaxEnvelopes>1</MaxEnvelopes>"
        + CURRENT_TIME
        + RETRY_COUNT
        + ONE_PARAMETER.replace("ParameterList", "ParameterValueList")
        + "</cwmp:Inform>"
    )
    received = decode(envelope(body))
    assert received.envelope.message == PLAIN
    assert received.oddities == {Oddity.UNEXPECTED_NAME}


def test_arguments_in_any_order() -> None:
    body = f"<cwmp:Inform>{ONE_PARAMETER}{RETRY_COUNT}{CURRENT_TIME}<MaxEnvelopes>1</MaxEnvelopes>"
    body += inform_body().partition("</DeviceId>")[2].partition("<MaxEnvelopes>")[0] + DEVICE_ID + "</cwmp:Inform>"
    received = decode(envelope(body))
    assert received.envelope.message == PLAIN
    assert received.oddities == frozenset()


def test_unknown_elements_are_skipped() -> None:
    received = decode(envelope(inform_body(retry_count=RETRY_COUNT + "<X_Extra><Deep>1</Deep></X_Extra>")))
    assert received.envelope.message == PLAIN
    assert received.oddities == {Oddity.UNKNOWN_ELEMENT}


# --- what is missing


@pytest.mark.parametrize(
    ("part", "attribute", "empty"),
    [
        ("event", "event", ()),
        ("max_envelopes", "max_envelopes", 0),
        ("current_time", "current_time", UNKNOWN_TIME),
        ("retry_count", "retry_count", 0),
        ("parameters", "parameter_list", ()),
    ],
)
def test_an_inform_may_lack_anything_but_its_identity(part: str, attribute: str, empty: object) -> None:
    received = decode(envelope(inform_body(**{part: ""})))
    assert getattr(received.envelope.message, attribute) == empty
    assert received.oddities == {Oddity.MISSING_FIELD}


@pytest.mark.parametrize(
    "device_id",
    [
        "",
        "<DeviceId/>",
        DEVICE_ID.replace("<SerialNumber>S1</SerialNumber>", ""),
        DEVICE_ID.replace("S1", ""),
        DEVICE_ID.replace("S1", " \n "),
    ],
)
def test_no_serial_number_is_refused(device_id: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decode(envelope(inform_body(device_id=device_id)))
    assert caught.value.refusal is Refusal.NO_SERIAL_NUMBER
    assert caught.value.where == "Inform/DeviceId"


def test_a_missing_product_class_is_empty() -> None:
    device_id = DEVICE_ID.replace("<ProductClass>EX5501</ProductClass>", "")
    assert read(decode(envelope(inform_body(device_id=device_id))), Inform).device_id.product_class == ""


def test_the_identity_is_kept_to_the_letter() -> None:
    device_id = DEVICE_ID.replace("EX5501", " TG784n v3 ").replace("00D09E", "oo-d0 9e")
    identity = read(decode(envelope(inform_body(device_id=device_id))), Inform).device_id
    assert identity == DeviceId("Example", "oo-d0 9e", " TG784n v3 ", "S1")


# --- times and numbers


@pytest.mark.parametrize(
    ("text", "moment", "oddities"),
    [
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), set()),
        ("2026-01-02T03:04:05", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), {Oddity.TIME_WITHOUT_ZONE}),
        ("2026-01-02T03:04:05.678Z", datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC), set()),
        ("2026-01-02T03:04:05+02:00", datetime(2026, 1, 2, 1, 4, 5, tzinfo=UTC), set()),
        ("0001-01-01T00:00:00Z", UNKNOWN_TIME, set()),
        ("0001-01-01T00:00:00+01:00", UNKNOWN_TIME, {Oddity.BAD_TIME}),
        ("2019-03-05T11:54::14", UNKNOWN_TIME, {Oddity.BAD_TIME}),
        ("", UNKNOWN_TIME, {Oddity.BAD_TIME}),
        ("yesterday", UNKNOWN_TIME, {Oddity.BAD_TIME}),
    ],
)
def test_the_clocks_of_devices(text: str, moment: datetime, oddities: set[Oddity]) -> None:
    received = decode(envelope(inform_body(current_time=f"<CurrentTime>{text}</CurrentTime>")))
    assert read(received, Inform).current_time == moment
    assert received.oddities == oddities


@pytest.mark.parametrize("text", ["", "many", "-1", "1.5", "99999999999", "9" * 5000, "1_0"])
def test_a_number_that_is_none_is_zero(text: str) -> None:
    received = decode(envelope(inform_body(retry_count=f"<RetryCount>{text}</RetryCount>")))
    assert read(received, Inform).retry_count == 0
    assert received.oddities == {Oddity.BAD_NUMBER}


def test_booleans_in_any_spelling() -> None:
    entries = "".join(
        f"<ParameterInfoStruct><Name>Device.{word}</Name><Writable>{word}</Writable></ParameterInfoStruct>"
        for word in ("1", "0", "true", "FALSE", "True", "maybe")
    )
    body = f"<cwmp:GetParameterNamesResponse><ParameterList>{entries}</ParameterList></cwmp:GetParameterNamesResponse>"
    received = decode(envelope(body))
    writable = [info.writable for info in read(received, GetParameterNamesResponse).parameter_list]
    assert writable == [True, False, True, False, True, False]
    assert received.oddities == {Oddity.BAD_BOOLEAN}


# --- parameter lists


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


# --- broken documents


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


# --- faults


FAULT = "<FaultCode>9003</FaultCode><FaultString>Invalid arguments</FaultString>"
REFUSED = (
    "<SetParameterValuesFault><ParameterName>Device.A</ParameterName><FaultCode>9006</FaultCode>"
    "<FaultString>type</FaultString></SetParameterValuesFault>"
    "<SetParameterValuesFault><ParameterName>\n Device.B\n </ParameterName><FaultCode>9008</FaultCode>"
    "</SetParameterValuesFault>"
)


def test_a_fault_with_a_word_on_each_parameter() -> None:
    detail = f"<detail><cwmp:Fault>{FAULT}{REFUSED}</cwmp:Fault></detail>"
    body = f"<SOAP-ENV:Fault><faultcode>Client</faultcode>{detail}</SOAP-ENV:Fault>"
    received = decode(envelope(body))
    assert received.envelope.message == Fault(
        9003, "Invalid arguments", (ParameterFault("Device.A", 9006, "type"), ParameterFault("Device.B", 9008))
    )
    assert received.oddities == frozenset()


def test_a_fault_outside_a_soap_fault() -> None:
    received = decode(envelope(f"<cwmp:Fault>{FAULT}{REFUSED}</cwmp:Fault>"))
    assert read(received, Fault).code == 9003
    assert len(read(received, Fault).parameters) == 2
    assert received.oddities == {Oddity.BARE_FAULT}


def test_fault_fields_right_in_the_body() -> None:
    received = decode(envelope(FAULT))
    assert received.envelope.message == Fault(9003, "Invalid arguments")
    assert Oddity.BARE_FAULT in received.oddities


def test_fault_fields_in_place_of_a_response() -> None:
    received = decode(envelope(f"<cwmp:SetParameterValuesResponse>{FAULT}</cwmp:SetParameterValuesResponse>"))
    assert received.envelope.message == Fault(9003, "Invalid arguments")
    assert Oddity.BARE_FAULT in received.oddities


def test_fault_fields_in_the_detail_without_a_wrapper() -> None:
    received = decode(envelope(f"<SOAP-ENV:Fault><detail>{FAULT}</detail></SOAP-ENV:Fault>"))
    assert received.envelope.message == Fault(9003, "Invalid arguments")


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("<SOAP-ENV:Fault>Error Message</SOAP-ENV:Fault>", Fault(0, "Error Message")),
        (
            "<SOAP-ENV:Fault><faultcode>cwmp:9005</faultcode><faultstring>No such name</faultstring></SOAP-ENV:Fault>",
            Fault(9005, "No such name"),
        ),
        ("<SOAP-ENV:Fault/>", Fault(0, "")),
    ],
)
def test_a_fault_with_no_detail(body: str, fault: Fault) -> None:
    received = decode(envelope(body))
    assert received.envelope.message == fault
    assert received.oddities == {Oddity.FAULT_WITHOUT_DETAIL}


def test_a_fault_code_with_words_around_it() -> None:
    received = decode(
        envelope(
            "<SOAP-ENV:Fault><detail><cwmp:Fault><FaultCode>CWMP 9005!</FaultCode></cwmp:Fault></detail>"
            "</SOAP-ENV:Fault>"
        )
    )
    assert read(received, Fault).code == 9005
    assert received.oddities == {Oddity.BAD_NUMBER}


def test_vendor_fault_codes_pass() -> None:
    body = "<SOAP-ENV:Fault><detail><cwmp:Fault><FaultCode>9899</FaultCode></cwmp:Fault></detail></SOAP-ENV:Fault>"
    assert read(decode(envelope(body)), Fault) == Fault(9899)


def test_a_fault_that_declares_its_namespace_only_within() -> None:
    namespaces = NAMESPACES.partition(" xmlns:cwmp")[0]
    detail = f'<detail><x:Fault xmlns:x="urn:dslforum-org:cwmp-1-2">{FAULT}</x:Fault></detail>'
    body = f"<SOAP-ENV:Fault>{detail}</SOAP-ENV:Fault>"
    received = decode(envelope(body, header="", namespaces=namespaces))
    assert received.envelope.minor == 2
    assert received.envelope.message == Fault(9003, "Invalid arguments")


# --- other messages


def test_a_transfer_complete_with_an_empty_command_key() -> None:
    body = (
        "<cwmp:TransferComplete><CommandKey/><FaultStruct><FaultCode>0</FaultCode><FaultString/></FaultStruct>"
        "<StartTime>2026-01-02T03:04:05Z</StartTime><CompleteTime>0001-01-01T00:00:00Z</CompleteTime>"
        "</cwmp:TransferComplete>"
    )
    received = decode(envelope(body))
    assert received.envelope.message == TransferComplete(
        "", TransferFault(0, ""), datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), UNKNOWN_TIME
    )


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("<Results>", "</Results>"),
        ('<Results SOAP-ENC:arrayType="cwmp:OpResultStruct[1]"><OpResultStruct>', "</OpResultStruct></Results>"),
        ("<cwmp:OpResultStruct>", "</cwmp:OpResultStruct>"),
    ],
)
def test_results_wrapped_or_not(opening: str, closing: str) -> None:
    result = (
        f"{opening}<UUID>u</UUID><DeploymentUnitRef>r</DeploymentUnitRef><Version>1</Version>"
        "<CurrentState>Installed</CurrentState><Resolved>1</Resolved><ExecutionUnitRefList/>"
        "<StartTime>2026-01-02T03:04:05Z</StartTime><CompleteTime>2026-01-02T03:04:05Z</CompleteTime>"
        f"<Fault><FaultStruct><FaultCode>9001</FaultCode></FaultStruct></Fault>{closing}"
    )
    message = read(
        decode(envelope(f"<cwmp:DUStateChangeComplete>{result * 2}</cwmp:DUStateChangeComplete>")),
        DUStateChangeComplete,
    )
    assert [(one.uuid, one.fault.fault_code) for one in message.results] == [("u", 9001), ("u", 9001)]


def test_an_unknown_method_is_a_vendors() -> None:
    body = '<cwmp:X_00D09E_Do><A xsi:type="xsd:int">1</A><B><C>2</C></B></cwmp:X_00D09E_Do>'
    assert decode(envelope(body)).envelope.message == VendorMessage(
        "X_00D09E_Do", (VendorField("A", "1", XsdType.INT), VendorField("B", (VendorField("C", "2"),)))
    )


def test_a_response_may_be_empty() -> None:
    assert decode(envelope("<cwmp:RebootResponse/>")).envelope.message == RebootResponse()


def test_names_with_a_writable_flag_in_another_prefix() -> None:
    body = (
        "<cwmp:GetParameterNamesResponse><ParameterInfoList><cwmp:ParameterInfoStruct><Name>a.</Name>"
        "<Writable>true</Writable></cwmp:ParameterInfoStruct></ParameterInfoList></cwmp:GetParameterNamesResponse>"
    )
    assert read(decode(envelope(body)), GetParameterNamesResponse).parameter_list == (
        ParameterInfo("a.", writable=True),
    )


def test_the_header_may_come_after_nothing_else() -> None:
    assert decode(envelope(inform_body(), header=HEADER + HEADER)).envelope.id == "7"
