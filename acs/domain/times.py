"""Times as programs read them: ISO 8601, UTC, ``Z``."""

from datetime import UTC, datetime


def written(seconds: float) -> str:
    """A time since 1970, as everybody outside is told of it."""
    moment = datetime.fromtimestamp(round(seconds, 6), UTC)
    return f"{moment.replace(tzinfo=None).isoformat()}Z"
