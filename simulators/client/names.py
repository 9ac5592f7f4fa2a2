"""Addresses of servers that are known by name: thousands of devices ask for the same few."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

LIFETIME: Final = 60.0
"""For how many seconds an answer is good."""
MOST: Final = 256
"""How many names are remembered, and how many are looked up at once for those who cannot wait."""

LookUp = Callable[[str], Awaitable[Sequence[str]]]
"""Finds the addresses of a name; OSError or UnicodeError if there are none."""


class Names:
    """What was found, each for a minute; nobody looks for a name while somebody else does."""

    __slots__ = ("_known", "_look_up", "_under_way")

    def __init__(self, look_up: LookUp | None = None) -> None:
        self._known: dict[str, tuple[Sequence[str], float]] = {}
        self._under_way: dict[str, asyncio.Task[Sequence[str]]] = {}
        self._look_up = look_up or _look_up

    async def find(self, host: str) -> Sequence[str]:
        """The addresses of a host, in the order in which they are to be tried; OSError or UnicodeError without any."""
        known = self._known.get(host)
        if known is not None and asyncio.get_running_loop().time() < known[1]:
            return known[0]
        # Whoever gives up must not stop it for the others.
        return await asyncio.shield(self._begin(host))

    def first(self, host: str) -> str | None:
        """The first address of a host, for whoever cannot wait; None while none is known, and then it is looked up."""
        known, until = self._known.get(host, ((), 0.0))
        if asyncio.get_running_loop().time() >= until and len(self._under_way) < MOST:
            self._begin(host)
        return known[0] if known else None

    def _begin(self, host: str) -> asyncio.Task[Sequence[str]]:
        task = self._under_way.get(host)
        if task is None:
            task = self._under_way[host] = asyncio.get_running_loop().create_task(self._find(host))
            # All who asked may have given up by then.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return task

    async def _find(self, host: str) -> Sequence[str]:
        try:
            found = await self._look_up(host)
        finally:
            del self._under_way[host]
        while len(self._known) >= MOST:
            del self._known[next(iter(self._known))]
        self._known[host] = found, asyncio.get_running_loop().time() + LIFETIME
        return found


async def _look_up(host: str) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(each[4][0]) for each in found))
