"""``python -m tests.chaos``: a long battle; exit status 1 if something acknowledged was lost or done twice."""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from random import Random

from acs.store.migrations import migrate
from tests.chaos.battle import Battle, Told
from tests.chaos.faults import ON_POSTGRESQL, ON_SQLITE
from tests.contract.servers import running_server

_EVERY = 10


def main() -> int:
    """Fight, and tell."""
    arguments = _arguments()
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="aioacs-chaos-"))
        is_sqlite = arguments.database == "sqlite"
        known = ON_SQLITE if is_sqlite else ON_POSTGRESQL
        wrong = set(arguments.faults or known) - set(known)
        if wrong:
            print(f"nothing that befalls {arguments.database}: {', '.join(sorted(wrong))}", file=sys.stderr)
            return 2
        if is_sqlite:
            url = f"sqlite:///{folder / 'aioacs.db'}"
        else:
            server = stack.enter_context(running_server())
            url = server.url(asyncio.run(server.create()))
        told = asyncio.run(_fight(url, folder, arguments))
        _show(told)
        if told.contradictions:
            print(f"what the server left is in {folder}", file=sys.stderr)
            return 1
        shutil.rmtree(folder)
    return 0


async def _fight(url: str, folder: Path, arguments: argparse.Namespace) -> Told:
    await migrate(url)
    faults = ON_SQLITE if url.startswith("sqlite") else ON_POSTGRESQL
    names = arguments.faults or sorted(faults)
    battle = Battle(url, folder, arguments.seed, arguments.devices)
    random, began = Random(arguments.seed), time.monotonic()
    async with battle.begun():
        for number in range(1, arguments.rounds + 1):
            name = random.choice(names)
            if arguments.verbose:
                print(f"{time.monotonic() - began:7.1f} s  round {number}: {name}", flush=True)
            await battle.strike(name, faults[name])
            if number % _EVERY == 0:
                print(f"{time.monotonic() - began:7.0f} s  {number} of {arguments.rounds} rounds", flush=True)
        return await battle.end()


def _show(told: Told) -> None:
    for words, counts in (("rounds", told.rounds), ("sessions", told.sessions), ("answers of the API", told.answers)):
        print(f"{words}: " + ", ".join(f"{times} {name}" for name, times in counts.most_common()))
    print(f"{told.promised} operations promised, {told.requests} RPCs answered, at most {told.peak >> 20} MiB")
    print(f"{len(told.contradictions)} contradictions")
    for each in told.contradictions:
        print(f"  {each}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("faults", nargs="*", help="what befalls the server; all there is if nothing is named")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--devices", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--verbose", action="store_true", help="tell of each round")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
