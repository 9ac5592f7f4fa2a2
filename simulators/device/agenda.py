"""What a device will do later, in the order of time."""

import heapq
import math
from collections.abc import Callable
from typing import Final

MAX_APPOINTMENTS: Final = 256
"""How much a device can have ahead of it; an ACS could ask for any number of scheduled Informs."""

Action = Callable[[float], None]
"""Something to do at a moment, which it is given."""


class Agenda:
    """Appointments; those that are due are taken one by one."""

    __slots__ = ("_appointments", "_count")

    def __init__(self) -> None:
        self._appointments: list[tuple[float, int, Action, bool]] = []
        self._count = 0

    def __len__(self) -> int:
        return len(self._appointments)

    @property
    def is_full(self) -> bool:
        """Whether nothing more can be put down."""
        return len(self._appointments) >= MAX_APPOINTMENTS

    @property
    def next_at(self) -> float:
        """When the next is due; infinity without any."""
        return self._appointments[0][0] if self._appointments else math.inf

    def add(self, at: float, action: Action, *, is_lasting: bool = False) -> None:
        """Put something down; whoever lets others ask for it looks at ``is_full`` before. What lasts is kept over
        restarts.
        """
        self._count += 1
        heapq.heappush(self._appointments, (at, self._count, action, is_lasting))

    def move(self, at: float, action: Action) -> None:
        """Put something down in place of where it stood before."""
        self.cancel(action)
        self.add(at, action)

    def cancel(self, action: Action) -> None:
        """Take something off."""
        if any(each[2] == action for each in self._appointments):
            self._appointments = [each for each in self._appointments if each[2] != action]
            heapq.heapify(self._appointments)

    def run(self, now: float) -> None:
        """Do all that is due, the oldest first."""
        while self._appointments and self._appointments[0][0] <= now:
            heapq.heappop(self._appointments)[2](now)

    def restarted(self) -> None:
        """Forget what does not outlive a restart."""
        self._appointments = [each for each in self._appointments if each[3]]
        heapq.heapify(self._appointments)

    def forget_lasting(self) -> None:
        """Forget what would outlive a restart."""
        self._appointments = [each for each in self._appointments if not each[3]]
        heapq.heapify(self._appointments)
