"""Operations as they are shown: what was asked, how far it is, and what came of it. Secrets are masked."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field

from acs.auth.sealing import SealError
from acs.domain.operation import OperationFault, Variable, VariableResult
from acs.domain.queue import OperationRecord, OperationState, Phase
from acs.provisioning.errors import InvalidDataError
from acs.services.operations import Operations, OperationView
from acs.services.secret_values import masked_value
from acs.store.operation_list import ListedOperation
from api.estimates import estimated_seconds
from api.fields import Shown, Time
from api.masking import masked

_UNREADABLE: Final = "what is kept of it cannot be read"
# Where nothing more is to come it is 100, but for what was never begun.
_PROGRESS: Final = {Phase.NONE: 0, Phase.CLAIMED: 25, Phase.SENT: 50, Phase.AWAITING: 75}
_NEVER_BEGUN: Final = frozenset({OperationState.EXPIRED, OperationState.CANCELLED})


def _is_none(value: object) -> bool:
    return value is None


class ParameterFaultShown(Shown):
    """Why one parameter was refused."""

    name: str
    code: int | None
    string: str


class FaultShown(Shown):
    """Why something was not done."""

    code: Annotated[int | None, Field(description="The fault code of CWMP; none where it is the server that says so")]
    string: str
    parameters: Sequence[ParameterFaultShown] = ()


class ValueShown(Shown):
    """A parameter below a partial path."""

    name: str
    value: str | None
    type: str | None


class VariableItem(Shown):
    """A variable of an operation, and what became of it."""

    variable_name: str
    value: Annotated[str | None, Field(exclude_if=_is_none, description="What was read, or is to be set")] = None
    value_type: Annotated[str | None, Field(exclude_if=_is_none, description="Its type")] = None
    values: Annotated[
        Sequence[ValueShown] | None, Field(exclude_if=_is_none, description="What was read below a partial path")
    ] = None
    path: Annotated[
        str | None, Field(exclude_if=_is_none, description="What was added, or where below that it was set")
    ] = None
    instance_number: Annotated[
        int | None, Field(exclude_if=_is_none, description="The number of an object that was added")
    ] = None
    verified: Annotated[bool | None, Field(exclude_if=_is_none, description="Whether it reads back as it was set")] = (
        None
    )
    found: Annotated[
        str | None, Field(exclude_if=_is_none, description="What it reads back as, if that is something else")
    ] = None
    fault: Annotated[FaultShown | None, Field(exclude_if=_is_none, description="Why it was not done")] = None


class OperationItem(Shown):
    """An operation."""

    id: str
    transaction_id: str
    name: Annotated[str, Field(description="The device's name, as it is now")]
    device_name: Annotated[str, Field(description="The same")]
    serial_number: str
    operation: str
    variables: Annotated[Sequence[VariableItem], Field(description="In the order in which they were asked for")]
    status: OperationState
    progress: Annotated[int, Field(ge=0, le=100)]
    created_at: Time
    scheduled_at: Time
    started_at: Time | None
    completed_at: Time | None
    updated_at: Time
    attempts: Annotated[int, Field(description="How often it was begun")]
    fault: FaultShown | None
    result: Annotated[Mapping[str, Any] | None, Field(description="What else there is to tell of it")]
    method: Annotated[str | None, Field(exclude_if=_is_none, description="The method of an `rpc`")] = None
    arguments: Annotated[Mapping[str, Any] | None, Field(exclude_if=_is_none, description="What it was asked with")] = (
        None
    )


class OlderOperationItem(OperationItem):
    """An operation that was asked for in the older form."""

    operation_type: str
    parameters: Mapping[str, Any] | None
    estimated_duration: Annotated[int, Field(description="Seconds")]


class OperationMade(Shown):
    """What was asked for, as it was sent, and what it is called now."""

    model_config = ConfigDict(extra="allow")

    id: str
    transaction_id: str
    status: OperationState
    created_at: Time
    scheduled_at: Time


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of an operation and is shown again with it, beyond what every operation has."""

    scheduled_at: float | None = None
    """When it was wanted, if that was in the past by then."""
    operation_type: str | None = None
    """What it is called in the older form."""
    parameters: Mapping[str, Any] | None = field(default_factory=dict)
    """What came with it in the older form; secrets are masked."""

    @property
    def text(self) -> str:
        """As it is kept with the operation."""
        return "" if self == Said() else json.dumps(asdict(self))


