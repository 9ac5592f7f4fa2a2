"""Carries requests for many devices out, a few devices at a time.

All that is known stands in the database: any process takes the next step from there, and a step that two take is
void for the second. So a crash loses nothing, and no device gets its operation twice. Ends of operations are found
there, too; to be told of one only saves the wait.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from acs.auth.sealing import SealError
from acs.domain.bulk import BulkRequest, BulkState, ErrorKind, Stop, TargetState
from acs.domain.bulk_progress import (
    Bulk,
    Candidate,
    Doubt,
    Execution,
    Move,
    Progress,
    dropped_as,
    end_of,
    room,
    stop_of,
)
from acs.domain.queue import QueuedOperation
from acs.services.bulk_checks import BulkChecks, Verdict
from acs.services.bulk_schedule import next_after
from acs.services.bulk_work import described, end_of_one, opened, requested, terms
from acs.services.operations import NoSuchOperationError, NotNowError, Operations
from acs.services.tools import Tools
from acs.store.bulk_targets import TargetStore
from acs.store.bulks import BulkStore
from acs.store.errors import StoreError

_TAKEN_AT_ONCE: Final = 500
_BEGUN_AT_ONCE: Final = 100
_ENDED_AT_ONCE: Final = 200
_LOOKED_AT: Final = 200
_STEPS: Final = 50
_TRIES: Final = 20
# Of devices that are looked at together, all are: see ``StatusHelpers``.
_CHECKED_TOGETHER: Final = 50
_CHECKS_AT_ONCE: Final = 2
_VERSION_OCTETS: Final = 7
_FAR: Final = 2.0**62
CHECK_LASTS: Final = 60.0
"""Seconds after which a device is looked at again, if nothing came of looking."""
MOST_AWAITED: Final = 10_000
"""How many operations this process remembers as parts of requests."""


class BulkRunner:
    """Takes the steps."""

    def __init__(
        self,
        tools: Tools,
        operations: Operations,
        bulks: BulkStore,
        targets: TargetStore,
        checks: BulkChecks,
    ) -> None:
        self._tools = tools
        self._operations = operations
        self._bulks = bulks
        self._targets = targets
        self._checks = checks
        self._awaited: dict[str, int] = {}
        self._poked: dict[int, None] = {}
        self._is_poked = asyncio.Event()
        # One step at a time in this process: two would only be in each other's way.
        self._lock = asyncio.Lock()
        self._after = self._doubt_after = 0
        self._tasks: set[asyncio.Task[None]] = set()
        tools.endings.listen(self._ended)
        tools.metrics.memories.watch("operations of bulks", MOST_AWAITED, lambda: len(self._awaited))

    def poke(self, bulk_id: int) -> None:
        """There may be something to do for a request."""
        self._poked[bulk_id] = None
        self._is_poked.set()

    async def run(self) -> None:
        """Go on with what is poked, until cancelled."""
        while True:
            await self._is_poked.wait()
            self._is_poked.clear()
            while self._poked:
                bulk_id = next(iter(self._poked))
                del self._poked[bulk_id]
                await self._drive(bulk_id, _STEPS)

    async def stop(self) -> None:
        """Check no more devices."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def sweep(self) -> None:
        """Go on with all that is due, within bounds; the next sweep begins where this one ends."""
        due = await self._bulks.due(self._tools.clock.wall(), after=self._after, most=_LOOKED_AT)
        self._after = due[-1] if len(due) == _LOOKED_AT else 0
        left = _STEPS
        for bulk_id in due:
            # What is much to do is done beside: the sweep has others to see to.
            left -= await self._drive(bulk_id, max(1, left))
        doubts = await self._bulks.doubtful(after=self._doubt_after, most=_LOOKED_AT)
        self._doubt_after = doubts[-1].id if len(doubts) == _LOOKED_AT else 0
        for doubt in doubts:
            if doubt.proven_at is not None:
                await self._amend(doubt)

    async def reschedule(self) -> None:
        """Let what is carried out again and again begin when it is to, if a clock that was ahead has put it off."""
        after = 0
        while ids := await self._bulks.upcoming(self._tools.clock.wall(), after=after, most=_LOOKED_AT):
            for bulk_id in ids:
                async with self._lock:
                    await self._bring_back(bulk_id)
            after = ids[-1]

    async def _bring_back(self, bulk_id: int) -> None:
        bulk, at = await self._bulks.by_id(bulk_id), self._tools.clock.wall()
        # When it is to begin first was somebody's wish.
        if bulk is None or bulk.next_at is None or not (bulk.executions or bulk.created > at):
            return
        request = opened(self._tools.vault, bulk)
        following = next_after(request.cron, request.timezone, at) if request.cron else None
        if following is not None and following < bulk.next_at:
            due_at = following if bulk.state is BulkState.SCHEDULED else at
            await self._advance(bulk, Progress(bulk.state, next_at=following, due_at=due_at), at)

    async def prune(self, before: float, most: int) -> int:
        """Drop what ended long ago, a few rows at a time; how many went at most of one kind."""
        return await self._bulks.prune(before, most)

    async def _drive(self, bulk_id: int, most: int) -> int:
        """Take so many steps of a request at most; how many there were. What is left is done later."""
        taken = 0
        try:
            while taken < most:
                async with self._lock:
                    if not await self._step(bulk_id):
                        return taken
                taken += 1
            self.poke(bulk_id)
        except (StoreError, SealError) as error:
            # The sweep comes again.
            self._tools.complain("bulk", "a bulk did not go on", bulk=bulk_id, reason=str(error))
        except Exception:
            self._tools.log.exception("a bulk did not go on", bulk=bulk_id)
        return taken

    async def _step(self, bulk_id: int) -> bool:
        """The next step of a request; False if there is none now."""
        bulk, at = await self._bulks.by_id(bulk_id), self._tools.clock.wall()
        if bulk is None:
            return False
        if bulk.state is BulkState.SCHEDULED:
            return bulk.next_at is not None and bulk.next_at <= at and await self._begin(bulk, at)
        execution = bulk.execution
        if execution is None or execution.state is not BulkState.IN_PROGRESS:
            return False
        request = opened(self._tools.vault, bulk)
        if not execution.is_taken and execution.stop is Stop.NONE:
            return await self._take(bulk, execution, request, at)
        return (
            await self._settle(bulk, execution, request, at)
            or await self._take_back(execution)
            or await self._check_again(bulk, execution, request, at)
            or await self._start(bulk, execution, request, at)
            or await self._finish(bulk, execution, at)
        )

    async def _advance(self, bulk: Bulk, progress: Progress, at: float) -> bool:
        return await self._bulks.advance(bulk, new_version(self._tools), progress, at)

    async def _begin(self, bulk: Bulk, at: float) -> bool:
        request = opened(self._tools.vault, bulk)
        # However many times were missed, it is carried out once.
        following = next_after(request.cron, request.timezone, at) if request.cron else None
        return await self._advance(bulk, Progress(BulkState.IN_PROGRESS, next_at=following, due_at=at, begins=True), at)

    async def _take(self, bulk: Bulk, execution: Execution, request: BulkRequest, at: float) -> bool:
        """The next devices that are meant: as they are now, so a device that is changed meanwhile is in or out."""
        found = await self._targets.some(request.targets, after=execution.place, most=_TAKEN_AT_ONCE)
        execution = replace(
            execution,
            is_taken=len(found) < _TAKEN_AT_ONCE,
            place=found[-1].device_id if found else execution.place,
            tally=execution.tally.taken(len(found)),
        )
        return await self._advance(bulk, replace(_going_on(bulk, execution, at), taken=found), at)

    async def _settle(self, bulk: Bulk, execution: Execution, request: BulkRequest, at: float) -> bool:
        """Count the devices whose operations have ended."""
        ended = await self._bulks.ended(execution.id, _ENDED_AT_ONCE)
        if not ended:
            return False
        moves = [end_of_one(each, execution.stop, at) for each in ended]
        descriptions = []
        if bulk.kind.is_identity:
            done = {move.id for move in moves if move.state is TargetState.COMPLETED}
            said = [described(self._tools.vault, each) for each in ended if each.id in done]
            descriptions = [each for each in said if each is not None]
        for each in ended:
            self._awaited.pop(each.operation, None)
        progress = _going_on(bulk, _counted(execution, request, moves), at)
        return await self._advance(bulk, replace(progress, moves=moves, descriptions=descriptions), at)

    async def _take_back(self, execution: Execution) -> bool:
        """Of what is stopped, what has its operation and has not begun it."""
        if execution.stop is Stop.NONE or not execution.tally.in_flight:
            return False
        taken_back = await asyncio.gather(*map(self._cancel, await self._bulks.not_begun(execution.id, _ENDED_AT_ONCE)))
        return any(taken_back)

    async def _cancel(self, public_id: str) -> bool:
        try:
            await self._operations.cancel(public_id)
        except (NoSuchOperationError, NotNowError):
            return False
        return True

    async def _start(self, bulk: Bulk, execution: Execution, request: BulkRequest, at: float) -> bool:
        """Give devices their turn."""
        free = min(room(request.options, execution.tally, execution.stop), _BEGUN_AT_ONCE)
        if not free:
            return False
        is_checked = bulk.kind.is_status or request.options.validate_connectivity
        if is_checked and len(self._tasks) >= _CHECKS_AT_ONCE:
            # The end of one begins the next.
            return False
        found = await self._bulks.waiting(execution.id, min(free, _CHECKED_TOGETHER) if is_checked else free)
        if not found:
            return False
        if is_checked:
            return await self._begin_checks(bulk, execution, found, at)
        moves, queued = self._given(bulk, request, found, at)
        execution = replace(execution, tally=execution.tally.begun(len(found)))
        return await self._give(bulk, _counted(execution, request, moves), moves, queued, at)

    def _given(
        self, bulk: Bulk, request: BulkRequest, found: Sequence[Candidate], at: float
    ) -> tuple[list[Move], list[QueuedOperation]]:
        """The operations of some devices; a device that is no more gets none."""
        moves: list[Move] = []
        queued: list[QueuedOperation] = []
        for each in found:
            if not each.exists:
                moves.append(_gone(each, at))
                continue
            work = requested(bulk.kind, request, is_tr098=each.is_tr098)
            operation = self._operations.prepared(each.device_id, work, terms(bulk, request, at), at)
            queued.append(operation)
            moves.append(Move(each.id, TargetState.RUNNING, operation.public_id, started_at=at))
        return moves, queued

    async def _give(
        self, bulk: Bulk, execution: Execution, moves: Sequence[Move], queued: Sequence[QueuedOperation], at: float
    ) -> bool:
        progress = replace(_going_on(bulk, execution, at), moves=moves, operations=queued)
        if not await self._advance(bulk, progress, at):
            return False
        for each in queued:
            if len(self._awaited) < MOST_AWAITED:
                self._awaited[each.public_id] = bulk.id
        self._operations.announce(queued, at)
        return True

    async def _begin_checks(
        self, bulk: Bulk, execution: Execution, found: Sequence[Candidate], at: float, *, are_begun: bool = False
    ) -> bool:
        """Look whether devices can be reached; if this process dies, it is looked again."""
        moves = [Move(each.id, TargetState.CHECKING, until=at + CHECK_LASTS, started_at=at) for each in found]
        if not are_begun:
            execution = replace(execution, tally=execution.tally.begun(len(found)))
        if not await self._advance(bulk, replace(_going_on(bulk, execution, at), moves=moves), at):
            return False
        task = asyncio.create_task(self._check(bulk, execution.id, found))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    async def _check_again(self, bulk: Bulk, execution: Execution, request: BulkRequest, at: float) -> bool:
        if not (execution.tally.in_flight and (bulk.kind.is_status or request.options.validate_connectivity)):
            return False
        found = await self._bulks.checking(execution.id, at, _CHECKED_TOGETHER)
        return bool(found) and await self._begin_checks(bulk, execution, found, at, are_begun=True)

    async def _check(self, bulk: Bulk, execution_id: int, found: Sequence[Candidate]) -> None:
        try:
            verdicts = await self._checks.look(bulk.kind, [each.device_id for each in found if each.exists])
            for _ in range(_TRIES):
                async with self._lock:
                    if await self._checked(bulk.id, execution_id, {each.id for each in found}, verdicts):
                        break
            self.poke(bulk.id)
        except (StoreError, SealError) as error:
            self._tools.complain("bulk", "devices were not checked", bulk=bulk.id, reason=str(error))
        except Exception:
            self._tools.log.exception("devices were not checked", bulk=bulk.id)

    async def _checked(self, bulk_id: int, execution_id: int, numbers: set[int], verdicts: dict[int, Verdict]) -> bool:
        """Keep what came of looking; False if another hand was faster."""
        bulk, at = await self._bulks.by_id(bulk_id), self._tools.clock.wall()
        if bulk is None or bulk.execution is None or bulk.execution.id != execution_id:
            return True
        execution, request = bulk.execution, opened(self._tools.vault, bulk)
        found = [each for each in await self._bulks.checking(execution_id, _FAR, MOST_AWAITED) if each.id in numbers]
        if not found:
            return True
        moves: list[Move] = []
        reached: list[Candidate] = []
        for each in found:
            verdict = verdicts.get(each.device_id)
            if verdict is None or not each.exists:
                moves.append(_gone(each, at))
            elif verdict.error is not None:
                failed = Move(each.id, TargetState.FAILED, error=verdict.error.value, detail=verdict.detail)
                moves.append(replace(failed, completed_at=at))
            elif bulk.kind.is_status:
                moves.append(Move(each.id, TargetState.COMPLETED, completed_at=at))
            elif execution.stop is not Stop.NONE:
                state, error = dropped_as(execution.stop)
                moves.append(Move(each.id, state, error=error.value, completed_at=at))
            else:
                reached.append(each)
        begun, queued = self._given(bulk, request, reached, at)
        moves += begun
        return await self._give(bulk, _counted(execution, request, moves), moves, queued, at)

    async def _finish(self, bulk: Bulk, execution: Execution, at: float) -> bool:
        state = end_of(execution.tally, execution.stop)
        if state is None:
            return False
        execution = replace(execution, state=state, is_taken=True, completed_at=at)
        progress = replace(_going_on(bulk, execution, at), due_at=None)
        if bulk.state is BulkState.IN_PROGRESS and bulk.next_at is not None:
            progress = replace(progress, state=BulkState.SCHEDULED, due_at=bulk.next_at)
        elif bulk.state is BulkState.IN_PROGRESS:
            progress = replace(progress, state=state, completed_at=at)
        return await self._advance(bulk, progress, at)

    async def _amend(self, doubt: Doubt) -> None:
        """A device has proven that it was done after all."""
        bulk, at = await self._bulks.by_id(doubt.bulk_id), self._tools.clock.wall()
        if bulk is None or bulk.execution is None or bulk.execution.id != doubt.execution_id:
            return
        execution = bulk.execution
        execution = replace(execution, tally=execution.tally.amended(doubt.error))
        state = bulk.state
        if execution.state.is_final:
            execution = replace(execution, state=end_of(execution.tally, execution.stop) or execution.state)
            state = execution.state if state.is_final else state
        due_at = bulk.next_at if execution.state.is_final else at
        progress = Progress(state, bulk.next_at, due_at, bulk.completed_at, execution=execution)
        moves = [Move(doubt.id, TargetState.COMPLETED, completed_at=doubt.proven_at)]
        await self._advance(bulk, replace(progress, moves=moves), at)

    def _ended(self, public_id: str) -> None:
        bulk_id = self._awaited.pop(public_id, None)
        if bulk_id is not None:
            self.poke(bulk_id)


def new_version(tools: Tools) -> int:
    """A number that no change of a request has had."""
    return int.from_bytes(tools.chance.octets(_VERSION_OCTETS), "big")


def _going_on(bulk: Bulk, execution: Execution, at: float) -> Progress:
    return Progress(bulk.state, bulk.next_at, at, bulk.completed_at, execution=execution)


def _counted(execution: Execution, request: BulkRequest, moves: Sequence[Move]) -> Execution:
    """The execution with those that have ended counted, and perhaps stopped by them."""
    ends = [(each.state, each.error) for each in moves if each.completed_at is not None]
    tally = execution.tally.ended(ends)
    return replace(execution, tally=tally, stop=execution.stop or stop_of(request.options, tally))


def _gone(candidate: Candidate, at: float) -> Move:
    return Move(
        candidate.id,
        TargetState.FAILED,
        error=ErrorKind.DELETED_DEVICES.value,
        detail="the device was deleted",
        started_at=at,
        completed_at=at,
    )
