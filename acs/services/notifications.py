"""Telling whoever is to be told of ends: put on its way with the end itself, tried until it is taken or given up."""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from acs.domain.audit import AuditEntry
from acs.domain.bulk import BulkState
from acs.domain.delivery import Channel, Delivery, DeliveryState, NewDelivery, Sent, SentKind, UntoldBulk, UntoldEnd
from acs.domain.notification import Recipients, read_recipients
from acs.domain.operation import JSON
from acs.domain.queue import OperationState
from acs.domain.times import written
from acs.services.ports import Messenger
from acs.services.tools import Tools
from acs.store.deliveries import DeliveryFilter, DeliveryStore
from acs.store.errors import StoreError
from acs.store.listing import Found, Slice

FIRST_DELAY: Final = 10.0
"""Seconds before the second attempt at most; doubled for each later one."""
LONGEST_DELAY: Final = 3_600.0
"""Seconds between two attempts at most."""
_LEAST_JITTER: Final = 0.5
_FEW: Final = 200
_PAGES: Final = 20
_MARGIN: Final = 60.0
# Of the steps of a conversation with a mail server, each of which may take its time.
_STEPS: Final = 10
_MAX_DETAIL: Final = 256
_ID_LENGTH: Final = 32


@dataclass(frozen=True, slots=True)
class News:
    """An end, as others are told of it."""

    subject: str
    """``operation`` or ``bulk``."""
    subject_id: str
    """Which one, by its public id."""
    status: str
    """How it ended."""
    is_good: bool
    """Whether those are told who want to know of good ends."""
    is_bad: bool
    """Whether those are told who want to know of bad ends."""
    organization_id: int | None
    """Whose it is; None: nobody's, or that of several."""
    facts: Mapping[str, JSON] = field(repr=False)
    """What else is told of it; no secrets."""
    occasion: str = ""
    """Which of its ends, of something that ends in the same way several times."""


