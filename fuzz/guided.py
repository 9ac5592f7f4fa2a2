"""``make fuzz-long``: each target in a process of its own, guided by which lines and branches its inputs reach.

What is found is kept in ``fuzz/out/``, and the next run goes on from there; ``--thin`` takes the few inputs that reach
most into the corpus.
"""

import argparse
import hashlib
import importlib.util
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from fuzz.target import CORPUS
from fuzz.targets import NAMES, target
from fuzz.thinning import thinned

OUT: Final = Path(__file__).parent / "out"
"""What runs have found: new inputs, and what went wrong."""
_STATISTIC: Final = re.compile(r"stat::(\w+):\s+(\d+)")
_FIND: Final = re.compile(r"Test unit written to (\S+)")


def main() -> int:
    """Run what is asked for; exit status 1 if something was found."""
    options = _options()
    if options.thin:
        for name in options.targets:
            _thin(name)
        return 0
    if importlib.util.find_spec("atheris") is None:
        print("atheris is not installed: there are builds of it for Linux on x86-64 alone", file=sys.stderr)
        return 2
    total, finds = 0, 0
    for name in options.targets:
        try:
            executed, found = _run(name, options.runs, options.seed)
        except KeyboardInterrupt:
            print(f"interrupted in {name}; the inputs that were found are in {OUT / name}", file=sys.stderr)
            return 130
        total, finds = total + executed, finds + found
    print(f"{total} executions over {len(options.targets)} targets; finds: {finds}")
    return 1 if finds else 0


def _run(name: str, runs: int, seed: int) -> tuple[int, bool]:
    """Run one target; how many executions were done, and whether one was a find."""
    folder = OUT / name
    folder.mkdir(parents=True, exist_ok=True)
    before, started = len(list(folder.iterdir())), time.monotonic()
    command = [sys.executable, "-m", "fuzz.instrumented", name, str(folder), f"-runs={runs}", f"-seed={seed}"]
    log = OUT / f"{name}.log"
    with log.open("w") as file:
        status = subprocess.run(command, stdout=file, stderr=subprocess.STDOUT, check=False).returncode
    said = log.read_text("utf-8", "replace")
    figures = dict(_STATISTIC.findall(said))
    executed = int(figures.get("number_of_executed_units", 0))
    print(
        f"{name:12} {executed:10} executions in {time.monotonic() - started:5.0f} s,"
        f" {len(list(folder.iterdir())) - before:5} new inputs, {figures.get('peak_rss_mb', '?')} MiB",
        flush=True,
    )
    if status == 0:
        return executed, False
    _tell(name, said)
    return executed, True


def _tell(name: str, said: str) -> None:
    """Print what was found as a line of a test."""
    where = _FIND.search(said)
    if where is None:
        print(f"  the run failed: {OUT / name}.log says why")
        return
    data = Path(where[1]).read_bytes()
    print(f"  find: {where[1]}")
    print(f"    {printed(name, data)}")
    print(*(f"    {line}" for line in _error_in(said)), sep="\n", flush=True)


def printed(name: str, data: bytes) -> str:
    """A find as a line of a test, with ``check`` of ``fuzz.targets``."""
    return f"check({name!r}, {data!r})"


def _error_in(said: str) -> list[str]:
    _, mark, rest = said.partition("Uncaught Python exception")
    lines = rest.partition("\n==")[0].strip(" :=\n").splitlines() if mark else said.splitlines()[-20:]
    return [line[:300] for line in lines][:60]


def _thin(name: str) -> None:
    """Take into the corpus what reaches most."""
    found = target(name)
    folder = CORPUS / name
    before = found.corpus()
    grown = [path.read_bytes() for path in (OUT / name).iterdir()] if (OUT / name).is_dir() else []
    kept = thinned(found, {*before, *grown})
    for path in folder.iterdir():
        path.unlink()
    for data in kept:
        (folder / hashlib.sha256(data).hexdigest()[:12]).write_bytes(data)
    print(f"{name:12} {len(kept):4} inputs, {sum(map(len, kept)):6} octets; before: {len(before)}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m fuzz.guided", description="Guided input against every parser.")
    parser.add_argument("targets", nargs="*", metavar="target", help=f"some of {', '.join(NAMES)}; none: all")
    parser.add_argument("--runs", type=int, default=100_000, help="executions of each target (default: 100000)")
    parser.add_argument("--seed", type=int, default=1, help="where the chance begins (default: 1; 0: anywhere)")
    parser.add_argument("--thin", action="store_true", help="only take the inputs that reach most into the corpus")
    options = parser.parse_args()
    unknown = [name for name in options.targets if name not in NAMES]
    if unknown:
        parser.error(f"{unknown[0]} is no target; there are {', '.join(NAMES)}")
    if options.runs < 1:
        parser.error("--runs must be at least 1")
    options.targets = options.targets or list(NAMES)
    return options


if __name__ == "__main__":
    sys.exit(main())
