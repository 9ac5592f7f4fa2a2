"""PostgreSQL: one connection that writes, a pool that reads."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, Self, TypeVar

import asyncpg

from acs.store.errors import ConflictError, RecordError, StoreError, StoreReadOnlyError, StoreUnavailableError
from acs.store.statements import Dialect, Query, Row, Step

T = TypeVar("T")

BESIDE_THE_POOL: Final = 2
"""Connections of each process that are not the pool's: the one that writes, and the one that hears the others."""
# Seconds. A server that stands still says nothing: whoever asks is told within some ten of them, all waits together.
_CONNECT: Final = 5.0
_READ: Final = 7.0
_WRITE: Final = 8.0
_LET_GO: Final = 1.0
# For each statement of a migration that names no time of its own: nobody waits for an answer.
_ALONE: Final = 30.0
# Whatever the server's own setting: what is acknowledged has been synced. And a process that stands still in a
# transaction (it is stopped, or its machine is moved) holds rows that all others wait for: it loses them, and the
# connection, before those lose their patience.
_TRANSACTION: Final = "SET synchronous_commit = on; SET idle_in_transaction_session_timeout = '3s'"
# Who else holds rows is waited for as long as on SQLite, and all of a statement's waits end before we lose ours.
_WRITER: Final = f"{_TRANSACTION}; SET lock_timeout = '5s'; SET statement_timeout = '6s'"
_RECORD_ERRORS: Final = (
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.DataError,
    # One row twice in a statement; a text that is too long for an index.
    asyncpg.CardinalityViolationError,
    asyncpg.ProgramLimitExceededError,
    OverflowError,
    UnicodeError,
    ValueError,
    TypeError,
)
# Another worker was in the way; the transaction was undone and may be tried again.
_IN_THE_WAY: Final = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
_TRIES: Final = 3
_FAILURES: Final = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    # A connection was lost just when it was to be used: no record is to blame.
    asyncpg.exceptions.InternalClientError,
    OSError,
    TimeoutError,
    EOFError,
)


class _Reading(asyncpg.Connection):
    """One of the pool's. Nobody changes its settings; to set them back after each use took as long as the reading."""

    def get_reset_query(self) -> str:
        return ""


