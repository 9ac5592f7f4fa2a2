"""Makes the connections of all devices of a process: names, TLS."""

import asyncio
import ssl
from collections.abc import Callable
from typing import TypeVar

from simulators.client.connection import Connection
from simulators.client.names import Names
from simulators.client.target import Target
from simulators.client.tls import ANY_CERTIFICATE

Made = TypeVar("Made", bound=Connection)


class Connector:
    """What devices of one process share when they connect."""

    __slots__ = ("_names", "_tls")

    def __init__(self, tls: ssl.SSLContext = ANY_CERTIFICATE, names: Names | None = None) -> None:
        self._tls = tls
        self._names = names or Names()

    async def connect(self, make: Callable[[], Made], target: Target) -> Made:
        """A connection to a server; OSError if there is none, UnicodeError if its name is none."""
        if target.is_address:
            return await self._connect(make, target.host, target)
        failure: OSError | None = None
        for address in await self._names.find(target.host):
            try:
                return await self._connect(make, address, target)
            except OSError as error:
                failure = error
        raise failure or OSError("a name without an address")

    async def _connect(self, make: Callable[[], Made], address: str, target: Target) -> Made:
        connect = asyncio.get_running_loop().create_connection
        if target.is_tls:
            _, connection = await connect(make, address, target.port, ssl=self._tls, server_hostname=target.host)
        else:
            _, connection = await connect(make, address, target.port)
        return connection
