"""How long a session may last and how much it bears; settings, some of them per device type."""

from dataclasses import dataclass
from typing import Final

_LONGEST: Final = 1e6


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """The bounds of a session. ValueError for a bound under which no session could work."""

    idle_timeout: float = 60.0
    """Seconds of silence borne. Baicells eNodeBs need 240 for a full read."""
    session_timeout: float = 1800.0
    """Seconds from the Inform to the end, whatever happens."""
    max_idle_timeout: float = 600.0
    """The most a CPE can ask for with the header SessionTimeout (TR-069 3.5); a longer ``idle_timeout`` stands."""
    linger: float = 5.0
    """Seconds to wait after our 204 for what the CPE may still have to say."""
    empty_posts: int = 10
    """The session ends with so many posts in a row that bring nothing, while no RPC goes out."""
    lost_answers: int = 3
    """The session ends when so many of its RPCs are lost."""
    rpcs: int | None = None
    """How many RPCs the device bears in one session (SmartRG SR505N: 1); None for any number."""

    def __post_init__(self) -> None:
        for name in ("idle_timeout", "session_timeout", "max_idle_timeout", "linger"):
            seconds = getattr(self, name)
            if not 0 < seconds <= _LONGEST:
                raise ValueError(f"{name} must be more than 0 and at most {_LONGEST:.0f} seconds, not {seconds}")
        # One empty post belongs to every session: it hands us the turn.
        for name, least in (("empty_posts", 2), ("lost_answers", 1), ("rpcs", 1)):
            count = getattr(self, name)
            if count is not None and count < least:
                raise ValueError(f"{name} must be at least {least}, not {count}")


DEFAULT_LIMITS: Final = SessionLimits()
"""What fits most devices."""
