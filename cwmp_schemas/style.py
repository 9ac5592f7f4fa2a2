"""The few ways in which devices disagree about how a value is spelt on the wire."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class WireStyle:
    """How one device wants to be written to; the defaults are what most of them accept."""

    declaration: bool = False
    """Start with an XML declaration. Some devices silently end the session over one."""
    boolean_words: bool = False
    """Write booleans as true/false instead of 1/0."""
    next_level_words: bool = False
    """Write NextLevel of GetParameterNames as true/false, whatever other booleans are."""
    milliseconds: bool = False
    """Write dateTimes with milliseconds."""


DEFAULT_STYLE: Final = WireStyle()
