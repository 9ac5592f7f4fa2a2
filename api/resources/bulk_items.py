"""Requests for many devices as they are shown, and what became of each device."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import Field

from acs.domain.bulk import BulkState, Stop, TargetState
from acs.domain.bulk_progress import Execution, TargetOutcome, dropped_as
from acs.services.bulks import BulkView, estimated_completion, estimated_minutes
from acs.store.bulks import NOBODY
from api.fields import Shown, Time
from api.notifications import NotificationShown, notification_shown
from api.times import written


def _is_none(value: object) -> bool:
    return value is None


class Config(Shown):
    """How it is carried out, as it was said."""

    organizations: Sequence[int]
    device_types: Sequence[str]
    options: Mapping[str, Any]


class BulkMade(Shown):
    """What was asked for, and what it is called now."""

    id: str
    operation_type: str
    status: BulkState
    created_at: Time
    scheduled_for: Time
    estimated_duration_minutes: int
    target_device_count: int
    operation_config: Config
    monitoring_url: str
    device_targets: Annotated[Sequence[str] | None, Field(exclude_if=_is_none)] = None
    unmatched_targets: Annotated[
        Sequence[str] | None,
        Field(exclude_if=_is_none, description="Those of the names and serial numbers that no device has"),
    ] = None
    variables: Annotated[Sequence[Any] | None, Field(exclude_if=_is_none)] = None
    parameters: Annotated[Mapping[str, Any] | None, Field(exclude_if=_is_none)] = None
    notification: Annotated[NotificationShown | None, Field(exclude_if=_is_none)] = None
    retry_policy: Annotated[Mapping[str, Any] | None, Field(exclude_if=_is_none)] = None
    schedule: Annotated[Mapping[str, Any] | None, Field(exclude_if=_is_none, description="With `next_execution`")] = (
        None
    )
    retry_of: Annotated[str | None, Field(exclude_if=_is_none, description="Whose failed devices these are")] = None


class Details(Shown):
    """What it is about, and what went wrong."""

    device_types: Sequence[str]
    organization_ids: Annotated[Sequence[int], Field(description="Whose devices it is for")]
    error_summary: Annotated[Mapping[str, int], Field(description="How many devices did not complete, and why")]


class BulkItem(Shown):
    """An operation on many devices. What is counted is of its last execution."""

    id: str
    operation_type: str
    status: BulkState
    progress: Annotated[int, Field(ge=0, le=100)]
    total_devices: int
    processed_devices: Annotated[int, Field(description="Those that have ended, well or badly")]
    failed_devices: int
    created_at: Time
    updated_at: Time
    scheduled_for: Time
    started_at: Time | None
    completed_at: Time | None
    estimated_completion: Time
    next_execution: Annotated[Time | None, Field(description="When it begins, or begins again")]
    executions: Annotated[int, Field(description="How often it has begun")]
    stopped_by: Annotated[
        str | None, Field(description="Why no more devices are begun: `canary`, `max_failures` or `cancelled`")
    ]
    operation_details: Details


class DeviceStatus(StrEnum):
    """Where a device of a request is."""

    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"


class DeviceItem(Shown):
    """What became of a device."""

    device_id: int
    name: str
    device_name: Annotated[str, Field(description="The same")]
    serial_number: str
    organization_id: int | None
    status: DeviceStatus
    operation_id: Annotated[str | None, Field(description="The operation that it got")]
    error: Annotated[str | None, Field(description="As what it counts in `error_summary`")]
    detail: Annotated[str | None, Field(description="A sentence about that")]
    started_at: Time | None
    completed_at: Time | None


_SHOWN_AS: Final[Mapping[TargetState, DeviceStatus]] = {
    TargetState.WAITING: DeviceStatus.SCHEDULED,
    TargetState.CHECKING: DeviceStatus.IN_PROGRESS,
    TargetState.RUNNING: DeviceStatus.IN_PROGRESS,
    TargetState.COMPLETED: DeviceStatus.COMPLETED,
    TargetState.FAILED: DeviceStatus.FAILED,
    TargetState.CANCELLED: DeviceStatus.CANCELLED,
    TargetState.SKIPPED: DeviceStatus.SKIPPED,
}


def states_of(status: DeviceStatus, execution: Execution) -> list[TargetState]:
    """The states of devices that are shown so."""
    return [each for each in TargetState if _status(each, execution.stop) is status]


def made_of(view: BulkView, monitoring_url: str, *, is_own: bool = True) -> BulkMade:
    """What is answered when it is made, to whoever has said it all or to another one; of what was said, only that."""
    bulk, shown = view.bulk, dict(view.request.shown)
    schedule: Any = shown.get("schedule")
    if schedule is not None:
        following = bulk.next_at if bulk.next_at is not None else bulk.scheduled_for
        schedule = {**schedule, "next_execution": written(following)}
    return BulkMade.model_construct(
        id=bulk.public_id,
        operation_type=bulk.kind.value,
        # It may have begun by now; what is said of a new one is this.
        status=BulkState.SCHEDULED,
        created_at=bulk.created,
        scheduled_for=bulk.scheduled_for,
        estimated_duration_minutes=estimated_minutes(view.request, bulk.targets),
        target_device_count=bulk.targets,
        operation_config=Config.model_construct(
            organizations=shown.get("target_organizations") or [],
            device_types=list(view.request.targets.types),
            options=shown.get("options") or {},
        ),
        monitoring_url=monitoring_url,
        device_targets=shown.get("device_targets"),
        unmatched_targets=shown.get("unmatched_targets"),
        variables=shown.get("variables"),
        parameters=shown.get("parameters"),
        notification=notification_shown(bulk.notification, is_own=is_own),
        retry_policy=shown.get("retry_policy"),
        schedule=schedule,
        retry_of=shown.get("retry_of"),
    )


def item_of(view: BulkView, at: float) -> BulkItem:
    """A request as it is now."""
    bulk, execution = view.bulk, view.bulk.execution
    tally = None if execution is None else execution.tally
    total = bulk.targets if tally is None or execution is None or not execution.is_taken else tally.total
    stop = Stop.CANCELLED if execution is None and bulk.state is BulkState.CANCELLED else Stop.NONE
    return BulkItem.model_construct(
        id=bulk.public_id,
        operation_type=bulk.kind.value,
        status=bulk.state,
        progress=_progress(view, total),
        total_devices=total,
        processed_devices=0 if tally is None else tally.processed,
        failed_devices=0 if tally is None else tally.failed,
        created_at=bulk.created,
        updated_at=bulk.updated,
        scheduled_for=bulk.scheduled_for,
        started_at=None if execution is None else execution.started_at,
        completed_at=bulk.completed_at,
        estimated_completion=estimated_completion(view, at),
        next_execution=None if bulk.state.is_final else bulk.next_at,
        executions=bulk.executions,
        stopped_by=(stop if execution is None else execution.stop).value or None,
        operation_details=Details.model_construct(
            device_types=list(view.request.targets.types),
            organization_ids=[each for each in view.organizations if each != NOBODY],
            error_summary={} if tally is None or execution is None else tally.summary(execution.stop),
        ),
    )


def device_of(outcome: TargetOutcome, execution: Execution) -> DeviceItem:
    """What became of a device."""
    error = outcome.error
    if outcome.state is TargetState.WAITING and execution.stop is not Stop.NONE:
        error = dropped_as(execution.stop)[1].value
    return DeviceItem.model_construct(
        device_id=outcome.device_id,
        name=outcome.name,
        device_name=outcome.name,
        serial_number=outcome.serial_number,
        organization_id=outcome.organization_id,
        status=_status(outcome.state, execution.stop),
        operation_id=outcome.operation or None,
        error=error or None,
        detail=outcome.detail or None,
        started_at=outcome.started_at,
        completed_at=outcome.completed_at,
    )


def _status(state: TargetState, stop: Stop) -> DeviceStatus:
    """Of what is stopped, what waits is never done."""
    if state is TargetState.WAITING and stop is not Stop.NONE:
        state = dropped_as(stop)[0]
    return _SHOWN_AS[state]


def _progress(view: BulkView, total: int) -> int:
    if view.bulk.state is BulkState.COMPLETED:
        return 100
    execution = view.bulk.execution
    if execution is None or not total:
        return 0
    return min(100, 100 * execution.tally.processed // total)
