"""The data model of a kind of device: objects and parameters, never changed, shared by all devices of the kind."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final

from cwmp_schemas.datamodel import Facts
from cwmp_schemas.rpc.session import DeviceId
from cwmp_schemas.values import XsdType
from simulators.device.errors import ModelError
from simulators.device.identity import is_pattern

# All other types are numbers, which have no empty form.
_BLANKS: Final[Mapping[XsdType, str]] = {
    XsdType.DATE_TIME: "0001-01-01T00:00:00Z",
    XsdType.STRING: "",
    XsdType.BASE64: "",
    XsdType.HEX_BINARY: "",
}


def blank(kind: XsdType) -> str:
    """The value that says least: of a new instance without defaults, and of what is hidden."""
    return _BLANKS.get(kind, "0")


class Live(Enum):
    """A value that is made when it is read."""

    UP_TIME = "seconds since the device was switched on"
    CLOCK = "the device's time"
    ENTRIES = "how many instances the table beside it has"
    COUNTER = "grows while the device is on"


class Notify(Enum):
    """What a kind of device makes of Active Notification of a parameter (TR-106, activeNotify)."""

    NORMAL = "as the ACS wants it"
    ALWAYS = "a change is told at once, whatever the ACS wants"
    DENIED = "it changes too often: active notification is refused"


@dataclass(frozen=True, slots=True)
class Attributes:
    """How changes of a parameter are told, and who else may write it (A.3.2.4)."""

    notification: int = 0
    """0 off, 1 passive, 2 active, 3 to 6 the lightweight kinds."""
    access_list: tuple[str, ...] = ("Subscriber",)
    """Who may write it beside the ACS."""


FACTORY: Final = Attributes()
"""What most parameters have until the ACS wants something else."""
MAX_INSTANCES: Final = 64
"""How many instances a table holds where nothing else is known."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A parameter as it leaves the factory."""

    type: XsdType
    """How its value is sent."""
    value: str = field(default="", repr=False)
    """Its value, which may have places to fill (``Identity.fill``)."""
    writable: bool = False
    """Whether SetParameterValues may set it."""
    facts: Facts | None = None
    """What the published models say about it; None for a vendor's own."""
    live: Live | None = None
    """How its value is made; None for one that is kept."""
    is_pattern: bool = False
    """Whether its value has places to fill."""
    is_hidden: bool = False
    """Whether it reads back blank, as passwords do."""
    counts: str = ""
    """The name of the table beside it whose instances it counts; only with ``Live.ENTRIES``."""
    notify: Notify = Notify.NORMAL
    """Whether its changes can be told at once."""
    attributes: Attributes = FACTORY
    """Its attributes until the ACS changes them."""


@dataclass(frozen=True, slots=True)
class Node:
    """An object, a table or an instance of one."""

    children: Mapping[str, "Leaf | Node"]
    """What stands below it, by name or instance number, in the device's order."""
    writable: bool = False
    """Of a table: AddObject makes instances; of an instance: DeleteObject deletes it (A.3.2.3)."""
    blueprint: "Node | None" = None
    """Of a table: what AddObject makes; None for all else."""
    highest: int = 0
    """Of a table: the highest number an instance ever had, which is not given again (A.3.2.6)."""
    most: int = MAX_INSTANCES
    """Of a table: how many instances it holds."""

    @property
    def is_table(self) -> bool:
        """Whether instances stand below it."""
        return self.blueprint is not None

    @property
    def has_aliases(self) -> bool:
        """Whether it is a table whose instances have aliases."""
        return self.blueprint is not None and isinstance(self.blueprint.children.get("Alias"), Leaf)

    @property
    def takes_more(self) -> bool:
        """Whether AddObject can make an instance of it now."""
        return self.is_table and self.writable and len(self.children) < self.most

    def with_child(self, name: str, child: "Leaf | Node") -> "Node":
        """This node with a child put in or replaced."""
        return replace(self, children={**self.children, name: child})

    def without_child(self, name: str) -> "Node":
        """This node without a child."""
        return replace(self, children={key: child for key, child in self.children.items() if key != name})


