"""``make bench``: measure everything, print it, and leave it as JSON, as a picture and as a page in benchmarks/out."""

import argparse
import sys
from fnmatch import fnmatch
from pathlib import Path

from benchmarks.engine.harness import Plan
from benchmarks.parts import all_parts
from benchmarks.running import OUT, run


def main() -> int:
    """Run every benchmark; exit status 1 when a figure that is laid down is not reached, or a part failed."""
    described = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    add, usual = described.add_argument, Plan()
    add(
        "parts",
        nargs="*",
        help="which parts, as core or 'first_*', into some.json (default: all that need not be named, into bench.json)",
    )
    add("--list", action="store_true", help="say which parts there are, and end")
    add("--keep", action="store_true", help="keep the result in docs/benchmarks, under its date")
    add("--rounds", type=int, default=usual.rounds, help=f"how often each server is loaded (default {usual.rounds})")
    add("--sessions", type=int, default=usual.sessions, help=f"sessions of a load (default {usual.sessions})")
    add("--out", type=Path, default=OUT, help="the folder for the results (default benchmarks/out)")
    given = described.parse_args()
    if min(given.rounds, given.sessions) < 1:
        described.error("at least one round of one session")
    if given.keep and given.parts:
        described.error("what is kept is a whole run")
    parts = all_parts(given.rounds, given.sessions)
    if given.list:
        only = " (only if it is named)"
        print("\n".join(f"{part.name:24} {part.about}{only * part.is_extra}" for part in parts))
        return 0
    chosen = [
        part
        for part in parts
        if any(fnmatch(part.name, pattern) for pattern in given.parts) or not (given.parts or part.is_extra)
    ]
    if not chosen:
        described.error(f"no such part: {', '.join(given.parts)}; --list says which there are")
    return run(chosen, given.out, "some" if given.parts else "bench", keeps=given.keep)


if __name__ == "__main__":
    sys.exit(main())
