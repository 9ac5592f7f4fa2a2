"""File transfers (TR-069 A.3.2.8, A.3.3.2, A.3.3.3, A.4.1.1, A.4.1.5, A.4.1.7 to A.4.1.9, A.4.2.2)."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, ClassVar, Final

from cwmp_schemas.binding import CommandKey, FileType, Int, Token, UnsignedInt
from cwmp_schemas.codec import Name

FIRMWARE: Final = "1 Firmware Upgrade Image"
WEB_CONTENT: Final = "2 Web Content"
VENDOR_CONFIGURATION: Final = "3 Vendor Configuration File"
UPLOAD_VENDOR_CONFIGURATION: Final = "1 Vendor Configuration File"
UPLOAD_VENDOR_LOG: Final = "2 Vendor Log File"


@dataclass(frozen=True, slots=True)
class TransferFault:
    """How a transfer ended."""

    TYPES: ClassVar = ("FaultStruct", "TransferCompleteFaultStruct")

    fault_code: UnsignedInt
    """0 for success, else a fault code."""
    fault_string: str
    """What the device says about it."""


@dataclass(frozen=True, slots=True)
class DownloadResponse:
    """The download is done, or has been accepted."""

    NAME: ClassVar[str] = "DownloadResponse"

    status: Int
    """0 done and applied, 1 still to come: a TransferComplete will say how it ended."""
    start_time: datetime
    """When it started; unknown time if it has not."""
    complete_time: datetime
    """When it was done; unknown time if it is not."""


@dataclass(frozen=True, slots=True)
class Download:
    """Fetch a file (A.3.2.8)."""

    NAME: ClassVar[str] = "Download"
    RESPONSE: ClassVar = DownloadResponse

    command_key: CommandKey
    """Comes back with the TransferComplete."""
    file_type: FileType
    """Such as ``1 Firmware Upgrade Image``."""
    url: str
    """Where to fetch it."""
    username: str = ""
    """For the file server."""
    password: str = field(default="", repr=False)
    """For the file server."""
    file_size: UnsignedInt = 0
    """In bytes; 0 when unknown."""
    target_file_name: str = ""
    """How to call it on the device."""
    delay_seconds: UnsignedInt = 0
    """How long to wait before starting."""
    success_url: str = ""
    """The page to show a user when it went well."""
    failure_url: str = ""
    """The page to show a user when it did not."""


@dataclass(frozen=True, slots=True)
class UploadResponse:
    """The upload is done, or has been accepted; as for a download."""

    NAME: ClassVar[str] = "UploadResponse"

    status: Int
    """See ``DownloadResponse``."""
    start_time: datetime
    """See ``DownloadResponse``."""
    complete_time: datetime
    """See ``DownloadResponse``."""


@dataclass(frozen=True, slots=True)
class Upload:
    """Send a file (A.4.1.5)."""

    NAME: ClassVar[str] = "Upload"
    RESPONSE: ClassVar = UploadResponse

    command_key: CommandKey
    """Comes back with the TransferComplete."""
    file_type: FileType
    """Such as ``1 Vendor Configuration File``."""
    url: str
    """Where to send it."""
    username: str = ""
    """For the file server."""
    password: str = field(default="", repr=False)
    """For the file server."""
    delay_seconds: UnsignedInt = 0
    """How long to wait before starting."""


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """When a scheduled download may be done and applied."""

    TYPES: ClassVar = ("TimeWindowStruct",)

    window_start: UnsignedInt
    """Seconds from now."""
    window_end: UnsignedInt
    """Seconds from now."""
    window_mode: Annotated[str, Name("TimeWindowModeValueType")]
    """Such as ``1 At Any Time``."""
    user_message: str
    """What to ask a user, for ``4 Confirmation Needed``."""
    max_retries: Int
    """How often to try; -1 leaves it to the device."""


@dataclass(frozen=True, slots=True)
class ScheduleDownloadResponse:
    """The download is scheduled."""

    NAME: ClassVar[str] = "ScheduleDownloadResponse"


@dataclass(frozen=True, slots=True)
class ScheduleDownload:
    """Fetch and apply a file within time windows (A.4.1.8)."""

    NAME: ClassVar[str] = "ScheduleDownload"
    RESPONSE: ClassVar = ScheduleDownloadResponse

    command_key: CommandKey
    """Comes back with the TransferComplete."""
    file_type: FileType
    """As for a download."""
    url: str
    """As for a download."""
    username: str
    """For the file server."""
    password: str = field(repr=False)
    """For the file server."""
    file_size: UnsignedInt
    """As for a download."""
    target_file_name: str
    """As for a download."""
    time_window_list: tuple[TimeWindow, ...]
    """One or two windows."""


@dataclass(frozen=True, slots=True)
class CancelTransferResponse:
    """The transfer is cancelled."""

    NAME: ClassVar[str] = "CancelTransferResponse"


@dataclass(frozen=True, slots=True)
class CancelTransfer:
    """Cancel a transfer that has not started (A.4.1.9)."""

    NAME: ClassVar[str] = "CancelTransfer"
    RESPONSE: ClassVar = CancelTransferResponse

    command_key: CommandKey
    """The transfer's key."""


