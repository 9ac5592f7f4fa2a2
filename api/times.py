"""Times as people and programs write them, and as the API does: ISO 8601, UTC, ``Z``."""

from datetime import UTC, datetime
from typing import Final

from acs.domain.times import written

__all__ = ["read", "written"]

_LATEST: Final = datetime(9999, 12, 31, tzinfo=UTC).timestamp()


def read(text: str) -> float:
    """Seconds since 1970 from ``2024-01-31``, ``2024-01-31 10:00:00`` or ISO 8601; UTC where no offset is given.

    Raises ValueError.
    """
    if not text.isascii() or len(text) > 40 or "W" in text.upper():
        raise ValueError("not a time")
    moment = datetime.fromisoformat(text.strip())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        seconds = moment.timestamp()
    except OverflowError:
        raise ValueError("out of range") from None
    if not 0 <= seconds <= _LATEST:
        raise ValueError("out of range")
    return seconds
