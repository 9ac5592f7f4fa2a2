"""The parts of a form (RFC 7578), while it streams by.

aiohttp has a reader of forms, yet it puts what it does not like into Python warnings with the peer's own words, each
remembered for the life of the process; a device could fill memory and log with them.
"""

import re
from collections.abc import Awaitable, Callable
from email.message import Message
from email.parser import HeaderParser
from email.utils import collapse_rfc2231_value
from typing import Final

_MAX_HEAD: Final = 8192
# The head of each costs as much as a kilobyte of its octets.
_MAX_PARTS: Final = 64
_BOUNDARY: Final = re.compile(r"[\x20-\x7e]{1,70}")
_BLANK_LINE: Final = b"\r\n\r\n"
_READ_SIZE: Final = 64 * 1024


class FormError(Exception):
    """A form that cannot be read, or holds no file."""


def parameter(head: Message, header: str, name: str) -> str | None:
    """A parameter of a header; None if there is none, or the library cannot put its parts together."""
    try:
        found = head.get_param(name, header=header)
        return None if found is None else collapse_rfc2231_value(found)
    except (TypeError, ValueError):
        # One part has a number and another has none; or it names an encoding with a NUL in it.
        return None


def file_name(head: Message) -> str | None:
    """What a part of a form calls its file; None: it is none."""
    found = parameter(head, "content-disposition", "filename")
    return parameter(head, "content-type", "name") if found is None else found


class FormReader:
    """Finds the parts of a form, one after the other, and gives out their octets."""

    def __init__(self, content_type: str, read: Callable[[int], Awaitable[bytes]]) -> None:
        """The form of a body. FormError if the Content-Type names no boundary; read gives octets, none at the end."""
        head = Message()
        # The library fails on octets that are no text, and no boundary has other characters.
        head["Content-Type"] = content_type if content_type.isascii() else ""
        boundary = (parameter(head, "content-type", "boundary") or "").rstrip()
        if _BOUNDARY.fullmatch(boundary) is None:
            raise FormError("the form has no boundary, or one that RFC 2046 does not allow")
        self._mark = b"\r\n--" + boundary.encode("ascii")
        self._read = read
        # The first boundary may stand at the very start, with no line before it.
        self._buffer = bytearray(b"\r\n")
        # What stands before it is passed over like a part.
        self._is_inside = True
        self._parts = 0

    async def open_file(self) -> Message:
        """Go on to the first part that is a file: it has a name as one, or is no plain text. The part's headers."""
        while (head := await self.next_part()) is not None:
            # Some libraries name the type of every field, and plain text is also what none at all means.
            if file_name(head) is not None or head.get_content_type() != "text/plain":
                return head
        raise FormError("the form holds no file")

    async def next_part(self) -> Message | None:
        """Go on to the next part: its headers; None at the end of the form."""
        while self._is_inside:
            await self.piece()
        await self.check_boundary()
        if self._buffer.startswith(b"--"):
            return None
        self._is_inside = True
        self._parts += 1
        if self._parts > _MAX_PARTS:
            raise FormError(f"the form has more than {_MAX_PARTS} parts")
        return await self._head()

    async def piece(self) -> bytes:
        """Some octets of the part; none at its end, which is then passed."""
        while True:
            end = self._buffer.find(self._mark)
            if end == 0:
                del self._buffer[: len(self._mark)]
                self._is_inside = False
                return b""
            # The last octets may be the beginning of a boundary.
            sure = end if end > 0 else len(self._buffer) - len(self._mark) + 1
            if sure > 0:
                piece = bytes(self._buffer[:sure])
                del self._buffer[:sure]
                return piece
            await self._more()

    async def check_boundary(self) -> None:
        """FormError unless what ended a part was a boundary, not a line of the file that only begins like one."""
        while len(self._buffer) < 2:
            await self._more()
        if not self._buffer.startswith((b"--", b"\r\n", b" ", b"\t")):
            raise FormError("a line within the form begins with its boundary")

    async def _head(self) -> Message:
        while (end := self._buffer.find(_BLANK_LINE)) < 0:
            if len(self._buffer) > _MAX_HEAD:
                raise FormError("the headers of a part of the form are too long")
            await self._more()
        if end > _MAX_HEAD:
            raise FormError("the headers of a part of the form are too long")
        # The first line is what is left of the boundary's.
        _, _, head = bytes(self._buffer[:end]).partition(b"\r\n")
        del self._buffer[: end + len(_BLANK_LINE)]
        return HeaderParser().parsestr(head.decode("utf-8", "replace"))

    async def _more(self) -> None:
        octets = await self._read(_READ_SIZE)
        if not octets:
            raise FormError("the form ends before its last boundary")
        self._buffer += octets
