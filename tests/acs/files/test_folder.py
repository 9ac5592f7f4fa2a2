"""The folder: files that are whole or not there."""

import asyncio
import hashlib
import os
import threading
from pathlib import Path
from typing import BinaryIO

import pytest

from acs.files.store import (
    FileFolder,
    FileMissingError,
    FileTooLargeError,
    FolderError,
    FolderFullError,
    IncomingFile,
    StoredFile,
    StoredReader,
    create_file,
)

FOREVER = 1e12


def files_below(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def inode(path: Path) -> int:
    return path.stat().st_ino


async def kept(folder: FileFolder, content: bytes) -> StoredFile:
    async with folder.incoming(len(content)) as incoming:
        await incoming.write(content)
        return await incoming.keep()


async def read(folder: FileFolder, key: str) -> bytes:
    async with folder.reader(key) as reader:
        return await reader.read(0, reader.size)


async def test_a_kept_file_is_read_back_under_its_checksum(tmp_path: Path) -> None:
    folder = FileFolder(tmp_path / "files", keep_free=0)
    async with folder.incoming(100) as incoming:
        await incoming.write(b"one ")
        await incoming.write(b"two")
        stored = await incoming.keep()
    assert stored.size == 7
    assert stored.sha256 == hashlib.sha256(b"one two").hexdigest()
    assert stored.sha256 in stored.key
    assert await read(folder, stored.key) == b"one two"
    async with folder.reader(stored.key) as reader:
        assert await reader.read(4, 2) == b"tw"
        assert await reader.read(5, 100) == b"wo"
        assert await reader.read(7, 1) == b""


async def test_octets_are_safe_before_their_name_is_and_both_before_the_file_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[int, bool]] = []

    def noting_fsync(descriptor: int) -> None:
        named = any(path.parent.name != "incoming" for path in files_below(tmp_path))
        synced.append((os.fstat(descriptor).st_ino, named))
        fsync(descriptor)

    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", noting_fsync)
    folder = FileFolder(tmp_path, keep_free=0)
    path = tmp_path / (await kept(folder, b"content")).key
    assert synced == [(inode(path), False), (inode(path.parent), True), (inode(tmp_path), True)]


async def test_only_the_server_may_read_the_files(tmp_path: Path) -> None:
    folder = FileFolder(tmp_path / "files", keep_free=0)
    stored = await kept(folder, b"secret")
    assert (folder.root / stored.key).stat().st_mode & 0o077 == 0
    assert folder.root.stat().st_mode & 0o077 == 0


async def test_equal_files_are_deleted_one_by_one(tmp_path: Path) -> None:
    folder = FileFolder(tmp_path, keep_free=0)
    one, other = await kept(folder, b"same"), await kept(folder, b"same")
    assert one.key != other.key
    await folder.delete(one.key)
    await folder.delete(one.key)
    with pytest.raises(FileMissingError):
        await read(folder, one.key)
    assert await read(folder, other.key) == b"same"


async def test_a_file_that_is_being_read_outlives_its_deletion(tmp_path: Path) -> None:
    folder = FileFolder(tmp_path, keep_free=0)
    stored = await kept(folder, b"content")
    async with folder.reader(stored.key) as reader:
        await folder.delete(stored.key)
        assert await reader.read(0, 7) == b"content"


async def test_a_file_that_is_not_kept_leaves_nothing(tmp_path: Path) -> None:
    folder = FileFolder(tmp_path, keep_free=0)
    async with folder.incoming(100) as incoming:
        await incoming.write(b"half")
        assert files_below(tmp_path)
    assert not files_below(tmp_path)


async def test_a_file_beyond_its_limit_leaves_nothing_and_was_never_written(tmp_path: Path) -> None:
    folder = FileFolder(tmp_path, keep_free=0)
    async with folder.incoming(4) as incoming:
        await incoming.write(b"1234")
        with pytest.raises(FileTooLargeError):
            await incoming.write(b"5")
    assert not files_below(tmp_path)


async def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    def create(path: Path) -> BinaryIO:
        create_file(path).close()
        return Path("/dev/full").open("wb")

    folder = FileFolder(tmp_path, keep_free=0, create=create)
    with pytest.raises(FolderFullError):
        await kept(folder, b"x" * 100_000)
    with pytest.raises(FolderFullError):  # so little that it is only found out when the file is finished
        await kept(folder, b"x")
    assert not files_below(tmp_path)


