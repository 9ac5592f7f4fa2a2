"""An operation: what an operator wants done on one device, and what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from cwmp_schemas.faults import Fault, ParameterFault
from cwmp_schemas.rpc.parameters import ParameterValue
from cwmp_schemas.values import XsdType

JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"
"""What a JSON document can hold."""

JSONObject: TypeAlias = Mapping[str, JSON]
"""A JSON object."""


class OperationKind(StrEnum):
    """What is to be done; the words of the management API."""

    GET = "get"
    SET = "set"
    ADD_OBJECT = "add.obj"
    DELETE_OBJECT = "del.obj"
    REBOOT = "reboot"
    FACTORY = "factory"
    DEVICE_FACTORY = "device_factory"
    SYNC = "sync"
    RECONF = "reconf"
    DOWNLOAD = "download"
    UPLOAD = "upload"
    RPC = "rpc"


@dataclass(frozen=True, slots=True)
class Variable:
    """One path of a request."""

    name: str
    """A parameter, or an object or partial path ending in a dot; ``{i}`` stands for an instance yet to be added."""
    value: str | None = field(default=None, repr=False)
    """What to set; None where nothing is set."""
    value_type: str | None = None
    """What the operator calls the value's type: ``string``, ``integer``, ``boolean``, or a CWMP type."""


@dataclass(frozen=True, slots=True)
class Operation:
    """What an operator wants done on one device."""

    kind: OperationKind
    """What to do."""
    variables: tuple[Variable, ...] = ()
    """With which paths, for the kinds that have any."""
    method: str = ""
    """The RPC to send, for ``rpc``."""
    arguments: JSONObject = field(default_factory=dict, repr=False)
    """The RPC's arguments, for ``rpc``, ``download`` and ``upload``; they may hold passwords."""
    verify: bool = True
    """Read back what was set."""


@dataclass(frozen=True, slots=True)
class OperationFault:
    """Why something was not done."""

    string: str
    """The device's words, or our own sentence."""
    code: int | None = None
    """The CWMP fault code; None when the device named none or when it is the server that says so."""
    parameters: tuple[ParameterFault, ...] = ()
    """The parameters it is about, each with its own fault."""

    @classmethod
    def of(cls, fault: Fault) -> "OperationFault":
        """What a device answered."""
        return cls(fault.string, fault.code or None, fault.parameters)


class VariableStatus(StrEnum):
    """What became of one variable."""

    READ = "read"
    """Its value, or those of the parameters below it, were read."""
    APPLIED = "applied"
    """It was set, added or deleted, or was already as wanted."""
    ACCEPTED = "accepted"
    """The device accepted it and will apply it later (Status 1)."""
    REFUSED = "refused"
    """It was not done; its fault says why."""
    SKIPPED = "skipped"
    """It was not done, because of another variable or because the operation ended before."""
    PENDING = "pending"
    """It is still to be done."""
    UNKNOWN = "unknown"
    """It was sent and no answer came: it may or may not have been done."""


@dataclass(frozen=True, slots=True)
class VariableResult:
    """What became of one variable, in the order of the request."""

    name: str
    """As in the request."""
    status: VariableStatus
    """What became of it."""
    value: str | None = field(default=None, repr=False)
    """The value read, or sent."""
    type: XsdType | None = None
    """The type it was read, or sent, as."""
    fault: OperationFault | None = None
    """Why it was not done; of a partial path also which parameters below it could not be read."""
    values: tuple[ParameterValue, ...] | None = field(default=None, repr=False)
    """What was read below a partial path; None for anything else."""
    path: str | None = None
    """The full path, where ``{i}`` or a new instance made it another than the name."""
    instance_number: int | None = None
    """Of an object that was added; None too when the device named none."""
    verified: bool | None = None
    """Whether reading back showed the value that was sent; None when that is not known."""
    found: str | None = field(default=None, repr=False)
    """What reading back showed."""


class OutcomeState(StrEnum):
    """How the RPCs of an operation ended; proof that comes later, as an event, is another matter."""

    COMPLETED = "completed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """Something that must not be repeated was sent, and no answer came."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an operation."""

    state: OutcomeState
    """How it ended."""
    fault: OperationFault | None = None
    """Why it did not complete."""
    variables: tuple[VariableResult, ...] = ()
    """What became of each variable, in the request's order; of ``sync`` and ``reconf``, of each setting."""
    result: JSONObject = field(default_factory=dict, repr=False)
    """What else there is to tell."""
    learned: tuple[ParameterValue, ...] = field(default=(), repr=False)
    """Every value that was read on the way, with the type the device gave it."""
    gpv_batch: int | None = None
    """The number of names the device turned out to bear in one read, if fewer than was assumed."""
    spv_batch: int | None = None
    """The number of names the device turned out to bear in one write, if fewer than was assumed."""
