"""How long a device takes for what it does."""

from dataclasses import dataclass
from typing import Final

Span = tuple[float, float]
"""The least and the most seconds."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds from and to; each time it is somewhere between."""

    boot: Span = (30.0, 90.0)
    """From a restart until the device calls again."""
    apply: Span = (5.0, 30.0)
    """From the end of a download until the file is in use."""
    diagnostics: Span = (2.0, 12.0)
    """From the request of a diagnostics until its result."""
    unit_change: Span = (2.0, 15.0)
    """The install, update or removal of one deployment unit."""
    within_response: float = 0.0
    """How long the answer to a Download or Upload waits, so that it may say that all is done; 0 for an answer at
    once, that it is still to come."""


LIFELIKE: Final = Timing()
"""As a household's router takes."""
AT_ONCE: Final = Timing((0.0, 0.0), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0))
"""No time at all, for tests."""
