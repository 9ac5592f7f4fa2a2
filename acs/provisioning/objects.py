"""The operations ``add.obj`` and ``del.obj``. No AddObject or DeleteObject is ever sent twice for one variable."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from acs.domain.operation import (
    JSON,
    OperationFault,
    Outcome,
    OutcomeState,
    Variable,
    VariableResult,
    VariableStatus,
)
from acs.provisioning.context import Context
from acs.provisioning.errors import PlanningError, Problem, ProgressError
from acs.provisioning.plan import End, first_fault
from acs.provisioning.set import repeated_names
from acs.provisioning.templates import Addition, additions_of, follow_up_problems, resolved
from acs.provisioning.writing import Write, WriteState
from cwmp_schemas.faults import Fault
from cwmp_schemas.messages import AcsRequest, CpeResponse
from cwmp_schemas.rpc.control import AddObject, AddObjectResponse, DeleteObject, DeleteObjectResponse

_DONE: Final = frozenset({VariableStatus.APPLIED, VariableStatus.ACCEPTED})


@dataclass(slots=True)
class ObjectState:
    """What became of one AddObject or DeleteObject."""

    status: int | None = None
    """The device's Status: 0 done, 1 accepted but not yet done; None while it is not done."""
    fault: OperationFault | None = None
    """Why it was refused."""
    instance: int = 0
    """The number of the new instance; 0 when the device named none."""
    write: WriteState | None = None
    """What became of the variables set in the new instance."""

    @property
    def is_settled(self) -> bool:
        """Whether the RPC was answered."""
        return self.status is not None or self.fault is not None

    @property
    def reached(self) -> VariableStatus:
        """What to tell of it, once it is settled."""
        if self.fault:
            return VariableStatus.REFUSED
        return VariableStatus.ACCEPTED if self.status else VariableStatus.APPLIED


@dataclass(slots=True)
class ObjectsState:
    """What an operation on objects must remember between two RPCs."""

    objects: list[ObjectState] = field(default_factory=list)
    """One for each object, in the order in which they are added or deleted."""


class AddObjects:
    """Adds objects; the variables of each are set in one SetParameterValues before the next is added."""

    def __init__(
        self, variables: Sequence[Variable], context: Context, *, verify: bool, state: ObjectsState | None = None
    ) -> None:
        self.variables = variables
        additions, problems = additions_of(variables)
        if state is None:
            problems += follow_up_problems(additions, variables, context)
        if problems:
            raise PlanningError(problems)
        self.state = _state_for(len(additions), state)
        self._addings: dict[int, _Adding] = {}
        for addition, of_object in zip(additions, self.state.objects, strict=True):
            parent = self._addings[addition.parent.place] if addition.parent else None
            follow_ups = [variables[place] for place in addition.follow_ups]
            adding = _Adding(addition, parent, follow_ups, context, verify=verify, state=of_object)
            self._addings[addition.place] = adding

    def next(self) -> AcsRequest | None:
        """The RPC to send now."""
        current = self._current()
        return current.next() if current else None

    def take(self, answer: CpeResponse | Fault) -> None:
        """The answer to it."""
        current = self._current()
        if current:
            current.take(answer)

    def lose(self) -> None:
        """No answer came to an RPC that follows an AddObject; an AddObject itself is not repeated."""
        current = self._current()
        if current and current.write:
            current.write.lose()

    def outcome(self, end: End | None) -> Outcome:
        """Completed when every object was added and all variables were accepted; what was added stays."""
        results: dict[int, VariableResult] = {}
        current = self._current()
        for place, adding in self._addings.items():
            results[place] = adding.result(end, is_current=adding is current)
            results |= zip(adding.addition.follow_ups, adding.follow_up_results(end), strict=True)
        variables = tuple(results[place] for place in range(len(self.variables)))
        state, fault = OutcomeState.COMPLETED, None
        if any(each.status not in _DONE for each in variables):
            own = next((adding.fault for adding in self._addings.values() if adding.fault), first_fault(variables))
            state, fault = (end.state, end.fault) if end else (OutcomeState.FAILED, own)
        writes = [adding.write for adding in self._addings.values() if adding.write]
        return Outcome(
            state,
            fault,
            variables,
            {"objects": [adding.told() for adding in self._addings.values() if adding.state.status is not None]},
            learned=tuple(value for write in writes for value in write.read_values()),
            gpv_batch=min((write.learned_batch for write in writes if write.learned_batch), default=None),
        )

    def _current(self) -> "_Adding | None":
        return next((adding for adding in self._addings.values() if adding.next() is not None), None)


