"""SetParameterValues against a device."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwmp_schemas.faults import Fault
from cwmp_schemas.rpc.parameters import ParameterValue, SetParameterValues
from cwmp_schemas.values import XsdType
from simulators.device.checking import MAX_VALUE, canonical
from tests.simulators.device.asking import answer, code, flag, number, of, put, router, value, values
from tests.simulators.device.conversing import START, converse, device

CODE = "Device.DeviceInfo.ProvisioningCode"
KEY = "Device.ManagementServer.ParameterKey"
PORT = "Device.NAT.PortMapping.1.ExternalPort"
PROTOCOL = "Device.NAT.PortMapping.1.Protocol"
ENABLE = "Device.NAT.PortMapping.1.Enable"


def test_values_are_kept_with_the_key() -> None:
    cpe = router()
    assert put(cpe, of(CODE, "new"), number(PORT, "81"), key="k1") == 0
    assert values(cpe, CODE, PORT, KEY) == {CODE: "new", PORT: "81", KEY: "k1"}


def test_no_values_at_all_set_the_key_alone() -> None:
    cpe = router()
    assert put(cpe, key="k1") == 0
    assert value(cpe, KEY) == "k1"
    assert put(cpe, of(CODE, "new")) == 0
    assert value(cpe, KEY) == ""


def test_all_that_is_wrong_is_named_and_nothing_is_set() -> None:
    cpe = router()
    assert put(cpe, key="before") == 0
    before = values(cpe, "")
    wrong = put(
        cpe,
        of(CODE, "new"),
        of("Device.Nothing", ""),
        of("Device.NAT.", ""),
        of("Device.DeviceInfo.SoftwareVersion", "2"),
        of(PORT, "81"),
        flag(ENABLE, "maybe"),
        of(PROTOCOL, "ICMP"),
        key="k1",
    )
    assert wrong == [
        ("Device.Nothing", 9005),
        ("Device.NAT.", 9005),
        ("Device.DeviceInfo.SoftwareVersion", 9008),
        (PORT, 9006),
        (ENABLE, 9007),
        (PROTOCOL, 9007),
    ]
    assert values(cpe, "") == before


def test_a_parameter_that_is_set_twice_is_wrong_even_to_one_value() -> None:
    cpe = router()
    assert put(cpe, of(CODE, "a"), number(PORT, "81"), of(CODE, "a"), of(CODE, "b")) == [(CODE, 9003)]
    assert values(cpe, CODE, PORT) == {CODE: "", PORT: "8080"}


def test_each_wrong_parameter_says_why() -> None:
    message = answer(router(), SetParameterValues((of(PORT, "81"), of(PROTOCOL, "ICMP"))))
    assert isinstance(message, Fault)
    port, protocol = message.parameters
    assert "xsd:unsignedInt" in port.string
    assert "'TCP'" in protocol.string


@pytest.mark.parametrize(
    ("parameter", "kept"),
    [
        (flag(ENABLE, "true"), "1"),
        (flag(ENABLE, "1"), "1"),
        (flag(ENABLE, "false"), "0"),
        (flag(ENABLE, "0"), "0"),
        (number(PORT, "0081"), "81"),
        (number(PORT, "+81"), "81"),
        (of(CODE, "  as it is "), "  as it is "),
        (of("Device.Time.Start", "2024-02-29T12:00:00+02:00", XsdType.DATE_TIME), "2024-02-29T10:00:00Z"),
        (of("Device.Time.Blob", " QUJD\n", XsdType.BASE64), "QUJD"),
        (of("Device.Time.Hex", "0aff", XsdType.HEX_BINARY), "0AFF"),
        (of("Device.Time.Offset", "-007", XsdType.INT), "-7"),
        (of("Device.Time.Big", "18446744073709551615", XsdType.UNSIGNED_LONG), "18446744073709551615"),
        (of("Device.Time.Factor", "+1.50", XsdType.DECIMAL), "1.50"),
    ],
)
def test_a_value_is_kept_in_the_one_spelling_of_its_type(parameter: ParameterValue, kept: str) -> None:
    cpe = router(TIMES)
    assert put(cpe, parameter) == 0
    assert value(cpe, parameter.name) == kept


TIMES = """\
Device.Time.Start,false,true,2024-01-01T00:00:00Z,xsd:dateTime
Device.Time.Blob,false,true,,xsd:base64
Device.Time.Hex,false,true,,xsd:hexBinary
Device.Time.Offset,false,true,0,xsd:int
Device.Time.Big,false,true,0,xsd:unsignedLong
Device.Time.Factor,false,true,1,xsd:decimal
"""


@pytest.mark.parametrize(
    "parameter",
    [
        flag(ENABLE, "yes"),
        flag(ENABLE, "TRUE"),
        flag(ENABLE, ""),
        number(PORT, "65536"),  # the model's range
        number(PORT, "-1"),
        number(PORT, ""),
        number(PORT, "8 0"),
        of(CODE, "x" * 65),  # the model's length
        of(PROTOCOL, "tcp"),
        of("Device.Time.Start", "2024-01-01", XsdType.DATE_TIME),
        of("Device.Time.Start", "2024-13-01T00:00:00Z", XsdType.DATE_TIME),
        of("Device.Time.Blob", "A", XsdType.BASE64),
        of("Device.Time.Hex", "0F F0", XsdType.HEX_BINARY),
        of("Device.Time.Offset", "2147483648", XsdType.INT),
        of("Device.ManagementServer.Username", "x" * 257),
        of("Device.X_Note", "x" * (MAX_VALUE + 1)),
    ],
)
def test_a_value_that_its_type_or_the_models_forbid_is_refused(parameter: ParameterValue) -> None:
    cpe = router(TIMES + "Device.X_Note,false,true,,xsd:string\n")
    before = values(cpe, "")
    assert put(cpe, parameter) == [(parameter.name, 9007)]
    assert values(cpe, "") == before


def test_a_list_is_looked_at_item_by_item() -> None:
    ports = "Device.Firewall.ConnectionTracking.SIP.Ports"
    cpe = router(f"{ports},false,true,5060,xsd:string\n")
    assert put(cpe, of(ports, "5060, 5061")) == 0
    assert put(cpe, of(ports, "5060,65536")) == [(ports, 9007)]


def test_a_vendors_value_of_an_enumeration_is_taken() -> None:
    assert put(router(), of(PROTOCOL, "X_ACME_SCTP")) == 0


def test_what_a_device_shows_it_takes_back_whatever_the_models_say() -> None:
    path = "Device.NAT.PortMapping.2.Protocol"
    cpe = router(f"{path},false,true,tcp+udp,xsd:string\n")
    assert put(cpe, of(path, "tcp+udp")) == 0
    assert put(cpe, of(path, "udp+tcp")) == [(path, 9007)]


def test_a_password_cannot_be_found_out_by_what_is_taken_back() -> None:
    hidden = "Device.ManagementServer.ConnectionRequestPassword"
    long = "k" * 257
    cpe = router(f"{hidden},false,true,{long},xsd:string\n")
    assert value(cpe, hidden) == ""
    assert put(cpe, of(hidden, long)) == [(hidden, 9007)]


def test_what_the_models_say_of_another_type_says_nothing() -> None:
    path = "Device.NAT.PortMapping.2.ExternalPort"
    cpe = router(f"{path},false,true,any,xsd:string\n")
    assert put(cpe, of(path, "none")) == 0


def test_the_login_to_the_acs_is_in_use_from_the_next_session_on() -> None:
    url, user = "Device.ManagementServer.URL", "Device.ManagementServer.Username"
    cpe = router()
    assert put(cpe, of(url, "http://127.0.0.1:7547/")) == 0
    assert put(cpe, of(url, "http://127.0.0.1:7549/")) == 1
    assert value(cpe, url) == "http://127.0.0.1:7549/"
    assert put(cpe, of(user, "other"), of(CODE, "x")) == 1
    assert put(cpe, of("Device.ManagementServer.Password", "new")) == 1
    assert cpe.management(START).password == "new"
    assert value(cpe, "Device.ManagementServer.Password") == ""


def test_what_was_set_outlives_a_restart_but_no_reset() -> None:
    cpe = router()
    assert put(cpe, of(CODE, "new")) == 0
    cpe.restart(START)
    converse(cpe, cpe.due_at)
    assert value(cpe, CODE) == "new"
    cpe.factory_reset(START)
    converse(cpe, cpe.due_at)
    assert value(cpe, CODE) == ""


def test_a_key_that_is_too_long_changes_nothing() -> None:
    cpe = router()
    assert code(cpe, SetParameterValues((of(CODE, "new"),), "k" * 33)) == 9003
    assert value(cpe, CODE) == ""


def test_devices_of_one_kind_do_not_share_what_was_set() -> None:
    one, other = router(), router()
    model = one.tree.model
    one, other = device(model), device(model)
    assert put(one, of(CODE, "new")) == 0
    assert value(other, CODE) == ""


WRITABLE = {CODE: XsdType.STRING, PORT: XsdType.UNSIGNED_INT, ENABLE: XsdType.BOOLEAN, PROTOCOL: XsdType.STRING}
ANY_NAME = st.sampled_from([*WRITABLE, "Device.DeviceInfo.SoftwareVersion", "Device.Nothing", "Device.NAT."])
ANY_TEXT = st.sampled_from(["", "1", "0", "true", "TCP", "UDP", "81", "-1", "99999", "text"])
ANY_KIND = st.sampled_from([XsdType.STRING, XsdType.UNSIGNED_INT, XsdType.BOOLEAN])
ANY_PARAMETER = st.builds(ParameterValue, ANY_NAME, ANY_TEXT, ANY_KIND)
GOOD_PARAMETER = st.sampled_from(
    [of(CODE, "x"), of(CODE, "y"), number(PORT, "81"), flag(ENABLE, "0"), of(PROTOCOL, "UDP")]
)


def is_good(parameter: ParameterValue) -> bool:
    """What a plain reading of the standard says about a value."""
    if WRITABLE.get(parameter.name) is not parameter.type:
        return False
    match parameter.name:
        case _ if parameter.name == PORT:
            return parameter.value.isdigit() and int(parameter.value) < 65536
        case _ if parameter.name == ENABLE:
            return parameter.value in {"1", "0", "true"}
        case _ if parameter.name == PROTOCOL:
            return parameter.value in {"TCP", "UDP"}
    return True


@given(st.lists(st.lists(st.one_of(GOOD_PARAMETER, ANY_PARAMETER), max_size=5), max_size=4))
def test_all_is_set_or_nothing(requests: list[list[ParameterValue]]) -> None:
    cpe = router()
    plain = {path: value(cpe, path) for path in [*WRITABLE, KEY]}
    for turn, parameters in enumerate(requests):
        names = [parameter.name for parameter in parameters]
        twice = {name for name in names if names.count(name) > 1}
        wrong = {each.name for each in parameters if not is_good(each)} | twice
        outcome = put(cpe, *parameters, key=str(turn))
        if wrong:
            assert isinstance(outcome, list)
            assert sorted(name for name, _ in outcome) == sorted(wrong)
        else:
            assert outcome == 0
            plain |= {each.name: canonical(each.type, each.value) for each in parameters} | {KEY: str(turn)}
        assert {path: value(cpe, path) for path in plain} == plain