async def test_the_disk_is_not_filled_to_its_last_octet(tmp_path: Path) -> None:
    folder = FileFolder(tmp_path, keep_free=2**62)
    with pytest.raises(FolderFullError):
        await kept(folder, b"x")
    assert not files_below(tmp_path)


async def test_a_disk_that_fails_otherwise_is_told(tmp_path: Path) -> None:
    (tmp_path / "occupied").write_bytes(b"")
    folder = FileFolder(tmp_path / "occupied", keep_free=0)
    with pytest.raises(FolderError, match="the disk failed"):
        await kept(folder, b"x")


@pytest.mark.parametrize("step", ["create", "write", "keep"])
async def test_a_file_given_up_while_a_thread_is_at_it_leaves_nothing(tmp_path: Path, step: str) -> None:
    reached, go_on = threading.Event(), threading.Event()

    class Slow:
        """Halts the thread at one step of the work."""

        def __init__(self, file: BinaryIO) -> None:
            self._file = file

        def write(self, block: bytes) -> int:
            halt("write")
            return self._file.write(block)

        def flush(self) -> None:
            halt("keep")
            self._file.flush()

        def fileno(self) -> int:
            return self._file.fileno()

        def close(self) -> None:
            self._file.close()

    def halt(at: str) -> None:
        if at == step:
            reached.set()
            go_on.wait(10)

    def create(path: Path) -> BinaryIO:
        halt("create")
        return Slow(create_file(path))  # type: ignore[return-value]

    folder = FileFolder(tmp_path, threads=1, keep_free=0, create=create)
    task = asyncio.create_task(kept(folder, b"content"))
    await asyncio.to_thread(reached.wait, 10)
    for _ in range(2):  # the second time while it waits to tidy up
        task.cancel()
        await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    await folder.close()
    assert not files_below(tmp_path)


async def test_what_was_given_up_before_a_thread_came_to_it_is_never_opened(tmp_path: Path) -> None:
    folder = FileFolder(tmp_path, keep_free=0)
    stored = await kept(folder, b"content")
    incoming, reader = IncomingFile(folder, 10), StoredReader(folder, stored.key)
    incoming.discard()
    incoming.begin()
    reader.close()
    reader.open()
    assert files_below(tmp_path) == [tmp_path / stored.key]
    assert reader.size == 0


@pytest.mark.parametrize(
    "key",
    ["", "..", "../secret", "/etc/passwd", "incoming/x", "ab/" + "0" * 64, "ab/../ab/" + "0" * 64 + "-" + "0" * 16],
)
async def test_what_is_no_key_is_not_looked_for(tmp_path: Path, key: str) -> None:
    folder = FileFolder(tmp_path / "files", keep_free=0)
    await kept(folder, b"x")
    (tmp_path / "secret").write_bytes(b"secret")
    (folder.root / "incoming" / "x").write_bytes(b"x")
    with pytest.raises(FileMissingError):
        await read(folder, key)
    with pytest.raises(FileMissingError):
        await folder.delete(key)
    assert (tmp_path / "secret").exists()


async def test_the_sweep_deletes_what_a_crash_left_and_nothing_else(tmp_path: Path) -> None:
    folder = FileFolder(tmp_path, keep_free=0)
    stored = await kept(folder, b"whole")
    old, young = tmp_path / "incoming" / "old", tmp_path / "incoming" / "young"
    for path, moment in ((old, 1000), (young, 3000)):
        path.write_bytes(b"half")
        os.utime(path, (moment, moment))
    assert await folder.sweep_unfinished(changed_before=2000) == 1
    assert not old.exists()
    assert young.exists()
    assert await read(folder, stored.key) == b"whole"


async def test_a_folder_that_is_not_there_yet_has_nothing(tmp_path: Path) -> None:
    folder = FileFolder(tmp_path / "files", keep_free=0)
    assert await folder.sweep_unfinished(changed_before=FOREVER) == 0
    assert await folder.keys(changed_before=FOREVER) == []


async def test_all_keys_are_listed_page_by_page(tmp_path: Path) -> None:
    folder = FileFolder(tmp_path, keep_free=0)
    expected = sorted([(await kept(folder, b"%d" % number)).key for number in range(10)])
    (tmp_path / "ab").mkdir(exist_ok=True)
    (tmp_path / "ab" / "foreign").write_bytes(b"")
    listed: list[str] = []
    while page := await folder.keys(changed_before=FOREVER, after=listed[-1] if listed else "", limit=3):
        assert len(page) <= 3
        listed += page
    assert listed == expected
    os.utime(tmp_path / expected[4], (1000, 1000))
    assert await folder.keys(changed_before=2000) == [expected[4]]
