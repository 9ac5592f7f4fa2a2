"""Messages as devices and other implementations sent them, where a collection of them is there.

What we read is compared with what a naive reader sees: every leaf element of the message, by name and text. The
naive reader is the standard library's parser, which shares nothing with ours.
"""

import csv
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from xml.etree import ElementTree

from cwmp_schemas.decode import decode
from cwmp_schemas.encode import encode
from cwmp_schemas.errors import DecodeError, Refusal
from cwmp_schemas.faults import Fault
from cwmp_schemas.messages import Message, method_of
from cwmp_schemas.oddities import Oddity
from cwmp_schemas.rpc.parameters import GetParameterNamesResponse, ParameterValue
from cwmp_schemas.rpc.session import DeviceId, Event, Inform, InformResponse
from cwmp_schemas.rpc.transfers import TransferFault
from cwmp_schemas.rpc.vendor import VendorMessage
from cwmp_schemas.values import XsdType
from tests.outside import folder

SAMPLES = folder("wire-samples", "AIOACS_TEST_WIRE_SAMPLES", "the decoding of 260 messages as real devices sent them")

# A reader knows these to be the same.
_SAME_NAME = {
    "CommandKeyType": "CommandKey",
    "ParameterKeyType": "ParameterKey",
    "EventCodeType": "EventCode",
    "ObjectNameType": "ObjectName",
    "DownloadFileType": "FileType",
    "UploadFileType": "FileType",
    "TransferFileType": "FileType",
    "TimeWindowModeValueType": "WindowMode",
    "ParameterAttributeNotificationValueType": "Notification",
    "DeploymentUnitUUID": "UUID",
    "DeploymentUnitState": "CurrentState",
    "DeploymentUnitOperationType": "OperationPerformed",
}
# What may be there without having been sent: the empty values of elements that are missing.
_NOTHING = {"", "0", "0001-01-01T00:00:00Z"}
# Soap's own words on a fault, and wrappers that a sender left empty.
_NO_DATA = {"faultcode", "faultstring", "Operations"}


