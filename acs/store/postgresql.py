"""PostgreSQL: one connection that writes, a pool that reads."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, Self, TypeVar

import asyncpg

from acs.store.errors import ConflictError, RecordError, StoreError, StoreUnavailableError
from acs.store.statements import Dialect, Query, Row, Step

T = TypeVar("T")

BESIDE_THE_POOL: Final = 2
"""Connections of each process that are not the pool's: the one that writes, and the one that hears the others."""
_CONNECT: Final = 10.0
_COMMAND: Final = 30.0
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


class PostgresqlDatabase:
    """A PostgreSQL server of version 14 or later."""

    dialect = Dialect.POSTGRESQL

    def __init__(self, url: str, pool: "asyncpg.Pool[Any]") -> None:
        self._url = url
        self._pool = pool
        self._writer: asyncpg.Connection[Any] | None = None

    @property
    def url(self) -> str:
        """Where it is; it may hold a password."""
        return self._url

    @classmethod
    async def open(cls, url: str, pool_size: int = 10) -> Self:
        """Connect; the password in the URL is in no error."""
        try:
            pool = await asyncpg.create_pool(
                url, min_size=1, max_size=pool_size, timeout=_CONNECT, command_timeout=_COMMAND
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
            return [[tuple(row) for row in await connection.fetch(sql, *columns)] for sql, columns in prepared]

        return await self.on_writer(work)

    async def on_writer(self, work: Callable[["asyncpg.Connection[Any]"], Awaitable[T]]) -> T:
        """Something in one transaction of the connection that writes."""
        for last in (False,) * (_TRIES - 1) + (True,):
            try:
                connection = await self._connection()
                async with connection.transaction():
                    return await work(connection)
            except _IN_THE_WAY as error:
                if last:
                    raise _translated(error) from error
            except (*_RECORD_ERRORS, *_FAILURES) as error:
                raise _translated(error) from error
        raise AssertionError("the last try returns or raises")

    async def on_connection(self, work: Callable[["asyncpg.Connection[Any]"], Awaitable[T]]) -> T:
        """Something that has transactions of its own (a migration)."""
        try:
            return await work(await self._connection())
        except (*_RECORD_ERRORS, *_FAILURES) as error:
            raise _translated(error) from error

    async def fetch(self, query: Query, parameters: Mapping[str, object]) -> list[Row]:
        """See ``Database``."""
        arguments = [parameters[name] for name in query.parameters]
        try:
            async with self._pool.acquire(timeout=_COMMAND) as connection:
                return [tuple(row) for row in await connection.fetch(query.sql[Dialect.POSTGRESQL], *arguments)]
        except (*_RECORD_ERRORS, *_FAILURES) as error:
            raise _translated(error) from error

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

    async def _connection(self) -> "asyncpg.Connection[Any]":
        if self._writer is None or self._writer.is_closed():
            self._writer = await asyncpg.connect(self._url, timeout=_CONNECT, command_timeout=_COMMAND)
            # Whatever the server's own setting: what is acknowledged has been synced.
            await self._writer.execute("SET synchronous_commit = on")
        return self._writer


def _translated(error: BaseException) -> StoreError:
    if isinstance(error, asyncpg.UniqueViolationError):
        # Unique indexes are named table__column__column.
        table, *columns = (error.constraint_name or "").split("__")
        return ConflictError(error.table_name or table, tuple(columns) or ("key",))
    if isinstance(error, _RECORD_ERRORS):
        return RecordError(f"the database refuses the record: {_said(error)}")
    return StoreUnavailableError(f"PostgreSQL cannot be used: {_said(error)}")


def _said(error: BaseException) -> str:
    """The first line of an error: the details that follow may quote values."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).partition("\n")[0] or type(error).__name__
