"""What is asked of many devices: which, when and how."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Literal

from pydantic import (
    BeforeValidator,
    Field,
    Strict,
    StrictInt,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    field_validator,
)
from pydantic_core import PydanticCustomError

from acs.domain.bulk import BulkKind, BulkOptions, TargetStatus
from acs.domain.operation import Variable
from acs.services.bulk_schedule import CronError, ZoneError, next_after
from api.fields import Body, Flag, Id, JsonObject, Line, Name, When, json_schema_example
from api.notifications import Notification, RetryPolicy
from api.resources.headless_bodies import MOST_VARIABLES, PRIORITIES, variables_for, variables_of
from api.variables import VariableBody

MOST_IN_FLIGHT: Final = 1_000
"""So many devices are under way at once at most."""
_MOST_ORGANIZATIONS: Final = 1_000
_MOST_TYPES: Final = 1_000
_MOST_NAMES: Final = 10_000
_MOST_MINUTES: Final = 525_600
_MOST_DEVICES: Final = 2**31 - 1
_KINDS: Final = {each.value: each for each in BulkKind}
_STATUSES: Final[Mapping[str, TargetStatus]] = {each.value.lower(): each for each in TargetStatus}


def _status(said: object) -> TargetStatus:
    found = _STATUSES.get(said.lower()) if isinstance(said, str) else None
    if found is None:
        raise PydanticCustomError("status", "must be one of {known}", {"known": ", ".join(TargetStatus)})
    return found


Status = Annotated[
    TargetStatus,
    BeforeValidator(_status),
    WithJsonSchema({"type": "string", "enum": [each.value for each in TargetStatus]}),
]
"""What may be asked of a device for it to be meant; in any case of letters."""
_Count = Annotated[StrictInt, Field(ge=1, le=_MOST_DEVICES)]


class DeviceFilters(Body):
    """What is asked of a device for it to be meant; nothing takes any."""

    types: Annotated[list[Name], Field(max_length=_MOST_TYPES)] = Field([], description="Short names of types")
    status: Annotated[list[Status], Field(max_length=len(TargetStatus))] = Field(
        [],
        description="One of these holds: `active` (it is let in), `pending` (work waits for it), `Up`, `Down`",
    )


class Schedule(Body):
    """When; nothing is at once."""

    execute_at: When | None = Field(None, description="Not before; of a recurring one, the first time not before")
    priority: Literal["low", "normal", "high"] = Field("normal", description="How urgent the operations are")
    type: Literal["immediate", "recurring"] | None = Field(None, description="`recurring` needs `cron`")
    timezone: Line = Field("UTC", description="Where `cron` is meant, such as `Europe/Berlin`")
    cron: Line | None = Field(
        None, validate_default=True, description="Five fields: minute, hour, day of month, month, day of week"
    )

    @field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, said: str) -> str:
        try:
            next_after("* * * * *", said, 0.0)
        except ZoneError as error:
            raise PydanticCustomError("timezone", "{why}", {"why": str(error)}) from None
        return said

    @field_validator("cron")
    @classmethod
    def _is_an_expression(cls, said: str | None, info: ValidationInfo) -> str | None:
        kind = info.data.get("type")
        if said is None:
            if kind == "recurring":
                raise PydanticCustomError("cron", "is required where the type is recurring")
            return None
        if kind == "immediate":
            raise PydanticCustomError("cron", "cannot be given where the type is immediate")
        try:
            next_after(said, "UTC", 0.0)
        except CronError as error:
            raise PydanticCustomError("cron", "{why}", {"why": str(error)}) from None
        return said


class Options(Body):
    """How."""

    update_firmware_info: Flag = Field(True, description="Whether a sync of serial numbers reads the versions, too")
    validate_connectivity: Flag = Field(
        False, description="Whether each device is called first; one that cannot be called has failed"
    )
    timeout_minutes: Annotated[float, Strict(), Field(gt=0, le=_MOST_MINUTES, allow_inf_nan=False)] = Field(
        60, description="A device that has not begun so long after it was its turn has failed"
    )
    max_in_flight: Annotated[StrictInt, Field(ge=1, le=MOST_IN_FLIGHT)] = Field(
        50, description="So many devices are under way at once"
    )
    max_failures: _Count | None = Field(None, description="As soon as so many have failed, no more are begun")
    canary: _Count | None = Field(None, description="So many are done first; if one of them fails, no more are begun")

    @property
    def options(self) -> BulkOptions:
        """As they are kept."""
        return BulkOptions(
            self.update_firmware_info,
            self.validate_connectivity,
            60 * self.timeout_minutes,
            self.max_in_flight,
            self.max_failures,
            self.canary,
        )


class BulkBody(Body):
    """An operation on many devices."""

    model_config = json_schema_example(
        {
            "operation_type": "bulk_serial_sync",
            "target_organizations": [1, 2],
            "device_filters": {"types": ["ont"], "status": ["active"]},
            "schedule": {"execute_at": "2024-01-31T10:00:00Z", "priority": "normal"},
            "options": {"update_firmware_info": True, "validate_connectivity": True, "timeout_minutes": 30},
        }
    )

    operation_type: Name = Field(description=f"One of {', '.join(f'`{each}`' for each in BulkKind)}")
    target_organizations: Annotated[list[Id], Field(max_length=_MOST_ORGANIZATIONS)] | None = Field(
        None, description="Devices of these organizations alone"
    )
    device_filters: DeviceFilters | None = None
    device_targets: Annotated[list[Name], Field(max_length=_MOST_NAMES)] | None = Field(
        None, description="Devices with one of these names or serial numbers alone"
    )
    schedule: Schedule | None = None
    options: Options | None = None
    parameters: JsonObject | None = Field(
        None, repr=False, description="Echoed; of `variables` in it the same is made as of those beside it"
    )
    variables: Annotated[list[VariableBody], Field(max_length=MOST_VARIABLES)] | None = Field(
        None, validate_default=True, description="Of `get`, `set`, `add.obj` and `del.obj`: at least one"
    )
    notification: Notification | None = None
    retry_policy: RetryPolicy | None = None

    @field_validator("variables", mode="wrap")
    @classmethod
    def _fit_the_operation(
        cls, given: object, handler: ValidatorFunctionWrapHandler, info: ValidationInfo
    ) -> Sequence[VariableBody] | None:
        kind = _KINDS.get(info.data.get("operation_type", ""))
        if kind is not None and kind.takes_variables:
            beside = info.data.get("parameters") or {}
            return variables_for(kind.operation, beside.get("variables", []) if given is None else given)
        read: list[VariableBody] | None = handler(given)
        if read and kind is not None:
            raise PydanticCustomError("variables", "{kind} has none", {"kind": kind.value})
        return read

    @property
    def kind(self) -> BulkKind | None:
        """What is to be done; None: nothing that is known."""
        return _KINDS.get(self.operation_type)

    @property
    def asked(self) -> tuple[Variable, ...]:
        """With which variables."""
        kind = self.kind
        return () if kind is None or not kind.takes_variables else variables_of(kind.operation, self.variables or ())

    @property
    def priority(self) -> int:
        """How urgent the operations are."""
        return PRIORITIES[self.schedule.priority if self.schedule else "normal"]
