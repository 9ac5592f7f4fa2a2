"""Where the kinds of devices have what operators ask for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Places:
    """Paths of one kind of device."""

    root: str
    """The root object, with its dot."""
    table: str | None
    """A table that can have more rows."""
    secret: str | None
    """A password of the customer's network."""

    @property
    def code(self) -> str:
        """What operators set."""
        return f"{self.root}DeviceInfo.ProvisioningCode"

    @property
    def information(self) -> str:
        """What operators read as a whole."""
        return f"{self.root}DeviceInfo."

    @property
    def wanted(self) -> str:
        """What the ACS wants to be so."""
        return f"{self.root}Time.NTPServer1"


_TR181: Final = Places("Device.", "Device.NAT.PortMapping.", "Device.WiFi.AccessPoint.1.Security.KeyPassphrase")
PLACES: Final[Mapping[str, Places]] = {
    "tr181": _TR181,
    "ont": _TR181,
    "enb": Places("Device.", None, None),
    "tr098": Places(
        "InternetGatewayDevice.",
        "InternetGatewayDevice.WANDevice.1.WANConnectionDevice.1.WANPPPConnection.1.PortMapping.",
        "InternetGatewayDevice.LANDevice.1.WLANConfiguration.1.KeyPassphrase",
    ),
}
"""Those of the kinds that are built in."""
