"""``python -m tests.chaos.endurance``: a long mixed run; exit status 1 if anything is lost, grows or is unexplained."""

import argparse
import asyncio
import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import uvloop

from acs.store.migrations import migrate
from simulators.report.files import check, write
from simulators.report.machine import usage
from tests.chaos.endurance.fleet import every_behaviour
from tests.chaos.endurance.pages import page_of
from tests.chaos.endurance.run import Endurance, Plan
from tests.chaos.endurance.telling import document_of, json_of
from tests.chaos.endurance.verdict import Verdict, endure
from tests.contract.servers import running_server

_EVERY: Final = 5.0
_FEWEST: Final = 100
_LONG: Final = 20.0
"""In a run of so many minutes there is time for devices that take ten of them after each start."""
_TOLD_EVERY: Final = 6
_BEATS: Final = 80
"""Of so many devices one beats when an operator asks for something."""


def main() -> int:
    """Run, judge and tell."""
    arguments = _arguments()
    for path in filter(None, (arguments.json, arguments.report)):
        check(path)
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="aioacs-endurance-"))
        if arguments.database == "sqlite":
            url = f"sqlite:///{folder / 'aioacs.db'}"
        else:
            server = stack.enter_context(running_server())
            url = server.url(asyncio.run(server.create()))
        is_well = uvloop.run(_run(url, folder, arguments))
        if not is_well:
            print(f"what the server left is in {folder}", file=sys.stderr)
            return 1
        shutil.rmtree(folder)
    return 0


async def _run(url: str, folder: Path, arguments: argparse.Namespace) -> bool:
    await migrate(url)
    before, seconds = usage(), 60.0 * arguments.minutes
    plan = Plan(
        url, folder, arguments.devices, arguments.seed, pause=_pause, progress=lambda run: run.elapsed / seconds,
        beats=max(1, arguments.devices // _BEATS),
        odd=every_behaviour(arguments.seed, slow=arguments.minutes >= _LONG),
    )  # fmt: skip
    verdict = await endure(plan)
    settings = {name: getattr(arguments, name) for name in ("minutes", "devices", "seed", "database")}
    document = document_of(verdict.run, verdict.expectations, before, settings)
    if arguments.report is not None:
        write(arguments.report, page_of(document, verdict.run, verdict.states, verdict.warm))
    if arguments.json is not None:
        write(arguments.json, json_of(document, verdict.run, verdict.end, verdict.states))
    _show(verdict)
    return verdict.is_well


async def _pause(run: Endurance) -> None:
    """Wait for the next look, and tell now and then how it goes."""
    if len(run.watch.samples) % _TOLD_EVERY == 0:
        now = run.world.tally.snapshot(run.world.clock.now())
        print(
            f"{run.elapsed:6.0f} s  {now.session_rate:5.1f} sessions/s, {now.ok} ok, {now.failed} failed, "
            f"{len(run.operators.promised)} operations, unexplained kinds of trouble: {len(run.ledger.unexplained)}",
            flush=True,
        )
    await asyncio.sleep(_EVERY)


def _show(verdict: Verdict) -> None:
    for (kind, why), times in sorted(verdict.run.ledger.explained.items()):
        print(f"{times:8} {kind}: {why}")
    for each in verdict.expectations:
        print(f"{'holds ' if each.holds else 'BROKEN'} {each.what}: {each.found} (expected: {each.expected})")
    for sentence in verdict.run.ledger.sentences():
        print(f"nothing explains {sentence}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.endurance", description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--devices", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path, help="write a page for people there")
    parser.add_argument("--json", type=Path, help="write all of it there")
    given = parser.parse_args()
    if given.minutes < 1 or given.devices < _FEWEST:
        parser.error(f"at least a minute of {_FEWEST} devices: bulk requests need some of each kind")
    return given


if __name__ == "__main__":
    raise SystemExit(main())
