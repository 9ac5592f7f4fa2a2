"""Changes that a device makes by itself, until the ACS has been told of them (TR-069 3.7.1.5, A.3.2.4)."""

import math
import sys
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Final

from simulators.device.checking import canonical
from simulators.device.errors import ModelError
from simulators.device.model import Attributes, Leaf, Notify
from simulators.device.tree import Tree

_PASSIVE: Final = frozenset({1, 4, 6})
_ACTIVE: Final = 2


class Urgency(Enum):
    """When the ACS is told of a change."""

    NEVER = "not by an Inform"
    WITH_THE_NEXT = "with the next Inform"
    AT_ONCE = "by a session of its own"


def urgency(leaf: Leaf, attributes: Attributes) -> Urgency:
    """When the ACS is told of a change of a parameter; the lightweight kinds alone bring no session."""
    if leaf.notify is Notify.ALWAYS or attributes.notification == _ACTIVE:
        return Urgency.AT_ONCE
    return Urgency.WITH_THE_NEXT if attributes.notification in _PASSIVE else Urgency.NEVER


class Notifying:
    """The parameters that have changed since the ACS was told of them, each once. Restarts and failed sessions leave
    them; only an InformResponse takes them away, and only those that were in that Inform and have not changed since.
    """

    __slots__ = ("_changed", "_count", "_free_at", "_is_asked_for", "_told")

    def __init__(self) -> None:
        self._changed: dict[str, tuple[int, bool]] = {}
        self._told: dict[str, tuple[int, bool]] = {}
        self._count = 0
        self._free_at = -math.inf
        self._is_asked_for = False

    def __bool__(self) -> bool:
        return bool(self._changed)

    @property
    def due_at(self) -> float:
        """When to ask for a session because of a change; infinity when no change wants one, or one is asked for."""
        if not self._changed or self._is_asked_for:
            return math.inf
        is_waiting = any(is_active for _, is_active in self._changed.values())
        return self._free_at if is_waiting else math.inf

    def change(self, tree: Tree, values: Mapping[str, str], now: float) -> None:
        """Give parameters other values, all or none; ModelError for what is not kept, or no value of its type."""
        changes: dict[str, str] = {}
        urgencies: dict[str, Urgency] = {}
        for path, text in values.items():
            leaf = tree.item(path)
            if not isinstance(leaf, Leaf) or leaf.live is not None:
                raise ModelError(f"the device keeps no value of {path}")
            try:
                value = canonical(leaf.type, text)
            except ValueError as error:
                raise ModelError(f"{path}: {error}") from None
            if value != tree.value_of(path, leaf, now):
                changes[path] = value
                urgencies[path] = urgency(leaf, tree.attributes_of(path, leaf))
        if changes:
            tree.write(changes)
        for path, how in urgencies.items():
            self._note(path, how)

    @property
    def is_idle(self) -> bool:
        """Whether an InformResponse changes nothing, as nearly always."""
        return not (self._changed or self._told or self._is_asked_for)

    def asked_for(self) -> None:
        """A session is wanted, in which the changes will be told."""
        self._is_asked_for = True

    def tell(self, *, has_event: bool) -> Iterable[str]:
        """The names of what has changed, for an Inform; one that has no room for the event tells nothing."""
        self._told = dict(self._changed) if has_event else {}
        return self._told

    def informed(self, now: float, throttle: float) -> None:
        """The InformResponse has come; the next session for a change is to be so many seconds away."""
        if any(is_active for _, is_active in self._told.values()):
            self._free_at = now + throttle
        self._changed = {path: change for path, change in self._changed.items() if self._told.get(path) != change}
        self._told = {}
        self._is_asked_for = False

    def deleted(self, instance: str) -> None:
        """An instance is gone with all its parameters."""
        self._changed = {path: change for path, change in self._changed.items() if not path.startswith(instance)}

    def clear(self) -> None:
        """Forget everything (factory reset)."""
        self._changed = {}
        self._told = {}
        self._free_at = -math.inf
        self._is_asked_for = False

    def _note(self, path: str, how: Urgency) -> None:
        if how is not Urgency.NEVER:
            self._count += 1
            self._changed[sys.intern(path)] = (self._count, how is Urgency.AT_ONCE)
