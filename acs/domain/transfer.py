"""A transfer: a file on its way to a device or from it, and what the file server asks and tells of it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class TransferDirection(StrEnum):
    """Which way a file goes, as CWMP sees it."""

    DOWNLOAD = "download"
    """To the device."""
    UPLOAD = "upload"
    """From the device."""


@dataclass(frozen=True, slots=True)
class Offer:
    """The file that a device may fetch."""

    transfer_id: int
    """For which transfer."""
    key: str
    """Under which key the folder keeps it."""
    file_name: str
    """What people call it."""
    size: int
    """Its length in octets."""
    sha256: str
    """Its checksum, in hex."""
    content_type: str = "application/octet-stream"
    """Its media type."""


@dataclass(frozen=True, slots=True)
class Slot:
    """Room for the file that a device is to send."""

    transfer_id: int
    """For which transfer."""
    max_bytes: int
    """The longest file that is taken."""


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A file that came in whole and is safe on the disk."""

    key: str
    """Under which key the folder keeps it."""
    size: int
    """Its length in octets."""
    sha256: str
    """Its checksum, in hex."""
    file_name: str = ""
    """What the device calls it; empty when it does not say."""
    content_type: str = "application/octet-stream"
    """What the device says it is."""
    content_encoding: str = ""
    """How the device packed it (``gzip``): it is kept as it came."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of the news that a file came in."""

    recorded: bool
    """False when the transfer ended while the file was coming in: then nothing names the file."""
    superseded: str | None = None
    """The key of the file that an earlier upload left: now nothing names it any more."""


class DeskUnavailableError(Exception):
    """The desk cannot answer or record now, because its database is away; the device is told to come again."""


class TransferDesk(Protocol):
    """Where the file server learns which transfers are open, and leaves word of what was sent and received.

    Every method may raise DeskUnavailableError, and nothing else.
    """

    async def offer(self, transfer_id: int) -> Offer | None:
        """The file to fetch; None when there is no such download, or it has ended or expired."""

    async def slot(self, transfer_id: int) -> Slot | None:
        """The room for a file; None when there is no such upload, or it has ended or expired."""

    async def received(self, transfer_id: int, file: ReceivedFile) -> Receipt:
        """Record a file. It is durable once this returns, and only then the device hears of its success."""

    async def downloaded(self, transfer_id: int, octets: int, *, to_end: bool) -> None:
        """Note that octets of the file went out; to_end: its last one was among them, or it has none."""
