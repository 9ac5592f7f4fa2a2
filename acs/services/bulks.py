"""Requests for many devices, from the operators' side: asked for, looked at, cancelled, tried again."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from acs.auth.sealing import SealError
from acs.domain.access import Principal
from acs.domain.audit import AuditEntry
from acs.domain.bulk import BulkKind, BulkRequest, BulkState, Targets, TargetState
from acs.domain.bulk_progress import Bulk, NewBulk, TargetOutcome
from acs.provisioning.errors import InvalidDataError
from acs.services.bulk_runner import BulkRunner, new_version
from acs.services.bulk_work import opened, sealed
from acs.services.operations import NoSuchOperationError, NotNowError
from acs.services.tools import Tools
from acs.store.bulk_targets import TargetStore
from acs.store.bulks import NOBODY, BulkStore
from acs.store.listing import Found, Slice

_PREFIX: Final = "bulk_"
_KEY_OCTETS: Final = 12
_TRIES: Final = 20
# What is said of the first execution, and not of its second try.
_NOT_REPEATED: Final = frozenset({"schedule", "device_targets", "unmatched_targets"})
# About how long the devices take that are under way together.
_MINUTES_EACH: Final = 1.0


@dataclass(frozen=True, slots=True)
class BulkView:
    """A request as an operator sees it."""

    bulk: Bulk
    """Where it is in its life."""
    request: BulkRequest
    """What was asked for."""
    organizations: Sequence[int]
    """Whose devices it is for; NOBODY for those of none."""

    @property
    def owner(self) -> int | None:
        """Whose it is alone; None: nobody's, or that of several."""
        return _owner(self.organizations)


Counts = dict[int | None, int]
"""How many devices are meant, by whose they are."""
Note = Callable[[str, int | None], AuditEntry]
"""Makes the entry of the audit log, of a public id and whose the request is alone."""


class Bulks:
    """The requests that there are."""

    def __init__(self, tools: Tools, bulks: BulkStore, targets: TargetStore, runner: BulkRunner) -> None:
        self._tools = tools
        self._bulks = bulks
        self._targets = targets
        self._runner = runner

    async def count(self, targets: Targets) -> Counts:
        """How many devices are meant now."""
        return await self._targets.count(targets)

    async def unknown(self, names: Sequence[str], principal: Principal) -> list[str]:
        """Those of some names and serial numbers that no device has which is seen."""
        return await self._targets.unknown(names, principal.organizations)

    async def unknown_types(self, names: Sequence[str]) -> list[str]:
        """Those of some short names that no type has."""
        return await self._targets.unknown_types(names)

    async def ask(
        self,
        kind: BulkKind,
        request: BulkRequest,
        counts: Counts,
        *,
        scheduled_for: float,
        actor: str,
        notification: str,
        note: Note,
    ) -> BulkView:
        """Ask for something: durable when this returns."""
        tools, at = self._tools, self._tools.clock.wall()
        public_id = f"{_PREFIX}{tools.chance.octets(_KEY_OCTETS).hex()}"
        # Those that were named are its organizations even where they have no such device now.
        named = request.targets.organizations if request.targets.failed_in is None else None
        organizations = tuple(sorted({each or NOBODY for each in counts} | set(named or ())))
        new = NewBulk(
            public_id,
            kind,
            sealed(tools.vault, public_id, request),
            scheduled_for,
            sum(counts.values()),
            organizations,
            actor,
            notification,
        )
        number = await self._bulks.create(new, new_version(tools), at, note(public_id, _owner(organizations)))
        if scheduled_for <= at:
            self._runner.poke(number)
        return await self.view(public_id)

    async def view(self, public_id: str, principal: Principal | None = None) -> BulkView:
        """A request as it is now. NoSuchOperationError if there is none, or none that is seen."""
        organizations = None if principal is None else principal.organizations
        bulk = await self._bulks.by_public_id(public_id, organizations)
        if bulk is None:
            raise NoSuchOperationError(f"there is no operation {public_id}")
        try:
            request = opened(self._tools.vault, bulk)
        except (SealError, InvalidDataError):
            # The key is gone: what can be told is told.
            request = BulkRequest()
        return BulkView(bulk, request, await self._bulks.organizations(bulk.id))

    async def devices(
        self, bulk: Bulk, part: Slice, principal: Principal, states: Sequence[TargetState] | None = None
    ) -> Found[TargetOutcome]:
        """What became of its devices, in its last execution."""
        if bulk.execution is None:
            return Found([], 0, None)
        return await self._bulks.devices(bulk.execution.id, part, states=states, organizations=principal.organizations)

    async def cancel(self, public_id: str, principal: Principal, note: Callable[[BulkView], AuditEntry]) -> None:
        """Begin no more devices, nor any further execution; what has begun ends. NotNowError if it is over."""
        for _ in range(_TRIES):
            view = await self.view(public_id, principal)
            bulk = view.bulk
            if bulk.state.is_final:
                raise NotNowError(f"operation {public_id} is {bulk.state} and can no longer be cancelled")
            if await self._bulks.cancel(bulk, new_version(self._tools), self._tools.clock.wall(), note(view)):
                self._runner.poke(bulk.id)
                return
        raise NotNowError(f"operation {public_id} is changing just now: ask again")

    async def retry(self, public_id: str, principal: Principal, note: Note) -> BulkView:
        """Ask for the same of the devices that failed: a new request. NotNowError if it runs, or none failed."""
        view = await self.view(public_id, principal)
        execution = view.bulk.execution
        if execution is None and view.bulk.state.is_final:
            raise NotNowError(f"operation {public_id} is {view.bulk.state}: it has begun, and failed, on no device")
        if execution is None or execution.state is BulkState.IN_PROGRESS:
            raise NotNowError(f"operation {public_id} is {view.bulk.state}: it is still to be done")
        targets = Targets(principal.organizations, failed_in=execution.id)
        counts = await self.count(targets)
        if not counts:
            raise NotNowError(f"operation {public_id} has failed on no device that is there")
        shown = {name: value for name, value in view.request.shown.items() if name not in _NOT_REPEATED}
        request = replace(view.request, targets=targets, cron="", shown={**shown, "retry_of": public_id})
        return await self.ask(
            view.bulk.kind,
            request,
            counts,
            scheduled_for=self._tools.clock.wall(),
            actor=principal.actor,
            notification=view.bulk.notification,
            note=note,
        )


def is_bulk_id(public_id: str) -> bool:
    """Whether a public id is that of a request for many devices."""
    return public_id.startswith(_PREFIX)


def _owner(organizations: Sequence[int]) -> int | None:
    return organizations[0] or None if len(organizations) == 1 else None


def estimated_minutes(request: BulkRequest, count: int) -> int:
    """About how long so many devices take."""
    return max(1, math.ceil(count / request.options.max_in_flight * _MINUTES_EACH))


def estimated_completion(view: BulkView, at: float) -> float:
    """When it is done, or will be, as far as can be told."""
    bulk, execution = view.bulk, view.bulk.execution
    usual = 60.0 * estimated_minutes(view.request, bulk.targets)
    if bulk.completed_at is not None:
        return bulk.completed_at
    if bulk.state is not BulkState.IN_PROGRESS or execution is None:
        return max(at, bulk.next_at or at) + usual
    tally, lasted = execution.tally, at - execution.started_at
    if not tally.processed or not lasted:
        return max(at, execution.started_at + usual)
    return at + lasted * (tally.waiting + tally.in_flight) / tally.processed
