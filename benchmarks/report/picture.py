"""The figures that are laid down as a picture: a bar each, as a share of what is allowed."""

from typing import Final

from benchmarks.figures import Figure
from benchmarks.report import words
from benchmarks.results import Result
from simulators.report.markup import Markup, tag

_ROW: Final = 26
_LEFT: Final = 560
_FULL: Final = 330
_WIDTH: Final = _LEFT + _FULL + 380
_LONGEST: Final = 96
_CUT: Final = 1.2


def picture(result: Result) -> Markup:
    """An SVG: bars for the figures with a limit, a line where the limit is. Of nothing at all there is no share."""
    rows = [each for each in result.figures if each.limit is not None and each.limit.bound]
    height = 70 + _ROW * len(rows)
    heading = f"What is used of what is laid down ({result.date}, {words.machine(result.machine)})"
    return tag(
        "svg",
        tag("rect", width="100%", height="100%", fill="white"),
        tag("text", heading, x=12, y=24, font_size=14),
        *(_bar(each, 50 + _ROW * index) for index, each in enumerate(rows)),
        tag("path", d=f"M{_LEFT + _FULL} 46V{height - 12}", stroke="#444"),
        tag("text", "laid down", x=_LEFT + _FULL, y=42, text_anchor="middle"),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_WIDTH} {height}",
        font_family="sans-serif",
        font_size=12,
        role="img",
        aria_label=heading,
    )


def _short(name: str) -> str:
    """What finds room beside a bar: names differ in their beginning and in their end."""
    if len(name) <= _LONGEST:
        return name
    half = (_LONGEST - 3) // 2
    return f"{name[:half].rstrip()} … {name[-half:].lstrip()}"


def _bar(figure: Figure, top: int) -> Markup:
    """Of a rate what is used is what is laid down as a share of the rate: past the line is always bad."""
    if figure.limit is None or not figure.limit.bound:
        return Markup("")
    share = figure.limited / figure.limit.bound
    if figure.is_rate:
        share = 1 / share if share else _CUT + 1
    length = max(1.0, min(share, _CUT) * _FULL)
    shown = words.ratio(figure) if figure.limit.of_ratio else words.value(figure)
    return tag(
        "g",
        tag("text", _short(figure.name), x=_LEFT - 10, y=top + 13, text_anchor="end"),
        tag(
            "rect",
            x=_LEFT,
            y=top,
            width=f"{length:.0f}",
            height=17,
            fill="#2a7f4f" if figure.reached else "#b3261e",
        ),
        tag(
            "text",
            f"{shown}, {figure.laid_down}{' (bar cut)' if share > _CUT else ''}",
            x=f"{max(length, _FULL) + _LEFT + 8:.0f}",
            y=top + 13,
        ),
    )
