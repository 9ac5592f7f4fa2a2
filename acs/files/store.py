"""The folder with the files: firmware to send out, and what devices sent in.

Nothing from outside ever becomes a path: a file is kept under a key that the folder makes from its checksum and some
chance, and a key that does not look like one is not looked for. Chance sets equal files apart, so that deleting one
never takes another's octets. All work on the disk is done by threads of its own; a slow disk stalls nothing else.
"""

import asyncio
import contextlib
import errno
import hashlib
import os
import re
import secrets
import shutil
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, TypeVar

BLOCK: Final = 64 * 1024
"""How much of a file is in memory at once, for each device that fetches or sends one."""

_Result = TypeVar("_Result")

_KEY: Final = re.compile(r"[0-9a-f]{2}/[0-9a-f]{64}-[0-9a-f]{16}")
_CHANCE_LENGTH: Final = 8
_INCOMING: Final = "incoming"
_FULL: Final = {errno.ENOSPC, errno.EDQUOT}


class FolderError(Exception):
    """What the folder cannot do::

    FolderError               the disk failed
     +-- FolderFullError      there is no room left on the disk
     +-- FileMissingError     there is no file of that key
     +-- FileTooLargeError    a file is longer than was allowed
    """


class FolderFullError(FolderError):
    """There is no room left on the disk."""


class FileMissingError(FolderError):
    """There is no file of that key."""


class FileTooLargeError(FolderError):
    """A file is longer than was allowed."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that is safe on the disk."""

    key: str
    """Under which key it is kept."""
    size: int
    """Its length in octets."""
    sha256: str
    """Its checksum, in hex."""


