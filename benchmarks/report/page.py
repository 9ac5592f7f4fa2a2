"""A result as one page that needs nothing else and runs no program."""

from collections.abc import Sequence
from typing import Final

from benchmarks.comparing import Change, Comparison
from benchmarks.figures import Figure
from benchmarks.report import words
from benchmarks.report.curves import curves
from benchmarks.report.picture import picture
from benchmarks.results import Result, parts_of
from simulators.report.html import section, whole
from simulators.report.markup import Markup, join, tag
from simulators.report.tables import Figure as Cell
from simulators.report.tables import grid

_STYLE: Final = "svg { display: block; width: 100%; height: auto; } h3 { margin: 1.6rem 0 .4rem; }"


def page(result: Result, comparison: Comparison | None) -> str:
    """The page."""
    drawn = curves(result)
    body = tag(
        "main",
        _opening(result),
        section("What is laid down", picture(result), _laid_down(result)),
        section("Compared with the last kept result", *_compared(comparison)),
        *([section("As the fleet grows", drawn)] if drawn else []),
        section("All figures", *_parts(result)),
        section("Machine and versions", _circumstances(result)),
    )
    return whole(f"aioacs benchmarks, {result.date}", body, style=_STYLE)


def _opening(result: Result) -> Markup:
    style = "holds" if result.is_good else "broken"
    return tag(
        "header",
        tag("p", "make bench", class_="program"),
        tag("h1", "What aioacs bears"),
        tag("p", f"{result.date} {result.moment[11:16]} UTC, commit {result.commit}", class_="lead"),
        tag("p", words.machine(result.machine), class_="lead"),
        tag("p", words.summary(result), class_=f"verdict {style}"),
        *(tag("p", f"{part} could not be measured: {why}", class_="broken") for part, why in result.failed.items()),
    )


def _laid_down(result: Result) -> Markup:
    rows = [each for each in result.figures if each.limit is not None]
    if not rows:
        return tag("p", "Nothing was measured for which something is laid down.", class_="nothing")
    head = ("", "found", Cell("rounds", wide=True), "laid down", "")
    return grid(head, ((each.name, _limited(each)) for each in rows))


def _limited(each: Figure) -> Sequence[Cell]:
    shown = words.ratio(each) if each.limit and each.limit.of_ratio else words.value(each)
    told = each.laid_down + (" *" if each.limit and each.limit.is_design else "")
    return (
        Cell(shown, bad=not each.reached),
        Cell(words.spread(each), wide=True),
        Cell(told, words=True),
        Cell(tag("span", words.verdict(each), class_="holds" if each.reached else "broken")),
    )


def _compared(comparison: Comparison | None) -> list[Markup]:
    if comparison is None:
        return [tag("p", "No earlier result is kept. make bench KEEP=1 keeps this one.", class_="nothing")]
    parts = [tag("p", words.beginning(comparison))]
    if comparison.differences:
        parts.append(tag("ul", *(tag("li", each) for each in comparison.differences)))
    head = ("", "kept", "now", "change", "")
    if comparison.changes:
        parts.append(grid(head, ((each.figure.name, _changed(each)) for each in comparison.changes)))
    for heading, names in (("Not measured before", comparison.new), ("Not measured any more", comparison.gone)):
        if names:
            parts.append(tag("p", f"{heading}: {', '.join(names)}", class_="nothing"))
    return parts


def _changed(each: Change) -> Sequence[Cell]:
    unit = words.unit(each)
    style = "broken" if each.is_worse else "holds"
    return (
        Cell(f"{each.before:.3g} {unit}"),
        Cell(f"{each.now:.3g} {unit}"),
        Cell(words.change(each), bad=each.is_worse),
        Cell(tag("span", words.direction(each), class_=style)),
    )


def _parts(result: Result) -> list[Markup]:
    head = ("", "figure", "baseline", "ratio", Cell("rounds", wide=True), Cell("also seen", wide=True))
    return [
        join(tag("h3", part), grid(head, ((each.name, _cells(each)) for each in figures)))
        for part, figures in parts_of(result.figures).items()
    ]


def _cells(each: Figure) -> Sequence[Cell]:
    beside = "" if each.beside is None else f"{each.beside.value:.3g} {each.unit} {each.beside.what}"
    details = ", ".join(f"{name} {found:.3g}" for name, found in each.details.items())
    counted = f"{each.rounds}: {told}" if (told := words.spread(each)) else f"{each.rounds}"
    return (
        Cell(words.value(each), bad=not each.reached),
        Cell(beside, words=True),
        Cell(words.ratio(each)),
        Cell(counted, wide=True),
        Cell(details, wide=True, words=True),
    )


def _circumstances(result: Result) -> Markup:
    rows = {
        "processor": result.machine.cpu,
        "cores": str(result.machine.cores),
        "memory": f"{result.machine.memory / 2**30:.1f} GiB",
        "kernel": result.machine.kernel,
        "load before": f"{words.load(result)} (over 1, 5 and 15 minutes)",
        "took": f"{result.minutes:.0f} minutes",
        **result.versions,
        "commit": result.commit,
    }
    listed = (part for name, told in rows.items() for part in (tag("dt", name), tag("dd", told)))
    note = "* The design lays it down; other bounds are our own."
    return join(tag("dl", *listed), tag("p", note, class_="nothing"))
