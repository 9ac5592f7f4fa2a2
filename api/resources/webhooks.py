"""Deliveries: who was told of which end, and how that went."""

import json
from collections.abc import Sequence
from typing import Annotated, Any, Final

from pydantic import Field

from acs.domain.delivery import Channel, Delivery, DeliveryState
from acs.domain.token import Role
from acs.services.management import Management
from acs.store.deliveries import DeliveryFilter
from api.fields import Line, NoQuery, Shown, Time
from api.notifications import origin_of
from api.paging import Envelope, Paged, enveloped
from api.problems import Kind, Problem, not_found
from api.routing import Answer, AnyRoute, Ask, Place, Route, shown_again

_TAG: Final = "Webhooks"
_WHAT: Final = "delivery"
_ID: Final = Place(
    "What the delivery is called: `X-Aioacs-Delivery`", {"type": "string", "minLength": 1, "examples": ["dlv_5f2a"]}
)


class DeliveryQuery(Paged):
    """Which deliveries."""

    operation_id: Annotated[
        Line | None, Field(description="Of the operation, or the one on many devices, of this id")
    ] = None
    channel: Annotated[Channel | None, Field(description="On this way")] = None
    status: Annotated[DeliveryState | None, Field(description="Where they are in their life")] = None


class DeliveryShown(Shown):
    """One piece of news for one receiver."""

    id: Annotated[str, Field(description="The same as in X-Aioacs-Delivery")]
    event: Annotated[str, Field(description="What happened: `operation.completed`, `bulk.failed`, ...")]
    operation_id: Annotated[str, Field(description="The operation, or the one on many devices, that it is about")]
    organization_id: int | None
    channel: Channel
    target: Annotated[str, Field(description="The receiver; of a URL without its path, which may be a secret")]
    status: DeliveryState
    attempts: int
    last_error: Annotated[str, Field(description="Why the last attempt failed")]
    created_at: Time
    next_attempt_at: Time | None
    ended_at: Time | None
    payload: Annotated[Any, Field(description="What is told")]


class Webhooks:
    """The routes of deliveries."""

    def __init__(self, management: Management) -> None:
        self._notifications = management.notifications

    @property
    def routes(self) -> Sequence[AnyRoute]:
        """All of them."""
        many, one = "/webhook/", "/webhook/{id}/"
        shown, place = {200: DeliveryShown}, {"id": _ID}
        return [
            Route("GET", many, Role.VIEWER, self.list, "Show who was told of which end, newest first", _TAG,
                  DeliveryQuery, answers={200: Envelope[DeliveryShown]},
                  description="Webhooks and mail. A token that is bound to organizations sees what is about devices of "
                  "one of these."),
            Route("GET", one, Role.VIEWER, self.get, "Show a delivery", _TAG, answers=shown, places=place),
            Route("POST", f"{one}retry/", Role.OPERATOR, self.retry, "Send a delivery once more", _TAG, answers=shown,
                  again=shown_again(self.get, 200), places=place, problems=(Kind.CONFLICT,),
                  description="One that was delivered or given up; of one that is still tried it is a 409. The "
                  "receiver gets the same `X-Aioacs-Delivery` again."),
        ]  # fmt: skip

    async def list(self, ask: Ask[DeliveryQuery, None]) -> Answer:
        """Those that the token sees."""
        query = ask.query
        wanted = DeliveryFilter(query.operation_id, query.channel, query.status, ask.principal.organizations)
        found = await self._notifications.page(query.part, wanted)
        return Answer(enveloped(ask, query.part, found, [_shown(each) for each in found.items]))

    async def get(self, ask: Ask[NoQuery, None]) -> Answer:
        """Show one."""
        return Answer(_shown(await self._seen(ask)))

    async def retry(self, ask: Ask[NoQuery, None]) -> Answer:
        """Send one once more."""
        known = await self._seen(ask)
        public_id, organization = known.news.public_id, known.news.organization_id
        if not await self._notifications.retry(
            public_id, ask.entry("retry", _WHAT, public_id, organization_id=organization)
        ):
            raise Problem(Kind.CONFLICT, "the delivery is still on its way")
        return Answer(_shown(await self._seen(ask)))

    async def _seen(self, ask: Ask[NoQuery, None]) -> Delivery:
        known = await self._notifications.by_public_id(ask.places["id"])
        if known is None or not ask.principal.sees(known.news.organization_id):
            raise not_found(_WHAT)
        return known


def _shown(known: Delivery) -> DeliveryShown:
    news = known.news
    return DeliveryShown(
        id=news.public_id,
        event=news.event,
        operation_id=news.subject_id,
        organization_id=news.organization_id,
        channel=news.channel,
        target=news.target if news.channel is Channel.EMAIL else origin_of(news.target),
        status=known.state,
        attempts=known.attempts,
        last_error=known.last_error,
        created_at=known.created,
        next_attempt_at=known.next_at if known.state is DeliveryState.WAITING else None,
        ended_at=known.ended,
        payload=json.loads(news.payload),
    )
