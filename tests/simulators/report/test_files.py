"""A report is written whole or not at all."""

import os
import stat
from pathlib import Path

import pytest

from simulators.report.files import WriteError, write


def test_what_is_written_is_there_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write(path, "first µ\n")
    write(path, "second\n")
    assert path.read_text(encoding="utf-8") == "second\n"
    assert list(tmp_path.iterdir()) == [path]
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "report.html"
    with pytest.raises(WriteError, match=rf"^cannot write {path}: there is no folder {path.parent}$"):
        write(path, "")


def test_a_folder_is_not_written_over(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="it is a folder"):
        write(tmp_path, "")


def test_what_was_there_stays_when_the_new_cannot_be_written(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write(path, "\udc80")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_who_is_reading_the_old_one_reads_it_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write(path, "old")
    with path.open() as reader:
        write(path, "new and longer")
        assert reader.read() == "old"
    assert path.read_text() == "new and longer"


def test_a_name_that_cannot_be_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="too long"):
        write(tmp_path / ("x" * 300), "")
    assert not list(tmp_path.iterdir())


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write(tmp_path / "link", "text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "text"


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    write(tmp_path / "pipe", "text")
    assert os.read(reader, 100) == b"text"
    os.close(reader)
    assert (tmp_path / "pipe").is_fifo()
