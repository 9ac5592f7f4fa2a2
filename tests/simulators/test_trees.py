import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.resources import files

import pytest

from cwmp_schemas.datamodel import Facts, Kind, lookup
from cwmp_schemas.paths import template_of
from cwmp_schemas.rpc.parameters import GetParameterValues, GetParameterValuesResponse
from cwmp_schemas.rpc.session import DeviceId
from cwmp_schemas.values import XsdType, to_python
from simulators.device.errors import ModelError
from simulators.device.identity import Identity
from simulators.device.model import Leaf, Node, find, leaves
from simulators.trees import NAMES, built_in
from tests.simulators.device.conversing import START, ask, device

ROOT_OBJECTS = ("Device", "InternetGatewayDevice")
SIZES = {"tr181-router": (600, 900), "tr181-ont": (900, 1500), "tr098-dsl": (500, 800), "tr196-enb": (400, 600)}

# Where these devices are not as published, as real ones are not.
DEVIATIONS = {
    "tr181-router": {
        "Device.DeviceInfo.FirmwareImage.{i}.Available": "read only: images are marked by the device alone",
    },
    "tr181-ont": {
        "Device.WiFi.Radio.{i}.OperatingFrequencyBand": "read only: each radio has but one band",
    },
    "tr098-dsl": {
        "InternetGatewayDevice.LANDevice.": "no second LAN can be added",
        "InternetGatewayDevice.LANDevice.{i}.": "the only LAN cannot be deleted",
        "InternetGatewayDevice.LANDevice.{i}.Hosts.Host.{i}.LeaseTimeRemaining": "unsignedInt: no lease is endless",
        "InternetGatewayDevice.LANDevice.{i}.WLANConfiguration.{i}.RegulatoryDomain": "read only: sold for one country",
    },
    "tr196-enb": {
        f"Device.Services.FAPService.{{i}}.CellConfig.LTE.RAN.RF.{name}": "unsignedInt: one number, no list"
        for name in ("DLBandwidth", "ULBandwidth", "EARFCNDL", "EARFCNUL", "PhyCellID")
    },
}

# Counts that are not named after the table they count.
COUNTED = {
    "Device.DNS.Relay.ForwardNumberOfEntries": "Forwarding",
    "InternetGatewayDevice.LANDevice.{i}.LANEthernetInterfaceNumberOfEntries": "LANEthernetInterfaceConfig",
    "InternetGatewayDevice.LANDevice.{i}.LANWLANConfigurationNumberOfEntries": "WLANConfiguration",
    "InternetGatewayDevice.LANDevice.{i}.LANHostConfigManagement.DHCPConditionalPoolNumberOfEntries": (
        "DHCPConditionalServingPool"
    ),
    "InternetGatewayDevice.LANInterfaces.LANEthernetInterfaceNumberOfEntries": "LANEthernetInterfaceConfig",
    "InternetGatewayDevice.LANInterfaces.LANWLANConfigurationNumberOfEntries": "WLANConfiguration",
    "InternetGatewayDevice.Layer3Forwarding.ForwardNumberOfEntries": "Forwarding",
    "InternetGatewayDevice.WANDevice.{i}.WANConnectionNumberOfEntries": "WANConnectionDevice",
}

INFORMED = {
    "Device": {
        "RootDataModelVersion",
        "DeviceInfo.HardwareVersion",
        "DeviceInfo.SoftwareVersion",
        "DeviceInfo.ProvisioningCode",
        "ManagementServer.ConnectionRequestURL",
        "ManagementServer.ParameterKey",
        "ManagementServer.AliasBasedAddressing",
    },
    "InternetGatewayDevice": {
        "DeviceSummary",
        "DeviceInfo.SpecVersion",
        "DeviceInfo.HardwareVersion",
        "DeviceInfo.SoftwareVersion",
        "DeviceInfo.ProvisioningCode",
        "ManagementServer.ConnectionRequestURL",
        "ManagementServer.ParameterKey",
        "WANDevice.1.WANConnectionDevice.1.WANPPPConnection.1.ExternalIPAddress",
    },
}


@dataclass(frozen=True, slots=True)
class Row:
    """A parameter or object as the capture has it."""

    path: str
    """Without a dot at the end."""
    is_object: bool
    """Whether it is an object, a table or an instance."""
    writable: bool
    """Whether it can be set, added to or deleted."""
    value: str
    """Its value, with places to fill."""
    type: str
    """Its type as written."""

    @property
    def name(self) -> str:
        """As the models know it: a dot ends an object."""
        return f"{self.path}." if self.is_object else self.path

    @property
    def xsd_type(self) -> XsdType:
        """The type of a parameter."""
        return XsdType(self.type.removeprefix("xsd:"))

    @property
    def is_vendors(self) -> bool:
        """Whether it is the vendor's own, which no model knows (TR-106 3.3)."""
        return re.search(r"\.X_[0-9A-F]{6}_\w", self.path) is not None

    @property
    def facts(self) -> Facts:
        """What the models say of it."""
        facts = lookup(self.name)
        assert facts is not None, f"{self.name} is in no published model"
        return facts


