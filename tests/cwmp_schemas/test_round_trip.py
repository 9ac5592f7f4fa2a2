"""What is written is read back the same, for every message, with nothing to tolerate."""

from dataclasses import fields
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwmp_schemas.decode import decode
from cwmp_schemas.encode import encode
from cwmp_schemas.envelope import Envelope
from cwmp_schemas.errors import EncodeError
from cwmp_schemas.faults import Fault
from cwmp_schemas.messages import MESSAGES
from cwmp_schemas.oddities import Oddity
from cwmp_schemas.rpc.control import Reboot
from cwmp_schemas.rpc.parameters import GetParameterNames, ParameterValue, SetParameterValues
from cwmp_schemas.rpc.session import InformResponse
from cwmp_schemas.rpc.software import InstallOperation, UpdateOperation
from cwmp_schemas.rpc.transfers import Download, DownloadResponse
from cwmp_schemas.rpc.vendor import VendorField, VendorMessage
from cwmp_schemas.style import WireStyle
from tests.cwmp_schemas.strategies import ALL_NAMES, SCHEMA_VALID, envelopes, messages_named
from tests.cwmp_schemas.structure import structure_problems


@pytest.mark.parametrize("name", ALL_NAMES)
def test_every_message_survives_the_wire(name: str) -> None:
    @settings(derandomize=True, deadline=None, max_examples=100)
    @given(envelopes(messages_named(name)))
    def survives(envelope: Envelope) -> None:
        received = decode(encode(envelope))
        assert received.envelope == envelope
        assert received.oddities <= {Oddity.MISSING_ID}

    survives()


@pytest.mark.parametrize("name", ALL_NAMES)
def test_every_message_has_the_form_that_devices_accept(name: str) -> None:
    @settings(derandomize=True, deadline=None, max_examples=15)
    @given(envelopes(messages_named(name, SCHEMA_VALID)))
    def has_the_form(envelope: Envelope) -> None:
        assert structure_problems(encode(envelope)) == []

    has_the_form()


@settings(derandomize=True, deadline=None, max_examples=50)
@given(envelopes(messages_named("Inform")), st.booleans(), st.booleans())
def test_a_style_changes_the_spelling_and_not_the_message(envelope: Envelope, words: bool, millis: bool) -> None:
    style = WireStyle(declaration=True, boolean_words=words, milliseconds=millis)
    assert decode(encode(envelope, style)).envelope == envelope


def test_the_reply_form_to_the_letter() -> None:
    assert encode(Envelope("a<&>b", InformResponse(), minor=2)) == (
        b'<soap-env:Envelope xmlns:soap-env="http://schemas.xmlsoap.org/soap/envelope/"'
        b' xmlns:soap-enc="http://schemas.xmlsoap.org/soap/encoding/"'
        b' xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        b' xmlns:cwmp="urn:dslforum-org:cwmp-1-2">'
        b'<soap-env:Header><cwmp:ID soap-env:mustUnderstand="1">a&lt;&amp;&gt;b</cwmp:ID></soap-env:Header>'
        b"<soap-env:Body><cwmp:InformResponse><MaxEnvelopes>1</MaxEnvelopes></cwmp:InformResponse>"
        b"</soap-env:Body></soap-env:Envelope>"
    )


def test_the_declaration_is_a_switch() -> None:
    envelope = Envelope("1", Reboot("k"))
    declared = encode(envelope, WireStyle(declaration=True))
    assert declared == b'<?xml version="1.0" encoding="UTF-8"?>' + encode(envelope)


def test_parameter_values_are_typed_and_counted() -> None:
    body = encode(
        Envelope("1", SetParameterValues((ParameterValue("Device.A", "x"), ParameterValue("Device.B", "y")), "k"))
    )
    assert (
        b'<ParameterList soap-enc:arrayType="cwmp:ParameterValueStruct[2]"><ParameterValueStruct><Name>Device.A</Name>'
        b'<Value xsi:type="xsd:string">x</Value></ParameterValueStruct>' in body
    )
    assert b"<ParameterKey>k</ParameterKey>" in body


def test_next_level_has_a_spelling_of_its_own() -> None:
    envelope = Envelope("1", GetParameterNames("Device.", next_level=True))
    assert b"<NextLevel>1</NextLevel>" in encode(envelope)
    assert b"<NextLevel>true</NextLevel>" in encode(envelope, WireStyle(next_level_words=True))


def test_times_are_written_without_milliseconds_unless_wanted() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
    envelope = Envelope("1", DownloadResponse(1, moment, moment))
    assert b"<StartTime>2026-01-02T03:04:05Z</StartTime>" in encode(envelope)
    assert b"<StartTime>2026-01-02T03:04:05.678Z</StartTime>" in encode(envelope, WireStyle(milliseconds=True))


def test_a_fault_is_whose_mistake_it_is() -> None:
    body = encode(Envelope("1", Fault(8003, "Invalid arguments")))
    assert b"<faultcode>Client</faultcode><faultstring>CWMP fault</faultstring><detail><cwmp:Fault>" in body
    assert b"<faultcode>Server</faultcode>" in encode(Envelope("1", Fault(8000)))


@pytest.mark.parametrize(
    ("envelope", "where"),
    [
        (Envelope("1", Reboot("a\0b")), "CommandKey"),
        (Envelope("1", Reboot("\ud800")), "CommandKey"),
        (Envelope("\x01", Reboot("")), "ID"),
        (Envelope("1", SetParameterValues((ParameterValue("Device.A", "\x0b"),))), "Device.A"),
        (Envelope("1", Download("k", "1 Firmware Upgrade Image", "http://x", file_size=-1)), "FileSize"),
        (Envelope("1", DownloadResponse(0, datetime(2026, 1, 1), datetime(2026, 1, 1))), "StartTime"),  # noqa: DTZ001
        (Envelope("1", VendorMessage("no name")), "vendor method"),
        (Envelope("1", VendorMessage("X_A", (VendorField("<b>"),))), "vendor method"),
        (Envelope("1", Fault(123456)), "FaultCode"),
        (Envelope("1", Reboot(""), minor=10), "Envelope"),
        (Envelope("1", Reboot(""), session_timeout=-1), "SessionTimeout"),
    ],
)
def test_what_no_envelope_can_hold_is_refused_and_named(envelope: Envelope, where: str) -> None:
    with pytest.raises(EncodeError) as caught:
        encode(envelope)
    assert caught.value.where == where


def test_no_password_and_no_value_is_in_a_representation() -> None:
    secrets = [field for cls in (InstallOperation, UpdateOperation, *MESSAGES.values()) for field in fields(cls)]
    passwords = [field for field in secrets if field.name == "password"]
    assert len(passwords) == 5
    assert not any(field.repr for field in passwords)
    for value in (ParameterValue("Device.A", "hunter2"), VendorField("A", "hunter2")):
        assert "hunter2" not in repr(value)


def test_every_request_names_its_response() -> None:
    requests = {name for name in MESSAGES if not name.endswith("Response")}
    assert {"Inform", "TransferComplete", "GetParameterValues", "ChangeDUState"} <= requests
    for name in requests:
        assert f"{name}Response" == MESSAGES[name].RESPONSE.NAME  # type: ignore[attr-defined]
