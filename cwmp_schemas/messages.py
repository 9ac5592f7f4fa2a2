"""All messages in one place: who sends what, and which response belongs to which request."""

from typing import Any, Final, TypeAlias

from cwmp_schemas.binding import Struct, struct_of
from cwmp_schemas.faults import Fault
from cwmp_schemas.rpc.control import (
    AddObject,
    AddObjectResponse,
    DeleteObject,
    DeleteObjectResponse,
    FactoryReset,
    FactoryResetResponse,
    Reboot,
    RebootResponse,
    ScheduleInform,
    ScheduleInformResponse,
)
from cwmp_schemas.rpc.options import GetOptions, GetOptionsResponse, SetVouchers, SetVouchersResponse
from cwmp_schemas.rpc.parameters import (
    GetParameterAttributes,
    GetParameterAttributesResponse,
    GetParameterNames,
    GetParameterNamesResponse,
    GetParameterValues,
    GetParameterValuesResponse,
    SetParameterAttributes,
    SetParameterAttributesResponse,
    SetParameterValues,
    SetParameterValuesResponse,
)
from cwmp_schemas.rpc.session import (
    GetRPCMethods,
    GetRPCMethodsResponse,
    Inform,
    InformResponse,
    Kicked,
    KickedResponse,
)
from cwmp_schemas.rpc.software import (
    AutonomousDUStateChangeComplete,
    AutonomousDUStateChangeCompleteResponse,
    ChangeDUState,
    ChangeDUStateResponse,
    DUStateChangeComplete,
    DUStateChangeCompleteResponse,
)
from cwmp_schemas.rpc.transfers import (
    AutonomousTransferComplete,
    AutonomousTransferCompleteResponse,
    CancelTransfer,
    CancelTransferResponse,
    Download,
    DownloadResponse,
    GetAllQueuedTransfers,
    GetAllQueuedTransfersResponse,
    GetQueuedTransfers,
    GetQueuedTransfersResponse,
    RequestDownload,
    RequestDownloadResponse,
    ScheduleDownload,
    ScheduleDownloadResponse,
    TransferComplete,
    TransferCompleteResponse,
    Upload,
    UploadResponse,
)
from cwmp_schemas.rpc.vendor import VendorMessage

CpeRequest: TypeAlias = (
    Inform
    | GetRPCMethods
    | TransferComplete
    | AutonomousTransferComplete
    | RequestDownload
    | Kicked
    | DUStateChangeComplete
    | AutonomousDUStateChangeComplete
    | VendorMessage
)
"""What a CPE may ask of the ACS."""

AcsResponse: TypeAlias = (
    InformResponse
    | GetRPCMethodsResponse
    | TransferCompleteResponse
    | AutonomousTransferCompleteResponse
    | RequestDownloadResponse
    | KickedResponse
    | DUStateChangeCompleteResponse
    | AutonomousDUStateChangeCompleteResponse
    | VendorMessage
)
"""What the ACS answers."""

AcsRequest: TypeAlias = (
    GetRPCMethods
    | SetParameterValues
    | GetParameterValues
    | GetParameterNames
    | SetParameterAttributes
    | GetParameterAttributes
    | AddObject
    | DeleteObject
    | Reboot
    | FactoryReset
    | Download
    | Upload
    | ScheduleInform
    | ScheduleDownload
    | CancelTransfer
    | GetQueuedTransfers
    | GetAllQueuedTransfers
    | ChangeDUState
    | SetVouchers
    | GetOptions
    | VendorMessage
)
"""What the ACS may ask of a CPE."""

CpeResponse: TypeAlias = (
    GetRPCMethodsResponse
    | SetParameterValuesResponse
    | GetParameterValuesResponse
    | GetParameterNamesResponse
    | SetParameterAttributesResponse
    | GetParameterAttributesResponse
    | AddObjectResponse
    | DeleteObjectResponse
    | RebootResponse
    | FactoryResetResponse
    | DownloadResponse
    | UploadResponse
    | ScheduleInformResponse
    | ScheduleDownloadResponse
    | CancelTransferResponse
    | GetQueuedTransfersResponse
    | GetAllQueuedTransfersResponse
    | ChangeDUStateResponse
    | SetVouchersResponse
    | GetOptionsResponse
    | VendorMessage
)
"""What a CPE answers."""

Message: TypeAlias = CpeRequest | AcsResponse | AcsRequest | CpeResponse | Fault
"""Anything a SOAP body may hold."""

MESSAGES: Final[dict[str, type]] = {
    cls.NAME: cls
    for union in (CpeRequest, AcsResponse, AcsRequest, CpeResponse)
    for cls in union.__args__
    if cls is not VendorMessage
}
"""Every standard message but Fault, by its element's name."""

CODECS: Final[dict[str, Struct[Any]]] = {name: struct_of(cls) for name, cls in MESSAGES.items()}

CPE_REQUESTS: Final = frozenset(cls for cls in CpeRequest.__args__ if cls is not VendorMessage)
"""The requests the ACS answers; a vendor's own get fault 8000."""


def method_of(message: Message) -> str:
    """The name of a message on the wire."""
    return message.name if isinstance(message, VendorMessage) else message.NAME


def answers(answer: Message, method: str) -> bool:
    """Whether a message can be the answer to a request of that name, going by its kind."""
    return isinstance(answer, Fault) or method_of(answer) == f"{method}Response"
