"""What the services need from outside; ``acs.server`` brings it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from acs.domain.delivery import Delivery, Sent
from acs.domain.intake import FormBody
from acs.domain.reach import Reach, WakeTarget


class Clock(Protocol):
    """The only source of time."""

    def monotonic(self) -> float:
        """Seconds for deadlines; never goes back."""

    def wall(self) -> float:
        """Seconds since 1970, for records."""


class Chance(Protocol):
    """The only source of chance."""

    def octets(self, count: int) -> bytes:
        """Random octets nobody can guess."""

    def between(self, low: float, high: float) -> float:
        """A number that need not be secret, for jitter."""


class ConnectionRequester(Protocol):
    """Calls a device."""

    async def request(self, target: WakeTarget) -> Reach:
        """Ask the device to open a session; never raises for what the device does."""


class Probes(Protocol):
    """Looks whether a device is there without asking it to speak CWMP. Never raises for what the device does.

    A probe gives True or False; None if it could not be tried: there is no address that may be called, or the system
    does not let us.
    """

    async def connects(self, url: str, session_address: str, within: float) -> bool | None:
        """Whether it takes a TCP connection where it says that it can be called."""

    async def answers_ping(self, url: str, session_address: str, within: float) -> bool | None:
        """Whether it answers an ICMP echo request."""


class Messenger(Protocol):
    """Brings news to those who are to be told."""

    async def send(self, delivery: Delivery) -> Sent:
        """Try once; never raises for what the receiver does."""


class FileKeeper(Protocol):
    """Where files lie."""

    async def keys(self, *, changed_before: float, after: str = "", limit: int = 1000) -> list[str]:
        """Some keys in their order, of files last changed before a moment."""

    async def delete(self, key: str) -> None:
        """Delete a file; it may be gone already."""

    async def sweep_unfinished(self, *, changed_before: float) -> int:
        """Delete what a crash left half-written; how many files that were."""


class TakenForm(Protocol):
    """A form that has come whole, with a file; nothing of it stays unless it is kept."""

    @property
    def fields(self) -> Mapping[str, str]:
        """What it says beside the file."""

    @property
    def file_name(self) -> str:
        """What the file is called there."""

    @property
    def size(self) -> int:
        """The length of the file in octets."""

    @property
    def sha256(self) -> str:
        """Its checksum, in hex."""

    async def keep(self) -> str:
        """Make the file stay; the key under which it is kept. FileError if that cannot be done."""


class FileDesk(Protocol):
    """Takes files in and gives them out; FileError for whatever goes wrong."""

    def take(
        self,
        form: FormBody,
        max_bytes: int,
        before_file: Callable[[Mapping[str, str]], Awaitable[None]],
        progress: Callable[[int], None],
    ) -> AbstractAsyncContextManager[TakenForm]:
        """Take a form in. ``before_file`` is told the fields that came before the file: what it raises ends it."""

    def open(self, key: str, size: int) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """A file of this length, block by block."""

    async def delete(self, key: str) -> None:
        """Delete a file; it may be gone already."""


class FileAddressBook(Protocol):
    """Gives addresses to transfers."""

    def download_url(self, base_url: str, transfer_id: int, file_name: str) -> str:
        """Where the device fetches the file of a transfer."""

    def upload_url(self, base_url: str, transfer_id: int, file_name: str) -> str:
        """Where the device leaves the file of a transfer."""
