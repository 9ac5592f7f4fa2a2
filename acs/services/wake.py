"""Calling devices, so that what is queued for them does not wait for their next Inform (CWMP.md 6)."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from acs.domain.reach import Reach, ReachKind
from acs.services.logins import DeviceLogins
from acs.services.ports import ConnectionRequester
from acs.services.tools import Tools
from acs.store.errors import StoreError

_MAX_DETAIL: Final = 256


class Waker:
    """Sends connection requests: one at a time to each device, so many at once, the others in a bounded queue."""

    def __init__(
        self,
        tools: Tools,
        logins: DeviceLogins,
        requester: ConnectionRequester,
        tell: Callable[[int], bool],
    ) -> None:
        self._tools = tools
        self._logins = logins
        self._requester = requester
        self._tell = tell
        self._waiting: deque[int] = deque()
        # Those that wait, and those that are being called.
        self._noted: set[int] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        tools.metrics.connection_requests_waiting.watch(lambda: len(self._waiting))
        tools.metrics.connection_requests_in_flight.watch(lambda: len(self._tasks))

    def wake(self, device_id: int) -> None:
        """Call a device soon. One that is being called already, or is in a session, is not called twice."""
        if device_id in self._noted:
            return
        if len(self._waiting) >= self._tools.settings.connection_requests_waiting:
            # The operation stays queued: the device's next Inform, or the next retry, brings it on.
            self._tools.complain("wake", "too many devices wait to be called", device=device_id)
            return
        self._noted.add(device_id)
        self._waiting.append(device_id)
        self._start_more()

    async def stop(self) -> None:
        """Call nobody any more."""
        self._waiting.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def call(self, device_id: int, *, within: float | None = None) -> Reach:
        """Call a device now and record how it went; ``within`` is for whoever can wait no longer."""
        device = await self._tools.devices.by_id(device_id)
        if device is None:
            return Reach(ReachKind.NO_URL, 0.0, "there is no such device")
        target = await self._logins.wake_target(device_id, device.connection_request_url or None, device.address)
        try:
            async with asyncio.timeout(within):
                reach = await self._requester.request(target)
        except TimeoutError:
            reach = Reach(ReachKind.TIMEOUT, within or 0.0, "the device did not answer in time")
        self._tools.metrics.connection_requests.inc(reach.kind.value)
        await self._tools.contacts.record_reach(
            device_id, reach.kind.value, self._tools.clock.wall(), reach.latency, reach.detail[:_MAX_DETAIL]
        )
        if reach.kind is not ReachKind.REACHED:
            self._tools.remark(
                "connection request",
                "a device could not be called",
                device=device.name,
                result=reach.kind.value,
                reason=reach.detail[:_MAX_DETAIL],
            )
        return reach

    def _start_more(self) -> None:
        while self._waiting and len(self._tasks) < self._tools.settings.connection_requests:
            task = asyncio.create_task(self._call(self._waiting.popleft()))
            self._tasks.add(task)
            task.add_done_callback(self._over)

    async def _call(self, device_id: int) -> None:
        try:
            if not self._tell(device_id):
                await self.call(device_id)
        except StoreError as error:
            self._tools.complain("wake store", "a device was not called", device=device_id, reason=str(error))
        except Exception:
            self._tools.log.exception("calling a device failed", device=device_id)
        finally:
            self._noted.discard(device_id)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._start_more()
