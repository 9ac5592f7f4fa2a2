"""What a scripted device is when a test says nothing about it."""

from typing import Final

from tests.e2e.journal import Event
from tests.e2e.model import Parameter, Tables

NOW: Final = "2026-01-01T00:00:00Z"
PERIODIC: Final[tuple[Event, ...]] = (("2 PERIODIC", ""),)
PARAMETERS: Final = {
    "Device.DeviceInfo.HardwareVersion": Parameter("A1", writable=False),
    "Device.DeviceInfo.SoftwareVersion": Parameter("1.0", writable=False),
    "Device.ManagementServer.ConnectionRequestURL": Parameter("", writable=False),
    "Device.ManagementServer.ParameterKey": Parameter("", writable=False),
    "Device.ManagementServer.PeriodicInformEnable": Parameter("1", "boolean"),
    "Device.ManagementServer.PeriodicInformInterval": Parameter("3600", "unsignedInt"),
    "Device.WiFi.Radio.1.Channel": Parameter("6", "unsignedInt"),
    "Device.WiFi.SSID.1.SSID": Parameter("home"),
    "Device.WiFi.SSID.1.Enable": Parameter("1", "boolean"),
}
"""A small device of TR-181."""
TABLES: Final[Tables] = {
    "Device.NAT.PortMapping.": {
        "Enable": Parameter("0", "boolean"),
        "ExternalPort": Parameter("0", "unsignedInt"),
        "Description": Parameter(""),
    },
    "Device.WiFi.SSID.": {"SSID": Parameter(""), "Enable": Parameter("0", "boolean")},
}
"""What can be added to it."""
ALWAYS_TOLD: Final = (
    "DeviceInfo.HardwareVersion",
    "DeviceInfo.SoftwareVersion",
    "ManagementServer.ConnectionRequestURL",
    "ManagementServer.ParameterKey",
)
"""The ends of the names that each Inform tells (TR-181 forced inform parameters)."""
