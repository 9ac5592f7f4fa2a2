"""What is borne with so many open files."""

import pytest

from acs.open_files import attainable, room_within
from acs.settings import Settings

_SETTINGS = Settings()


@pytest.mark.parametrize("limit", [128, 256, 1024, 4096, 16_000])
def test_what_is_borne_leaves_descriptors_for_the_rest(limit: int) -> None:
    room = room_within(_SETTINGS, limit)
    assert not room.is_enough
    assert room.connections + room.api_connections <= limit - min(536, limit // 2)
    assert room.connections > room.api_connections >= 16


@pytest.mark.parametrize("limit", [-1, 16_536, 20_000])
def test_where_there_is_enough_all_is_borne(limit: int) -> None:
    room = room_within(_SETTINGS, limit)
    assert room.is_enough
    assert (room.connections, room.api_connections) == (15_000, 1_000)


def test_no_more_is_borne_than_the_settings_say() -> None:
    few = Settings(max_connections=20, max_api_connections=1_000)
    assert room_within(few, 1024).connections == 20


@pytest.mark.parametrize(
    ("soft", "hard", "limit"),
    [(1024, 524_288, 9_000), (1024, 4096, 4096), (1024, -1, 9_000), (20_000, 20_000, 20_000), (-1, -1, -1)],
)
def test_the_limit_is_raised_as_far_as_needed_and_allowed(soft: int, hard: int, limit: int) -> None:
    assert attainable(9_000, soft, hard) == limit
