"""What one session does for its device: operations first, then logins of its own, then settings that are due."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from acs.auth.sealing import SealError
from acs.domain.contact import HistoryEntry
from acs.domain.operation import Operation, OperationFault, OperationKind, Outcome, OutcomeState
from acs.domain.queue import ClaimedOperation, OperationState
from acs.domain.settlement import NO_CONSEQUENCES, Consequences, Settled, Settlement
from acs.provisioning.errors import InvalidDataError, PlanningError
from acs.provisioning.plan import Plan, is_repeatable
from acs.provisioning.planner import plan_for, refusal
from acs.provisioning.quoted import secrets_of
from acs.services.briefing import DeviceBriefing
from acs.services.errand import Errand
from acs.services.in_hand import (
    InHand,
    fault_text,
    kept_outcome,
    progress_text,
    read_progress,
    settlement_of,
    told,
    unsendable,
    until_proven,
)
from acs.services.live import LiveSession
from acs.services.requested import Requested, read_requested
from acs.services.tools import Tools
from acs.session.events import EndReason
from cwmp_schemas.faults import Fault
from cwmp_schemas.messages import AcsRequest, CpeResponse, method_of

RETRY_JITTER: Final = 0.2
"""By which share another attempt comes sooner or later than it was to."""
_LARGE: Final = 1_000
# What is said of operations that an earlier session left in progress.
_CUT_OFF: Final = fault_text(OperationFault("its session was cut off"))
# Their answer is not yet that it was done.
_PROVEN_BY_EVENTS: Final = frozenset({"Reboot", "FactoryReset", "Download", "Upload"})
# What changes a device, and may be refused while it starts (Baicells).
_CONFIGURES: Final = frozenset(
    {
        OperationKind.SET,
        OperationKind.ADD_OBJECT,
        OperationKind.DELETE_OBJECT,
        OperationKind.SYNC,
        OperationKind.RECONF,
    }
)


class FenceLostError(Exception):
    """Another session of the device has begun: this one may change nothing more."""

    def __init__(self) -> None:
        super().__init__("another session of the device has begun, or another process goes on with this one")


class Work:
    """The work of one session. A FenceLostError from any of its methods ends the session."""

    def __init__(
        self,
        tools: Tools,
        briefing: DeviceBriefing,
        session: LiveSession,
        wake: Callable[[int], None],
    ) -> None:
        self._tools = tools
        self._briefing = briefing
        self._session = session
        self._wake = wake
        self._in_hand: InHand | None = None
        self._errand: Errand | None = None
        self._errands: list[Errand] | None = None
        self._is_recovered = False
        # What ended because its request was lost.
        self._unanswered: InHand | None = None
        self._has_lost = False
        self.settled = 0
        """How many operations this session has carried out or given up."""

    @property
    def has_something(self) -> bool:
        """Whether there may be anything to do."""
        in_hand = self._in_hand is not None or self._errand is not None or bool(self._errands)
        return in_hand or self._session.has_something

    async def next_rpc(self) -> AcsRequest | None:
        """The RPC to send now; None when there is nothing to do, or when the device bears no more in this session."""
        if not self._session.machine.may_send:
            return None
        while True:
            plan = await self._plan()
            if plan is None:
                return None
            rpc = plan.next()
            if rpc is None:
                await self._finish_plan()
                continue
            problem = unsendable(rpc, self._session.quirks.style)
            if problem is None:
                if self._session.device.debug and secrets_of(rpc):
                    self._session.has_sent_secrets = True
                return rpc
            plan.answered(Fault(0, f"{method_of(rpc)} cannot be written: {problem}"))

    async def sending(self, rpc: AcsRequest) -> None:
        """The RPC is about to leave: if it must not be repeated, that is noted first.

        Where another process may get the answer, it has to know what was asked.
        """
        work, session = self._in_hand, self._session
        if work is None or is_repeatable(rpc):
            if session.roams and self._tools.is_shared:
                await (self._hold_session() if work is None else self._save(work))
            return
        work.sent = method_of(rpc)
        marked = await self._tools.operations.mark_sent(
            session.device.id,
            session.fence,
            work.claimed,
            sent=work.sent,
            progress=progress_text(self._tools.vault, work),
            at=self._tools.clock.wall(),
            **self._held(work),
        )
        if not marked:
            raise FenceLostError

    async def answered(self, answer: CpeResponse | Fault) -> None:
        """The answer to the RPC that was out; durable when this returns."""
        if self._errand is not None:
            self._errand.plan.answered(answer)
            if self._errand.plan.is_over:
                await self._finish_plan()
            return
        work = self._in_hand
        if work is None:
            return
        work.plan.answered(answer)
        if work.plan.is_over:
            await self._finish_plan()
        elif work.sent:
            await self._save(work)

    async def answered_late(self, method: str, answer: CpeResponse | Fault) -> None:
        """An RPC that counted as lost is answered: an operation that is unknown because of it has its answer."""
        work, session, at = self._unanswered, self._session, self._tools.clock.wall()
        if work is None or isinstance(answer, Fault) or method in _PROVEN_BY_EVENTS:
            return
        if work.plan.answered_late(answer):
            self._unanswered, outcome = None, work.plan.outcome
            kept = kept_outcome(work.claimed, work.requested.operation, outcome, self._tools.vault)
            found = await self._briefing.consequences(session, work.claimed, outcome, at)
            await self._tools.operations.prove_late(
                session.device.id, session.fence, method=method, outcome=kept, consequences=found, at=at
            )

    async def lost(self) -> None:
        """No answer will come."""
        self._has_lost = True
        if self._errand is not None:
            self._errand.plan.lost()
            if self._errand.plan.is_over:
                await self._finish_plan()
            return
        work = self._in_hand
        if work is None:
            return
        work.plan.lost()
        if work.plan.is_over:
            self._unanswered = work
            await self._finish_plan()

    async def leave(self, reason: str) -> None:
        """The session is over; what it has in hand is done another time, or never."""
        errand, self._errand = self._errand, None
        if errand is not None:
            await errand.cut_off()
        # When we have ended it ourselves, only what exceeds the RPCs that this device bears is still to be done.
        superseded, goes_on = reason == EndReason.SUPERSEDED, reason == EndReason.DONE and not self._has_lost
        work, self._in_hand = self._in_hand, None
        if work is None:
            if goes_on and (errand is not None or self._session.has_something):
                self._call_again()
            return
        claimed, settings = work.claimed, self._tools.settings
        now = self._tools.clock.wall()
        attempts = claimed.attempts
        if goes_on:
            # SmartRG SR505N bears one: that is no failed attempt.
            ready_at, attempts = now, attempts - 1
        elif attempts >= claimed.max_attempts:
            work.plan.give_up(f"the device's session ended before it was done, {attempts} times")
            await self._end(work)
            return
        elif superseded:
            # The device has opened another session: it is there to be asked again.
            ready_at = now
        else:
            longest = settings.max_retry_delay_minutes * 60
            delay = min(longest, claimed.retry_delay * 2 ** min(attempts - 1, 20))
            ready_at = now + delay * self._tools.chance.between(1 - RETRY_JITTER, 1 + RETRY_JITTER)
        settlement = Settlement(
            claimed,
            OperationState.QUEUED,
            now,
            progress=progress_text(self._tools.vault, work),
            ready_at=ready_at,
            attempts=attempts,
        )
        await self._let_go(settlement)
        if ready_at <= now and not superseded:
            self._call_again()

    def _call_again(self) -> None:
        """What is left is done in a session that is asked for now, once."""
        session = self._session
        session.has_operations = session.settings_due = session.credentials_due = False
        self._wake(session.device.id)

    async def adopt(self, fence: int, operation_id: int) -> None:
        """Go on with the operation that the session had under another worker, its request still out."""
        session, outstanding = self._session, self._session.machine.outstanding
        asked_for = None if outstanding is None else operation_id
        claimed = await self._tools.operations.adopt(session.device.id, fence, session.fence, asked_for)
        await self._begin(claimed)
        work = self._in_hand
        if work is None or outstanding is None:
            return
        rpc = work.plan.next()
        if rpc is not None:
            work.sent = "" if is_repeatable(rpc) else method_of(rpc)
            session.has_sent_secrets = bool(secrets_of(rpc))

    async def _plan(self) -> Plan | None:
        """The plan that is on: of the operation in hand, of the next one, of an errand."""
        while True:
            if self._in_hand is not None:
                return self._in_hand.plan
            if self._errand is not None:
                return self._errand.plan
            if self._session.has_operations and await self._claim():
                continue
            if self._errands is None or (not self._errands and self._session.settings_due):
                # Meanwhile more work may have come.
                self._errands = await self._briefing.errands(self._session)
                continue
            if not self._errands:
                return None
            self._errand = self._errands.pop(0)

    async def _claim(self) -> bool:
        """Take the next operation; False when there is none."""
        session, operations, at = self._session, self._tools.operations, self._tools.clock.wall()
        # Whoever queues another one from here on says so again.
        session.has_operations = False
        claimed = await operations.claim(session.device.id, session.fence, at, cut_off=self._cut_off())
        session.has_operations |= claimed is not None
        await self._begin(claimed)
        return claimed is not None

    def _cut_off(self) -> str | None:
        """What is said of operations that an earlier session left in progress; None once they are settled."""
        if self._is_recovered:
            return None
        self._is_recovered = True
        return _CUT_OFF

    async def _begin(self, claimed: ClaimedOperation | None) -> None:
        """Plan an operation that was taken; in the place of one that cannot be begun now there is the next one."""
        while claimed is not None:
            claimed = await self._take(claimed)

    async def _take(self, claimed: ClaimedOperation) -> ClaimedOperation | None:
        kind = OperationKind(claimed.kind)
        # Stands in for a request that cannot be read.
        requested = Requested(Operation(kind))
        try:
            requested = read_requested(self._tools.vault, claimed)
            until = self._session.starts_until(self._tools.clock.wall())
            if kind in _CONFIGURES and until is not None:
                return await self._postpone(claimed, until)
            context = await self._briefing.context(self._session, claimed, requested)
            plan = plan_for(requested.operation, context, read_progress(self._tools.vault, claimed))
        except PlanningError as error:
            outcome = refusal(requested.operation, error)
        except (SealError, InvalidDataError) as error:
            outcome = Outcome(OutcomeState.FAILED, OperationFault(f"what is kept of it cannot be read: {error}"))
        else:
            self._in_hand = InHand(claimed, requested, plan)
            return None
        return await self._settle(claimed, requested.operation, outcome)

    async def _postpone(self, claimed: ClaimedOperation, until: float) -> ClaimedOperation | None:
        settlement = Settlement(
            claimed,
            OperationState.QUEUED,
            self._tools.clock.wall(),
            progress=claimed.progress,
            ready_at=until,
            attempts=claimed.attempts - 1,
        )
        return (await self._let_go(settlement)).following

    async def _finish_plan(self) -> None:
        """The plan that is on has no more to send."""
        if self._errand is not None:
            errand, self._errand = self._errand, None
            await errand.done(errand.plan.outcome)
            return
        work, self._in_hand = self._in_hand, None
        if work is not None:
            await self._begin(await self._end(work))

    async def _end(self, work: InHand) -> ClaimedOperation | None:
        return await self._settle(work.claimed, work.requested.operation, work.plan.outcome, work.sent)

    async def _settle(
        self, claimed: ClaimedOperation, operation: Operation, outcome: Outcome, sent: str = ""
    ) -> ClaimedOperation | None:
        """End an operation with all that follows from it; the next one, if that could be taken."""
        session, tools, at = self._session, self._tools, self._tools.clock.wall()
        found = await self._briefing.consequences(session, claimed, outcome, at)
        is_over = found.transfer is not None and found.transfer.is_over
        if len(outcome.variables) > _LARGE or len(outcome.learned) > _LARGE:
            # What is kept of its values was one piece of work, what is told of them is another: others come in between.
            await asyncio.sleep(0)
        kept = kept_outcome(claimed, operation, outcome, tools.vault)
        settlement = settlement_of(claimed, outcome, kept, at=at, sent=sent)
        if settlement.state is OperationState.COMPLETED and not is_over:
            settlement = until_proven(settlement, operation.kind, tools.settings)
        entry = HistoryEntry("operation", claimed.public_id, None, told(operation.kind, settlement))
        settled = await self._let_go(settlement, replace(found, history=(entry,)))
        if settled.is_new:
            self.settled += 1
            if settlement.state.is_final:
                tools.endings.ended(claimed.public_id, operation.kind, settlement.state.value)
            if is_over:
                tools.metrics.transfers.inc(operation.kind.value, settlement.state.value)
        return settled.following

    async def _let_go(self, settlement: Settlement, found: Consequences = NO_CONSEQUENCES) -> Settled:
        """Let an operation leave the session; the next one is taken by the same commit if the device bears more."""
        session, claims = self._session, self._session.machine.may_send
        # Whoever queues another one from here on says so again.
        session.has_operations = False
        settled = await self._tools.operations.settle(
            session.device.id,
            session.fence,
            settlement,
            found,
            claims=claims,
            cut_off=self._cut_off() if claims else None,
        )
        if settled is None:
            raise FenceLostError
        session.has_operations |= settled.following is not None if claims else settled.has_more
        return settled

    async def _save(self, work: InHand) -> None:
        work.sent = ""
        saved = await self._tools.operations.save(
            self._session.device.id,
            self._session.fence,
            work.claimed,
            progress=progress_text(self._tools.vault, work),
            at=self._tools.clock.wall(),
            **self._held(work),
        )
        if not saved:
            raise FenceLostError

    async def _hold_session(self) -> None:
        session = self._session
        if not await self._tools.contacts.hold(session.device.id, session.fence, **self._held(None)):
            raise FenceLostError

    def _held(self, work: InHand | None) -> dict[str, Any]:
        clock = self._tools.clock
        return self._session.held(clock.monotonic(), clock.wall(), 0 if work is None else work.claimed.id)
