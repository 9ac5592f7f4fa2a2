"""When a session that has failed is tried again (TR-069 3.2.1.1)."""

from typing import Final

from simulators.device.chance import Chance
from simulators.device.management import Management

_LAST_STEP: Final = 10
MAX_HOLD: Final = 86_400.0
"""How long an ACS can hold a device off with Retry-After, in seconds: longer would be a way to lose devices."""


class Retrying:
    """How many sessions have failed in a row, and how long the device waits because of it."""

    __slots__ = ("_at", "_not_before", "_since_boot", "count")

    def __init__(self) -> None:
        self.count = 0
        """What the Inform says as RetryCount: zero if and only if the last session went well (A.3.3.1)."""
        self._since_boot = 0
        self._at = 0.0
        self._not_before = 0.0

    def due_at(self, *, has_news: bool) -> float:
        """When a session may be tried: with a new event at once, but never before the ACS wants it (3.2.1.1)."""
        return self._not_before if has_news else self._at

    def failed(self, now: float, management: Management, chance: Chance, not_before: float) -> None:
        """A session has failed; ``not_before`` is the moment that a Retry-After of the ACS names."""
        self.count += 1
        self._since_boot += 1
        self._not_before = min(not_before, now + MAX_HOLD)
        self._at = max(now + wait(self._since_boot, management, chance), self._not_before)

    def over(self) -> None:
        """A session has ended well."""
        self.count = self._since_boot = 0
        self._at = self._not_before = 0.0

    def postponed(self, now: float, management: Management, chance: Chance) -> None:
        """A session has ended well, but for requests that the ACS would not take: they wait as if it had failed."""
        self.count = 0
        self._since_boot += 1
        self._at = now + wait(self._since_boot, management, chance)
        self._not_before = 0.0

    def lifted(self) -> None:
        """There is no reason to wait any more, but it still is a retry: the ACS calls."""
        self._at = self._not_before = 0.0

    def restarted(self) -> None:
        """The device has restarted: waits are as after a first failure, the count goes on (3.2.1.1, A.3.3.1)."""
        self._since_boot = 0
        self.lifted()


def wait(retry: int, management: Management, chance: Chance) -> float:
    """Between m*k^(n-1) and m*k^n seconds for the n-th retry, from the tenth on as for the tenth (table 3)."""
    step, factor = min(retry, _LAST_STEP), management.retry_multiplier / 1000.0
    return management.retry_minimum * chance.between(factor ** (step - 1), factor**step)
