"""What is asked of one device: the body that says ``operation``, and the older one that says ``operation_type``."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    Strict,
    StrictInt,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    field_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from acs.domain.operation import Operation, OperationKind, Variable
from acs.provisioning.context import Context
from acs.provisioning.errors import PlanningError
from acs.provisioning.planner import plan_for
from api.fields import Body, Flag, Id, JsonObject, Name, When, json_schema_example
from api.notifications import Notification, RetryPolicy
from api.variables import VariableBody, VariableValue
from cwmp_schemas.datamodel import lookup
from cwmp_schemas.paths import Path

LONGEST_WAIT: Final = 60
"""So many seconds an answer may be waited for."""
MOST_VARIABLES: Final = 1_000
"""So many variables come with one operation at most; a partial path stands for any number."""
SELECTORS: Final = ("name", "device_name", "id", "device_id", "serial_number", "device_serial")
"""The fields that say which device is meant."""
PRIORITIES: Final[Mapping[str, int]] = {"low": -10, "normal": 0, "high": 10}
"""The words for how urgent something is."""
_MOST_URGENT: Final = 100
_MOST_MINUTES: Final = 525_600
_STARTS: Final = ("scheduled_at", "scheduled_time", "execute_at")
_ENDS: Final = ("expires_at", "timeout_minutes")
_OLDER: Final[Mapping[str, OperationKind]] = {
    "reboot": OperationKind.REBOOT,
    "factory": OperationKind.FACTORY,
    "factory_reset": OperationKind.FACTORY,
    "device_factory": OperationKind.DEVICE_FACTORY,
    "sync": OperationKind.SYNC,
    "configuration_sync": OperationKind.SYNC,
    "reconf": OperationKind.RECONF,
    "get": OperationKind.GET,
    "set": OperationKind.SET,
    "add.obj": OperationKind.ADD_OBJECT,
    "del.obj": OperationKind.DELETE_OBJECT,
}


def _priority(said: object) -> int:
    if isinstance(said, str) and said in PRIORITIES:
        return PRIORITIES[said]
    if isinstance(said, int) and not isinstance(said, bool) and abs(said) <= _MOST_URGENT:
        return said
    raise PydanticCustomError(
        "priority", "must be low, normal, high or a whole number from -{most} to {most}", {"most": _MOST_URGENT}
    )


Priority = Annotated[
    int,
    PlainValidator(_priority),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "enum": list(PRIORITIES)},
                {"type": "integer", "minimum": -_MOST_URGENT, "maximum": _MOST_URGENT},
            ]
        }
    ),
]
"""How urgent something is: a word, or a number; what has a higher one goes first."""


class _Read(VariableBody):
    """Something to read."""

    @field_validator("variable_name")
    @classmethod
    def _is_concrete(cls, name: str) -> str:
        return _concrete(name)


class _Written(VariableBody):
    """A parameter to set."""

    value: VariableValue = Field(repr=False)

    @field_validator("variable_name")
    @classmethod
    def _is_parameter(cls, name: str) -> str:
        if name.endswith("."):
            raise PydanticCustomError("path", "must be a parameter: an object has no value")
        return _concrete(name)

    @field_validator("value")
    @classmethod
    def _is_given(cls, value: object) -> object:
        if value is None:
            raise PydanticCustomError("value", "is required")
        return value


class _Deleted(VariableBody):
    """An object to delete."""

    @field_validator("variable_name")
    @classmethod
    def _is_object(cls, name: str) -> str:
        if not name.endswith("."):
            raise PydanticCustomError("path", "must be an object: its path ends with a dot")
        return _concrete(name)


_SOME: Final = Field(min_length=1, max_length=MOST_VARIABLES)
_VARIABLES: Final[Mapping[OperationKind, TypeAdapter[Any]]] = {
    OperationKind.GET: TypeAdapter(Annotated[list[_Read], _SOME]),
    OperationKind.SET: TypeAdapter(Annotated[list[_Written], _SOME]),
    OperationKind.ADD_OBJECT: TypeAdapter(Annotated[list[VariableBody], _SOME]),
    OperationKind.DELETE_OBJECT: TypeAdapter(Annotated[list[_Deleted], _SOME]),
}


def variables_for(kind: OperationKind, given: object) -> list[VariableBody]:
    """The variables of an operation; a ValidationError that names all that is wrong with them."""
    bodies: list[VariableBody] = _VARIABLES[kind].validate_python(given)
    try:
        plan_for(Operation(kind, variables_of(kind, bodies)), Context(lookup=lookup))
    except PlanningError as error:
        raise ValidationError.from_exception_data(
            "variables",
            [
                InitErrorDetails(
                    type=PydanticCustomError("operation", "{what}", {"what": each.what}),
                    loc=() if each.variable is None else (each.variable, each.where.rpartition(".")[2]),
                    input=None,
                )
                for each in error.problems
            ],
            hide_input=True,
        ) from None
    return bodies


class OneDevice(Body):
    """Which device, when and how."""

    name: Name | None = Field(None, description="The device's name")
    device_name: Name | None = Field(None, description="The same")
    id: Id | None = Field(None, description="The device's number")
    device_id: Id | None = Field(None, description="The same")
    serial_number: Name | None = Field(None, description="The device's serial number")
    device_serial: Name | None = Field(None, description="The same")
    scheduled_at: When | None = Field(None, description="Not before; at once if nothing is said")
    scheduled_time: When | None = Field(None, description="The same")
    execute_at: When | None = Field(None, description="The same")
    expires_at: When | None = Field(None, description="Not begun after")
    timeout_minutes: Annotated[StrictInt, Field(ge=1, le=_MOST_MINUTES)] | None = Field(
        None, description="The same, in minutes from when it is to be done"
    )
    priority: Priority = Field(0, description="What has a higher one goes first; `high` is 10, `low` is -10")
    connection_request: Flag = Field(True, description="Whether the device is called for it")
    wait: Annotated[float, Strict(), Field(ge=0, le=LONGEST_WAIT, allow_inf_nan=False)] = Field(
        0, description="Answer when it is done, or after so many seconds, and with what became of it"
    )
    verify: Flag = Field(True, description="Whether what was set is read back")
    notification: Notification | None = None
    retry_policy: RetryPolicy | None = None

    @field_validator(*SELECTORS, *_STARTS, *_ENDS)
    @classmethod
    def _only_one(cls, value: object, info: ValidationInfo) -> object:
        """Of the fields that say the same, one is given."""
        group = next(names for names in (SELECTORS, _STARTS, _ENDS) if info.field_name in names)
        others = [name for name in group if info.data.get(name) is not None]
        if value is not None and others:
            raise PydanticCustomError("field", "cannot be given together with {other}", {"other": others[0]})
        return value

    @property
    def start(self) -> float | None:
        """Not before; None: at once."""
        return _first(self.scheduled_at, self.scheduled_time, self.execute_at)


class OperationBody(OneDevice):
    """An operation on one device."""

    model_config = json_schema_example(
        {"name": "router-1", "operation": "get", "variables": [{"variable_name": "Device.DeviceInfo."}]}
    )

    operation: Literal["get", "set", "add.obj", "del.obj", "rpc"]
    variables: Annotated[list[VariableBody], Field(max_length=MOST_VARIABLES)] = Field(
        [], validate_default=True, description="Parameters and objects; at least one, but for `rpc`"
    )
    method: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=128)] | None = Field(
        None, validate_default=True, description="The method that is called, of `rpc`"
    )
    arguments: JsonObject = Field({}, repr=False, description="What it is called with")

    @field_validator("variables", mode="wrap")
    @classmethod
    def _fit_the_operation(
        cls, given: object, handler: ValidatorFunctionWrapHandler, info: ValidationInfo
    ) -> Sequence[VariableBody]:
        said = info.data.get("operation")
        if said is not None and said != OperationKind.RPC:
            return variables_for(OperationKind(said), given)
        read: list[VariableBody] = handler(given)
        if read and said is not None:
            raise PydanticCustomError("variables", "rpc has none")
        return read

    @field_validator("method", "arguments")
    @classmethod
    def _belong_to_rpc(cls, value: object, info: ValidationInfo) -> object:
        is_rpc = info.data.get("operation", OperationKind.RPC) == OperationKind.RPC
        if value and not is_rpc:
            raise PydanticCustomError("method", "belongs to rpc")
        if value is None and info.data.get("operation") == OperationKind.RPC:
            raise PydanticCustomError("method", "is required")
        return value

    @property
    def asked(self) -> Operation:
        """What is to be done."""
        kind = OperationKind(self.operation)
        return Operation(kind, variables_of(kind, self.variables), self.method or "", self.arguments, self.verify)


class _Parameters(BaseModel):
    """What an older body says beside; what means nothing here is passed over."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    variables: list[VariableBody]

    @field_validator("variables", mode="wrap")
    @classmethod
    def _fit_the_operation(
        cls, given: object, _: ValidatorFunctionWrapHandler, info: ValidationInfo
    ) -> Sequence[VariableBody]:
        kind: Any = info.context
        return variables_for(kind, given)


