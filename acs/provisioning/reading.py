"""Reading parameters of a device: leaves in batches it can bear, partial paths whole or else by their parts."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from acs.domain.operation import OperationFault, VariableResult, VariableStatus
from acs.provisioning.batches import LOSSES, TOO_MUCH, Batches
from acs.provisioning.errors import LimitError
from acs.provisioning.quirks import Quirks
from acs.provisioning.value_types import TypedValue
from cwmp_schemas.faults import CpeFault, Fault, ParameterFault
from cwmp_schemas.messages import CpeResponse
from cwmp_schemas.rpc.parameters import (
    GetParameterNames,
    GetParameterNamesResponse,
    GetParameterValues,
    GetParameterValuesResponse,
    ParameterValue,
)

MAX_NAMES: Final = 100_000
"""How many names and values one plan may hold."""

MAX_DEPTH: Final = 16
"""How many levels below a requested path are read by their parts."""

# What devices answer to a partial path with more below it than they can put into one answer.
_TOO_BIG: Final = frozenset({CpeFault.INTERNAL_ERROR, CpeFault.RESOURCES_EXCEEDED})

_NO_ANSWER: Final = OperationFault("no answer came to it, twice")
_LEFT_OUT: Final = OperationFault("the device answers without a fault, but leaves this name out")
_FULL_ANSWER: Final = OperationFault("the device answers as many values as it puts into one answer; more may follow")


@dataclass(slots=True)
class PathAsk:
    """A partial path that is still to be read."""

    path: str
    """The path; empty for the whole tree."""
    depth: int = 0
    """How many levels below the requested path it is."""
    too_big: OperationFault | None = None
    """Why it cannot be read whole: what is below it is to be listed, and read by its parts."""


@dataclass(slots=True)
class Reading:
    """What a reader must remember between two RPCs."""

    leaves: Batches
    """Parameters still to be read."""
    paths: list[PathAsk]
    """Partial paths still to be read; after the leaves, which cost less."""
    values: dict[str, TypedValue] = field(default_factory=dict)
    """What was read."""
    faults: dict[str, OperationFault] = field(default_factory=dict)
    """Which names and paths could not be read."""
    in_parts: list[str] = field(default_factory=list)
    """Paths that were too big to be read whole."""
    losses: int = 0
    """How often the present request got no answer."""


class Reader:
    """Plans one read. A name asked for twice is read once."""

    def __init__(self, names: Iterable[str], quirks: Quirks, state: Reading | None = None) -> None:
        self.quirks = quirks
        if state is None:
            asked = dict.fromkeys(names)
            leaves = (name for name in asked if not is_partial(name))
            paths = [PathAsk(name) for name in asked if is_partial(name)]
            state = Reading(Batches.of(leaves, quirks.gpv_batch), paths)
        self.state = state

    def next(self) -> GetParameterValues | GetParameterNames | None:
        """What to ask now; None when all that can be read was read."""
        if self.state.leaves:
            return GetParameterValues(self.state.leaves.head())
        if not self.state.paths:
            return None
        ask = self.state.paths[0]
        path = self.quirks.tree_path(ask.path)
        return GetParameterNames(path, next_level=True) if ask.too_big else GetParameterValues((path,))

    def take(self, answer: CpeResponse | Fault) -> None:
        """The answer to it."""
        self.state.losses = 0
        match answer:
            case Fault():
                self._refused(OperationFault.of(answer))
            case GetParameterValuesResponse() if self.state.leaves:
                self._take_leaves(answer.parameter_list)
            case GetParameterValuesResponse():
                self._take_path(answer.parameter_list)
            case GetParameterNamesResponse():
                self._take_children([entry.name for entry in answer.parameter_list])
        if len(self.state.values) + len(self.state.leaves) + len(self.state.paths) > MAX_NAMES:
            raise LimitError(f"the read needs more than {MAX_NAMES} names and values")

    def lose(self) -> None:
        """No answer came: ask again, then as if it had been too much."""
        self.state.losses += 1
        if self.state.losses >= LOSSES:
            self.state.losses = 0
            self._refused(_NO_ANSWER)

    @property
    def is_at_last(self) -> bool:
        """Whether what is asked is all that is left, and cannot be asked in parts."""
        leaves, paths = len(self.state.leaves), self.state.paths
        return leaves + len(paths) == 1 and (leaves == 1 or paths[0].too_big is not None)

    @property
    def learned_batch(self) -> int | None:
        """The batch size the device turned out to bear, if smaller than assumed."""
        size = self.state.leaves.size
        return size if size < self.quirks.gpv_batch else None

    def read_values(self) -> tuple[ParameterValue, ...]:
        """All that was read."""
        return tuple(ParameterValue(name, found.value, found.type) for name, found in self.state.values.items())

    def results(self, names: Sequence[str], ended: OperationFault | None = None) -> list[VariableResult]:
        """What became of each requested name; ``ended`` says why the read ended before it was done."""
        return _Results(self.state, names, ended).all()

    def _take_leaves(self, answered: Sequence[ParameterValue]) -> None:
        batches = self.state.leaves
        asked = set(batches.head())
        # Names that were not asked for are ignored: some devices answer a whole object for one name.
        found = {entry.name: TypedValue(entry.value, entry.type) for entry in answered if entry.name in asked}
        self.state.values |= found
        # Huawei HN8145X6N leaves out what exceeds 256 values, others what they do not know.
        missing = asked - found.keys()
        if found:
            batches.keep(missing)
        elif len(missing) > 1:
            batches.split(shrink=False)
        else:
            self.state.faults[batches.blame()] = _LEFT_OUT

    def _take_path(self, answered: Sequence[ParameterValue]) -> None:
        ask = self.state.paths[0]
        for entry in answered:
            if entry.name.startswith(ask.path) and not is_partial(entry.name):
                # Put at the end, even if it was read before: what is below a path is told in the device's order.
                self.state.values.pop(entry.name, None)
                self.state.values[entry.name] = TypedValue(entry.value, entry.type)
        limit = self.quirks.answer_limit
        if limit is not None and len(answered) >= limit:
            self._read_in_parts(_FULL_ANSWER)
        else:
            self.state.paths.pop(0)

    def _take_children(self, listed: Sequence[str]) -> None:
        ask = self.state.paths.pop(0)
        children = _children(self.quirks.tree_path(ask.path), listed)
        if not children and ask.too_big:
            self.state.faults[ask.path] = ask.too_big
            return
        settled = self.state.values.keys() | self.state.faults.keys()
        queued = {other.path for other in self.state.paths}
        new = [child for child in children if child not in settled and child not in queued]
        self.state.leaves.add(child for child in new if not is_partial(child))
        self.state.paths[:0] = [PathAsk(child, ask.depth + 1) for child in new if is_partial(child)]

    def _refused(self, fault: OperationFault) -> None:
        if self.state.leaves:
            self._leaves_refused(fault)
            return
        ask = self.state.paths[0]
        if ask.too_big:
            self.state.faults[ask.path] = ask.too_big
            self.state.paths.pop(0)
        elif fault is _NO_ANSWER or fault.code in _TOO_BIG:
            self._read_in_parts(fault)
        elif fault.code == CpeFault.METHOD_NOT_SUPPORTED:
            self._all_refused(fault)
        else:
            self.state.faults[ask.path] = fault
            self.state.paths.pop(0)

    def _leaves_refused(self, fault: OperationFault) -> None:
        batches = self.state.leaves
        if fault.code == CpeFault.METHOD_NOT_SUPPORTED:
            self._all_refused(fault)
        elif len(batches.head()) > 1:
            batches.split(shrink=fault is _NO_ANSWER or fault.code in TOO_MUCH)
        else:
            self.state.faults[batches.blame()] = fault

    def _all_refused(self, fault: OperationFault) -> None:
        names = [*self.state.leaves.names(), *(ask.path for ask in self.state.paths)]
        self.state.faults |= dict.fromkeys(names, fault)
        self.state.leaves.clear()
        self.state.paths.clear()

    def _read_in_parts(self, fault: OperationFault) -> None:
        ask = self.state.paths[0]
        if ask.depth >= MAX_DEPTH:
            self.state.faults[ask.path] = fault
            self.state.paths.pop(0)
            return
        ask.too_big = fault
        self.state.in_parts.append(ask.path)


class _Results:
    """Sorts what was read to the names that were asked for."""

    def __init__(self, state: Reading, names: Sequence[str], ended: OperationFault | None) -> None:
        self.state = state
        self.names = names
        self.ended = ended
        self.values: dict[str, list[ParameterValue]] = {name: [] for name in names if is_partial(name)}
        self.faults: dict[str, list[ParameterFault]] = {name: [] for name in state.in_parts}
        self.open = {prefix for name in self._pending() for prefix in (name, *_paths_to(name))}

    def all(self) -> list[VariableResult]:
        for name, found in self.state.values.items():
            for path in _paths_to(name):
                if path in self.values:
                    self.values[path].append(ParameterValue(name, found.value, found.type))
        for name, fault in self.state.faults.items():
            for path in _paths_to(name):
                # One refused alone may have come with a whole path.
                if path in self.faults and path != name and name not in self.state.values:
                    self.faults[path].append(ParameterFault(name, fault.code or 0, fault.string))
        return [self._path(name) if is_partial(name) else self._leaf(name) for name in self.names]

    def _pending(self) -> Iterator[str]:
        yield from self.state.leaves.names()
        yield from (ask.path for ask in self.state.paths)

    def _leaf(self, name: str) -> VariableResult:
        found = self.state.values.get(name)
        if found is not None:
            return VariableResult(name, VariableStatus.READ, found.value, found.type)
        if name in self.state.faults:
            return VariableResult(name, VariableStatus.REFUSED, fault=self.state.faults[name])
        return VariableResult(name, VariableStatus.PENDING, fault=self.ended)

    def _path(self, name: str) -> VariableResult:
        values = tuple(self.values[name])
        if name in self.open:
            return VariableResult(name, VariableStatus.PENDING, values=values, fault=self.ended)
        fault = self.state.faults.get(name) or self._fault_below(name)
        if fault and not values:
            return VariableResult(name, VariableStatus.REFUSED, values=values, fault=fault)
        return VariableResult(name, VariableStatus.READ, values=values, fault=fault)

    def _fault_below(self, name: str) -> OperationFault | None:
        refused = self.faults.get(name)
        if not refused:
            return None
        return OperationFault(f"{len(refused)} of the names below it could not be read", parameters=tuple(refused))


def is_partial(name: str) -> bool:
    """Whether a name is a partial path: it means all that is below it (A.3.2.2)."""
    return not name or name.endswith(".")


def _children(path: str, listed: Sequence[str]) -> list[str]:
    """What is directly below a path, also when the device ignores NextLevel and lists everything below."""
    children: dict[str, None] = {}
    for name in listed:
        if name.startswith(path) and name != path:
            head, dot, _ = name[len(path) :].partition(".")
            children[f"{path}{head}{dot}"] = None
    return list(children)


def _paths_to(name: str) -> Iterator[str]:
    """The partial paths that mean this name, itself among them if it is one: "", "Device.", "Device.IP."..."""
    yield ""
    dot = name.find(".")
    while dot >= 0:
        yield name[: dot + 1]
        dot = name.find(".", dot + 1)