@dataclass(frozen=True, slots=True)
class Capture:
    """One of the built-in captures, read without the code that is to read it."""

    name: str
    """The kind of device."""
    device_id: DeviceId
    """Whom it shows."""
    rows: tuple[Row, ...]
    """All but those of the identity, in order."""
    paths: Counter[str] = field(repr=False)
    """How often each path is there."""

    @property
    def parameters(self) -> list[Row]:
        """What has a value."""
        return [row for row in self.rows if not row.is_object]

    @property
    def objects(self) -> list[Row]:
        """What has none."""
        return [row for row in self.rows if row.is_object]

    @property
    def published(self) -> Iterator[Row]:
        """What a model knows."""
        return (row for row in self.rows if not row.is_vendors)

    def instances(self, table: str) -> int:
        """How many instances of a table are there."""
        return sum(row.path.rpartition(".")[0] == table for row in self.objects)

    def filled(self, row: Row, index: int) -> str:
        """The value on a device of a fleet."""
        return Identity(self.device_id, index).fill(row.value)


@pytest.fixture(scope="module", params=NAMES)
def capture(request: pytest.FixtureRequest) -> Capture:
    name: str = request.param
    text = files("simulators.trees").joinpath(f"{name}.csv").read_text("utf-8")
    assert text.startswith("Parameter,Object,Writable,Value,Value type\n")
    identity: dict[str, str] = {}
    rows: list[Row] = []
    for row in csv.DictReader(text.splitlines(), strict=True):
        path = row["Parameter"]
        assert {row["Object"], row["Writable"]} <= {"true", "false"}, path
        if path.startswith("DeviceID."):
            identity[path.removeprefix("DeviceID.")] = row["Value"]
        else:
            rows.append(Row(path, row["Object"] == "true", row["Writable"] == "true", row["Value"], row["Value type"]))
    device_id = DeviceId(*(identity.pop(key) for key in ("Manufacturer", "OUI", "ProductClass", "SerialNumber")))
    assert not identity
    return Capture(name, device_id, tuple(rows), Counter(row.path for row in rows))


def test_all_captures_that_are_there_are_offered() -> None:
    there = {entry.name for entry in files("simulators.trees").iterdir() if entry.name.endswith(".csv")}
    assert there == {f"{name}.csv" for name in NAMES}


def test_another_kind_is_refused_with_the_names_of_those_that_are_there() -> None:
    with pytest.raises(ModelError, match=r"'toaster'.*tr181-router, tr181-ont, tr098-dsl, tr196-enb"):
        built_in("toaster")


def test_the_simulator_reads_all_that_is_in_a_capture(capture: Capture) -> None:
    model = built_in(capture.name)
    assert model.device_id == capture.device_id
    read = {(path, leaf.writable, leaf.type) for path, leaf in leaves("", model.root)}
    assert read == {(row.path, row.writable, row.xsd_type) for row in capture.parameters}
    for row in capture.objects:
        node = find(model.root, row.path)
        assert isinstance(node, Node), row.path
        assert node.writable is row.writable, row.path


def test_a_capture_has_the_size_of_its_kind(capture: Capture) -> None:
    low, high = SIZES[capture.name]
    assert low <= len(capture.parameters) <= high


def test_every_path_is_published_or_the_vendors_own(capture: Capture) -> None:
    unknown = [row.name for row in capture.published if lookup(row.name) is None]
    assert unknown == []
    vendors = {match for row in capture.rows for match in re.findall(r"\.X_([0-9A-F]{6})_", row.path)}
    assert vendors == {capture.device_id.oui}


def test_type_and_access_are_as_published_but_where_real_devices_differ(capture: Capture) -> None:
    different: set[str] = set()
    for row in capture.published:
        same_type = row.type == ("" if row.is_object else f"xsd:{row.facts.type}")
        if not same_type or row.writable is not row.facts.writable:
            different.add(template_of(row.name))
    assert different == set(DEVIATIONS[capture.name])


@pytest.mark.parametrize("index", [0, 4711, 49_999])
def test_every_value_is_allowed_on_every_device_of_a_fleet(capture: Capture, index: int) -> None:
    problems: list[str] = []
    for row in capture.parameters:
        value = capture.filled(row, index)
        problem = row.facts.problem(value) if not row.is_vendors else None
        if problem or "{" in value:
            problems.append(f"{row.path} = {value!r}: {problem or 'a place that nothing fills'}")
        to_python(row.xsd_type, value)
    assert problems == []


def test_booleans_are_written_in_words(capture: Capture) -> None:
    written = {row.value for row in capture.parameters if row.type == "xsd:boolean"}
    assert written == {"true", "false"}


