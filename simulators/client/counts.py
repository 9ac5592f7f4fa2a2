"""What a session tells of itself while it goes on."""

from typing import Protocol


class Counts(Protocol):
    """Whoever counts."""

    def began(self, now: float) -> None:
        """A session began."""

    def reply(self, status: int) -> None:
        """The ACS replied with a status."""

    def ended(self, outcome: str, seconds: float, now: float) -> None:
        """A session ended: ``ok``, or a short reason."""
