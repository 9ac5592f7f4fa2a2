"""Times as people and programs write them, and as the API does: ISO 8601, UTC, ``Z``."""

import re
from datetime import UTC, datetime
from typing import Final

from acs.domain.times import written

__all__ = ["read", "written"]

_SPACED_OFFSET: Final = re.compile(r"(:[\d.]+) (\d\d:?\d\d)\Z", re.ASCII)
_LATEST: Final = datetime(9999, 12, 31, tzinfo=UTC).timestamp()


def read(text: str) -> float:
    """Seconds since 1970 from ``2024-01-31``, ``2024-01-31 10:00:00`` or ISO 8601; UTC where no offset is given.

    Where a query has a plus that is not encoded, as many clients send it, a space stands in front of the offset.
    Raises ValueError.
    """
    text = _SPACED_OFFSET.sub(r"\1+\2", text)
    if not text.isascii() or len(text) > 40 or "W" in text.upper():
        raise ValueError("not a time")
    moment = datetime.fromisoformat(text.strip().upper())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        seconds = moment.timestamp()
    except OverflowError:
        raise ValueError("out of range") from None
    if not 0 <= seconds <= _LATEST:
        raise ValueError("out of range")
    return seconds