def test_each_row_stands_once_and_below_an_object_that_has_its_own(capture: Capture) -> None:
    assert [path for path, count in capture.paths.items() if count > 1] == []
    objects = {row.path for row in capture.objects}
    orphans = [row.path for row in capture.rows if row.path not in ROOT_OBJECTS and _above(row.path) not in objects]
    assert orphans == []
    assert [row.path for row in capture.rows if row.path in ROOT_OBJECTS] == [capture.rows[0].path]


def test_tables_hold_instances_and_nothing_else(capture: Capture) -> None:
    tables = {row.path for row in capture.published if row.facts.kind is Kind.TABLE}
    for row in capture.rows:
        assert (_above(row.path) in tables) is row.path.rpartition(".")[2].isdigit(), row.path


def test_what_refers_to_another_part_of_the_device_leads_there(capture: Capture) -> None:
    dangling = [
        f"{row.path} -> {target}"
        for row in capture.parameters
        for target in _references(row)
        if target not in capture.paths
    ]
    assert dangling == []
    assert sum(len(_references(row)) for row in capture.parameters) > 5


def test_each_count_is_that_of_the_table_beside_it(capture: Capture) -> None:
    counts = [row for row in capture.published if row.path.endswith("NumberOfEntries")]
    for row in counts:
        name = COUNTED.get(template_of(row.path)) or row.path.rpartition(".")[2].removesuffix("NumberOfEntries")
        table = f"{_above(row.path)}.{name}"
        assert table in capture.paths, row.path
        assert int(row.value) == capture.instances(table), row.path


def test_no_table_lacks_its_count(capture: Capture) -> None:
    counted = {template_of(row.path) for row in capture.parameters if row.path.endswith("NumberOfEntries")}
    tables = {template_of(row.path) for row in capture.published if row.facts.kind is Kind.TABLE}
    lacking = {
        table for table in tables if lookup(f"{table}NumberOfEntries") and f"{table}NumberOfEntries" not in counted
    }
    assert lacking == set()


def test_the_interface_stack_is_that_of_the_lower_layers(capture: Capture) -> None:
    values = {row.path: row.value for row in capture.parameters}
    layers = {
        (_above(row.path), lower)
        for row in capture.parameters
        if row.path.endswith(".LowerLayers")
        for lower in _references(row)
    }
    stack = {
        (values[f"{row.path}.HigherLayer"], values[f"{row.path}.LowerLayer"])
        for row in capture.objects
        if _above(row.path) == "Device.InterfaceStack"
    }
    assert stack == layers


def test_aliases_are_those_a_device_gives_and_unique_in_their_table(capture: Capture) -> None:
    aliases = Counter(
        (_above(_above(row.path)), row.value) for row in capture.parameters if row.path.endswith(".Alias")
    )
    assert [alias for alias, count in aliases.items() if count > 1 or not alias[1].startswith("cpe-")] == []


def test_passwords_and_passphrases_carry_a_value(capture: Capture) -> None:
    secrets = [row for row in capture.parameters if re.search(r"(Password|Passphrase)$", row.path)]
    assert len(secrets) >= 3
    assert [row.path for row in secrets if not row.value] == []


def test_a_device_shows_the_identity_it_informs_with(capture: Capture) -> None:
    model = built_in(capture.name)
    someone = Identity(DeviceId("Acme", "00A0F1", "Box", "S-1"), 7)
    shown = {
        name: _text(find(model.root, f"{model.root_name}.DeviceInfo.{name}"), someone)
        for name in ("Manufacturer", "ManufacturerOUI", "ProductClass", "SerialNumber")
    }
    assert shown == {"Manufacturer": "Acme", "ManufacturerOUI": "00A0F1", "ProductClass": "Box", "SerialNumber": "S-1"}


def test_what_every_inform_says_is_there(capture: Capture) -> None:
    model = built_in(capture.name)
    assert set(model.informed) == {f"{model.root_name}.{name}" for name in INFORMED[model.root_name]}


def test_a_device_tells_the_acs_all_that_its_capture_has(capture: Capture) -> None:
    model = built_in(capture.name)
    (answer,) = ask(device(model), START, GetParameterValues((f"{model.root_name}.",)))
    assert isinstance(answer, GetParameterValuesResponse)
    assert Counter(each.name for each in answer.parameter_list) == Counter(row.path for row in capture.parameters)
    for each in answer.parameter_list:
        to_python(each.type, each.value)


def _above(path: str) -> str:
    return path.rpartition(".")[0]


def _references(row: Row) -> list[str]:
    """The paths a value is, or is a list of."""
    items = (item.strip() for item in row.value.split(","))
    return [item for item in items if item.startswith(tuple(f"{root}." for root in ROOT_OBJECTS))]


def _text(found: object, identity: Identity) -> str:
    assert isinstance(found, Leaf)
    return identity.fill(found.value)
