"""Captures of devices, in the shapes that they come in."""

import io
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwmp_schemas.rpc.session import DeviceId
from cwmp_schemas.values import XsdType
from simulators.device.capture import MAX_DEPTH, MAX_ROWS, read_capture
from simulators.device.errors import ModelError
from simulators.device.identity import Identity
from simulators.device.model import MAX_INSTANCES, Attributes, Leaf, Live, Model, Node, find
from simulators.device.tree import Tree
from tests.simulators.device.asking import add, names, value, values
from tests.simulators.device.conversing import START, device

SHORT = "Parameter,Object,Writable,Value,Value type\n"
LONG = (
    "Parameter,Object,Object timestamp,Writable,Writable timestamp,Value,Value type,Value timestamp,"
    "Notification,Notification timestamp,Access list,Access list timestamp\n"
)
IDENTITY = """\
DeviceID.Manufacturer,false,false,"Acme, Inc.",xsd:string
DeviceID.OUI,false,false,00A0F1,xsd:string
DeviceID.ProductClass,false,false,Box,xsd:string
DeviceID.SerialNumber,false,false,S1,xsd:string
"""


def read(text: str) -> Model:
    """As a file is read: each line with its end."""
    return read_capture(io.StringIO(text, newline=""))


def captured(rows: str) -> Model:
    return read(SHORT + IDENTITY + rows)


def leaf(model: Model, path: str) -> Leaf:
    found = find(model.root, path)
    assert isinstance(found, Leaf), path
    return found


def node(model: Model, path: str) -> Node:
    found = find(model.root, path)
    assert isinstance(found, Node), path
    return found


def test_the_short_form_has_objects_without_a_dot() -> None:
    model = captured(
        "Device,true,false,,\nDevice.NAT,true,false,,\nDevice.NAT.PortMapping,true,true,,\n"
        "Device.NAT.PortMapping.3,true,true,,\nDevice.NAT.PortMapping.3.Enable,false,true,false,xsd:boolean\n"
    )
    assert model.device_id == DeviceId("Acme, Inc.", "00A0F1", "Box", "S1")
    assert names(device(model), "") == [
        ("Device.", False),
        ("Device.NAT.", False),
        ("Device.NAT.PortMapping.", True),
        ("Device.NAT.PortMapping.3.", True),
        ("Device.NAT.PortMapping.3.Enable", True),
    ]


def test_objects_may_have_their_dot_or_no_row_of_their_own() -> None:
    model = captured("Device.NAT.PortMapping.,,true,,\nDevice.NAT.PortMapping.3.Enable,,true,1,boolean\n")
    assert node(model, "Device.NAT.PortMapping.").writable
    assert not node(model, "Device.NAT.PortMapping.3.").writable
    assert leaf(model, "Device.NAT.PortMapping.3.Enable").type is XsdType.BOOLEAN


def test_the_long_form_has_times_and_attributes() -> None:
    when = "2024-05-01T10:00:00.000Z"
    model = read(
        f"{LONG}"
        f'DeviceID.SerialNumber,false,{when},false,{when},"S1",xsd:string,{when},,,,\n'
        f'Tags.lab,false,{when},true,{when},"true",xsd:boolean,{when},,,,\n'
        f'Events.Inform,false,{when},false,{when},"{when}",xsd:dateTime,{when},,,,\n'
        f'VirtualParameters.Wifi,false,{when},true,{when},"x",xsd:string,{when},,,,\n'
        f"Device,true,{when},false,{when},,,,,,,\n"
        f"Device.Time,true,{when},false,{when},,,,,,,\n"
        f'Device.Time.CurrentLocalTime,false,{when},false,{when},"{when}",xsd:dateTime,{when},0,{when},,\n'
        f'Device.Time.NTPServer1,false,{when},true,{when},"ntp",xsd:string,{when},1,{when},Subscriber,{when}\n'
        f'Device.Time.NTPServer2,false,{when},true,{when},"",xsd:string,{when},2,{when},"Subscriber,X_A",{when}\n'
        f'Device.Time.Enable,false,{when},true,{when},"true",xsd:boolean,{when},9,{when},,\n'
    )
    assert model.device_id.serial_number == "S1"
    assert leaf(model, "Device.Time.CurrentLocalTime").value == "2024-05-01T10:00:00Z"
    assert leaf(model, "Device.Time.NTPServer1").attributes == Attributes(1)
    assert leaf(model, "Device.Time.NTPServer2").attributes == Attributes(2, ("Subscriber", "X_A"))
    assert leaf(model, "Device.Time.Enable").attributes == Attributes()


