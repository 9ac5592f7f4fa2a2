"""The data model of one device: what it has changed, over what all devices of its kind share."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from cwmp_schemas.faults import CpeFault
from cwmp_schemas.values import date_time_text
from simulators.device.errors import RefusedError
from simulators.device.identity import Identity
from simulators.device.model import Attributes, Leaf, Live, Model, Node, below, find, leaves, put

# A counter grows by this many a second; each parameter begins somewhere else.
_GROWTH: Final = 997


@lru_cache(maxsize=64)
def clock_text(second: int) -> str:
    """A moment as a device's clock says it; thousands of devices speak in one second."""
    return date_time_text(datetime.fromtimestamp(second, UTC))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A tree as it was, to go back to."""

    root: Node
    """The structure."""
    values: Mapping[str, str] = field(repr=False)
    """What differs from the factory."""


class Tree:
    """A device's parameters and objects. The structure is shared until an object is added or deleted."""

    __slots__ = ("_attributes", "_identity", "_model", "_root", "_values", "booted_at", "revision")

    def __init__(self, model: Model, identity: Identity) -> None:
        """A device as it leaves the factory."""
        self._model = model
        self._identity = identity
        self._root = model.root
        self._values: dict[str, str] = {}
        self._attributes: dict[str, Attributes] = {}
        self.booted_at = 0.0
        """When the device was last switched on."""
        self.revision = 0
        """Grows with every change."""

    @property
    def model(self) -> Model:
        """What all devices of the kind share."""
        return self._model

    @property
    def root(self) -> Node:
        """The object above the root object."""
        return self._root

    # Reading.

    def item(self, path: str) -> Leaf | Node | None:
        """What stands at a path without aliases; a path to an object ends in a dot."""
        found = find(self._root, path)
        return None if isinstance(found, Node) and path and not path.endswith(".") else found

    def leaves(self, path: str) -> list[tuple[str, Leaf]]:
        """The parameter at a full name, or all parameters below a path that ends in a dot; none if there is nothing."""
        found = self.item(path)
        if isinstance(found, Leaf):
            return [(path, found)]
        return [] if found is None else leaves(path, found)

    def below(self, path: str) -> list[tuple[str, Leaf | Node]]:
        """All objects and parameters below an object."""
        found = self.item(path)
        return below(path, found) if isinstance(found, Node) else []

    def value(self, path: str, now: float) -> str | None:
        """The value of a parameter, passwords included; None if the device does not have it."""
        leaf = self.item(path)
        return self.value_of(path, leaf, now) if isinstance(leaf, Leaf) else None

    def value_of(self, path: str, leaf: Leaf, now: float) -> str:
        """The value of a parameter that is there."""
        if leaf.live is not None:
            return self._made(path, leaf, now)
        value = self._values.get(path)
        if value is None:
            value = self._identity.fill(leaf.value) if leaf.is_pattern else leaf.value
        return value

    def attributes_of(self, path: str, leaf: Leaf) -> Attributes:
        """The attributes of a parameter that is there."""
        return self._attributes.get(path, leaf.attributes)

    # Changing.

    def write(self, values: Mapping[str, str]) -> None:
        """Change values of parameters that are there; whether they may be is the caller's to know."""
        # The ACS writes the same names to thousands of devices: they keep them together.
        self._values.update((sys.intern(path), value) for path, value in values.items())
        self.revision += 1

    def write_attributes(self, attributes: Mapping[str, Attributes]) -> None:
        """Change attributes of parameters that are there."""
        self._attributes.update((sys.intern(path), wanted) for path, wanted in attributes.items())

    def keep_key(self, parameter_key: str) -> None:
        """Keep what the ACS said with a change that was carried out (A.3.2.1)."""
        path = self._model.management("ParameterKey")
        if isinstance(self.item(path), Leaf):
            self.write({path: parameter_key})

    def add(self, table: str, alias: str | None = None) -> int:
        """Make an instance of a table that is there, with an alias of its own without one; its number."""
        node = self.item(table)
        if not isinstance(node, Node) or node.blueprint is None:
            raise RefusedError(CpeFault.INVALID_PARAMETER_NAME, f"{table} is no table")
        number = node.highest + 1
        grown = replace(node.with_child(str(number), node.blueprint), highest=number)
        self._root = put(self._root, table[:-1].split("."), grown)
        if node.has_aliases:
            self.write({f"{table}{number}.Alias": self._free_alias(table, number) if alias is None else alias})
        self.revision += 1
        return number

    def delete(self, instance: str) -> None:
        """Delete an instance that is there, and all that is below it."""
        self._root = put(self._root, instance[:-1].split("."), None)
        for kept in (self._values, self._attributes):
            for path in [path for path in kept if path.startswith(instance)]:
                del kept[path]
        self.revision += 1

    def reset(self) -> None:
        """As it left the factory."""
        self._root = self._model.root
        self._values.clear()
        self._attributes.clear()
        self.revision += 1

    def snapshot(self) -> Snapshot:
        """What ``restore`` goes back to."""
        return Snapshot(self._root, dict(self._values))

    def restore(self, snapshot: Snapshot) -> None:
        """Structure and values as they were."""
        self._root = snapshot.root
        self._values = dict(snapshot.values)
        self.revision += 1

    # Instances.

    def aliases(self, table: str) -> Iterator[tuple[str, str]]:
        """The numbers of the instances of a table, each with its alias; those without one are left out."""
        node = self.item(table)
        for number in node.children if isinstance(node, Node) and node.is_table else ():
            alias = self.alias(f"{table}{number}.")
            if alias is not None:
                yield number, alias

    def alias(self, instance: str) -> str | None:
        """The alias of an instance; None without one."""
        return self.value(f"{instance}Alias", 0.0)

    def _free_alias(self, table: str, number: int) -> str:
        """``cpe-`` and the number (TR-106), unless the ACS has given that to another instance."""
        taken = {alias for _, alias in self.aliases(table)}
        alias = f"cpe-{number}"
        while alias in taken:
            alias += "-1"
        return alias

    def _made(self, path: str, leaf: Leaf, now: float) -> str:
        up = max(0, int(now - self.booted_at))
        match leaf.live:
            case Live.UP_TIME:
                return str(up)
            case Live.CLOCK:
                return clock_text(int(now))
            case Live.ENTRIES:
                table = self.item(f"{path[: path.rfind('.') + 1]}{leaf.counts}.")
                return str(len(table.children)) if isinstance(table, Node) else leaf.value
            case _:
                return str((int(leaf.value or 0) + up * _GROWTH) % 2**32)
