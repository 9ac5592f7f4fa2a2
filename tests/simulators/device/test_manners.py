"""Devices that behave otherwise than the standard says, each in its own way."""

import pytest

from cwmp_schemas.encode import encode
from cwmp_schemas.envelope import Envelope
from cwmp_schemas.faults import AcsFault, Fault
from cwmp_schemas.messages import AcsRequest, Message
from cwmp_schemas.rpc.parameters import (
    GetParameterNamesResponse,
    GetParameterValues,
    GetParameterValuesResponse,
    ParameterInfo,
    ParameterValue,
    SetParameterValues,
)
from cwmp_schemas.rpc.session import GetRPCMethods, GetRPCMethodsResponse, Inform, InformResponse
from cwmp_schemas.rpc.transfers import TransferComplete, TransferFault
from cwmp_schemas.style import WireStyle
from cwmp_schemas.values import UNKNOWN_TIME
from simulators.device import manners
from simulators.device.capture import read_capture
from simulators.device.chance import Chance
from simulators.device.cpe import Cpe
from simulators.device.errors import AcsError
from simulators.device.identity import Identity
from simulators.device.model import Model
from simulators.device.quirk_names import quirk, quirks_named
from simulators.device.quirks import Manners, Quirks
from simulators.device.timing import AT_ONCE
from tests.simulators.device.conversing import SMALL, START, acknowledgement, ask, converse, fault_of

CODE = "Device.DeviceInfo.ProvisioningCode"
VERSION = "Device.DeviceInfo.SoftwareVersion"
PASSWORD = "Device.ManagementServer.Password"
UDP = "Device.ManagementServer.UDPConnectionRequestAddress"
PASSPHRASE = "Device.WiFi.AccessPoint.1.Security.KeyPassphrase"
MORE = f"""\
{UDP},false,false,192.0.2.1:5000,xsd:string
{PASSPHRASE},false,true,tulip123,xsd:string
Device.WiFi.SSID.1.SSID,false,true,home,xsd:string
Device.PPP.Interface.1.Enable,false,true,true,xsd:boolean
Device.X_ACME_At,false,true,2026-01-01T00:00:00Z,xsd:dateTime
"""
MODEL = read_capture((SMALL + MORE).splitlines())


def mannered(*names: str, quirks: Quirks | None = None, model: Model = MODEL) -> Cpe:
    """A device that is on and known."""
    return Cpe(
        model,
        Identity(MODEL.device_id, 1),
        chance=Chance(1),
        now=START,
        quirks=quirks or quirks_named(names),
        timing=AT_ONCE,
        is_known=True,
    )


def values(messages: list[Message]) -> dict[str, str]:
    """The only answer, which is of values."""
    (message,) = messages
    assert isinstance(message, GetParameterValuesResponse)
    return {each.name: each.value for each in message.parameter_list}


def infos(messages: list[Message]) -> tuple[ParameterInfo, ...]:
    """The only answer, which is of names."""
    (message,) = messages
    assert isinstance(message, GetParameterNamesResponse)
    return message.parameter_list


def hung_up(cpe: Cpe, rpc: AcsRequest) -> str:
    """Why a device hangs up on an RPC."""
    with pytest.raises(AcsError) as caught:
        ask(cpe, START, rpc)
    return caught.value.reason


def test_a_name_is_refused_though_it_is_listed() -> None:
    # PPP CPEs, Calix 804Mesh
    cpe, name = mannered("refuses-listed"), "Device.PPP.Interface.1.Enable"
    assert name in values(ask(cpe, START, GetParameterValues(("Device.PPP.",))))
    assert fault_of(ask(cpe, START, GetParameterValues((VERSION, name)))).code == 9005
    assert values(ask(cpe, START, GetParameterValues((VERSION,)))) == {VERSION: "1.0"}


def test_more_than_a_batch_is_hung_up_on() -> None:
    assert hung_up(mannered("hangs-up-on-batches"), GetParameterValues((VERSION,) * 17)) == "too much at once"


def test_values_above_a_limit_are_left_out_silently() -> None:
    # Huawei HN8145X6N; here with three.
    cpe = mannered(quirks=Quirks(manners=Manners(values_limit=3)))
    everything = values(ask(mannered(), START, GetParameterValues(("Device.",))))
    assert list(values(ask(cpe, START, GetParameterValues(("Device.",))))) == list(everything)[:3]


def test_the_second_rpc_of_a_session_is_hung_up_on() -> None:
    # SmartRG SR505N
    cpe, asked = mannered("one-rpc-a-session"), GetParameterValues((VERSION,))
    assert values(ask(cpe, START, asked))
    with pytest.raises(AcsError, match="one RPC too many"):
        ask(cpe, START, asked, asked)


def test_methods_are_asked_for_in_each_session() -> None:
    # Calix GigaSpire
    cpe = mannered("asks-methods")
    for _ in range(2):
        cpe.called(START)
        assert converse(cpe, START).requests == [GetRPCMethods()]


