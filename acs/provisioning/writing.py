"""One atomic SetParameterValues: with a second try at the types when they were guessed wrong, and a read-back."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from acs.domain.operation import JSON, OperationFault, Variable, VariableResult, VariableStatus
from acs.provisioning.context import Context
from acs.provisioning.errors import Problem, ProgressError
from acs.provisioning.reading import Reader, Reading
from acs.provisioning.value_types import TypedValue, better_type, explicit_type, means_the_same
from cwmp_schemas.faults import CpeFault, Fault
from cwmp_schemas.messages import AcsRequest, CpeResponse
from cwmp_schemas.rpc.parameters import ParameterValue, SetParameterValues, SetParameterValuesResponse
from cwmp_schemas.values import XsdType, to_text

_LATER: Final = "the device accepted the values and applies them later"
_MISMATCH: Final = "the device accepted the values, but reads back others"
_NO_READ_BACK: Final = "the device accepted the values; no answer came when they were to be read back"
_UNREADABLE: Final = "the device accepted the values; not all of them could be read back"


class Phase(StrEnum):
    """Where a write is."""

    WRITING = "writing"
    LEARNING = "learning"
    """Reading the types of what was refused for its type."""
    RETRYING = "retrying"
    VERIFYING = "verifying"
    DONE = "done"


@dataclass(slots=True)
class WriteState:
    """What a write must remember between two RPCs; the values themselves stay in the operation."""

    types: dict[str, XsdType]
    """The type each parameter is sent as."""
    phase: Phase = Phase.WRITING
    """Where it is."""
    lost: bool = False
    """Whether the values are sent and no answer has come."""
    status: int | None = None
    """The device's Status: 0 applied, 1 accepted but not yet applied; None while nothing was accepted."""
    fault: Fault | None = None
    """The last refusal."""
    reading: Reading | None = None
    """The read to learn types while it goes on, and after the write the one that reads back."""
    learned: dict[str, TypedValue] = field(default_factory=dict)
    """What was read to learn the types."""
    silent: bool = False
    """Whether the read-back got no answer."""


def is_guessed(value_type: str | None) -> bool:
    """Whether the type to send is our guess, so that a second try may find a better one."""
    return explicit_type(value_type) is None


def own_faults(fault: Fault) -> dict[str, OperationFault]:
    """The faults of single parameters; one that the device gives no code has that of the whole."""
    return {each.name: OperationFault(each.string, each.code or fault.code or None) for each in fault.parameters}


