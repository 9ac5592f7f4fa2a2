"""``make bench``: measure everything on one core, print it, and leave it as JSON and as a picture."""

import json
import os
import platform
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Final

from lxml import etree

from benchmarks import bench_datamodel, bench_encode, bench_inform, bench_large_response, bench_session
from benchmarks.figures import Figure
from benchmarks.picture import picture

_OUT: Final = Path(__file__).parent / "out"


def main() -> int:
    """Run every benchmark; exit status 1 when a figure that is laid down is not reached."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    _OUT.mkdir(exist_ok=True)
    figures: list[Figure] = []
    for bench in (bench_inform, bench_large_response, bench_encode, bench_session, bench_datamodel):
        for figure in bench.measure():
            figures.append(figure)
            print(_line(figure), flush=True)
    versions = f"Python {platform.python_version()}, lxml {etree.__version__}"
    machine = f"{platform.processor() or platform.machine()}, one core, {versions}"
    report = {"machine": machine, "figures": [asdict(figure) for figure in figures]}
    (_OUT / "figures.json").write_text(json.dumps(report, indent=2) + "\n")
    (_OUT / "figures.svg").write_text(picture(figures, machine))
    print(f"written: benchmarks/out/figures.json and benchmarks/out/figures.svg ({machine})")
    return 0 if all(figure.reached for figure in figures) else 1


def _line(figure: Figure) -> str:
    text = f"{figure.name:48} {figure.value:10.2f} {figure.unit}"
    if figure.at_most is None:
        return text
    return f"{text:64} at most {figure.at_most:g}: {'reached' if figure.reached else 'MISSED'}"


if __name__ == "__main__":
    sys.exit(main())
