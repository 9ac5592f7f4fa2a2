"""A picture: lines, bars or areas in a frame with two axes. It stretches with the page, and its letters do not.

What is drawn is an SVG without a fixed shape; what is written stands around it as text of the page.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from simulators.report.markup import Markup, tag
from simulators.report.scales import Scale

WIDTH: Final = 1000
"""The width of a picture in its own units, whatever it is on the page."""
HEIGHT: Final = 300
"""Its height in its own units."""
Point = tuple[float, float]
Box = tuple[float, float, float, float]
"""Left, right, bottom and top of a bar."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Two axes and what they are called."""

    across: Scale
    """From left to right."""
    up: Scale
    """From the bottom to the top."""
    heading: str
    """What the picture shows."""
    note: str = ""
    """A sentence under the heading."""
    below: str = ""
    """What stands along the axis below."""

    def point(self, across: float, up: float) -> Point:
        """Where a pair of values is drawn."""
        return self.x(across), HEIGHT * (1 - self.up.place(up))

    def x(self, across: float) -> float:
        """How far to the right a value is drawn."""
        return WIDTH * self.across.place(across)

    def box(self, left: float, right: float, low: float, high: float) -> Box:
        """Where a bar is drawn that stands for these values."""
        (x0, y0), (x1, y1) = self.point(left, low), self.point(right, high)
        return x0, x1, y0, y1


@dataclass(frozen=True, slots=True)
class Key:
    """What a colour of a picture means."""

    style: str
    """The class of the style sheet that gives the colour."""
    name: str
    """What has it."""


def picture(frame: Frame, drawn: Iterable[Markup], keys: Sequence[Key] = (), above: Markup | None = None) -> Markup:
    """The frame with all that is drawn in it; ``above`` stands over it."""
    columns = [
        tag("span", label, class_="end" if place > 0.97 else None, style=f"left:{place:.2%}")
        for place, label in frame.across.ticks
    ]
    rows = [tag("span", label, style=f"bottom:{place:.2%}") for place, label in frame.up.ticks]
    grid = tag(
        "path", d="".join(f"M0 {HEIGHT * (1 - place):.1f}H{WIDTH}" for place, _ in frame.up.ticks), class_="grid"
    )
    canvas = tag(
        "svg",
        grid,
        *drawn,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        preserveAspectRatio="none",
        role="img",
        aria_label=frame.heading,
    )
    return tag(
        "figure",
        tag("figcaption", tag("h3", frame.heading), _legend(keys), tag("p", frame.note) if frame.note else None),
        tag(
            "div",
            tag("div", *rows, class_="up"),
            tag("div", above, canvas, class_="canvas"),
            tag("div", *columns, class_="across"),
            tag("p", frame.below, class_="below") if frame.below else None,
            class_="plot",
        ),
    )


def nothing(heading: str, why: str) -> Markup:
    """What stands where there is nothing to draw."""
    return tag("figure", tag("figcaption", tag("h3", heading)), tag("p", why, class_="nothing"))


def line(points: Sequence[Point], style: str) -> Markup:
    """A line through points."""
    return tag("polyline", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in points), class_=f"line {style}")


def area(points: Sequence[Point], style: str) -> Markup:
    """What is between a line and the axis below it."""
    first, last = points[0][0], points[-1][0]
    inner = "".join(f"L{x:.1f} {y:.1f}" for x, y in points)
    return tag("path", d=f"M{first:.1f} {HEIGHT}{inner}L{last:.1f} {HEIGHT}Z", class_=f"area {style}")


def bars(boxes: Iterable[Box], style: str, name: str) -> Markup:
    """Bars in one colour."""
    path = "".join(f"M{left:.1f} {low:.1f}V{high:.1f}H{right:.1f}V{low:.1f}Z" for left, right, low, high in boxes)
    return tag("path", tag("title", name), d=path, class_=f"bars {style}")


def columns(spans: Iterable[tuple[float, float, str]]) -> Markup:
    """What is told of each stretch of the axis below when somebody points at it."""
    return tag(
        "g",
        *(
            tag("rect", tag("title", words), x=f"{left:.1f}", width=f"{right - left:.1f}", y=0, height=HEIGHT)
            for left, right, words in spans
        ),
        class_="hover",
    )


def _legend(keys: Sequence[Key]) -> Markup | None:
    if not keys:
        return None
    return tag("ul", *(tag("li", tag("i", class_=key.style), key.name) for key in keys), class_="legend")


def marks(places: Iterable[tuple[float, str, str]]) -> Markup:
    """Values on the axis below, each with a line and a label on a row of its own, so that none hides another."""
    return tag(
        "div",
        *(
            tag("span", tag("b", name), " ", value, class_="left" if place > 0.6 else None, style=f"left:{place:.2%}")
            for place, name, value in places
        ),
        class_="marks",
    )


def upright(places: Iterable[float]) -> Markup:
    """Lines from the bottom to the top."""
    return tag("path", d="".join(f"M{WIDTH * place:.1f} 0V{HEIGHT}" for place in places), class_="mark")
