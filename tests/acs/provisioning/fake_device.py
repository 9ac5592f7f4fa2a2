"""A device that is a table of parameters and a few bad habits, and drivers that carry a plan out on it."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from acs.domain.operation import Operation, OperationKind, Outcome, Variable, VariableResult
from acs.provisioning.context import Context
from acs.provisioning.plan import Plan, is_repeatable
from acs.provisioning.planner import plan_for
from cwmp_schemas.datamodel import lookup
from cwmp_schemas.faults import Fault, ParameterFault
from cwmp_schemas.messages import AcsRequest, CpeResponse
from cwmp_schemas.rpc.control import AddObject, AddObjectResponse, DeleteObject, DeleteObjectResponse
from cwmp_schemas.rpc.parameters import (
    GetParameterNames,
    GetParameterNamesResponse,
    GetParameterValues,
    GetParameterValuesResponse,
    ParameterInfo,
    ParameterValue,
    SetParameterValues,
    SetParameterValuesResponse,
)
from cwmp_schemas.values import XsdType, to_python

R = TypeVar("R")

# What the type checker is to see of the bundled data model.
DATA_MODEL = lookup


@dataclass
class FakeDevice:
    """Answers RPCs; the defaults are a device without faults."""

    values: dict[str, str]
    """Its parameters."""
    types: dict[str, XsdType] = field(default_factory=dict)
    """Their types, where they are not strings."""
    refuses: dict[str, int] = field(default_factory=dict)
    """Names it refuses to read or write, and with which code."""
    max_names: int | None = None
    """The most names it bears in a request."""
    too_many: int = 9004
    """What it says to more."""
    max_values: int | None = None
    """The most values it puts into an answer; the rest it leaves out in silence."""
    too_big: int | None = None
    """The most values below a path that it answers; more are a fault."""
    names_none: bool = False
    """Whether its faults name no parameters."""
    ignores: Collection[str] = ()
    """Names it pretends to write."""
    spells: Mapping[str, str] = field(default_factory=dict)
    """Values that it writes in its own way."""
    hides: Collection[str] = ()
    """Names that read back empty."""
    status: int = 0
    """Its Status to what it accepts."""
    numbers: bool = True
    """Whether it names the instances that it adds."""
    next_instance: int = 1
    """The number of the next instance."""
    ignores_next_level: bool = False
    """Whether it lists everything below a path, whatever is asked."""
    sent: list[AcsRequest] = field(default_factory=list)
    """The RPCs it was sent."""

    def answer(self, rpc: AcsRequest) -> CpeResponse | Fault:
        self.sent.append(rpc)
        match rpc:
            case GetParameterValues():
                return self._get(rpc.parameter_names)
            case GetParameterNames():
                return self._list(rpc.parameter_path, next_level=rpc.next_level)
            case SetParameterValues():
                return self._set(rpc.parameter_list)
            case AddObject():
                return self._add(rpc.object_name)
            case DeleteObject():
                return self._delete(rpc.object_name)
        return Fault(9000, "Method not supported")

    def sent_of(self, cls: type[R]) -> list[R]:
        return [rpc for rpc in self.sent if isinstance(rpc, cls)]

    def read(self, name: str) -> ParameterValue:
        kind = self.types.get(name, XsdType.STRING)
        return ParameterValue(name, "" if name in self.hides else self.values[name], kind)

    def _get(self, names: Sequence[str]) -> CpeResponse | Fault:
        if self.max_names is not None and len(names) > self.max_names:
            return Fault(self.too_many, "too many names")
        found: list[str] = []
        for name in names:
            if name in self.refuses:
                return Fault(self.refuses[name], f"{name} is refused")
            below = [each for each in self.values if each == name or (is_path(name) and each.startswith(name))]
            if not below and not is_path(name):
                return Fault(9005, "Invalid parameter name")
            if self.too_big is not None and len(below) > self.too_big:
                return Fault(9004, "too big")
            found += below
        return GetParameterValuesResponse(tuple(self.read(name) for name in found[: self.max_values]))

    def _list(self, path: str, *, next_level: bool) -> CpeResponse | Fault:
        if path in self.refuses:
            return Fault(self.refuses[path], f"{path} is refused")
        entries: dict[str, None] = {path: None} if path else {}
        for name in self.values:
            if not name.startswith(path):
                continue
            steps = name[len(path) :].split(".")
            for depth in range(1, 2 if next_level and not self.ignores_next_level else len(steps) + 1):
                dot = "." if depth < len(steps) else ""
                entries[path + ".".join(steps[:depth]) + dot] = None
        return GetParameterNamesResponse(tuple(ParameterInfo(name, True) for name in entries))

    def _set(self, values: Sequence[ParameterValue]) -> CpeResponse | Fault:
        if self.max_names is not None and len(values) > self.max_names:
            return Fault(self.too_many, "too many names")
        faults = tuple(ParameterFault(each.name, code, "no") for each in values if (code := self._objection(each)))
        if faults:
            if self.names_none:
                return Fault(faults[0].code if len(values) == 1 else 9003, "no")
            return Fault(9003, "Invalid arguments", faults)
        for each in values:
            if each.name not in self.ignores:
                self.values[each.name] = self.spells.get(each.value, each.value)
        return SetParameterValuesResponse(self.status)

    def _objection(self, wanted: ParameterValue) -> int:
        if wanted.name in self.refuses:
            return self.refuses[wanted.name]
        if wanted.name not in self.values:
            return 9005
        kind = self.types.get(wanted.name, XsdType.STRING)
        if wanted.type is not kind:
            return 9006
        try:
            to_python(kind, wanted.value)
        except ValueError:
            return 9007
        return 0

    def _add(self, table: str) -> CpeResponse | Fault:
        if table in self.refuses:
            return Fault(self.refuses[table], f"{table} is refused")
        number, self.next_instance = self.next_instance, self.next_instance + 1
        for leaf in ("Name", "Enable", "SSID"):
            self.values[f"{table}{number}.{leaf}"] = ""
        self.types[f"{table}{number}.Enable"] = XsdType.BOOLEAN
        return AddObjectResponse(number if self.numbers else 0, self.status)

    def _delete(self, path: str) -> CpeResponse | Fault:
        below = [name for name in self.values if name.startswith(path)]
        if not below:
            return Fault(9005, "Invalid parameter name")
        for name in below:
            del self.values[name]
        return DeleteObjectResponse(self.status)


def is_path(name: str) -> bool:
    return not name or name.endswith(".")


def tree(count: int, path: str = "Device.X.") -> dict[str, str]:
    """That many parameters below a path, with their numbers as values."""
    return {f"{path}P{number}": str(number) for number in range(count)}


def operation(kind: OperationKind, *variables: str | tuple[str, ...], **more: Any) -> Operation:
    """An operation on variables given as name, (name, value) or (name, value, type)."""
    parts = [(each,) if isinstance(each, str) else each for each in variables]
    return Operation(kind, tuple(Variable(*each) for each in parts), **more)


def drive(plan: Plan, device: FakeDevice, lose: Collection[int] = (), *, done: bool = False) -> Outcome:
    """Carry a plan out; the answers to the RPCs with these numbers are lost, and those RPCs ``done`` or not."""
    number = 0
    while (rpc := plan.next()) is not None:
        if number in lose:
            if done:
                device.answer(rpc)
            else:
                device.sent.append(rpc)
            plan.lost()
        else:
            plan.answered(device.answer(rpc))
        number += 1
    return plan.outcome


def drive_anew(
    wanted: Operation, context: Context, device: FakeDevice, lose: Collection[int] = (), *, done: bool = False
) -> Outcome:
    """The same, but every RPC is sent by a plan made anew from what JSON keeps of the progress."""
    number, saved = 0, ""
    while True:
        plan = plan_for(wanted, context, json.loads(saved) if saved else None)
        rpc = plan.next()
        if rpc is None:
            return plan.outcome
        if number in lose:
            if done:
                device.answer(rpc)
            else:
                device.sent.append(rpc)
            plan = plan_for(wanted, context, json.loads(saved) if saved else None)
            assert plan.next() == rpc, "a plan made anew asks for the same"
            plan.lost()
        else:
            plan.answered(device.answer(rpc))
        saved = json.dumps(plan.progress())
        number += 1


def run(wanted: Operation, device: FakeDevice, context: Context | None = None, lose: Collection[int] = ()) -> Outcome:
    """The outcome of an operation on a device."""
    return drive(plan_for(wanted, context or Context()), device, lose)


def by_name(outcome: Outcome) -> Mapping[str, VariableResult]:
    """The results by their names."""
    return {each.name: each for each in outcome.variables}


def harmful(device: FakeDevice) -> list[AcsRequest]:
    """What the device was sent that must not be repeated."""
    return [rpc for rpc in device.sent if not is_repeatable(rpc)]
