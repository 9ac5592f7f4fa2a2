"""CWMP faults (TR-069 A.5): what either side answers when it cannot do what it was asked."""

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, Final


class AcsFault(IntEnum):
    """The codes an ACS may answer with."""

    METHOD_NOT_SUPPORTED = 8000
    REQUEST_DENIED = 8001
    INTERNAL_ERROR = 8002
    INVALID_ARGUMENTS = 8003
    RESOURCES_EXCEEDED = 8004
    RETRY_REQUEST = 8005
    INCOMPATIBLE_VERSION = 8006


class CpeFault(IntEnum):
    """The codes a CPE may answer with."""

    METHOD_NOT_SUPPORTED = 9000
    REQUEST_DENIED = 9001
    INTERNAL_ERROR = 9002
    INVALID_ARGUMENTS = 9003
    RESOURCES_EXCEEDED = 9004
    INVALID_PARAMETER_NAME = 9005
    INVALID_PARAMETER_TYPE = 9006
    INVALID_PARAMETER_VALUE = 9007
    NON_WRITABLE_PARAMETER = 9008
    NOTIFICATION_REJECTED = 9009
    TRANSFER_FAILED = 9010
    UPLOAD_FAILED = 9011
    FILE_SERVER_AUTHENTICATION = 9012
    UNSUPPORTED_PROTOCOL = 9013
    MULTICAST_JOIN_FAILED = 9014
    FILE_SERVER_UNREACHABLE = 9015
    FILE_NOT_ACCESSIBLE = 9016
    DOWNLOAD_INCOMPLETE = 9017
    FILE_CORRUPTED = 9018
    FILE_AUTHENTICATION = 9019
    TIME_WINDOW_MISSED = 9020
    CANCEL_NOT_PERMITTED = 9021
    INVALID_UUID = 9022
    UNKNOWN_EXECUTION_ENVIRONMENT = 9023
    DISABLED_EXECUTION_ENVIRONMENT = 9024
    EXECUTION_ENVIRONMENT_MISMATCH = 9025
    DUPLICATE_DEPLOYMENT_UNIT = 9026
    SYSTEM_RESOURCES_EXCEEDED = 9027
    UNKNOWN_DEPLOYMENT_UNIT = 9028
    INVALID_DEPLOYMENT_UNIT_STATE = 9029
    DOWNGRADE_NOT_PERMITTED = 9030
    VERSION_NOT_SPECIFIED = 9031
    VERSION_EXISTS = 9032


# TR-069 A.5.1 and A.5.2: whose mistake a fault is; every code that is not the requester's is the responder's.
_REQUESTERS: Final = frozenset(
    {
        AcsFault.INVALID_ARGUMENTS,
        CpeFault.INVALID_ARGUMENTS,
        CpeFault.INVALID_PARAMETER_NAME,
        CpeFault.INVALID_PARAMETER_TYPE,
        CpeFault.INVALID_PARAMETER_VALUE,
        CpeFault.NON_WRITABLE_PARAMETER,
        CpeFault.CANCEL_NOT_PERMITTED,
        CpeFault.INVALID_UUID,
    }
)


@dataclass(frozen=True, slots=True)
class ParameterFault:
    """Why one parameter of a SetParameterValues was refused, in the device's own words."""

    name: str
    """The parameter."""
    code: int
    """Its fault code; 0 when the device named none."""
    string: str = ""
    """What the device says about it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """The answer in place of a response."""

    NAME: ClassVar[str] = "Fault"

    code: int
    """The CWMP fault code, vendor ones included; 0 when the device named none."""
    string: str = ""
    """What the sender says about it."""
    parameters: tuple[ParameterFault, ...] = ()
    """The refused parameters of a SetParameterValues."""

    @property
    def soap_code(self) -> str:
        """Whose mistake it is by SOAP: ``Client`` for the one who asked, ``Server`` for the one who answers."""
        return "Client" if self.code in _REQUESTERS else "Server"
