"""What a request for many devices means for one of them: the operation that it gets, and what its end is counted as."""

import json
from collections.abc import Mapping
from typing import Final

from acs.auth.sealing import SealError
from acs.domain.bulk import BulkKind, BulkRequest, ErrorKind, Stop, TargetState
from acs.domain.bulk_progress import Bulk, Description, Ended, Move, dropped_as
from acs.domain.operation import Operation, Outcome, Variable, VariableStatus
from acs.domain.queue import OperationState
from acs.domain.reach import ReachKind
from acs.provisioning.plain import from_plain, to_plain
from acs.services.operations import Terms
from acs.services.requested import Requested
from acs.services.vault import Vault

_SERIAL: Final = "DeviceInfo.SerialNumber"
_SOFTWARE: Final = "DeviceInfo.SoftwareVersion"
_HARDWARE: Final = "DeviceInfo.HardwareVersion"
_MODEL: Final = "DeviceInfo.ModelName"
MAX_DETAIL: Final = 256
"""The longest sentence that is kept of a device."""
_OF_REACH: Final[Mapping[ReachKind, ErrorKind]] = {
    ReachKind.TIMEOUT: ErrorKind.CONNECTION_TIMEOUTS,
    ReachKind.REFUSED: ErrorKind.CONNECTION_REFUSED,
    ReachKind.UNAUTHORIZED: ErrorKind.AUTHENTICATION_FAILURES,
    ReachKind.NO_URL: ErrorKind.UNREACHABLE,
    ReachKind.FORBIDDEN_TARGET: ErrorKind.UNREACHABLE,
}


def sealed(vault: Vault, public_id: str, request: BulkRequest) -> str:
    """What is asked for, as it is kept: its variables and parameters may be secrets."""
    text = json.dumps(to_plain(request, secrets=True), separators=(",", ":"))
    return vault.seal(text, "bulk", public_id, "request")


def opened(vault: Vault, bulk: Bulk) -> BulkRequest:
    """What is asked for."""
    return from_plain(BulkRequest, json.loads(vault.open(bulk.request, "bulk", bulk.public_id, "request")))


def requested(kind: BulkKind, request: BulkRequest, *, is_tr098: bool = False) -> Requested:
    """What is asked of a device."""
    variables = request.variables
    if kind.is_identity:
        root = "InternetGatewayDevice." if is_tr098 else "Device."
        versions = (_SOFTWARE, _HARDWARE) if request.options.update_firmware_info else ()
        variables = tuple(Variable(root + name) for name in (_SERIAL, *versions, _MODEL))
    return Requested(Operation(kind.operation, variables))


def terms(bulk: Bulk, request: BulkRequest, at: float) -> Terms:
    """When and how the operation of a device is to be done. Its end is told with that of the whole request."""
    return Terms(
        priority=request.priority,
        expires_at=at + request.options.timeout,
        max_attempts=request.max_attempts,
        retry_delay=request.retry_delay,
        actor=bulk.actor,
        bulk_id=bulk.id,
    )


def end_of_one(ended: Ended, stop: Stop, at: float) -> Move:
    """What a device counts as whose operation has ended."""
    state, error, detail = TargetState.FAILED, ErrorKind.OTHER_FAILURES, _sentence(ended.fault)
    match ended.state:
        case None:
            error, detail = ErrorKind.DELETED_DEVICES, "the device was deleted"
        case OperationState.COMPLETED:
            return Move(ended.id, TargetState.COMPLETED, completed_at=at)
        case OperationState.CANCELLED:
            state, error = dropped_as(stop) if stop else (TargetState.CANCELLED, ErrorKind.CANCELLED)
        case OperationState.UNKNOWN:
            error = ErrorKind.UNKNOWN_OUTCOMES
        case OperationState.EXPIRED:
            error = _why_silent(ended)
        case _ if ended.is_doubtful:
            error = ErrorKind.UNPROVEN
        case _ if _is_of_device(ended.fault):
            error = ErrorKind.DEVICE_FAULTS
    return Move(ended.id, state, error=error.value, detail=detail, completed_at=at)


def error_of(kind: ReachKind) -> ErrorKind:
    """What a connection request counts as that has failed."""
    return _OF_REACH.get(kind, ErrorKind.OTHER_FAILURES)


def described(vault: Vault, ended: Ended) -> Description | None:
    """What a device said when it was asked who it is."""
    try:
        outcome = from_plain(Outcome, json.loads(vault.open(ended.outcome, "operation", ended.operation, "outcome")))
    except (SealError, ValueError):
        return None
    said = {each.name: each.value for each in outcome.variables if each.status is VariableStatus.READ}
    found = {name.partition(".")[2]: value for name, value in said.items() if value}
    serial_number = found.get(_SERIAL)
    return Description(
        ended.device_id,
        None if serial_number == ended.serial_number else serial_number,
        found.get(_SOFTWARE),
        found.get(_HARDWARE),
    )


def _why_silent(ended: Ended) -> ErrorKind:
    """It did not call in time; the last call of ours may tell why."""
    if ended.reach_at is None or ended.started_at is None or ended.reach_at < ended.started_at:
        return ErrorKind.EXPIRED
    return _OF_REACH.get(ReachKind(ended.reach), ErrorKind.EXPIRED)


def _is_of_device(fault: str) -> bool:
    if not fault:
        return False
    read = json.loads(fault)
    return read.get("code") is not None or bool(read.get("parameters"))


def _sentence(fault: str) -> str:
    if not fault:
        return ""
    read = json.loads(fault)
    said, code = str(read.get("string", "")), read.get("code")
    return (said if code is None else f"{code} {said}")[:MAX_DETAIL]
