"""What the head of a request says: cookies, addresses, proxies."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

from acs.services.calling import COOKIE

Network = IPv4Network | IPv6Network

MAX_COOKIES: Final = 8
"""How many cookies of our name are looked at."""
_HOPS: Final = 16
_HOST: Final = re.compile(r"(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?")


def our_cookies(headers: Iterable[str]) -> tuple[str, ...]:
    """The values of our cookie: quoted or not, joined by commas, or in RFC 2109 form (``$Version="0"; name=...``)."""
    found: list[str] = []
    for header in headers:
        for part in header.replace(",", ";").split(";"):
            name, equals, value = part.partition("=")
            if equals and name.strip() == COOKIE:
                found.append(value.strip().strip('"'))
    return tuple(found[:MAX_COOKIES])


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


@lru_cache(maxsize=1024)
def base_url(host: str | None, scheme: str) -> str | None:
    """Where the device found us, by its Host header."""
    return f"{scheme}://{host}" if host is not None and _HOST.fullmatch(host) else None
