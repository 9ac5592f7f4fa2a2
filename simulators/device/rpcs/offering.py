"""Which RPCs a device has: those of its version of CWMP that its data model has a use for (A.3.1.1)."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from cwmp_schemas.rpc.options import GetOptions, SetVouchers
from cwmp_schemas.rpc.software import ChangeDUState
from cwmp_schemas.rpc.transfers import CancelTransfer, GetAllQueuedTransfers, ScheduleDownload

if TYPE_CHECKING:
    from simulators.device.cpe import Cpe

# The version of CWMP that brought an RPC, where it was not the first.
_SINCE: Final[Mapping[type, int]] = {
    GetAllQueuedTransfers: 1,
    ScheduleDownload: 2,
    CancelTransfer: 2,
    ChangeDUState: 2,
}


def _has_modules(cpe: "Cpe") -> bool:
    return cpe.tree.item(f"{cpe.tree.model.root_name}.SoftwareModules.DeploymentUnit.") is not None


def _is_old(cpe: "Cpe") -> bool:
    """Options and vouchers were deprecated before TR-181 came up."""
    return cpe.tree.model.root_name == "InternetGatewayDevice"


_IF: Final[Mapping[type, Callable[["Cpe"], bool]]] = {
    ChangeDUState: _has_modules,
    GetOptions: _is_old,
    SetVouchers: _is_old,
}


def offers(cpe: "Cpe", rpc: type) -> bool:
    """Whether a device has an RPC."""
    condition = _IF.get(rpc)
    return cpe.quirks.namespace >= _SINCE.get(rpc, 0) and (condition is None or condition(cpe))
