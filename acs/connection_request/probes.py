"""Looking whether a device is there: a TCP connection that is closed at once, or an ICMP echo request.

Both go only where a connection request may go, see ``acs.domain.targets``.
"""

import asyncio
import socket
import struct
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from errno import EACCES, EAFNOSUPPORT, ENETUNREACH, EPERM
from ipaddress import IPv4Address, ip_address
from typing import Final

from acs.connecting import Resolver, SystemResolver, addresses_of, connected, socket_address
from acs.domain.targets import Address, Endpoint, Network, Refusal, judge, read_url

# A router has one address; a name in its URL may have one of each family.
_MOST_ADDRESSES: Final = 2
_AGAIN_AFTER: Final = 1.0
_TOKEN_OCTETS: Final = 16
_LARGEST: Final = 2048
_HEADER: Final = struct.Struct("!BBHHH")
# What our own system says of an echo request that it does not let out: that tells nothing of the device.
_OURS: Final = frozenset({EPERM, EACCES, ENETUNREACH, EAFNOSUPPORT})


@dataclass(frozen=True, slots=True)
class _Family:
    """How ICMP goes over one version of IP."""

    family: socket.AddressFamily
    protocol: int
    request: int
    reply: int


_FAMILIES: Final = {
    4: _Family(socket.AF_INET, socket.IPPROTO_ICMP, 8, 0),
    6: _Family(socket.AF_INET6, socket.IPPROTO_ICMPV6, 128, 129),
}


class NetworkProbes:
    """Probes over the network."""

    def __init__(
        self,
        *,
        allowed_networks: Sequence[Network],
        chance: Callable[[int], bytes],
        on_missing: Callable[[str], None],
        resolver: Resolver | None = None,
        open_icmp: Callable[[int, int, int], socket.socket] = socket.socket,
    ) -> None:
        """``chance`` gives so many octets; ``on_missing`` is told once what the system does not let us do."""
        self._allowed_networks = tuple(allowed_networks)
        self._chance = chance
        self._on_missing = on_missing
        self._resolver = resolver or SystemResolver()
        self._open_icmp = open_icmp
        self._missing: set[int] = set()

    async def connects(self, url: str, session_address: str, within: float) -> bool | None:
        """See ``Probes``."""
        until = _now() + within
        endpoint = read_url(url)
        if isinstance(endpoint, Refusal):
            return None
        addresses = await self._addresses(endpoint, session_address, within)
        for place, address in enumerate(addresses):
            with suppress(TimeoutError, OSError):
                async with asyncio.timeout((until - _now()) / (len(addresses) - place)):
                    (await connected(address, endpoint.port)).close()
                    return True
        return False if addresses else None

    async def answers_ping(self, url: str, session_address: str, within: float) -> bool | None:
        """See ``Probes``. A device that says not where it can be called is asked where its session came from."""
        until = _now() + within
        endpoint = read_url(url)
        addresses = (
            self._judged(_address(session_address), session_address)
            if isinstance(endpoint, Refusal)
            else await self._addresses(endpoint, session_address, within)
        )
        found: bool | None = None
        for place, address in enumerate(addresses):
            answer = await self._ping(address, (until - _now()) / (len(addresses) - place))
            if answer:
                return True
            found = found if answer is None else False
        return found

    async def close(self) -> None:
        """Give up what is held."""
        self._resolver.close()

    async def _addresses(self, endpoint: Endpoint, session_address: str, within: float) -> Sequence[Address]:
        try:
            async with asyncio.timeout(within):
                found = await addresses_of(endpoint, self._resolver)
        except (TimeoutError, OSError, ValueError):
            return ()
        return self._judged(found, session_address)

    def _judged(self, addresses: Sequence[Address], session_address: str) -> Sequence[Address]:
        allowed = judge(addresses, session_address, self._allowed_networks)
        return () if isinstance(allowed, Refusal) else allowed[:_MOST_ADDRESSES]

    async def _ping(self, address: Address, within: float) -> bool | None:
        """Whether one address answers; None if our own system does not let us ask it."""
        connection = self._icmp_socket(address)
        if connection is None:
            return None
        try:
            connection.setblocking(False)
            connection.connect(socket_address(address, 0))
            async with asyncio.timeout(within):
                await _exchange(connection, address, self._chance(_TOKEN_OCTETS))
        except TimeoutError:
            return False
        except OSError as error:
            return None if error.errno in _OURS else False
        else:
            return True
        finally:
            connection.close()

    def _icmp_socket(self, address: Address) -> socket.socket | None:
        way = _FAMILIES[address.version]
        # The first is for everybody whose group net.ipv4.ping_group_range names, the second for CAP_NET_RAW.
        for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
            with suppress(OSError):
                return self._open_icmp(way.family, kind, way.protocol)
        if address.version not in self._missing:
            self._missing.add(address.version)
            self._on_missing(f"the system does not let this process send ICMP over IPv{address.version}")
        return None


async def _exchange(connection: socket.socket, address: Address, token: bytes) -> None:
    """Ask until there is an answer; OSError if the network says that there will be none."""
    number = 0
    while True:
        connection.send(_request(address, number, token))
        with suppress(TimeoutError):
            async with asyncio.timeout(_AGAIN_AFTER):
                while not _is_reply(connection, address, await _received(connection), token):
                    pass
                return
        number = (number + 1) & 0xFFFF


async def _received(connection: socket.socket) -> bytes:
    return await asyncio.get_running_loop().sock_recv(connection, _LARGEST)


def _request(address: Address, number: int, token: bytes) -> bytes:
    """An echo request (RFC 792, RFC 4443 section 4.1). Over IPv6 the system computes the checksum."""
    kind, name = _FAMILIES[address.version].request, int.from_bytes(token[:2], "big")
    bare = _HEADER.pack(kind, 0, 0, name, number) + token
    total = sum(int.from_bytes(bare[place : place + 2], "big") for place in range(0, len(bare), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return _HEADER.pack(kind, 0, ~total & 0xFFFF, name, number) + token


def _is_reply(connection: socket.socket, address: Address, packet: bytes, token: bytes) -> bool:
    # A raw IPv4 socket gives the header of IP as well.
    has_header = connection.type == socket.SOCK_RAW and isinstance(address, IPv4Address)
    start = 4 * (packet[0] & 0xF) if has_header and packet else 0
    reply = packet[start:]
    return reply[:1] == bytes([_FAMILIES[address.version].reply]) and reply[_HEADER.size :].startswith(token)


def _address(text: str) -> tuple[Address, ...]:
    try:
        return (ip_address(text),)
    except ValueError:
        return ()


def _now() -> float:
    return asyncio.get_running_loop().time()