class Write:
    """Plans one write; the variables have distinct names and values that can be sent."""

    def __init__(
        self, variables: Sequence[Variable], context: Context, *, verify: bool, state: WriteState | None = None
    ) -> None:
        self.variables = variables
        self.context = context
        self.verify = verify
        if state and [*state.types] != [each.name for each in variables]:
            raise ProgressError([Problem("types", "the progress is that of a write of other parameters")])
        self.state = state or WriteState({each.name: context.typed(each, each.name).type for each in variables})
        self._reader = Reader((), context.quirks, self.state.reading)

    def next(self) -> AcsRequest | None:
        """What to send now; None when the write is over."""
        match self.state.phase:
            case Phase.WRITING | Phase.RETRYING:
                return SetParameterValues(tuple(self._sent(each) for each in self.variables))
            case Phase.LEARNING | Phase.VERIFYING:
                return self._reader.next()
            case Phase.DONE:
                return None

    def take(self, answer: CpeResponse | Fault) -> None:
        """The answer to it."""
        self.state.lost = False
        match self.state.phase, answer:
            case ((Phase.WRITING | Phase.RETRYING), SetParameterValuesResponse()):
                self._accepted(answer.status)
            case ((Phase.WRITING | Phase.RETRYING), Fault()):
                self._refused(answer)
            case _:
                self._reader.take(answer)
                self._after_reading()

    def lose(self) -> None:
        """No answer came. A write is repeated: the same values once more do no harm."""
        match self.state.phase:
            case Phase.WRITING | Phase.RETRYING:
                self.state.lost = True
            case Phase.VERIFYING:
                # It was done. A device that falls silent over a read-back must not have its set called failed.
                self.state.silent = True
                self.state.phase = Phase.DONE
            case _:
                self._reader.lose()
                self._after_reading()

    @property
    def fault(self) -> OperationFault | None:
        """Why it was refused; None when it was not."""
        if self.state.fault is None or self.state.status is not None or self.state.lost:
            return None
        return OperationFault.of(self.state.fault)

    @property
    def learned_batch(self) -> int | None:
        """See ``Reader.learned_batch``."""
        return self._reader.learned_batch

    def read_values(self) -> tuple[ParameterValue, ...]:
        """All that was read on the way."""
        values = self.state.learned | self._found
        return tuple(ParameterValue(name, found.value, found.type) for name, found in values.items())

    def results(self) -> list[VariableResult]:
        """What became of each variable."""
        own = own_faults(self.state.fault) if self.state.fault and self.fault else {}
        results = []
        for variable in self.variables:
            fault = own.get(variable.name)
            status = VariableStatus.REFUSED if fault else self._status()
            found = self._found.get(variable.name)
            results.append(
                VariableResult(
                    variable.name,
                    status,
                    variable.value,
                    self.state.types[variable.name],
                    fault,
                    verified=self._is_verified(variable),
                    found=found.value if found else None,
                )
            )
        return results

    def summary(self) -> dict[str, JSON]:
        """What else there is to tell of a write that was accepted."""
        verified = {each.name: self._is_verified(each) for each in self.variables}
        mismatches = [name for name, same in verified.items() if same is False]
        told: dict[str, JSON] = {
            "status": self.state.status,
            "applied": self.state.status == 0,
            "verified": False if mismatches else True in verified.values() or None,
            "mismatches": mismatches,
        }
        message = self._message(mismatches)
        return {**told, "message": message} if message else told

    def _sent(self, variable: Variable) -> ParameterValue:
        kind = self.state.types[variable.name]
        return ParameterValue(variable.name, to_text(kind, variable.value or "", self.context.quirks.style), kind)

    def _accepted(self, status: int) -> None:
        self.state.status = status
        # It tells of the time before.
        self.state.learned.clear()
        names = [each.name for each in self.variables if self.context.can_read_back(each.name)]
        if status == 0 and self.verify and self.context.quirks.read_back and names:
            self._read(names, Phase.VERIFYING)
        else:
            self.state.phase = Phase.DONE

    def _refused(self, fault: Fault) -> None:
        self.state.fault = fault
        suspects = [each.name for each in self.variables if is_guessed(each.value_type)]
        if fault.parameters:
            own = own_faults(fault)
            suspects = [name for name in suspects if name in own and own[name].code == CpeFault.INVALID_PARAMETER_TYPE]
        elif fault.code != CpeFault.INVALID_PARAMETER_TYPE:
            suspects = []
        if suspects and self.state.phase is Phase.WRITING:
            self._read(suspects, Phase.LEARNING)
        else:
            self.state.phase = Phase.DONE

    def _read(self, names: Sequence[str], phase: Phase) -> None:
        self._reader = Reader(names, self.context.quirks)
        self.state.reading = self._reader.state
        self.state.phase = phase

    def _after_reading(self) -> None:
        if self._reader.next() is not None:
            return
        if self.state.phase is Phase.VERIFYING:
            self.state.phase = Phase.DONE
            return
        self.state.learned = self._reader.state.values
        self.state.reading = None
        before = dict(self.state.types)
        for variable in self.variables:
            found = self.state.learned.get(variable.name)
            self.state.types[variable.name] = better_type(
                variable.value or "", before[variable.name], found.type if found else None
            )
        # Without anything new the second try would be the first again.
        self.state.phase = Phase.RETRYING if self.state.types != before else Phase.DONE

    @property
    def _found(self) -> dict[str, TypedValue]:
        """What was read back."""
        return self.state.reading.values if self.state.reading and self.state.status is not None else {}

    def _is_verified(self, variable: Variable) -> bool | None:
        found = self._found.get(variable.name)
        return means_the_same(self._sent(variable), found) if found else None

    def _status(self) -> VariableStatus:
        if self.state.status is not None:
            return VariableStatus.APPLIED if self.state.status == 0 else VariableStatus.ACCEPTED
        return VariableStatus.UNKNOWN if self.state.lost else VariableStatus.SKIPPED

    def _message(self, mismatches: Sequence[str]) -> str | None:
        if self.state.status != 0:
            return _LATER
        if mismatches:
            return _MISMATCH
        if self.state.silent or self.state.phase is Phase.VERIFYING:
            return _NO_READ_BACK
        return _UNREADABLE if self.state.reading and self.state.reading.faults else None
