"""Desired settings against what is known of a device: ``sync``, ``reconf``, and what is due at a session's end."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from acs.domain.operation import JSON, OperationFault, Outcome, OutcomeState, VariableResult, VariableStatus
from acs.domain.secret_names import MASK
from acs.domain.setting import KnownParameter, Setting
from acs.domain.url_logins import masked_logins
from acs.provisioning.context import Context
from acs.provisioning.plan import End, first_fault
from acs.provisioning.pushing import Push, PushState
from acs.provisioning.reading import Reader, Reading, is_partial
from acs.provisioning.value_types import TypedValue, is_secret, means_the_same
from cwmp_schemas.faults import Fault
from cwmp_schemas.messages import AcsRequest, CpeResponse
from cwmp_schemas.paths import covers
from cwmp_schemas.rpc.parameters import ParameterValue

_UNKNOWN: Final = KnownParameter(None)
_IGNORED: Final = OperationFault("the device answered that it took the value, but shows the same as before")


def due_settings(context: Context) -> list[str]:
    """The settings that the device is not known to have, going by what it last said.

    One that it was never asked about, and a secret, which reads back empty, is due until it was applied once; so is one
    of which the device has said nothing since, for it may not have been read back.
    """
    return [name for name, setting in context.settings.items() if _is_due(name, setting, context)]


def _is_due(name: str, setting: Setting, context: Context) -> bool:
    known = context.known.get(name)
    if known is None or known.value is None or not context.can_read_back(name):
        return not setting.applied
    if setting.applied and 0 < known.since < setting.applied_at:
        return False
    return not _has(name, setting, known, context)


def _has(name: str, setting: Setting, known: KnownParameter, context: Context) -> bool:
    if known.value == setting.shown:
        # A device that writes a value in its own way has it all the same: it is not pushed again and again.
        return True
    try:
        wanted = context.typed(setting, name)
    except ValueError:
        # It is found again, and told, when it is to be pushed.
        return False
    return means_the_same(wanted, TypedValue(known.value or "", known.type or wanted.type))


@dataclass(slots=True)
class SettingsState:
    """What ``sync`` and ``reconf`` must remember between two RPCs."""

    fingerprint: str
    """Which settings it is about: when they have changed since, it begins anew."""
    reading: Reading | None = None
    """What is read before anything is pushed."""
    drifted: list[str] = field(default_factory=list)
    """Which settings the device was found not to have."""
    push: PushState | None = None
    """The push; None while the device is still read."""
    before: dict[str, TypedValue] = field(default_factory=dict)
    """What the device showed of those that are pushed, as far as that is known."""
    check: Reading | None = None
    """The read-back; None before it, and when there is nothing to read back."""

    def resumed(self, known: Mapping[str, KnownParameter]) -> "SettingsState | None":
        """The same for a later session, by what is known now; None if nothing was pushed yet.

        What was read was recorded then, and may be otherwise by now.
        """
        if self.push is None or self.reading is None:
            return None
        self.reading.values.clear()
        self.push.learned.clear()
        self.before = _shown_before(self.push, known)
        return self


class SettingsProcedure:
    """Reads the managed part of the device when asked to, and pushes the settings it does not have; else all.

    What was pushed is read back. Of a setting that the device took, but shows as before, it is told that it was refused
    (Huawei HN8145X6N answers Status 0 to a write it ignores). Another value than was sent, and than was there before,
    is the device's own way to write it.
    """

    def __init__(self, context: Context, *, compare: bool, state: SettingsState | None = None) -> None:
        self.context = context
        self.compare = compare
        fingerprint = _fingerprint(context.settings)
        self.state = state if state and state.fingerprint == fingerprint else SettingsState(fingerprint)
        to_read = _to_read(context) if compare else _to_see_before(context)
        self._reader = Reader(to_read, context.quirks, self.state.reading)
        self.state.reading = self._reader.state
        self._push = Push((), context, self.state.push) if self.state.push else None
        self._check = self._checker((), self.state.check) if self.state.check else None
        self._go_on()

    def next(self) -> AcsRequest | None:
        """The RPC to send now."""
        return self._step.next()

    def take(self, answer: CpeResponse | Fault) -> None:
        """The answer to it."""
        self._step.take(answer)
        self._go_on()

    def lose(self) -> None:
        """No answer came."""
        if self._check:
            # As with a set: falling silent over a read-back does not undo what was taken.
            self._check.state.leaves.clear()
        else:
            self._step.lose()
            self._go_on()

    def outcome(self, end: End | None) -> Outcome:
        """Completed when the device has every setting."""
        push = self._push or Push(self.context.settings, self.context)
        ended = end.fault if end else None
        settings = self.context.settings.items()
        variables = tuple(self._judged(push.result(name, setting, ended), push) for name, setting in settings)
        is_done = all(each.status in {VariableStatus.APPLIED, VariableStatus.ACCEPTED} for each in variables)
        state, fault = OutcomeState.COMPLETED, None
        if end and not self._check:
            state, fault = end.state, end.fault
        elif not is_done:
            state, fault = OutcomeState.FAILED, first_fault(variables)
        # What was read of a setting that has been applied since is no longer true.
        changed = {each.name for each in variables if each.status is VariableStatus.APPLIED} & push.state.types.keys()
        learned = self._reader.state.values | push.state.learned
        current = {name: found for name, found in learned.items() if name not in changed} | self._found
        return Outcome(
            state,
            fault,
            variables,
            {"drifted": [self._told(name) for name in self.state.drifted]} if self.compare else {},
            learned=tuple(ParameterValue(name, found.value, found.type) for name, found in current.items()),
            gpv_batch=(self._check and self._check.learned_batch) or self._reader.learned_batch,
            spv_batch=push.learned_batch,
        )

    @property
    def _step(self) -> Reader | Push:
        return self._check or self._push or self._reader

    @property
    def _found(self) -> dict[str, TypedValue]:
        """What was read back."""
        return self._check.state.values if self._check else {}

    def _go_on(self) -> None:
        """Begin the next step when the present one has no more to send."""
        if self._push is None and self._reader.next() is None:
            self._begin_push()
        if self._push and self._check is None and self._push.next() is None:
            self._begin_check(self._push)

    def _begin_push(self) -> None:
        due = list(self.context.settings)
        context = _informed(self.context, self._reader.state, compare=self.compare)
        if self.compare:
            drifted = {name for name, setting in context.settings.items() if _has_drifted(name, setting, context)}
            self.state.drifted = [name for name in due if name in drifted]
            due = [name for name in due if name in drifted or _is_untold(name, context)]
        self._push = Push(due, context)
        self.state.push = self._push.state
        self.state.before = _shown_before(self.state.push, context.known)

    def _begin_check(self, push: Push) -> None:
        ended, context = push.state.ended, self.context
        taken = [name for name, each in ended.items() if each.status is VariableStatus.APPLIED]
        names = [name for name in taken if context.quirks.read_back and context.can_read_back(name)]
        if names:
            self._check = self._checker(names)
            self.state.check = self._check.state

    def _checker(self, names: Iterable[str], state: Reading | None = None) -> Reader:
        """Reads in batches of the size that the device turned out to bear before."""
        return Reader(names, replace(self.context.quirks, gpv_batch=self._reader.state.leaves.size), state)

    def _judged(self, result: VariableResult, push: Push) -> VariableResult:
        """A setting with what reading it back showed; this is the one rule for what the device has ignored."""
        found = self._found.get(result.name)
        if found is None:
            return result
        result = replace(result, verified=means_the_same(push.sent(result.name), found), found=found.value)
        is_its_spelling = found.value == self.context.settings[result.name].shown
        before = self.state.before.get(result.name)
        if result.verified or is_its_spelling or before is None or not means_the_same(before, found):
            return result
        return replace(result, status=VariableStatus.REFUSED, fault=_IGNORED)

    def _told(self, name: str) -> JSON:
        found = self._reader.state.values.get(name)
        wanted = self.context.settings[name].value
        if is_secret(name, self.context.lookup):
            return {"name": name, "wanted": MASK, "found": MASK}
        return {
            "name": name,
            "wanted": masked_logins(wanted),
            "found": masked_logins(found.value) if found else None,
        }


def _shown_before(push: PushState, known: Mapping[str, KnownParameter]) -> dict[str, TypedValue]:
    """What the device shows of those that are to be pushed, as far as that is known."""
    found = ((name, kind, known.get(name, _UNKNOWN)) for name, kind in push.types.items())
    return {name: TypedValue(each.value, each.type or kind) for name, kind, each in found if each.value is not None}


def _informed(context: Context, reading: Reading, *, compare: bool) -> Context:
    """The context with what was just read in the place of what was known; what is missing in a sync has no value."""
    known = {
        name: replace(each, value=None) if compare and context.can_read_back(name) else each
        for name, each in context.known.items()
    }
    for name, found in reading.values.items():
        if name in context.settings:
            known[name] = replace(known.get(name, _UNKNOWN), value=found.value, type=found.type)
    return replace(context, known=known)


def _has_drifted(name: str, setting: Setting, context: Context) -> bool:
    """Whether a setting that can be read was not found, or found to be another."""
    if not context.can_read_back(name):
        return False
    known = context.known.get(name)
    return known is None or known.value is None or not _has(name, setting, known, context)


def _is_untold(name: str, context: Context) -> bool:
    """Whether a setting cannot be read, and was never applied."""
    return not context.can_read_back(name) and not context.settings[name].applied


def _to_read(context: Context) -> list[str]:
    """The managed paths, and the settings outside of them that can be read."""
    outside = (name for name in context.settings if not any(covers(path, name) for path in context.managed))
    return [*context.managed, *(name for name in outside if context.can_read_back(name))]


def _to_see_before(context: Context) -> list[str]:
    """The settings of which it is not known what the device shows now, without which a read-back proves little."""
    if not context.quirks.read_back or context.quirks.rpcs_per_session:
        # To a device that bears few RPCs in a session, the push comes first.
        return []
    unknown = (name for name in context.settings if context.known.get(name, _UNKNOWN).value is None)
    return [name for name in unknown if context.can_read_back(name) and not is_partial(name)]


def _fingerprint(settings: Mapping[str, Setting]) -> str:
    plain = [[name, each.value, each.value_type] for name, each in settings.items()]
    return hashlib.sha256(json.dumps(plain).encode()).hexdigest()
