"""Operations whose time is over before they are done."""

from dataclasses import replace
from typing import Final

from acs.auth.sealing import SealError
from acs.domain.operation import Operation, OperationFault, OperationKind, Outcome, OutcomeState
from acs.domain.queue import ClaimedOperation
from acs.provisioning.errors import InvalidDataError
from acs.provisioning.planner import plan_for
from acs.services.briefing import DeviceBriefing
from acs.services.in_hand import fault_text, kept_outcome, read_progress, settlement_of
from acs.services.requested import read_requested
from acs.services.tools import Tools, quirks_of

_FEW: Final = 200
_NEVER_BEGUN: Final = OperationFault("its time was over before it could be begun")
_NOT_DONE: Final = "its time was over before it was done"
# The others are one request: while they wait, nothing of them is done.
_BY_STEPS: Final = frozenset(
    {
        OperationKind.GET,
        OperationKind.SET,
        OperationKind.ADD_OBJECT,
        OperationKind.DELETE_OBJECT,
        OperationKind.SYNC,
        OperationKind.RECONF,
    }
)


class Expiry:
    """Ends them: what was never begun expires, what was begun fails and tells what of it was done."""

    def __init__(self, tools: Tools, briefing: DeviceBriefing) -> None:
        self._tools = tools
        self._briefing = briefing

    async def end_overdue(self) -> None:
        """End a few of them."""
        operations, at = self._tools.operations, self._tools.clock.wall()
        await operations.expire(at, fault_text(_NEVER_BEGUN), _FEW)
        for device_id, begun in await operations.overdue(at, _FEW):
            operation, outcome = await self._given_up(device_id, begun)
            kept = kept_outcome(begun, operation, outcome, self._tools.vault)
            await operations.give_up(device_id, settlement_of(begun, outcome, kept, at=at))

    async def _given_up(self, device_id: int, begun: ClaimedOperation) -> tuple[Operation, Outcome]:
        """What became of an operation that is given up where it is."""
        kind, vault = OperationKind(begun.kind), self._tools.vault
        # Stands in for a request that cannot be read.
        operation = Operation(kind)
        outcome = Outcome(OutcomeState.FAILED, OperationFault(_NOT_DONE))
        device = await self._tools.devices.by_id(device_id)
        try:
            operation = read_requested(vault, begun).operation
            if device is not None and kind in _BY_STEPS:
                quirks = quirks_of(device.quirks)
                context = await self._briefing.knowledge(device, quirks, begun.command_key, operation)
                plan = plan_for(operation, context, read_progress(vault, begun))
                if not plan.is_over:
                    plan.give_up(_NOT_DONE)
                outcome = plan.outcome
        except (SealError, InvalidDataError) as error:
            outcome = replace(outcome, fault=OperationFault(f"{_NOT_DONE}; how far it was cannot be read: {error}"))
        return operation, outcome
