"""From an operation to its plan."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, TypeVar

from acs.domain.operation import (
    Operation,
    OperationFault,
    OperationKind,
    Outcome,
    OutcomeState,
    VariableResult,
    VariableStatus,
)
from acs.provisioning.arguments import request_from
from acs.provisioning.context import Context
from acs.provisioning.errors import PlanningError, Problem, ProgressError
from acs.provisioning.get import Get
from acs.provisioning.objects import AddObjects, DeleteObjects, ObjectsState
from acs.provisioning.plain import from_plain
from acs.provisioning.plan import Plan, Procedure, Progress
from acs.provisioning.reading import Reading
from acs.provisioning.set import Set
from acs.provisioning.settings import SettingsProcedure, SettingsState, due_settings
from acs.provisioning.single import Single, SingleState
from acs.provisioning.writing import WriteState
from cwmp_schemas.messages import AcsRequest
from cwmp_schemas.rpc.control import FactoryReset, Reboot

# The kinds whose names go to the device as they are.
_CONCRETE: Final = frozenset({OperationKind.GET, OperationKind.SET, OperationKind.DELETE_OBJECT})

S = TypeVar("S")

_METHODS: Final = {OperationKind.DOWNLOAD: "Download", OperationKind.UPLOAD: "Upload"}


def plan_for(operation: Operation, context: Context, progress: Mapping[str, object] | None = None) -> Plan:
    """The plan that carries an operation out, from its beginning or from where it was.

    PlanningError says why it cannot be carried out as it is asked for, ProgressError that the progress is not its own.
    """
    if not progress:
        _refuse_patterns(operation)
        return Plan(operation.kind, _procedure(operation, context, None))
    saved = from_plain(Progress, progress, ProgressError)
    if saved.kind is not operation.kind:
        raise ProgressError([Problem("kind", f"is {saved.kind}, but the operation is {operation.kind}")])
    return Plan(operation.kind, _procedure(operation, context, saved), saved.rpcs, saved.end)


def _refuse_patterns(operation: Operation) -> None:
    """A device knows no ``*`` and no ``{i}``; whoever knows its instances fills them in before an operation is made."""
    if operation.kind not in _CONCRETE:
        return
    problems = [
        Problem(f"variables[{place}].variable_name", f"{each.name} is a pattern: fill in its * and {{i}}", place)
        for place, each in enumerate(operation.variables)
        if not {"*", "{i}"}.isdisjoint(each.name.split("."))
    ]
    if problems:
        raise PlanningError(problems)


def plan_for_due_settings(context: Context, progress: Mapping[str, object] | None = None) -> Plan | None:
    """The plan that pushes what is due at a session's end; None when nothing is.

    It goes on from a progress only while just the same is due. What no session has brought about yet goes first, or a
    setting that the device takes and does not keep would hold back the others for ever.
    """
    names = sorted(due_settings(context), key=lambda name: context.settings[name].applied)
    if not names:
        return None
    saved = from_plain(Progress, progress, ProgressError) if progress else None
    state = _state(SettingsState, saved)
    about = replace(context, settings={name: context.settings[name] for name in names})
    procedure = SettingsProcedure(about, compare=False, state=state.resumed(context.known) if state else None)
    return Plan(OperationKind.RECONF, procedure, saved.rpcs if saved else 0)


def refusal(operation: Operation, error: PlanningError) -> Outcome:
    """What became of an operation that could not be planned: nothing was sent."""
    faults: dict[int, OperationFault] = {}
    for problem in error.problems:
        if problem.variable is not None:
            faults.setdefault(problem.variable, OperationFault(problem.what))
    variables = (
        VariableResult(
            variable.name,
            VariableStatus.REFUSED if place in faults else VariableStatus.SKIPPED,
            variable.value,
            fault=faults.get(place),
        )
        for place, variable in enumerate(operation.variables)
    )
    return Outcome(OutcomeState.FAILED, OperationFault(str(error)), tuple(variables))


def _procedure(operation: Operation, context: Context, saved: Progress | None) -> Procedure:
    variables, verify = operation.variables, operation.verify
    match operation.kind:
        case OperationKind.GET:
            return Get(variables, context, _state(Reading, saved))
        case OperationKind.SET:
            return Set(variables, context, verify=verify, state=_state(WriteState, saved))
        case OperationKind.ADD_OBJECT:
            return AddObjects(variables, context, verify=verify, state=_state(ObjectsState, saved))
        case OperationKind.DELETE_OBJECT:
            return DeleteObjects(variables, _state(ObjectsState, saved))
        case OperationKind.SYNC | OperationKind.RECONF:
            compare = operation.kind is OperationKind.SYNC
            return SettingsProcedure(context, compare=compare, state=_state(SettingsState, saved))
        case _:
            return Single(_request(operation, context), context.quirks, _state(SingleState, saved))


def _request(operation: Operation, context: Context) -> AcsRequest:
    if context.request:
        return context.request
    match operation.kind:
        case OperationKind.REBOOT:
            return Reboot(context.command_key)
        case OperationKind.FACTORY | OperationKind.DEVICE_FACTORY:
            return FactoryReset()
        case _:
            method = _METHODS.get(operation.kind, operation.method)
            return request_from(method, operation.arguments, context.command_key)


def _state(cls: type[S], saved: Progress | None) -> S | None:
    state: Any = saved and saved.state
    return None if saved is None else from_plain(cls, state, ProgressError, "state")
