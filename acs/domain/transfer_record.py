"""Files on their way, as they are kept."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TransferRecord:
    """A file on its way to a device or from it, for one operation."""

    id: int
    """Its row."""
    device_id: int
    """Which device."""
    operation_id: int
    """For which operation."""
    direction: str
    """``download``: to the device; ``upload``: from it."""
    state: str
    """``open`` or ``ended``."""
    command_key: str
    """The operation's key, under which the device reports."""
    file_type: str
    """As in the RPC: ``1 Firmware Upgrade Image`` ..."""
    file_name: str
    """What the file is called."""
    firmware_image_id: int | None
    """The image, of a download of one."""
    version: str
    """The software version that proves it; empty if none does."""
    size: int | None
    """How many octets; of an upload None until it came."""
    sha256: str
    """The file's checksum; empty until it is known."""
    file_key: str
    """Under which key the file is kept; empty if it is not ours."""
    content_type: str
    """What the device said an upload is."""
    content_encoding: str
    """How the device packed it."""
    received_at: float | None
    """When an upload came."""
    reported: str
    """What the device reported (TransferComplete), as JSON."""
    expires_at: float
    """When it ends at the latest."""
    created: float
    """When it began."""
    ran_before: bool
    """Whether the device ran that version when it began."""
    booted_since: bool
    """Whether the device has booted since."""
