"""Faults wherever devices put them, and other messages with habits: one test for each, on bytes made by hand."""

from datetime import UTC, datetime

import pytest

from cwmp_schemas.decode import decode
from cwmp_schemas.faults import Fault, ParameterFault
from cwmp_schemas.oddities import Oddity
from cwmp_schemas.rpc.control import RebootResponse
from cwmp_schemas.rpc.parameters import (
    GetParameterNamesResponse,
    ParameterInfo,
    SetParameterValuesResponse,
)
from cwmp_schemas.rpc.software import DUStateChangeComplete
from cwmp_schemas.rpc.transfers import TransferComplete, TransferFault
from cwmp_schemas.rpc.vendor import VendorField, VendorMessage
from cwmp_schemas.values import UNKNOWN_TIME, XsdType
from tests.cwmp_schemas.hand_made import (
    HEADER,
    NAMESPACES,
    PLAIN,
    RETRY_COUNT,
    envelope,
    inform_body,
    message_of,
)

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
    assert message_of(received, Fault).code == 9003
    assert len(message_of(received, Fault).parameters) == 2
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
    assert message_of(received, Fault).code == 9005
    assert received.oddities == {Oddity.BAD_NUMBER}


def test_vendor_fault_codes_pass() -> None:
    body = "<SOAP-ENV:Fault><detail><cwmp:Fault><FaultCode>9899</FaultCode></cwmp:Fault></detail></SOAP-ENV:Fault>"
    assert message_of(decode(envelope(body)), Fault) == Fault(9899)


def test_a_fault_that_declares_its_namespace_only_within() -> None:
    namespaces = NAMESPACES.partition(" xmlns:cwmp")[0]
    detail = f'<detail><x:Fault xmlns:x="urn:dslforum-org:cwmp-1-2">{FAULT}</x:Fault></detail>'
    body = f"<SOAP-ENV:Fault>{detail}</SOAP-ENV:Fault>"
    received = decode(envelope(body, header="", namespaces=namespaces))
    assert received.envelope.minor == 2
    assert received.envelope.message == Fault(9003, "Invalid arguments")


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
    message = message_of(
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
    assert message_of(decode(envelope(body)), GetParameterNamesResponse).parameter_list == (
        ParameterInfo("a.", writable=True),
    )


def test_the_header_may_come_after_nothing_else() -> None:
    assert decode(envelope(inform_body(), header=HEADER + HEADER)).envelope.id == "7"


def test_a_stray_fault_code_does_not_turn_a_message_into_a_fault() -> None:
    body = inform_body(retry_count=RETRY_COUNT + "<FaultCode>0</FaultCode>")
    assert decode(envelope(body)).envelope.message == PLAIN


def test_a_response_with_a_fault_code_of_zero_is_a_response() -> None:
    fields = "<Status>0</Status><FaultCode>0</FaultCode>"
    body = f"<cwmp:SetParameterValuesResponse>{fields}</cwmp:SetParameterValuesResponse>"
    assert decode(envelope(body)).envelope.message == SetParameterValuesResponse(0)


def test_a_transfer_complete_with_its_fault_unwrapped() -> None:
    body = "<cwmp:TransferComplete><CommandKey>k1</CommandKey><FaultCode>9010</FaultCode><FaultString>no</FaultString>"
    message = decode(envelope(body + "</cwmp:TransferComplete>")).envelope.message
    assert isinstance(message, TransferComplete)
    assert (message.command_key, message.fault_struct) == ("k1", TransferFault(9010, "no"))


def test_refused_parameters_without_a_code_for_the_whole() -> None:
    detail = f"<detail><cwmp:Fault>{REFUSED}</cwmp:Fault></detail>"
    body = f"<SOAP-ENV:Fault><faultstring>CWMP fault</faultstring>{detail}</SOAP-ENV:Fault>"
    assert decode(envelope(body)).envelope.message == Fault(
        0, "CWMP fault", (ParameterFault("Device.A", 9006, "type"), ParameterFault("Device.B", 9008))
    )


def test_a_fault_of_a_vendor_beside_that_of_the_standard() -> None:
    detail = f"<detail><x><FaultCode>77</FaultCode></x><cwmp:Fault>{FAULT}</cwmp:Fault></detail>"
    body = f"<SOAP-ENV:Fault>{detail}</SOAP-ENV:Fault>"
    assert message_of(decode(envelope(body)), Fault).code == 9003


def test_a_number_that_only_holds_a_fault_code_is_none() -> None:
    body = "<SOAP-ENV:Fault><detail><cwmp:Fault><FaultCode>90051</FaultCode></cwmp:Fault></detail></SOAP-ENV:Fault>"
    assert message_of(decode(envelope(body)), Fault).code == 0
