"""What happens because time passes: never for each device, only for those whose time has come."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from acs.domain.operation import OperationFault
from acs.services.in_hand import fault_text
from acs.services.run_session import Sessions
from acs.services.tools import Tools
from acs.services.transfers import Transfers
from acs.services.wake import Waker
from acs.store.errors import StoreError

EVERY: Final = 1.0
"""Seconds between two sweeps."""
_FEW: Final = 200
_SELDOM: Final = 60
_DAY: Final = 86_400.0


class Sweeper:
    """Ends what is overdue, starts what is due, and drops what is old, a few at a time."""

    def __init__(self, tools: Tools, sessions: Sessions, waker: Waker, transfers: Transfers) -> None:
        self._tools = tools
        self._sessions = sessions
        self._waker = waker
        self._transfers = transfers
        self._ready_until = tools.clock.wall()
        self._round = 0

    async def run(self) -> None:
        """Sweep, until cancelled. A failing database is waited for."""
        while True:
            await asyncio.sleep(EVERY)
            await self.sweep()

    async def sweep(self) -> None:
        """One round."""
        self._round += 1
        tasks: list[Callable[[], Awaitable[None]]] = [self._sessions.close_overdue, self._operations, self._status]
        if self._round % _SELDOM == 0:
            tasks += [self._prune, self._count]
        for task in tasks:
            try:
                await task()
            except StoreError as error:
                self._tools.complain("sweep", "a sweep failed", reason=str(error))
            except Exception:
                self._tools.log.exception("a sweep failed")

    async def _operations(self) -> None:
        operations, at = self._tools.operations, self._tools.clock.wall()
        await operations.expire(at, fault_text(OperationFault("its time was over before it could be begun")), _FEW)
        for device_id, _ in await operations.start_scheduled(at, _FEW):
            self._sessions.notify(device_id)
        for device_id in await operations.newly_ready(self._ready_until, at, 10 * _FEW):
            if not self._sessions.notify(device_id):
                self._waker.wake(device_id)
        self._ready_until = at
        for device_id, fence in await operations.abandon_lost_sessions(at, _FEW):
            await operations.recover(device_id, fence, at, fault_text(OperationFault("its session was cut off")))
            self._waker.wake(device_id)
        for device_id in await operations.unproven_devices(at, _FEW):
            device = await self._tools.devices.by_id(device_id)
            if device is not None and device.software_version:
                await self._transfers.prove_by_version(device, device.software_version)
        await operations.fail_unproven(
            at, fault_text(OperationFault("the device did not prove in time that it was done")), _FEW
        )
        await self._tools.transfers.end_expired(at, _FEW)

    async def _status(self) -> None:
        await self._tools.contacts.mark_overdue_down(self._tools.clock.wall(), _FEW)

    async def _prune(self) -> None:
        settings, at = self._tools.settings, self._tools.clock.wall()
        await self._tools.operations.prune(at - settings.results_days * _DAY, _FEW)
        await self._tools.contacts.prune_history(at - settings.history_days * _DAY, 10 * _FEW)

    async def _count(self) -> None:
        self._tools.metrics.operations_open.set(await self._tools.operations.count_open())
