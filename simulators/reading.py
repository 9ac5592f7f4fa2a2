"""Files that people name on the command line: read as text, and not without end."""

from pathlib import Path


class UnreadableError(ValueError):
    """A file cannot be read; the sentence says which and why."""


def read_file(path: Path, name: str, most_octets: int) -> str:
    """The text of a file; some that can be named, such as devices, have neither a size nor an end."""
    try:
        with path.open("rb") as file:
            octets = file.read(most_octets + 1)
        if len(octets) > most_octets:
            raise UnreadableError(f"{name} is larger than {_size(most_octets)}")
        return octets.decode("utf-8-sig")
    except OSError as error:
        raise UnreadableError(f"cannot read {name}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise UnreadableError(f"cannot read {name}: it is no text in UTF-8") from None


def _size(octets: int) -> str:
    return f"{octets >> 20} MiB" if octets >> 20 else f"{octets >> 10} KiB"
