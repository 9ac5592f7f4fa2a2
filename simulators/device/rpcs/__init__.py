"""What the device does with each RPC of the ACS: one function an RPC, one module a family."""

from collections.abc import Mapping
from typing import Final

from simulators.device.rpcs import attributes, control, objects, options, parameters, software, transfers
from simulators.device.rpcs.handler import Handler
from simulators.device.rpcs.offering import offers

__all__ = ["HANDLERS", "offers"]

HANDLERS: Final[Mapping[type, Handler]] = {
    **attributes.HANDLERS,
    **control.HANDLERS,
    **objects.HANDLERS,
    **options.HANDLERS,
    **parameters.HANDLERS,
    **software.HANDLERS,
    **transfers.HANDLERS,
}
"""By the class of the RPC."""
