"""``python -m tests.chaos``: a long battle; exit status 1 if something acknowledged was lost or done twice."""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from random import Random

from acs.store.migrations import migrate
from tests.chaos.battle import Battle, Told
from tests.chaos.faults import ON_POSTGRESQL, ON_SQLITE, Fault
from tests.contract.servers import running_server

_EVERY = 10


def main() -> int:
    """Fight, and tell."""
    arguments = _arguments()
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="aioacs-chaos-"))
        faults, control = dict(ON_SQLITE), None
        if arguments.database == "postgresql":
            server = stack.enter_context(running_server())
            faults, control = dict(ON_POSTGRESQL), server.control
            if control is None:
                # Somebody else keeps it.
                del faults["down"]
        elif arguments.servers > 1:
            print("SQLite bears one server", file=sys.stderr)
            return 2
        wrong = set(arguments.faults) - set(faults)
        if wrong:
            print(f"nothing that befalls {arguments.database}: {', '.join(sorted(wrong))}", file=sys.stderr)
            return 2
        if arguments.database == "postgresql":
            url = server.url(asyncio.run(server.create()))
        else:
            url = f"sqlite:///{folder / 'aioacs.db'}"
        chosen = {name: faults[name] for name in arguments.faults or sorted(faults)}
        battle = Battle(url, folder, arguments.seed, arguments.devices, servers=arguments.servers, control=control)
        told = asyncio.run(_fight(battle, chosen, arguments))
        _show(told)
        if told.contradictions:
            print(f"what the server left is in {folder}", file=sys.stderr)
            return 1
        shutil.rmtree(folder)
    return 0


async def _fight(battle: Battle, faults: Mapping[str, Fault], arguments: argparse.Namespace) -> Told:
    await migrate(battle.database_url)
    random, began = Random(arguments.seed), time.monotonic()
    async with battle.begun():
        for number in range(1, arguments.rounds + 1):
            name = random.choice(list(faults))
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
    parser.add_argument("--servers", type=int, default=1, help="so many servers on one PostgreSQL (default: 1)")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--devices", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--verbose", action="store_true", help="tell of each round")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
