"""Forms that bring a file and say something of it: the file goes to the disk as it comes, whatever its length."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from email.message import Message
from typing import Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from acs.domain.intake import FileError, FileFault, FormBody
from acs.files.bodies import FORM_ALLOWANCE, plain_file_name
from acs.files.forms import FormError, FormReader, file_name, parameter
from acs.files.store import (
    BLOCK,
    FileFolder,
    FileMissingError,
    FileTooLargeError,
    FolderError,
    FolderFullError,
    IncomingFile,
    StoredReader,
)

FILE: Final = "file"
"""The field that is the file."""
_MOST_AT_ONCE: Final = 8
_LONGEST_FIELD: Final = 16 * 1024
_MOST_FIELDS: Final = 16
_FAULTS: Final[Mapping[type[Exception], FileFault]] = {
    FormError: FileFault.BAD_FORM,
    FileTooLargeError: FileFault.TOO_LARGE,
    FolderFullError: FileFault.NO_ROOM,
    FileMissingError: FileFault.MISSING,
    FolderError: FileFault.DISK,
    TimeoutError: FileFault.TOO_SLOW,
}

BeforeFile = Callable[[Mapping[str, str]], Awaitable[None]]
"""Is told the fields that came before the file; what it raises ends the intake."""
Read = Callable[[int], Awaitable[bytes]]
"""Gives at most so many octets."""
Progress = Callable[[int], None]
"""Is told how many octets have come."""


class TakenForm:
    """A form that has come whole; nothing of it stays unless it is kept."""

    def __init__(self, incoming: IncomingFile) -> None:
        self._incoming = incoming
        self.fields: dict[str, str] = {}
        """What it says beside the file."""
        self.file_name = ""
        """What the file is called there."""

    @property
    def size(self) -> int:
        """The length of the file in octets."""
        return self._incoming.size

    @property
    def sha256(self) -> str:
        """Its checksum, in hex."""
        return self._incoming.sha256

    async def keep(self) -> str:
        """Make the file stay; the key under which it is kept."""
        with _telling():
            return (await self._incoming.keep()).key


class FileIntake:
    """Takes files in, and gives them out."""

    def __init__(self, folder: FileFolder, block_timeout: float) -> None:
        self._folder = folder
        self._block_timeout = block_timeout
        self._inside = 0

    @asynccontextmanager
    async def take(
        self, form: FormBody, max_bytes: int, before_file: BeforeFile, progress: Progress
    ) -> AsyncIterator[TakenForm]:
        """Take a form in. FileError for what is wrong with it."""
        if form.length is not None and form.length > max_bytes + FORM_ALLOWANCE:
            raise FileError(FileFault.TOO_LARGE, f"the body has {form.length} octets")
        if self._inside >= _MOST_AT_ONCE:
            raise FileError(FileFault.BUSY, f"{_MOST_AT_ONCE} files are on their way in already")
        self._inside += 1
        try:
            async with AsyncExitStack() as stack:
                with _telling():
                    incoming = await stack.enter_async_context(self._folder.incoming(max_bytes))
                    taken = TakenForm(incoming)
                    reader, rest = self._reader(form, max_bytes + FORM_ALLOWANCE, progress)
                    await _receive(reader, incoming, taken, before_file)
                    # The form counts only when the whole body is there.
                    while await rest(BLOCK):
                        pass
                yield taken
        finally:
            self._inside -= 1

    @asynccontextmanager
    async def open(self, key: str, size: int) -> AsyncIterator[AsyncIterator[bytes]]:
        """A file, block by block. FileError if there is none of this length."""
        async with AsyncExitStack() as stack:
            with _telling():
                reader = await stack.enter_async_context(self._folder.reader(key))
            if reader.size != size:
                raise FileError(FileFault.MISSING, "the file is not as long as it was")
            yield _blocks(reader)

    async def delete(self, key: str) -> None:
        """Delete a file; it may be gone already."""
        with _telling():
            await self._folder.delete(key)

    def _reader(self, form: FormBody, most: int, progress: Progress) -> tuple[FormReader, Read]:
        """What reads the form within its bounds, and what reads the octets behind it."""
        come = 0

        async def read(count: int) -> bytes:
            nonlocal come
            async with asyncio.timeout(self._block_timeout):
                octets = await form.read(count)
            come += len(octets)
            if come > most:
                raise FileTooLargeError(f"the body has more than {most} octets")
            progress(come)
            return octets

        return FormReader(form.content_type, read), read


async def _receive(reader: FormReader, incoming: IncomingFile, taken: TakenForm, before_file: BeforeFile) -> None:
    has_file = False
    while (head := await reader.next_part()) is not None:
        name = _name(head)
        if name in taken.fields or (name == FILE and has_file):
            raise FormError(f"the form has {name} twice")
        if name == FILE:
            has_file = True
            taken.file_name = plain_file_name(file_name(head))
            await before_file(taken.fields)
            while piece := await reader.piece():
                await incoming.write(piece)
        elif len(taken.fields) == _MOST_FIELDS:
            raise FormError(f"the form has more than {_MOST_FIELDS} fields beside its {FILE}")
        else:
            taken.fields[name] = await _text(reader, name)
    if not has_file:
        raise FormError(f"the form holds no {FILE}")


def _name(head: Message) -> str:
    name = parameter(head, "content-disposition", "name")
    if not name:
        raise FormError("a part of the form has no name")
    return name


async def _text(reader: FormReader, name: str) -> str:
    octets = bytearray()
    while piece := await reader.piece():
        octets += piece
        if len(octets) > _LONGEST_FIELD:
            raise FormError(f"{name} has more than {_LONGEST_FIELD} octets")
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        raise FormError(f"{name} is not UTF-8") from None


async def _blocks(reader: StoredReader) -> AsyncIterator[bytes]:
    offset = 0
    while offset < reader.size:
        with _telling():
            block = await reader.read(offset, BLOCK)
        if not block:
            raise FileError(FileFault.MISSING, "the file has become shorter")
        yield block
        offset += len(block)


@contextmanager
def _telling() -> Iterator[None]:
    """Turn what goes wrong into FileError."""
    try:
        yield
    except (FormError, FolderError, TimeoutError) as error:
        fault = next(fault for kind, fault in _FAULTS.items() if isinstance(error, kind))
        raise FileError(fault, str(error) or "the body comes too slowly") from error
    # aiohttp has a RuntimeError for a connection that ended before it was read from.
    except (ConnectionError, web.RequestPayloadError, HttpProcessingError, RuntimeError) as error:
        raise FileError(FileFault.BROKEN, "the body ended early, or its framing is wrong") from error
