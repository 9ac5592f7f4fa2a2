"""Headless operations: what devices are asked to do, one at a time or many, now or later."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated, Any, Final

from pydantic import Field

from acs.auth.sealing import SealError
from acs.domain.bulk import BulkKind
from acs.domain.device import ManagedDevice
from acs.domain.operation import OperationKind
from acs.domain.queue import OperationState
from acs.domain.token import Role
from acs.provisioning.errors import InvalidDataError, PlanningError
from acs.services.bulks import is_bulk_id
from acs.services.management import Management
from acs.services.operations import (
    NoSuchDeviceError,
    NoSuchOperationError,
    NotNowError,
    OperationError,
    Terms,
)
from acs.services.requested import Requested
from acs.store.listing import Found
from acs.store.operation_list import ListedOperation, OperationFilters
from api.estimates import estimated_seconds
from api.families import BY_ID, BY_NAME, BY_SERIAL_NUMBER, FAMILIES, WHAT, Family, device_by
from api.fields import Line, Name, NoQuery, Query, QueryFlag, Shown, When
from api.looking import NOT_REACHED, looked_at
from api.masking import masked
from api.notifications import noted, notification_text, retry_terms
from api.paging import Envelope, Paged, enveloped, next_link
from api.problems import Kind, Problem, forbidden, invalid, not_found
from api.resources.bulk_items import BulkItem, BulkMade
from api.resources.bulks import ManyDevices
from api.resources.headless_bodies import OlderOperationBody, OneDevice, OneDeviceBody, OperationBody
from api.resources.headless_forms import SUFFIX, AnyBody
from api.resources.headless_items import (
    OlderOperationItem,
    OperationItem,
    OperationMade,
    Said,
    item_of,
    read_said,
)
from api.routing import Answer, AnyRoute, Ask, Made, Place, Route
from api.variables import unfit

_TAG: Final = "Headless operations"
_RESOURCE: Final = "operation"
_AT_ONCE: Final = 50
_LARGE: Final = 64 * 1024
_Item = OperationItem | OlderOperationItem | BulkItem
_Again = OperationItem | OlderOperationItem | BulkMade


class OperationQuery(Paged):
    """Which operations are listed."""

    id: Annotated[Line | None, Field(description="The one that is called so; an unknown one is a 404")] = None
    update_status: Annotated[
        QueryFlag | None, Field(description="Look first whether the devices are Up, by the helpers of their type")
    ] = None
    name: Annotated[Name | None, Field(description="Of the device of this name")] = None
    serial_number: Annotated[Name | None, Field(description="Of devices of this serial number")] = None
    status: Annotated[OperationState | None, Field(description="Where they are in their life")] = None
    operation: Annotated[OperationKind | BulkKind | None, Field(description="What is to be done")] = None
    created_from: Annotated[When | None, Field(description="Asked for then or later")] = None
    created_to: Annotated[When | None, Field(description="Asked for then or earlier")] = None

    @property
    def is_of_any_device(self) -> bool:
        """Whether requests for many devices may be meant, too."""
        return self.id is None and self.name is None and self.serial_number is None


class OneOperationQuery(Query):
    """Which operation is meant."""

    id: Annotated[Line, Field(description="What it is called")]


class Headless:
    """The routes of headless operations."""

    def __init__(self, management: Management, many: ManyDevices) -> None:
        """``many`` is the form for many devices."""
        self._tools = management.tools
        self._operations = management.operations
        self._list = management.operation_list
        self._finder = management.finder
        self._helpers = management.helpers
        self._many = many

    @property
    def routes(self) -> Sequence[AnyRoute]:
        """All of them."""
        return [route for family in FAMILIES for route in self._of_family(family)]

    def _of_family(self, family: Family) -> Sequence[AnyRoute]:
        many, retry, words = family.path(SUFFIX), f"{family.path(SUFFIX)}{{id}}/retry/", family.words
        lists: Any = Envelope[_Item]
        if family is not BY_SERIAL_NUMBER:
            lists = Sequence[_Item] | lists

        return [
            Route("GET", many, Role.VIEWER, partial(self._show, family), f"List headless operations ({words})", _TAG,
                  OperationQuery, answers={200: lists}, problems=(Kind.NOT_FOUND,),
                  headers=("X-Total-Count", "Link", NOT_REACHED), description=_LISTS),
            Route("POST", many, Role.OPERATOR, partial(self._create, family),
                  f"Ask devices to do something ({words})", _TAG, body=AnyBody,
                  again=partial(self._create_again, family), answers={201: OperationMade | _Again},
                  problems=(Kind.NOT_FOUND, Kind.AMBIGUOUS, Kind.IMPOSSIBLE), description=_FORMS),
            Route("DELETE", many, Role.OPERATOR, self._cancel, f"Cancel a headless operation ({words})", _TAG,
                  OneOperationQuery, answers={204: None}, problems=(Kind.NOT_FOUND, Kind.CONFLICT),
                  description="Only what has not started: else it is a 409."),
            Route("POST", retry, Role.OPERATOR, partial(self._retry, family), f"Ask for the same once more ({words})",
                  _TAG, again=partial(self._retry_again, family), answers={201: _Again}, places={"id": _ID},
                  problems=(Kind.NOT_FOUND, Kind.CONFLICT),
                  description="A new operation. While the first one is still to be done, that is a 409."),
        ]  # fmt: skip

    async def _create(self, family: Family, ask: Ask[NoQuery, Any]) -> Answer:
        if not isinstance(ask.body, OperationBody | OlderOperationBody):
            return await self._many.create(family, ask)
        body = ask.body
        operation = body.asked
        _admit(ask, operation.kind)
        device = await self._device(ask, body)
        terms = self._terms(ask, body)
        requested = Requested(operation, extra=_said(body, ask.at).text)
        after = json.dumps(noted(ask.document))
        try:
            view = await self._operations.queue(
                device.id,
                requested,
                terms,
                lambda public_id: ask.entry(
                    "create", _RESOURCE, public_id, organization_id=device.organization_id, after=after
                ),
            )
        except PlanningError as error:
            raise unfit(error) from None
        except NoSuchDeviceError:
            raise not_found(WHAT) from None
        except NoSuchOperationError:
            raise _gone() from None
        return await self._answer(ask, ListedOperation(view.record, device.name, device.identity.serial_number))

    async def _create_again(self, family: Family, ask: Ask[NoQuery, Any], made: Made) -> Answer:
        if is_bulk_id(made.id):
            return await self._many.again(family, ask, made)
        return await self._answer(ask, await self._seen(ask, made.id))

    async def _answer(self, ask: Ask[NoQuery, OneDeviceBody], listed: ListedOperation) -> Answer:
        """What is answered when it is asked for: what was said, or how it is once it has ended."""
        body = ask.body
        if not body.wait:
            return Answer(_made(listed, body, masked(ask.document)), 201)
        try:
            view = await self._operations.until_ended(listed.record.public_id, body.wait)
        except NoSuchOperationError:
            raise _gone() from None
        return Answer(await self._item(replace(listed, record=view.record)), 201)

    async def _show(self, family: Family, ask: Ask[OperationQuery, None]) -> Answer:
        query = ask.query
        part, is_bulk = query.part, query.id is not None and is_bulk_id(query.id)
        is_serial = family is BY_SERIAL_NUMBER
        headers: dict[str, str] = {}
        if is_bulk:
            found = await self._bulk(ask)
        elif is_serial and query.is_of_any_device:
            found = await self._page_of_both(ask, headers)
        else:
            found = await self._page(ask, headers)
        if is_serial or is_bulk or query.limit is not None or query.offset is not None:
            return Answer(enveloped(ask, part, found, found.items), headers=headers)
        return Answer(found.items, headers=headers | next_link(ask, found))

    async def _page(self, ask: Ask[OperationQuery, None], headers: dict[str, str]) -> Found[Shown]:
        filters = _filters(ask)
        found = await self._list.page(ask.query.part, filters)
        if ask.query.update_status:
            headers |= await looked_at(self._helpers, [each.record.device_id for each in found.items])
            found = await self._list.page(ask.query.part, filters)
        is_unknown = filters.public_id is not None and not found.count
        if is_unknown and await self._list.one(filters.public_id or "", filters.organizations) is None:
            raise not_found(_RESOURCE)
        return Found(await self._items(found.items), found.count, found.following)

    async def _page_of_both(self, ask: Ask[OperationQuery, None], headers: dict[str, str]) -> Found[Shown]:
        found = await self._list.page_of_both(ask.query.part, _filters(ask))
        single = [each for each in found.items if not is_bulk_id(each)]
        listed = await self._list.by_public_ids(single)
        if ask.query.update_status:
            headers |= await looked_at(self._helpers, [each.record.device_id for each in listed.values()])
            listed = await self._list.by_public_ids(single)
        shown: dict[str, Shown] = dict(zip(listed, await self._items([*listed.values()]), strict=True))
        shown |= await self._many.items(ask, [each for each in found.items if is_bulk_id(each)])
        items = [shown[each] for each in found.items if each in shown]
        return Found(items, found.count, found.following)

    async def _bulk(self, ask: Ask[OperationQuery, None]) -> Found[Shown]:
        public_id = ask.query.id or ""
        items = await self._many.items(ask, [public_id])
        if not items:
            raise not_found(_RESOURCE)
        return Found([*items.values()], len(items), None)

    async def _cancel(self, ask: Ask[OneOperationQuery, None]) -> Answer:
        public_id = ask.query.id
        if is_bulk_id(public_id):
            return await self._many.cancel(ask, public_id)
        known = await self._seen(ask, public_id)
        before = json.dumps({"status": known.record.state, "operation": known.record.kind})
        entry = ask.entry("cancel", _RESOURCE, public_id, organization_id=known.record.organization_id, before=before)
        try:
            await self._operations.cancel(public_id, entry)
        except NotNowError as error:
            raise Problem(Kind.CONFLICT, str(error)) from None
        except OperationError:
            raise not_found(_RESOURCE) from None
        return Answer(status=204)

    async def _retry(self, family: Family, ask: Ask[NoQuery, None]) -> Answer:
        public_id = ask.places["id"]
        if is_bulk_id(public_id):
            return await self._many.retry(family, ask, public_id)
        known = await self._seen(ask, public_id)
        _admit(ask, OperationKind(known.record.kind))
        before = json.dumps({"id": public_id, "status": known.record.state})
        try:
            extra = self._operations.view_of(known.record).requested.extra
            view = await self._operations.retry(
                public_id,
                actor=ask.principal.actor,
                note=lambda new_id: ask.entry(
                    "retry", _RESOURCE, new_id, organization_id=known.record.organization_id, before=before
                ),
                # It is wanted now.
                extra=replace(read_said(extra), scheduled_at=None).text,
            )
        except (NotNowError, PlanningError) as error:
            raise Problem(Kind.CONFLICT, str(error)) from None
        except (SealError, InvalidDataError):
            raise Problem(Kind.CONFLICT, "what is kept of it cannot be read") from None
        except OperationError:
            raise not_found(_RESOURCE) from None
        return Answer(await self._item(replace(known, record=view.record)), 201)

    async def _retry_again(self, family: Family, ask: Ask[NoQuery, None], made: Made) -> Answer:
        if is_bulk_id(made.id):
            return await self._many.again(family, ask, made, is_own=False)
        return Answer(await self._item(await self._seen(ask, made.id)), 201)

    async def _items(self, listed: Sequence[ListedOperation]) -> list[OperationItem]:
        found: list[OperationItem] = []
        for place, each in enumerate(listed, start=1):
            found.append(await self._item(each))
            if place % _AT_ONCE == 0:
                await asyncio.sleep(0)
        return found

    async def _item(self, listed: ListedOperation) -> OperationItem:
        """An operation as it is shown; devices are not held up meanwhile."""
        if len(listed.record.request) + len(listed.record.outcome) < _LARGE:
            return item_of(self._operations, listed)
        return await asyncio.to_thread(item_of, self._operations, listed)

    async def _seen(self, ask: Ask[Any, Any], public_id: str) -> ListedOperation:
        known = await self._list.one(public_id, ask.principal.organizations)
        if known is None:
            raise not_found(_RESOURCE)
        return known

    async def _device(self, ask: Ask[Any, Any], body: OneDevice) -> ManagedDevice:
        if (number := body.id or body.device_id) is not None:
            return await device_by(self._finder, BY_ID, ask, number)
        if (name := body.name or body.device_name) is not None:
            return await device_by(self._finder, BY_NAME, ask, name)
        return await device_by(self._finder, BY_SERIAL_NUMBER, ask, body.serial_number or body.device_serial or "")

    def _terms(self, ask: Ask[Any, Any], body: OneDevice) -> Terms:
        start = max(ask.at, body.start or 0.0)
        expires_at = body.expires_at
        if body.timeout_minutes is not None:
            expires_at = start + 60 * body.timeout_minutes
        if expires_at is not None and expires_at <= start:
            raise invalid({"expires_at": ["must be later than now, and than when it is to be done"]})
        attempts, delay = retry_terms(body.retry_policy)
        return Terms(
            body.priority,
            body.start,
            expires_at,
            wakes=body.connection_request,
            max_attempts=attempts,
            retry_delay=delay,
            actor=ask.principal.actor,
            notification=notification_text(body.notification),
        )


def _filters(ask: Ask[OperationQuery, None]) -> OperationFilters:
    query = ask.query
    return OperationFilters(
        ask.principal.organizations,
        query.id,
        query.name,
        query.serial_number,
        query.status and query.status.value,
        query.operation and query.operation.value,
        query.created_from,
        query.created_to,
    )


def _admit(ask: Ask[Any, Any], kind: OperationKind) -> None:
    if kind is OperationKind.RPC and not ask.principal.may(Role.ADMIN):
        raise forbidden(f"rpc needs the role {Role.ADMIN.value}")


def _said(body: OneDeviceBody, at: float) -> Said:
    # What is wanted for a time that is over is done at once.
    start = body.start if body.start is not None and body.start < at else None
    if isinstance(body, OlderOperationBody):
        return Said(start, body.operation_type, masked(body.parameters))
    return Said(start)


def _gone() -> Problem:
    """Its device was deleted just now."""
    return not_found(_RESOURCE)


def _made(listed: ListedOperation, body: OneDeviceBody, echo: dict[str, Any]) -> OperationMade:
    record = listed.record
    told = echo | {
        "id": record.public_id,
        "transaction_id": record.public_id,
        "status": OperationState.SCHEDULED,
        "created_at": record.created,
        "scheduled_at": record.scheduled_at if body.start is None else body.start,
    }
    if isinstance(body, OlderOperationBody):
        told |= {
            "device_name": listed.device_name,
            "parameters": masked(body.parameters),
            "estimated_duration": estimated_seconds(record.kind),
        }
    return OperationMade.model_construct(**told)


_ID: Final = Place("What the operation is called", {"type": "string", "minLength": 1, "examples": ["op_5f2a"]})
_LISTS: Final = """Newest first. Without `limit` and `offset` the families by name and by number answer a bare array,
whose head has `X-Total-Count` and perhaps `Link: rel="next"`; with either of them, and in the family by serial number,
it comes in the envelope. An unknown `id` is a 404; what matches nothing is an empty list."""
_FORMS: Final = """A body that names a device (`name`, `id`, `serial_number`) is about that one; `target_organizations`,
`device_filters` or `device_targets` mean many. Neither or both is a 400. With `wait` the answer comes when it is done,
or after so many seconds, and is as GET shows it."""
