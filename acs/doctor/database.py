"""The database: whether it answers, is sound, keeps what it commits, and has the tables of this program."""

import sqlite3
import stat
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import asyncpg

from acs.auth.sealing import Keyring
from acs.doctor.findings import Finding, failure, ok, warning
from acs.services.vault import opens_any
from acs.settings import Settings
from acs.store.devices import SOME_LOGINS
from acs.store.migrations import migrations, strange_table
from acs.store.postgresql import BESIDE_THE_POOL
from acs.store.sqlite_files import is_served
from acs.store.statements import Dialect

_OLDEST_SQLITE: Final = (3, 35, 0)  # the first with RETURNING
_OLDEST_POSTGRESQL: Final = 14
_PATIENCE: Final = 5.0
_SLOPPY_CLOCK: Final = 5.0
_WRONG_CLOCK: Final = 60.0
# PostgreSQL keeps some for its own administration, and others may use it too.
_SPARE_CONNECTIONS: Final = 10
_APPLIED: Final = "SELECT number, name FROM migration ORDER BY number"


def sqlite_findings(path: Path, keyring: Keyring | None = None) -> Iterator[Finding]:
    """Look at a SQLite file without changing it."""
    version = sqlite3.sqlite_version_info
    if version < _OLDEST_SQLITE:
        yield failure("database", f"SQLite {sqlite3.sqlite_version} is too old", "install SQLite 3.35 or later")
    try:
        path.stat()
        with closing(_connect(path)) as connection:
            yield from _sound(connection, path)
            yield from _closed(path)
            stranger = strange_table(connection)
            if stranger is None:
                yield from migration_findings(_applied(connection))
                yield from seal_findings(keyring, _logins(connection))
            else:
                sentence = f"{path} is another program's database: it holds a table {stranger} and no aioacs"
                yield failure("migrations", sentence, "set AIOACS_DATABASE_URL to a file of its own")
    except FileNotFoundError:
        if is_served(path):
            yield failure(
                "database",
                f"a server runs, and its {path} was removed: it takes nothing more",
                "put it back, or stop the server and restore a backup: a start without one makes an empty database",
            )
        else:
            yield ok("database", f"{path} is not there yet; the first start makes it")
    except (sqlite3.Error, OSError) as error:
        yield failure(
            "database",
            f"{path} cannot be read: {error.strerror if isinstance(error, OSError) else error}",
            "check who may read it; if it is damaged, stop the server and restore a backup",
        )


def migration_findings(applied: Sequence[tuple[int, str]]) -> Iterator[Finding]:
    """Compare the tables with those this program works with."""
    known = {each.number: each.name for each in migrations()}
    newer = [f"{number:04} {name}" for number, name in applied if number not in known]
    if newer:
        yield failure(
            "migrations",
            f"the database was made by a newer aioacs: it has {', '.join(newer)}",
            "install that version, or restore a backup from before it",
        )
        return
    done = {number for number, _ in applied}
    pending = [f"{number:04} {name}" for number, name in known.items() if number not in done]
    if pending:
        yield warning(
            "migrations", f"not applied yet: {', '.join(pending)}", "back the database up, run aioacs migrate"
        )
    else:
        yield ok("migrations", "all are applied")


def seal_findings(keyring: Keyring | None, logins: Sequence[tuple[str, str]]) -> Iterator[Finding]:
    """Whether the keys are those of this database, if both can be read."""
    if keyring is None and logins:
        yield failure(
            "keys",
            "the database holds passwords that were sealed, and the keys that open them are not there",
            "restore the key file that belongs to it, or set AIOACS_SECRET_KEY_FILE to where it is",
        )
    elif keyring is not None and logins and not opens_any(keyring, logins):
        yield failure(
            "keys",
            "they open none of the passwords in the database",
            "restore the key file that belongs to it, or set AIOACS_SECRET_KEY_FILE to where it is",
        )


async def postgresql_findings(settings: Settings, now: float, keyring: Keyring | None = None) -> AsyncIterator[Finding]:
    """Ask a PostgreSQL server about itself."""
    try:
        connection = await asyncpg.connect(
            settings.database_url.get_secret_value(), timeout=_PATIENCE, command_timeout=_PATIENCE
        )
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        yield failure(
            "database",
            f"PostgreSQL {_refusal(error)}: {_reason(error)}",
            "check AIOACS_DATABASE_URL, pg_hba.conf and the firewall",
        )
        return
    try:
        for each in (_version, _durable, _encoding):
            yield await each(connection)
        yield await _connections(connection, settings)
        yield await _clock(connection, now)
        there = await connection.fetchval("SELECT to_regclass('migration') IS NOT NULL")
        if not there:
            yield ok("migrations", "there are no tables yet; the first start makes them")
            return
        rows = await connection.fetch(_APPLIED)
        for finding in migration_findings([(row[0], row[1]) for row in rows]):
            yield finding
        there = await connection.fetchval("SELECT to_regclass('credential') IS NOT NULL")
        logins = await connection.fetch(SOME_LOGINS.sql[Dialect.POSTGRESQL]) if there else []
        for finding in seal_findings(keyring, [tuple(row) for row in logins]):
            yield finding
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        yield failure("database", f"PostgreSQL stopped answering: {_reason(error)}", "look at its log")
    finally:
        connection.terminate()


