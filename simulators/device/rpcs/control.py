"""Methods, restarts and scheduled Informs (A.3.1.1, A.3.2.9, A.4.1.2, A.4.1.6)."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

from cwmp_schemas import events
from cwmp_schemas.faults import CpeFault
from cwmp_schemas.rpc.control import (
    FactoryReset,
    FactoryResetResponse,
    Reboot,
    RebootResponse,
    ScheduleInform,
    ScheduleInformResponse,
)
from cwmp_schemas.rpc.session import GetRPCMethods, GetRPCMethodsResponse
from simulators.device.errors import RefusedError
from simulators.device.pending import MAX_WAITING
from simulators.device.rpcs.arguments import check_command_key
from simulators.device.rpcs.handler import Handler

if TYPE_CHECKING:
    from simulators.device.cpe import Cpe


def get_methods(cpe: "Cpe", _rpc: GetRPCMethods, _now: float) -> GetRPCMethodsResponse:
    """All that the device answers."""
    return GetRPCMethodsResponse(cpe.methods)


def reboot(cpe: "Cpe", rpc: Reboot, _now: float) -> RebootResponse:
    """Restart once the session has ended, well or not; several restarts are one, and each key is told."""
    check_command_key(rpc.command_key)
    if cpe.pending.is_full or cpe.plans.waiting >= MAX_WAITING:
        raise RefusedError(CpeFault.REQUEST_DENIED, "too many restarts are waiting")
    cpe.after_session(partial(_restart, cpe, rpc.command_key))
    return RebootResponse()


def factory_reset(cpe: "Cpe", _rpc: FactoryReset, _now: float) -> FactoryResetResponse:
    """Forget everything once the session has ended."""
    cpe.after_session(cpe.factory_reset)
    return FactoryResetResponse()


def schedule_inform(cpe: "Cpe", rpc: ScheduleInform, now: float) -> ScheduleInformResponse:
    """Call in a while, whatever else is scheduled, also after a restart; at once is not possible."""
    check_command_key(rpc.command_key)
    if not rpc.delay_seconds:
        raise RefusedError(CpeFault.INVALID_ARGUMENTS, "Invalid arguments: DelaySeconds is 0")
    if cpe.plans.agenda.is_full or cpe.pending.is_full:
        raise RefusedError(CpeFault.RESOURCES_EXCEEDED, "too many calls are scheduled")
    cpe.plans.agenda.add(now + rpc.delay_seconds, partial(_scheduled, cpe, rpc.command_key), is_lasting=True)
    return ScheduleInformResponse()


def _restart(cpe: "Cpe", command_key: str, now: float) -> None:
    cpe.restart(now, command_key)


def _scheduled(cpe: "Cpe", command_key: str, _now: float) -> None:
    cpe.pending.add(events.SCHEDULED)
    cpe.pending.add(events.M_SCHEDULE_INFORM, command_key)


HANDLERS: Final[Mapping[type, Handler]] = {
    GetRPCMethods: get_methods,
    Reboot: reboot,
    FactoryReset: factory_reset,
    ScheduleInform: schedule_inform,
}
