"""News on its way to those who are to be told."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from acs.domain.audit import AuditEntry
from acs.domain.delivery import Channel, Delivery, DeliveryState, NewDelivery, UntoldBulk, UntoldEnd
from acs.store.audit import audit_if_delivered
from acs.store.database import Database
from acs.store.listing import Condition, Found, Listing, Order, Slice, Wanted, among, condition
from acs.store.statements import Row, Step, batch, query
from acs.store.writer import GroupWriter

_UNTOLD = query("delivery", "untold")
_UNTOLD_EXECUTIONS, _NOTE_EXECUTION = query("delivery", "untold_executions"), batch("delivery", "note_execution")
_UNTOLD_BULKS, _NOTE_BULK = query("delivery", "untold_bulks"), batch("delivery", "note_bulk")
_PUT, _NOTE = batch("delivery", "put"), batch("delivery", "note")
_DUE, _TAKE = query("delivery", "due"), batch("delivery", "take")
_SETTLE = batch("delivery", "settle")
_BY_PUBLIC_ID, _RETRY = query("delivery", "by_public_id"), batch("delivery", "retry")
_NEWEST_FIRST: Final = Order("delivery.id", "delivery.id", is_descending=True)
_COUNT_WAITING = query("delivery", "count_waiting")
_TO_PRUNE, _PRUNE = query("delivery", "to_prune"), batch("delivery", "prune")
# One after the other: two that stood in one statement would both get what only one may deliver.
_TAKING: Final = "take deliveries"


def delivery_step(news: Sequence[NewDelivery], at: float) -> Step:
    """The step that puts news on its way; it belongs into the unit of what it tells of."""
    return _PUT, [
        (
            each.subject_id,
            each.public_id,
            each.subject,
            each.organization_id,
            each.channel.value,
            each.target,
            each.event,
            each.payload,
            at,
        )
        for each in news
    ]


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which deliveries."""

    subject_id: str | None = None
    """Of an operation, or a bulk, by its public id."""
    channel: Channel | None = None
    """On this way."""
    state: DeliveryState | None = None
    """Where they are in their life."""
    organizations: Sequence[int] | None = None
    """Of these."""


class DeliveryStore:
    """The table ``delivery``."""

    def __init__(self, database: Database, writer: GroupWriter) -> None:
        self._database = database
        self._writer = writer

    async def untold(self, most: int) -> list[UntoldEnd]:
        """Operations that have ended, with somebody to be told of it."""
        return [UntoldEnd(*row) for row in await self._database.fetch(_UNTOLD, {"most": most})]

    async def tell(self, end: UntoldEnd, news: Sequence[NewDelivery], at: float) -> None:
        """Put news of an operation's end on its way, and note that this end needs no more telling."""
        await self._writer.write(end.public_id, delivery_step(news, at), (_NOTE, [(end.public_id, end.state)]))

    async def untold_bulks(self, most: int) -> list[UntoldBulk]:
        """Ends of requests for many devices that are to be told, or noted as not to be."""
        executions = await self._database.fetch(_UNTOLD_EXECUTIONS, {"most": most})
        never_begun = await self._database.fetch(_UNTOLD_BULKS, {"most": most})
        return [UntoldBulk(*row) for row in (*executions, *never_begun)]

    async def tell_bulk(self, end: UntoldBulk, news: Sequence[NewDelivery], at: float) -> None:
        """Put news of such an end on its way, and note that it needs no more telling."""
        note = _NOTE_EXECUTION if end.execution else _NOTE_BULK
        await self._writer.write(end.public_id, delivery_step(news, at), (note, [(end.public_id, end.id, end.state)]))

    async def take_due(self, at: float, until: float, most: int) -> list[Delivery]:
        """Some that are to be tried now, each given to one caller alone until a moment."""
        due = await self._database.fetch(_DUE, {"at": at, "most": most})
        if not due:
            return []
        (taken,) = await self._writer.write(_TAKING, (_TAKE, [(row[0], at, until) for row in sorted(due)]))
        return [_delivery(row) for row in taken]

    async def settle(
        self, delivery: Delivery, state: DeliveryState, *, next_at: float, last_error: str, ended: float | None
    ) -> bool:
        """What came of an attempt; False if it was given to another one meanwhile."""
        row = (delivery.id, delivery.attempts, state.value, next_at, last_error, ended)
        (settled,) = await self._writer.write(delivery.id, (_SETTLE, [row]))
        return bool(settled)

    async def by_public_id(self, public_id: str) -> Delivery | None:
        """A delivery."""
        rows = await self._database.fetch(_BY_PUBLIC_ID, {"public_id": public_id})
        return _delivery(rows[0]) if rows else None

    async def page(self, part: Slice, wanted: DeliveryFilter) -> Found[Delivery]:
        """A page of them, newest first."""
        conditions: list[Condition] = []
        values: dict[str, object] = {}
        for column in ("subject_id", "channel", "state"):
            value = getattr(wanted, column)
            if value is not None:
                conditions.append(condition(f"delivery.{column} = :{column}"))
                values[column] = value
        if wanted.organizations is not None:
            conditions.append(among("delivery.organization_id", "organizations"))
            values["organizations"] = json.dumps(list(wanted.organizations))
        return await _LIST.page(self._database, Wanted(_NEWEST_FIRST, tuple(conditions), values), part)

    async def retry(self, public_id: str, at: float, audit: AuditEntry | None = None) -> bool:
        """Send one that has ended once more; False if it has not."""
        _, again = await self._writer.write(public_id, audit_if_delivered(audit), (_RETRY, [(public_id, at)]))
        return bool(again)

    async def count_waiting(self) -> int:
        """How many are not delivered yet."""
        number: int = (await self._database.fetch(_COUNT_WAITING, {}))[0][0]
        return number

    async def prune(self, before: float, most: int) -> int:
        """Drop those that ended long ago, a few at a time; how many went."""
        old = await self._database.fetch(_TO_PRUNE, {"before": before, "most": most})
        if not old:
            return 0
        (gone,) = await self._writer.write("prune deliveries", (_PRUNE, old))
        return len(gone)


def _delivery(row: Row) -> Delivery:
    public_id, subject, subject_id, organization_id, channel, target, event, payload = row[1:9]
    news = NewDelivery(public_id, subject, subject_id, organization_id, Channel(channel), target, event, payload)
    return Delivery(row[0], news, DeliveryState(row[9]), *row[10:])


_LIST: Final = Listing("delivery", "list", _delivery)
