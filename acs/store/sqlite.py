"""SQLite: one connection that writes, a few that read, each in its thread."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, Self, TypeVar

import aiosqlite
import orjson

from acs.store.errors import ConflictError, RecordError, StoreError, StoreUnavailableError
from acs.store.sqlite_files import OpenFiles, make_private, reason
from acs.store.statements import Dialect, Query, Row, Step

T = TypeVar("T")

_READERS: Final = 2
_BUSY: Final = 5.0
# What the record itself is to blame for; anything else is the database's trouble.
_RECORD_ERRORS: Final = (sqlite3.IntegrityError, sqlite3.DataError, OverflowError, UnicodeError)
_DAMAGED: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_UNIQUE: Final = "UNIQUE constraint failed: "


class _Connection(aiosqlite.Connection):
    """A connection that does a whole piece of work in one visit to its thread.

    Each visit waits for Python's lock, so a transaction of six statements must not be six visits.
    """

    waiting = 0
    """How many calls have not been answered yet."""

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Call ``work`` in the connection's thread."""
        self.waiting += 1
        try:
            result: T = await self._execute(_carefully, work, self._conn)  # type: ignore[no-untyped-call]
        finally:
            self.waiting -= 1
        return result

    async def give_up(self) -> None:
        """Close it, also if it never came to be: its thread must not report to a loop that has ended."""
        await self.close()
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join)


class SqliteDatabase:
    """A file, in WAL mode with every commit synced."""

    dialect = Dialect.SQLITE

    def __init__(self, writer: _Connection, readers: Sequence[_Connection], files: OpenFiles) -> None:
        self._writer = writer
        self._readers = readers
        self._files = files

    @classmethod
    async def open(cls, path: Path) -> Self:
        """Open a database file, or make it."""
        make_private(path)
        connections = [_Connection(lambda: _connect(path), iter_chunk_size=64) for _ in range(1 + _READERS)]
        try:
            for connection in connections:
                await connection
            files = OpenFiles(path)
        except (sqlite3.Error, StoreUnavailableError) as error:
            for connection in connections:
                await connection.give_up()
            why = reason(path, error)
            raise StoreUnavailableError(
                f"the database {path} cannot be opened: {why}; aioacs doctor says more"
            ) from None
        return cls(connections[0], connections[1:], files)

    async def transact(self, steps: Sequence[Step]) -> list[list[Row]]:
        """See ``Database``."""
        prepared = [(batch.sql[Dialect.SQLITE], rows) for batch, rows in steps]
        return await self.on_writer(lambda connection: _transact(connection, prepared))

    async def fetch(self, query: Query, parameters: Mapping[str, object]) -> list[Row]:
        """See ``Database``."""
        sql = query.sql[Dialect.SQLITE]
        # Not behind somebody who counts a million rows, if another one is free.
        reader = min(self._readers, key=lambda each: each.waiting)

        def read(connection: sqlite3.Connection) -> list[Row]:
            self._files.check_again(time.monotonic())
            return connection.execute(sql, dict(parameters)).fetchall()

        try:
            return await reader.run(read)
        except (sqlite3.Error, OverflowError, UnicodeError, ValueError) as error:
            raise _translated(error) from error

    async def on_writer(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Something that is no batch (a migration, a backup), on the connection that writes."""

        def checked(connection: sqlite3.Connection) -> T:
            self._files.check_again(time.monotonic())
            result = work(connection)
            # What was committed into a file that is no longer there is as good as lost.
            self._files.check()
            return result

        try:
            return await self._writer.run(checked)
        except (sqlite3.Error, OverflowError, UnicodeError, ValueError) as error:
            raise _translated(error) from error

    async def close(self) -> None:
        """See ``Database``."""
        for connection in (*self._readers, self._writer):
            await connection.close()


def _carefully(work: Callable[[sqlite3.Connection], T], connection: sqlite3.Connection) -> T:
    try:
        return work(connection)
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED:
            # Pages that were read from a damaged file would be believed after it was mended.
            connection.execute("PRAGMA shrink_memory")
        raise


def _connect(path: Path) -> sqlite3.Connection:
    # isolation_level=None: transactions begin and end only where it is written (aiosqlite's default once let a
    # rollback undo the neighbours' work).
    connection = sqlite3.connect(path, isolation_level=None, timeout=_BUSY, check_same_thread=False)
    try:
        _write_ahead(connection)
        for pragma in ("synchronous = FULL", "foreign_keys = ON", "temp_store = MEMORY"):
            connection.execute(f"PRAGMA {pragma}")
        # Pages kept in memory (KiB, negative by SQLite's convention).
        connection.execute("PRAGMA cache_size = -65536")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _write_ahead(connection: sqlite3.Connection) -> None:
    # SQLite does not wait while another process does this to a new file, whatever its timeout.
    deadline = time.monotonic() + _BUSY
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _transact(connection: sqlite3.Connection, steps: Sequence[tuple[str, Sequence[Row]]]) -> list[list[Row]]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        results = [connection.execute(sql, {"rows": _json(rows)}).fetchall() for sql, rows in steps]
        connection.execute("COMMIT")
    except BaseException:
        # A full disk may have ended the transaction already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return results


def _json(rows: Sequence[Row]) -> str:
    try:
        text = orjson.dumps(rows).decode()
    except orjson.JSONEncodeError as error:
        raise OverflowError(str(error)) from None
    # SQLite would end the text there, without a word. (A backslash in a value looks like it at first.)
    if "\\u0000" in text and any("\0" in value for row in rows for value in row if isinstance(value, str)):
        raise sqlite3.DataError("a text holds a NUL character")
    return text


def _translated(error: Exception) -> StoreError:
    text = str(error)
    if isinstance(error, sqlite3.IntegrityError) and text.startswith(_UNIQUE):
        places = [place.split(".") for place in text.removeprefix(_UNIQUE).split(", ")]
        return ConflictError(places[0][0], tuple(place[-1] for place in places))
    if isinstance(error, _RECORD_ERRORS):
        return RecordError(f"the database refuses the record: {text}")
    return StoreUnavailableError(f"the database cannot be used: {text}")
