"""The operation ``get``: read parameters and partial paths."""

from collections.abc import Sequence

from acs.domain.operation import Outcome, OutcomeState, Variable, VariableStatus
from acs.provisioning.context import Context
from acs.provisioning.errors import PlanningError, Problem
from acs.provisioning.plan import End, first_fault
from acs.provisioning.reading import MAX_NAMES, Reader, Reading
from cwmp_schemas.faults import Fault
from cwmp_schemas.messages import AcsRequest, CpeResponse


class Get:
    """Reads what can be read: one name that is refused does not lose the others."""

    def __init__(self, variables: Sequence[Variable], context: Context, state: Reading | None = None) -> None:
        self.names = [variable.name for variable in variables]
        if not self.names:
            raise PlanningError([Problem("variables", "there is nothing to read")])
        if len(self.names) > MAX_NAMES:
            raise PlanningError([Problem("variables", f"more than {MAX_NAMES} names")])
        self._reader = Reader(self.names, context.quirks, state)

    @property
    def state(self) -> Reading:
        """Everything that must outlive the process."""
        return self._reader.state

    def next(self) -> AcsRequest | None:
        """The RPC to send now."""
        return self._reader.next()

    def take(self, answer: CpeResponse | Fault) -> None:
        """The answer to it."""
        self._reader.take(answer)

    def lose(self) -> None:
        """No answer came. Nothing is won by giving up the last name: the operation is tried as often as it may be."""
        if not self._reader.is_at_last:
            self._reader.lose()

    def outcome(self, end: End | None) -> Outcome:
        """Completed when any name was answered."""
        results = self._reader.results(self.names, end.fault if end else None)
        state, fault = OutcomeState.COMPLETED, None
        if end:
            state, fault = end.state, end.fault
        elif all(each.status is not VariableStatus.READ for each in results):
            state, fault = OutcomeState.FAILED, first_fault(results)
        return Outcome(
            state,
            fault,
            tuple(results),
            learned=self._reader.read_values(),
            gpv_batch=self._reader.learned_batch,
        )
