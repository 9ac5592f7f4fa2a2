"""How many connections wait in the kernel until they are taken in.

The loop takes in one at a time, and then does what it asks: a crowd that comes faster than it is served never shows in
the process. Its connections wait in the kernel, and those that find no room there wait until they lose patience.
"""

import asyncio
import socket
import struct
import sys
import time
from collections.abc import Callable, Sequence
from typing import Final

# tcpi_unacked and tcpi_sacked of struct tcp_info, which of a listening socket say how many wait and may wait (Linux).
_QUEUE: Final = struct.Struct("=24x2I")


_EVERY: Final = 0.01
"""Seconds for which an answer of the kernel is believed: some tens of connections are taken in meanwhile."""


class Queues:
    """The queues at the ports of some servers; others may join them."""

    def __init__(self, servers: Sequence[asyncio.Server], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._servers = servers
        self._clock = clock
        self._asked_at = -_EVERY
        self._is_half_full = False

    def are_half_full(self) -> bool:
        """Whether more than half as many wait at a port as there may; never where the kernel does not say."""
        now = self._clock()
        if now - self._asked_at >= _EVERY:
            self._asked_at = now
            self._is_half_full = any(_is_crowded(each) for server in self._servers for each in server.sockets)
        return self._is_half_full


if sys.platform == "linux":

    def _is_crowded(listening: socket.socket) -> bool:
        try:
            told = listening.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _QUEUE.size)
            waiting, room = _QUEUE.unpack(told)
        except (OSError, ValueError, struct.error):
            # It was closed meanwhile, or this kernel is another one.
            return False
        return bool(waiting * 2 > room)

else:

    def _is_crowded(_listening: socket.socket) -> bool:
        return False