def clock_difference_finding(difference: float) -> Finding:
    """Judge by how many seconds this machine's clock is ahead of the database's."""
    words = f"this clock and the database's differ by {abs(difference):.1f} seconds"
    advice = "let NTP keep both clocks: leases, schedules and logins go by them"
    if abs(difference) > _WRONG_CLOCK:
        return failure("clock", words, advice)
    if abs(difference) > _SLOPPY_CLOCK:
        return warning("clock", words, advice)
    return ok("clock", words)


def _connect(path: Path) -> sqlite3.Connection:
    # Even a reader makes the files beside the database if they are missing, as the user it is, and root's would lock
    # the server out. They are there while a server runs; without them nobody writes.
    running = path.with_name(f"{path.name}-wal").exists()
    uri = f"{path.absolute().as_uri()}?mode=ro{'' if running else '&immutable=1'}"
    return sqlite3.connect(uri, uri=True, timeout=_PATIENCE)


def _in_wal_mode(path: Path) -> bool:
    """As the file's head has it (SQLite file format 1.3): one that cannot change has no journal to ask about."""
    with path.open("rb") as file:
        return file.read(20)[18:] == b"\x02\x02"


def _sound(connection: sqlite3.Connection, path: Path) -> Iterator[Finding]:
    (first, *_) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if first != "ok":
        yield failure("database", f"{path} is damaged: {first}", "stop the server and restore the latest backup")
    elif not _in_wal_mode(path):
        yield warning(
            "database",
            f"{path} is sound, but not in WAL mode",
            "start the server once: it sets the mode; if it stays, the file system does not bear WAL",
        )
    else:
        yield ok("database", f"{path} is sound (SQLite {sqlite3.sqlite_version}, WAL)")


def _closed(path: Path) -> Iterator[Finding]:
    """Whether others than its owner come as far as the file, and may read it."""
    mode, way = path.stat().st_mode, path.absolute().parent.stat().st_mode
    group = mode & stat.S_IRGRP and way & stat.S_IXGRP
    if group or (mode & stat.S_IROTH and way & stat.S_IXOTH):
        yield warning(
            "database",
            f"{path} can be read by {'others' if mode & stat.S_IROTH else 'its group'} (mode {stat.S_IMODE(mode):04o})",
            f"run chmod 600 {path}*, unless that is meant so",
        )


def _applied(connection: sqlite3.Connection) -> list[tuple[int, str]]:
    there = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'migration'").fetchone()
    return list(connection.execute(_APPLIED)) if there else []


def _logins(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    there = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'credential'").fetchone()
    return list(connection.execute(SOME_LOGINS.sql[Dialect.SQLITE])) if there else []


async def _version(connection: "asyncpg.Connection[Any]") -> Finding:
    version = connection.get_server_version()
    if version.major < _OLDEST_POSTGRESQL:
        return failure("database", f"PostgreSQL {version.major} is too old", "upgrade it to 14 or later")
    return ok("database", f"PostgreSQL {version.major}.{version.minor} answers")


async def _durable(connection: "asyncpg.Connection[Any]") -> Finding:
    wrong = [
        name
        for name in ("fsync", "synchronous_commit", "full_page_writes")
        if await connection.fetchval("SELECT current_setting($1)", name) == "off"
    ]
    if wrong:
        return failure(
            "durability",
            f"PostgreSQL's {' and '.join(wrong)} is off: a crash would lose what devices were told is recorded",
            f"set {' and '.join(wrong)} to on for this database and user",
        )
    return ok("durability", "what PostgreSQL commits survives a crash")


async def _encoding(connection: "asyncpg.Connection[Any]") -> Finding:
    encoding = await connection.fetchval("SHOW server_encoding")
    if encoding != "UTF8":
        return failure("encoding", f"the database is in {encoding}", "create it anew with ENCODING 'UTF8'")
    return ok("encoding", "the database is in UTF8")


async def _connections(connection: "asyncpg.Connection[Any]", settings: Settings) -> Finding:
    allowed = int(await connection.fetchval("SHOW max_connections"))
    needed = settings.workers * (settings.postgres_pool_size + BESIDE_THE_POOL)
    words = f"{needed} connections of ours, {allowed} allowed by PostgreSQL"
    if needed + _SPARE_CONNECTIONS > allowed:
        return warning("connections", words, "lower AIOACS_POSTGRES_POOL_SIZE or raise max_connections")
    return ok("connections", words)


async def _clock(connection: "asyncpg.Connection[Any]", now: float) -> Finding:
    theirs = await connection.fetchval("SELECT extract(epoch FROM clock_timestamp())::float8")
    return clock_difference_finding(now - theirs)


def _refusal(error: BaseException) -> str:
    """Whether a server has answered at all."""
    return "does not let us in" if isinstance(error, asyncpg.PostgresError) else "cannot be reached"


def _reason(error: BaseException) -> str:
    """Why, in words that hold no part of the URL: drivers quote what they cannot read of it."""
    match error:
        case asyncpg.PostgresError():
            return str(error)
        case TimeoutError():
            return f"no answer within {_PATIENCE:.0f} seconds"
        case OSError() if error.strerror:
            return error.strerror
    return type(error).__name__
