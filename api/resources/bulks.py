"""Headless operations on many devices: the form of ``api.resources.headless`` that names targets."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from pydantic import Field

from acs.domain.audit import AuditEntry
from acs.domain.bulk import BulkKind, BulkOptions, BulkRequest, Targets
from acs.domain.token import Role
from acs.services.bulk_schedule import next_after
from acs.services.bulks import BulkView
from acs.services.management import Management
from acs.services.operations import NoSuchOperationError, NotNowError
from acs.store.listing import Slice
from api.families import BY_SERIAL_NUMBER, FAMILIES, Family
from api.masking import masked
from api.notifications import noted, notification_text, retry_terms
from api.paging import Envelope, Paged, enveloped
from api.problems import Kind, Problem, forbidden, not_found
from api.resources.bulk_bodies import BulkBody
from api.resources.bulk_items import (
    BulkItem,
    DeviceItem,
    DeviceStatus,
    device_of,
    item_of,
    made_of,
    states_of,
)
from api.resources.headless_forms import SUFFIX
from api.routing import BASE, Answer, AnyRoute, Ask, Made, Place, Route

_TAG: Final = "Headless operations"
_WHAT: Final = "operation"
_RESOURCE: Final = "bulk"
_ECHOED: Final = (
    "target_organizations",
    "device_targets",
    "options",
    "parameters",
    "variables",
    "retry_policy",
    "schedule",
)


class DevicesQuery(Paged):
    """Which devices."""

    status: Annotated[DeviceStatus | None, Field(description="Those that are so")] = None


class ManyDevices:
    """The form for many devices; what is asked of it has come through all doors, and its body is checked."""

    def __init__(self, management: Management) -> None:
        self._bulks = management.bulks
        self._organizations = management.organizations

    @property
    def routes(self) -> Sequence[AnyRoute]:
        """What one device's operations have no twin of."""
        return [
            Route("GET", f"{family.path(SUFFIX)}{{id}}/devices/", Role.VIEWER, self.devices,
                  f"Show what became of each device ({family.words})", _TAG, DevicesQuery,
                  answers={200: Envelope[DeviceItem]}, places={"id": _ID},
                  description="Of an operation on many devices: of its last execution.")
            for family in FAMILIES
        ]  # fmt: skip

    async def create(self, family: Family, ask: Ask[Any, BulkBody]) -> Answer:
        """Ask it of many devices."""
        body = ask.body
        for number in body.target_organizations or ():
            if not ask.principal.sees(number):
                raise forbidden(f"the token may not touch organization {number}")
        start, cron = await self._possible(ask)
        targets = _targets(ask)
        counts = await self._bulks.count(targets) if _names_any(body) else {}
        if not counts or body.kind is None:
            raise Problem(Kind.IMPOSSIBLE, "no device is meant by this", errors={_selector(body): ["match no device"]})
        shown = {name: each for name, each in masked(ask.document).items() if name in _ECHOED and each is not None}
        unknown = await self._bulks.unknown(body.device_targets or (), ask.principal)
        if unknown:
            shown["unmatched_targets"] = unknown
        attempts, delay = retry_terms(body.retry_policy)
        request = BulkRequest(
            targets,
            body.asked,
            BulkOptions() if body.options is None else body.options.options,
            body.priority,
            attempts,
            delay,
            cron,
            body.schedule.timezone if body.schedule else "UTC",
            shown,
        )
        view = await self._bulks.ask(
            body.kind,
            request,
            counts,
            scheduled_for=start,
            actor=ask.principal.actor,
            notification=notification_text(body.notification),
            note=lambda public_id, owner: ask.entry(
                "create", _RESOURCE, public_id, organization_id=owner, after=json.dumps(noted(ask.document))
            ),
        )
        return Answer(made_of(view, _address(ask, family, view)), 201)

    async def again(self, family: Family, ask: Ask[Any, Any], made: Made, *, is_own: bool = True) -> Answer:
        """What is answered when it is asked for, or asked for once more, of what was asked for before."""
        view = await self._seen(ask, made.id)
        return Answer(made_of(view, _address(ask, family, view), is_own=is_own), 201)

    async def items(self, ask: Ask[Any, Any], ids: Sequence[str]) -> Mapping[str, BulkItem]:
        """What is shown of these by their ids, without those that the token does not see."""
        found: dict[str, BulkItem] = {}
        for public_id in ids:
            try:
                found[public_id] = item_of(await self._bulks.view(public_id, ask.principal), ask.at)
            except NoSuchOperationError:
                continue
        return found

    async def cancel(self, ask: Ask[Any, Any], public_id: str) -> Answer:
        """Begin no more of it."""

        def note(view: BulkView) -> AuditEntry:
            before = json.dumps({"status": view.bulk.state, "operation_type": view.bulk.kind})
            return ask.entry("cancel", _RESOURCE, public_id, organization_id=view.owner, before=before)

        try:
            await self._bulks.cancel(public_id, ask.principal, note)
        except NoSuchOperationError:
            raise not_found(_WHAT) from None
        except NotNowError as error:
            raise Problem(Kind.CONFLICT, str(error)) from None
        return Answer(status=204)

    async def retry(self, family: Family, ask: Ask[Any, Any], public_id: str) -> Answer:
        """Ask what has failed once more."""
        view = await self._seen(ask, public_id)
        before = json.dumps({"id": public_id, "status": view.bulk.state})

        def note(new_id: str, owner: int | None) -> AuditEntry:
            return ask.entry("retry", _RESOURCE, new_id, organization_id=owner, before=before)

        try:
            again = await self._bulks.retry(public_id, ask.principal, note)
        except NotNowError as error:
            raise Problem(Kind.CONFLICT, str(error)) from None
        return Answer(made_of(again, _address(ask, family, again), is_own=False), 201)

    async def devices(self, ask: Ask[DevicesQuery, None]) -> Answer:
        """What became of each device."""
        bulk = (await self._seen(ask, ask.places["id"])).bulk
        part: Slice = ask.query.part
        execution, status = bulk.execution, ask.query.status
        states = None if status is None or execution is None else states_of(status, execution)
        found = await self._bulks.devices(bulk, part, ask.principal, states)
        shown = [] if execution is None else [device_of(each, execution) for each in found.items]
        return Answer(enveloped(ask, part, found, shown))

    async def _seen(self, ask: Ask[Any, Any], public_id: str) -> BulkView:
        try:
            return await self._bulks.view(public_id, ask.principal)
        except NoSuchOperationError:
            raise not_found(_WHAT) from None

    async def _possible(self, ask: Ask[Any, BulkBody]) -> tuple[float, str]:
        """When it begins, and how it recurs; a Problem that names all that is impossible."""
        body = ask.body
        errors: dict[str, list[str]] = {}
        if body.kind is None:
            errors["operation_type"] = [f"must be one of {', '.join(BulkKind)}"]
        numbers = body.target_organizations or ()
        missing = set(numbers) - await self._organizations.known(numbers)
        if missing:
            errors["target_organizations"] = [f"there is no organization {each}" for each in sorted(missing)]
        types = body.device_filters.types if body.device_filters else []
        if types and (strange := await self._bulks.unknown_types(list(dict.fromkeys(types)))):
            errors["device_filters.types"] = [f"there is no type {name}" for name in strange]
        start, cron, schedule = ask.at, "", body.schedule
        if schedule is not None:
            start = max(ask.at, schedule.execute_at or 0.0)
            if schedule.cron is not None:
                cron = schedule.cron
                first = next_after(cron, schedule.timezone, start)
                if first is None:
                    errors["schedule.cron"] = ["never fires"]
                start = first or start
        if errors:
            first_error = next(f"{name}: {words[0]}" for name, words in errors.items())
            raise Problem(Kind.IMPOSSIBLE, first_error, errors=errors)
        return start, cron


def _targets(ask: Ask[Any, BulkBody]) -> Targets:
    """Which devices; of a bound token, its own alone."""
    body = ask.body
    filters = body.device_filters
    return Targets(
        tuple(body.target_organizations) if body.target_organizations else ask.principal.organizations,
        tuple(filters.types) if filters else (),
        tuple(filters.status) if filters else (),
        tuple(dict.fromkeys(body.device_targets or ())),
    )


def _names_any(body: BulkBody) -> bool:
    """An empty list names no device, whatever else is said: it does not mean all of them."""
    return [] not in (body.target_organizations, body.device_targets)


def _selector(body: BulkBody) -> str:
    named = [name for name in ("device_targets", "target_organizations") if getattr(body, name) is not None]
    empty = [name for name in named if not getattr(body, name)]
    return next(iter(empty + named), "device_filters")


def _address(ask: Ask[Any, Any], family: Family, view: BulkView) -> str:
    path = f"{BASE}{family.path(SUFFIX)}?id={view.bulk.public_id}"
    return path if family is BY_SERIAL_NUMBER else ask.base_url + path


_ID: Final = Place("What the operation is called", {"type": "string", "minLength": 1, "examples": ["bulk_5f2a"]})
