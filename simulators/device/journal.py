"""What a device remembers of what happened to it: the lines of its log file."""

from collections import deque
from typing import Final

from simulators.device.tree import clock_text

MAX_LINES: Final = 200
"""How many lines it keeps; the oldest go first."""
_MAX_LENGTH: Final = 256


class Journal:
    """The last lines of a log."""

    __slots__ = ("_lines",)

    def __init__(self) -> None:
        self._lines: deque[tuple[int, str]] = deque(maxlen=MAX_LINES)

    def note(self, now: float, what: str) -> None:
        """Something has happened; what the ACS said may be in it, but no secret."""
        shown = "".join(each if each.isprintable() else "?" for each in what[:_MAX_LENGTH])
        self._lines.append((int(now), shown))

    def text(self, host: str) -> str:
        """The log as a file, as a device with this name writes it."""
        return "".join(f"{clock_text(second)} {host} {what}\n" for second, what in self._lines)
