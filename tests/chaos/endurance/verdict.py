"""Judges a run: nothing lost, nothing unexplained, nothing left open, nothing that grows."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from acs.domain.queue import OperationState
from acs.services.operations import OperationView
from simulators.report.document import Expectation
from tests.chaos.endurance.campaign import VERSION, version_of
from tests.chaos.endurance.fleet import Member
from tests.chaos.endurance.ledger import Ledger
from tests.chaos.endurance.reasons import of_line, of_operation, of_setting
from tests.chaos.endurance.run import End, Endurance, Plan
from tests.chaos.endurance.watching import of_growth
from tests.chaos.judge import Story, in_the_log, of_informs, of_values, once, story_of
from tests.chaos.noc import SECRET, TOKEN
from tests.e2e.serving import Served, serving

WARM: Final = 0.3
"""By this share of the run the server is warm: what grows from then on grows for ever."""
STOPS_WITHIN: Final = 30.0
"""Seconds in which a server that is told to stop has stopped."""
_METHODS: Final = {"reboot": "Reboot", "download": "Download"}
# A device may fail at what it has begun.
_MAY_BE_DONE: Final = frozenset(OperationState) - {OperationState.EXPIRED, OperationState.CANCELLED}
_GRAVE: Final = frozenset({"warning", "error", "critical"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a run."""

    run: Endurance
    """The run."""
    end: End
    """How it ended."""
    states: Counter[tuple[str, str]]
    """How many operations there were, by kind and state."""
    expectations: list[Expectation]
    """What was demanded, and whether it holds."""

    @property
    def is_well(self) -> bool:
        """Whether all is as it should be."""
        return all(each.holds for each in self.expectations)

    @property
    def warm(self) -> float:
        """From when on nothing may grow, in seconds."""
        return WARM * self.run.ended

    def sentences(self) -> list[str]:
        """What is wrong."""
        broken = [each for each in self.expectations if not each.holds]
        found = [f"{each.what}: {each.found} instead of {each.expected}" for each in broken]
        return found + self.run.ledger.sentences()


async def endure(plan: Plan) -> Verdict:
    """Run, and judge."""
    run = Endurance(plan)
    end = await run.run()
    async with serving(plan.database_url, plan.folder) as served:
        states = await judge_operations(served, run)
    judge_log(run.process.log, run.ledger, run.members)
    return Verdict(run, end, states, expectations(run, end))


async def judge_operations(served: Served, run: Endurance) -> Counter[tuple[str, str]]:
    """Compare the server's story of all devices and operations with theirs and with the operators'; how many there
    are, by kind and state."""
    ledger, known = run.ledger, set[str]()
    states: Counter[tuple[str, str]] = Counter()
    for member in run.members:
        if member.outcome != "ok" or not member.cpe.memory.acknowledged:
            continue
        story = await story_of(served, member.cpe)
        if story is None:
            ledger.note("a device is not there once", None, member.serial)
            continue
        known |= {view.record.public_id for view in story.views}
        _of_informs(member, story, ledger)
        _of_setting(member, run)
        for view in story.views:
            kind = view.requested.operation.method or str(view.record.kind)
            states[kind, view.record.state] += 1
            _of_operation(member, view, kind, run)
    for each in run.operators.promised.keys() - known:
        ledger.note("an operation that was promised is gone", None, f"{each} of {run.operators.promised[each].serial}")
    return states


def judge_log(path: Path, ledger: Ledger, members: Sequence[Member]) -> None:
    """Find an explanation for each line that warns."""
    by_serial = {each.serial: each for each in members}
    with path.open(encoding="utf-8", errors="replace") as lines:
        for text in lines:
            if not text.strip():
                continue
            line = _line(text)
            if line is None:
                ledger.note("log: a line that is none of the server's", None, text[:300].strip())
            elif line.get("level") in _GRAVE:
                event = str(line["event"])
                ledger.note(f"log: {event}", of_line(line, by_serial), text[:400].strip())
    for sentence in in_the_log(path, (SECRET, TOKEN)):
        ledger.note("log: what no server should ever say", None, sentence)


