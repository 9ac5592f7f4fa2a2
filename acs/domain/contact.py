"""What an Inform leaves behind."""

from dataclasses import dataclass, field

from acs.domain.device import Identity


@dataclass(frozen=True, slots=True)
class NewValue:
    """What a device said about one parameter, ready to be kept."""

    path_id: int
    """The path, by its number."""
    value: str | None = field(repr=False)
    """The value as it is kept, sealed if it is a secret; None: not told."""
    type: str | None
    """Its type; None: not told."""
    writable: bool | None
    """Whether the device lists it as writable; None: not told."""
    subject: str | None
    """Its path, when a change of it is news; None for counters and clocks."""
    shown: str | None = field(repr=False)
    """The value as history shows it, secrets masked."""
    is_secret: bool = False
    """Whether what was kept before is not to be shown either."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """Something that happened to a device."""

    kind: str
    """``inform``, ``value``, ``operation``, ``setting``, ``status``, ``transfer``, ``device`` or ``change``."""
    subject: str = ""
    """What it is about."""
    old: str | None = None
    """What was, secrets masked."""
    new: str | None = None
    """What is, secrets masked."""
    actor: str = ""
    """Whose doing it is; empty for the device's own."""


@dataclass(frozen=True, slots=True)
class Proof:
    """The device itself says that a request was carried out."""

    sent: str
    """The request's RPC."""
    command_key: str | None
    """Its key; None for an event that names none."""


@dataclass(frozen=True, slots=True)
class Description:
    """What a device says of itself, written when it differs from what is known."""

    identity: Identity
    """Who it is."""
    manufacturer: str
    """Who made it."""
    software_version: str | None
    """None: not told."""
    hardware_version: str | None
    """None: not told."""
    cwmp_version: str
    """The version of the protocol that it speaks."""


@dataclass(frozen=True, slots=True)
class InformRecord:
    """Everything that one Inform changes, made durable in one commit."""

    device_id: int
    """Whose it is."""
    at: float
    """When."""
    down_after: float
    """After how many seconds of silence the device counts as down."""
    events: str
    """Its events."""
    address: str
    """Where it came from."""
    inform_interval: int | None
    """The interval it says it keeps; None: not told."""
    connection_request_url: str | None
    """Where it says it can be called; None: not told."""
    session_key: str | None
    """The hash by which the session is found again."""
    lease_until: float
    """How long the session may be silent."""
    snapshot: str
    """The session, for whoever has to go on with it."""
    is_news: bool = True
    """Whether the device may have been down, or is to be heard sooner than before."""
    booted_at: float | None = None
    """When it booted, if its events say so."""
    values: tuple[NewValue, ...] = ()
    """What it said about its parameters."""
    history: tuple[HistoryEntry, ...] = ()
    """What is worth telling."""
    proofs: tuple[Proof, ...] = ()
    """What its events prove."""
    description: Description | None = None
    """What it says of itself, when that is new."""
    is_repeated: bool = False
    """Whether it was recorded before, and is not counted once more."""


@dataclass(frozen=True, slots=True)
class Met:
    """What the commit of an Inform found."""

    fence: int
    """The number of the session."""
    revision: int
    """The device's revision: another one than was known means that decisions must be made again."""
    has_operations: bool
    """Whether an operation is open."""
    settings_due: bool
    """Whether settings may have to be pushed."""
    credentials_due: bool
    """Whether logins of its own are to be given to it."""
    booted_at: float | None
    """When it last booted, as far as known."""
    proven: tuple[str, ...]
    """The operations that its events proved, by their public ids."""


@dataclass(frozen=True, slots=True)
class Contact:
    """How a device is and was heard."""

    fence: int
    """The number of its last session."""
    is_up: bool
    """Whether it was heard in time."""
    status_change: float
    """Since when it is up or down."""
    last_inform: float | None
    """When it was last heard."""
    last_configuration: float | None
    """When its settings were last read or pushed."""
    informs: int
    """How often it has called."""
    events: str
    """The events of its last Inform."""
    address: str
    """Where its last session came from."""
    inform_interval: int | None
    """The interval it keeps, as it said."""
    connection_request_url: str
    """Where it can be called, as it said."""
    settings_due: bool
    """Whether settings may have to be pushed."""
    reach: str
    """How the last connection request ended; empty when there was none."""
    reach_at: float | None
    """When that was."""
    reach_latency: float | None
    """How long it took."""
    reach_detail: str
    """What else is known of it."""
