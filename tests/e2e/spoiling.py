"""An Inform as the standard has it, and ways to spoil it."""

from collections.abc import Callable
from typing import Final

from tests.e2e.defaults import NOW, PERIODIC
from tests.e2e.device import ScriptedDevice
from tests.e2e.envelopes import Value

TOLD: Final = {"Device.DeviceInfo.SoftwareVersion": "7.1", "Device.WiFi.SSID.1.SSID": "home"}


def an_inform(device: ScriptedDevice, told: dict[str, str] | None = None) -> bytes:
    """An Inform as the standard has it, ready to be spoilt."""
    values = {name: Value(text) for name, text in (TOLD if told is None else told).items()}
    return device.envelope(device.writer.inform(device.id, PERIODIC, values, now=NOW, retry=0), "1")


def without(start: bytes, end: bytes) -> Callable[[bytes], bytes]:
    """Cuts an element out."""

    def spoil(octets: bytes) -> bytes:
        first = octets.index(start)
        last = octets.index(end, first) + len(end)
        return octets[:first] + octets[last:]

    return spoil


def replaced(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    """Writes something else."""

    def spoil(octets: bytes) -> bytes:
        assert old in octets
        return octets.replace(old, new)

    return spoil
