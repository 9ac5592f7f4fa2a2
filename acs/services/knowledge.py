"""What devices have said about their parameters, as planning reads it."""

from collections.abc import Iterable
from typing import Final

from acs.domain.setting import KnownParameter
from acs.services.tools import Tools
from cwmp_schemas.values import XsdType

INTERVALS: Final = (
    "Device.ManagementServer.PeriodicInformInterval",
    "InternetGatewayDevice.ManagementServer.PeriodicInformInterval",
)
"""What a device's update frequency is called in its tree."""

_ROOTS: Final = ("InternetGatewayDevice.", "Device.")


async def known_parameters(tools: Tools, device_id: int, paths: Iterable[str]) -> dict[str, KnownParameter]:
    """What a device last said about these parameters."""
    return {
        path: KnownParameter(
            None if value is None else tools.vault.open(value, "parameter", (device_id, path), "value"),
            XsdType(kind) if kind else None,
            None if writable is None else bool(writable),
            since,
        )
        for path, value, kind, writable, since in await tools.parameters.known(device_id, paths)
    }


async def root_of(tools: Tools, device_id: int) -> str:
    """The root of a device's tree; a guess, where it has told nothing of it."""
    return await known_root_of(tools, device_id) or _ROOTS[-1]


async def known_root_of(tools: Tools, device_id: int) -> str | None:
    """The root of a device's tree; None while it has told nothing of it, as some do not with an Inform."""
    for root in _ROOTS:
        if await tools.parameters.below(device_id, root, 1):
            return root
    return None
