"""Measuring part by part: every figure is printed as it is found, and what there is so far is always written."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from benchmarks.comparing import Comparison, compare
from benchmarks.engine.errors import ServerError, SessionError
from benchmarks.figures import Figure
from benchmarks.keeping import KEPT, keep, newest
from benchmarks.machine import this_machine, versions
from benchmarks.report.page import page
from benchmarks.report.picture import picture
from benchmarks.report.terminal import ending, line
from benchmarks.results import Result, ResultError, as_json, commit, shown
from simulators.report.files import WriteError, write

OUT: Final = Path(__file__).parent / "out"
"""Where results go."""
_MINUTE: Final = 60.0


@dataclass(frozen=True, slots=True)
class Part:
    """Something that is measured in one go."""

    name: str
    """What it is called in commands and tables."""
    about: str
    """What it measures, in a few words."""
    measure: Callable[[], Iterator[Figure]]
    """Measure it; ServerError or SessionError when it cannot be done, after what was found until then."""
    is_extra: bool = False
    """Whether it is measured only when it is asked for by name."""


def run(parts: Sequence[Part], out: Path, stem: str = "bench", *, keeps: bool = False) -> int:
    """Measure, tell and write; the exit status: 1 when a figure is missed or a part could not be measured."""
    result = Result(
        time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        commit(),
        this_machine(),
        versions(),
        os.getloadavg(),
        0.0,
        (),
    )
    began, cores = time.monotonic(), os.sched_getaffinity(0)
    try:
        out.mkdir(parents=True, exist_ok=True)
        for part in parts:
            print(f"{part.name}: {part.about}", flush=True)
            os.sched_setaffinity(0, cores)
            result = _measured(result, part)
            result = replace(result, minutes=(time.monotonic() - began) / _MINUTE)
            write(out / f"{stem}.json", as_json(result))
        os.sched_setaffinity(0, cores)
        tell(result, out, stem, keeps=keeps)
    except (OSError, ResultError, WriteError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0 if result.is_good else 1


def tell(result: Result, out: Path, stem: str, *, keeps: bool, kept: Path = KEPT) -> None:
    """Print a result in short, write its page and its picture, and keep it if that is wanted."""
    comparison = compared(result, kept)
    print("\n".join(ending(result, comparison)))
    write(out / f"{stem}.html", page(result, comparison))
    write(out / f"{stem}.svg", f"{picture(result)}\n")
    print(f"written: {stem}.json, {stem}.html and {stem}.svg in {shown(out)}")
    if keeps:
        print(f"kept: {shown(keep(result, kept))}")


def compared(result: Result, kept: Path = KEPT) -> Comparison | None:
    """The result beside the last one that was kept before it."""
    earlier = newest(kept, than=result)
    return None if earlier is None else compare(result, earlier)


def _measured(result: Result, part: Part) -> Result:
    found: list[Figure] = []
    failed = dict(result.failed)
    try:
        for each in part.measure():
            found.append(replace(each, part=part.name))
            print(line(each), flush=True)
    except (ServerError, SessionError, subprocess.SubprocessError) as error:
        failed[part.name] = str(error)
        print(f"  FAILED: {error}", flush=True)
    return replace(result, figures=(*result.figures, *found), failed=failed)
