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


async def known_parameters(tools: Tools, device_id: int, paths: Iterable[str]) -> dict[str, KnownParameter]:
    """What a device last said about these parameters."""
    return {
        path: KnownParameter(
            None if value is None else tools.vault.open(value, "parameter", (device_id, path), "value"),
            XsdType(kind) if kind else None,
            None if writable is None else bool(writable),
        )
        for path, value, kind, writable in await tools.parameters.known(device_id, paths)
    }


async def root_of(tools: Tools, device_id: int) -> str:
    """The root of a device's tree."""
    rows = await tools.parameters.below(device_id, "InternetGatewayDevice.", 1)
    return "InternetGatewayDevice." if rows else "Device."
