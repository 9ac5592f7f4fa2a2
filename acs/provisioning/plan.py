"""A plan: the RPCs of one operation, one at a time, each chosen after the answer to the one before.

The driver's order is ``next()``, which gives an RPC or None when nothing is left to send; then exactly one of
``answered()`` and ``lost()`` (it was sent, and whether it was carried out is not known). After either, ``progress()``
is all that another process needs to go on, in this session of the device or a later one: a plan made anew from the
operation and that progress gives the same RPC again. So after a crash between an RPC and its answer, the new plan is
told ``next()`` and ``lost()``. A progress holds what was read so far, secrets among it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from acs.domain.operation import JSON, OperationFault, OperationKind, Outcome, OutcomeState, VariableResult
from acs.provisioning.errors import LimitError, OrderError
from acs.provisioning.plain import to_plain
from acs.provisioning.quoted import fault_without, secrets_of
from cwmp_schemas.faults import Fault
from cwmp_schemas.messages import AcsRequest, CpeResponse, Message, answers, method_of
from cwmp_schemas.rpc.options import GetOptions
from cwmp_schemas.rpc.parameters import (
    GetParameterAttributes,
    GetParameterNames,
    GetParameterValues,
    SetParameterAttributes,
    SetParameterValues,
)
from cwmp_schemas.rpc.session import GetRPCMethods
from cwmp_schemas.rpc.transfers import GetAllQueuedTransfers, GetQueuedTransfers

MAX_RPCS: Final = 10_000
"""How many RPCs one plan may send."""

# Whatever is not listed may do harm when it is done twice, or answers a second time with a fault that misleads.
_REPEATABLE: Final = frozenset(
    {
        GetRPCMethods,
        GetParameterNames,
        GetParameterValues,
        GetParameterAttributes,
        GetQueuedTransfers,
        GetAllQueuedTransfers,
        GetOptions,
        SetParameterValues,
        SetParameterAttributes,
    }
)


def is_repeatable(rpc: AcsRequest) -> bool:
    """Whether an RPC may be sent again when it is not known whether it was carried out."""
    return type(rpc) in _REPEATABLE


@dataclass(frozen=True, slots=True)
class End:
    """Why a plan ended before it was done."""

    state: OutcomeState
    """``unknown`` when the RPC that was out must not be repeated, else ``failed``."""
    fault: OperationFault
    """The reason."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a plan is."""

    kind: OperationKind
    """What it carries out."""
    rpcs: int
    """How many RPCs were sent."""
    end: End | None
    """Why it ended, if it did before it was done."""
    state: Any
    """What its procedure remembers."""


class Procedure(Protocol):
    """One way of carrying something out. What it remembers between two RPCs is a dataclass with a plain form."""

    @property
    def state(self) -> object:
        """Everything that must outlive the process."""

    def next(self) -> AcsRequest | None:
        """The RPC to send now, the same until it is settled; None when it is done."""

    def take(self, answer: CpeResponse | Fault) -> None:
        """The answer to it, of the right kind or a fault. LimitError ends the plan."""

    def lose(self) -> None:
        """No answer came. Only told of RPCs that are repeatable."""

    def outcome(self, end: End | None) -> Outcome:
        """What became of it; ``end`` says why it ended before it was done."""


class Plan:
    """One operation on its way."""

    def __init__(self, kind: OperationKind, procedure: Procedure, rpcs: int = 0, end: End | None = None) -> None:
        self.kind = kind
        self._procedure = procedure
        self._rpcs = rpcs
        self._end = end
        self._sent: AcsRequest | None = None
        self._lost: AcsRequest | None = None

    def next(self) -> AcsRequest | None:
        """The RPC to send now; None when nothing is left to send."""
        if self._sent is not None:
            raise OrderError(f"{method_of(self._sent)} is out: it must be answered or lost before the next RPC")
        self._sent = None if self._end else self._procedure.next()
        return self._sent

    def answered(self, answer: CpeResponse | Fault) -> None:
        """The device's answer to the RPC that is out."""
        rpc = self._settle("answered")
        if isinstance(answer, Fault):
            # From here on it is kept and shown.
            answer = fault_without(answer, secrets_of(rpc))
        if not answers(answer, method_of(rpc)):
            said = f"{_shown(rpc)} was answered with {_shown(answer)}"
            if not is_repeatable(rpc):
                self._end = End(OutcomeState.UNKNOWN, OperationFault(f"{said}, so whether it was done is not known"))
                return
            answer = Fault(0, said)
        try:
            self._procedure.take(answer)
        except LimitError as error:
            self._end = End(OutcomeState.FAILED, OperationFault(str(error)))
        self._check_bound()

    def lost(self) -> None:
        """The RPC that is out was sent, no answer will come, and whether it was carried out is not known."""
        rpc = self._settle("lost")
        if is_repeatable(rpc):
            self._procedure.lose()
            self._check_bound()
        else:
            self._lost = rpc
            why = "was sent and no answer came; it is not repeated, because it may have been done"
            self._end = End(OutcomeState.UNKNOWN, OperationFault(f"{_shown(rpc)} {why}"))

    def answered_late(self, answer: CpeResponse) -> bool:
        """The answer to the RPC that counted as lost; whether that completes the plan, which else stays as it is."""
        rpc, ended = self._lost, self._end
        if rpc is None or not answers(answer, method_of(rpc)):
            return False
        self._lost = self._end = None
        self._procedure.take(answer)
        if not self.is_over or self.outcome.state is not OutcomeState.COMPLETED:
            # What would be next is not done.
            self._end = ended
            return False
        return True

    def give_up(self, reason: str) -> None:
        """End the plan as failed, for a reason outside of it: its attempts or its time are used up."""
        if self.is_over:
            raise OrderError("the plan is over and cannot be given up")
        self._end = End(OutcomeState.FAILED, OperationFault(reason))

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to send."""
        if self._sent is not None:
            raise OrderError(f"{method_of(self._sent)} is out: it must be answered or lost first")
        return self._end is not None or self._procedure.next() is None

    @property
    def outcome(self) -> Outcome:
        """What became of the operation."""
        if not self.is_over:
            raise OrderError("the plan is not over, so it has no outcome yet")
        return self._procedure.outcome(self._end)

    def progress(self) -> dict[str, JSON]:
        """How far the plan is, as plain JSON data; what is out counts as not sent."""
        state = to_plain(self._procedure.state, secrets=True)
        return to_plain(Progress(self.kind, self._rpcs, self._end, state), secrets=True)

    def _settle(self, what: str) -> AcsRequest:
        if self._sent is None:
            raise OrderError(f"no RPC is out that could be {what}")
        rpc, self._sent = self._sent, None
        self._rpcs += 1
        return rpc

    def _check_bound(self) -> None:
        if self._end is None and self._rpcs >= MAX_RPCS and self._procedure.next() is not None:
            self._end = End(OutcomeState.FAILED, OperationFault(f"it was not done within {MAX_RPCS} RPCs"))


def first_fault(results: Iterable[VariableResult]) -> OperationFault | None:
    """The fault of the first variable that has one."""
    return next((each.fault for each in results if each.fault), None)


def _shown(message: Message) -> str:
    return ascii(method_of(message)[:128])[1:-1]
