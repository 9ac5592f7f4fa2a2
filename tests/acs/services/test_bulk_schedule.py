"""When recurring requests fire."""

from datetime import UTC, datetime

import pytest

from acs.services.bulk_schedule import CronError, ZoneError, next_after


def _at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("cron", "timezone", "after", "fires"),
    [
        ("*/5 * * * *", "UTC", "2027-01-15T08:00:00", "2027-01-15T08:05:00"),
        ("*/5 * * * *", "UTC", "2027-01-15T08:00:01", "2027-01-15T08:05:00"),
        ("0 2 * * *", "Europe/Berlin", "2027-01-15T08:00:00", "2027-01-16T01:00:00"),
        ("0 2 * * 0", "UTC", "2027-01-15T08:00:00", "2027-01-17T02:00:00"),
        ("0 0 29 2 *", "UTC", "2027-01-15T08:00:00", "2028-02-29T00:00:00"),
        # That night the clock goes from 2 to 3; what was to be done in between is done all the same.
        ("30 2 * * *", "Europe/Berlin", "2027-03-28T00:00:00", "2027-03-28T01:00:00"),
    ],
)
def test_it_fires_by_the_clock_of_its_time_zone(cron: str, timezone: str, after: str, fires: str) -> None:
    assert next_after(cron, timezone, _at(after)) == _at(fires)


@pytest.mark.parametrize("cron", ["0 0 30 2 *", "0 0 31 4,6 *"])
def test_some_never_fire(cron: str) -> None:
    assert next_after(cron, "UTC", 0.0) is None


@pytest.mark.parametrize(
    ("cron", "timezone"),
    [
        ("0 0 1 1 *", "UTC"),
        # There is such a moment by the clock of the zone, but by none of the calendar's in UTC.
        ("0 23 31 12 *", "Etc/GMT+12"),
    ],
)
def test_nothing_fires_after_the_end_of_the_calendar(cron: str, timezone: str) -> None:
    assert next_after(cron, timezone, _at("9999-12-31T00:00:00")) is None


@pytest.mark.parametrize("cron", ["", "* * * *", "* * * * * *", "61 * * * *", "0 0 32 * *", "@daily", "a b c d e"])
def test_what_is_no_expression_is_refused(cron: str) -> None:
    with pytest.raises(CronError):
        next_after(cron, "UTC", 0.0)


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../etc/passwd", "/etc/passwd", "x" * 65, "Europe", "a\x00b"])
def test_what_is_no_time_zone_is_refused(zone: str) -> None:
    with pytest.raises(ZoneError):
        next_after("* * * * *", zone, 0.0)
