"""The data model of one device: what it has changed, over what all devices of its kind share."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from cwmp_schemas.faults import CpeFault
from cwmp_schemas.values import date_time_text
from simulators.device.errors import RefusedError
from simulators.device.identity import Identity
from simulators.device.model import Leaf, Live, Model, Node, find, leaves, put

# A counter grows by this many a second; each parameter begins somewhere else.
_GROWTH: Final = 997


@dataclass(frozen=True, slots=True)
class Attributes:
    """How changes of a parameter are told, and who else may write it (A.3.2.4)."""

    notification: int = 0
    """0 off, 1 passive, 2 active, 3 to 6 the lightweight kinds."""
    access_list: tuple[str, ...] = ("Subscriber",)
    """Who may write it beside the ACS."""


@lru_cache(maxsize=64)
def clock_text(second: int) -> str:
    """A moment as a device's clock says it; thousands of devices speak in one second."""
    return date_time_text(datetime.fromtimestamp(second, UTC))


class Tree:
    """A device's parameters and objects. The structure is shared until an object is added or deleted."""

    __slots__ = ("_identity", "_model", "_root", "_values", "attributes", "booted_at", "revision")

    def __init__(self, model: Model, identity: Identity) -> None:
        """A device as it leaves the factory."""
        self._model = model
        self._identity = identity
        self._root = model.root
        self._values: dict[str, str] = {}
        self.attributes: dict[str, Attributes] = {}
        """The attributes that differ from those of the factory, by full name."""
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

    def item(self, path: str) -> Leaf | Node | None:
        """What stands at a path without aliases; a path to an object ends in a dot."""
        found = find(self._root, path)
        return None if isinstance(found, Node) and path and not path.endswith(".") else found

    def leaves(self, path: str) -> Iterator[tuple[str, Leaf]]:
        """The parameter at a full name, or all parameters below a path that ends in a dot; none if there is nothing."""
        found = self.item(path)
        if isinstance(found, Leaf):
            yield path, found
        elif found is not None:
            yield from leaves(path, found)

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

    def write(self, values: Mapping[str, str]) -> None:
        """Change values of parameters that are there; whether they may be is the caller's to know."""
        self._values.update(values)
        self.revision += 1

    def add(self, table: str) -> int:
        """Make an instance of a table that is there; its number."""
        node = self.item(table)
        if not isinstance(node, Node) or node.blueprint is None:
            raise RefusedError(CpeFault.INVALID_PARAMETER_NAME, f"{table} is no table")
        number = node.highest + 1
        grown = replace(node.with_child(str(number), node.blueprint), highest=number)
        self._root = put(self._root, table[:-1].split("."), grown)
        self.revision += 1
        return number

    def delete(self, instance: str) -> None:
        """Delete an instance that is there, and all that is below it."""
        self._root = put(self._root, instance[:-1].split("."), None)
        for kept in (self._values, self.attributes):
            for path in [path for path in kept if path.startswith(instance)]:
                del kept[path]
        self.revision += 1

    def reset(self) -> None:
        """As it left the factory."""
        self._root = self._model.root
        self._values.clear()
        self.attributes.clear()
        self.revision += 1

    def _made(self, path: str, leaf: Leaf, now: float) -> str:
        up = max(0, int(now - self.booted_at))
        match leaf.live:
            case Live.UP_TIME:
                return str(up)
            case Live.CLOCK:
                return clock_text(int(now))
            case Live.ENTRIES:
                table = self.item(path.removesuffix("NumberOfEntries") + ".")
                return str(len(table.children)) if isinstance(table, Node) else leaf.value
            case _:
                return str((int(leaf.value or 0) + up * _GROWTH) % 2**32)