class OlderOperationBody(OneDevice):
    """An operation on one device, as older clients ask for it."""

    model_config = json_schema_example(
        {
            "device_name": "router-1",
            "operation_type": "configuration_sync",
            "scheduled_at": "2024-01-31T10:00:00Z",
            "parameters": {},
        }
    )

    operation_type: str
    parameters: JsonObject | None = Field(
        {},
        validate_default=True,
        repr=False,
        description="`variables` of get, set, add.obj and del.obj; anything else is echoed and means nothing",
    )

    @field_validator("operation_type")
    @classmethod
    def _maps(cls, said: str) -> str:
        if said not in _OLDER:
            raise PydanticCustomError("operation_type", "must be one of {known}", {"known": ", ".join(_OLDER)})
        return said

    @field_validator("parameters")
    @classmethod
    def _fit_the_operation(cls, given: dict[str, Any] | None, info: ValidationInfo) -> dict[str, Any] | None:
        kind = _OLDER.get(info.data.get("operation_type", ""))
        if kind is not None:
            _older_variables(kind, given or {})
        return given

    @property
    def asked(self) -> Operation:
        """What is to be done."""
        kind = _OLDER[self.operation_type]
        bodies = _older_variables(kind, self.parameters or {})
        return Operation(kind, variables_of(kind, bodies), verify=self.verify)


OneDeviceBody = OperationBody | OlderOperationBody
"""Either."""


def _older_variables(kind: OperationKind, parameters: Mapping[str, Any]) -> Sequence[VariableBody]:
    return _Parameters.model_validate(parameters, context=kind).variables if kind in _VARIABLES else ()


def variables_of(kind: OperationKind, bodies: Sequence[VariableBody]) -> tuple[Variable, ...]:
    """As operations take them: what is read or deleted has no value."""
    if kind in {OperationKind.GET, OperationKind.DELETE_OBJECT}:
        return tuple(Variable(each.variable_name) for each in bodies)
    return tuple(each.variable for each in bodies)


def _concrete(name: str) -> str:
    if not Path.parse(name).is_concrete:
        raise PydanticCustomError("path", "must name what is meant: no * and no {placeholder}", {"placeholder": "{i}"})
    return name


def _first(*times: float | None) -> float | None:
    return next((each for each in times if each is not None), None)
