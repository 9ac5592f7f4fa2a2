"""When a scheduled download may be done: time windows and what a device makes of them (A.4.1.8)."""

import math
from dataclasses import dataclass
from typing import Final

from cwmp_schemas.faults import CpeFault
from cwmp_schemas.rpc.transfers import TimeWindow
from simulators.device.chance import Chance
from simulators.device.errors import RefusedError

MAX_WINDOWS: Final = 2
"""How many windows a ScheduleDownload may have."""
AT_ANY_TIME: Final = "1 At Any Time"
IMMEDIATELY: Final = "2 Immediately"
WHEN_IDLE: Final = "3 When Idle"
CONFIRMATION_NEEDED: Final = "4 Confirmation Needed"
CONFIRMED: Final = 0.8
"""How often a user says yes to what needs confirmation, once asked in a window."""
RETRY_AFTER: Final = 60.0
"""How long a device waits before it tries again within a window."""
MAX_RETRIES: Final = 3
"""How often it tries again where the ACS leaves that to the device."""
# The part of a window by which a device has begun: it may choose, the line is idle, a user has answered.
_LATEST: Final = {AT_ANY_TIME: 0.75, IMMEDIATELY: 0.0, WHEN_IDLE: 0.25, CONFIRMATION_NEEDED: 0.25}


@dataclass(frozen=True, slots=True)
class Window:
    """A time in which a download may be done and applied."""

    begins_at: float
    """When the device begins; infinity if its user does not want it in this window."""
    closes_at: float
    """When it must be done."""
    retries: int
    """How often it may be tried again after it failed."""


def windows_of(wanted: tuple[TimeWindow, ...], chance: Chance, now: float) -> tuple[Window, ...]:
    """The windows that the ACS wants, with the moment in each; RefusedError if there is something wrong with them."""
    if not 1 <= len(wanted) <= MAX_WINDOWS:
        raise RefusedError(CpeFault.INVALID_ARGUMENTS, f"{len(wanted)} time windows")
    end = 0
    for window in wanted:
        if window.window_start < end or window.window_end < window.window_start:
            raise RefusedError(CpeFault.INVALID_ARGUMENTS, "time windows overlap or end before they begin")
        if window.window_mode not in _LATEST:
            raise RefusedError(CpeFault.INVALID_ARGUMENTS, f"unknown window mode {window.window_mode}")
        if window.max_retries < -1:
            raise RefusedError(CpeFault.INVALID_ARGUMENTS, f"{window.max_retries} retries")
        end = window.window_end
    return tuple(_placed(window, chance, now) for window in wanted)


def _placed(window: TimeWindow, chance: Chance, now: float) -> Window:
    opens, closes = now + window.window_start, now + window.window_end
    begins = chance.between(opens, opens + _LATEST[window.window_mode] * (closes - opens))
    if window.window_mode == CONFIRMATION_NEEDED and not chance.happens(CONFIRMED):
        begins = math.inf
    return Window(begins, closes, MAX_RETRIES if window.max_retries < 0 else window.max_retries)
