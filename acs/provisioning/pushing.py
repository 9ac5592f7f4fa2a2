"""Pushing desired settings in batches: one that is refused does not hold back the others."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from acs.domain.operation import OperationFault, VariableResult, VariableStatus
from acs.domain.setting import Setting
from acs.provisioning.batches import LOSSES, TOO_MUCH, Batches
from acs.provisioning.context import Context
from acs.provisioning.reading import Reader, Reading
from acs.provisioning.value_types import TypedValue, better_type
from acs.provisioning.writing import is_guessed, own_faults
from cwmp_schemas.faults import CpeFault, Fault
from cwmp_schemas.messages import AcsRequest, CpeResponse
from cwmp_schemas.rpc.parameters import ParameterValue, SetParameterValues, SetParameterValuesResponse
from cwmp_schemas.values import XsdType, to_text

_NO_ANSWER = OperationFault("it was sent twice, and no answer came")
_READ_ONLY = OperationFault("the device lists the parameter as read-only")


@dataclass(frozen=True, slots=True)
class Pushed:
    """How the push of one setting ended."""

    status: VariableStatus
    """Applied, accepted, refused, or pending when no answer came."""
    fault: OperationFault | None = None
    """Why it was not done."""


@dataclass(slots=True)
class PushState:
    """What a push must remember between two RPCs; the values themselves stay in the settings."""

    batches: Batches
    """What is still to be sent."""
    types: dict[str, XsdType]
    """The type each is sent as."""
    ended: dict[str, Pushed] = field(default_factory=dict)
    """Those that are done with."""
    suspects: dict[str, OperationFault] = field(default_factory=dict)
    """Those of the next batch that were refused for their type, until the type they have is read."""
    retried: list[str] = field(default_factory=list)
    """Those whose type was read; it is not read again."""
    reading: Reading | None = None
    """The read of types that is going on."""
    learned: dict[str, TypedValue] = field(default_factory=dict)
    """What was read."""
    losses: int = 0
    """How often the present batch got no answer."""


class Push:
    """Plans the push of some of the context's settings."""

    def __init__(self, names: Iterable[str], context: Context, state: PushState | None = None) -> None:
        self.context = context
        self.state = state or _started(names, context)
        self._reader = Reader((), context.quirks, self.state.reading)

    def next(self) -> AcsRequest | None:
        """The RPC to send now; None when every setting is done with."""
        if self.state.reading:
            return self._reader.next()
        if not self.state.batches:
            return None
        return SetParameterValues(tuple(map(self.sent, self.state.batches.head())))

    def take(self, answer: CpeResponse | Fault) -> None:
        """The answer to it."""
        self.state.losses = 0
        if self.state.reading:
            self._reader.take(answer)
            self._after_reading()
        elif isinstance(answer, Fault):
            self._refused(answer)
        elif isinstance(answer, SetParameterValuesResponse):
            status = VariableStatus.ACCEPTED if answer.status else VariableStatus.APPLIED
            self._end(dict.fromkeys(self.state.batches.head(), Pushed(status)))

    def lose(self) -> None:
        """No answer came: send the same again, then less."""
        if self.state.reading:
            self._reader.lose()
            self._after_reading()
            return
        self.state.losses += 1
        if self.state.losses < LOSSES:
            return
        self.state.losses = 0
        if len(self.state.batches.head()) > 1:
            self.state.batches.split(shrink=True)
        else:
            self.state.ended[self.state.batches.blame()] = Pushed(VariableStatus.PENDING, _NO_ANSWER)

    def sent(self, name: str) -> ParameterValue:
        """A setting as it is sent."""
        kind = self.state.types[name]
        return ParameterValue(name, to_text(kind, self.context.settings[name].value, self.context.quirks.style), kind)

    @property
    def learned_batch(self) -> int | None:
        """The batch size the device turned out to bear, if smaller than assumed."""
        size = self.state.batches.size
        return size if size < self.context.quirks.spv_batch else None

    def result(self, name: str, setting: Setting, ended: OperationFault | None) -> VariableResult:
        """How a setting ended; one that was not to be pushed is as wanted."""
        if name not in self.state.types and name not in self.state.ended:
            return VariableResult(name, VariableStatus.APPLIED, setting.value)
        pushed = self.state.ended.get(name) or Pushed(VariableStatus.PENDING, ended)
        return VariableResult(name, pushed.status, setting.value, self.state.types.get(name), pushed.fault)

    def _refused(self, fault: Fault) -> None:
        batch = self.state.batches.head()
        named = own_faults(fault)
        own = {name: named[name] for name in batch if name in named}
        whole = OperationFault.of(fault)
        if fault.code == CpeFault.METHOD_NOT_SUPPORTED:
            self.state.ended |= dict.fromkeys(self.state.batches.names(), Pushed(VariableStatus.REFUSED, whole))
            self.state.batches.clear()
        elif own:
            self._refuse(own)
        elif len(batch) > 1:
            self.state.batches.split(shrink=fault.code in TOO_MUCH)
        elif self._is_suspect(batch[0], whole):
            self._refuse({batch[0]: whole})
        else:
            self.state.ended[self.state.batches.blame()] = Pushed(VariableStatus.REFUSED, whole)

    def _refuse(self, faults: Mapping[str, OperationFault]) -> None:
        """These of the next batch were refused; read the types of those that may have gone out as a wrong one."""
        self.state.suspects = {name: fault for name, fault in faults.items() if self._is_suspect(name, fault)}
        refused = faults.keys() - self.state.suspects.keys()
        self._end({name: Pushed(VariableStatus.REFUSED, faults[name]) for name in refused})
        if self.state.suspects:
            self._reader = Reader(self.state.suspects, self.context.quirks)
            self.state.reading = self._reader.state

    def _is_suspect(self, name: str, fault: OperationFault) -> bool:
        is_about_type = fault.code == CpeFault.INVALID_PARAMETER_TYPE
        return is_about_type and name not in self.state.retried and is_guessed(self.context.settings[name].value_type)

    def _after_reading(self) -> None:
        if self._reader.next() is not None:
            return
        found = self._reader.state.values
        refused: dict[str, Pushed] = {}
        for name, fault in self.state.suspects.items():
            before = self.state.types[name]
            kind = better_type(self.context.settings[name].value, before, found[name].type if name in found else None)
            if kind is before:
                refused[name] = Pushed(VariableStatus.REFUSED, fault)
            self.state.types[name] = kind
        self.state.learned |= found
        self.state.retried.extend(self.state.suspects)
        self.state.suspects = {}
        self.state.reading = None
        self._end(refused)

    def _end(self, ended: Mapping[str, Pushed]) -> None:
        """These of the next batch are done with."""
        self.state.ended |= ended
        left: Sequence[str] = [name for name in self.state.batches.head() if name not in ended]
        self.state.batches.keep(left)


def _started(names: Iterable[str], context: Context) -> PushState:
    types: dict[str, XsdType] = {}
    ended: dict[str, Pushed] = {}
    for name in names:
        known = context.known.get(name)
        try:
            types[name] = context.typed(context.settings[name], name).type
        except ValueError as error:
            ended[name] = Pushed(VariableStatus.REFUSED, OperationFault(str(error)))
            continue
        # Many devices list as read-only what they let be written.
        if known and known.writable is False and not context.quirks.skip_writable_check:
            ended[name] = Pushed(VariableStatus.REFUSED, _READ_ONLY)
    due = (name for name in types if name not in ended)
    return PushState(Batches.of(due, context.quirks.spv_batch), types, ended)
