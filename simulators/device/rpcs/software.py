"""Changes of deployment units (A.4.1.10)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from cwmp_schemas.faults import CpeFault
from cwmp_schemas.rpc.software import ChangeDUState, ChangeDUStateResponse
from simulators.device.errors import RefusedError
from simulators.device.rpcs.arguments import check_command_key
from simulators.device.rpcs.handler import Handler

if TYPE_CHECKING:
    from simulators.device.cpe import Cpe


def change_units(cpe: "Cpe", rpc: ChangeDUState, now: float) -> ChangeDUStateResponse:
    """Carry out the operations after the session."""
    command_key = rpc.command_key or ""
    check_command_key(command_key)
    if not rpc.operations:
        # Their end could not be told either, for it takes a result.
        raise RefusedError(CpeFault.INVALID_ARGUMENTS, "Invalid arguments: no operations")
    cpe.works.units.change(rpc.operations, command_key, now)
    return ChangeDUStateResponse()


HANDLERS: Final[Mapping[type, Handler]] = {ChangeDUState: change_units}
