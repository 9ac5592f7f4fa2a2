"""What a caller was told is stored has reached the disk: the machine may lose its power at that instant."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from acs.store.listing import Slice
from acs.store.postgresql import PostgresqlDatabase
from acs.store.sqlite import SqliteDatabase
from tests.contract.opened import OpenStore, probing
from tests.contract.servers import VARIABLE, Server
from tests.outside import ROOT

_MARK = "the caller of {} resumed"

# A process that writes one organization after another, and tells the kernel (in a call that strace shows) of each.
_PROGRAM = f"""
import asyncio, os, sys
sys.path.insert(0, {str(ROOT)!r})
from acs.domain.inventory import OrganizationDetails
from acs.store.opening import open_database
from acs.store.organizations import OrganizationStore
from acs.store.writer import GroupWriter

async def main():
    database = await open_database(sys.argv[1])
    writer = GroupWriter(database)
    running = asyncio.create_task(writer.run())
    store = OrganizationStore(database, writer)
    for number in range(5):
        await store.create(OrganizationDetails(f"organization {{number}}"), 0.0)
        os.write(1, {_MARK!r}.format(number).encode() + b"\\n")
    if len(sys.argv) > 2:
        os.kill(os.getpid(), 9)
    writer.stop()
    await running
    await database.close()

asyncio.run(main())
"""


def _run(*command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, capture_output=True, text=True, check=False)


async def test_sqlite_is_set_to_sync_every_commit(sqlite_store: OpenStore) -> None:
    assert isinstance(sqlite_store.database, SqliteDatabase)
    names = ("synchronous", "journal_mode", "foreign_keys")
    said = await sqlite_store.database.on_writer(
        lambda each: [each.execute(f"PRAGMA {name}").fetchone()[0] for name in names]
    )
    assert said == [2, "wal", 1], "2 is FULL: the log is synced before a commit returns"


async def test_postgresql_syncs_every_commit_whatever_its_own_setting_is(
    postgresql_store: OpenStore, postgresql_server: Server
) -> None:
    name = urlsplit(postgresql_store.url).path.removeprefix("/")
    async with probing(postgresql_server.admin_url) as admin:
        await admin.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
        try:
            await postgresql_store.reopen()
            assert await _shown(postgresql_store, "synchronous_commit") == "on"
        finally:
            await admin.execute(f"ALTER DATABASE {name} RESET synchronous_commit")
    if not os.environ.get(VARIABLE):
        # How a server that is not ours keeps its files is its owner's matter.
        assert await _shown(postgresql_store, "fsync") == "on"


async def _shown(store: OpenStore, name: str) -> str:
    assert isinstance(store.database, PostgresqlDatabase)
    value: str = await store.database.on_writer(lambda each: each.fetchval(f"SHOW {name}"))
    return value


async def test_the_log_is_synced_after_the_record_is_written_and_before_its_caller_resumes(
    sqlite_store: OpenStore, tmp_path: Path
) -> None:
    if shutil.which("strace") is None:
        pytest.skip("no strace here: left out that the sync comes before the caller resumes")
    trace = tmp_path / "trace"
    calls = "trace=fdatasync,fsync,pwrite64,write"
    strace = ["strace", "-f", "-y", "-s", "400", "-o", str(trace), "-e", calls]
    done = _run(*strace, sys.executable, "-c", _PROGRAM, sqlite_store.url)
    if done.returncode and "ptrace" in done.stderr.lower():
        pytest.skip(f"strace may not trace here: left out that the sync comes before the caller resumes: {done.stderr}")
    assert done.returncode == 0, done.stderr
    log = re.escape(f"{tmp_path / 'aioacs.db'}-wal")
    kinds = (
        ("log", re.compile(rf"pwrite64\(\d+<{log}>")),
        ("sync", re.compile(rf"(?:fdatasync|fsync)\(\d+<{log}>\)\s+= 0")),
        ("resumed", re.compile(r'write\(1<[^>]*>, "the caller of \d resumed')),
    )
    happened = [kind for line in _joined(_read(trace)) for kind, pattern in kinds if pattern.search(line)]
    steps = [kind for place, kind in enumerate(happened) if place == 0 or happened[place - 1] != kind]
    assert steps[-15:] == ["log", "sync", "resumed"] * 5, steps


def _read(trace: Path) -> str:
    return trace.read_text(errors="replace")


def _joined(trace: str) -> list[str]:
    """The calls, those of one thread that were cut in two by another's put together where they ended."""
    begun: dict[str, str] = {}
    lines: list[str] = []
    for line in trace.splitlines():
        process, _, call = line.partition(" ")
        if call.endswith("<unfinished ...>"):
            begun[process] = call.removesuffix("<unfinished ...>").strip()
            continue
        resumed = re.match(r"\s*<\.\.\. \w+ resumed>(.*)", call)
        lines.append(f"{process} {begun.pop(process, '')}{resumed[1]}" if resumed else line)
    return lines


async def test_what_was_acknowledged_is_there_after_a_kill(store: OpenStore) -> None:
    killed = _run(sys.executable, "-c", _PROGRAM, store.url, "kill")
    assert killed.returncode == -9, killed.stderr
    acknowledged = len(killed.stdout.splitlines())
    assert acknowledged == 5
    await store.reopen()
    assert [each.details.name for each in (await store.organizations.page(Slice(99))).items] == [
        f"organization {number}" for number in range(acknowledged)
    ]
