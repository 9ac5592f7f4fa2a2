"""A data model from a capture in the CSV of genieacs-sim: a row for each object and parameter of a real device."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from cwmp_schemas.datamodel import Kind, lookup
from cwmp_schemas.rpc.session import DeviceId
from cwmp_schemas.values import XsdType, parse_type
from simulators.device.errors import ModelError
from simulators.device.identity import is_pattern
from simulators.device.model import Leaf, Live, Model, Node, blank

MAX_ROWS: Final = 100_000
_IDENTITY: Final = ("Manufacturer", "OUI", "ProductClass", "SerialNumber")
_TRUE: Final = frozenset({"1", "true"})
_ENTRIES: Final = "NumberOfEntries"
_COUNTERS: Final = ("Bytes", "Packets")


@dataclass(slots=True)
class _Building:
    """An object that is being read."""

    writable: bool = False
    children: "dict[str, Leaf | _Building]" = field(default_factory=dict)


def read_capture(lines: Iterable[str]) -> Model:
    """The model in the lines of a capture; ModelError says what is wrong, and in which row."""
    rows = csv.DictReader(lines, strict=True)
    root = _Building()
    identity = dict.fromkeys(_IDENTITY, "")
    try:
        missing = {"Parameter", "Value"} - set(rows.fieldnames or ())
        if missing:
            raise ModelError(f"the first row names no column {' and no column '.join(sorted(missing))}")
        for row in rows:
            if rows.line_num > MAX_ROWS:
                raise ModelError(f"more than {MAX_ROWS} rows")
            path = (row["Parameter"] or "").strip()
            owner, _, name = path.partition(".")
            if owner == "DeviceID":
                if name in identity:
                    identity[name] = row["Value"] or ""
            elif path:
                _add(root, path, row, f"row {rows.line_num}")
    except csv.Error as error:
        raise ModelError(f"row {rows.line_num}: {error}") from None
    device_id = DeviceId(*(identity[name] for name in _IDENTITY))
    return Model.of(_finished(root, ""), device_id)


def _add(root: _Building, path: str, row: Mapping[str, str | None], where: str) -> None:
    *above, name = path.removesuffix(".").split(".")
    parent = root
    for step in above:
        child = parent.children.setdefault(step, _Building())
        if isinstance(child, Leaf):
            raise ModelError(f"{where}: {path} stands below a parameter")
        parent = child
    if not name:
        raise ModelError(f"{where}: {path} has an empty name")
    writable = (row.get("Writable") or "").strip().lower() in _TRUE
    if path.endswith(".") or (row.get("Object") or "").strip().lower() in _TRUE:
        found = parent.children.setdefault(name, _Building())
        if isinstance(found, Leaf):
            raise ModelError(f"{where}: {path} is a parameter in another row")
        found.writable = writable
    elif name in parent.children:
        raise ModelError(f"{where}: {path} is there twice")
    else:
        parent.children[name] = _leaf(path, row, writable=writable)


def _leaf(path: str, row: Mapping[str, str | None], *, writable: bool) -> Leaf:
    facts = lookup(path)
    kind = parse_type(row.get("Value type") or "") or (facts.type if facts else None) or XsdType.STRING
    value = row.get("Value") or ""
    if kind is XsdType.BOOLEAN:
        value = "1" if value.strip().lower() in _TRUE else "0"
    name = path.rpartition(".")[2]
    live = None
    if name == "UpTime" and kind is XsdType.UNSIGNED_INT:
        live = Live.UP_TIME
    elif name == "CurrentLocalTime":
        live = Live.CLOCK
    elif ".Stats." in path and name.startswith(_COUNTERS):
        live = Live.COUNTER
    return Leaf(kind, value, writable, facts, live, is_pattern(value), is_hidden=facts is not None and facts.hidden)


def _finished(building: _Building, path: str) -> Node:
    """The object with all below it; what counts a table is tied to it."""
    children: dict[str, Leaf | Node] = {
        name: child if isinstance(child, Leaf) else _finished(child, f"{path}{name}.")
        for name, child in building.children.items()
    }
    for name, child in children.items():
        table = children.get(name.removesuffix(_ENTRIES)) if name.endswith(_ENTRIES) else None
        if isinstance(child, Leaf) and isinstance(table, Node) and table.is_table:
            children[name] = replace(child, live=Live.ENTRIES)
    numbers = [int(name) for name in children if name.isdigit()]
    facts = lookup(path)
    if not numbers and (facts is None or facts.kind is not Kind.TABLE):
        return Node(children, building.writable)
    examples = (child for name, child in children.items() if name.isdigit() and isinstance(child, Node))
    blueprint = _emptied(next(examples, Node({})))
    return Node(children, building.writable, blueprint, max(numbers, default=0))


def _emptied(example: Node) -> Node:
    """What a new instance of a table looks like, going by one that is there: no instances below, values by default."""
    children: dict[str, Leaf | Node] = {}
    for name, child in example.children.items():
        if isinstance(child, Node):
            children[name] = replace(_emptied(child), writable=child.writable)
        else:
            default = child.facts.default if child.facts else None
            value = blank(child.type) if default is None else default
            children[name] = replace(child, value=value, is_pattern=False)
    if example.blueprint is None:
        return Node(children, writable=True)
    return Node({}, example.writable, example.blueprint)
