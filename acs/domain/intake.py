"""Files that come with a form, and files that are read: what can go wrong, whoever does the work on the disk."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum, auto


class FileFault(Enum):
    """What can go wrong with a file."""

    TOO_LARGE = auto()
    """It is longer than is allowed."""
    TOO_SLOW = auto()
    """It comes too slowly."""
    BROKEN = auto()
    """The connection ended within it, or its framing is wrong."""
    BAD_FORM = auto()
    """The form cannot be read, or holds no file."""
    BUSY = auto()
    """Too many others come at this moment."""
    NO_ROOM = auto()
    """There is no room left on the disk."""
    MISSING = auto()
    """There is none."""
    DISK = auto()
    """The disk failed."""


class FileError(Exception):
    """A file that cannot be taken in or read."""

    def __init__(self, fault: FileFault, sentence: str) -> None:
        super().__init__(sentence)
        self.fault = fault
        """What went wrong."""


@dataclass(frozen=True, slots=True)
class FormBody:
    """A form on its way in, which nobody has read from."""

    content_type: str
    """Its Content-Type, with the boundary."""
    length: int | None
    """How long it says that it is."""
    read: Callable[[int], Awaitable[bytes]] = field(repr=False)
    """Gives at most so many octets; none at the end."""