def test_values_may_have_anything_in_them() -> None:
    model = captured(
        'Device.DeviceInfo.Description,false,false,"one, ""two""\nthree",xsd:string\r\n'
        "Device.DeviceInfo.ModelName,false,false,Größe 東京,xsd:string\r\n"
    )
    assert values(device(model), "Device.DeviceInfo.") == {
        "Device.DeviceInfo.Description": 'one, "two"\nthree',
        "Device.DeviceInfo.ModelName": "Größe 東京",
    }


def test_a_byte_order_mark_and_columns_in_another_order_are_borne() -> None:
    mark = "\N{ZERO WIDTH NO-BREAK SPACE}"
    model = read(f"{mark}Parameter, Value ,Writable\nDevice.DeviceInfo.ModelName,Box,\n\nDevice.X_A,1,true\n")
    assert leaf(model, "Device.DeviceInfo.ModelName").value == "Box"
    assert leaf(model, "Device.X_A").writable


def test_types_come_from_the_capture_or_else_from_the_models() -> None:
    model = captured(
        "Device.DeviceInfo.UpTime,false,false,7,\n"
        "Device.NAT.PortMapping.1.ExternalPort,false,true,80,xsd:int\n"
        "Device.X_A,false,true,80,\n"
        "Device.X_B,false,true,80,xsd:signedInt\n"
        "Device.X_C,false,true,n/a,xsd:unsignedInt\n"
        "Device.X_D,false,true,,xsd:unsignedInt\n"
        "Device.X_E,false,true,TRUE,xsd:boolean\n"
        "Device.X_F,false,true,,xsd:dateTime\n"
        "Device.X_G,false,true,{index},xsd:unsignedInt\n"
    )
    shown = {path: (leaf(model, path).type, leaf(model, path).value) for path in map("Device.X_{}".format, "ABCDEFG")}
    assert leaf(model, "Device.DeviceInfo.UpTime").type is XsdType.UNSIGNED_INT
    assert leaf(model, "Device.NAT.PortMapping.1.ExternalPort").type is XsdType.INT
    assert shown == {
        "Device.X_A": (XsdType.STRING, "80"),
        "Device.X_B": (XsdType.INT, "80"),
        "Device.X_C": (XsdType.STRING, "n/a"),
        "Device.X_D": (XsdType.UNSIGNED_INT, "0"),
        "Device.X_E": (XsdType.BOOLEAN, "1"),
        "Device.X_F": (XsdType.DATE_TIME, "0001-01-01T00:00:00Z"),
        "Device.X_G": (XsdType.UNSIGNED_INT, "{index}"),
    }


def test_without_an_identity_of_its_own_the_device_is_who_its_data_model_says() -> None:
    model = read(
        SHORT
        + "InternetGatewayDevice.DeviceInfo.Manufacturer,false,false,Acme,xsd:string\n"
        + "InternetGatewayDevice.DeviceInfo.ManufacturerOUI,false,false,00A0F1,xsd:string\n"
        + "InternetGatewayDevice.DeviceInfo.ProductClass,false,false,Box,xsd:string\n"
        + "InternetGatewayDevice.DeviceInfo.SerialNumber,false,false,S9,xsd:string\n"
    )
    assert model.device_id == DeviceId("Acme", "00A0F1", "Box", "S9")


