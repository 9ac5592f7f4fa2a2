"""What a device misspells is understood as it was meant; that it was misspelt is noted."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwmp_schemas.decode import decode
from cwmp_schemas.encode import encode
from cwmp_schemas.envelope import Envelope
from cwmp_schemas.errors import DecodeError, Refusal
from cwmp_schemas.faults import Fault, ParameterFault
from cwmp_schemas.messages import Message
from cwmp_schemas.oddities import Oddity
from cwmp_schemas.rpc.parameters import (
    GetParameterNamesResponse,
    GetParameterValuesResponse,
    ParameterInfo,
    ParameterValue,
)
from cwmp_schemas.rpc.session import DeviceId, Event, Inform
from cwmp_schemas.rpc.transfers import TransferComplete, TransferFault
from cwmp_schemas.values import UNKNOWN_TIME, XsdType
from simulators.device.chance import Chance
from simulators.device.cpe import Cpe
from simulators.device.identity import Identity
from simulators.device.quirk_names import REGISTRY, contradiction, quirk, quirks_named
from simulators.device.quirks import PLAIN_WIRE, WireQuirks
from simulators.device.spelling import VERSIONS, spell
from tests.simulators.device.conversing import START, converse, small_model

NOON = datetime(2026, 7, 1, 12, 0, 0, tzinfo=UTC)
VALUES = (
    ParameterValue("Device.DeviceInfo.SoftwareVersion", "1.0"),
    ParameterValue("Device.DeviceInfo.ProvisioningCode", "Büro <1> & Küche, 5 ]]> 4 &amp; so on"),
    ParameterValue("Device.DeviceInfo.Description", "Küche in Łódź"),
    ParameterValue("Device.ManagementServer.ParameterKey", ""),
    ParameterValue("Device.DeviceInfo.UpTime", "77", XsdType.UNSIGNED_INT),
    ParameterValue("Device.Ethernet.Interface.1.MaxBitRate", "-1", XsdType.INT),
    ParameterValue("Device.ManagementServer.PeriodicInformEnable", "1", XsdType.BOOLEAN),
    ParameterValue("Device.Time.CurrentLocalTime", "2026-07-01T12:00:00Z", XsdType.DATE_TIME),
    ParameterValue("Device.X_ACME_Blob", "AAEC", XsdType.BASE64),
)
INFORM = Inform(
    DeviceId("Acmé & Söhne", "00A0F1", "Box", "S1"), (Event("1 BOOT"), Event("M Reboot", "k<1>")), 1, NOON, 2, VALUES
)
FAULT = Fault(9003, "Invalid & wrong", (ParameterFault("Device.X", 9005, "Invalid name"),))
SAMPLES: dict[str, tuple[Message, str]] = {
    "an Inform": (INFORM, ""),
    "values": (GetParameterValuesResponse(VALUES), "GetParameterValues"),
    "no values": (GetParameterValuesResponse(()), "GetParameterValues"),
    "names": (
        GetParameterNamesResponse((ParameterInfo("Device.WiFi.", True), ParameterInfo("Device.A", False))),
        "GetParameterNames",
    ),
    "a TransferComplete": (TransferComplete("key", TransferFault(9010, "Wörter"), NOON, NOON), ""),
    "a fault": (FAULT, "SetParameterValues"),
}

UNEXPECTED = {Oddity.UNEXPECTED_NAME}
NOTED: dict[str, set[Oddity]] = {
    **{f"namespace-1-{minor}": set() for minor in (0, 1, 3, 4)},
    "upper-case-prefixes": set(),
    "short-prefixes": set(),
    "default-soap-namespace": UNEXPECTED,
    "default-namespace": UNEXPECTED,
    "no-namespace": UNEXPECTED,
    "undeclared-prefix": UNEXPECTED | {Oddity.UNDECLARED_PREFIX, Oddity.UNKNOWN_NAMESPACE},
    "prefixed-children": UNEXPECTED,
    "declaration": set(),
    "single-quoted-declaration": set(),
    "newlines": set(),
    "indented": set(),
    "folded-names": {Oddity.FOLDED_TEXT},
    "empty-id": {Oddity.MISSING_ID},
    "no-id": {Oddity.MISSING_ID},
    "invented-id": set(),
    "wrong-counts": {Oddity.ARRAY_COUNT},
    "padded-counts": set(),
    "no-counts": set(),
    "no-types": {Oddity.MISSING_TYPE},
    "nameless-types": {Oddity.UNKNOWN_TYPE},
    "misspelt-types": set(),
    "unknown-types": {Oddity.UNKNOWN_TYPE},
    "unprefixed-types": set(),
    "no-empty-values": {Oddity.MISSING_VALUE},
    "empty-name": {Oddity.EMPTY_NAME},
    "double-dot": set(),
    "cdata": set(),
    "control-characters": {Oddity.CONTROL_CHARACTER},
    "raw-ampersand": {Oddity.RAW_AMPERSAND},
    "latin-1": set(),
    "latin-1-as-utf-8": {Oddity.ENCODING},
    "cp437-as-utf-8": {Oddity.ENCODING},
    "trailing-nulls": {Oddity.STRAY_BYTES},
    "repeated-envelope": {Oddity.SEVERAL_ENVELOPES},
    "no-parameter-list": {Oddity.MISSING_FIELD},
    "no-event": {Oddity.MISSING_FIELD},
    "no-max-envelopes": {Oddity.MISSING_FIELD},
    "no-retry-count": {Oddity.MISSING_FIELD},
    "no-current-time": {Oddity.MISSING_FIELD},
    "time-without-zone": {Oddity.TIME_WITHOUT_ZONE},
    "time-with-milliseconds": set(),
    "time-with-offset": set(),
    "unknown-time": set(),
    "garbage-time": {Oddity.BAD_TIME},
    "says-versions": set(),
    "says-no-more-requests": set(),
    "asks-for-timeout": set(),
}
NOTED_WITH_A_FAULT: dict[str, set[Oddity]] = {
    "fault-in-body": {Oddity.BARE_FAULT, Oddity.UNKNOWN_ELEMENT},
    "fault-in-answer": {Oddity.BARE_FAULT, Oddity.UNKNOWN_ELEMENT, Oddity.MISSING_FIELD},
    "fault-without-detail": {Oddity.FAULT_WITHOUT_DETAIL},
}
REFUSED = {"no-serial-number": Refusal.NO_SERIAL_NUMBER}
UNDERSTOOD = sorted(name for name in NOTED | NOTED_WITH_A_FAULT if REGISTRY[name].group == "wire")


def meant(envelope: Envelope, wire: WireQuirks, method: str) -> Envelope:
    """What a reader is to make of an envelope that a device with these quirks writes."""
    message = envelope.message
    if wire.ids in {"none", "empty"}:
        envelope = replace(envelope, id=None)
    if wire.message == "undeclared prefix":
        envelope = replace(envelope, minor=None)
    if isinstance(message, Inform):
        message = _meant_inform(message, wire)
        if wire.says_versions:
            envelope = replace(envelope, supported_versions=VERSIONS)
        timeout = wire.session_timeout or None
        envelope = replace(envelope, no_more_requests=wire.says_no_more_requests, session_timeout=timeout)
    elif isinstance(message, GetParameterValuesResponse):
        message = replace(message, parameter_list=_meant_values(message.parameter_list, wire))
    elif isinstance(message, TransferComplete) and wire.times in {"unknown", "garbage"}:
        message = replace(message, start_time=UNKNOWN_TIME, complete_time=UNKNOWN_TIME)
    elif isinstance(message, Fault) and wire.faults == "no detail":
        message = Fault(0, "CWMP fault")
    return replace(envelope, message=message)


def _meant_inform(inform: Inform, wire: WireQuirks) -> Inform:
    values = _meant_values(inform.parameter_list, wire)
    if wire.double_dot:
        values = (replace(values[0], name="Device.DeviceInfo..SoftwareVersion"), *values[1:])
    is_unknown = wire.times in {"unknown", "garbage"} or "CurrentTime" in wire.lacks
    return replace(
        inform,
        event=() if "Event" in wire.lacks else inform.event,
        max_envelopes=0 if "MaxEnvelopes" in wire.lacks else inform.max_envelopes,
        current_time=UNKNOWN_TIME if is_unknown else inform.current_time,
        retry_count=0 if "RetryCount" in wire.lacks else inform.retry_count,
        parameter_list=() if "ParameterList" in wire.lacks else values,
    )


def _meant_values(values: Sequence[ParameterValue], wire: WireQuirks) -> tuple[ParameterValue, ...]:
    are_strings = wire.types in {"none", "no name", "unknown"}
    return tuple(
        replace(each, type=XsdType.STRING) if are_strings or (wire.drops_empty_values and not each.value) else each
        for each in values
    )


def heard(message: Message, method: str, names: Sequence[str]) -> tuple[Envelope, Envelope, set[Oddity]]:
    """What was read, what was to be read, and what was noted."""
    quirks = quirks_named(names)
    envelope = Envelope("acs 1" if method else "1", message, quirks.namespace)
    received = decode(spell(envelope, quirks.wire, method))
    found, wanted = received.envelope, meant(envelope, quirks.wire, method)
    if quirks.wire.ids == "invented" and method:
        assert found.id not in {None, envelope.id}
        found = replace(found, id=wanted.id)
    return found, wanted, set(received.oddities)


def test_a_plain_device_writes_as_the_schemas_want_it() -> None:
    for message, method in SAMPLES.values():
        envelope = Envelope("1", message, 2)
        assert spell(envelope, PLAIN_WIRE, method) == encode(envelope)


def test_each_quirk_of_spelling_is_tried() -> None:
    wire = {name for name, each in REGISTRY.items() if each.group in {"wire", "namespace"}}
    assert wire == NOTED.keys() | NOTED_WITH_A_FAULT.keys() | REFUSED.keys()


@pytest.mark.parametrize("name", NOTED)
def test_an_inform_is_understood_and_what_is_odd_about_it_noted(name: str) -> None:
    found, wanted, noted = heard(INFORM, "", [name])
    assert found == wanted
    assert noted == NOTED[name]


@pytest.mark.parametrize("name", NOTED_WITH_A_FAULT)
def test_a_fault_is_understood_wherever_it_stands(name: str) -> None:
    found, wanted, noted = heard(FAULT, "SetParameterValues", [name])
    assert found == wanted
    assert noted == NOTED_WITH_A_FAULT[name]


@pytest.mark.parametrize("name", REFUSED)
def test_who_does_not_say_who_it_is_is_refused(name: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decode(spell(Envelope("1", INFORM, 2), quirk(name).wire))
    assert caught.value.refusal is REFUSED[name]


@pytest.mark.parametrize("name", UNDERSTOOD)
def test_every_message_is_understood(name: str) -> None:
    for message, method in SAMPLES.values():
        found, wanted, _ = heard(message, method, [name])
        assert found == wanted


@pytest.mark.parametrize("name", UNDERSTOOD)
def test_each_quirk_changes_some_message_and_nothing_of_what_it_is_not_about(name: str) -> None:
    wire = quirk(name).wire
    changed = {
        sample
        for sample, (message, method) in SAMPLES.items()
        if spell(Envelope("1", message, 2), wire, method) != encode(Envelope("1", message, 2))
    }
    assert changed
    if wire.lacks or wire.empty_name or wire.double_dot or wire.says_versions:
        assert changed == {"an Inform"}
    elif wire.faults != "normal":
        assert changed == {"a fault"}
    elif wire.times != "normal":
        assert changed == {"an Inform", "a TransferComplete"}
    elif wire.types != "right":
        assert changed == {"an Inform", "values"}


@pytest.mark.parametrize("charset", ["latin-1", "latin-1-as-utf-8", "cp437-as-utf-8"])
def test_a_character_that_a_charset_lacks_is_not_lost_in_cdata(charset: str) -> None:
    found, wanted, _ = heard(INFORM, "", ["cdata", charset])
    assert found == wanted


def together(names: Sequence[str]) -> list[str]:
    """The names of a list, without those that contradict one before them."""
    chosen: list[str] = []
    for name in names:
        if contradiction([*chosen, name]) is None:
            chosen.append(name)
    return chosen


@given(st.lists(st.sampled_from(UNDERSTOOD), unique=True, max_size=8), st.sampled_from(sorted(SAMPLES)))
def test_any_quirks_of_spelling_together_change_nothing_of_what_is_meant(names: list[str], sample: str) -> None:
    message, method = SAMPLES[sample]
    found, wanted, _ = heard(message, method, together(names))
    assert found == wanted


@pytest.mark.parametrize("name", UNDERSTOOD)
def test_the_next_inform_of_a_device_is_spelt_like_the_last_one(name: str) -> None:
    # It is made of the last one, where that says its time once.
    model = small_model()
    cpe = Cpe(model, Identity(model.device_id), chance=Chance(1), now=START, quirks=quirk(name), is_known=True)
    cpe.advance(START)
    first, second = (converse(cpe, at).posts[0] for at in (START, START + 300))
    assert second == first.replace(b"2023-11-14T22:13:20", b"2023-11-14T22:18:20")
    assert first != second or name in {"no-current-time", "unknown-time", "garbage-time"}
