"""A data model from a capture: the CSV of genieacs-sim, or the longer one that GenieACS exports for a device.

A row stands for an object or a parameter of a real device. Columns that are not named here, such as those with times,
are left out.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from cwmp_schemas.datamodel import lookup
from cwmp_schemas.paths import MAX_LENGTH
from cwmp_schemas.rpc.session import DeviceId
from cwmp_schemas.values import XsdType, parse_type
from simulators.device.building import Building, finished, make_leaf
from simulators.device.checking import check_characters
from simulators.device.errors import ModelError
from simulators.device.model import Attributes, Leaf, Model, Node, find

MAX_ROWS: Final = 100_000
"""How many rows a capture may have."""
MAX_DEPTH: Final = 32
"""How many steps a path may have."""

_IDENTITY: Final = {
    "Manufacturer": "Manufacturer",
    "OUI": "ManufacturerOUI",
    "ProductClass": "ProductClass",
    "SerialNumber": "SerialNumber",
}
# What GenieACS keeps beside a device's data model and exports with it.
_NOT_THE_DEVICE: Final = frozenset(
    {"Tags", "Events", "Reboot", "FactoryReset", "Downloads", "VirtualParameters", "AddObject", "Uploads"}
)
_TRUE: Final = frozenset({"1", "true"})
_NOTIFICATIONS: Final = frozenset("0123456")
_BOM: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"

_Row = Mapping[str, str]


def read_capture(lines: Iterable[str]) -> Model:
    """The model in the lines of a capture, each with its end; ModelError says what is wrong, and in which row."""
    root = Building()
    identity: dict[str, str] = {}
    for where, row in _rows(lines):
        path = row["Parameter"].strip()
        try:
            check_characters("".join(row.values()))
        except ValueError as error:
            raise ModelError(f"{where}: {error}") from None
        owner, _, name = path.partition(".")
        if owner == "DeviceID":
            identity[name] = row["Value"]
        elif path and owner not in _NOT_THE_DEVICE:
            _add(root, path, row, where)
    node = finished(root)
    return Model.of(node, _device_id(identity, node))


def _rows(lines: Iterable[str]) -> Iterator[tuple[str, _Row]]:
    """The rows by the names of their columns, each with words for where it is: the first row has the names."""
    reader = csv.reader(lines, strict=True)
    number = 0
    names: list[str] = []
    try:
        for number, cells in enumerate(reader, 1):
            if number == 1:
                names = _columns(cells)
            elif number > MAX_ROWS:
                raise ModelError(f"more than {MAX_ROWS} rows")
            elif len(cells) > len(names):
                raise ModelError(f"row {number}: {len(cells)} cells, but {len(names)} columns have names")
            elif cells:
                yield f"row {number}", dict.fromkeys(names, "") | dict(zip(names, cells, strict=False))
    except csv.Error as error:
        raise ModelError(f"row {number + 1}: {error}") from None
    if not names:
        raise ModelError("there is nothing in it, not even the names of the columns")


def _columns(cells: list[str]) -> list[str]:
    names = [cell.strip() for cell in cells]
    names[:1] = [name.removeprefix(_BOM) for name in names[:1]]
    missing = [name for name in ("Parameter", "Value") if name not in names]
    if missing:
        raise ModelError(f"row 1: no column is named {' and none '.join(missing)}")
    return names


def _device_id(identity: Mapping[str, str], node: Node) -> DeviceId:
    """Who the device is: by its DeviceID, or else by what it says in its data model."""
    root = next(iter(node.children), "")

    def known(name: str, parameter: str) -> str:
        leaf = find(node, f"{root}.DeviceInfo.{parameter}")
        return identity.get(name) or (leaf.value if isinstance(leaf, Leaf) else "")

    return DeviceId(*(known(name, parameter) for name, parameter in _IDENTITY.items()))


def _add(root: Building, path: str, row: _Row, where: str) -> None:
    steps = path.removesuffix(".").split(".")
    if len(path) > MAX_LENGTH or len(steps) > MAX_DEPTH:
        shown = f"{path[:60]}..." if len(path) > MAX_LENGTH else path
        raise ModelError(f"{where}: {shown} is longer than {MAX_LENGTH} characters or {MAX_DEPTH} steps")
    if not all(steps):
        raise ModelError(f"{where}: {path} has an empty name")
    *above, name = steps
    parent = root
    for step in above:
        child = parent.children.setdefault(step, Building())
        if isinstance(child, Leaf):
            raise ModelError(f"{where}: {path} stands below a parameter")
        parent = child
    writable = row.get("Writable", "").strip().lower() in _TRUE
    if path.endswith(".") or row.get("Object", "").strip().lower() in _TRUE:
        found = parent.children.setdefault(name, Building())
        if isinstance(found, Leaf):
            raise ModelError(f"{where}: {path} is a parameter in another row")
        found.writable = writable
    elif name in parent.children:
        raise ModelError(f"{where}: {path} is there twice")
    else:
        parent.children[name] = _leaf(path, row, writable=writable)


def _leaf(path: str, row: _Row, *, writable: bool) -> Leaf:
    facts = lookup(path)
    kind = parse_type(row.get("Value type", "")) or (facts.type if facts else None) or XsdType.STRING
    return make_leaf(path, kind, row["Value"], writable=writable, facts=facts, attributes=_attributes(row))


def _attributes(row: _Row) -> Attributes | None:
    """The attributes, where the capture has them."""
    notification = row.get("Notification", "").strip()
    access = row.get("Access list", "").strip()
    if notification not in _NOTIFICATIONS and not access:
        return None
    names = tuple(name for part in access.split(",") if (name := part.strip()))
    return Attributes(int(notification) if notification in _NOTIFICATIONS else 0, names or Attributes().access_list)
