"""One measured thing, what it is held against, and what is laid down for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

Range = tuple[float, float]
"""The least and the most."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What something is held against, measured in turn with it."""

    what: str
    """What that is."""
    value: float
    """Its figure, in the same unit."""
    ratio: float
    """How many times it the measured thing is: the median of the ratios round by round."""
    spread: Range
    """The least and the greatest of these ratios."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What is laid down."""

    bound: float
    """The value, or the ratio, that is to be reached."""
    of_ratio: bool = False
    """Whether it is for the ratio."""
    is_design: bool = False
    """Whether it is one of the figures that the design lays down, and no bound of our own."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured thing."""

    name: str
    """What was measured."""
    value: float
    """The figure: the median of the rounds."""
    unit: str
    """Its unit."""
    beside: Beside | None = None
    """What it is held against."""
    limit: Limit | None = None
    """What is laid down for it."""
    is_rate: bool = False
    """Whether more is better."""
    rounds: int = 1
    """How often it was measured."""
    spread: Range | None = None
    """The least and the most of the rounds."""
    details: Mapping[str, float] = field(default_factory=dict)
    """What else was seen, with its unit in its name; not kept."""
    part: str = ""
    """The part of the benchmarks it belongs to."""
    point: tuple[str, float] | None = None
    """The curve it is a point of (``panel: curve``), and how many devices there were."""

    @property
    def limited(self) -> float:
        """What the limit is for."""
        return self.beside.ratio if self.limit and self.limit.of_ratio and self.beside else self.value

    @property
    def reached(self) -> bool:
        """Whether it is as good as what is laid down."""
        if self.limit is None:
            return True
        return self.limited >= self.limit.bound if self.is_rate else self.limited <= self.limit.bound

    @property
    def laid_down(self) -> str:
        """What is laid down, in words; empty if nothing is."""
        if self.limit is None:
            return ""
        unit = f"x {self.beside.what}" if self.limit.of_ratio and self.beside else self.unit
        return f"{'at least' if self.is_rate else 'at most'} {self.limit.bound:g} {unit}"


def figure(
    name: str,
    unit: str,
    values: Sequence[float],
    *,
    beside: tuple[str, Sequence[float]] | None = None,
    limit: Limit | None = None,
    is_rate: bool = False,
    details: Mapping[str, float] | None = None,
) -> Figure:
    """What rounds come to; ``beside`` are the rounds of what it is held against, each in turn with one of these.

    The ratio to a round of nothing is 0.
    """
    against = None
    if beside is not None:
        what, others = beside
        ratios = [one / other if other else 0.0 for one, other in zip(values, others, strict=True)]
        against = Beside(what, median(others), median(ratios), (min(ratios), max(ratios)))
    spread = (min(values), max(values))
    return Figure(name, median(values), unit, against, limit, is_rate, len(values), spread, details or {})


def share_of(ordered: Sequence[float], share: float) -> float:
    """Of values in their order, the first that such a share of them lies before: 0.99 for the p99, 1 for the last."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