class PostgresqlDatabase:
    """A PostgreSQL server of version 14 or later."""

    dialect = Dialect.POSTGRESQL

    def __init__(self, url: str, pool: "asyncpg.Pool[Any]") -> None:
        self._url = url
        self._pool = pool
        self._writer: asyncpg.Connection[Any] | None = None
        self._statements: dict[str, asyncpg.prepared_stmt.PreparedStatement[Any]] = {}

    @property
    def url(self) -> str:
        """Where it is; it may hold a password."""
        return self._url

    @classmethod
    async def open(cls, url: str, pool_size: int = 10) -> Self:
        """Connect; the password in the URL is in no error."""
        try:
            pool = await asyncpg.create_pool(
                url,
                min_size=1,
                max_size=pool_size,
                connection_class=_Reading,
                timeout=_CONNECT,
                command_timeout=_READ,
            )
        except (*_FAILURES, ValueError) as error:
            refused = isinstance(error, asyncpg.PostgresError)
            what = "PostgreSQL does not let us in" if refused else "PostgreSQL cannot be reached"
            raise StoreUnavailableError(f"{what}: {_said(error)}") from None
        return cls(url, pool)

    async def transact(self, steps: Sequence[Step]) -> list[list[Row]]:
        """See ``Database``."""
        prepared = [
            (batch.sql[Dialect.POSTGRESQL], [list(column) for column in zip(*rows, strict=True)])
            for batch, rows in steps
        ]

        async def work(connection: "asyncpg.Connection[Any]") -> list[list[Row]]:
            # Before the first row is held: asyncpg leaves the server in the midst of what it prepares, and that is not
            # idle, however long this process stands still.
            for sql, _ in prepared:
                if sql not in self._statements:
                    self._statements[sql] = await connection.prepare(sql)
            return [[tuple(row) for row in await self._statements[sql].fetch(*columns)] for sql, columns in prepared]

        return await self.on_writer(work)

    async def on_writer(self, work: Callable[["asyncpg.Connection[Any]"], Awaitable[T]]) -> T:
        """Something in one transaction of the connection that writes."""
        try:
            async with asyncio.timeout(_WRITE):
                for _ in range(_TRIES - 1):
                    with suppress(*_IN_THE_WAY):
                        return await self._in_transaction(work)
                return await self._in_transaction(work)
        except (*_RECORD_ERRORS, *_FAILURES) as error:
            raise _translated(error) from error

    async def on_connection(self, work: Callable[["asyncpg.Connection[Any]"], Awaitable[T]]) -> T:
        """Something that has transactions of its own (a migration), on a connection of its own: it waits for locks."""
        try:
            connection = await self._connect(_TRANSACTION, _ALONE)
            try:
                return await work(connection)
            finally:
                await _closed(connection)
        except (*_RECORD_ERRORS, *_FAILURES) as error:
            raise _translated(error) from error

    async def fetch(self, query: Query, parameters: Mapping[str, object]) -> list[Row]:
        """See ``Database``."""
        arguments = [parameters[name] for name in query.parameters]
        try:
            async with asyncio.timeout(_READ):
                connection = await self._pool.acquire()
                try:
                    rows = await connection.fetch(query.sql[Dialect.POSTGRESQL], *arguments)
                finally:
                    # One that is not let go in time is lost, and the pool makes a new one. Whoever is cancelled is so
                    # all the same.
                    with suppress(*_FAILURES):
                        await self._pool.release(connection, timeout=_LET_GO)
        except (*_RECORD_ERRORS, *_FAILURES) as error:
            raise _translated(error) from error
        return [tuple(row) for row in rows]

    async def close(self) -> None:
        """See ``Database``."""
        connections = [self._pool.close()]
        if self._writer is not None:
            connections.append(self._writer.close())
        try:
            async with asyncio.timeout(_CONNECT):
                await asyncio.gather(*connections, return_exceptions=True)
        except TimeoutError:
            self._pool.terminate()

    async def _in_transaction(self, work: Callable[["asyncpg.Connection[Any]"], Awaitable[T]]) -> T:
        if self._writer is None or self._writer.is_closed():
            self._statements.clear()
            self._writer = await self._connect(_WRITER, _WRITE)
        connection, is_sound = self._writer, False
        transaction = connection.transaction()
        try:
            await transaction.start()
            try:
                result = await work(connection)
            except (*_RECORD_ERRORS, asyncpg.PostgresError) as error:
                await transaction.rollback()
                # A session stays read-only that began while its server was, or leads to one that is not the first.
                is_sound = not isinstance(error, asyncpg.ReadOnlySQLTransactionError)
                raise
            await transaction.commit()
            is_sound = True
        except BaseException:
            # One of them may be to blame: the tables may have changed.
            self._statements.clear()
            raise
        finally:
            # Its server undoes what is open; to ask for that is to wait once more for a server that may say nothing.
            if not is_sound:
                connection.terminate()
        return result

    async def _connect(self, settings: str, patience: float) -> "asyncpg.Connection[Any]":
        connection = await asyncpg.connect(self._url, timeout=_CONNECT, command_timeout=patience)
        try:
            await connection.execute(settings, timeout=_CONNECT)
        except BaseException:
            connection.terminate()
            raise
        return connection


async def _closed(connection: "asyncpg.Connection[Any]") -> None:
    """Let go of a connection, with or without a word."""
    try:
        await connection.close(timeout=_LET_GO)
    except _FAILURES:
        connection.terminate()


def _translated(error: BaseException) -> StoreError:
    if isinstance(error, asyncpg.UniqueViolationError):
        # Unique indexes are named table__column__column.
        table, *columns = (error.constraint_name or "").split("__")
        return ConflictError(error.table_name or table, tuple(columns) or ("key",))
    if isinstance(error, _RECORD_ERRORS):
        return RecordError(f"the database refuses the record: {_said(error)}")
    if isinstance(error, asyncpg.ReadOnlySQLTransactionError):
        return StoreReadOnlyError(f"PostgreSQL takes no changes: {_said(error)}")
    return StoreUnavailableError(f"PostgreSQL cannot be used: {_said(error)}")


def _said(error: BaseException) -> str:
    """The first line of an error: the details that follow may quote values."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, TimeoutError):
        return "it does not answer in time"
    return str(error).partition("\n")[0] or type(error).__name__
