"""``python -m tests.chaos``: a long battle; exit status 1 if something acknowledged was lost or done twice."""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from random import Random

from acs.store.migrations import migrate
from tests.chaos.battle import Battle, Told
from tests.chaos.faults import ON_POSTGRESQL, ON_SQLITE, Fault
from tests.contract.servers import running_server

_FAULTS = {"sqlite": ON_SQLITE, "postgresql": ON_POSTGRESQL}


def main(given: Sequence[str] | None = None) -> int:
    """Fight, and tell."""
    arguments = _arguments(given)
    with ExitStack() as stack:
        faults, control = dict(_FAULTS[arguments.database]), None
        if arguments.database == "postgresql":
            server = stack.enter_context(running_server())
            control = server.control
            if control is None:
                # Somebody else keeps it.
                del faults["down"]
                if "down" in arguments.faults:
                    print("down: somebody else keeps this PostgreSQL, so it is not stopped", file=sys.stderr)
                    return 2
            url = server.url(asyncio.run(server.create()))
        folder = Path(tempfile.mkdtemp(prefix="aioacs-chaos-"))
        if arguments.database == "sqlite":
            url = f"sqlite:///{folder / 'aioacs.db'}"
        chosen = {name: faults[name] for name in arguments.faults or sorted(faults)}
        battle = Battle(url, folder, arguments.seed, arguments.devices, servers=arguments.servers, control=control)
        try:
            told = asyncio.run(_fight(battle, chosen, arguments))
        except KeyboardInterrupt:
            print(f"interrupted, so nothing was judged; what the server left is in {folder}", file=sys.stderr)
            return 130
        _show(told)
        if told.contradictions:
            print(f"what the server left is in {folder}", file=sys.stderr)
            return 1
        shutil.rmtree(folder)
    return 0


async def _fight(battle: Battle, faults: Mapping[str, Fault], arguments: argparse.Namespace) -> Told:
    random, began, rounds = Random(arguments.seed), time.monotonic(), arguments.rounds

    def tell(words: str) -> None:
        print(f"{time.monotonic() - began:7.1f} s  {words}", flush=True)

    tell(f"{arguments.devices} devices call for the first time; then {rounds} rounds of {', '.join(faults)}")
    await migrate(battle.database_url)
    async with battle.begun():
        for number in range(1, rounds + 1):
            name = random.choice(list(faults))
            tell(f"round {number} of {rounds}: {name}")
            await battle.strike(name, faults[name])
        tell("what was begun is to come to an end; then it is judged")
        return await battle.end(tell)


def _show(told: Told) -> None:
    for words, counts in (("rounds", told.rounds), ("sessions", told.sessions), ("answers of the API", told.answers)):
        print(f"{words}: " + ", ".join(f"{times} {name}" for name, times in counts.most_common()))
    print(f"{told.promised} operations promised, {told.requests} RPCs answered, at most {told.peak >> 20} MiB")
    print(f"{len(told.contradictions)} contradictions")
    for each in told.contradictions:
        print(f"  {each}")


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("faults", nargs="*", help="what befalls the server; all there is if nothing is named")
    parser.add_argument("--database", choices=tuple(_FAULTS), default="sqlite")
    parser.add_argument("--servers", type=int, default=1, help="so many servers on one PostgreSQL (default: 1)")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--devices", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args(given)
    for name in ("servers", "rounds", "devices"):
        if getattr(arguments, name) < 1:
            parser.error(f"--{name}: {getattr(arguments, name)} is less than 1")
    if arguments.servers > 1 and arguments.database == "sqlite":
        parser.error("--servers: SQLite bears one")
    there = _FAULTS[arguments.database]
    wrong = sorted(set(arguments.faults) - set(there))
    if wrong:
        parser.error(f"nothing that befalls {arguments.database}: {', '.join(wrong)}; there is {', '.join(there)}")
    return arguments


if __name__ == "__main__":
    raise SystemExit(main())
