"""A request for many devices: the words it is made of, and what is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from acs.domain.operation import OperationKind, Variable


class BulkKind(StrEnum):
    """What is to be done on each device; the words of the management API."""

    BULK_SERIAL_SYNC = "bulk_serial_sync"
    """Read who the device is, and update the inventory."""
    INVENTORY_SYNC = "inventory_sync"
    """The same."""
    STATUS_UPDATE = "status_update"
    """Find out whether it is up."""
    HEALTH_CHECK = "health_check"
    """The same."""
    GET = "get"
    SET = "set"
    ADD_OBJECT = "add.obj"
    DELETE_OBJECT = "del.obj"
    REBOOT = "reboot"
    FACTORY = "factory"
    DEVICE_FACTORY = "device_factory"
    SYNC = "sync"
    RECONF = "reconf"

    @property
    def is_identity(self) -> bool:
        """Whether the device is asked who it is."""
        return self in {BulkKind.BULK_SERIAL_SYNC, BulkKind.INVENTORY_SYNC}

    @property
    def is_status(self) -> bool:
        """Whether it is only found out whether the device is up: no operation is queued."""
        return self in {BulkKind.STATUS_UPDATE, BulkKind.HEALTH_CHECK}

    @property
    def takes_variables(self) -> bool:
        """Whether it is about variables that the request names."""
        return self in {BulkKind.GET, BulkKind.SET, BulkKind.ADD_OBJECT, BulkKind.DELETE_OBJECT}

    @property
    def operation(self) -> OperationKind:
        """The operation that each device gets."""
        return OperationKind.GET if self.is_identity else OperationKind(self.value)


class BulkState(StrEnum):
    """Where a request is in its life."""

    SCHEDULED = "scheduled"
    """For later; a recurring one is so between its executions."""
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    """All devices were seen to, and not all in vain."""
    FAILED = "failed"
    """It was stopped by failures, or failed on every device."""
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether no more devices are begun."""
        return self not in {BulkState.SCHEDULED, BulkState.IN_PROGRESS}


class Stop(StrEnum):
    """Why the devices that wait are not begun any more."""

    NONE = ""
    CANARY = "canary"
    """One of the first devices failed."""
    MAX_FAILURES = "max_failures"
    """As many as are borne failed."""
    CANCELLED = "cancelled"
    """Somebody did not want it any more."""


class TargetState(StrEnum):
    """Where a device of a request is."""

    WAITING = "waiting"
    """Not begun; once the request is stopped: never to be begun."""
    CHECKING = "checking"
    """It is found out whether it can be reached; until when, or it is found out again."""
    RUNNING = "running"
    """It has its operation."""
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    """Its operation was cancelled."""
    SKIPPED = "skipped"
    """Its operation was taken back because the others failed."""


class ErrorKind(StrEnum):
    """Why a device did not complete, as it is summed up."""

    CONNECTION_TIMEOUTS = "connection_timeouts"
    """It did not answer a connection request."""
    CONNECTION_REFUSED = "connection_refused"
    """It, or something on the way, said no to one."""
    AUTHENTICATION_FAILURES = "authentication_failures"
    """It did not take our login."""
    UNREACHABLE = "unreachable"
    """It cannot be called: it told no address, or one that is not called."""
    EXPIRED = "expired"
    """Its time was over before it called."""
    DEVICE_FAULTS = "device_faults"
    """It answered with a fault."""
    UNKNOWN_OUTCOMES = "unknown_outcomes"
    """Something that must not be repeated was sent, and no answer came."""
    UNPROVEN = "unproven"
    """It took a request and did not show in time that it was carried out."""
    DOWN = "down"
    """It was found to be down."""
    DELETED_DEVICES = "deleted_devices"
    """It is no more."""
    OTHER_FAILURES = "other_failures"
    """Anything else: its sessions were lost, say."""
    CANCELLED = "cancelled"
    """Not done, as somebody did not want it any more."""
    SKIPPED = "skipped"
    """Not done, as the others failed."""


class TargetStatus(StrEnum):
    """What may be asked of a device for it to be meant."""

    ACTIVE = "active"
    PENDING = "pending"
    UP = "Up"
    DOWN = "Down"


@dataclass(frozen=True, slots=True)
class Targets:
    """Which devices are meant. They are taken when an execution begins; what is None or empty takes any."""

    organizations: tuple[int, ...] | None = None
    """Of these organizations; None: of all."""
    types: tuple[str, ...] = ()
    """Of these types, by short name."""
    statuses: tuple[TargetStatus, ...] = ()
    """Of one of these."""
    names: tuple[str, ...] = ()
    """With one of these names or serial numbers."""
    failed_in: int | None = None
    """Those that failed in this execution."""


@dataclass(frozen=True, slots=True)
class BulkOptions:
    """How a request is carried out."""

    update_firmware_info: bool = True
    """Whether asking who a device is includes its versions."""
    validate_connectivity: bool = False
    """Whether a device is called first, and given up if that fails."""
    timeout: float = 3_600.0
    """Seconds after which a device that has not begun is given up, from when it was its turn."""
    max_in_flight: int = 50
    """How many are under way at once."""
    max_failures: int | None = None
    """As many failures stop the rest; None: none do."""
    canary: int | None = None
    """So many are done first, and all of these must succeed; None: no such beginning."""


@dataclass(frozen=True, slots=True)
class BulkRequest:
    """What is asked for."""

    targets: Targets = Targets()
    """Which devices."""
    variables: tuple[Variable, ...] = ()
    """With which paths."""
    options: BulkOptions = BulkOptions()
    """How."""
    priority: int = 0
    """How urgent the operations are."""
    max_attempts: int | None = None
    """How often each may be begun; None: as the settings say."""
    retry_delay: float | None = None
    """Seconds before it is begun again; None: as the settings say."""
    cron: str = ""
    """When it is to be done again; empty: once."""
    timezone: str = "UTC"
    """Where that is meant."""
    shown: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """What the caller wants to see again, secrets masked."""