def create_file(path: Path) -> BinaryIO:
    """Open a new file that only the server may read: what devices send holds passwords."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb")


class IncomingFile:
    """A file on its way in: nothing of it stays on the disk unless it is kept."""

    def __init__(self, folder: "FileFolder", max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        # A thread may still be writing when the request is cancelled; what tidies up waits for it.
        self._lock = threading.Lock()
        self._file: BinaryIO | None = None
        self._discarded = False
        self._path = folder.root / _INCOMING / folder.chance()
        self._sha256 = hashlib.sha256()
        self._size = 0
        self.kept = False
        """Whether the file stays."""

    @property
    def size(self) -> int:
        """How much has been written."""
        return self._size

    @property
    def sha256(self) -> str:
        """The checksum of what has been written, in hex."""
        return self._sha256.hexdigest()

    async def write(self, block: bytes) -> None:
        """Add octets. FileTooLargeError beyond the limit, FolderFullError when the disk has no room."""
        await self._folder.run(self._write, block)

    async def keep(self) -> StoredFile:
        """Make the file stay: it outlasts a loss of power once this returns."""
        stored = await self._folder.run(self._keep)
        self.kept = True
        return stored

    def begin(self) -> None:
        """Create the file, in a thread."""
        with self._lock:
            if not self._discarded:
                self._folder.root.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._path.parent.mkdir(mode=0o700, exist_ok=True)
                self._file = self._folder.create(self._path)

    def discard(self) -> None:
        """Close and remove the file, wherever it has got to, in a thread. What resists is left to the next sweep."""
        with self._lock:
            self._discarded = True
            if self._file is not None:
                with contextlib.suppress(OSError):  # closing writes what is left, and the disk may be full
                    self._file.close()
                self._file = None
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)

    def _write(self, block: bytes) -> None:
        with self._lock:
            file = self._open_file()
            if self._size + len(block) > self._max_bytes:
                raise FileTooLargeError(f"a file is longer than {self._max_bytes} octets")
            self._folder.check_room(len(block))
            file.write(block)
            self._sha256.update(block)
            self._size += len(block)

    def _keep(self) -> StoredFile:
        with self._lock:
            file = self._open_file()
            file.flush()
            os.fsync(file.fileno())
            file.close()
            self._file = None
            sha256 = self._sha256.hexdigest()
            key = f"{sha256[:2]}/{sha256}-{self._folder.chance()}"
            path = self._folder.root / key
            path.parent.mkdir(mode=0o700, exist_ok=True)
            self._path = self._path.replace(path)
            # A file is safe when its name is, and a name when the directory it stands in is (rename(2), fsync(2)).
            _sync_directory(path.parent)
            _sync_directory(self._folder.root)
            return StoredFile(key, self._size, sha256)

    def _open_file(self) -> BinaryIO:
        if self._file is None:
            raise FolderError("the file is not open")
        return self._file


class StoredReader:
    """A file that is being read. It can be read to its end even if it is deleted meanwhile."""

    def __init__(self, folder: "FileFolder", key: str) -> None:
        self._folder = folder
        self._key = key
        # A descriptor closed under a thread that reads could by then be another file's.
        self._lock = threading.Lock()
        self._descriptor = -1
        self._closed = False
        self.size = 0
        """Its length in octets."""

    async def read(self, offset: int, count: int) -> bytes:
        """Some octets; fewer than asked for only at the end of the file."""
        return await self._folder.run(self._read, offset, count)

    def open(self) -> None:
        """Open the file, in a thread."""
        with self._lock:
            if not self._closed:
                self._descriptor = os.open(self._folder.path_of(self._key), os.O_RDONLY | os.O_CLOEXEC)
                self.size = os.fstat(self._descriptor).st_size

    def close(self) -> None:
        """Close the file, in a thread."""
        with self._lock:
            self._closed = True
            if self._descriptor >= 0:
                with contextlib.suppress(OSError):  # what was read is read
                    os.close(self._descriptor)
                self._descriptor = -1

    def _read(self, offset: int, count: int) -> bytes:
        with self._lock:
            if self._descriptor < 0:
                raise FolderError("the file is not open")
            return os.pread(self._descriptor, count, offset)


class FileFolder:
    """A folder of files, each under a key."""

    def __init__(
        self,
        root: Path,
        *,
        threads: int = 4,
        keep_free: int = 64 * 2**20,
        chance: Callable[[int], bytes] = secrets.token_bytes,
        create: Callable[[Path], BinaryIO] = create_file,
    ) -> None:
        """A folder at a path, made when the first file comes in.

        keep_free octets of the disk are left to others, the database above all. Chance gives random octets; create
        opens a new file for writing.
        """
        self.root = root
        """Where the folder is."""
        self.create = create
        """Opens a new file for writing."""
        self._keep_free = keep_free
        self._chance = chance
        # Its queue needs no bound of its own: each transfer waits for the one call that it has made.
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="files")

    @contextlib.asynccontextmanager
    async def incoming(self, max_bytes: int) -> AsyncIterator[IncomingFile]:
        """Take a file in; unless it is kept nothing of it stays."""
        file = IncomingFile(self, max_bytes)
        try:
            await self.run(file.begin)
            yield file
        finally:
            if not file.kept:
                await self.run(file.discard)

    @contextlib.asynccontextmanager
    async def reader(self, key: str) -> AsyncIterator[StoredReader]:
        """Read a file; FileMissingError when there is none of that key."""
        file = StoredReader(self, key)
        try:
            await self.run(file.open)
            yield file
        finally:
            await self.run(file.close)

    async def delete(self, key: str) -> None:
        """Delete a file; it may be gone already."""
        await self.run(lambda: self.path_of(key).unlink(missing_ok=True))

    async def keys(self, *, changed_before: float, after: str = "", limit: int = 1000) -> list[str]:
        """Some keys in their order, of files last changed before a moment (seconds since 1970).

        For the sweep: what came in just before a crash may be named by no record.
        """
        return await self.run(self._keys, changed_before, after, limit)

    async def sweep_unfinished(self, *, changed_before: float) -> int:
        """Delete what a crash left half-written, last changed before a moment; how many files that were."""
        return await self.run(self._sweep_unfinished, changed_before)

    async def close(self) -> None:
        """Wait for what the threads still do, and end them."""
        await asyncio.to_thread(self._pool.shutdown)

    async def run(self, call: Callable[..., _Result], *arguments: object) -> _Result:
        """Call a function in a thread of the folder's own; OSError becomes FolderError.

        Once begun it ends, though the caller may be cancelled meanwhile.
        """
        try:
            return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._pool, call, *arguments))
        except FileNotFoundError as error:
            raise FileMissingError("the file is not there") from error
        except OSError as error:
            if error.errno in _FULL:
                raise FolderFullError("there is no room left on the disk") from error
            raise FolderError(f"the disk failed: {error.strerror}") from error

    def path_of(self, key: str) -> Path:
        """Where a file is; FileMissingError for what is no key."""
        if _KEY.fullmatch(key) is None:
            raise FileMissingError("the file is not there")
        return self.root / key

    def chance(self) -> str:
        """A name that no other file has."""
        return self._chance(_CHANCE_LENGTH).hex()

    def check_room(self, octets: int) -> None:
        """FolderFullError if so many more octets would leave the others too little."""
        if shutil.disk_usage(self.root).free - octets < self._keep_free:
            raise FolderFullError("there is no room left on the disk")

    def _keys(self, changed_before: float, after: str, limit: int) -> list[str]:
        found: list[str] = []
        for directory in sorted(self.root.glob("[0-9a-f][0-9a-f]")):
            if directory.name < after[:2]:
                continue
            for path in sorted(directory.iterdir()):
                key = f"{directory.name}/{path.name}"
                if key > after and _KEY.fullmatch(key) and _changed_before(path, changed_before):
                    found.append(key)
                    if len(found) == limit:
                        return found
        return found

    def _sweep_unfinished(self, changed_before: float) -> int:
        deleted = 0
        for path in (self.root / _INCOMING).glob("*"):
            if _changed_before(path, changed_before):
                path.unlink(missing_ok=True)
                deleted += 1
        return deleted


def _changed_before(path: Path, moment: float) -> bool:
    try:
        return path.stat().st_mtime < moment
    except FileNotFoundError:  # deleted since the directory was read
        return False


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
