"""What happens because time passes: never for each device, only for those whose time has come."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from acs.domain.operation import OperationFault
from acs.services.bulk_runner import BulkRunner
from acs.services.clock_watch import ClockWatch
from acs.services.expiry import Expiry
from acs.services.in_hand import fault_text
from acs.services.live import LiveSession
from acs.services.notifications import Notifications
from acs.services.ports import FileKeeper
from acs.services.run_session import Sessions
from acs.services.tools import Tools
from acs.services.transfers import Transfers
from acs.services.wake import Waker
from acs.session.events import EndReason
from acs.store.audit import AuditStore
from acs.store.errors import StoreError
from acs.store.idempotency import IdempotencyStore
from acs.store.signals import Signals

EVERY: Final = 1.0
"""Seconds between two sweeps."""
REPEATABLE_FOR: Final = 86_400.0
"""Seconds for which a request with a key of its own may be sent again."""
_FEW: Final = 200
_SELDOM: Final = 60
_HOURLY: Final = 3_600
_PAGES: Final = 20
_TELLING: Final = 100
_BATCHES: Final = 500
_MARGIN: Final = 20.0
_DAY: Final = 86_400.0


class Sweeper:
    """Ends what is overdue, starts what is due, and drops what is old, a few at a time."""

    def __init__(
        self,
        tools: Tools,
        *,
        sessions: Sessions,
        expiry: Expiry,
        waker: Waker,
        transfers: Transfers,
        files: FileKeeper,
        signals: Signals,
        audit: AuditStore,
        idempotency: IdempotencyStore,
        notifications: Notifications,
        bulks: BulkRunner,
        clock_watch: ClockWatch,
    ) -> None:
        self._tools = tools
        self._sessions = sessions
        self._expiry = expiry
        self._waker = waker
        self._transfers = transfers
        self._files = files
        self._signals = signals
        self._audit = audit
        self._idempotency = idempotency
        self._notifications = notifications
        self._bulks = bulks
        self._clock_watch = clock_watch
        self._round = 0

    async def run(self) -> None:
        """Sweep, until cancelled. A failing database is waited for."""
        while True:
            await asyncio.sleep(EVERY)
            await self.sweep()

    async def sweep(self) -> None:
        """One round."""
        self._round += 1
        tasks: list[Callable[[], Awaitable[None]]] = [
            self._clock_watch.look,
            self._sessions.closing.end_overdue,
            self._renew,
            self._expiry.end_overdue,
            self._operations,
            self._status,
            self._notifications.sweep,
            self._types,
            self._bulks.sweep,
        ]
        if self._round % _SELDOM == 0:
            tasks.append(self._count)
        if self._round % _SELDOM == 0 and self._clock_watch.may_prune:
            tasks.append(self._prune)
        if self._round % _HOURLY == 0 and self._clock_watch.may_prune:
            tasks.append(self.tidy_files)
        for task in tasks:
            try:
                await task()
            except StoreError as error:
                self._tools.complain("sweep", "a sweep failed", reason=str(error))
            except Exception:
                self._tools.log.exception("a sweep failed")

    async def _renew(self) -> None:
        """Sessions that go on must not be taken for lost, however long they take."""
        soon = self._tools.clock.monotonic() + _MARGIN
        due = [each for each in self._sessions.table if each.leased_until < soon and each.outlasts_lease]
        for first in range(0, len(due), _FEW):
            await asyncio.gather(*map(self._renew_one, due[first : first + _FEW]))

    async def _renew_one(self, session: LiveSession) -> None:
        clock = self._tools.clock
        async with session.lock:
            if not session.is_over:
                before = session.leased_until
                held = session.held(clock.monotonic(), clock.wall())
                try:
                    if not await self._tools.contacts.hold(session.device.id, session.fence, **held):
                        self._sessions.closing.drop(session, EndReason.SUPERSEDED)
                except StoreError:
                    session.leased_until = before
                    raise

    async def _operations(self) -> None:
        operations, at = self._tools.operations, self._tools.clock.wall()
        for device_id, _ in await operations.start_scheduled(at, _FEW):
            self._sessions.notify(device_id)
        for device_id in await operations.take_wakes(at, 10 * _FEW):
            if not self._sessions.notify(device_id):
                self._signals.announce(device_id)
                self._waker.wake(device_id)
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

    async def _types(self) -> None:
        for _ in range(_TELLING):
            if not await self._tools.type_changes.tell():
                return

    async def tidy_files(self) -> None:
        """Delete the files that no record names: of operations of long ago, or from before a crash."""
        before, last = self._tools.clock.wall() - _DAY, ""
        await self._files.sweep_unfinished(changed_before=before)
        for _ in range(_PAGES):
            keys = await self._files.keys(changed_before=before, after=last)
            if not keys:
                return
            named = await self._tools.transfers.named_files(keys)
            for key in keys:
                if key not in named:
                    await self._files.delete(key)
            last = keys[-1]

    async def _prune(self) -> None:
        """In small batches, so that the writer is free for devices in between; as many as are needed, within bounds."""
        settings, at = self._tools.settings, self._tools.clock.wall()
        old = [
            (self._tools.operations.prune, at - settings.results_days * _DAY),
            (self._tools.contacts.prune_history, at - settings.history_days * _DAY),
            (self._audit.prune, at - settings.audit_days * _DAY),
            (self._idempotency.prune, at - REPEATABLE_FOR),
            (self._notifications.prune, at - settings.results_days * _DAY),
            (self._bulks.prune, at - settings.results_days * _DAY),
        ]
        for _ in range(_BATCHES):
            pruned = [await prune(before, _FEW) for prune, before in old]
            if max(pruned) < _FEW:
                return

    async def _count(self) -> None:
        self._tools.metrics.operations_open.set(await self._tools.operations.count_open())
        await self._notifications.count()
