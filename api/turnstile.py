"""Requests begin one after the other, so that a flood of them leaves devices their share of the loop.

With each turn the loop takes in one device that calls, but goes on with all requests that have come: the more of them
there are, the longer a turn takes, and the fewer devices are taken in.
"""

import asyncio
from collections import deque
from typing import Final

# So many devices may be taken in for each request that begins, while both come faster than they are served.
_APART: Final = 4


class Turnstile:
    """Lets one in at a time; whoever comes while nobody else does is let in at once."""

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._is_turning = False
        self._left = 0

    def __len__(self) -> int:
        """How many wait to be let in."""
        return len(self._waiting)

    async def passed(self) -> None:
        """Wait to be let in, in the order of coming."""
        loop = asyncio.get_running_loop()
        if self._is_turning:
            future = loop.create_future()
            self._waiting.append(future)
            await future
            return
        self._is_turning = True
        self._left = _APART
        loop.call_soon(self._turn, loop)

    def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        """The loop has had a turn."""
        self._left -= 1
        if self._left <= 0:
            if not self._let_in():
                self._is_turning = False
                return
            self._left = _APART
        loop.call_soon(self._turn, loop)

    def _let_in(self) -> bool:
        """Let in the first that still wants to; whether there was one."""
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_result(None)
                return True
        return False
