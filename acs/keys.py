"""The keys that seal secrets, and the secret that signs webhooks: each read from its file, which the first start makes,
or from the settings.

KeyFileError    the file cannot be used; nothing of it is ever quoted
"""

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path
from secrets import token_bytes, token_hex
from typing import Final

from acs.auth.sealing import KEY_LENGTH, Keyring, keyring_text, parse_keyring
from acs.services.vault import opens_any
from acs.settings import Settings
from acs.store.devices import some_logins
from acs.store.opening import AnyDatabase

_LARGEST: Final = 64 * 1024
_SECRET_OCTETS: Final = 32
_SECRET: Final = re.compile(r"[!-~]{16,256}", re.ASCII)
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


class KeyFileError(Exception):
    """There are no keys to work with."""


def load_keyring(path: Path, text: str | None = None, *, random: Callable[[int], bytes] = token_bytes) -> Keyring:
    """The keys from ``text`` if there is one, else from the file, which is made with a new key if there is none.

    Processes that start at once all get the same key.
    """
    if text is not None:
        return _parse(text, "AIOACS_SECRET_KEY")
    try:
        return read_keyring(path)
    except FileNotFoundError:
        _create(path, keyring_text(Keyring({1: random(KEY_LENGTH)}, active=1)))
        return read_keyring(path)


def load_webhook_secret(path: Path, text: str | None = None, *, random: Callable[[int], bytes] = token_bytes) -> str:
    """What signs webhooks: ``text`` if there is one, else from the file, which is made if there is none."""
    if text is not None:
        return text
    try:
        return read_webhook_secret(path)
    except FileNotFoundError:
        _create(path, f"{random(_SECRET_OCTETS).hex()}\n")
        return read_webhook_secret(path)


def read_webhook_secret(path: Path) -> str:
    """The secret from the file. FileNotFoundError if there is none, KeyFileError if it is not as it must be."""
    secret = _content(path).strip()
    if _SECRET.fullmatch(secret) is None:
        raise KeyFileError(f"the key file {path} cannot be used: it must hold 16 to 256 printable ASCII characters")
    return secret


def is_missing(path: Path) -> bool:
    """Whether there is no key file. One that must not be looked for is not missing: reading it says what is wrong."""
    try:
        path.stat()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return False


def read_keyring(path: Path) -> Keyring:
    """The keys from the file. FileNotFoundError if there is none, KeyFileError if it is not as it must be."""
    return _parse(_content(path), f"the key file {path}")


def _content(path: Path) -> str:
    try:
        # A pipe would make the open wait for its writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise KeyFileError(f"the key file {path} cannot be read: {error.strerror}") from None
    try:
        _check(path, os.fstat(descriptor).st_mode)
        content = os.read(descriptor, _LARGEST + 1)
    finally:
        os.close(descriptor)
    if len(content) > _LARGEST:
        raise KeyFileError(f"the key file {path} is larger than {_LARGEST} bytes")
    try:
        return content.decode("ascii")
    except UnicodeDecodeError:
        raise KeyFileError(f"the key file {path} holds no keys: it is not in ASCII") from None


def _check(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise KeyFileError(f"the key file {path} is not a file")
    if mode & _OTHERS:
        raise KeyFileError(
            f"the key file {path} is open to others than its owner (mode {stat.S_IMODE(mode):04o}): run "
            f"chmod 600 {path}, and change the key if others may have read it"
        )


def _parse(text: str, place: str) -> Keyring:
    try:
        return parse_keyring(text)
    except ValueError as error:
        raise KeyFileError(f"{place} cannot be used: {error}") from None


def _create(path: Path, text: str) -> None:
    """Make the file whole under another name first, so that nobody ever reads half of it; the first one wins."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{token_hex(8)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            _write(draft, text)
            path.hardlink_to(draft)
        except FileExistsError:
            return
        finally:
            draft.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except OSError as error:
        raise KeyFileError(f"the key file {path} cannot be made: {error.strerror}") from None


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)


def _sync_folder(path: Path) -> None:
    """The name itself must survive a power cut as well."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


async def keyring_of(settings: Settings, database: AnyDatabase) -> Keyring:
    """The keys of secrets. New ones are made for a new database alone: what is sealed stays sealed without its own."""
    path, text = settings.secret_key_file, settings.secret_key
    logins = await some_logins(database)
    if text is None and logins and is_missing(path):
        raise KeyFileError(
            f"{path} is missing, but the database holds passwords that were sealed with its keys: restore it from a "
            "backup, or set AIOACS_SECRET_KEY_FILE to where it is"
        )
    keyring = load_keyring(path, text.get_secret_value() if text else None)
    if logins and not opens_any(keyring, logins):
        raise KeyFileError(
            f"{path if text is None else 'AIOACS_SECRET_KEY'} holds other keys than those that sealed the passwords in "
            "the database: restore the right ones from a backup, or set AIOACS_SECRET_KEY_FILE to where they are"
        )
    return keyring
