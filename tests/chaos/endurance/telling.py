"""What is told of a run: the document of its simulation with the verdicts, and all that was seen of the server."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from simulators.report.document import Document, Expectation, write_json
from simulators.report.machine import Usage, machine, usage
from simulators.report.run import Run, document
from simulators.report.settings import Scalar, command
from tests.chaos.endurance.pages import PROGRAM
from tests.chaos.endurance.run import End, Endurance


def document_of(
    run: Endurance, verdicts: Sequence[Expectation], before: Usage, settings: Mapping[str, Scalar]
) -> Document:
    """The simulation, and the verdicts."""
    after = usage()
    made = document(
        Run(
            settings=settings,
            scenario="A long mixed run",
            seed=run.plan.seed,
            devices=run.plan.devices,
            started=run.world.started,
            ended=run.over_at,
            cpu_seconds=after.cpu_seconds - before.cpu_seconds,
            peak_memory=after.peak_memory,
            expectations=verdicts,
        ),
        run.world.tally,
        machine(),
    )
    return replace(made, command=command(PROGRAM, settings))


def json_of(made: Document, run: Endurance, end: End, states: Mapping[tuple[str, str], int]) -> str:
    """All of it, for programs."""
    ledger, watch = run.ledger, run.watch
    told: dict[str, Any] = {
        "explained": [
            {"what": kind, "why": why, "times": times} for (kind, why), times in sorted(ledger.explained.items())
        ],
        "unexplained": [
            {"what": kind, "times": times, "some": ledger.shown[kind]} for kind, times in ledger.unexplained.items()
        ],
        "end": asdict(end),
        "operations": [{"kind": kind, "state": state, "count": count} for (kind, state), count in states.items()],
        "bulks": [asdict(each) for each in run.projects.bulks],
        "api": dict(run.operators.answers),
        "webhooks": {str(status): count for status, count in run.receiver.answers.items()},
        "samples": [asdict(each) for each in watch.samples],
        "censuses": [asdict(each) for each in watch.censuses],
        "stands": [asdict(each) for each in watch.stands],
        "simulation": json.loads(write_json(made)),
    }
    parts = [f"{json.dumps(name)}: {_rows(value)}" for name, value in told.items()]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _rows(value: object) -> str:
    """A line for each row of a list, so that it can be read and searched."""
    if isinstance(value, list) and value:
        return "[\n  " + ",\n  ".join(json.dumps(each) for each in value) + "\n]"
    return json.dumps(value)
