"""Operations in the queue: how one is kept, and the states of its life."""

from dataclasses import dataclass, field
from enum import StrEnum


class OperationState(StrEnum):
    """Where an operation is in its life."""

    SCHEDULED = "scheduled"
    """For later."""
    QUEUED = "queued"
    """To be done in the device's next session."""
    IN_PROGRESS = "in_progress"
    """Begun; or done as far as RPCs go, and the device has yet to prove it."""
    COMPLETED = "completed"
    FAILED = "failed"
    EXPIRED = "expired"
    """Its time ran out before it was begun; what was begun fails."""
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"
    """Something that must not be repeated was sent, and no answer was ever recorded."""

    @property
    def is_final(self) -> bool:
        """Whether nothing more is done about it; only the device's own proof may still complete it."""
        return self not in {OperationState.SCHEDULED, OperationState.QUEUED, OperationState.IN_PROGRESS}


class Phase(StrEnum):
    """How far an operation in progress is; kept afterwards while a proof may still come."""

    NONE = ""
    CLAIMED = "claimed"
    """A session has it, and nothing that could do harm is out."""
    SENT = "sent"
    """A request that must not be repeated was, or is about to be, sent."""
    AWAITING = "awaiting"
    """The device took the request and has yet to prove that it was carried out."""


class Origin(StrEnum):
    """Who wants an operation."""

    USER = "user"
    SERVER = "server"
    """The server's own housekeeping, which is in nobody's way."""


@dataclass(frozen=True, slots=True)
class QueuedOperation:
    """An operation that is to be queued."""

    public_id: str
    """What it is called outside."""
    device_id: int
    """On which device."""
    kind: str
    """What to do."""
    origin: Origin
    """Who wants it."""
    request: str = field(repr=False)
    """What is asked for, as kept; perhaps sealed."""
    command_key: str
    """Its own key, of at most 32 characters."""
    priority: int = 0
    """Higher goes first."""
    max_attempts: int = 3
    """How often it may be begun."""
    retry_delay: float = 60.0
    """Seconds before it is first begun again; doubled each time, with jitter."""
    wakes: bool = True
    """Whether the device is called for it."""
    scheduled_at: float = 0.0
    """Not before."""
    expires_at: float | None = None
    """Not begun after."""
    bulk_id: int | None = None
    """The request for many devices that it is a part of."""
    actor: str = ""
    """Who asked for it; empty for the server itself."""
    notification: str = field(default="", repr=False)
    """Who is to be told of its end, as JSON."""


@dataclass(frozen=True, slots=True)
class ClaimedOperation:
    """An operation that a session has taken."""

    id: int
    """Its row."""
    public_id: str
    """What it is called outside."""
    kind: str
    """What to do."""
    origin: Origin
    """Who wants it."""
    priority: int
    """How urgent it is."""
    request: str = field(repr=False)
    """What is asked for, as kept."""
    progress: str = field(repr=False)
    """How far it is, as kept; empty at the beginning."""
    command_key: str
    """Its own key."""
    attempts: int
    """How often it was begun, this time included."""
    max_attempts: int
    """How often it may be begun."""
    retry_delay: float
    """Seconds before it is first begun again."""
    scheduled_at: float
    """When it was to be done."""
    created: float
    """When it was asked for."""
    started_at: float
    """When it was first begun."""


@dataclass(frozen=True, slots=True)
class OperationRecord:
    """An operation as it is now."""

    id: int
    """Its row."""
    public_id: str
    """What it is called outside."""
    device_id: int
    """On which device."""
    kind: str
    """What to do."""
    origin: Origin
    """Who wants it."""
    state: OperationState
    """Where it is in its life."""
    phase: Phase
    """How far it is within."""
    priority: int
    """How urgent it is."""
    request: str = field(repr=False)
    """What is asked for, as kept."""
    progress: str = field(repr=False)
    """How far it is, as kept."""
    outcome: str = field(repr=False)
    """What came of it, as kept."""
    fault: str
    """Why it is not completed, as JSON."""
    command_key: str
    """Its own key."""
    attempts: int
    """How often it was begun."""
    max_attempts: int
    """How often it may be begun."""
    retry_delay: float
    """Seconds before it is first begun again."""
    wakes: bool
    """Whether the device is called for it."""
    scheduled_at: float
    """When it was to be done."""
    ready_at: float
    """When it may be begun (again)."""
    expires_at: float | None
    """Not begun after."""
    created: float
    """When it was asked for."""
    started_at: float | None
    """When it was first begun."""
    completed_at: float | None
    """When it ended."""
    updated: float
    """When it last changed."""
    sent: str
    """The RPC that must not be repeated and that was sent last; empty if none."""
    organization_id: int | None
    """Whose device it is for."""
    bulk_id: int | None
    """The request for many devices that it is a part of."""
    actor: str
    """Who asked for it; empty for the server itself."""
    notification: str = field(repr=False)
    """Who is to be told of its end, as JSON."""
