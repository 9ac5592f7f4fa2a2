"""Objects, restarts and scheduled Informs (TR-069 A.3.2.6, A.3.2.7, A.3.2.9, A.4.1.2, A.4.1.6)."""

from dataclasses import dataclass
from typing import ClassVar

from cwmp_schemas.binding import CommandKey, Int, ParameterKey, UnsignedInt
from cwmp_schemas.rpc.parameters import ObjectName


@dataclass(frozen=True, slots=True)
class AddObjectResponse:
    """An instance was made."""

    NAME: ClassVar[str] = "AddObjectResponse"

    instance_number: UnsignedInt
    """Its number, 1 or more; 0 when the device named none."""
    status: Int
    """0 made, 1 accepted but not yet made."""


@dataclass(frozen=True, slots=True)
class AddObject:
    """Make a new instance of a table (A.3.2.6)."""

    NAME: ClassVar[str] = "AddObject"
    RESPONSE: ClassVar = AddObjectResponse

    object_name: ObjectName
    """The table, ending in a dot."""
    parameter_key: ParameterKey = ""
    """See ``SetParameterValues``."""


@dataclass(frozen=True, slots=True)
class DeleteObjectResponse:
    """An instance was deleted."""

    NAME: ClassVar[str] = "DeleteObjectResponse"

    status: Int
    """0 deleted, 1 accepted but not yet deleted."""


@dataclass(frozen=True, slots=True)
class DeleteObject:
    """Delete an instance and everything below it (A.3.2.7)."""

    NAME: ClassVar[str] = "DeleteObject"
    RESPONSE: ClassVar = DeleteObjectResponse

    object_name: ObjectName
    """The instance, ending in a dot."""
    parameter_key: ParameterKey = ""
    """See ``SetParameterValues``."""


@dataclass(frozen=True, slots=True)
class RebootResponse:
    """The CPE reboots once the session has ended."""

    NAME: ClassVar[str] = "RebootResponse"


@dataclass(frozen=True, slots=True)
class Reboot:
    """Reboot after this session (A.3.2.9)."""

    NAME: ClassVar[str] = "Reboot"
    RESPONSE: ClassVar = RebootResponse

    command_key: CommandKey = ""
    """Comes back with the event ``M Reboot``."""


@dataclass(frozen=True, slots=True)
class FactoryResetResponse:
    """The CPE resets once the session has ended."""

    NAME: ClassVar[str] = "FactoryResetResponse"


@dataclass(frozen=True, slots=True)
class FactoryReset:
    """Forget everything after this session (A.4.1.6)."""

    NAME: ClassVar[str] = "FactoryReset"
    RESPONSE: ClassVar = FactoryResetResponse


@dataclass(frozen=True, slots=True)
class ScheduleInformResponse:
    """The Inform is scheduled."""

    NAME: ClassVar[str] = "ScheduleInformResponse"


@dataclass(frozen=True, slots=True)
class ScheduleInform:
    """Call again in a while (A.4.1.2)."""

    NAME: ClassVar[str] = "ScheduleInform"
    RESPONSE: ClassVar = ScheduleInformResponse

    delay_seconds: UnsignedInt
    """How long to wait, at least 1."""
    command_key: CommandKey = ""
    """Comes back with the event ``M ScheduleInform``."""
