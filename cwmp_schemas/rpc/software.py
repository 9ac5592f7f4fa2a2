"""Software modules: deployment units and their state changes (TR-069 A.4.1.10, A.4.2.3, A.4.2.4)."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, ClassVar, Final

from cwmp_schemas.binding import Choice, CommandKey, Token, UnsignedInt, struct_of
from cwmp_schemas.codec import Name, Repeated

DeploymentUnitUUID = Annotated[str, Name("DeploymentUnitUUID")]


@dataclass(frozen=True, slots=True)
class InstallOperation:
    """Install a deployment unit."""

    TYPES: ClassVar = ("InstallOpStruct",)

    url: str
    """Where to fetch it."""
    uuid: DeploymentUnitUUID | None = None
    """Its identity, if the ACS chooses it."""
    username: str | None = None
    """For the file server."""
    password: str | None = field(default=None, repr=False)
    """For the file server."""
    execution_env_ref: Token | None = None
    """Where to install it."""


@dataclass(frozen=True, slots=True)
class UpdateOperation:
    """Update one deployment unit, or all of them."""

    TYPES: ClassVar = ("UpdateOpStruct",)

    uuid: DeploymentUnitUUID | None = None
    """Which one."""
    version: str | None = None
    """From which version."""
    url: str | None = None
    """Where to fetch it."""
    username: str | None = None
    """For the file server."""
    password: str | None = field(default=None, repr=False)
    """For the file server."""


@dataclass(frozen=True, slots=True)
class UninstallOperation:
    """Remove a deployment unit."""

    TYPES: ClassVar = ("UninstallOpStruct",)

    uuid: DeploymentUnitUUID
    """Which one."""
    version: str | None = None
    """Which version; all of them without."""
    execution_env_ref: Token | None = None
    """Where from."""


DeploymentOperation = InstallOperation | UpdateOperation | UninstallOperation

_OPERATIONS: Final = Repeated(Choice[DeploymentOperation](InstallOperation, UpdateOperation, UninstallOperation))


@dataclass(frozen=True, slots=True)
class ChangeDUStateResponse:
    """The operations were accepted; a DUStateChangeComplete will say how they ended."""

    NAME: ClassVar[str] = "ChangeDUStateResponse"


@dataclass(frozen=True, slots=True)
class ChangeDUState:
    """Install, update and remove deployment units (A.4.1.10)."""

    NAME: ClassVar[str] = "ChangeDUState"
    RESPONSE: ClassVar = ChangeDUStateResponse

    operations: Annotated[tuple[DeploymentOperation, ...], _OPERATIONS]
    """In order."""
    command_key: CommandKey | None = None
    """Comes back with the DUStateChangeComplete."""


@dataclass(frozen=True, slots=True)
class DeploymentFault:
    """How an operation on a deployment unit ended."""

    TYPES: ClassVar = ("DeploymentUnitFaultStruct", "FaultStruct")

    fault_code: UnsignedInt
    """0 for success, else a fault code."""
    fault_string: str | None = None
    """What the device says about it."""


@dataclass(frozen=True, slots=True)
class OperationResult:
    """What became of one operation."""

    TYPES: ClassVar = ("OpResultStruct",)

    uuid: DeploymentUnitUUID
    """The deployment unit."""
    deployment_unit_ref: Token
    """Its path in the data model."""
    version: str
    """Its version."""
    current_state: Annotated[str, Name("DeploymentUnitState")]
    """``Installed``, ``Uninstalled`` or ``Failed``."""
    resolved: bool
    """Whether everything it depends on is there."""
    execution_unit_ref_list: str
    """Its execution units, comma-separated paths."""
    start_time: datetime
    """When the operation started."""
    complete_time: datetime
    """When it was done."""
    fault: DeploymentFault
    """How it ended."""


@dataclass(frozen=True, slots=True)
class AutonomousOperationResult(OperationResult):
    """What became of an operation that the ACS did not ask for."""

    TYPES: ClassVar = ("AutonOpResultStruct",)

    operation_performed: Annotated[str, Name("DeploymentUnitOperationType")]
    """``Install``, ``Update`` or ``Uninstall``."""


@dataclass(frozen=True, slots=True)
class DUStateChangeCompleteResponse:
    """The results are recorded."""

    NAME: ClassVar[str] = "DUStateChangeCompleteResponse"


@dataclass(frozen=True, slots=True)
class DUStateChangeComplete:
    """The operations of a ChangeDUState are done (A.4.2.3)."""

    NAME: ClassVar[str] = "DUStateChangeComplete"
    RESPONSE: ClassVar = DUStateChangeCompleteResponse

    results: Annotated[tuple[OperationResult, ...], Repeated(struct_of(OperationResult))]
    """One for each deployment unit."""
    command_key: CommandKey | None = None
    """The request's key."""


@dataclass(frozen=True, slots=True)
class AutonomousDUStateChangeCompleteResponse:
    """The results are recorded."""

    NAME: ClassVar[str] = "AutonomousDUStateChangeCompleteResponse"


@dataclass(frozen=True, slots=True)
class AutonomousDUStateChangeComplete:
    """Deployment units changed without the ACS having asked (A.4.2.4)."""

    NAME: ClassVar[str] = "AutonomousDUStateChangeComplete"
    RESPONSE: ClassVar = AutonomousDUStateChangeCompleteResponse

    results: Annotated[tuple[AutonomousOperationResult, ...], Repeated(struct_of(AutonomousOperationResult))]
    """One for each deployment unit."""