@dataclass(frozen=True, slots=True)
class QueuedTransfer:
    """A transfer that the ACS asked for and that is not over."""

    TYPES: ClassVar = ("QueuedTransferStruct",)

    command_key: CommandKey
    """The transfer's key."""
    state: Int
    """1 not started, 2 in progress, 3 finishing."""


@dataclass(frozen=True, slots=True)
class GetQueuedTransfersResponse:
    """The transfers the ACS asked for."""

    NAME: ClassVar[str] = "GetQueuedTransfersResponse"

    transfer_list: tuple[QueuedTransfer, ...]
    """Those that are not over."""


@dataclass(frozen=True, slots=True)
class GetQueuedTransfers:
    """Ask which transfers are not over (A.4.1.1)."""

    NAME: ClassVar[str] = "GetQueuedTransfers"
    RESPONSE: ClassVar = GetQueuedTransfersResponse


@dataclass(frozen=True, slots=True)
class AnyQueuedTransfer:
    """A transfer that is not over, whoever asked for it."""

    TYPES: ClassVar = ("AllQueuedTransferStruct",)

    command_key: CommandKey
    """The transfer's key; empty when the ACS did not ask for it."""
    state: Int
    """See ``QueuedTransfer``."""
    is_download: bool
    """A download, or else an upload."""
    file_type: FileType
    """As for a download or upload."""
    file_size: UnsignedInt
    """In bytes; 0 when unknown."""
    target_file_name: str
    """How it is called on the device."""


@dataclass(frozen=True, slots=True)
class GetAllQueuedTransfersResponse:
    """All transfers."""

    NAME: ClassVar[str] = "GetAllQueuedTransfersResponse"

    transfer_list: tuple[AnyQueuedTransfer, ...]
    """Those that are not over."""


@dataclass(frozen=True, slots=True)
class GetAllQueuedTransfers:
    """Ask which transfers are not over, whoever asked for them (A.4.1.7)."""

    NAME: ClassVar[str] = "GetAllQueuedTransfers"
    RESPONSE: ClassVar = GetAllQueuedTransfersResponse


@dataclass(frozen=True, slots=True)
class TransferCompleteResponse:
    """The end of the transfer is recorded."""

    NAME: ClassVar[str] = "TransferCompleteResponse"


@dataclass(frozen=True, slots=True)
class TransferComplete:
    """A transfer that the ACS asked for is over (A.3.3.2)."""

    NAME: ClassVar[str] = "TransferComplete"
    RESPONSE: ClassVar = TransferCompleteResponse

    command_key: CommandKey
    """The transfer's key."""
    fault_struct: TransferFault
    """How it ended."""
    start_time: datetime
    """When it started."""
    complete_time: datetime
    """When it was done and applied."""


@dataclass(frozen=True, slots=True)
class AutonomousTransferCompleteResponse:
    """The end of the transfer is recorded."""

    NAME: ClassVar[str] = "AutonomousTransferCompleteResponse"


@dataclass(frozen=True, slots=True)
class AutonomousTransferComplete:
    """A transfer that the ACS did not ask for is over (A.3.3.3)."""

    NAME: ClassVar[str] = "AutonomousTransferComplete"
    RESPONSE: ClassVar = AutonomousTransferCompleteResponse

    announce_url: str
    """Where the device learnt of the file."""
    transfer_url: str
    """Where the file came from or went to."""
    is_download: bool
    """A download, or else an upload."""
    file_type: FileType
    """As for a download or upload."""
    file_size: UnsignedInt
    """In bytes; 0 when unknown."""
    target_file_name: str
    """How it is called on the device."""
    fault_struct: TransferFault
    """How it ended."""
    start_time: datetime
    """When it started."""
    complete_time: datetime
    """When it was done and applied."""


@dataclass(frozen=True, slots=True)
class FileTypeArgument:
    """Something a device says about the file it wants."""

    TYPES: ClassVar = ("ArgStruct",)

    name: Token
    """Such as ``Version``."""
    value: str
    """Its value."""


@dataclass(frozen=True, slots=True)
class RequestDownloadResponse:
    """The wish is noted; a Download may follow."""

    NAME: ClassVar[str] = "RequestDownloadResponse"


@dataclass(frozen=True, slots=True)
class RequestDownload:
    """A CPE wants a file (A.4.2.2)."""

    NAME: ClassVar[str] = "RequestDownload"
    RESPONSE: ClassVar = RequestDownloadResponse

    file_type: FileType
    """As for a download."""
    file_type_arg: tuple[FileTypeArgument, ...]
    """What the device says about it."""
