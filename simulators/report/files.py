"""Writing a report so that nobody ever finds half of one."""

import os
import tempfile
from pathlib import Path


class WriteError(Exception):
    """A report could not be written."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"cannot write {path}: {reason}")


def check(path: Path) -> None:
    """WriteError where a report cannot be written."""
    try:
        if path.is_dir():
            raise WriteError(path, "it is a folder")
        if not path.parent.is_dir():
            raise WriteError(path, f"there is no folder {path.parent}")
        if not os.access(path if path.exists() else path.parent, os.W_OK):
            raise WriteError(path, "nobody lets this user")
    except OSError as error:
        raise WriteError(path, _reason(error)) from error


def write(path: Path, text: str) -> None:
    """Put a text into a file, all of it or nothing; what was there before stays until then."""
    check(path)
    try:
        if path.exists() and not path.is_file():
            # A pipe or a terminal is written to: it must not be replaced by a file.
            path.write_text(text, encoding="utf-8")
        else:
            _replace(path.resolve(), text)
    except OSError as error:
        raise WriteError(path, _reason(error)) from error


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _replace(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", suffix=".part", dir=path.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(0o644)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
