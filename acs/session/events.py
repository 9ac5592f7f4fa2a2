"""What a session tells its driver. Everything here is made durable before the answer of the same post goes out."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from cwmp_schemas.faults import Fault
from cwmp_schemas.messages import CpeRequest, CpeResponse, Message
from cwmp_schemas.rpc.session import Inform


class EndReason(StrEnum):
    """Why a session ended; the whole list."""

    DONE = "done"
    IDLE_TIMEOUT = "idle timeout"
    SESSION_TIMEOUT = "session timeout"
    SUPERSEDED = "superseded"
    CLOSED = "closed"
    EMPTY_POSTS = "too many empty posts"
    LOST_ANSWERS = "too many lost answers"
    NO_COMMON_VERSION = "no common version"


@dataclass(frozen=True, slots=True)
class Informed:
    """The device has opened the session."""

    inform: Inform
    """What it said."""
    repeated: bool
    """Whether this session's Inform came before; our InformResponse was lost."""


@dataclass(frozen=True, slots=True)
class Requested:
    """The device asked or reported something, to be recorded before it is acknowledged. It may come again."""

    request: CpeRequest
    """The request; never an Inform."""


@dataclass(frozen=True, slots=True)
class Unsupported:
    """The device sent something that we do not serve; it is answered with fault 8000."""

    message: Message
    """What it sent."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The RPC that was out is answered."""

    rpc_id: str
    """The RPC's ID, as ``send`` gave it; the device may have answered under another one."""
    method: str
    """The RPC's name."""
    answer: CpeResponse | Fault
    """The response, or why there is none."""


@dataclass(frozen=True, slots=True)
class RpcLost:
    """The RPC that was out will not be answered in its turn; whether the device carried it out is unknown."""

    rpc_id: str
    """The RPC's ID."""
    method: str
    """The RPC's name."""


@dataclass(frozen=True, slots=True)
class AnsweredLate:
    """The answer to an RPC that was reported as lost has come after all."""

    rpc_id: str
    """The RPC's ID."""
    method: str
    """The RPC's name."""
    answer: CpeResponse | Fault
    """The response, or why there is none."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The session is over; the last event."""

    reason: str
    """One of ``EndReason``."""


SessionEvent: TypeAlias = Informed | Requested | Unsupported | Answered | RpcLost | AnsweredLate | Ended
"""Anything a session may tell."""
