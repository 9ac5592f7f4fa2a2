"""Forms taken in, without a socket: what can go wrong with the disk, the peer and the others."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from acs.domain.intake import FileError, FileFault, FormBody
from acs.files.intake import FileIntake
from acs.files.store import FileFolder

TYPE = "multipart/form-data; boundary=xyz"
FORM = (
    b'--xyz\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n'
    b'--xyz\r\nContent-Disposition: form-data; name="file"; filename="f.bin"\r\n\r\noctets\r\n--xyz--\r\n'
)


def fields(count: int) -> bytes:
    """A form with so many fields more before its file."""
    part = b'--xyz\r\nContent-Disposition: form-data; name="more%d"\r\n\r\nx\r\n'
    return b"".join(part % number for number in range(count)) + FORM


def body(octets: bytes = FORM, length: int | None = None, error: Exception | None = None) -> FormBody:
    """A form that comes in pieces of ten octets; perhaps its end is an error."""
    pieces = [octets[start : start + 10] for start in range(0, len(octets), 10)]

    async def read(count: int) -> bytes:
        if not pieces and error is not None:
            raise error
        return pieces.pop(0) if pieces else b""

    return FormBody(TYPE, length, read)


def files_in(folder: Path) -> list[Path]:
    """What lies in a folder."""
    return [each for each in folder.rglob("*") if each.is_file()]


async def nothing(fields: Mapping[str, str]) -> None:
    """Have no objection."""


async def fault_of(intake: FileIntake, form: FormBody, most: int = 100) -> FileFault:
    """What goes wrong with a form."""
    with pytest.raises(FileError) as raised:
        async with intake.take(form, most, nothing, lambda _: None):
            pass
    return raised.value.fault


def intake_of(folder: Path, *, timeout: float = 5, keep_free: int = 0) -> tuple[FileIntake, FileFolder]:
    """Takes forms into a folder."""
    files = FileFolder(folder, keep_free=keep_free)
    return FileIntake(files, timeout), files


async def test_a_form_that_is_not_kept_leaves_nothing_and_one_that_is_kept_can_be_read(tmp_path: Path) -> None:
    intake, files = intake_of(tmp_path)
    come: list[int] = []
    async with intake.take(body(), 6, nothing, come.append) as taken:
        assert (taken.fields, taken.file_name, taken.size) == ({"a": "b"}, "f.bin", 6)
    assert files_in(tmp_path) == []
    assert come[-1] == len(FORM)
    async with intake.take(body(), 6, nothing, come.append) as taken:
        key = await taken.keep()
    async with intake.open(key, 6) as blocks:
        assert [block async for block in blocks] == [b"octets"]
    await intake.delete(key)
    with pytest.raises(FileError) as raised:
        async with intake.open(key, 6):
            pass
    assert raised.value.fault is FileFault.MISSING
    await files.close()


@pytest.mark.parametrize(
    ("form", "most", "fault"),
    [
        (body(length=100_000), 100, FileFault.TOO_LARGE),
        (body(), 5, FileFault.TOO_LARGE),
        (body(FORM + b"x" * 70_000), 100, FileFault.TOO_LARGE),
        (body(FORM[:-10]), 100, FileFault.BAD_FORM),
        (body(fields(16)), 2**30, FileFault.BAD_FORM),
        (body(FORM.replace(b'name="a"', b"name*=a; name*0=b")), 100, FileFault.BAD_FORM),
        (body(error=ConnectionResetError()), 100, FileFault.BROKEN),
        (body(error=RuntimeError("the connection is gone")), 100, FileFault.BROKEN),
        (body(error=TimeoutError()), 100, FileFault.TOO_SLOW),
    ],
    ids=lambda each: each.name if isinstance(each, FileFault) else "",
)
async def test_what_is_wrong_with_a_form_is_told(tmp_path: Path, form: FormBody, most: int, fault: FileFault) -> None:
    intake, files = intake_of(tmp_path)
    assert await fault_of(intake, form, most) is fault
    assert files_in(tmp_path) == []
    await files.close()


async def test_a_form_may_say_a_little_beside_its_file(tmp_path: Path) -> None:
    intake, files = intake_of(tmp_path)
    async with intake.take(body(fields(15)), 6, nothing, lambda _: None) as taken:
        assert len(taken.fields) == 16
    await files.close()


async def test_a_full_disk_is_told(tmp_path: Path) -> None:
    intake, files = intake_of(tmp_path, keep_free=2**62)
    assert await fault_of(intake, body()) is FileFault.NO_ROOM
    await files.close()


async def test_a_disk_that_fails_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way of the folder")
    intake, files = intake_of(tmp_path / "file")
    assert await fault_of(intake, body()) is FileFault.DISK
    await files.close()


async def test_only_so_many_come_in_at_once(tmp_path: Path) -> None:
    intake, files = intake_of(tmp_path)
    async with AsyncExitStack() as stack:
        for _ in range(8):
            await stack.enter_async_context(intake.take(body(), 100, nothing, lambda _: None))
        assert await fault_of(intake, body()) is FileFault.BUSY
    async with intake.take(body(), 100, nothing, lambda _: None) as taken:
        assert taken.size == 6
    await files.close()


async def test_what_is_said_against_it_ends_it_before_the_file_has_come(tmp_path: Path) -> None:
    intake, files = intake_of(tmp_path)

    async def refuse(fields: Mapping[str, str]) -> None:
        assert fields == {"a": "b"}
        raise PermissionError

    never = asyncio.get_running_loop().create_future()
    head = FORM[: FORM.index(b"octets")]
    pieces = [head]

    async def read(count: int) -> bytes:
        return pieces.pop() if pieces else await never

    with pytest.raises(PermissionError):
        async with intake.take(FormBody(TYPE, None, read), 100, refuse, lambda _: None):
            pass
    await files.close()
