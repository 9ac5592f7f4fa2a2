"""What a scripted device has seen and done, in the order in which it was.

A test that kills the server compares this story with the server's own. Entries count instead of telling the time.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TypeVar

Event = tuple[str, str]
"""An event code and its CommandKey."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A post left for the ACS."""

    when: int
    """Its place in the story."""
    connection: int
    """The connection that carried it, counted from 1."""
    message: str
    """The name of the message; empty for an empty post, ``Fault`` for a fault."""
    body: bytes = field(repr=False)
    """The envelope before any compression."""


@dataclass(frozen=True, slots=True)
class Received:
    """A response came."""

    when: int
    """Its place in the story."""
    connection: int
    """The connection that carried it."""
    status: int
    """The HTTP status."""
    message: str
    """The name of the message in it; empty when there is none."""
    id: str | None
    """Its cwmp:ID."""
    body: bytes = field(repr=False)
    """The body as it came."""


@dataclass(frozen=True, slots=True)
class CarriedOut:
    """An RPC of the ACS took effect, whether or not its answer got through."""

    when: int
    """Its place in the story."""
    method: str
    """The name of the RPC."""
    id: str | None
    """The cwmp:ID it came with."""
    command_key: str
    """Its CommandKey or ParameterKey; empty when it has none."""
    path: str
    """The object of AddObject and DeleteObject, the URL of a transfer; else empty."""
    names: tuple[str, ...]
    """The parameters it touched."""
    instance: int | None
    """The number of the new instance, for AddObject."""


@dataclass(frozen=True, slots=True)
class Refused:
    """An RPC of the ACS was refused with a fault and changed nothing."""

    when: int
    """Its place in the story."""
    method: str
    """The name of the RPC."""
    id: str | None
    """The cwmp:ID it came with."""
    code: int
    """The fault code."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The ACS has acknowledged a request of the device: from now on it must not be lost."""

    when: int
    """Its place in the story."""
    message: str
    """The name of the request, such as ``Inform``."""
    events: tuple[Event, ...]
    """The events of an Inform."""
    command_key: str
    """The CommandKey of a TransferComplete."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A connection came to an end before an answer: dropped on purpose, or by the server."""

    when: int
    """Its place in the story."""
    connection: int
    """Which one."""
    why: str
    """What ended it."""


@dataclass(frozen=True, slots=True)
class Called:
    """A connection request came and was let in."""

    when: int
    """Its place in the story."""


@dataclass(frozen=True, slots=True)
class Transferred:
    """A file was fetched or delivered."""

    when: int
    """Its place in the story."""
    method: str
    """GET for a download, PUT for an upload."""
    url: str
    """Where it came from or went to."""
    status: int
    """What the file server said; 0 when it could not be reached."""
    sha256: str
    """The hash of the file, in hex."""


Entry = Sent | Received | CarriedOut | Refused | Acknowledged | Lost | Called | Transferred
_E = TypeVar("_E", Sent, Received, CarriedOut, Refused, Acknowledged, Lost, Called, Transferred)


class Journal:
    """The entries of one device; each also goes to a file as a line of JSON, flushed, if one is named."""

    def __init__(self, serial: str, file: Path | None = None) -> None:
        self._serial = serial
        self._file = file
        self._entries: list[Entry] = []

    def next(self) -> int:
        """The place of the next entry."""
        return len(self._entries) + 1

    def add(self, entry: Entry) -> None:
        """Append an entry."""
        self._entries.append(entry)
        if self._file is not None:
            line = {"serial": self._serial, "entry": type(entry).__name__} | asdict(entry)
            # One write in append mode: several devices and processes share a file.
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, default=lambda octets: octets.decode("latin-1")) + "\n")

    def of(self, kind: type[_E]) -> list[_E]:
        """The entries of one kind."""
        return [entry for entry in self._entries if isinstance(entry, kind)]

    def carried_out(self, method: str) -> list[CarriedOut]:
        """How often and how an RPC took effect."""
        return [entry for entry in self.of(CarriedOut) if entry.method == method]

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


def sha256(octets: bytes) -> str:
    """A hash for ``Transferred``."""
    return hashlib.sha256(octets).hexdigest()