# The parameters of every Inform, where a device has them (TR-181 and TR-098, forced Inform).
_INFORMED: Final[Mapping[str, tuple[str, ...]]] = {
    "Device": (
        "RootDataModelVersion",
        "DeviceSummary",
        "DeviceInfo.HardwareVersion",
        "DeviceInfo.SoftwareVersion",
        "DeviceInfo.ProvisioningCode",
        "ManagementServer.ParameterKey",
        "ManagementServer.ConnectionRequestURL",
        "ManagementServer.AliasBasedAddressing",
    ),
    "InternetGatewayDevice": (
        "DeviceSummary",
        "DeviceInfo.SpecVersion",
        "DeviceInfo.HardwareVersion",
        "DeviceInfo.SoftwareVersion",
        "DeviceInfo.ProvisioningCode",
        "ManagementServer.ConnectionRequestURL",
        "ManagementServer.ParameterKey",
        "WANDevice.1.WANConnectionDevice.1.WANPPPConnection.1.ExternalIPAddress",
        "WANDevice.1.WANConnectionDevice.1.WANIPConnection.1.ExternalIPAddress",
    ),
}


@dataclass(frozen=True, slots=True)
class Model:
    """A kind of device."""

    root: Node
    """The object above the root object: its only child is ``Device`` or ``InternetGatewayDevice``."""
    device_id: DeviceId
    """The identity of the device it was taken from."""
    informed: tuple[str, ...] = ()
    """The parameters of every Inform."""

    @classmethod
    def of(cls, root: Node, device_id: DeviceId) -> "Model":
        """A model with the parameters of its Informs; ModelError without one of the two root objects."""
        names = tuple(root.children)
        if names not in {("Device",), ("InternetGatewayDevice",)} or isinstance(root.children[names[0]], Leaf):
            shown = ", ".join(sorted(names)[:5]) or "nothing"
            raise ModelError(f"a device has one root object, Device or InternetGatewayDevice, not {shown}")
        wanted = (f"{names[0]}.{name}" for name in _INFORMED[names[0]])
        return cls(root, device_id, tuple(name for name in wanted if isinstance(find(root, name), Leaf)))

    @property
    def root_name(self) -> str:
        """``Device`` or ``InternetGatewayDevice``."""
        return next(iter(self.root.children))

    def management(self, name: str) -> str:
        """The path of a parameter of the ManagementServer object."""
        return f"{self.root_name}.ManagementServer.{name}"

    def with_values(self, values: Mapping[str, str]) -> "Model":
        """The model with other values from the factory; what the model does not have is ModelError."""
        root = self.root
        for path, value in values.items():
            leaf = find(root, path)
            if not isinstance(leaf, Leaf):
                raise ModelError(f"the model has no parameter {path}")
            root = put(root, path.split("."), factory_leaf(leaf, value))
        return replace(self, root=root)


def factory_leaf(leaf: Leaf, value: str) -> Leaf:
    """A parameter with another value from the factory."""
    return replace(leaf, value=value, is_pattern=is_pattern(value))


def find(root: Node, path: str) -> Leaf | Node | None:
    """What stands at a path without aliases; a path to an object may end in a dot."""
    found: Leaf | Node = root
    for name in path.removesuffix(".").split(".") if path else ():
        if not isinstance(found, Node) or (child := found.children.get(name)) is None:
            return None
        found = child
    return None if path.endswith(".") and isinstance(found, Leaf) else found


def put(node: Node, steps: list[str], item: "Leaf | Node | None") -> Node:
    """The tree with something put at the end of the steps, or taken away from there for None."""
    name, *rest = steps
    if not rest:
        return node.without_child(name) if item is None else node.with_child(name, item)
    child = node.children[name]
    if not isinstance(child, Node):
        raise ModelError(f"{name} is a parameter and has nothing below it")
    return node.with_child(name, put(child, rest, item))


def below(path: str, node: Node) -> list[tuple[str, "Leaf | Node"]]:
    """All objects and parameters below an object, each object before what is below it."""
    found: list[tuple[str, Leaf | Node]] = []
    _collect_all(path, node, found)
    return found


def leaves(path: str, node: Node) -> list[tuple[str, Leaf]]:
    """All parameters below an object, whose path ends in a dot (or is empty, for all)."""
    found: list[tuple[str, Leaf]] = []
    _collect_leaves(path, node, found)
    return found


# Generators within generators would take twice as long, and devices are read whole again and again.


def _collect_all(path: str, node: Node, found: "list[tuple[str, Leaf | Node]]") -> None:
    for name, child in node.children.items():
        if isinstance(child, Leaf):
            found.append((path + name, child))
        else:
            found.append((f"{path}{name}.", child))
            _collect_all(f"{path}{name}.", child, found)


def _collect_leaves(path: str, node: Node, found: list[tuple[str, Leaf]]) -> None:
    for name, child in node.children.items():
        if isinstance(child, Leaf):
            found.append((path + name, child))
        else:
            _collect_leaves(f"{path}{name}.", child, found)
