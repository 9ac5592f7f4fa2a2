"""What is logged while a test runs."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from acs.logs import LibraryHandler, configure


@contextmanager
def logged(level: str) -> Iterator[io.BytesIO]:
    """All that is logged from this gravity on, as JSON; afterwards everything is as it was."""
    stream = io.BytesIO()
    configure(level, "json", stream)
    try:
        yield stream
    finally:
        root = logging.getLogger()
        for handler in [each for each in root.handlers if isinstance(each, LibraryHandler)]:
            root.removeHandler(handler)
        root.setLevel(logging.WARNING)
        structlog.reset_defaults()
