"""The ends of operations, as this process sees them: counted, and told to whoever waits for one.

Operations end in other processes as well, and by statements that end many at once: who must know for sure looks at the
database; this only saves the wait.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from acs.metrics import Metrics

MOST_WAITING: Final = 10_000
"""How many may wait for ends at once."""


class Endings:
    """Knows who waits for which operation."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._waiting: dict[str, asyncio.Event] = {}
        self._listeners: list[Callable[[str], None]] = []
        self.is_over = False
        """Whether nobody may wait any more: the server stops."""
        metrics.memories.watch("waits for operations", MOST_WAITING, lambda: len(self._waiting))

    def listen(self, told: Callable[[str], None]) -> None:
        """Call this with the public id of each operation that ends here. It must not fail, and not take long."""
        self._listeners.append(told)

    def ended(self, public_id: str, kind: str, state: str) -> None:
        """An operation has ended, and that is durable."""
        self._metrics.operations_ended.inc(kind, state)
        event = self._waiting.get(public_id)
        if event is not None:
            event.set()
        for told in self._listeners:
            told(public_id)

    def stop(self) -> None:
        """Let nobody wait any more."""
        self.is_over = True
        for event in self._waiting.values():
            event.set()

    async def wait(self, public_id: str, seconds: float) -> bool:
        """Wait for the end of an operation; False when it was not told in time, or too many wait already."""
        if self.is_over:
            return False
        event = self._waiting.get(public_id)
        if event is None:
            if len(self._waiting) >= MOST_WAITING:
                return False
            event = self._waiting[public_id] = asyncio.Event()
        try:
            async with asyncio.timeout(seconds):
                return await event.wait()
        except TimeoutError:
            return False
        finally:
            self._waiting.pop(public_id, None)
