"""Compares what the devices and the operators know to be true with what the server says."""

from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from acs.domain.device import Identity
from acs.domain.operation import Outcome
from acs.domain.queue import OperationState
from acs.services.operations import OperationView
from tests.chaos.noc import Noc
from tests.chaos.witness import CODE, Memory, WitnessedCpe
from tests.e2e.serving import Served

_KEYED: Final = frozenset({"Reboot", "ScheduleInform", "Download"})
_MAY_BE_DONE: Final = frozenset({OperationState.COMPLETED, OperationState.UNKNOWN})
_MOST: Final = 1_000_000
_PERIODIC: Final = "2 PERIODIC"
_GRAVE: Final = ("never retrieved", "was never awaited", "ResourceWarning", "Traceback", "internal error")


@dataclass(frozen=True, slots=True)
class Story:
    """What the server tells of one device."""

    views: Sequence[OperationView]
    """Its operations."""
    kept: Counter[str]
    """The Informs in its history, by their events."""
    counted: int
    """How many Informs were counted."""


async def story_of(served: Served, cpe: WitnessedCpe) -> Story | None:
    """What the server tells of a device; None if it does not know it, or takes it for several."""
    services, who = served.server.services, cpe.identity.device_id
    rows = await services.tools.devices.matching(Identity(who.oui, who.product_class, who.serial_number))
    if len(rows) != 1:
        return None
    views = await services.operations.of_device(rows[0].id, most=_MOST)
    history = await services.tools.contacts.history(rows[0].id, before=2**62, most=_MOST)
    kept = Counter(entry.subject for _, _, entry in history if entry.kind == "inform")
    contact = await services.tools.contacts.of_device(rows[0].id)
    return Story(views, kept, 0 if contact is None else contact.informs)


async def contradictions(served: Served, devices: Sequence[WitnessedCpe], noc: Noc) -> list[str]:
    """Every contradiction between the server's story and the others'."""
    found = [f"a 503 did not say when to come again: {each}" for each in noc.unready]
    found += [f"the API has told a secret: {each}" for each in noc.seen]
    known: set[str] = set()
    for cpe in devices:
        serial = cpe.identity.device_id.serial_number
        story = await story_of(served, cpe)
        if story is None:
            found.append(f"{serial}: it is not there once")
            continue
        known |= {view.record.public_id for view in story.views}
        told = [*of_informs(cpe.memory, story), *_of_operations(cpe.memory, story.views, noc)]
        if len(story.views) > noc.asked[serial]:
            told.append(f"{len(story.views)} operations, and {noc.asked[serial]} were asked for")
        found += [f"{serial}: {each}" for each in told]
    return found + [f"operation {each} was promised and is gone" for each in noc.promised.keys() - known]


def of_informs(memory: Memory, story: Story) -> Iterator[str]:
    """Each acknowledged Inform is counted, and in the history if it is news; nothing is there that was not told."""
    acknowledged, tried = memory.acknowledged.total(), memory.tried.total()
    if not acknowledged <= story.counted <= tried:
        yield f"{story.counted} Informs counted, {acknowledged} acknowledged of {tried}"
    for events, times in memory.acknowledged.items():
        if events != _PERIODIC and story.kept[events] < times:
            yield f"{events} was acknowledged {times} times and is {story.kept[events]} times in the history"
    for events, times in story.kept.items():
        if times > memory.tried[events]:
            yield f"{events} is {times} times in the history and was told {memory.tried[events]} times"


def _of_operations(memory: Memory, views: Sequence[OperationView], noc: Noc) -> Iterator[str]:
    states: Counter[tuple[str, OperationState]] = Counter()
    for view in views:
        record, operation = view.record, view.requested.operation
        kind = operation.method or str(record.kind)
        name, state = f"{kind} {record.public_id}", record.state
        states[kind, state] += 1
        if not state.is_final:
            yield f"{name} is still {state}"
            continue
        if kind in _KEYED:
            yield from _of_keyed(memory, kind, record.command_key, name, state)
        if kind == "del.obj":
            yield from once(name, state, memory.done["DeleteObject", operation.variables[0].name])
        if kind in {"get", "set"} and state is not OperationState.COMPLETED:
            yield f"{name} is {state}, and nothing stood against it: {record.fault}"
        if state is OperationState.COMPLETED and view.outcome is not None:
            since = noc.promised[record.public_id].since if record.public_id in noc.promised else 1
            yield from of_values(name, kind, view.outcome, memory, since)
            is_setting = kind == "set" and operation.variables[0].name == CODE
            if is_setting and _told(view.outcome, CODE) not in memory.codes:
                yield f"{name} is completed, and was never done"
    completed, unknown = (states["add.obj", each] for each in (OperationState.COMPLETED, OperationState.UNKNOWN))
    if not completed <= len(memory.made) <= completed + unknown:
        yield f"{len(memory.made)} objects were made, by {completed} operations, and {unknown} of which nobody knows"


def _of_keyed(memory: Memory, kind: str, key: str, name: str, state: OperationState) -> Iterator[str]:
    yield from once(name, state, memory.done[kind, key])
    if memory.completed[key] and state not in {OperationState.COMPLETED, OperationState.FAILED}:
        yield f"the end of {name} was acknowledged, and it is {state}"
    if memory.done[kind, key] and state is OperationState.UNKNOWN:
        yield f"{name} is unknown, though the device has told that it is done"


def once(
    name: str, state: OperationState, times: int, *,
    may_be_done: AbstractSet[OperationState] = _MAY_BE_DONE, is_proven: bool = False,
) -> Iterator[str]:  # fmt: skip
    """What must not be done twice was not, and was done if it is said to be, unless something else proves it."""
    if times > 1:
        yield f"{name} ({state}) was carried out {times} times"
    if state is OperationState.COMPLETED and not times and not is_proven:
        yield f"{name} is completed, and was never carried out"
    if times and state not in may_be_done:
        yield f"{name} was carried out {times} times and is {state}"


def of_values(
    name: str, kind: str, outcome: Outcome, memory: Memory, since: int | None, code: str = CODE
) -> Iterator[str]:
    """What was read was so since it was asked for, and what was made is there; None: nobody knows when that was."""
    if kind == "get" and since is not None and _told(outcome, code) not in memory.codes[since - 1 :]:
        yield f"{name} has read {_told(outcome, code)}, which was not so"
    if kind == "add.obj" and outcome.variables[0].instance_number not in memory.made:
        yield f"{name} has made instance {outcome.variables[0].instance_number}, which was never made"


def _told(outcome: Outcome, path: str) -> str | None:
    """What an operation says that a parameter is."""
    return {each.name: each.value for each in outcome.variables}.get(path)


def in_the_log(path: Path, secrets: Sequence[str]) -> list[str]:
    """What no server should ever say."""
    found: Counter[str] = Counter()
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if any(secret in line for secret in secrets):
                found["the log has a secret"] += 1
            for words in _GRAVE:
                if words in line:
                    found[f"the log says: {line.strip()[:300]}"] += 1
    return [f"{words} ({times} times)" for words, times in found.items()]
