"""``python -m benchmarks.report``: tell of a result that was measured before, and keep it with ``--keep``."""

import argparse
import sys
from pathlib import Path

from benchmarks.keeping import KEPT
from benchmarks.results import ResultError, read_result
from benchmarks.running import OUT, tell
from simulators.report.files import WriteError


def main(arguments: list[str] | None = None) -> int:
    """Read, tell and write; exit status 2 with a sentence if that cannot be."""
    described = argparse.ArgumentParser(prog="python -m benchmarks.report", description=__doc__)
    described.add_argument("file", nargs="?", type=Path, default=OUT / "bench.json", help="default benchmarks/out")
    described.add_argument("--out", type=Path, help="the folder for page and picture (default: that of the file)")
    described.add_argument("--kept", type=Path, default=KEPT, help="the folder of kept results")
    described.add_argument("--keep", action="store_true", help="keep this result there, under its date")
    given = described.parse_args(arguments)
    try:
        result = read_result(given.file)
        tell(result, given.out or given.file.parent, given.file.stem, keeps=given.keep, kept=given.kept)
    except (ResultError, WriteError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
