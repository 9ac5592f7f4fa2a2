"""What a device does because of people or things around it, for whoever lets that happen.

``Transfers.transfer_by_itself``, ``Transfers.request_download`` and ``Units.change`` are of the same kind.
"""

from typing import TYPE_CHECKING

from cwmp_schemas import events
from cwmp_schemas.rpc.session import Event, Kicked
from simulators.device.pending import OwnRequest

if TYPE_CHECKING:
    from simulators.device.cpe import Cpe


def kick(cpe: "Cpe", command: str, referer: str, argument: str, next_url: str) -> bool:
    """A user has come by a kick URL (A.4.2.1): the ACS is asked where to send the browser; False if it will not be."""
    if not cpe.is_on or cpe.pending.is_full:
        return False
    cpe.pending.request(OwnRequest(Kicked(command, referer, argument, next_url), (Event(events.KICKED),)))
    return True


def wake(cpe: "Cpe") -> bool:
    """The device has woken from standby; False if that will not be told."""
    if not cpe.is_on:
        return False
    cpe.pending.add(events.WAKEUP)
    return True
