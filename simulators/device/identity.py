"""Who a simulated device is, and the values that follow from it."""

import re
from dataclasses import dataclass
from typing import Final

from cwmp_schemas.rpc.session import DeviceId

_PLACE: Final = re.compile(r"\{(serial|oui|product_class|manufacturer|mac|ip|ip6|index)(?:\+(\d{1,5}))?\}")


@dataclass(frozen=True, slots=True)
class Identity:
    """One device of a fleet."""

    device_id: DeviceId
    """What its Informs say; the ACS knows it by this alone."""
    index: int = 0
    """Its number in the fleet; addresses are made of it."""

    def mac(self, offset: int = 0) -> str:
        """One of its MAC addresses; they are locally administered and unique in a fleet."""
        octets = (0x02 << 40 | (self.index * 256 + offset) & 0xFFFFFFFFFF).to_bytes(6, "big")
        return ":".join(f"{octet:02X}" for octet in octets)

    def ip(self) -> str:
        """Its address on the operator's side, of those behind a carrier's NAT (RFC 6598)."""
        host = (self.index + 2) & 0x3FFFFF
        return f"100.{64 + (host >> 16)}.{host >> 8 & 255}.{host & 255}"

    def ip6(self) -> str:
        """Its IPv6 address, of those for documentation (RFC 3849)."""
        return f"2001:db8:{self.index >> 16:x}:{self.index & 0xFFFF:x}::1"

    def fill(self, pattern: str) -> str:
        """A text with ``{serial}``, ``{mac+1}`` and the like filled in."""
        return _PLACE.sub(self._filling, pattern)

    def _filling(self, place: re.Match[str]) -> str:
        match place[1]:
            case "mac":
                return self.mac(int(place[2] or 0))
            case "ip":
                return self.ip()
            case "ip6":
                return self.ip6()
            case "index":
                return str(self.index)
            case "oui":
                return self.device_id.oui
            case "product_class":
                return self.device_id.product_class
            case "manufacturer":
                return self.device_id.manufacturer
            case _:
                return self.device_id.serial_number


def is_pattern(text: str) -> bool:
    """Whether a text has places to fill."""
    return "{" in text and _PLACE.search(text) is not None