def test_what_counts_a_table_is_tied_to_it_though_it_has_another_name() -> None:
    lan = "InternetGatewayDevice.LANDevice.1"
    ties = {
        "LANEthernetInterfaceNumberOfEntries": "LANEthernetInterfaceConfig",
        "LANUSBInterfaceNumberOfEntries": "LANUSBInterfaceConfig",
        "LANWLANConfigurationNumberOfEntries": "WLANConfiguration",
    }
    rows = "".join(f"{lan}.{count},false,false,9,xsd:unsignedInt\n" for count in ties)
    rows += "".join(
        f"{lan}.{table}.{each}.Enable,false,true,1,xsd:boolean\n" for table in ties.values() for each in (1, 4)
    )
    pools = f"{lan}.LANHostConfigManagement"
    rows += f"{pools}.DHCPConditionalPoolNumberOfEntries,false,false,0,xsd:unsignedInt\n"
    rows += f"{pools}.DHCPConditionalServingPool.1.Enable,false,true,1,xsd:boolean\n"
    rows += f"{lan}.HostNumberOfEntries,false,false,5,xsd:unsignedInt\n"
    model = captured(rows)
    for count, table in ties.items():
        assert leaf(model, f"{lan}.{count}").counts == table
        assert value(device(model), f"{lan}.{count}") == "2"
    assert value(device(model), f"{pools}.DHCPConditionalPoolNumberOfEntries") == "1"
    assert leaf(model, f"{lan}.HostNumberOfEntries").live is None
    assert value(device(model), f"{lan}.HostNumberOfEntries") == "5"


def test_two_parameters_do_not_count_one_table() -> None:
    rows = "".join(f"Device.X_A.{name}NumberOfEntries,false,false,7,xsd:unsignedInt\n" for name in ("Rule", "Ruleset"))
    cpe = device(captured(f"{rows}Device.X_A.Rules.1.Enable,false,true,1,xsd:boolean\n"))
    assert values(cpe, "Device.X_A.RuleNumberOfEntries", "Device.X_A.RulesetNumberOfEntries") == {
        "Device.X_A.RuleNumberOfEntries": "1",
        "Device.X_A.RulesetNumberOfEntries": "7",
    }


def test_a_table_that_is_empty_takes_what_the_models_know_of_its_instances() -> None:
    cpe = device(captured("Device.NAT.PortMapping,true,true,,\nDevice.X_A.Rule,true,true,,\n"))
    assert add(cpe, "Device.NAT.PortMapping.") == 1
    made = values(cpe, "Device.NAT.PortMapping.1.")
    assert made["Device.NAT.PortMapping.1.Alias"] == "cpe-1"
    assert made["Device.NAT.PortMapping.1.LeaseDuration"] == "0"
    assert made["Device.NAT.PortMapping.1.Protocol"] == "TCP"
    assert made["Device.NAT.PortMapping.1.Status"] == "Disabled"
    assert ("Device.NAT.PortMapping.1.Status", False) in names(cpe, "Device.NAT.PortMapping.1.")
    assert add(cpe, "Device.X_A.Rule.") == 1
    assert values(cpe, "Device.X_A.Rule.1.") == {}


def test_tables_within_a_published_instance_are_empty_and_counted() -> None:
    interface = "Device.IP.Interface."
    cpe = device(captured("Device.IP.Interface,true,true,,\n"))
    assert add(cpe, interface) == 1
    assert value(cpe, f"{interface}1.IPv4AddressNumberOfEntries") == "0"
    assert add(cpe, f"{interface}1.IPv4Address.") == 1
    assert value(cpe, f"{interface}1.IPv4AddressNumberOfEntries") == "1"
    assert value(cpe, f"{interface}1.Stats.BytesSent", now=START) == "0"


