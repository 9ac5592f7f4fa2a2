"""What grows with the number of devices, as a picture with two logarithmic axes: a panel for each kind of cost."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.figures import Figure
from benchmarks.results import Result
from simulators.figures import digits
from simulators.report.markup import Markup, tag

_COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#a8508c", "#b07800", "#56b4e9", "#5c636e", "#8b5a2b")
_LEFT, _TOP, _WIDTH, _HEIGHT, _NOTES = 50, 64, 300, 260, 330
_FOOT: Final = 44
_LEAST_FACTOR: Final = 0.5
_LINE: Final = 15.0
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Curve:
    """One cost at several sizes."""

    name: str
    """What it is."""
    points: tuple[Point, ...]
    """The number of devices, and how many times what it is with the fewest it is there."""
    ends: str
    """The first and the last figure, with the unit."""


@dataclass(frozen=True, slots=True)
class _Axes:
    fewest: float
    most: float
    low: float
    high: float

    def place(self, point: Point) -> Point:
        across = math.log(point[0] / self.fewest) / math.log(self.most / self.fewest)
        up = math.log(min(max(point[1], self.low), self.high) / self.low) / math.log(self.high / self.low)
        return _LEFT + _WIDTH * across, _TOP + _HEIGHT * (1 - up)


def panels_of(result: Result) -> dict[str, list[Curve]]:
    """All curves of a result, by panel."""
    found: dict[tuple[str, str], list[Figure]] = {}
    for each in result.figures:
        if each.point is not None:
            found.setdefault((each.part, each.point[0]), []).append(each)
    panels: dict[str, list[Curve]] = {}
    for (part, name), figures in found.items():
        panel, _, rest = name.partition(": ")
        if (curve := _curve(rest, figures)) is not None:
            panels.setdefault(f"{panel} ({part})", []).append(curve)
    return panels


def curves(result: Result) -> Markup | None:
    """The picture; None if nothing was measured at several sizes."""
    panels = panels_of(result)
    if not panels:
        return None
    points = [point for panel in panels.values() for curve in panel for point in curve.points]
    fewest, most = min(at for at, _ in points), max(at for at, _ in points)
    axes = _Axes(
        fewest, most, _LEAST_FACTOR, max(2.0, 10 ** math.ceil(math.log10(max(factor for _, factor in points))))
    )
    full, height = _LEFT + _WIDTH + _NOTES, _TOP + _HEIGHT + _FOOT
    heading = f"How many times what it is with {fewest:,.0f} devices ({result.date})"
    drawn = [
        tag("g", *_panel(name, panel, axes), transform=f"translate(0 {30 + number * height})")
        for number, (name, panel) in enumerate(panels.items())
    ]
    return tag(
        "svg",
        tag("rect", width="100%", height="100%", fill="white"),
        tag("text", heading, x=12, y=24, font_size=15),
        *drawn,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {full} {30 + height * len(panels)}",
        font_family="sans-serif",
        font_size=12,
        role="img",
        aria_label=heading,
    )


def _curve(name: str, figures: Sequence[Figure]) -> Curve | None:
    found = sorted((each.point[1], each.value) for each in figures if each.point is not None)
    first, unit = found[0][1], figures[0].unit
    if len(found) < 2 or first <= 0 or found[0][0] <= 0:
        return None
    points = tuple((at, value / first) for at, value in found)
    return Curve(name, points, f"{digits(first)} to {digits(found[-1][1])} {unit}")


def _panel(name: str, panel: Sequence[Curve], axes: _Axes) -> list[Markup]:
    drawn = [tag("text", name, x=_LEFT, y=_TOP - 16, font_size=13, font_weight="bold")]
    for power in range(math.ceil(math.log10(axes.low)), math.floor(math.log10(axes.high)) + 1):
        _, y = axes.place((axes.fewest, 10.0**power))
        drawn.append(tag("path", d=f"M{_LEFT} {y:.1f}h{_WIDTH}", stroke="#ddd"))
        drawn.append(tag("text", f"{10**power:g} x", x=_LEFT - 6, y=f"{y + 4:.1f}", text_anchor="end"))
    for at in sorted({at for curve in panel for at, _ in curve.points}):
        x, _ = axes.place((at, 1.0))
        drawn.append(tag("path", d=f"M{x:.1f} {_TOP}v{_HEIGHT}", stroke="#ddd"))
        drawn.append(tag("text", f"{at:,.0f}", x=f"{x:.1f}", y=_TOP + _HEIGHT + 18, text_anchor="middle"))
    # What grows as the fleet does is drawn beside: whatever is steeper needs a reason.
    ends = [axes.place((axes.fewest, 1.0)), axes.place((axes.most, axes.most / axes.fewest))]
    drawn.append(_line(ends, "#bbb", "4 4"))
    ordered = sorted(panel, key=lambda curve: -curve.points[-1][1])
    wanted = [axes.place(curve.points[-1])[1] for curve in ordered]
    for number, (curve, y) in enumerate(zip(ordered, _apart(wanted), strict=True)):
        colour = _COLOURS[number % len(_COLOURS)]
        places = [axes.place(point) for point in curve.points]
        drawn.append(_line(places, colour))
        drawn.extend(tag("circle", cx=f"{x:.1f}", cy=f"{height:.1f}", r=3, fill=colour) for x, height in places)
        told = f"{curve.name}: {digits(curve.points[-1][1])} x ({curve.ends})"
        drawn.append(tag("text", told, x=_LEFT + _WIDTH + 10, y=f"{y + 4:.1f}", fill=colour))
    return drawn


def _line(places: Sequence[Point], colour: str, dashes: str | None = None) -> Markup:
    return tag(
        "polyline",
        points=" ".join(f"{x:.1f},{y:.1f}" for x, y in places),
        fill="none",
        stroke=colour,
        stroke_width=1.5,
        stroke_dasharray=dashes,
    )


def _apart(wanted: Sequence[float]) -> list[float]:
    """Places from the top to the bottom, moved so that no label hides another."""
    placed: list[float] = []
    for y in wanted:
        placed.append(max(y, placed[-1] + _LINE) if placed else y)
    over = placed[-1] - (_TOP + _HEIGHT) if placed else 0.0
    for number in range(len(placed) - 1, -1, -1):
        if over <= 0:
            break
        placed[number] -= over
        over = placed[number - 1] + _LINE - placed[number] if number else 0.0
    return placed
