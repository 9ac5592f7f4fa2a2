"""The folders the server writes to, and the file with its keys."""

import errno
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from acs.auth.sealing import Keyring
from acs.doctor.findings import Finding, failure, ok, warning
from acs.keys import KeyFileError, load_keyring, read_keyring, read_webhook_secret
from acs.settings import Settings
from acs.settings.values import sqlite_path

_MIB: Final = 1 << 20
_LITTLE: Final = 100 * _MIB
_SCARCE: Final = 1024 * _MIB


def folder_findings(settings: Settings) -> Iterator[Finding]:
    """Whether the server can write where it must, and has room to."""
    database = sqlite_path(settings.database_url)
    folders = [
        *([database.parent] if database else []),
        *([] if settings.secret_key else [settings.secret_key_file.parent]),
        *([] if settings.webhook_secret else [settings.webhook_secret_file.parent]),
        settings.files_folder,
        settings.trace_folder,
    ]
    disks: dict[int, Path] = {}
    for folder in dict.fromkeys(folders):
        nearest = _nearest(folder)
        yield writable_finding(folder)
        disks.setdefault(nearest.stat().st_dev, nearest)
    for nearest in disks.values():
        yield room_finding(nearest, shutil.disk_usage(nearest).free)


def key_findings(settings: Settings) -> Iterator[Finding]:
    """Whether the keys can be read, without making any."""
    path = settings.secret_key_file
    try:
        if settings.secret_key:
            load_keyring(path, settings.secret_key.get_secret_value())
            yield ok("keys", "they come from AIOACS_SECRET_KEY")
            return
        count = len(read_keyring(path).keys)
        yield ok("keys", f"{path} is closed to others and holds {count} {'key' if count == 1 else 'keys'}")
    except FileNotFoundError:
        if _used_before(settings):
            yield warning(
                "keys",
                f"{path} is not there, but the database is; the next start makes a new key, if no password is sealed",
                "fine if the server has never run; else restore the old one first: only that opens what it has sealed",
            )
        else:
            yield ok("keys", f"{path} is not there yet; the first start makes it")
    except KeyFileError as error:
        yield failure("keys", str(error), "restore the file from a backup if it is damaged; never make a new one")


def webhook_secret_findings(settings: Settings) -> Iterator[Finding]:
    """Whether the secret that signs webhooks can be read, without making one."""
    path = settings.webhook_secret_file
    if settings.webhook_secret:
        yield ok("webhooks", "what signs them comes from AIOACS_WEBHOOK_SECRET")
        return
    try:
        read_webhook_secret(path)
    except FileNotFoundError:
        yield ok("webhooks", f"{path} is not there yet; the next start makes it")
    except KeyFileError as error:
        advice = "mend the file, or delete it: the next start makes another secret, which the receivers need then"
        yield failure("webhooks", str(error), advice)
    else:
        yield ok("webhooks", f"{path} is closed to others and holds what signs them")


def keyring_of(settings: Settings) -> Keyring | None:
    """The keys, if they can be read."""
    try:
        if settings.secret_key:
            return load_keyring(settings.secret_key_file, settings.secret_key.get_secret_value())
        return read_keyring(settings.secret_key_file)
    except (FileNotFoundError, KeyFileError):
        return None


def room_finding(folder: Path, free: int) -> Finding:
    """Judge by how many bytes are free."""
    sentence = f"{free // _MIB} MiB are free below {folder}"
    if free < _LITTLE:
        return failure("disk", sentence, "free some space: without it devices get 503 and nothing is recorded")
    if free < _SCARCE:
        return warning("disk", sentence, "free some space, or shorten AIOACS_HISTORY_DAYS and AIOACS_RESULTS_DAYS")
    return ok("disk", sentence)


def _used_before(settings: Settings) -> bool:
    database = sqlite_path(settings.database_url)
    return database is not None and _exists(database)


def _exists(path: Path) -> bool:
    """Whether this user can see that it is there: ``Path.exists`` fails below a folder that is closed to them."""
    try:
        path.stat()
    except OSError:
        return False
    return True


def _nearest(folder: Path) -> Path:
    """The folder, or the first one above it that exists."""
    return next(each for each in (folder, *folder.absolute().parents) if _exists(each))


def writable_finding(folder: Path) -> Finding:
    """Whether a folder can be written to, or made."""
    nearest = _nearest(folder)
    try:
        # Mode bits do not tell of read-only mounts and quotas. The file has no name where the system allows that.
        with tempfile.TemporaryFile(dir=nearest) as file:
            file.write(b"x")
    except OSError as error:
        what = f"{nearest} cannot be written to" if nearest == folder else f"{folder} cannot be made in {nearest}"
        advice = _ADVICE.get(error.errno or 0, "run the server as the user who owns it, or set another folder")
        return failure("folders", f"{what}: {error.strerror}", advice)
    return ok("folders", f"{folder} can be written to" if nearest == folder else f"{folder} can be made")


_ADVICE: Final = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some space, or raise the quota",
    errno.EROFS: "mount it for writing, or set another folder",
    errno.ENOTDIR: "a file stands where a folder should be: move it, or set another folder",
}