def test_what_moves_by_itself_is_known_by_its_name_and_type() -> None:
    model = captured(
        "Device.DeviceInfo.UpTime,false,false,7,xsd:unsignedInt\n"
        "Device.Time.CurrentLocalTime,false,false,2024-01-01T00:00:00,xsd:dateTime\n"
        "Device.IP.Interface.1.Stats.BytesSent,false,false,7,xsd:unsignedLong\n"
        "Device.IP.Interface.1.Stats.PacketsSent,false,false,n/a,xsd:unsignedInt\n"
    )
    stats = "Device.IP.Interface.1.Stats"
    assert leaf(model, "Device.DeviceInfo.UpTime").live is Live.UP_TIME
    assert leaf(model, "Device.Time.CurrentLocalTime").live is Live.CLOCK
    assert leaf(model, f"{stats}.BytesSent").live is Live.COUNTER
    assert leaf(model, f"{stats}.PacketsSent").live is None


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "nothing in it"),
        ("Name,Value\n", "row 1: no column is named Parameter"),
        ("Parameter\n", "row 1: no column is named Value"),
        (f"{SHORT}Device.A,false,false,1,xsd:int,extra\n", "row 2: 6 cells"),
        (f"{SHORT}Device.A,false,false,1,\nDevice.A,false,false,2,\n", "row 3: Device.A is there twice"),
        (f"{SHORT}Device.A,false,false,1,\nDevice.A.B,false,false,2,\n", "row 3: Device.A.B stands below a parameter"),
        (f"{SHORT}Device.A,false,false,1,\nDevice.A,true,false,,\n", "row 3: Device.A is a parameter"),
        (f"{SHORT}Device..A,false,false,1,\n", "row 2: Device..A has an empty name"),
        (f"{SHORT}.,false,false,1,\n", "empty name"),
        (f"{SHORT}Device.{'A.' * MAX_DEPTH}B,false,false,1,\n", f"row 2: .*{MAX_DEPTH} steps"),
        (f"{SHORT}Device.{'A' * 300},false,false,1,\n", "row 2: .*256 characters"),
        (f'{SHORT}Device.A,false,false,"1,\n', "row 2: "),
        (f'{SHORT}Device.A,false,false,"1"2,\n', "row 2: "),
        (f"{SHORT}Device.A,false,false,{'1' * 200_000},\n", "row 2: "),
        (f"{SHORT}Gateway.A,false,false,1,\n", "not Gateway"),
        (f"{SHORT}Device.A,false,false,1,\nInternetGatewayDevice.A,false,false,1,\n", "one root object"),
        (f"{SHORT}Device.A,false,false,a\x01b,\n", "row 2: a character that XML cannot carry"),
        (f"{SHORT}Device.\ufffe,false,false,a,\n", "row 2: a character that XML cannot carry"),
        (SHORT, "not nothing"),
        (f"{SHORT}Device,false,false,1,\n", "one root object"),
    ],
)
def test_a_capture_that_cannot_be_read_says_where_and_why(text: str, complaint: str) -> None:
    with pytest.raises(ModelError, match=complaint):
        read(text)


@pytest.mark.parametrize("limit", ["²", "9" * 5000])
def test_digits_that_are_no_number_count_nothing(limit: str) -> None:
    model = read(f"{SHORT}Device.A.1.B,false,false,x,\nDevice.A.².B,,,x,\nDevice.MaxAEntries,,,{limit},xsd:string\n")
    table = find(model.root, "Device.A.")
    assert isinstance(table, Node)
    assert (table.highest, table.most) == (1, MAX_INSTANCES)


def test_a_counter_that_is_filled_in_for_each_device_does_not_grow() -> None:
    model = read(f"{SHORT}Device.X.Stats.BytesSent,false,false,{{index}},xsd:unsignedInt\n")
    assert Tree(model, Identity(model.device_id, 7)).value("Device.X.Stats.BytesSent", 1e9) == "7"


def test_a_capture_is_not_read_without_end() -> None:
    def endless() -> Iterator[str]:
        yield SHORT
        while True:
            yield "\n"

    with pytest.raises(ModelError, match=f"more than {MAX_ROWS} rows"):
        read_capture(endless())


CELL = st.one_of(
    st.sampled_from(
        ["Device", "Device.A", "Device.A.1", "Device.A.1.B", "Device.ANumberOfEntries", "true", "1", "xsd:int"]
    ),
    st.text(alphabet='Dev.12[]{}",\n\r\0 é', max_size=12),
)


@given(st.lists(st.lists(CELL, max_size=7), max_size=8))
def test_whatever_the_rows_a_capture_is_a_model_or_a_model_error(rows: list[list[str]]) -> None:
    try:
        model = read(SHORT + "".join(",".join(row) + "\n" for row in rows))
    except ModelError:
        return
    assert model.root_name in {"Device", "InternetGatewayDevice"}
