"""The addresses of servers that are known by name, looked up beside everything else."""

import asyncio
import ipaddress
import socket
from typing import Final

_LIFETIME: Final = 60.0
_MAX_NAMES: Final = 64


class Addresses:
    """Names and their addresses, each for a minute."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str | None, float]] = {}
        self._lookups: dict[str, asyncio.Task[None]] = {}

    def of(self, host: str) -> str | None:
        """The address of a host; None while it is not known: ask again later."""
        known = self._known.get(host)
        if known is not None:
            address, until = known
            if asyncio.get_running_loop().time() < until:
                return address
        if known is None and _is_address(host):
            self._keep(host, host)
            return host
        if host not in self._lookups and len(self._lookups) < _MAX_NAMES:
            self._lookups[host] = asyncio.get_running_loop().create_task(self._look_up(host))
        return None if known is None else known[0]

    def stop(self) -> None:
        """Look up no more."""
        for task in self._lookups.values():
            task.cancel()

    async def _look_up(self, host: str) -> None:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_DGRAM)
            self._keep(host, str(found[0][4][0]))
        except (OSError, UnicodeError):
            self._keep(host, None)
        finally:
            del self._lookups[host]

    def _keep(self, host: str, address: str | None) -> None:
        while len(self._known) >= _MAX_NAMES:
            del self._known[next(iter(self._known))]
        self._known[host] = address, asyncio.get_running_loop().time() + _LIFETIME


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
