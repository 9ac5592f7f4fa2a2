"""A result in short, for a terminal."""

from benchmarks.comparing import Comparison
from benchmarks.figures import Figure
from benchmarks.report import words
from benchmarks.results import Result


def line(figure: Figure) -> str:
    """One figure."""
    told = f"  {figure.name:62} {words.value(figure):>12}"
    if figure.beside is not None:
        told += f"  {words.ratio(figure):>8} {figure.beside.what}"
    if figure.limit is not None:
        told += f"  ({figure.laid_down}: {words.verdict(figure)})"
    return told


def ending(result: Result, comparison: Comparison | None) -> list[str]:
    """What is said when all is measured."""
    told = [
        "",
        words.machine(result.machine),
        words.versions(result),
        f"commit {result.commit}, {result.moment}, {result.minutes:.0f} minutes, load before {words.load(result)}",
        "",
        *(f"FAILED {part}: {why}" for part, why in result.failed.items()),
        *(f"MISSED {each.name}: {words.value(each)} {words.ratio(each)} ({each.laid_down})" for each in result.missed),
        words.summary(result),
    ]
    if comparison is None:
        return [*told, "no earlier result is kept: make bench KEEP=1 keeps one"]
    told += ["", words.beginning(comparison), *(f"  {each}" for each in comparison.differences)]
    for each in comparison.changes:
        if word := words.direction(each):
            values = f"{each.before:.3g} to {each.now:.3g} {words.unit(each)}"
            told.append(f"  {word:6} {each.figure.name}: {values}, {words.change(each)}")
    others = sum(not words.direction(each) for each in comparison.changes)
    told.append(f"  {others} of {len(comparison.changes)} figures are as they were")
    return told
