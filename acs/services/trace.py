"""The messages of a device that is being debugged, in a file of its own, secrets masked and never too much of them."""

import asyncio
import os
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from acs.domain.device import ManagedDevice
from acs.domain.secret_names import MASK, is_secret_name
from acs.domain.url_logins import masked_logins

_MAX_MESSAGE: Final = 256 * 1024
WAITING: Final = 200
"""How many messages may wait to be written; each is of at most 256 KiB."""
# A value, with the name before it where that can be read; and elements that hold a secret by their own name.
_VALUE: Final = re.compile(
    rb"((?:<(?:[\w.-]+:)?Name[^<>]*>([^<&]*)</(?:[\w.-]+:)?Name\s*>\s*)?<(?:[\w.-]+:)?Value(?=[\s>])[^<>]*(?<!/)>)"
    rb"(.*?)(?=</(?:[\w.-]+:)?Value\s*>|\Z)",
    re.DOTALL,
)
_ELEMENT: Final = re.compile(
    rb"(<(?:[\w.-]++:)?([\w.-]++)[^<>]*+>)((?:[^<]++|<!\[CDATA\[(?:[^\]]++|\](?!\]>))*+(?:\]\]>)?)+)"
)
_TRANSFER: Final = b"TransferComplete"
_ALWAYS_SECRET: Final = ("Password", "Username", "URL")


def masked(message: bytes, *, hides_faults: bool = False) -> bytes:
    """A message without its secrets, and without the words of faults if they may quote one."""
    # What was sent for the transfer is no longer at hand.
    hides_faults |= _TRANSFER in message

    def value(match: re.Match[bytes]) -> bytes:
        # Only behind a plain name can a value be told from a secret: not behind CDATA, an entity or nothing.
        is_shown = match[2] is not None and not is_secret_name(match[2].decode("utf-8", "replace").strip())
        return match[0] if is_shown or not match[3] else match[1] + MASK.encode()

    def element(match: re.Match[bytes]) -> bytes:
        # Vendors' own messages have elements of any name.
        name = match[2].decode("ascii", "replace")
        is_hidden = name.startswith(_ALWAYS_SECRET) or (hides_faults and name.lower() == "faultstring")
        if is_hidden or is_secret_name(name):
            return match[1] + MASK.encode()
        text = match[3].decode("latin-1")
        # Of a text that was cut it cannot be told whether a login begins it.
        if match.end() == len(match.string) and "://" in text:
            text = f"{text.partition('://')[0]}://{MASK}"
        return match[1] + masked_logins(text).encode("latin-1")

    if b"\0" in message.rstrip(b"\0"):
        return b"(not shown: it is in UTF-16)"
    return _ELEMENT.sub(element, _VALUE.sub(value, message))


class Trace:
    """Writes traces, off the loop; what cannot be written in time is left out and counted in the trace itself."""

    def __init__(self, folder: Path, *, most_per_device: int, most: int, on_error: Callable[[str], None]) -> None:
        self._folder = folder
        self._most_per_device = most_per_device
        self._most = most
        self._on_error = on_error
        self._queue: asyncio.Queue[tuple[Path, bytes, bytes, bool]] = asyncio.Queue(WAITING)
        self._left_out = 0
        # One message alone must not go beyond the bound.
        self._most_of_one = min(_MAX_MESSAGE, most_per_device // 4)
        # What was there at the start counts too.
        self._grown = most_per_device

    def received(self, device: ManagedDevice, body: bytes, at: float, *, hides_faults: bool = False) -> None:
        """A post of the device; whether its faults may quote what it was sent."""
        self._note(device, "<-", body, at, hides_faults=hides_faults)

    def sent(self, device: ManagedDevice, body: bytes, at: float) -> None:
        """What it was answered."""
        self._note(device, "->", body, at)

    @property
    def waiting(self) -> int:
        """How many messages wait to be written."""
        return self._queue.qsize()

    async def run(self) -> None:
        """Write, until cancelled."""
        while True:
            path, head, body, hides_faults = await self._queue.get()
            try:
                await asyncio.to_thread(self._write, path, head, body, hides_faults=hides_faults)
            except OSError as error:
                self._on_error(f"a trace cannot be written: {error.strerror}")

    def path_of(self, device_id: int) -> Path:
        """The file of a device; the older half stands beside it with ``.old``."""
        return self._folder / f"{device_id}.trace"

    def _note(
        self, device: ManagedDevice, direction: str, body: bytes, at: float, *, hides_faults: bool = False
    ) -> None:
        moment = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
        cut = "" if len(body) <= self._most_of_one else f" ({len(body)} octets, cut)"
        left_out = f" {self._left_out} left out before" if self._left_out else ""
        head = f"{moment} {direction}{left_out}{cut}\n".encode()
        # A name stands before its value, so what is cut shows no more than what is whole.
        note = (self.path_of(device.id), head, body[: self._most_of_one], hides_faults or _TRANSFER in body)
        try:
            self._queue.put_nowait(note)
            self._left_out = 0
        except asyncio.QueueFull:
            self._left_out += 1

    def _write(self, path: Path, head: bytes, body: bytes, *, hides_faults: bool) -> None:
        # Here, for a device can send what is dear to mask.
        text = head + masked(body, hides_faults=hides_faults)[: self._most_of_one] + b"\n\n"
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size + len(text) > self._most_per_device // 2:
            path.replace(path.with_suffix(".old"))
        self._grown += len(text)
        if self._grown > self._most_per_device:
            self._make_room()
            self._grown = len(text)
        with open(path, "ab", opener=_private) as file:
            file.write(text)

    def _make_room(self) -> None:
        """All traces together stay within their bound: the oldest go."""
        files = sorted(self._folder.glob("*.*"), key=lambda each: each.stat().st_mtime)
        size = sum(each.stat().st_size for each in files)
        for each in files:
            if size <= self._most - self._most_per_device:
                return
            size -= each.stat().st_size
            each.unlink(missing_ok=True)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
