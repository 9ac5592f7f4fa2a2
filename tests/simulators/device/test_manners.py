"""Devices that behave otherwise than the standard says, each in its own way."""

import pytest

from cwmp_schemas.encode import encode
from cwmp_schemas.envelope import Envelope
from cwmp_schemas.faults import AcsFault, Fault
from cwmp_schemas.messages import AcsRequest, Message
from cwmp_schemas.rpc.parameters import (
    GetParameterNames,
    GetParameterNamesResponse,
    GetParameterValues,
    GetParameterValuesResponse,
    ParameterInfo,
    ParameterValue,
    SetParameterValues,
    SetParameterValuesResponse,
)
from cwmp_schemas.rpc.session import GetRPCMethods, GetRPCMethodsResponse, Inform, InformResponse
from cwmp_schemas.rpc.transfers import TransferComplete, TransferFault
from cwmp_schemas.style import WireStyle
from cwmp_schemas.values import UNKNOWN_TIME, XsdType
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


def test_the_empty_path_is_refused_and_the_root_object_is_not() -> None:
    # Sagemcom F@st 2764
    cpe = mannered("refuses-empty-path")
    assert fault_of(ask(cpe, START, GetParameterValues(("",)))).code == 9005
    assert fault_of(ask(cpe, START, GetParameterNames("", True))).code == 9005
    assert VERSION in values(ask(cpe, START, GetParameterValues(("Device.",))))


def test_a_name_is_refused_though_it_is_listed() -> None:
    # PPP CPEs, Calix 804Mesh
    cpe, name = mannered("refuses-listed"), "Device.PPP.Interface.1.Enable"
    assert name in values(ask(cpe, START, GetParameterValues(("Device.PPP.",))))
    assert fault_of(ask(cpe, START, GetParameterValues((VERSION, name)))).code == 9005
    assert values(ask(cpe, START, GetParameterValues((VERSION,)))) == {VERSION: "1.0"}


@pytest.mark.parametrize(("name", "code"), [("small-batches-9004", 9004), ("small-batches-9002", 9002)])
def test_more_than_a_batch_is_refused(name: str, code: int) -> None:
    # Cisco 867; Grandstream
    cpe = mannered(name)
    assert fault_of(ask(cpe, START, GetParameterValues((VERSION,) * 17))).code == code
    too_many = (ParameterValue(CODE, "x"),) * 17
    assert fault_of(ask(cpe, START, SetParameterValues(too_many))).code == code
    assert values(ask(cpe, START, GetParameterValues((VERSION,) * 16)))


def test_more_than_a_batch_is_hung_up_on() -> None:
    assert hung_up(mannered("hangs-up-on-batches"), GetParameterValues((VERSION,) * 17)) == "too much at once"


def test_values_above_a_limit_are_left_out_silently() -> None:
    # Huawei HN8145X6N; here with three.
    cpe = mannered(quirks=Quirks(manners=Manners(values_limit=3)))
    everything = values(ask(mannered(), START, GetParameterValues(("Device.",))))
    assert list(values(ask(cpe, START, GetParameterValues(("Device.",))))) == list(everything)[:3]


def test_a_write_is_ignored_and_said_to_be_done() -> None:
    # Huawei HN8145X6N
    cpe = mannered("ignores-writes")
    asked = SetParameterValues((ParameterValue(CODE, "new"), ParameterValue("Device.WiFi.SSID.1.SSID", "new")))
    assert ask(cpe, START, asked) == [SetParameterValuesResponse(0)]
    assert cpe.tree.value(CODE, START) == ""
    assert cpe.tree.value("Device.WiFi.SSID.1.SSID", START) == "new"


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


def test_configuration_is_refused_for_a_while_after_the_start() -> None:
    # Baicells
    cpe, asked = mannered("late-configuration"), SetParameterValues((ParameterValue(CODE, "new"),))
    assert fault_of(ask(cpe, START + 599, asked)).code == 9001
    assert values(ask(cpe, START + 599, GetParameterValues((CODE,)))) == {CODE: ""}
    assert ask(cpe, START + 600, asked) == [SetParameterValuesResponse(0)]


