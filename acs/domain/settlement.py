"""How an operation leaves a session, and what follows from that."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from acs.domain.contact import HistoryEntry, NewValue
from acs.domain.queue import ClaimedOperation, OperationState, Phase
from acs.domain.setting import SettingState


@dataclass(frozen=True, slots=True)
class Settlement:
    """How an operation leaves a session."""

    operation: ClaimedOperation
    """The operation."""
    state: OperationState
    """Its state."""
    at: float
    """When."""
    phase: Phase = Phase.NONE
    """What it still waits for."""
    sent: str = ""
    """The RPC that must not be repeated, if the phase is about one."""
    progress: str = field(default="", repr=False)
    """How far it is, as kept."""
    outcome: str = field(default="", repr=False)
    """What came of it, as kept."""
    fault: str = ""
    """Why it is not completed, as JSON."""
    ready_at: float | None = None
    """When it may be begun again."""
    proof_by: float | None = None
    """When the device must have proven it."""
    attempts: int | None = None
    """How often it counts as begun; None: as before."""


@dataclass(frozen=True, slots=True)
class SettingsReport:
    """What became of a device's settings, and what is left to do; None: as before."""

    states: Sequence[SettingState] = ()
    """What became of which wish."""
    settings_due: bool | None = None
    """Whether some are still to be pushed."""
    settings_revision: int = 0
    """The revision of what was to be pushed: it is not said of a later one."""
    progress: str | None = field(default=None, repr=False)
    """How far the push is, as kept; empty: it is over, or begins anew."""
    credentials_due: bool | None = None
    """Whether logins of its own are still to be given to the device."""
    last_configuration: float | None = None
    """When its configuration was last compared."""
    batches: str | None = None
    """The batches that it turned out to bear, as JSON."""


@dataclass(frozen=True, slots=True)
class TransferReport:
    """What the answer to its RPC says of a transfer."""

    transfer_id: int
    """Which transfer."""
    reported: str = ""
    """What the device said of the file, as JSON; empty: nothing."""
    is_over: bool = False
    """Whether nothing more will come of it."""
    arrived_image_id: int | None = None
    """The firmware image that the device has now."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a device informs, as it turned out within a session."""

    interval: int
    """Every so many seconds."""
    down_after: float
    """After how many seconds of silence it counts as down."""


@dataclass(frozen=True, slots=True)
class Consequences:
    """What follows from work that a session has done: kept with its end, or not at all."""

    values: Sequence[NewValue] = field(default=(), repr=False)
    """What was learned of the device's parameters."""
    gone: Sequence[str] = ()
    """Partial paths below which there is nothing any more."""
    settings: SettingsReport | None = None
    """What it means for the device's settings."""
    update_frequency: int | None = None
    """How often the device is to inform from now on, in seconds."""
    rhythm: Rhythm | None = None
    """How often it does; None: as before."""
    transfer: TransferReport | None = None
    """What it means for the transfer of the operation."""
    history: Sequence[HistoryEntry] = ()
    """What is worth telling."""


NO_CONSEQUENCES: Final = Consequences()
"""What follows from nothing."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What the commit of a settlement found."""

    is_new: bool
    """False: the operation had ended before; the file of an upload may come before the answer to its RPC."""
    has_more: bool
    """Whether others wait."""
    following: ClaimedOperation | None
    """The next one, if it was to be taken and there is one."""
