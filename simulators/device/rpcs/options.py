"""Options and vouchers (A.4.1.3, A.4.1.4)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from cwmp_schemas.rpc.options import GetOptions, GetOptionsResponse, SetVouchers, SetVouchersResponse
from simulators.device.rpcs.handler import Handler

if TYPE_CHECKING:
    from simulators.device.cpe import Cpe


def get_options(cpe: "Cpe", rpc: GetOptions, _now: float) -> GetOptionsResponse:
    """One option or all."""
    return GetOptionsResponse(cpe.works.options.named(rpc.option_name))


def set_vouchers(cpe: "Cpe", rpc: SetVouchers, _now: float) -> SetVouchersResponse:
    """Switch options."""
    cpe.works.options.redeem(rpc.voucher_list)
    return SetVouchersResponse()


HANDLERS: Final[Mapping[type, Handler]] = {GetOptions: get_options, SetVouchers: set_vouchers}
