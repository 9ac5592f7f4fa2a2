"""Work that nobody asked for: the server's own housekeeping in a session."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from acs.domain.operation import Outcome
from acs.provisioning.plan import Plan


async def _nothing() -> None:
    """Nothing is kept."""


@dataclass(frozen=True, slots=True)
class Errand:
    """A plan that repeats no harm, and what is to be done with its outcome."""

    plan: Plan
    """What is sent."""
    done: Callable[[Outcome], Awaitable[None]]
    """Makes the outcome durable."""
    cut_off: Callable[[], Awaitable[None]] = _nothing
    """Makes durable how far it is, when the session ends before it; then it is due again."""
