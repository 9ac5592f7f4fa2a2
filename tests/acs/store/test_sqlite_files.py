"""The files of a SQLite database: closed to others, and served by one process."""

import errno
import fcntl
import os
import sqlite3
import stat
from contextlib import AbstractContextManager
from pathlib import Path
from types import SimpleNamespace

import pytest

from acs.store.errors import StoreUnavailableError
from acs.store.opening import open_database
from acs.store.sqlite_files import reason, served_alone


def nobody(what: str) -> None:
    raise AssertionError(what)


def modes(folder: Path) -> set[int]:
    return {stat.S_IMODE(each.stat().st_mode) for each in folder.iterdir()}


def test_a_database_is_served_once_under_whatever_name(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "data")
    with served_alone(tmp_path / "data" / "a.db", nobody):
        with (
            pytest.raises(StoreUnavailableError, match="another aioacs serves the database"),
            served_alone(tmp_path / "link" / "a.db", nobody),
        ):
            pass
        with served_alone(tmp_path / "data" / "b.db", nobody):
            pass
    with served_alone(tmp_path / "link" / "a.db", nobody):
        pass


def test_a_file_system_without_locks_is_told_and_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unable(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", unable)
    told: list[str] = []
    with served_alone(tmp_path / "a.db", told.append):
        assert told == [f"{tmp_path}/a.db.lock cannot be locked: No locks available"]


async def test_what_is_made_is_closed_to_others_and_what_is_there_stays_as_it_is(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        database = await open_database(f"sqlite:///{tmp_path}/data/a.db")
        held: AbstractContextManager[None] = served_alone(tmp_path / "data" / "a.db", nobody)
        with held:
            assert {each.name for each in (tmp_path / "data").iterdir()} >= {"a.db", "a.db-wal", "a.db.lock"}
            assert modes(tmp_path / "data") == {0o600}
        assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
        await database.close()
    finally:
        os.umask(old)
    for each, mode in ((tmp_path / "data" / "a.db", 0o640), (tmp_path / "data", 0o750)):
        each.chmod(mode)
    database = await open_database(f"sqlite:///{tmp_path}/data/a.db")
    assert stat.S_IMODE((tmp_path / "data" / "a.db").stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o750
    await database.close()


async def test_a_folder_in_the_place_of_the_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError, match="cannot be opened: a folder stands in its place; aioacs doctor"):
        await open_database(f"sqlite:///{tmp_path}")


async def test_a_file_in_the_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(StoreUnavailableError, match=r"a\.db cannot be made: a file stands in its place"):
        await open_database(f"sqlite:///{tmp_path}/data/a.db")


def test_a_closed_folder_and_a_read_only_mount_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    useless = sqlite3.OperationalError("unable to open database file")
    assert reason(tmp_path / "a.db", useless) == "unable to open database file", "nothing of that is so"
    # Root is kept out of no folder, and mounts nothing in a test.
    with monkeypatch.context() as patched:
        patched.setattr(os, "access", lambda *_: False)
        assert reason(tmp_path / "a.db", useless) == f"this user may not write in {tmp_path}"
    with monkeypatch.context() as patched:
        patched.setattr(os, "statvfs", lambda _: SimpleNamespace(f_flag=os.ST_RDONLY))
        assert reason(tmp_path / "a.db", useless) == "its file system is mounted for reading only"