class Notifications:
    """Tells of ends."""

    def __init__(self, tools: Tools, store: DeliveryStore, messengers: Mapping[Channel, Messenger]) -> None:
        """A channel without a messenger is not there: nothing is put on its way to it."""
        self._tools = tools
        self._store = store
        self._messengers = messengers
        self._tasks: set[asyncio.Task[None]] = set()
        tools.metrics.notifications_in_flight.watch(lambda: len(self._tasks))

    async def page(self, part: Slice, wanted: DeliveryFilter) -> Found[Delivery]:
        """A page of deliveries, newest first."""
        return await self._store.page(part, wanted)

    async def by_public_id(self, public_id: str) -> Delivery | None:
        """A delivery."""
        return await self._store.by_public_id(public_id)

    async def retry(self, public_id: str, audit: AuditEntry) -> bool:
        """Send one that has ended once more, at the next sweep; False if it has not ended."""
        return await self._store.retry(public_id, self._tools.clock.wall(), audit)

    async def sweep(self) -> None:
        """Put on its way what there is to tell, and try what is due."""
        await self._note_ends()
        at = self._tools.clock.wall()
        free = self._tools.settings.notifications_at_once - len(self._tasks)
        if free > 0:
            for delivery in await self._store.take_due(at, at + self._patience, free):
                task = asyncio.create_task(self._work(delivery))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def prune(self, before: float, most: int) -> int:
        """Forget deliveries that ended long ago, a few at a time; how many went."""
        return await self._store.prune(before, most)

    async def count(self) -> None:
        """See how many wait."""
        self._tools.metrics.notifications_waiting.set(await self._store.count_waiting())

    async def stop(self) -> None:
        """Try nothing any more. What is under way is tried again by whoever lives then."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def _patience(self) -> float:
        """For how long an attempt may be under way before it counts as lost."""
        return _STEPS * self._tools.settings.notification_timeout + _MARGIN

    async def _note_ends(self) -> None:
        for _ in range(_PAGES):
            untold: list[UntoldEnd | UntoldBulk] = [
                *await self._store.untold(_FEW),
                *await self._store.untold_bulks(_FEW),
            ]
            at = self._tools.clock.wall()
            noted = await asyncio.gather(*(self._note(each, at) for each in untold), return_exceptions=True)
            wrong = [each for each in noted if each is not None]
            if wrong:
                # The others are on their way: one that cannot be kept must not hold them back.
                self._tools.complain("ends", "an end could not be put on its way", reason=str(wrong[0]))
            if wrong or len(untold) < _FEW:
                return

    async def _note(self, end: UntoldEnd | UntoldBulk, at: float) -> None:
        recipients = read_recipients(end.notification)
        match end:
            case UntoldEnd():
                await self._store.tell(end, self._deliveries(_news_of(end), recipients), at)
            case UntoldBulk():
                await self._store.tell_bulk(end, self._deliveries(_news_of_bulk(end), recipients), at)

    def _deliveries(self, news: News, recipients: Recipients) -> list[NewDelivery]:
        if not ((recipients.on_completion and news.is_good) or (recipients.on_failure and news.is_bad)):
            return []
        event = f"{news.subject}.{news.status}"
        payload = json.dumps({"event": event, "id": news.subject_id, **news.facts, "status": news.status})
        return [
            NewDelivery(
                _public_id(news, channel),
                news.subject,
                news.subject_id,
                news.organization_id,
                channel,
                target,
                event,
                payload,
            )
            for channel, target in ((Channel.WEBHOOK, recipients.webhook_url), (Channel.EMAIL, recipients.email))
            if target is not None and channel in self._messengers
        ]

    async def _work(self, delivery: Delivery) -> None:
        """Deliver, and then whatever else is due."""
        taken = [delivery]
        try:
            while taken:
                await self._deliver(taken[0])
                at = self._tools.clock.wall()
                taken = await self._store.take_due(at, at + self._patience, 1)
        except StoreError as error:
            # It is tried again once it counts as lost.
            self._tools.complain("notifications", "what became of a delivery was not kept", reason=str(error))
        except Exception:
            self._tools.log.exception("a delivery failed")

    async def _deliver(self, delivery: Delivery) -> None:
        tools, news = self._tools, delivery.news
        messenger = self._messengers.get(news.channel)
        sent = (
            Sent(SentKind.REFUSED, "nothing is set by which it could be sent")
            if messenger is None
            else await messenger.send(delivery)
        )
        at = tools.clock.wall()
        state, next_at, ended = DeliveryState.WAITING, at + self._delay(delivery.attempts), None
        if sent.kind is SentKind.TAKEN:
            state, next_at, ended = DeliveryState.DELIVERED, at, at
        elif sent.kind is SentKind.REFUSED or delivery.attempts >= tools.settings.notification_attempts:
            state, next_at, ended = DeliveryState.FAILED, at, at
        tools.metrics.notifications.inc(news.channel, "retried" if ended is None else state)
        if sent.kind is not SentKind.TAKEN:
            tools.complain(
                f"notification {news.subject_id}",
                "a notification was not taken",
                channel=news.channel.value,
                about=news.subject_id,
                attempt=delivery.attempts,
                state=state.value,
                reason=sent.detail,
            )
        await self._store.settle(delivery, state, next_at=next_at, last_error=sent.detail[:_MAX_DETAIL], ended=ended)

    def _delay(self, attempts: int) -> float:
        longest = min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(attempts - 1, 32))
        return self._tools.chance.between(_LEAST_JITTER * longest, longest)


def _public_id(news: News, channel: Channel) -> str:
    """The same for the same news to the same receiver, whoever finds that there is something to tell."""
    told = f"{news.subject}\n{news.subject_id}\n{news.status}\n{news.occasion}\n{channel.value}"
    return f"dlv_{hashlib.sha256(told.encode()).hexdigest()[:_ID_LENGTH]}"


def _news_of(end: UntoldEnd) -> News:
    facts: dict[str, JSON] = {
        "transaction_id": end.public_id,
        "operation": end.kind,
        "device_id": end.device_id,
        "device_name": end.device_name,
        "serial_number": end.serial_number,
        "fault": json.loads(end.fault) if end.fault else None,
        "attempts": end.attempts,
        "created_at": written(end.created),
        "scheduled_at": written(end.scheduled_at),
        "started_at": None if end.started_at is None else written(end.started_at),
        "completed_at": written(end.completed_at),
    }
    is_good = end.state == OperationState.COMPLETED.value
    return News("operation", end.public_id, end.state, is_good, not is_good, end.organization_id, facts)


def _news_of_bulk(end: UntoldBulk) -> News:
    facts: dict[str, JSON] = {
        "operation_type": end.kind,
        "execution": end.execution,
        "total_devices": end.total,
        "processed_devices": end.completed + end.failed,
        "failed_devices": end.failed,
        "error_summary": json.loads(end.errors),
        "created_at": written(end.created),
        "started_at": None if end.started_at is None else written(end.started_at),
        "completed_at": written(end.completed_at),
    }
    is_good = end.state == BulkState.COMPLETED.value
    is_bad = not is_good or end.failed > 0
    return News("bulk", end.public_id, end.state, is_good, is_bad, end.organization_id, facts, str(end.execution))
