"""What devices get wrong around and inside a message: one test for each oddity, on bytes made by hand."""

from datetime import UTC, datetime

import pytest

from cwmp_schemas.decode import decode
from cwmp_schemas.errors import DecodeError, Refusal
from cwmp_schemas.oddities import Oddity
from cwmp_schemas.rpc.parameters import (
    GetParameterNamesResponse,
    ParameterValue,
)
from cwmp_schemas.rpc.session import DeviceId, GetRPCMethods, Inform
from cwmp_schemas.values import UNKNOWN_TIME, XsdType
from tests.cwmp_schemas.hand_made import (
    CURRENT_TIME,
    DEVICE_ID,
    NAMESPACES,
    ONE_PARAMETER,
    PLAIN,
    RETRY_COUNT,
    entry,
    envelope,
    inform_body,
    message_of,
    parameter_list,
)


def test_a_plain_inform_needs_no_tolerance() -> None:
    received = decode(envelope(inform_body()))
    assert received.envelope.message == PLAIN
    assert received.envelope.id == "7"
    assert received.oddities == frozenset()


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
    assert message_of(received, Inform).parameter_list == (ParameterValue("Device.A", "1", XsdType.UNSIGNED_INT),)


def test_the_schema_instance_namespace_of_1999() -> None:
    namespaces = NAMESPACES.replace("2001/XMLSchema-instance", "1999/XMLSchema-instance")
    parameters = parameter_list(entry("Device.A", "1", ' xsi:type="xsd:boolean"'), 1)
    received = decode(envelope(inform_body(parameters=parameters), namespaces=namespaces))
    assert message_of(received, Inform).parameter_list == (ParameterValue("Device.A", "1", XsdType.BOOLEAN),)


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


def test_an_element_that_comes_twice_counts_the_last_time() -> None:
    received = decode(envelope(inform_body(retry_count="<RetryCount>1</RetryCount><RetryCount>2</RetryCount>")))
    assert message_of(received, Inform).retry_count == 2
    assert received.oddities == {Oddity.REPEATED_ELEMENT}


def test_another_soap_namespace() -> None:
    namespaces = NAMESPACES.replace("schemas.xmlsoap.org/soap/envelope/", "www.w3.org/2003/05/soap-envelope")
    received = decode(envelope(inform_body(), namespaces=namespaces))
    assert received.envelope.message == PLAIN
    assert received.oddities == {Oddity.UNKNOWN_NAMESPACE}


def test_unknown_elements_are_skipped() -> None:
    received = decode(envelope(inform_body(retry_count=RETRY_COUNT + "<X_Extra><Deep>1</Deep></X_Extra>")))
    assert received.envelope.message == PLAIN
    assert received.oddities == {Oddity.UNKNOWN_ELEMENT}


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
    assert message_of(decode(envelope(inform_body(device_id=device_id))), Inform).device_id.product_class == ""


def test_the_identity_is_kept_to_the_letter() -> None:
    device_id = DEVICE_ID.replace("EX5501", " TG784n v3 ").replace("00D09E", "oo-d0 9e")
    identity = message_of(decode(envelope(inform_body(device_id=device_id))), Inform).device_id
    assert identity == DeviceId("Example", "oo-d0 9e", " TG784n v3 ", "S1")


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
    assert message_of(received, Inform).current_time == moment
    assert received.oddities == oddities


@pytest.mark.parametrize("text", ["", "many", "-1", "1.5", "99999999999", "9" * 5000, "1_0"])
def test_a_number_that_is_none_is_zero(text: str) -> None:
    received = decode(envelope(inform_body(retry_count=f"<RetryCount>{text}</RetryCount>")))
    assert message_of(received, Inform).retry_count == 0
    assert received.oddities == {Oddity.BAD_NUMBER}


def test_booleans_in_any_spelling() -> None:
    entries = "".join(
        f"<ParameterInfoStruct><Name>Device.{word}</Name><Writable>{word}</Writable></ParameterInfoStruct>"
        for word in ("1", "0", "true", "FALSE", "True", "maybe")
    )
    body = f"<cwmp:GetParameterNamesResponse><ParameterList>{entries}</ParameterList></cwmp:GetParameterNamesResponse>"
    received = decode(envelope(body))
    writable = [info.writable for info in message_of(received, GetParameterNamesResponse).parameter_list]
    assert writable == [True, False, True, False, True, False]
    assert received.oddities == {Oddity.BAD_BOOLEAN}


@pytest.mark.parametrize("text", ["", "\n", "\r\n  "])
def test_an_id_of_line_breaks_is_no_id(text: str) -> None:
    header = f"<SOAP-ENV:Header><cwmp:ID>{text}</cwmp:ID></SOAP-ENV:Header>"
    received = decode(envelope(inform_body(), header=header))
    assert received.envelope.id is None
    assert Oddity.MISSING_ID in received.oddities


def test_the_id_of_another_standard_is_not_ours() -> None:
    header = '<SOAP-ENV:Header><cwmp:ID>7</cwmp:ID><x:ID xmlns:x="urn:x">other</x:ID></SOAP-ENV:Header>'
    assert decode(envelope(inform_body(), header=header)).envelope.id == "7"


def test_no_namespace_is_told_from_the_first_one() -> None:
    namespaces = NAMESPACES.partition(" xmlns:cwmp")[0]
    assert decode(envelope("<GetRPCMethods/>", header="", namespaces=namespaces)).envelope.minor is None


def test_line_breaks_inside_a_product_class_are_a_printers() -> None:
    device_id = DEVICE_ID.replace("EX5501", "\n EX\n 5501\n")
    assert message_of(decode(envelope(inform_body(device_id=device_id))), Inform).device_id.product_class == "EX5501"
