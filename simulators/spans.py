"""Lengths of time as one writes them: 90, 90s, 15m, 2h, 1d."""

import re
from typing import Final

LONGEST: Final = 366 * 86_400.0
"""The longest that is taken, and the latest moment of a trace, in seconds: about a year."""
_UNITS: Final = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_SPAN: Final = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s*(ms|[smhd]?)", re.ASCII)


def read_span(text: str) -> float:
    """A length of time in seconds; ValueError says what one looks like."""
    found = _SPAN.fullmatch(text.strip())
    seconds = float(found[1]) * _UNITS[found[2]] if found else -1.0
    if not 0 <= seconds <= LONGEST:
        raise ValueError(f"{text[:40]!r} is no length of time, such as 90, 90s, 15m, 2h or 1d")
    return seconds
