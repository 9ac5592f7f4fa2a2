"""Results that are kept with the sources, so that the next one can be held against them."""

from pathlib import Path
from typing import Final

from benchmarks.report.curves import curves
from benchmarks.results import ROOT, Result, ResultError, as_json, read_result, without_details
from simulators.report.files import WriteError, write

KEPT: Final = ROOT / "docs" / "benchmarks"
"""Where they are: one for each day on which one was kept."""


def newest(folder: Path, than: Result | None = None) -> Result | None:
    """The last one that is kept, and that was measured before another one; None if there is none."""
    for path in sorted(folder.glob("????-??-??.json"), reverse=True):
        found = read_result(path)
        if than is None or found.moment < than.moment:
            return found
    return None


def keep(result: Result, folder: Path) -> Path:
    """Keep a result under its day, in the place of an earlier one of that day, with its curves if it has any."""
    path = folder / f"{result.date}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write(path, as_json(without_details(result)))
        if (drawn := curves(result)) is not None:
            write(folder / "growth.svg", drawn)
    except (OSError, WriteError) as error:
        raise ResultError(f"the result cannot be kept: {error}") from None
    return path