def expectations(run: Endurance, end: End) -> list[Expectation]:
    """The verdicts."""
    ledger, operators, receiver = run.ledger, run.operators, run.receiver
    more = dict(Counter(end.after) - Counter(end.idle))
    found = [
        Expectation("operations that were promised", ">= 1", len(operators.promised), bool(operators.promised)),
        _none("operations that are still open", end.left),
        _none("webhooks that are still on their way", end.untold),
        _none("kinds of trouble that nothing explains", len(ledger.unexplained)),
        *(_none(f"unexplained: {kind}", times) for kind, times in ledger.unexplained.most_common()),
        _none("webhooks with a wrong signature", receiver.forged),
        _none("answers of the API with a secret in them", len(operators.secrets)),
        _none(f"descriptors open beyond those of an idle server: {more or 'none'}", sum(more.values())),
        Expectation("exit status of the server", 0, end.status, end.status == 0),
        Expectation(
            "seconds that the server took to stop", f"<= {STOPS_WITHIN:g}", round(end.stopped_after, 1),
            end.stopped_after <= STOPS_WITHIN,
        ),
    ]  # fmt: skip
    grown = of_growth(run.watch, WARM * run.ended, run.ended)
    return [*found, *grown, *run.projects.expectations(run.world.clock.now())]


def _none(what: str, count: int) -> Expectation:
    return Expectation(what, 0, count, count == 0)


def _of_informs(member: Member, story: Story, ledger: Ledger) -> None:
    # A post that was sent twice is two for the server, and one whose octets were changed may tell something else.
    if member.disturbed & {"repeat", "garble"} or {"no-event"} & set(member.behaviour.names):
        return
    for sentence in of_informs(member.cpe.memory, story):
        ledger.note("the story of Informs", None, f"{member.serial} {member.behaviour.names}: {sentence}")


def _of_setting(member: Member, run: Endurance) -> None:
    """What it is to have it has."""
    lacks = run.operators.lacks(member, run.over_at)
    if lacks:
        who = f"{member.serial} ({', '.join(member.behaviour.names)})"
        run.ledger.note("a setting did not come to the device", of_setting(member), f"{who}: {lacks}")


def _of_operation(member: Member, view: OperationView, kind: str, run: Endurance) -> None:
    record, ledger = view.record, run.ledger
    promise = run.operators.promised.get(record.public_id)
    befallen = ", ".join([*member.behaviour.names, *sorted(member.disturbed)])
    done = member.cpe.memory.done[_METHODS.get(kind, kind), record.command_key]
    who = f"{record.public_id} of {member.serial} ({befallen}), which did it {done} times"
    if record.state is not OperationState.COMPLETED:
        said = json.loads(record.fault) if record.fault else {}
        fault = f"{said.get('code') or ''} {said.get('string', '')}".strip()
        why = of_operation(record, kind, said, member, promise)
        ledger.note(f"operation {kind} {record.state}", why, f"{who}: {fault}")
    for sentence in _contradictions(member, view, kind, run):
        ledger.note("a contradiction", None, f"{who}: {sentence}")
    if (
        promise is not None
        and promise.is_told
        and record.state.value not in run.receiver.told.get(record.public_id, [])
    ):
        told = run.receiver.told.get(record.public_id, [])
        ledger.note("an end was not told", None, f"{kind} {who} is {record.state}, told was {told}")


def _contradictions(member: Member, view: OperationView, kind: str, run: Endurance) -> Iterator[str]:
    record, memory = view.record, member.cpe.memory
    if kind in {"Reboot", "reboot", "ScheduleInform", "Download", "download"}:
        times = memory.done[_METHODS.get(kind, kind), record.command_key]
        is_proven = _is_proven_by_version(member, kind)
        yield from once(kind, record.state, times, may_be_done=_MAY_BE_DONE, is_proven=is_proven)
    if kind == "del.obj":
        yield from once(kind, record.state, memory.done["DeleteObject", view.requested.operation.variables[0].name])
    if record.state is OperationState.COMPLETED and view.outcome is not None:
        promise = run.operators.promised.get(record.public_id)
        since = None if promise is None else promise.since
        yield from of_values(kind, kind, view.outcome, memory, since, member.cpe.code_path)


def _is_proven_by_version(member: Member, kind: str) -> bool:
    """Whether a device has the firmware, by which each download of it is proven, and those are that were lost."""
    return kind == "download" and version_of(member, 0.0) == VERSION


def _line(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) and "event" in found else None