@cache
def _index() -> list[dict[str, str]]:
    with (SAMPLES / "INDEX.tsv").open(newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def _leaves(element: ElementTree.Element) -> Iterator[tuple[str, str]]:
    name = element.tag.rpartition("}")[2]
    if len(element) == 0:
        yield _SAME_NAME.get(name, name), _normal(name, element.text or "")
    for child in element:
        yield from _leaves(child)


def _normal(name: str, text: str) -> str:
    """One spelling for each value: the reader knows that true is 1 and 2012-10-03T18:16:02 a time."""
    if name != "Value":
        text = re.sub(r"\s*[\r\n]\s*", "", text)
    if name in {"Writable", "IsDownload", "NextLevel", "Resolved", "NotificationChange", "AccessListChange"}:
        return {"true": "1", "false": "0"}.get(text.strip().lower(), text.strip())
    if name.endswith(("Time", "Date")):
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return "0001-01-01T00:00:00Z"
        return f"{moment.replace(microsecond=0, tzinfo=moment.tzinfo or UTC).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}".zfill(
            20
        )
    return text


def _seen(data: bytes) -> list[tuple[str, str]]:
    root = ElementTree.fromstring(data)
    body = next(child for child in root if child.tag.endswith("}Body"))
    return sorted(leaf for leaf in _leaves(body[0]) if leaf[0] not in _NO_DATA)


def _difference(data: bytes) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """What was sent and is not in our reading, and what is in our reading and was not sent."""
    sent, ours = _seen(data), _seen(encode(decode(data).envelope))
    lost, invented = [], list(ours)
    for leaf in sent:
        if leaf in invented:
            invented.remove(leaf)
        elif leaf[1]:
            lost.append(leaf)
    return lost, [leaf for leaf in invented if leaf[1] not in _NOTHING]


# What a naive reader sees and we read otherwise, each for a reason.
_READ_OTHERWISE = {
    # The schema gives an uninstall operation no URL.
    "cwmp_ex__015__ChangeDUState.xml": {("URL", "http://example.com/url")},
    "cwmp_ex__080__ChangeDUState.xml": {("URL", "http://example.com/url")},
    "cwmp_ex__081__ChangeDUState.xml": {("URL", "http://example.com/url")},
    # No number.
    "cwmp_ex__091__Download.xml": {("FileSize", "foo")},
    # No element of these messages in any schema.
    "itman__002__Fault.xml": {("ParameterKey", "006aecb92b10459b91321e32c9b4502f")},
    "itman__008__SetParameterValuesResponse.xml": {("ParameterKey", "test")},
    # An array's items may be called anything.
    "ibnhatab__071__SetVouchers.xml": {
        ("FaultCode", "AA=="),
        ("FaultCode", "AQ=="),
        ("FaultCode", "Cg=="),
        ("FaultCode", "JA=="),
    }
    | {("base64", "AA=="), ("base64", "AQ=="), ("base64", "Cg=="), ("base64", "JA==")},
    # Nothing but a sentence.
    "netcwmp-src__001__Fault.xml": {("Fault", "Error Message"), ("FaultString", "Error Message")},
}


def test_every_sample_decodes_to_what_a_reader_sees() -> None:
    failures = []
    large = 0
    for row in _index():
        data = (SAMPLES / row["file"]).read_bytes()
        if row["well_formed"] != "yes":
            continue
        if len(data) > 100_000:
            large += 1
            continue
        lost, invented = _difference(data)
        if {*lost, *invented} != _READ_OTHERWISE.get(row["file"], set()):
            failures.append(f"{row['file']}: lost {lost}, invented {invented}")
    assert not failures, "\n".join(failures)
    assert large == 1


def test_every_sample_is_the_message_its_index_says() -> None:
    for row in _index():
        data = (SAMPLES / row["file"]).read_bytes()
        try:
            received = decode(data)
        except DecodeError as error:
            assert row["expect"] != "accept", f"{row['file']}: {error}"
            assert row["method"] == "none", f"{row['file']}: {error}"
            assert error.refusal is Refusal.NOT_AN_ENVELOPE
            continue
        assert method_of(received.envelope.message) == row["method"], row["file"]
        if row["well_formed"] == "yes":
            assert f"1-{received.envelope.minor}" == row["cwmp_ns"], row["file"]
        oddities = row["oddities"].split(";")
        assert ("no-cwmp-id" in oddities or "no-header" in oddities) == (received.envelope.id is None), row["file"]
        wrong_count = any(oddity.startswith("arrayType-count") for oddity in oddities)
        assert wrong_count == (Oddity.ARRAY_COUNT in received.oddities), row["file"]


def _message(name: str) -> Message:
    return decode((SAMPLES / name).read_bytes()).envelope.message


def test_the_fritz_box() -> None:
    assert _message("fritzbox__001__Inform.xml") == Inform(
        DeviceId("AVM", "00040E", "FRITZ!Box", "00150C492F89"),
        (Event("0 BOOTSTRAP", ""),),
        1,
        datetime(2007, 1, 26, 10, 33, 12, tzinfo=UTC),
        0,
        tuple(
            ParameterValue(f"InternetGatewayDevice.{name}", value)
            for name, value in [
                ("DeviceInfo.HardwareVersion", "AVM FRITZ!Box Fon WLAN 7170 ( )\n                  29.05.01"),
                ("DeviceInfo.SoftwareVersion", "29.05.01-release-build_1818-2904"),
                ("DeviceInfo.SpecVersion", "1.0"),
                ("DeviceInfo.ProvisioningCode", "000.000.000.000"),
                ("ManagementServer.ParameterKey", ""),
                ("ManagementServer.ConnectionRequestURL", "http://194.175.125.104:8089/4b123c06"),
                ("WANDevice.1.WANConnectionDevice.1.WANPPPConnection.1.ExternalIPAddress", "194.175.125.104"),
            ]
        ),
    )


def test_an_inform_with_elements_named_after_their_types() -> None:
    inform = _message("ibnhatab__056__Inform.xml")
    assert isinstance(inform, Inform)
    assert inform.device_id == DeviceId("Alcatel", "001D4C", "9365 BSR Femto", "4321")
    assert inform.event == (Event("2", ""),)
    assert len(inform.parameter_list) == 10
    assert inform.parameter_list[3].value == "&sn=4321http://127.0.0.1:8095/ConnectionRequest?command=cr"


def test_an_inform_whose_attributes_stand_in_the_text() -> None:
    """Its prefixes are not declared: what can be read is, and the rest stays visible."""
    inform = _message("ibnhatab__080__Inform.xml")
    assert isinstance(inform, Inform)
    assert (inform.device_id.oui, inform.device_id.serial_number) == ("001D4C", "4321")
    assert [event.event_code for event in inform.event] == ["0 BOOTSTRAP", "1 BOOT"]
    assert [parameter.name for parameter in inform.parameter_list][-1] == "Device.GatewayInfo.SerialNumber"
    assert len(inform.parameter_list) == 13
    assert _message("ibnhatab__081__InformResponse.xml") == InformResponse(1)


def test_types_with_a_length_in_brackets() -> None:
    inform = _message("netcwmp-src__002__Inform.xml")
    assert isinstance(inform, Inform)
    assert {parameter.type for parameter in inform.parameter_list} == {XsdType.STRING}
    assert inform.parameter_list[3] == ParameterValue("InternetGatewayDevice.DeviceInfo.SoftwareVersion", "2.2.0.4")


def test_faults_wherever_they_stand() -> None:
    assert _message("netcwmp-src__001__Fault.xml") == Fault(0, "Error Message")
    assert _message("ibnhatab__001__Fault.xml") == Fault(9001, "Request Denied")
    bare = _message("ibnhatab__041__Fault.xml")
    assert isinstance(bare, Fault)
    assert [(one.name, one.code) for one in bare.parameters] == [("name", 9000)]
    folded = _message("ibnhatab__096__Fault.xml")
    assert isinstance(folded, Fault)
    assert [(one.name, one.code) for one in folded.parameters] == [
        ("InternetGatewayDevice.Time.LocalTimeZone", 9012),
        ("InternetGatewayDevice.Time.LocalTimeZoneName", 9012),
    ]


def test_a_transfer_complete_with_elements_named_after_their_types() -> None:
    message = _message("ibnhatab__073__TransferComplete.xml")
    assert getattr(message, "fault_struct") == TransferFault(1, "1 BOOT")  # noqa: B009


def test_a_large_list_of_names() -> None:
    message = _message("ibnhatab__084__GetParameterNamesResponse.xml")
    assert isinstance(message, GetParameterNamesResponse)
    data = (SAMPLES / "ibnhatab__084__GetParameterNamesResponse.xml").read_bytes()
    names = re.findall(rb"<Name>([^<]*)</Name>", data)
    assert [info.name.encode() for info in message.parameter_list] == names
    writable = re.findall(rb"<Writable>([^<]*)</Writable>", data)
    assert [info.writable for info in message.parameter_list] == [text in {b"1", b"true"} for text in writable]


def test_an_unknown_method() -> None:
    message = _message("ibnhatab__011__Request.xml")
    assert isinstance(message, VendorMessage)
    assert (message.fields[0].name, message.fields[0].value) == ("argument", "value")
