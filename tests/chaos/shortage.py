"""What a server lacks for a while."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import psutil

FULL: Final = 4_096
"""Octets beyond which no file grows, as on a full disk."""


@contextmanager
def limited(pid: int | None, resource: int, limit: Callable[[psutil.Process], int]) -> Iterator[None]:
    """The process has no more of something than it is given here."""
    assert pid is not None, "no server was started"
    process = psutil.Process(pid)
    before = process.rlimit(resource)
    process.rlimit(resource, (limit(process), before[1]))
    try:
        yield
    finally:
        process.rlimit(resource, before)


@contextmanager
def locked(file: str | Path) -> Iterator[None]:
    """Somebody else holds SQLite's file locked."""
    with closing(sqlite3.connect(file, timeout=10, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")
