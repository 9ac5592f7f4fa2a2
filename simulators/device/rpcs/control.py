"""Methods, restarts and scheduled Informs (A.3.1.1, A.3.2.9, A.4.1.2, A.4.1.6)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from cwmp_schemas.rpc.control import FactoryReset, FactoryResetResponse, Reboot, RebootResponse
from cwmp_schemas.rpc.session import GetRPCMethods, GetRPCMethodsResponse
from simulators.device.rpcs.handler import Handler

if TYPE_CHECKING:
    from simulators.device.cpe import Cpe


def get_methods(cpe: "Cpe", _rpc: GetRPCMethods, _now: float) -> GetRPCMethodsResponse:
    """All that the device answers."""
    return GetRPCMethodsResponse(cpe.methods)


def reboot(cpe: "Cpe", rpc: Reboot, _now: float) -> RebootResponse:
    """Restart once the session has ended."""
    cpe.after_session(lambda now: cpe.restart(now, rpc.command_key))
    return RebootResponse()


def factory_reset(cpe: "Cpe", _rpc: FactoryReset, _now: float) -> FactoryResetResponse:
    """Forget everything once the session has ended."""
    cpe.after_session(cpe.factory_reset)
    return FactoryResetResponse()


HANDLERS: Final[Mapping[type, Handler]] = {GetRPCMethods: get_methods, Reboot: reboot, FactoryReset: factory_reset}
