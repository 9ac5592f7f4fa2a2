"""Looking whether devices are Up, when somebody asks: by the helpers of their type, within a time, so many at once."""

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from acs.domain.reach import ReachKind
from acs.domain.status import Checkable, Checked, Refreshed, StatusHelper
from acs.services.ports import Probes
from acs.services.tools import Tools
from acs.services.wake import Waker
from acs.store.errors import StoreError

AT_ONCE: Final = 50
"""How many devices are looked at at once, whoever asks."""
LONGEST: Final = 5.0
"""For how many seconds a device is looked at, at most."""
# What is left of the time is for the database.
_SHARE: Final = 0.9
_DEFAULT: Final = (StatusHelper.LAST_INFORM,)
_KNOWN: Final = frozenset(StatusHelper)
_NOT_TRIED: Final = frozenset({ReachKind.NO_URL, ReachKind.FORBIDDEN_TARGET})


class StatusHelpers:
    """Finds out which devices are Up."""

    def __init__(self, tools: Tools, waker: Waker, probes: Probes, is_in_session: Callable[[int], bool]) -> None:
        self._tools = tools
        self._waker = waker
        self._probes = probes
        self._is_in_session = is_in_session
        self._places = asyncio.Semaphore(AT_ONCE)

    async def refresh(self, device_ids: Sequence[int], *, within: float) -> Refreshed:
        """Look at devices for so many seconds in all, and keep what is found; never raises for what they do.

        Each gets its full time or none: one that was looked at for a moment only has not failed.
        """
        outcomes = dict.fromkeys(device_ids, Checked.UNCHECKED)
        waiting = iter(tuple(outcomes))
        deadline = asyncio.get_running_loop().time() + within
        patience = _SHARE * min(within, LONGEST)
        try:
            async with asyncio.timeout(within), asyncio.TaskGroup() as group:
                for _ in range(min(AT_ONCE, len(outcomes))):
                    group.create_task(self._look(waiting, outcomes, deadline, patience))
        except TimeoutError:
            pass  # the others are as they were
        return Refreshed(outcomes)

    async def _look(
        self, waiting: Iterator[int], outcomes: dict[int, Checked], deadline: float, patience: float
    ) -> None:
        loop = asyncio.get_running_loop()
        for device_id in waiting:
            async with self._places:
                if loop.time() + patience > deadline:
                    return
                try:
                    outcomes[device_id] = await self._check(device_id, patience)
                except StoreError as error:
                    self._tools.complain("status", "a device was not looked at", device=device_id, reason=str(error))
                except Exception:
                    self._tools.log.exception("looking at a device failed", device=device_id)

    async def _check(self, device_id: int, patience: float) -> Checked:
        tools, since = self._tools, self._tools.clock.wall()
        known = await tools.contacts.to_check(device_id)
        if known is None:
            return Checked.UNCHECKED
        finder, tried = await self._finder(device_id, known, patience)
        at = tools.clock.wall()
        if finder is not None:
            is_heard = finder is not StatusHelper.LAST_INFORM
            if is_heard or not known.is_up:
                default = tools.settings.down_factor * tools.settings.default_inform_interval
                heard_at = at if is_heard else None
                await tools.contacts.mark_found(device_id, at, heard_at=heard_at, down_after=default)
            return Checked.REACHED
        if not tried:
            return Checked.UNCHECKED
        missed = await tools.contacts.mark_missed(device_id, at, since=since)
        # One that was Up and is not marked was heard while we looked.
        return Checked.REACHED if known.is_up and not missed else Checked.FAILED

    async def _finder(self, device_id: int, known: Checkable, patience: float) -> tuple[StatusHelper | None, bool]:
        """The helper that finds the device; and whether any could be tried."""
        loop = asyncio.get_running_loop()
        until, tried = loop.time() + patience, False
        helpers = _helpers_of(known)
        if self._is_in_session(device_id):
            # It would turn a call away: it is speaking with us.
            return next((each for each in helpers if each is not StatusHelper.LAST_INFORM), helpers[0]), True
        for place, helper in enumerate(helpers):
            left = sum(each is not StatusHelper.LAST_INFORM for each in helpers[place:])
            found = await self._ask(helper, device_id, known, (until - loop.time()) / max(1, left))
            if found:
                return helper, True
            tried = tried or found is False
        return None, tried

    async def _ask(self, helper: StatusHelper, device_id: int, known: Checkable, within: float) -> bool | None:
        """Whether a helper finds the device; None if it cannot be tried."""
        url, address = known.connection_request_url, known.address
        match helper:
            case StatusHelper.CONNECTION_REQUEST:
                reach = await self._waker.call(device_id, within=within)
                return None if reach.kind in _NOT_TRIED else reach.kind is ReachKind.REACHED
            case StatusHelper.TCP:
                return await self._probes.connects(url, address, within)
            case StatusHelper.PING:
                return await self._probes.answers_ping(url, address, within)
            case StatusHelper.LAST_INFORM:
                silent_at = (known.last_inform or 0.0) + (known.down_after or 0.0)
                return self._tools.clock.wall() <= silent_at


def _helpers_of(known: Checkable) -> tuple[StatusHelper, ...]:
    """Those of its type that are known here, in their order, each once."""
    named = json.loads(known.helpers) if known.helpers else []
    return tuple(dict.fromkeys(StatusHelper(each) for each in named if each in _KNOWN)) or _DEFAULT
