"""Where requests come from: the addresses of peers, and what trusted proxies tell of them."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

Network = IPv4Network | IPv6Network

_HOPS: Final = 16


@lru_cache(maxsize=4096)
def plain_address(text: str) -> str:
    """An address without its zone, and IPv4 as IPv4 even where the socket is of IPv6."""
    address: IPv4Address | IPv6Address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(address)


def is_within(address: str, networks: Sequence[Network]) -> bool:
    """Whether an address lies in one of these networks."""
    if not networks:
        return False
    place = ip_address(address)
    return any(place in network for network in networks)


def forwarded_for(headers: Iterable[str], peer: str, trusted: Sequence[Network]) -> str:
    """The address a trusted proxy tells of: the last one in the chain that is no proxy of ours.

    What stands before that one was written by whoever it belongs to, and proves nothing.
    """
    hops = [hop.strip() for header in headers for hop in header.split(",")][-_HOPS:]
    found = peer
    for hop in reversed(hops):
        # RFC 7239 allows a port and brackets; most write the bare address.
        text = hop.removeprefix("[").partition("]")[0] if hop.startswith("[") else hop
        try:
            found = plain_address(text.partition(":")[0] if text.count(":") == 1 else text)
        except ValueError:
            return found
        if not is_within(found, trusted):
            return found
    return found
