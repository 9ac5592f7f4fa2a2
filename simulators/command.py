"""What the command ``aioacs simulate`` does with its options."""

import os
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from simulators.campaign import PATIENCE
from simulators.device.quirk_names import REGISTRY, describe
from simulators.figures import duration
from simulators.options import OptionError, Options
from simulators.planning import plan
from simulators.report.document import write_json
from simulators.report.files import WriteError, check, write
from simulators.report.html import page
from simulators.running import Ended, run
from simulators.scenarios.loading import NAMES, ScenarioError, load
from simulators.scenarios.schema import Scenario

DONE: Final = 0
"""All went as it should."""
MISSED: Final = 1
"""An expectation does not hold, no session succeeded, or a report could not be written."""
WRONG: Final = 2
"""An option or a scenario is wrong."""
INTERRUPTED: Final = 128
"""And the number of the signal that ended the run before its time."""

Runner = Callable[[Coroutine[Any, Any, Ended]], Ended]
"""What runs a coroutine to its end."""


def simulate(given: Mapping[str, Any], runner: Runner) -> int:
    """Do what the options say; the status to end with."""
    options = Options(**given)
    console = Console(stderr=True, quiet=options.quiet)
    try:
        planned = plan(options, os.environ)
        for path in filter(None, (options.json, options.report)):
            # An hour of load for nothing would be a pity.
            check(path)
        if options.json is not None and options.json == options.report:
            raise OptionError("--json and --report: one would take the place of the other")
        ended = runner(run(planned, console))
    except (OptionError, ScenarioError, WriteError) as error:
        _complain(str(error))
        return WRONG
    written = _report(options, ended)
    _sum_up(ended, console)
    if ended.interrupted_by:
        return INTERRUPTED + ended.interrupted_by
    return MISSED if ended.document.broken or not ended.document.sessions.ok or not written else DONE


def show_scenarios() -> None:
    """The scenarios that are built in, each with how long it takes if nothing is said, and what it shows."""
    scenarios = [(name, load(name).scenario) for name in NAMES]
    _show([(name, _takes(scenario), scenario.about) for name, scenario in scenarios])


def show_quirks() -> None:
    """The quirks that scenarios can give devices, each with what it does and who does it."""
    _show([(name, describe(name)) for name in REGISTRY])


def _takes(scenario: Scenario) -> str:
    """How long; a run waits for its campaigns."""
    campaigns = [phase for phase in scenario.phases if phase.action == "firmware-campaign"]
    longest = max((phase.at + (phase.lasts or PATIENCE) for phase in campaigns), default=0.0)
    takes = duration(scenario.duration)
    return f"{takes} to {duration(longest)}" if longest > scenario.duration else takes


def _show(lines: Sequence[tuple[str, ...]]) -> None:
    """A line for each, in columns."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    console = Console(soft_wrap=True)
    for line in lines:
        cells = (f"{cell:{width}}" for cell, width in zip(line, widths, strict=True))
        console.print(Text("  ".join(cells).rstrip()))


def _report(options: Options, ended: Ended) -> bool:
    """Write what was asked for; whether that could be done."""
    try:
        if options.json is not None:
            write(options.json, write_json(ended.document))
        if options.report is not None:
            write(options.report, page(ended.document))
    except WriteError as error:
        _complain(str(error))
        return False
    return True


def _sum_up(ended: Ended, console: Console) -> None:
    """What did not go as it should, and what came of it."""
    for each in ended.document.broken:
        _complain(f"{each.what}: {each.found} instead of {each.expected}")
    document = ended.document
    if not document.sessions.begun:
        _complain("no session began")
    elif not document.sessions.ok:
        reasons = ", ".join(f"{reason} ({count})" for reason, count in document.failures.items())
        _complain(f"no session succeeded: {reasons}")
    if ended.interrupted_by:
        console.print("ended before its time: what the scenario demands was not judged")
    elif document.expectations:
        held = len(document.expectations) - len(ended.document.broken)
        console.print(f"{held} of {len(document.expectations)} expectations hold")


def _complain(sentence: str) -> None:
    print(f"aioacs: {sentence}", file=sys.stderr)  # noqa: T201  # as all other commands do
