"""What is done about a clock that is set: nothing waits for a time that was not to be, nothing is dropped too soon."""

from typing import Final

from acs.services.bulk_runner import CHECK_LASTS, BulkRunner
from acs.services.notifications import LONGEST_DELAY
from acs.services.tools import Tools
from acs.services.work import RETRY_JITTER
from acs.store.late import LateStore, LongestWaits

# A clock that is set by less troubles nobody.
_NOTICED: Final = 60.0
# For so long after the start the clock may yet be found wrong: it is set once there is a network.
_SETTLED: Final = 3_600.0
_DAY: Final = 86_400.0
_WEEK: Final = 7 * _DAY


class ClockWatch:
    """Holds the wall clock against the one that nobody can set."""

    def __init__(self, tools: Tools, late: LateStore, bulks: BulkRunner) -> None:
        self._tools = tools
        self._late = late
        self._bulks = bulks
        self._offset = self._measured()
        self._held_since = tools.clock.monotonic()
        self._prunes_from = self._held_since + _SETTLED
        # Before its start the clock may have been ahead, too.
        self._is_to_hasten = True

    @property
    def may_prune(self) -> bool:
        """Whether what is old by the clock is so: not for a day after it was set forward, so that by then what may
        have been dropped too soon is a day older, or somebody has put it right. A clock that is set again and again
        holds it up for a week at most."""
        return self._tools.clock.monotonic() >= self._prunes_from

    async def look(self) -> None:
        """See whether it was set since that was last seen, and do what follows from that."""
        offset, now = self._measured(), self._tools.clock.monotonic()
        moved = offset - self._offset
        if abs(moved) > _NOTICED:
            self._offset = offset
            self._tools.log.warning("the clock was set", seconds=round(moved))
        if moved > _NOTICED:
            if self.may_prune:
                self._held_since = now
            self._prunes_from = max(self._prunes_from, min(now + _DAY, self._held_since + _WEEK))
        elif moved < -_NOTICED:
            self._is_to_hasten = True
        if self._is_to_hasten:
            await self._hasten()
            self._is_to_hasten = False

    def _measured(self) -> float:
        return self._tools.clock.wall() - self._tools.clock.monotonic()

    async def _hasten(self) -> None:
        settings = self._tools.settings
        longest = LongestWaits(
            delivery=LONGEST_DELAY,
            operation=settings.max_retry_delay_minutes * 60 * (1 + RETRY_JITTER),
            proof=max(settings.proof_timeout, settings.transfer_timeout),
            transfer=settings.transfer_timeout,
            check=CHECK_LASTS,
            session=settings.session_timeout,
        )
        hastened = await self._late.hasten(self._tools.clock.wall(), longest)
        if hastened:
            self._tools.log.warning("what a clock that was ahead had put off goes on", count=hastened)
        await self._bulks.reschedule()
