"""Looking whether the devices of a request can be reached."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from acs.domain.bulk import BulkKind, ErrorKind
from acs.domain.reach import ReachKind
from acs.domain.status import Checked
from acs.services.bulk_work import MAX_DETAIL, error_of
from acs.services.status_helpers import StatusHelpers
from acs.services.wake import Waker
from acs.store.errors import StoreError

_AT_ONCE: Final = 50
_WITHIN: Final = 30.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of looking at a device."""

    error: ErrorKind | None = None
    """Why it counts as failed; None: it was reached."""
    detail: str = ""
    """A sentence about that."""


_REACHED: Final = Verdict()
_OF_HELPERS: Final = {
    Checked.REACHED: _REACHED,
    Checked.FAILED: Verdict(ErrorKind.DOWN, "no helper has found it"),
    Checked.UNCHECKED: Verdict(ErrorKind.UNREACHABLE, "no helper could be tried"),
}


class BulkChecks:
    """Looks, at so many devices at once."""

    def __init__(self, helpers: StatusHelpers, waker: Waker, is_in_session: Callable[[int], bool]) -> None:
        self._helpers = helpers
        self._waker = waker
        self._is_in_session = is_in_session
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def look(self, kind: BulkKind, device_ids: Sequence[int]) -> dict[int, Verdict]:
        """By their status helpers, if their status is asked for; else by a connection request."""
        if kind.is_status:
            refreshed = await self._helpers.refresh(device_ids, within=_WITHIN)
            return {device_id: _OF_HELPERS[checked] for device_id, checked in refreshed.outcomes.items()}
        return dict(zip(device_ids, await asyncio.gather(*map(self._call, device_ids)), strict=True))

    async def _call(self, device_id: int) -> Verdict:
        async with self._places:
            if self._is_in_session(device_id):
                return _REACHED
            try:
                reach = await self._waker.call(device_id)
            except StoreError as error:
                return Verdict(ErrorKind.OTHER_FAILURES, f"it was not called: {error}"[:MAX_DETAIL])
        if reach.kind is ReachKind.REACHED:
            return _REACHED
        return Verdict(error_of(reach.kind), reach.detail[:MAX_DETAIL])