class _Adding:
    """One object on its way."""

    def __init__(
        self,
        addition: Addition,
        parent: "_Adding | None",
        follow_ups: Sequence[Variable],
        context: Context,
        *,
        verify: bool,
        state: ObjectState,
    ) -> None:
        self.addition = addition
        self.parent = parent
        self.follow_ups = follow_ups
        self.context = context
        self.verify = verify
        self.state = state
        self.write = self._write(state.write) if state.write else None

    @property
    def table(self) -> str:
        """Where it is added; meant only when the parent has a path."""
        return resolved(self.addition.name, self.parent.path or "") if self.parent else self.addition.name

    @property
    def path(self) -> str | None:
        """The new instance; None while there is none that can be named."""
        return f"{self.table}{self.state.instance}." if self.state.instance else None

    @property
    def is_barred(self) -> bool:
        """Whether it cannot be added, because there is nothing to add it to."""
        if self.parent is None:
            return False
        return self.parent.is_barred or (self.parent.state.is_settled and self.parent.path is None)

    @property
    def fault(self) -> OperationFault | None:
        """Why the device refused it or its variables."""
        return self.state.fault or (self.write.fault if self.write else None)

    def next(self) -> AcsRequest | None:
        """The RPC to send now."""
        if self.write:
            return self.write.next()
        is_ready = self.parent is None or self.parent.path is not None
        return AddObject(self.table) if is_ready and not self.state.is_settled else None

    def take(self, answer: CpeResponse | Fault) -> None:
        """The answer to it."""
        if self.write:
            self.write.take(answer)
        elif isinstance(answer, Fault):
            self.state.fault = OperationFault.of(answer)
        elif isinstance(answer, AddObjectResponse):
            self.state.status, self.state.instance = answer.status, answer.instance_number
            if self.follow_ups and self.path:
                self.write = self._write(None)
                self.state.write = self.write.state

    def result(self, end: End | None, *, is_current: bool) -> VariableResult:
        """What became of the object."""
        name = self.addition.name
        if self.state.is_settled:
            instance = self.state.instance or None
            return VariableResult(
                name, self.state.reached, fault=self.state.fault, path=self.path, instance_number=instance
            )
        if self.is_barred:
            return VariableResult(name, VariableStatus.SKIPPED, fault=self._reason(end))
        return unsettled(name, end, is_current=is_current)

    def follow_up_results(self, end: End | None) -> list[VariableResult]:
        """What became of the variables to be set in it."""
        if self.write:
            results = self.write.results()
            return [
                replace(each, name=of.name, path=each.name) for each, of in zip(results, self.follow_ups, strict=True)
            ]
        reason = self._reason(end)
        return [VariableResult(each.name, VariableStatus.SKIPPED, each.value, fault=reason) for each in self.follow_ups]

    def told(self) -> dict[str, JSON]:
        """What there is to tell of an object that was added."""
        told: dict[str, JSON] = {
            "name": self.addition.name,
            "path": self.path,
            "instance_number": self.state.instance or None,
            "status": self.state.status,
        }
        if self.write and self.write.state.status is not None:
            told["variables"] = self.write.summary()
        elif self.follow_ups:
            told["message"] = "it was added and exists, but its variables are not known to be set"
        return told

    def _reason(self, end: End | None) -> OperationFault:
        """Why nothing was sent that depends on it."""
        if self.parent and self.is_barred:
            return OperationFault(f"not sent, because {self.parent.addition.name} has no new instance to go below")
        if self.state.fault:
            return OperationFault(f"not sent, because {self.table} was refused")
        if self.state.is_settled:
            return OperationFault(f"not sent, because the device named no number for the new {self.table}")
        return OperationFault(f"not sent: {end.fault.string}" if end else "not sent")

    def _write(self, state: WriteState | None) -> Write:
        path = self.path or ""
        variables = [replace(each, name=resolved(each.name, path)) for each in self.follow_ups]
        return Write(variables, self.context, verify=self.verify, state=state)


class DeleteObjects:
    """Deletes objects one by one; one that is refused does not spare the others."""

    def __init__(self, variables: Sequence[Variable], state: ObjectsState | None = None) -> None:
        self.names = [variable.name for variable in variables]
        problems = [*repeated_names(enumerate(variables)), *_no_objects(self.names)]
        if not variables:
            problems.append(Problem("variables", "there is no object to delete"))
        if problems:
            raise PlanningError(problems)
        self.state = _state_for(len(variables), state)

    def next(self) -> AcsRequest | None:
        """The RPC to send now."""
        place = self._place()
        return None if place is None else DeleteObject(self.names[place])

    def take(self, answer: CpeResponse | Fault) -> None:
        """The answer to it."""
        place = self._place()
        if place is None:
            return
        if isinstance(answer, Fault):
            self.state.objects[place].fault = OperationFault.of(answer)
        elif isinstance(answer, DeleteObjectResponse):
            self.state.objects[place].status = answer.status

    def lose(self) -> None:
        """Never told: a DeleteObject is not repeated."""

    def outcome(self, end: End | None) -> Outcome:
        """Completed when every object was deleted."""
        current = self._place()
        variables = tuple(
            VariableResult(name, of_object.reached, fault=of_object.fault)
            if of_object.is_settled
            else unsettled(name, end, is_current=place == current)
            for place, (name, of_object) in enumerate(zip(self.names, self.state.objects, strict=True))
        )
        if all(each.status in _DONE for each in variables):
            return Outcome(OutcomeState.COMPLETED, None, variables)
        state, fault = (end.state, end.fault) if end else (OutcomeState.FAILED, first_fault(variables))
        return Outcome(state, fault, variables)

    def _place(self) -> int | None:
        return next((place for place, each in enumerate(self.state.objects) if not each.is_settled), None)


def unsettled(name: str, end: End | None, *, is_current: bool) -> VariableResult:
    """What to tell of an object whose RPC was not answered; ``is_current`` when it was the last that was sent."""
    is_unknown = is_current and end is not None and end.state is OutcomeState.UNKNOWN
    status = VariableStatus.UNKNOWN if is_unknown else VariableStatus.SKIPPED
    return VariableResult(name, status, fault=end.fault if end else None)


def _no_objects(names: Sequence[str]) -> Iterator[Problem]:
    for place, name in enumerate(names):
        if not name.endswith("."):
            yield Problem(
                f"variables[{place}].variable_name", f"{name or 'the root'} is no object: no dot ends it", place
            )


def _state_for(count: int, state: ObjectsState | None) -> ObjectsState:
    if state is None:
        return ObjectsState([ObjectState() for _ in range(count)])
    if len(state.objects) != count:
        raise ProgressError([Problem("objects", f"there are {len(state.objects)} of them, not {count}")])
    return state
