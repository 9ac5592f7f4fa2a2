"""``make fuzz``: the whole run, bounded; prints what came out and fails on anything undocumented."""

import argparse
import sys
import time

from cwmp_schemas.errors import Refusal
from fuzz import envelopes, memory, session_walk


def main() -> int:
    """Run everything; exit status 1 when an invariant broke."""
    options = _options()
    started = time.monotonic()
    outcomes, slowest = envelopes.run(options.seed, options.envelopes)
    print(
        f"decoder: {outcomes.total()} mutated envelopes (seed {options.seed}), slowest {slowest * 1000:.1f} ms of CPU"
    )
    for refusal in Refusal:
        print(f"  {outcomes.pop(refusal.name, 0):8} refused: {refusal.value}")
    print(f"  {outcomes.total():8} read, as messages of {len(outcomes)} kinds")
    compressed = envelopes.run_compressed(options.seed, options.envelopes // 20)
    print(f"inflation: {compressed.total()} mutated bodies: {dict(compressed.most_common())}")
    for size in (envelopes.MAX_SIZE, 16 * envelopes.MAX_SIZE):
        worst = {name: envelopes.seconds_of(data) for name, data in memory.worst_cases(size).items()}
        slow = max(worst, key=lambda name: worst[name])
        took, allowed = worst[slow] * 1000, envelopes.seconds_allowed(size) * 1000
        print(
            f"time: {len(worst)} worst cases of {size // 1024} KiB; slowest: {slow}, {took:.1f} ms of {allowed:.0f} ms"
        )
    costs = memory.measure()
    name, (size, peak) = max(costs.items(), key=lambda item: item[1][1] / memory.bound(item[1][0]))
    print(
        f"memory: {len(costs)} worst cases of 64 KiB; dearest: {name}, {size} bytes took {peak // 1024} KiB"
        f" of {memory.bound(size) // 1024} KiB allowed"
    )
    for number in range(options.walks):
        session_walk.walk(options.seed + number)
    print(f"session: {options.walks} random orders of posts")
    print(f"done in {time.monotonic() - started:.0f} s; nothing but the documented errors came out")
    return 0 if all(peak <= memory.bound(size) for size, peak in costs.values()) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description="Random input against decoder and session.")
    parser.add_argument("--seed", type=int, default=1, help="where the run starts (default: 1)")
    parser.add_argument("--envelopes", type=int, default=200_000, help="mutated envelopes (default: 200000)")
    parser.add_argument("--walks", type=int, default=100_000, help="random sessions (default: 100000)")
    options = parser.parse_args()
    if options.envelopes < 1 or options.walks < 1:
        parser.error("--envelopes and --walks must be at least 1")
    return options


if __name__ == "__main__":
    sys.exit(main())
