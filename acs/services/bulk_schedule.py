"""When a recurring request is to be carried out: cron expressions, in the clock of a time zone."""

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

_FIELDS: Final = 5
_LONGEST_ZONE: Final = 64


class CronError(ValueError):
    """This is no cron expression."""


class ZoneError(ValueError):
    """There is no such time zone."""


def next_after(cron: str, timezone: str, at: float) -> float | None:
    """The first moment after this one; None if there is none, ever. CronError, ZoneError."""
    start = datetime.fromtimestamp(at, _zone(timezone))
    fields = cron.split()
    # Six fields would begin with seconds, which is too often for many devices.
    if len(fields) != _FIELDS:
        raise CronError("must have five fields: minute, hour, day of month, month, day of week")
    try:
        found = next(CronSim(" ".join(fields), start), None)
        return None if found is None else found.astimezone(UTC).timestamp()
    except OverflowError:
        # Not before the end of the calendar.
        return None
    except CronSimError as error:
        if _are_good_alone(fields, start):
            # The 30th of February.
            return None
        raise CronError(f"is no cron expression: {str(error).lower()}") from None


def _zone(name: str) -> ZoneInfo:
    try:
        if not 0 < len(name) <= _LONGEST_ZONE:
            raise ValueError(name)
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ZoneError("is no time zone, such as Europe/Berlin") from None


def _are_good_alone(fields: list[str], start: datetime) -> bool:
    """Whether it is only their combination that is bad."""
    for place, field in enumerate(fields):
        alone = ["*"] * _FIELDS
        alone[place] = field
        try:
            CronSim(" ".join(alone), start)
        except CronSimError:
            return False
    return True
