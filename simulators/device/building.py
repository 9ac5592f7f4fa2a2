"""Objects out of what was captured of a device, or of what the published models say about it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

from cwmp_schemas.datamodel import Facts, Kind, children, lookup
from cwmp_schemas.paths import template_of
from cwmp_schemas.values import XsdType, to_text
from simulators.device.checking import canonical
from simulators.device.identity import is_pattern
from simulators.device.model import FACTORY, MAX_INSTANCES, Attributes, Leaf, Live, Node, Notify, blank

_ENTRIES: Final = "NumberOfEntries"
_LONG: Final = 10
_COUNTERS: Final = ("Bytes", "Packets")
_INTEGERS: Final = frozenset({XsdType.INT, XsdType.UNSIGNED_INT, XsdType.LONG, XsdType.UNSIGNED_LONG})
_ROOTS: Final = ("Device.", "InternetGatewayDevice.")

# TR-181 and TR-098 tell changes of these at once, whatever the ACS wants (forceEnabled) ...
_ALWAYS_TOLD: Final = frozenset(
    {
        "DeviceInfo.SoftwareVersion",
        "DeviceInfo.ProvisioningCode",
        "ManagementServer.ConnectionRequestURL",
        "WANDevice.{i}.WANConnectionDevice.{i}.WANIPConnection.{i}.ExternalIPAddress",
        "WANDevice.{i}.WANConnectionDevice.{i}.WANPPPConnection.{i}.ExternalIPAddress",
    }
)
# ... of these as long as it wants nothing else (forceDefaultEnabled) ...
_TOLD: Final = frozenset({"ManagementServer.UDPConnectionRequestAddress", "SoftwareModules.ExecutionUnit.{i}.Status"})
# ... and of these not at once (canDeny), beside all that is measured.
_RESTLESS: Final = frozenset({"ParameterKey", "LeaseTimeRemaining", "SignalStrength", "Noise", "LastDataUplinkRate"})


@dataclass(slots=True)
class Building:
    """An object that is being put together."""

    writable: bool = False
    """Whether instances can be added to it, or it can be deleted."""
    children: "dict[str, Leaf | Building]" = field(default_factory=dict)
    """What stands below it."""


def make_leaf(
    path: str, kind: XsdType, value: str, *, writable: bool, facts: Facts | None, attributes: Attributes | None = None
) -> Leaf:
    """A parameter of a device that is captured or thought up."""
    kind, value = _fitting(kind, value)
    # What is filled in for each device is no number to count from.
    live = None if is_pattern(value) else _live(path, kind)
    notify, usual = _telling(path, live, writable=writable)
    return Leaf(
        kind,
        value,
        writable,
        facts,
        live,
        is_pattern(value),
        is_hidden=facts is not None and facts.hidden,
        notify=notify,
        attributes=usual if attributes is None or attributes == FACTORY else attributes,
    )


def finished(building: Building, path: str = "", *, in_table: bool = False) -> Node:
    """The object with all below it; what counts a table is tied to it."""
    facts = lookup(path)
    numbers = [
        int(name) for name, child in building.children.items() if _is_number(name) and isinstance(child, Building)
    ]
    is_table = bool(numbers) or (facts is not None and facts.kind is Kind.TABLE)
    # Of an empty object whose row says writable there is nothing else that this could mean.
    is_table = is_table or (building.writable and not building.children and not in_table)
    made: dict[str, Leaf | Node] = {
        name: child if isinstance(child, Leaf) else finished(child, f"{path}{name}.", in_table=is_table)
        for name, child in building.children.items()
    }
    if not is_table:
        return Node(_tied(made), building.writable and in_table)
    examples = (child for name, child in made.items() if _is_number(name) and isinstance(child, Node))
    example = next(examples, None)
    blueprint = published_instance(template_of(path)) if example is None else _emptied(example)
    return Node(made, building.writable, blueprint, max(numbers, default=0), max(MAX_INSTANCES, len(numbers)))


@lru_cache(maxsize=1024)
def published_instance(table: str) -> Node:
    """What a new instance of a table is by the published models; an empty one where they do not know the table."""
    return Node(_published(f"{table}{{i}}."), writable=True)


def _published(path: str) -> dict[str, Leaf | Node]:
    made: dict[str, Leaf | Node] = {}
    for name in children(path):
        below, facts = f"{path}{name}", lookup(f"{path}{name}")
        if facts is None:
            continue
        match facts.kind:
            case Kind.PARAMETER:
                kind = facts.type or XsdType.STRING
                value = _initial(kind, facts)
                made[name] = make_leaf(below, kind, value, writable=facts.writable, facts=facts)
            case Kind.TABLE:
                made[name[:-1]] = Node({}, facts.writable, published_instance(below))
            case _:
                made[name[:-1]] = Node(_published(below))
    return _tied(made)


def _emptied(example: Node) -> Node:
    """What a new instance of a table looks like, going by one that is there: no instances below, values by default."""
    made: dict[str, Leaf | Node] = {}
    for name, child in example.children.items():
        if isinstance(child, Node):
            made[name] = replace(_emptied(child), writable=child.writable)
        else:
            usual = Attributes(2) if child.notify is Notify.ALWAYS else FACTORY
            value = _initial(child.type, child.facts)
            made[name] = replace(child, value=value, is_pattern=False, attributes=usual)
    if example.blueprint is None:
        return Node(made, writable=True)
    return replace(example, children={}, highest=0, most=MAX_INSTANCES)


def _tied(made: dict[str, Leaf | Node]) -> dict[str, Leaf | Node]:
    """The same with each NumberOfEntries tied to the table that it counts, and each table to its Max...Entries."""
    counting = [name for name, child in made.items() if name.endswith(_ENTRIES) and isinstance(child, Leaf)]
    tables = {name for name, child in made.items() if isinstance(child, Node) and child.is_table}
    named = {name: stem for name in counting if (stem := name.removesuffix(_ENTRIES)) in tables}
    free = tables - set(named.values())
    for name in counting:
        table = named.get(name) or _resembling(name.removesuffix(_ENTRIES), free)
        leaf = made[name]
        if table is not None and isinstance(leaf, Leaf):
            free.discard(table)
            made[name] = replace(leaf, live=Live.ENTRIES, counts=table)
    for name in tables:
        table_node, limit = made[name], made.get(f"Max{name}Entries")
        most = limit.value if isinstance(limit, Leaf) else ""
        if isinstance(table_node, Node) and _is_number(most) and len(most) < _LONG and int(most):
            made[name] = replace(table_node, most=int(most))
    return made


def _is_number(text: str) -> bool:
    """Whether it is written in the ten digits; there are other ones in the world."""
    return text.isascii() and text.isdigit()


def _resembling(stem: str, tables: Iterable[str]) -> str | None:
    """The table that is meant by a name which is not quite its own, as LANEthernetInterface by
    LANEthernetInterfaceConfig, or LANWLANConfiguration by WLANConfiguration: one has the letters of the other, in
    order."""
    alike = [table for table in tables if _is_within(stem, table) or _is_within(table, stem)]
    return min(alike, key=lambda table: (abs(len(table) - len(stem)), table), default=None)


def _is_within(short: str, long: str) -> bool:
    rest: Iterator[str] = iter(long)
    return all(letter in rest for letter in short)


def _fitting(kind: XsdType, value: str) -> tuple[XsdType, str]:
    """The value in the one spelling of its type; where it has none, the parameter is a string.

    What devices write is read as forgivingly as the ACS reads it.
    """
    if not value.strip() and kind is not XsdType.STRING:
        return kind, blank(kind)
    if is_pattern(value):
        return kind, value
    try:
        return kind, to_text(kind, value)
    except ValueError:
        return XsdType.STRING, value


def _initial(kind: XsdType, facts: Facts | None) -> str:
    """What a parameter of a new instance holds: the default of the models, or else the first value that they allow."""
    empty = blank(kind)
    if facts is None or facts.type is not kind:
        return empty
    if facts.default is not None:
        return canonical(kind, facts.default)
    lowest = (str(bounds.low) for bounds in facts.ranges if bounds.low is not None)
    for text in (empty, *facts.enumeration, *lowest):
        if not facts.problem(text):
            return canonical(kind, text)
    return empty


def _live(path: str, kind: XsdType) -> Live | None:
    name = path.rpartition(".")[2]
    if name == "UpTime" and kind is XsdType.UNSIGNED_INT:
        return Live.UP_TIME
    if name == "CurrentLocalTime" and kind is XsdType.DATE_TIME:
        return Live.CLOCK
    if ".Stats." in path and name.startswith(_COUNTERS) and kind in _INTEGERS:
        return Live.COUNTER
    return None


def _telling(path: str, live: Live | None, *, writable: bool) -> tuple[Notify, Attributes]:
    """Whether changes can be told at once, and the attributes from the factory."""
    template = template_of(path)
    template = template.removeprefix(next((root for root in _ROOTS if template.startswith(root)), ""))
    if template in _ALWAYS_TOLD:
        return Notify.ALWAYS, Attributes(2)
    measured = ".Stats." in path and not writable
    if live is not None or measured or path.rpartition(".")[2] in _RESTLESS:
        return Notify.DENIED, FACTORY
    return Notify.NORMAL, Attributes(2) if template in _TOLD else FACTORY
