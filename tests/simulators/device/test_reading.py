"""GetParameterValues and GetParameterNames against a device."""

from cwmp_schemas.faults import Fault
from cwmp_schemas.rpc.parameters import GetParameterNames, GetParameterValues, GetParameterValuesResponse
from cwmp_schemas.values import XsdType
from simulators.device.rpcs.parameters import MAX_ENTRIES
from tests.simulators.device.asking import answer, code, names, router, value, values
from tests.simulators.device.conversing import START, ask

MAPPING = "Device.NAT.PortMapping.1."


def test_values_come_in_the_order_that_was_asked_for_each_with_its_type() -> None:
    message = answer(router(), GetParameterValues(("Device.NAT.PortMapping.1.", "Device.DeviceInfo.HardwareVersion")))
    assert isinstance(message, GetParameterValuesResponse)
    assert [(each.name, each.value, each.type) for each in message.parameter_list] == [
        (f"{MAPPING}Enable", "1", XsdType.BOOLEAN),
        (f"{MAPPING}Alias", "cpe-1", XsdType.STRING),
        (f"{MAPPING}ExternalPort", "8080", XsdType.UNSIGNED_INT),
        (f"{MAPPING}Protocol", "TCP", XsdType.STRING),
        ("Device.DeviceInfo.HardwareVersion", "A1", XsdType.STRING),
    ]


def test_the_empty_path_and_the_root_object_are_all_there_is() -> None:
    cpe = router()
    everything = values(cpe, "")
    assert len(everything) == 19
    assert everything == values(cpe, "Device.")


def test_an_object_without_parameters_has_no_values_and_that_is_no_fault() -> None:
    cpe = router("Device.Time,true,false,,\n")
    assert values(cpe, "Device.Time.") == {}


def test_a_name_that_is_not_there_is_a_fault_whatever_else_is_asked_for() -> None:
    cpe = router()
    known = "Device.DeviceInfo.HardwareVersion"
    for wrong in (
        "Device.DeviceInfo.Nothing",
        "Device.DeviceInfo",  # an object without its dot
        f"{known}.",  # a parameter with one
        "Device.NAT.PortMapping.2.",
        "Device..DeviceInfo.",
        ".",
        "Device.NAT.PortMapping.[cpe-1].Enable",  # it knows no aliases
    ):
        (message,) = ask(cpe, START, GetParameterValues((known, wrong)))
        assert isinstance(message, Fault), wrong
        assert message.code == 9005
        assert wrong in message.string


def test_an_answer_that_would_be_endless_is_refused() -> None:
    assert code(router(), GetParameterValues(("",) * (MAX_ENTRIES // 19 + 1))) == 9004


def test_passwords_read_back_empty() -> None:
    cpe = router()
    assert value(cpe, "Device.ManagementServer.Password") == ""
    assert cpe.management(START).password == "secret"


def test_what_is_made_when_it_is_read_goes_on() -> None:
    cpe = router()
    assert value(cpe, "Device.DeviceInfo.UpTime", now=START + 77) == "77"


def test_the_names_of_everything_have_each_object_before_what_is_below_it() -> None:
    cpe = router()
    everything = names(cpe, "")
    assert everything == names(cpe, "Device.")
    assert everything[:3] == [
        ("Device.", False),
        ("Device.RootDataModelVersion", False),
        ("Device.DeviceInfo.", False),
    ]
    seen: set[str] = {""}
    for name, _ in everything:
        assert name[: name.rstrip(".").rfind(".") + 1] in seen
        seen.add(name)


def test_names_of_an_object_begin_with_itself_and_those_of_its_next_level_do_not() -> None:
    cpe = router()
    assert names(cpe, "Device.NAT.PortMapping.") == [
        ("Device.NAT.PortMapping.", True),
        ("Device.NAT.PortMapping.1.", True),
        (f"{MAPPING}Enable", True),
        (f"{MAPPING}Alias", True),
        (f"{MAPPING}ExternalPort", True),
        (f"{MAPPING}Protocol", True),
    ]
    assert names(cpe, "Device.NAT.PortMapping.", next_level=True) == [("Device.NAT.PortMapping.1.", True)]
    assert names(cpe, "Device.NAT.", next_level=True) == [
        ("Device.NAT.PortMapping.", True),
        ("Device.NAT.PortMappingNumberOfEntries", False),
    ]
    assert names(cpe, "", next_level=True) == [("Device.", False)]


def test_the_names_of_a_parameter_are_its_own_and_it_has_no_next_level() -> None:
    cpe = router()
    assert names(cpe, f"{MAPPING}Enable") == [(f"{MAPPING}Enable", True)]
    assert code(cpe, GetParameterNames(f"{MAPPING}Enable", next_level=True)) == 9003


def test_names_below_nothing_are_a_fault() -> None:
    cpe = router()
    for wrong in ("Device.Nothing.", "Device.NAT", f"{MAPPING}Enable."):
        assert code(cpe, GetParameterNames(wrong, next_level=False)) == 9005
        assert code(cpe, GetParameterNames(wrong, next_level=True)) == 9005


def test_an_object_that_is_neither_table_nor_instance_is_never_writable() -> None:
    cpe = router("Device.Time,true,true,,\nDevice.Time.Enable,false,true,1,xsd:boolean\n")
    assert names(cpe, "Device.Time.") == [("Device.Time.", False), ("Device.Time.Enable", True)]


def test_every_parameter_that_is_named_can_be_read() -> None:
    cpe = router()
    named = [name for name, _ in names(cpe, "") if not name.endswith(".")]
    assert list(values(cpe, *named)) == named == list(values(cpe, ""))
