"""The operation ``set``: one atomic SetParameterValues, read back."""

from collections.abc import Iterable, Iterator, Sequence

from acs.domain.operation import Outcome, OutcomeState, Variable
from acs.provisioning.context import Context
from acs.provisioning.errors import PlanningError, Problem
from acs.provisioning.plan import End
from acs.provisioning.value_types import is_masked
from acs.provisioning.writing import Write, WriteState
from cwmp_schemas.faults import Fault
from cwmp_schemas.messages import AcsRequest, CpeResponse


class Set:
    """Sets all variables or none."""

    def __init__(
        self, variables: Sequence[Variable], context: Context, *, verify: bool, state: WriteState | None = None
    ) -> None:
        if not variables:
            raise PlanningError([Problem("variables", "there is nothing to set")])
        if state is None:
            problems = [*_value_problems(variables, context), *repeated_names(enumerate(variables))]
            if problems:
                raise PlanningError(problems)
        self._write = Write(variables, context, verify=verify, state=state)

    @property
    def state(self) -> WriteState:
        """Everything that must outlive the process."""
        return self._write.state

    def next(self) -> AcsRequest | None:
        """The RPC to send now."""
        return self._write.next()

    def take(self, answer: CpeResponse | Fault) -> None:
        """The answer to it."""
        self._write.take(answer)

    def lose(self) -> None:
        """No answer came."""
        self._write.lose()

    def outcome(self, end: End | None) -> Outcome:
        """Completed when the device accepted the values, whatever reading them back showed."""
        write = self._write
        variables = tuple(write.results())
        learned, batch = write.read_values(), write.learned_batch
        if write.state.status is not None:
            return Outcome(OutcomeState.COMPLETED, None, variables, write.summary(), learned=learned, gpv_batch=batch)
        fault = end.fault if end else write.fault
        return Outcome(OutcomeState.FAILED, fault, variables, learned=learned, gpv_batch=batch)


def _value_problems(variables: Iterable[Variable], context: Context) -> Iterator[Problem]:
    for place, variable in enumerate(variables):
        problem = value_problem(place, variable, variable.name, context)
        if problem:
            yield problem


def value_problem(place: int, variable: Variable, path: str, context: Context) -> Problem | None:
    """Why a variable's value cannot be sent to a path; None when it can."""
    if variable.value is not None and is_masked(path, variable.value, context.lookup):
        # A client has sent back what it was shown: the device would lose its password.
        return Problem(f"variables[{place}].value", f"{variable.name}: this is the mask of a secret, not one", place)
    try:
        context.typed(variable, path)
    except ValueError as error:
        return Problem(f"variables[{place}].value", f"{variable.name}: {error}", place)
    return None


def repeated_names(variables: Iterable[tuple[int, Variable]]) -> Iterator[Problem]:
    """A name can be set, or deleted, only once in an operation: devices refuse doubles or take either."""
    seen: set[str] = set()
    for place, variable in variables:
        if variable.name in seen:
            yield Problem(f"variables[{place}].variable_name", f"{variable.name} is named twice", place)
        seen.add(variable.name)
