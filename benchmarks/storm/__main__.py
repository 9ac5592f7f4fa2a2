"""``python -m benchmarks.storm``: all devices at once, ten thousand sessions held open, a flood of operators.

The server has one core, all others the other one. Exit status 1 when the server dies, forgets or doubles what it has
acknowledged, keeps a device out, answers what it must not, or takes more memory than is laid down.
"""

import argparse
import sys
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path

from benchmarks.running import OUT, run
from benchmarks.storm.parts import Plan, parts


def main() -> int:
    """Let it loose."""
    plan = Plan()
    described = argparse.ArgumentParser(prog="python -m benchmarks.storm", description=__doc__)
    add = described.add_argument
    add("parts", nargs="*", help="which parts, as storm_known or 'storm_*' (default: all)")
    add("--devices", type=int, default=plan.storm.devices, help="how many come at once (default 100000)")
    add("--within", type=float, default=plan.storm.within, help="seconds in which all are up (default 60)")
    add("--held", type=int, default=plan.held, help="how many sessions are held open (default 10000)")
    add("--seed", type=int, default=plan.storm.seed, help="from which all chance comes (default 1)")
    add("--out", type=Path, default=OUT, help="the folder for the results (default benchmarks/out)")
    given = described.parse_args()
    if min(given.devices, given.held) < 1 or not given.within > 0:
        described.error("at least one device, one session and some time")
    storm = replace(plan.storm, devices=given.devices, within=given.within, seed=given.seed)
    plan = replace(plan, storm=storm, held=given.held, flood=replace(plan.flood, seed=given.seed), out=given.out)
    chosen = [part for part in parts(plan) if any(fnmatch(part.name, pattern) for pattern in given.parts or ["*"])]
    if not chosen:
        described.error(f"no such part: {', '.join(given.parts)}")
    return run(chosen, given.out, "storm")


if __name__ == "__main__":
    sys.exit(main())
