"""Connections to whom others chose: names are looked up here, once, and what was judged is what is connected to."""

import asyncio
import errno
import os
import re
import socket
import ssl
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final, Protocol

from acs.domain.targets import Address, Endpoint

MAX_ADDRESSES: Final = 16
"""A name with more addresses than this belongs to nobody whom we call."""
_RESOLVER_THREADS: Final = 4
_NUMBER: Final = re.compile(r"[0-9]{1,9}")


class Resolver(Protocol):
    """Looks names up."""

    async def resolve(self, name: str) -> Sequence[Address]:
        """The addresses of a name; OSError or ValueError if it has none."""

    def close(self) -> None:
        """Give up what is held."""


class SystemResolver:
    """Looks names up as the system does.

    It has threads of its own: names that nobody answers for would take all of those that everything else shares.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_RESOLVER_THREADS, "resolver")

    async def resolve(self, name: str) -> Sequence[Address]:
        """The addresses of a name; OSError or ValueError if it has none."""
        found = await asyncio.get_running_loop().run_in_executor(self._threads, _look_up, name)
        return [ip_address(text) for text in found]

    def close(self) -> None:
        """Start no further look-up."""
        self._threads.shutdown(wait=False, cancel_futures=True)


@cache
def system_trust() -> ssl.SSLContext:
    """Verifies who is connected to, against the authorities that the system trusts.

    To be called in a thread: reading them all takes a twentieth of a second.
    """
    return ssl.create_default_context()


async def addresses_of(endpoint: Endpoint, resolver: Resolver) -> Sequence[Address]:
    """The addresses of a URL's host, looked up once: a second answer would be one that nobody has judged.

    OSError or ValueError if it has none.
    """
    if endpoint.address is not None:
        return (endpoint.address,)
    return (await resolver.resolve(endpoint.host))[:MAX_ADDRESSES]


async def connected(address: Address, port: int) -> socket.socket:
    """A connection to this very address. The loop's own ways look it up again, and uvloop's lose its zone."""
    loop = asyncio.get_running_loop()
    connection = socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6, socket.SOCK_STREAM)
    try:
        connection.setblocking(False)
        error = connection.connect_ex(socket_address(address, port))
        if error == errno.EINPROGRESS:
            writable = asyncio.Event()
            loop.add_writer(connection, writable.set)
            try:
                await writable.wait()
            finally:
                loop.remove_writer(connection)
            error = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            raise OSError(error, os.strerror(error))
    except BaseException:
        connection.close()
        raise
    return connection


def socket_address(address: Address, port: int) -> tuple[str, int] | tuple[str, int, int, int]:
    """An address as sockets take it; OSError if its zone is none of this machine."""
    if isinstance(address, IPv4Address):
        return str(address), port
    zone = address.scope_id
    if zone is None:
        return str(address), port, 0, 0
    interface = int(zone) if _NUMBER.fullmatch(zone) is not None else socket.if_nametoindex(zone)
    return str(IPv6Address(int(address))), port, 0, interface


def _look_up(name: str) -> list[str]:
    found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    return [str(place[0]) for *_, place in found[:MAX_ADDRESSES]]
