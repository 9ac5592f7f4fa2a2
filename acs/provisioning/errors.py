"""What can go wrong in planning.

ValueError
 └── InvalidDataError   data that is not what it should be, with every problem named
      ├── PlanningError     an operation that cannot be carried out as it is asked for
      ├── QuirksError       quirks that are none
      └── ProgressError     a progress that was not recorded for this operation
RuntimeError
 ├── LimitError         a plan would grow past its bounds; never leaves the plan, which ends with it
 └── OrderError         a plan was used out of order: a mistake in its driver
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong."""

    where: str
    """The place, as in ``variables[0].value``."""
    what: str
    """A sentence."""
    variable: int | None = None
    """The place in the request of the variable it is about, if it is about one."""


class InvalidDataError(ValueError):
    """Data with problems, all of them named at once."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{problem.where}: {problem.what}" for problem in self.problems))


class PlanningError(InvalidDataError):
    """An operation that cannot be carried out as it is asked for; nothing was sent."""


class QuirksError(InvalidDataError):
    """Quirks with unknown keys or values out of bounds."""


class ProgressError(InvalidDataError):
    """A progress that cannot be read, or that belongs to another operation."""


class LimitError(RuntimeError):
    """A plan would grow past its bounds."""


class OrderError(RuntimeError):
    """A plan was told or asked something at the wrong moment."""
