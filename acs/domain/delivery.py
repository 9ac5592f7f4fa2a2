"""News on its way to those who are to be told."""

from dataclasses import dataclass, field
from enum import StrEnum


class Channel(StrEnum):
    """How somebody is told."""

    WEBHOOK = "webhook"
    EMAIL = "email"


class DeliveryState(StrEnum):
    """Where a delivery is in its life."""

    WAITING = "waiting"
    """It is to be tried, perhaps again."""
    DELIVERED = "delivered"
    """The receiver has taken it."""
    FAILED = "failed"
    """It was given up."""


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """One piece of news for one receiver."""

    public_id: str
    """What it is called outside; the same for the same news to the same receiver."""
    subject: str
    """What it is about: ``operation`` or ``bulk``."""
    subject_id: str
    """Which one, by its public id."""
    organization_id: int | None
    """Whose it is."""
    channel: Channel
    """How the receiver is told."""
    target: str = field(repr=False)
    """Where."""
    event: str
    """What happened, such as ``operation.completed``."""
    payload: str = field(repr=False)
    """What is told, as JSON; it holds no secret."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery as it is now."""

    id: int
    """Its row."""
    news: NewDelivery
    """What is told to whom."""
    state: DeliveryState
    """Where it is in its life."""
    attempts: int
    """How often it was tried."""
    next_at: float
    """When it is tried (again)."""
    last_error: str
    """Why the last attempt failed."""
    created: float
    """When there was something to tell."""
    ended: float | None
    """When it was delivered or given up."""


class SentKind(StrEnum):
    """What came of an attempt."""

    TAKEN = "taken"
    """The receiver has it."""
    FAILED = "failed"
    """It may succeed another time."""
    REFUSED = "refused"
    """It will never succeed."""


@dataclass(frozen=True, slots=True)
class Sent:
    """How an attempt ended."""

    kind: SentKind
    """What came of it."""
    detail: str = ""
    """A short sentence for an operator; it holds nothing of the address but the host."""


@dataclass(frozen=True, slots=True)
class UntoldEnd:
    """An operation that has ended, of which somebody is to be told."""

    id: int
    """Its row."""
    public_id: str
    """What it is called outside."""
    kind: str
    """What was to be done."""
    state: str
    """How it ended."""
    fault: str
    """Why it is not completed, as JSON."""
    attempts: int
    """How often it was begun."""
    created: float
    """When it was asked for."""
    scheduled_at: float
    """When it was to be done."""
    started_at: float | None
    """When it was first begun."""
    completed_at: float
    """When it ended."""
    notification: str = field(repr=False)
    """Who is to be told, as JSON."""
    organization_id: int | None
    """Whose device it was for."""
    device_id: int
    """The device."""
    device_name: str
    """What the device is called."""
    serial_number: str
    """Its serial number."""


@dataclass(frozen=True, slots=True)
class UntoldBulk:
    """An end of a request for many devices, of which somebody may be to be told."""

    id: int
    """The row of the execution that has ended; of the request, if it never began."""
    public_id: str
    """What the request is called outside."""
    kind: str
    """What was to be done."""
    state: str
    """How it ended."""
    notification: str = field(repr=False)
    """Who is to be told, as JSON; empty: nobody."""
    execution: int
    """The how manyeth time it was carried out; 0: it never was."""
    total: int
    """How many devices it was for."""
    completed: int
    """How many of them ended well."""
    failed: int
    """How many did not."""
    errors: str
    """Why not, by kind, as JSON."""
    created: float
    """When it was asked for."""
    started_at: float | None
    """When it began."""
    completed_at: float
    """When it ended."""
    organization_id: int | None
    """Whose devices they are; None: nobody's, or those of several."""