def read_said(text: str) -> Said:
    """What was kept."""
    return Said(**json.loads(text)) if text else Said()


def item_of(operations: Operations, listed: ListedOperation) -> OperationItem:
    """An operation as it is shown."""
    try:
        view = operations.view_of(listed.record)
    except (SealError, InvalidDataError):
        # The key is gone: what can be told is told, and the list is not lost for one of its rows.
        fault = FaultShown(code=None, string=_UNREADABLE)
        return OperationItem.model_construct(**_plain(listed), variables=[], fault=fault, result=None)
    said, operation = read_said(view.requested.extra), view.requested.operation
    shown = _plain(listed) | {
        "variables": _variables(view),
        "fault": _kept_fault(listed.record),
        "result": None if view.outcome is None else masked(dict(view.outcome.result)),
    }
    if operation.method:
        shown |= {"method": operation.method, "arguments": masked(dict(operation.arguments))}
    if said.scheduled_at is not None:
        shown["scheduled_at"] = said.scheduled_at
    if said.operation_type is None:
        return OperationItem.model_construct(**shown)
    return OlderOperationItem.model_construct(
        **shown,
        operation_type=said.operation_type,
        parameters=said.parameters,
        estimated_duration=estimated_seconds(listed.record.kind),
    )


def _plain(listed: ListedOperation) -> dict[str, Any]:
    record = listed.record
    return {
        "id": record.public_id,
        "transaction_id": record.public_id,
        "name": listed.device_name,
        "device_name": listed.device_name,
        "serial_number": listed.serial_number,
        "operation": record.kind,
        "status": record.state,
        "progress": _progress(record),
        "created_at": record.created,
        "scheduled_at": record.scheduled_at,
        "started_at": record.started_at,
        "completed_at": record.completed_at,
        "updated_at": record.updated,
        "attempts": record.attempts,
    }


def _progress(record: OperationRecord) -> int:
    if record.state.is_final:
        return 0 if record.state in _NEVER_BEGUN else 100
    return _PROGRESS[record.phase]


def _variables(view: OperationView) -> list[VariableItem]:
    asked = view.requested.operation.variables
    if view.outcome is None or len(view.outcome.variables) != len(asked):
        return [_asked(each) for each in asked]
    return [_result(variable, result) for variable, result in zip(asked, view.outcome.variables, strict=True)]


def _asked(variable: Variable) -> VariableItem:
    return VariableItem.model_construct(
        variable_name=variable.name, value=masked_value(variable.name, variable.value), value_type=variable.value_type
    )


def _result(variable: Variable, result: VariableResult) -> VariableItem:
    path = result.path or variable.name
    value = variable.value if result.value is None else result.value
    values = None
    if result.values is not None:
        values = [
            ValueShown.model_construct(name=each.name, value=masked_value(each.name, each.value), type=each.type)
            for each in result.values
        ]
    return VariableItem.model_construct(
        variable_name=variable.name,
        value=masked_value(path, value),
        value_type=variable.value_type or result.type,
        values=values,
        path=result.path,
        instance_number=result.instance_number,
        verified=result.verified,
        found=masked_value(path, result.found) if result.verified is False else None,
        fault=_fault(result.fault),
    )


def _fault(fault: OperationFault | None) -> FaultShown | None:
    if fault is None:
        return None
    parameters = [
        ParameterFaultShown.model_construct(name=each.name, code=each.code or None, string=each.string)
        for each in fault.parameters
    ]
    return FaultShown.model_construct(code=fault.code, string=fault.string, parameters=parameters)


def _kept_fault(record: OperationRecord) -> FaultShown | None:
    return FaultShown.model_validate_json(record.fault) if record.fault else None
