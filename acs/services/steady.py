"""A wall clock that never goes back."""

from acs.services.ports import Clock


class SteadyClock:
    """Follows the wall clock forward; when that is set back, it goes on from where it was.

    What was issued before the clock was set back stays older than what is issued after it. Other processes that have
    begun meanwhile may read earlier times; those that saw the same clock read the same.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead = clock.wall() - clock.monotonic()

    def wall(self) -> float:
        """Seconds since 1970."""
        monotonic = self._clock.monotonic()
        self._ahead = max(self._ahead, self._clock.wall() - monotonic)
        return monotonic + self._ahead
