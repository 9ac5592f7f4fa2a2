"""The files of a SQLite database, seen from outside: who may read them, who serves them, why they cannot be opened."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from acs.store.errors import StoreGoneError, StoreUnavailableError

_LOOK_EVERY: Final = 1.0


def make_private(path: Path) -> None:
    """Make the folder and the file, if they are not there, closed to others. What is there stays as it is."""
    make_folder(path)
    # SQLite gives the files beside it the same mode. An existing one must not be opened here: with the descriptor all
    # locks of this process on it would be closed.
    with suppress(OSError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def make_folder(path: Path) -> None:
    """Make the folder of a database."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        why = "a file stands in its place" if isinstance(error, FileExistsError) else error.strerror
        raise StoreUnavailableError(f"the folder of the database {path} cannot be made: {why}") from None


class OpenFiles:
    """The files of a database that is open: whether they still are those that the next start would find.

    What goes into a file that was removed or replaced is lost with this process.
    """

    def __init__(self, path: Path) -> None:
        """The database has just been opened there."""
        real = path.resolve()
        # The log, and its index, lie beside what a link leads to.
        self._places = (path.absolute(), *(real.with_name(f"{real.name}-{end}") for end in ("wal", "shm")))
        self._opened: list[tuple[int, int] | None] = [_identity(each) for each in self._places]
        self._is_in_doubt = False
        self._seen_at = 0.0

    def check(self) -> None:
        """StoreGoneError if they are not. In a thread: a file system may take its time."""
        self._is_in_doubt = True
        for number, place in enumerate(self._places):
            found, opened = _identity(place), self._opened[number]
            if opened is None:
                # The log is made by the first who reads or writes; as long as it is open it stays the same.
                self._opened[number] = found
            elif found != opened:
                raise StoreGoneError(
                    f"{place} was removed or replaced under the running server, and nothing is taken until the file "
                    "that was there is back; docs/settings.md says what else can be done"
                )
        self._is_in_doubt = False

    def check_again(self, now: float) -> None:
        """The same, but only once a second while all is well: each look costs a wait for Python's lock."""
        if self._is_in_doubt or now - self._seen_at >= _LOOK_EVERY:
            self.check()
            self._seen_at = now


def _identity(place: Path) -> tuple[int, int] | None:
    try:
        found = place.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreUnavailableError(f"{place} cannot be looked at: {error.strerror}") from None
    return found.st_dev, found.st_ino


@contextmanager
def served_alone(path: Path, on_doubt: Callable[[str], None]) -> Iterator[None]:
    """Keep every other server off a database until the end of the block; StoreUnavailableError if one has it already.

    The kernel lets go of the lock however the process ends. Where the file system knows no locks, ``on_doubt`` is told.
    """
    make_folder(path)
    lock = _lock_of(path)
    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreUnavailableError(
            f"the lock file {lock} cannot be opened: {error.strerror}; aioacs doctor says more"
        ) from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreUnavailableError(
                f"another aioacs serves the database {path} already: stop that one, or set AIOACS_DATABASE_URL to a "
                "file of its own"
            ) from None
        except OSError as error:
            on_doubt(f"{lock} cannot be locked: {error.strerror}")
        yield
    finally:
        # The file stays: one that was removed could still be locked by another process, and a third would make it anew.
        os.close(descriptor)


def is_served(path: Path) -> bool | None:
    """Whether a server has a database; None where that cannot be seen. Nothing is made or changed."""
    try:
        descriptor = os.open(_lock_of(path), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return False


def _lock_of(path: Path) -> Path:
    path = path.resolve()
    return path.with_name(f"{path.name}.lock")


def reason(path: Path, error: Exception) -> str:
    """Why a database cannot be opened: SQLite has the same words for nearly everything."""
    folder = path.absolute().parent
    with suppress(OSError):
        if path.is_dir():
            return "a folder stands in its place"
        if os.statvfs(folder).f_flag & os.ST_RDONLY:
            return "its file system is mounted for reading only"
        if not os.access(folder, os.W_OK | os.X_OK):
            return f"this user may not write in {folder}"
        if path.exists() and not os.access(path, os.R_OK | os.W_OK):
            return "this user may not write to it"
    return str(error)