@pytest.mark.parametrize("answer", [Fault(AcsFault.METHOD_NOT_SUPPORTED, "no"), GetRPCMethodsResponse(())])
def test_no_other_answer_than_a_list_of_methods_will_do(answer: Message) -> None:
    def acknowledge(message: Message) -> Message:
        return acknowledgement(message) if isinstance(message, Inform) else answer

    with pytest.raises(AcsError, match="no list of methods"):
        converse(mannered("asks-methods"), START, acknowledge=acknowledge)


def test_the_address_for_udp_is_no_address() -> None:
    # Calix 844E
    assert values(ask(mannered("null-udp-address"), START, GetParameterValues((UDP,)))) == {UDP: "(null)"}
    assert values(ask(mannered(), START, GetParameterValues((UDP,)))) == {UDP: "192.0.2.1:5000"}


@pytest.mark.parametrize(
    ("names", "password", "passphrase"),
    [([], "", "tulip123"), (["secrets-read-empty"], "", ""), (["secrets-told"], "secret", "tulip123")],
)
def test_secrets_are_told_or_not(names: list[str], password: str, passphrase: str) -> None:
    told = values(ask(mannered(*names), START, GetParameterValues((PASSWORD, PASSPHRASE))))
    assert told == {PASSWORD: password, PASSPHRASE: passphrase}


def test_a_vendors_secrets_read_empty_too() -> None:
    name = "Device.X_ACME_Guest_Password_1"
    model = read_capture([*SMALL.splitlines(), f"{name},false,true,secret,xsd:string"])
    asked = GetParameterValues((name,))
    assert values(ask(mannered(model=model), START, asked)) == {name: "secret"}
    assert values(ask(mannered("secrets-read-empty", model=model), START, asked)) == {name: ""}


@pytest.mark.parametrize(
    ("quirk_name", "rpc", "seconds"),
    [
        ("silent-after-wifi-write", SetParameterValues((ParameterValue("Device.WiFi.SSID.1.SSID", "x"),)), 150.0),
        ("silent-after-wifi-write", SetParameterValues((ParameterValue(CODE, "x"),)), 0.0),
        ("slow-full-read", GetParameterValues(("",)), 168.0),
        ("slow-full-read", GetParameterValues(("Device.",)), 168.0),
        ("slow-full-read", GetParameterValues(("Device.DeviceInfo.",)), 0.0),
    ],
)
def test_some_answers_take_long(quirk_name: str, rpc: AcsRequest, seconds: float) -> None:
    cpe = mannered(quirk_name)
    assert cpe.advance(START)
    session = cpe.open(START)
    session.begin(START)
    session.receive(encode(Envelope("1", InformResponse())), START)
    assert session.receive(encode(Envelope("acs", rpc)), START)
    assert session.pause == seconds
    session.receive(b"", START)
    assert session.pause == 0.0


@pytest.mark.parametrize("serial", ["0000", "001122334455", "99999"])
def test_a_serial_number_may_be_that_of_many(serial: str) -> None:
    assert converse(mannered(f"serial-{serial}"), START).inform.device_id.serial_number == serial


def test_a_product_class_may_have_spaces() -> None:
    # Technicolor TG784n
    assert converse(mannered("spaces-in-product-class"), START).inform.device_id.product_class == "B ox "


def test_another_namespace_is_hung_up_on() -> None:
    with pytest.raises(AcsError, match="unbearable namespace"):
        converse(mannered("hangs-up-on-namespace", "namespace-1-0"), START)
    assert converse(mannered("hangs-up-on-namespace", "namespace-1-0"), START, minor=0).said


@pytest.mark.parametrize(
    ("name", "octets"),
    [
        ("hangs-up-on-declaration", encode(Envelope("1", InformResponse(), 2), WireStyle(declaration=True))),
        ("hangs-up-on-newlines", encode(Envelope("1", InformResponse(), 2)).replace(b"><", b">\n<")),
    ],
)
def test_what_some_cannot_read_is_hung_up_on(name: str, octets: bytes) -> None:
    for cpe, bears in ((mannered(name), False), (mannered(), True)):
        assert cpe.advance(START)
        session = cpe.open(START)
        session.begin(START)
        if bears:
            session.receive(octets, START)
        else:
            with pytest.raises(AcsError, match="unbearable"):
                session.receive(octets, START)


def test_the_end_of_a_transfer_is_told_in_a_devices_own_way() -> None:
    good = TransferComplete("key", TransferFault(0, ""), UNKNOWN_TIME, UNKNOWN_TIME)
    bad = TransferComplete("key", TransferFault(9010, "lost"), UNKNOWN_TIME, UNKNOWN_TIME)
    assert manners.request(quirk("no-transfer-complete").manners, good) is None
    assert manners.request(quirk("no-transfer-complete").manners, bad) == bad
    told = manners.request(quirk("forgets-command-key").manners, good)
    assert isinstance(told, TransferComplete)
    assert told.command_key == ""
    liar = quirk("fails-good-uploads").manners
    assert manners.upload_result(liar, TransferFault(0, "")).fault_code == 9011
    assert manners.upload_result(liar, TransferFault(9015, "")).fault_code == 9015
    assert manners.upload_result(Manners(), TransferFault(0, "")).fault_code == 0
