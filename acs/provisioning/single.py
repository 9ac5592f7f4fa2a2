"""Operations that are one RPC: its answer is their result."""

from dataclasses import dataclass, replace
from typing import Any

from acs.domain.operation import OperationFault, Outcome, OutcomeState
from acs.provisioning.arguments import answer_as_plain
from acs.provisioning.plan import End
from acs.provisioning.quirks import Quirks
from cwmp_schemas.faults import Fault
from cwmp_schemas.messages import AcsRequest, CpeResponse
from cwmp_schemas.rpc.parameters import GetParameterNames


@dataclass(slots=True)
class SingleState:
    """What one RPC must remember once it is answered."""

    fault: OperationFault | None = None
    """Why it was refused."""
    result: dict[str, Any] | None = None
    """Its answer."""


class Single:
    """Sends one RPC."""

    def __init__(self, request: AcsRequest, quirks: Quirks, state: SingleState | None = None) -> None:
        if isinstance(request, GetParameterNames):
            request = replace(request, parameter_path=quirks.tree_path(request.parameter_path))
        self.request = request
        self.state = state or SingleState()

    def next(self) -> AcsRequest | None:
        """The RPC to send now."""
        is_answered = self.state.fault is not None or self.state.result is not None
        return None if is_answered else self.request

    def take(self, answer: CpeResponse | Fault) -> None:
        """The answer to it."""
        if isinstance(answer, Fault):
            self.state.fault = OperationFault.of(answer)
        else:
            self.state.result = answer_as_plain(answer)

    def lose(self) -> None:
        """No answer came: it is sent again."""

    def outcome(self, end: End | None) -> Outcome:
        """Completed when the device answered without a fault; what the RPC sets off may still go on."""
        if end:
            return Outcome(end.state, end.fault)
        if self.state.fault:
            return Outcome(OutcomeState.FAILED, self.state.fault)
        return Outcome(OutcomeState.COMPLETED, result=self.state.result or {})
