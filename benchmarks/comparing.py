"""A result beside an earlier one: ratios always, other figures only where the machine is the same."""

from dataclasses import dataclass
from typing import Final

from benchmarks.figures import Figure
from benchmarks.results import Result

NOISE: Final = 5.0
"""Percent by which a figure differs from run to run though nothing has changed."""


@dataclass(frozen=True, slots=True)
class Change:
    """One figure beside the earlier one."""

    figure: Figure
    """What it is now."""
    before: float
    """What it was: the ratio where there is one, else the value."""
    now: float
    """What it is now."""
    is_ratio: bool
    """Whether these are ratios."""

    @property
    def percent(self) -> float | None:
        """By how much it has changed; None where it was nothing."""
        return 100 * (self.now / self.before - 1) if self.before else None

    @property
    def gain(self) -> float:
        """Percent by which it has become better; less than 0 if worse, and 0 where it was nothing."""
        percent = self.percent or 0.0
        return percent if self.figure.is_rate else -percent

    @property
    def is_worse(self) -> bool:
        """Whether it has become worse by more than chance."""
        return self.gain < -NOISE

    @property
    def is_better(self) -> bool:
        """Whether it has become better by more than chance."""
        return self.gain > NOISE


@dataclass(frozen=True, slots=True)
class Comparison:
    """A result beside an earlier one."""

    earlier: Result
    """The earlier one."""
    differences: list[str]
    """In what the machine and the versions differ."""
    is_of_same_machine: bool
    """Whether figures that are no ratios are compared as well."""
    changes: list[Change]
    """What both have measured."""
    new: list[str]
    """What was not measured before."""
    gone: list[str]
    """What was measured before and is not now, of the parts that were measured."""


def compare(result: Result, earlier: Result) -> Comparison:
    """Hold a result against an earlier one."""
    is_same = result.is_of_same_machine(earlier)
    before = {(each.part, each.name): each for each in earlier.figures}
    found = {(each.part, each.name): each for each in result.figures}
    parts = {each.part for each in result.figures} | result.failed.keys()
    changes = [
        change for key, each in found.items() if key in before and (change := _change(each, before[key], is_same))
    ]
    return Comparison(
        earlier,
        result.differences(earlier),
        is_same,
        changes,
        [each.name for key, each in found.items() if key not in before],
        [each.name for key, each in before.items() if key not in found and each.part in parts],
    )


def _change(now: Figure, before: Figure, is_same: bool) -> Change | None:
    if now.beside is not None and before.beside is not None:
        return Change(now, before.beside.ratio, now.beside.ratio, is_ratio=True)
    if is_same and now.unit == before.unit:
        return Change(now, before.value, now.value, is_ratio=False)
    return None
