"""Desired settings against what is known of a device: ``sync``, ``reconf``, and what is due at a session's end."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from acs.domain.operation import JSON, Outcome, OutcomeState, VariableStatus
from acs.domain.secret_names import MASK
from acs.domain.setting import KnownParameter, Setting
from acs.provisioning.context import Context
from acs.provisioning.plan import End, first_fault
from acs.provisioning.pushing import Push, PushState
from acs.provisioning.reading import Reader, Reading
from acs.provisioning.value_types import TypedValue, is_secret, means_the_same
from cwmp_schemas.faults import Fault
from cwmp_schemas.messages import AcsRequest, CpeResponse
from cwmp_schemas.paths import covers
from cwmp_schemas.rpc.parameters import ParameterValue

_UNKNOWN: Final = KnownParameter(None)


def due_settings(context: Context) -> list[str]:
    """The settings that the device is not known to have, going by what it last said.

    One that it was never asked about, and a secret, which reads back empty, is due until it was applied once.
    """
    return [name for name, setting in context.settings.items() if _is_due(name, setting, context)]


def _is_due(name: str, setting: Setting, context: Context) -> bool:
    known = context.known.get(name)
    if known is None or known.value is None or not context.can_read_back(name):
        return not setting.applied
    return not _has(name, setting, known, context)


def _has(name: str, setting: Setting, known: KnownParameter, context: Context) -> bool:
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
    """What ``sync`` reads."""
    drifted: list[str] = field(default_factory=list)
    """Which settings the device was found not to have."""
    push: PushState | None = None
    """The push; None while the device is still read."""


class SettingsProcedure:
    """Reads the managed part of the device when asked to, and pushes the settings it does not have; else all."""

    def __init__(self, context: Context, *, compare: bool, state: SettingsState | None = None) -> None:
        self.context = context
        fingerprint = _fingerprint(context.settings)
        self.state = state if state and state.fingerprint == fingerprint else SettingsState(fingerprint)
        self._reader = Reader(_to_read(context) if compare else (), context.quirks, self.state.reading)
        self._push = Push((), context, self.state.push) if self.state.push else None
        if self._push is None:
            self.state.reading = self._reader.state if compare else None
            self._after_reading()

    def next(self) -> AcsRequest | None:
        """The RPC to send now."""
        return self._push.next() if self._push else self._reader.next()

    def take(self, answer: CpeResponse | Fault) -> None:
        """The answer to it."""
        if self._push:
            self._push.take(answer)
        else:
            self._reader.take(answer)
            self._after_reading()

    def lose(self) -> None:
        """No answer came."""
        if self._push:
            self._push.lose()
        else:
            self._reader.lose()
            self._after_reading()

    def outcome(self, end: End | None) -> Outcome:
        """Completed when the device has every setting."""
        push = self._push or Push(self.context.settings, self.context)
        ended = end.fault if end else None
        variables = tuple(push.result(name, setting, ended) for name, setting in self.context.settings.items())
        is_done = all(each.status in {VariableStatus.APPLIED, VariableStatus.ACCEPTED} for each in variables)
        state, fault = OutcomeState.COMPLETED, None
        if end:
            state, fault = end.state, end.fault
        elif not is_done:
            state, fault = OutcomeState.FAILED, first_fault(variables)
        # What was read of a setting that has been applied since is no longer true.
        changed = {each.name for each in variables if each.status is VariableStatus.APPLIED} & push.state.types.keys()
        learned = self._reader.state.values | push.state.learned
        return Outcome(
            state,
            fault,
            variables,
            {"drifted": [self._told(name) for name in self.state.drifted]} if self.state.reading else {},
            learned=tuple(
                ParameterValue(name, found.value, found.type) for name, found in learned.items() if name not in changed
            ),
            gpv_batch=self._reader.learned_batch,
            spv_batch=push.learned_batch,
        )

    def _after_reading(self) -> None:
        if self._reader.next() is not None:
            return
        context, due = self.context, list(self.context.settings)
        if self.state.reading:
            context = _informed(context, self.state.reading)
            drifted = {name for name, setting in context.settings.items() if _has_drifted(name, setting, context)}
            self.state.drifted = [name for name in due if name in drifted]
            due = [name for name in due if name in drifted or _is_untold(name, context)]
        self._push = Push(due, context)
        self.state.push = self._push.state

    def _told(self, name: str) -> JSON:
        found = self.state.reading.values.get(name) if self.state.reading else None
        wanted = self.context.settings[name].value
        if is_secret(name, self.context.lookup):
            return {"name": name, "wanted": MASK, "found": MASK}
        return {"name": name, "wanted": wanted, "found": found.value if found else None}


def _informed(context: Context, reading: Reading) -> Context:
    """The context with what was just read in the place of what was known; what was not found has no value."""
    known = {
        name: replace(each, value=None) if context.can_read_back(name) else each for name, each in context.known.items()
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


def _fingerprint(settings: Mapping[str, Setting]) -> str:
    plain = [[name, each.value, each.value_type] for name, each in settings.items()]
    return hashlib.sha256(json.dumps(plain).encode()).hexdigest()
