"""How many files the system lets a process have open, and how many connections are borne with so many.

uvloop takes in whoever finds no descriptor free, and closes the connection at once: a crowd that holds them all makes
resets for everybody. So the bounds of the connections leave some free, and whoever comes beyond them is told to come
later.
"""

import resource
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from acs.settings import Settings

# For the database, the log, what devices upload, and those who are being told to come later.
_SPARE: Final = 256
_FEWEST: Final = 16
_API_SHARE: Final = 4


@dataclass(frozen=True, slots=True)
class Room:
    """What the settings need, and what is borne."""

    needed: int
    """Open files, if all bounds of the settings are reached."""
    limit: int
    """Open files that the system allows."""
    connections: int
    """Connections of devices that are borne."""
    api_connections: int
    """Connections to the API that are borne."""

    @property
    def is_enough(self) -> bool:
        """Whether all that the settings promise is borne."""
        return self.limit >= self.needed

    @property
    def sentence(self) -> str:
        """What is wrong."""
        return (
            f"{self.needed} open files may be needed, but the limit is {self.limit}: only {self.connections} "
            f"connections of devices and {self.api_connections} to the API are borne, others are told to come later"
        )

    @property
    def advice(self) -> str:
        """What to do about it."""
        return (
            f"set LimitNOFILE={self.needed} in the unit, or ulimit -n {self.needed}; or lower AIOACS_MAX_CONNECTIONS "
            "and AIOACS_MAX_API_CONNECTIONS"
        )


def needed_files(settings: Settings) -> int:
    """How many open files it takes to bear what the settings say."""
    return settings.max_connections + settings.max_api_connections + _beside(settings)


def _beside(settings: Settings) -> int:
    """How many are no connections of devices and operators."""
    going_out = settings.connection_requests + settings.notifications_at_once + settings.postgres_pool_size
    return settings.max_downloads + going_out + _SPARE


def room_within(settings: Settings, limit: int) -> Room:
    """What is borne with so many open files."""
    needed, ours = needed_files(settings), _beside(settings)
    if limit == resource.RLIM_INFINITY or limit >= needed:
        return Room(needed, max(limit, needed), settings.max_connections, settings.max_api_connections)
    left = limit - min(ours, limit // 2)
    # Operators are few, and are to be let in while devices crowd the door.
    api = min(settings.max_api_connections, max(_FEWEST, left // _API_SHARE))
    return Room(needed, limit, min(settings.max_connections, max(_FEWEST, left - api)), api)


def attainable(needed: int, soft: int, hard: int) -> int:
    """The limit that a process with these two can give itself, if it needs so many."""
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return soft
    return needed if hard == resource.RLIM_INFINITY else min(needed, hard)


def make_room(settings: Settings) -> tuple[Settings, Room]:
    """Raise the limit of this process as far as it is needed and allowed; the settings with what is borne then."""
    needed = needed_files(settings)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = attainable(needed, soft, hard)
    if wanted != soft:
        # Some systems refuse more than the kernel bears, whatever the hard limit says.
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    room = room_within(settings, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    borne = {"max_connections": room.connections, "max_api_connections": room.api_connections}
    return settings.model_copy(update=borne), room
