"""SetParameterAttributes and GetParameterAttributes against a device."""

from cwmp_schemas.messages import AcsRequest
from cwmp_schemas.rpc.parameters import (
    GetParameterAttributes,
    GetParameterAttributesResponse,
    SetParameterAttribute,
    SetParameterAttributes,
)
from simulators.device.capture import read_capture
from simulators.device.cpe import Cpe
from simulators.device.rpcs.parameters import MAX_ENTRIES
from tests.simulators.device.asking import ALIASES, add, answer, code, delete, router
from tests.simulators.device.conversing import SMALL, START, converse, device

CODE = "Device.DeviceInfo.ProvisioningCode"
UP_TIME = "Device.DeviceInfo.UpTime"
TABLE = "Device.NAT.PortMapping."
PORT = f"{TABLE}1.ExternalPort"
PROTOCOL = f"{TABLE}1.Protocol"
SUBSCRIBER = ("Subscriber",)


def attributes(cpe: Cpe, *paths: str) -> dict[str, tuple[int, tuple[str, ...]]]:
    message = answer(cpe, GetParameterAttributes(paths))
    assert isinstance(message, GetParameterAttributesResponse), message
    return {each.name: (each.notification, each.access_list) for each in message.parameter_list}


def notify(path: str, kind: int) -> SetParameterAttribute:
    return SetParameterAttribute(path, True, kind, False, ())


def allow(path: str, *entities: str) -> SetParameterAttribute:
    return SetParameterAttribute(path, False, 0, True, entities)


def setting(*wanted: SetParameterAttribute) -> AcsRequest:
    return SetParameterAttributes(wanted)


def test_attributes_are_read_in_the_order_that_was_asked_for() -> None:
    assert attributes(router(), f"{TABLE}1.", CODE) == {
        f"{TABLE}1.Enable": (0, SUBSCRIBER),
        f"{TABLE}1.Alias": (0, SUBSCRIBER),
        PORT: (0, SUBSCRIBER),
        PROTOCOL: (0, SUBSCRIBER),
        CODE: (2, SUBSCRIBER),
    }
    assert len(attributes(router(), "")) == 19


def test_what_is_always_told_at_once_says_so_from_the_factory_on() -> None:
    told = ("SoftwareVersion", "ProvisioningCode")
    names = [f"Device.DeviceInfo.{name}" for name in told] + ["Device.ManagementServer.ConnectionRequestURL"]
    assert {kind for kind, _ in attributes(router(), *names).values()} == {2}
    address = "InternetGatewayDevice.WANDevice.1.WANConnectionDevice.1.WANIPConnection.1.ExternalIPAddress"
    identity = "".join(SMALL.splitlines(keepends=True)[:5])
    rows = f"{identity}{address},false,false,192.0.2.1,xsd:string\n"
    assert attributes(device(read_capture(rows.splitlines())), address) == {address: (2, SUBSCRIBER)}


def test_each_of_both_attributes_is_changed_alone() -> None:
    cpe = router()
    assert code(cpe, setting(notify(PORT, 1))) == 0
    assert attributes(cpe, PORT) == {PORT: (1, SUBSCRIBER)}
    assert code(cpe, setting(allow(PORT))) == 0
    assert attributes(cpe, PORT) == {PORT: (1, ())}
    assert code(cpe, setting(notify(PORT, 2), allow(PORT, "Subscriber"))) == 0
    assert attributes(cpe, PORT) == {PORT: (2, SUBSCRIBER)}


def test_a_partial_path_is_all_parameters_below_it_and_the_last_entry_for_one_counts() -> None:
    cpe = router()
    assert code(cpe, setting(notify(TABLE, 1), notify(PORT, 2), notify(PORT, 0))) == 0
    assert attributes(cpe, PORT, PROTOCOL) == {PORT: (0, SUBSCRIBER), PROTOCOL: (1, SUBSCRIBER)}
    assert code(cpe, setting(notify(PORT, 2), notify("", 1))) == 0
    assert {kind for kind, _ in attributes(cpe, "").values()} == {1}


def test_one_entry_that_is_wrong_leaves_all_as_it_was() -> None:
    cpe = router()
    before = attributes(cpe, "")
    for wrong, fault in (
        (notify("Device.Nothing", 1), 9005),
        (notify("Device.NAT", 1), 9005),
        (notify(PORT, 7), 9003),
        (notify(PORT, -1), 9003),
        (notify(PORT, 3), 9003),  # it knows no lightweight notifications
        (allow(PORT, "Subscriber", "X_ACME_Portal"), 9003),
        (notify(UP_TIME, 2), 9009),
        (notify("Device.DeviceInfo.", 2), 9009),
    ):
        assert code(cpe, setting(notify(PROTOCOL, 1), wrong)) == fault, wrong
    assert attributes(cpe, "") == before
    assert code(cpe, GetParameterAttributes((PORT, "Device.Nothing"))) == 9005
    assert code(cpe, GetParameterAttributes(("",) * (MAX_ENTRIES // 19 + 1))) == 9004
    assert code(cpe, setting(*(notify("", 1),) * (MAX_ENTRIES // 19 + 1))) == 9004
    assert attributes(cpe, PORT) == {PORT: (0, SUBSCRIBER)}


def test_active_notification_of_what_changes_all_the_time_is_rejected_and_passive_is_not() -> None:
    sent, errors = "Device.IP.Interface.1.Stats.BytesSent", "Device.IP.Interface.1.Stats.ErrorsSent"
    cpe = router(f"{sent},false,false,1,xsd:unsignedInt\n{errors},false,false,1,xsd:unsignedInt\n")
    for path in (sent, errors, UP_TIME, "Device.ManagementServer.ParameterKey"):
        assert code(cpe, setting(notify(path, 2))) == 9009
        assert code(cpe, setting(notify(path, 1))) == 0


def test_lightweight_kinds_are_taken_by_a_device_that_says_it_knows_them() -> None:
    cpe = router("Device.ManagementServer.LightweightNotificationProtocolsSupported,false,false,UDP,xsd:string\n")
    for kind in range(7):
        assert code(cpe, setting(notify(PORT, kind))) == 0
        assert attributes(cpe, PORT)[PORT][0] == kind
    assert code(cpe, setting(notify(UP_TIME, 5))) == 9009


def test_attributes_outlive_a_restart_but_no_reset() -> None:
    cpe = router()
    assert code(cpe, setting(notify(PORT, 2), allow(PORT))) == 0
    cpe.restart(START)
    converse(cpe, cpe.due_at)
    assert attributes(cpe, PORT) == {PORT: (2, ())}
    cpe.factory_reset(START)
    converse(cpe, cpe.due_at)
    assert attributes(cpe, PORT) == {PORT: (0, SUBSCRIBER)}


def test_attributes_of_an_instance_go_with_it_and_can_be_named_by_its_alias() -> None:
    cpe = router(ALIASES)
    assert add(cpe, f"{TABLE}[web].") == 2
    path = f"{TABLE}[web].Protocol"
    assert code(cpe, setting(notify(path, 1))) == 0
    assert attributes(cpe, path) == {path: (1, SUBSCRIBER)}
    delete(cpe, f"{TABLE}[web].")
    assert add(cpe, f"{TABLE}[web].") == 3
    assert attributes(cpe, path) == {path: (0, SUBSCRIBER)}
