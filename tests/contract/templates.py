"""SQLite databases with all tables and nothing in them: copies of the first one, for migrating takes long."""

import tempfile
from pathlib import Path
from typing import Final

from acs.store.migrations import migrate

_PREFIX: Final = "sqlite:///"
_migrated: list[bytes] = []


async def fill_with_tables(url: str) -> None:
    """Give an SQLite database that is not there yet its tables; leaves any other alone."""
    if not url.startswith(_PREFIX):
        return
    if not _migrated:
        with tempfile.TemporaryDirectory() as folder:
            template = Path(folder) / "template.db"
            await migrate(f"{_PREFIX}{template}")
            _migrated.append(_read(template))
    _write(Path(url.removeprefix(_PREFIX)), _migrated[0])


def _read(path: Path) -> bytes:
    return path.read_bytes()


def _write(path: Path, octets: bytes) -> None:
    if not path.exists():
        path.write_bytes(octets)
