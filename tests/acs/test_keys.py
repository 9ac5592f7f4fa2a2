"""The file with the keys: made once, read only when it is closed to others, never quoted."""

import errno
import os
import stat
import threading
from pathlib import Path

import pytest

from acs.auth.sealing import Keyring, keyring_text
from acs.keys import KeyFileError, is_missing, load_keyring, load_webhook_secret, read_keyring, read_webhook_secret

KEY = b"k" * 32
OTHER = b"o" * 32
LINE = keyring_text(Keyring({1: KEY}, active=1))


def file_with(path: Path, content: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_the_first_start_makes_a_key_that_later_starts_find(tmp_path: Path) -> None:
    path = tmp_path / "data" / "secret.keys"
    first = load_keyring(path, random=lambda length: KEY[:length])
    assert first.keys == {1: KEY}
    assert load_keyring(path, random=lambda length: OTHER[:length]).keys == first.keys


def test_the_new_file_is_closed_to_others_and_alone_in_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "secret.keys"
    before = os.umask(0)
    try:
        load_keyring(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_chance_makes_another_key_for_each_server(tmp_path: Path) -> None:
    assert load_keyring(tmp_path / "a").keys != load_keyring(tmp_path / "b").keys


def test_of_two_that_start_at_once_the_later_takes_the_key_of_the_first(tmp_path: Path) -> None:
    path = tmp_path / "secret.keys"

    def overtaken(length: int) -> bytes:
        """Runs when this process has found no file: just then the other one makes it."""
        load_keyring(path, random=lambda _: OTHER)
        return KEY[:length]

    assert load_keyring(path, random=overtaken).keys == {1: OTHER}
    assert read_keyring(path).keys == {1: OTHER}
    assert list(tmp_path.iterdir()) == [path]


def test_many_that_start_at_once_end_up_with_one_key(tmp_path: Path) -> None:
    path = tmp_path / "secret.keys"
    start = threading.Barrier(8)
    found: list[bytes] = []

    def run() -> None:
        start.wait()
        found.append(load_keyring(path).keys[1])

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o644, 0o610])
def test_a_file_open_to_others_is_refused_with_what_to_do(tmp_path: Path, mode: int) -> None:
    path = file_with(tmp_path / "secret.keys", LINE.encode(), mode)
    with pytest.raises(KeyFileError, match=rf"mode {mode:04o}.*chmod 600 {path}"):
        load_keyring(path)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "holds no key"),
        (b"hunter2\n", "line 1 of the keyring is not an id and a key"),
        (LINE.encode() + b"2 aHVudGVyMg==\n", "line 2 of the keyring has 7 octets instead of 32"),
        (b"1 hunter2\xff\n", "not in ASCII"),
        (b"# hunter2\n" * 10_000, "larger than 65536 bytes"),
    ],
)
def test_a_file_without_keys_is_refused_and_not_quoted(tmp_path: Path, content: bytes, what: str) -> None:
    path = file_with(tmp_path / "secret.keys", content)
    with pytest.raises(KeyFileError, match=what) as caught:
        load_keyring(path)
    assert "hunter2" not in str(caught.value)
    assert "aHVudGVyMg" not in str(caught.value)
    assert path.read_bytes() == content, "a damaged file must never be replaced: what it sealed would be lost"


def test_a_folder_or_a_pipe_is_no_key_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(KeyFileError, match="is not a file"):
            load_keyring(path)


def test_a_place_where_no_file_can_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where a folder should be")
    with pytest.raises(KeyFileError, match=r"cannot be (made|read)"):
        load_keyring(tmp_path / "data" / "secret.keys")


def test_keys_from_the_settings_leave_the_file_alone(tmp_path: Path) -> None:
    keyring = load_keyring(tmp_path / "secret.keys", LINE)
    assert keyring.keys == {1: KEY}
    assert list(tmp_path.iterdir()) == []


def test_wrong_keys_in_the_settings_are_told_by_their_name_and_not_quoted(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="AIOACS_SECRET_KEY cannot be used: the key in line 1") as caught:
        load_keyring(tmp_path / "secret.keys", "1 hunter2")
    assert "hunter2" not in str(caught.value)


def test_reading_alone_never_makes_a_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_keyring(tmp_path / "secret.keys")
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written_whole_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(KeyFileError, match="cannot be made: No space left on device"):
        load_keyring(tmp_path / "secret.keys")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_must_not_be_looked_for_is_not_missing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    assert is_missing(tmp_path / "secret.keys")
    assert not is_missing(tmp_path / ("long" * 100) / "secret.keys"), (
        "it cannot be looked for, as below a closed folder"
    )


def test_the_first_start_makes_a_secret_for_webhooks_that_later_starts_find(tmp_path: Path) -> None:
    path = tmp_path / "data" / "webhook.secret"
    before = os.umask(0)
    try:
        first = load_webhook_secret(path, random=lambda length: KEY[:length])
    finally:
        os.umask(before)
    assert first == KEY.hex()
    assert load_webhook_secret(path) == first
    assert path.read_text() == f"{first}\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_secret_of_the_settings_needs_no_file(tmp_path: Path) -> None:
    assert load_webhook_secret(tmp_path / "webhook.secret", "a-secret-of-the-settings") == "a-secret-of-the-settings"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content", [b"", b"too short\n", b"two words that are long enough\n", b"x" * 257, b"\xff" * 20]
)
def test_a_file_without_a_secret_is_refused_and_not_quoted(tmp_path: Path, content: bytes) -> None:
    path = file_with(tmp_path / "webhook.secret", content)
    with pytest.raises(KeyFileError) as caught:
        read_webhook_secret(path)
    assert str(path) in str(caught.value)
    assert "words" not in str(caught.value)


def test_a_secret_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = file_with(tmp_path / "webhook.secret", b"a-secret-that-is-long-enough\n", 0o644)
    with pytest.raises(KeyFileError, match="chmod 600"):
        load_webhook_secret(path)
