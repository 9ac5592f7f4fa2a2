"""``python -m tests.chaos`` itself: it shows how it goes on, and says what is wrong before it begins."""

import tempfile
from pathlib import Path

import pytest

from tests.chaos.__main__ import main


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_each_round_is_told_and_so_is_the_end(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["restart", "--rounds", "1", "--devices", "5"]) == 0
    said = capsys.readouterr().out
    for words in ("round 1 of 1: restart", "operations that are not done yet", "0 contradictions"):
        assert words in said
    assert not list(tmp_path.glob("aioacs-chaos-*"))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--rounds", "0"], "--rounds: 0 is less than 1"),
        (["--devices", "-1"], "--devices: -1 is less than 1"),
        (["--servers", "2"], "--servers: SQLite bears one"),
        (["kill", "flood", "cut"], "nothing that befalls sqlite: cut, flood; there is kill, "),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_made(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert sentence in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