def test_a_device_without_parameter_key_has_none_anywhere() -> None:
    # SpeedTouch 780
    key = "Device.ManagementServer.ParameterKey"
    cpe = mannered("no-parameter-key")
    assert key not in {each.name for each in converse(cpe, START).inform.parameter_list}
    assert fault_of(ask(cpe, START, GetParameterValues((key,)))).code == 9005
    assert ask(cpe, START, SetParameterValues((ParameterValue(CODE, "new"),), "key")) == [SetParameterValuesResponse(0)]
    assert mannered("no-parameter-key").tree.model is cpe.tree.model, "one model serves all of them"
    assert key in MODEL.informed


def test_all_parameters_are_listed_as_read_only_and_can_be_written() -> None:
    cpe = mannered("reports-read-only")
    assert not any(info.writable for info in infos(ask(cpe, START, GetParameterNames("Device.WiFi.SSID.1.", False))))
    assert any(info.writable for info in infos(ask(cpe, START, GetParameterNames("Device.NAT.", False)))), "objects"
    assert ask(cpe, START, SetParameterValues((ParameterValue(CODE, "new"),))) == [SetParameterValuesResponse(0)]


@pytest.mark.parametrize("serial", ["0000", "001122334455", "99999"])
def test_a_serial_number_may_be_that_of_many(serial: str) -> None:
    assert converse(mannered(f"serial-{serial}"), START).inform.device_id.serial_number == serial


def test_a_product_class_may_have_spaces() -> None:
    # Technicolor TG784n
    assert converse(mannered("spaces-in-product-class"), START).inform.device_id.product_class == "B ox "


@pytest.mark.parametrize(
    ("wants", "value", "code"),
    [
        ("numeric-booleans", "true", 9007),
        ("numeric-booleans", "false", 9007),
        ("numeric-booleans", "1", None),
        ("numeric-booleans", "0", None),
        ("worded-booleans", "true", None),
        ("worded-booleans", "false", None),
        ("worded-booleans", "1", 9007),
        ("worded-booleans", "0", 9007),
    ],
)
def test_a_boolean_may_have_to_be_a_number_or_a_word(wants: str, value: str, code: int | None) -> None:
    # Of the first kind is the TP-Link W9970.
    name = "Device.PPP.Interface.1.Enable"
    asked = SetParameterValues((ParameterValue(name, value, XsdType.BOOLEAN),))
    answers = ask(mannered(wants), START, asked)
    if code is None:
        assert answers == [SetParameterValuesResponse(0)]
    else:
        (wrong,) = fault_of(answers).parameters
        assert (wrong.name, wrong.code) == (name, code)


def test_a_time_may_have_to_have_milliseconds() -> None:
    cpe, name = mannered("wants-milliseconds"), "Device.X_ACME_At"

    def answers(value: str) -> list[Message]:
        return ask(cpe, START, SetParameterValues((ParameterValue(name, value, XsdType.DATE_TIME),)))

    assert fault_of(answers("2026-01-02T03:04:05Z")).parameters[0].code == 9007
    assert answers("2026-01-02T03:04:05.000Z") == [SetParameterValuesResponse(0)]


def test_another_namespace_is_hung_up_on() -> None:
    with pytest.raises(AcsError, match="unbearable namespace"):
        converse(mannered("hangs-up-on-namespace", "namespace-1-0"), START)
    assert converse(mannered("hangs-up-on-namespace", "namespace-1-0"), START, minor=0).said


def test_a_next_level_that_is_a_number_is_hung_up_on() -> None:
    def answer(cpe: Cpe, *, words: bool) -> bytes | None:
        assert cpe.advance(START)
        session = cpe.open(START)
        session.begin(START)
        session.receive(encode(Envelope("1", InformResponse(), 2)), START)
        rpc = Envelope("2", GetParameterNames("Device.", next_level=True), 2)
        return session.receive(encode(rpc, WireStyle(next_level_words=words)), START)

    assert answer(mannered("hangs-up-on-next-level"), words=True)
    assert answer(mannered(), words=False)
    with pytest.raises(AcsError, match="unbearable NextLevel"):
        answer(mannered("hangs-up-on-next-level"), words=False)


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
