"""From a URL to an open database."""

from pathlib import Path
from typing import Final

from acs.store.errors import StoreUnavailableError
from acs.store.postgresql import PostgresqlDatabase
from acs.store.sqlite import SqliteDatabase

AnyDatabase = SqliteDatabase | PostgresqlDatabase

_SQLITE: Final = "sqlite:///"


async def open_database(url: str, *, pool_size: int = 10) -> AnyDatabase:
    """Open ``sqlite:///relative/path``, ``sqlite:////absolute/path`` or ``postgresql://...``."""
    if url.startswith(_SQLITE):
        return await SqliteDatabase.open(Path(url.removeprefix(_SQLITE)))
    if url.startswith(("postgresql://", "postgres://")):
        return await PostgresqlDatabase.open(url, pool_size)
    raise StoreUnavailableError(f"a database URL begins with {_SQLITE} or postgresql://")
