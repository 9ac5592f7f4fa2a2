"""Times as programs read them: ISO 8601, UTC, ``Z``."""

from datetime import UTC, datetime


def written(seconds: float) -> str:
    """A time since 1970, as everybody outside is told of it."""
    return f"{datetime.fromtimestamp(round(seconds, 6), UTC).isoformat()[:-6]}Z"  # without +00:00
