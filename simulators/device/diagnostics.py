"""Diagnostics: asked for by a parameter, done after the session, told in a new one (TR-181, TR-098, TR-143).

Results are kept until the next run or the next restart.
"""

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from cwmp_schemas import events
from cwmp_schemas.values import INTEGER_RANGES
from simulators.device import measuring
from simulators.device.measuring import Finding, Question
from simulators.device.model import Leaf, Node

if TYPE_CHECKING:
    from simulators.device.cpe import Cpe

NONE: Final = "None"
REQUESTED: Final = "Requested"
_STATES: Final = ("DiagnosticsState", "LoopDiagnosticsState")
_NAME_SERVERS: Final = ("Device.DNS.Client.Server.1.DNSServer",)
_NAME_SERVER: Final = "100.64.0.53"


def concerns(path: str) -> bool:
    """Whether a parameter may belong to a diagnostics."""
    return "Diagnos" in path


class Diagnostics:
    """The diagnostics of a device that run, or have run since it was switched on."""

    __slots__ = ("_began", "_cpe", "_due", "_used")

    def __init__(self, cpe: "Cpe") -> None:
        self._cpe = cpe
        self._due: dict[str, float] = {}
        # When each began that was begun; one that is over or was called off does not matter.
        self._began: dict[str, float] = {}
        self._used: set[str] = set()

    def wrote(self, paths: Iterable[str], now: float) -> None:
        """The ACS has set parameters: what it asks for begins, what it changes the settings of ends without result."""
        touched: dict[str, bool] = {}
        for path in paths:
            owner, _, name = path.rpartition(".")
            touched[f"{owner}."] = touched.get(f"{owner}.", False) or name in _STATES
        for owner, is_asked in touched.items():
            state = self._state_of(owner)
            if state is None:
                continue
            if is_asked and self._cpe.tree.value(state, now) == REQUESTED:
                self._due[owner] = math.inf
                self._used.add(owner)
            else:
                self._due.pop(owner, None)
                self._forget(owner, state)
        if self._cpe.session is not None:
            self._cpe.after_session(self._begin)
        else:
            self._begin(now)

    def restarted(self) -> None:
        """The device goes down: nothing is left of any run."""
        self._due.clear()
        for owner in self._used:
            state = self._state_of(owner)
            if state is not None:
                self._forget(owner, state)
        self._used.clear()

    def was_reset(self) -> None:
        """The device is as it left the factory."""
        self._due.clear()
        self._used.clear()

    def _begin(self, now: float) -> None:
        """The session in which they were asked for is over."""
        cpe = self._cpe
        for owner, due in self._due.items():
            if due == math.inf:
                least = measuring.least_seconds(_name_of(owner), self._settings(owner, now))
                self._began[owner] = now
                self._due[owner] = now + max(least, cpe.chance.between(*cpe.timing.diagnostics))
        self._arm()

    def _arm(self) -> None:
        soonest = min(self._due.values(), default=math.inf)
        if soonest < math.inf:
            self._cpe.appoint(soonest, self._run)

    def _run(self, now: float) -> None:
        for owner in [owner for owner, due in self._due.items() if due <= now]:
            del self._due[owner]
            self._finish(owner, now)
        self._arm()

    def _finish(self, owner: str, now: float) -> None:
        cpe, state = self._cpe, self._state_of(owner)
        if state is None:
            return
        settings, took = self._settings(owner, now), now - self._began.pop(owner, now)
        question = Question(settings, cpe.identity.ip(), self._name_server(now), cpe.chance, now, took)
        name = _name_of(owner)
        finding = measuring.KINDS.get(name, measuring.other)(question)
        self._remove_rows(owner)
        self._write(owner, finding.values)
        self._add_rows(owner, finding)
        self._set(state, self._spelling(state, finding.states), now)
        cpe.pending.add(events.DIAGNOSTICS_COMPLETE)
        cpe.works.journal.note(now, f"diagnostics: {name}: {cpe.tree.value(state, now)}")

    def _state_of(self, owner: str) -> str | None:
        """The path of the state of a diagnostics; None if an object is none."""
        return next((owner + name for name in _STATES if isinstance(self._cpe.tree.item(owner + name), Leaf)), None)

    def _settings(self, owner: str, now: float) -> Mapping[str, str]:
        tree, node = self._cpe.tree, self._cpe.tree.item(owner)
        return {
            name: tree.value_of(owner + name, leaf, now)
            for name, leaf in (node.children.items() if isinstance(node, Node) else ())
            if isinstance(leaf, Leaf)
        }

    def _name_server(self, now: float) -> str:
        found = (self._cpe.tree.value(path, now) for path in _NAME_SERVERS)
        return next((each for each in found if each), _NAME_SERVER)

    def _spelling(self, state: str, wanted: tuple[str, ...]) -> str:
        """The first of some states that the model of the device knows."""
        leaf = self._cpe.tree.item(state)
        known = leaf.facts.enumeration if isinstance(leaf, Leaf) and leaf.facts is not None else ()
        return next((each for each in wanted if each in known), wanted[0])

    def _forget(self, owner: str, state: str) -> None:
        self._remove_rows(owner)
        self._set(state, NONE, 0.0)

    def _set(self, state: str, value: str, now: float) -> None:
        self._cpe.changed_by_itself({state: value}, now)

    def _write(self, path: str, values: Mapping[str, object]) -> None:
        """Write what the device has of some results, no number beyond what its type takes."""
        tree = self._cpe.tree
        there: dict[str, str] = {}
        for name, found in values.items():
            leaf, value = tree.item(path + name), found
            if isinstance(leaf, Leaf) and leaf.live is None and not leaf.writable:
                if isinstance(value, int) and leaf.type in INTEGER_RANGES:
                    value = min(value, INTEGER_RANGES[leaf.type][1])
                there[path + name] = str(value)
        tree.write(there)

    def _table_of(self, owner: str) -> str | None:
        """The path of the table of results that a diagnostics has."""
        name = measuring.TABLES.get(_name_of(owner))
        node = self._cpe.tree.item(f"{owner}{name}.") if name else None
        return f"{owner}{name}." if isinstance(node, Node) and node.is_table else None

    def _add_rows(self, owner: str, finding: Finding) -> None:
        table = self._table_of(owner)
        for row in finding.rows if table else ():
            self._write(f"{table}{self._cpe.tree.add(str(table))}.", row)

    def _remove_rows(self, owner: str) -> None:
        table = self._table_of(owner)
        node = self._cpe.tree.item(table) if table else None
        for number in tuple(node.children) if isinstance(node, Node) else ():
            self._cpe.tree.delete(f"{table}{number}.")
            self._cpe.notifying.deleted(f"{table}{number}.")


def _name_of(owner: str) -> str:
    return owner.removesuffix(".").rpartition(".")[2]
