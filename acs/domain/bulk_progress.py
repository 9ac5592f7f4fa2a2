"""How far a request for many devices is, and what may be done next."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from acs.domain.bulk import BulkKind, BulkOptions, BulkState, ErrorKind, Stop, TargetState
from acs.domain.queue import OperationState, QueuedOperation


@dataclass(frozen=True, slots=True)
class Tally:
    """How many devices of an execution are where."""

    total: int = 0
    """All that are taken."""
    in_flight: int = 0
    """Begun and not ended."""
    completed: int = 0
    """Ended well."""
    failed: int = 0
    """Ended badly."""
    dropped: int = 0
    """Begun, and taken back before anything was done."""
    errors: Mapping[str, int] = field(default_factory=dict)
    """Of the last two: how many by kind."""

    @property
    def waiting(self) -> int:
        """Not begun."""
        return self.total - self.in_flight - self.completed - self.failed - self.dropped

    @property
    def processed(self) -> int:
        """Ended by being done."""
        return self.completed + self.failed

    def taken(self, count: int) -> "Tally":
        """With so many more."""
        return replace(self, total=self.total + count)

    def begun(self, count: int) -> "Tally":
        """With so many more under way."""
        return replace(self, in_flight=self.in_flight + count)

    def ended(self, ends: Iterable[tuple[TargetState, str]]) -> "Tally":
        """With these no longer under way: their states, and the kinds of their errors."""
        counts, errors = dict.fromkeys(TargetState, 0), dict(self.errors)
        for state, error in ends:
            counts[state] += 1
            if error:
                errors[error] = errors.get(error, 0) + 1
        return replace(
            self,
            in_flight=self.in_flight - sum(counts.values()),
            completed=self.completed + counts[TargetState.COMPLETED],
            failed=self.failed + counts[TargetState.FAILED],
            dropped=self.dropped + counts[TargetState.CANCELLED] + counts[TargetState.SKIPPED],
            errors=errors,
        )

    def amended(self, error: str) -> "Tally":
        """With one that counted as failed and was proven to be done."""
        errors = {kind: count - (kind == error) for kind, count in self.errors.items()}
        return replace(
            self,
            completed=self.completed + 1,
            failed=self.failed - 1,
            errors={kind: count for kind, count in errors.items() if count},
        )

    def summary(self, stop: Stop) -> dict[str, int]:
        """Why devices did not complete, those that are never to be begun included."""
        found = dict(self.errors)
        if stop is not Stop.NONE and self.waiting:
            kind = dropped_as(stop)[1].value
            found[kind] = found.get(kind, 0) + self.waiting
        return found


def dropped_as(stop: Stop) -> tuple[TargetState, ErrorKind]:
    """What a device counts as that was not done for such a reason."""
    if stop is Stop.CANCELLED:
        return TargetState.CANCELLED, ErrorKind.CANCELLED
    return TargetState.SKIPPED, ErrorKind.SKIPPED


def stop_of(options: BulkOptions, tally: Tally) -> Stop:
    """Whether what has ended stops the rest."""
    bad = tally.failed + tally.dropped
    if _is_canary(options, tally) and bad:
        return Stop.CANARY
    if options.max_failures is not None and tally.failed >= options.max_failures:
        return Stop.MAX_FAILURES
    return Stop.NONE


def room(options: BulkOptions, tally: Tally, stop: Stop) -> int:
    """How many more may be begun now."""
    if stop is not Stop.NONE:
        return 0
    free = options.max_in_flight - tally.in_flight
    if _is_canary(options, tally):
        free = min(free, (options.canary or 0) - (tally.total - tally.waiting))
    return max(0, min(free, tally.waiting))


def end_of(tally: Tally, stop: Stop) -> BulkState | None:
    """How an execution ends whose devices are taken; None: not yet."""
    if tally.in_flight or (tally.waiting and stop is Stop.NONE):
        return None
    if stop is Stop.CANCELLED:
        return BulkState.CANCELLED
    is_in_vain = tally.total > 0 and not tally.completed
    return BulkState.FAILED if stop is not Stop.NONE or is_in_vain else BulkState.COMPLETED


def _is_canary(options: BulkOptions, tally: Tally) -> bool:
    """Whether only the first devices may be begun: they have not all succeeded."""
    return options.canary is not None and tally.completed < min(options.canary, tally.total)


@dataclass(frozen=True, slots=True)
class Execution:
    """One time that a request is carried out."""

    id: int
    """Its row."""
    number: int
    """The how manyeth of its request."""
    state: BulkState
    """Where it is."""
    stop: Stop
    """Why no more devices are begun."""
    is_taken: bool
    """Whether all its devices are taken."""
    place: int
    """The last device that is."""
    tally: Tally
    """How many devices are where."""
    started_at: float
    """When it began."""
    completed_at: float | None
    """When it ended."""


@dataclass(frozen=True, slots=True)
class Bulk:
    """A request for many devices, as it is now."""

    id: int
    """Its row."""
    public_id: str
    """What it is called outside."""
    version: int
    """Another one after each change."""
    kind: BulkKind
    """What is to be done."""
    state: BulkState
    """Where it is in its life."""
    request: str = field(repr=False)
    """What is asked for, as kept."""
    actor: str
    """Who asked for it."""
    notification: str = field(repr=False)
    """Who is to be told of its end, as JSON."""
    scheduled_for: float
    """When it was to begin first."""
    next_at: float | None
    """When it is to begin (again)."""
    executions: int
    """How often it has begun."""
    targets: int
    """How many devices were meant when it was asked for."""
    created: float
    """When it was asked for."""
    updated: float
    """When it last changed."""
    completed_at: float | None
    """When it ended."""
    execution: Execution | None
    """Its last execution; None: it has not begun."""


@dataclass(frozen=True, slots=True)
class NewBulk:
    """A request that is to be kept."""

    public_id: str
    """What it is called outside."""
    kind: BulkKind
    """What is to be done."""
    request: str = field(repr=False)
    """What is asked for, sealed."""
    scheduled_for: float
    """When it is to begin."""
    targets: int
    """How many devices are meant."""
    organizations: tuple[int, ...]
    """Whose devices they are; 0 is nobody."""
    actor: str = ""
    """Who asks for it."""
    notification: str = field(default="", repr=False)
    """Who is to be told of its end, as JSON."""


@dataclass(frozen=True, slots=True)
class Target:
    """A device that is meant."""

    device_id: int
    """Its row."""
    organization_id: int | None
    """Whose it is."""
    name: str
    """What it is called."""
    serial_number: str
    """Its serial number."""


@dataclass(frozen=True, slots=True)
class TargetOutcome:
    """What became of a device in an execution."""

    id: int
    """Its row."""
    device_id: int
    """The device."""
    name: str
    """What it is called, or was when it was taken."""
    serial_number: str
    """Its serial number."""
    organization_id: int | None
    """Whose it is."""
    state: TargetState
    """Where it is."""
    operation: str
    """The public id of its operation; empty if it has none."""
    error: str
    """The kind of its error; empty if it has none."""
    detail: str
    """A sentence about that."""
    started_at: float | None
    """When it was begun."""
    completed_at: float | None
    """When it ended."""


@dataclass(frozen=True, slots=True)
class Move:
    """Where a device goes."""

    id: int
    """The row of the device in its execution."""
    state: TargetState
    """Where it is from now on."""
    operation: str | None = None
    """The public id of its operation; None: as before."""
    error: str = ""
    """The kind of its error."""
    detail: str = ""
    """A sentence about that."""
    until: float | None = None
    """If it is being checked: when it is to be checked again."""
    started_at: float | None = None
    """When it was begun; None: as before."""
    completed_at: float | None = None
    """When it ended."""


@dataclass(frozen=True, slots=True)
class Description:
    """What a device said of itself when asked; None: nothing new."""

    device_id: int
    """The device."""
    serial_number_alt: str | None
    """The serial number of its data model, where that is another one."""
    software_version: str | None
    """Its software."""
    hardware_version: str | None
    """Its hardware."""


@dataclass(frozen=True, slots=True)
class Progress:
    """A change of a request, of its execution and of its devices: as a whole, or not at all."""

    state: BulkState
    """Where the request is."""
    next_at: float | None = None
    """When it is to begin (again)."""
    due_at: float | None = None
    """When it is to be looked at; None: no more."""
    completed_at: float | None = None
    """When it ended."""
    begins: bool = False
    """Whether a new execution begins."""
    execution: Execution | None = None
    """The execution as it is now; None: as before."""
    taken: Sequence[Target] = ()
    """Devices that are taken."""
    moves: Sequence[Move] = ()
    """Devices that go elsewhere."""
    operations: Sequence[QueuedOperation] = field(default=(), repr=False)
    """Operations that they get."""
    descriptions: Sequence[Description] = ()
    """What they said of themselves."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A device whose turn it is."""

    id: int
    """The row of the device in its execution."""
    device_id: int
    """The device."""
    exists: bool
    """Whether it is still there."""
    state: TargetState
    """Where it is."""
    is_tr098: bool
    """Whether its data model is the older one."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A device whose operation has ended."""

    id: int
    """The row of the device in its execution."""
    device_id: int
    """The device."""
    started_at: float | None
    """When it was begun."""
    operation: str
    """The public id of its operation; empty if that is no more."""
    state: OperationState | None
    """How it ended; None: it is no more, nor is the device."""
    is_doubtful: bool
    """Whether the device may prove yet that it was done."""
    fault: str
    """Why it did not complete, as JSON."""
    outcome: str = field(repr=False)
    """What came of it, as kept."""
    reach: str
    """How the last connection request went."""
    reach_at: float | None
    """When that was."""
    serial_number: str
    """Who the device is."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A device that failed and may prove yet that it was done."""

    id: int
    """The row of the device in its execution."""
    bulk_id: int
    """The request."""
    execution_id: int
    """The execution."""
    error: str
    """As what it counts."""
    proven_at: float | None
    """When it was proven; None: it is not."""
