"""Compares what the devices and the operators know to be true with what the server says."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from acs.domain.device import Identity
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


async def contradictions(served: Served, devices: Sequence[WitnessedCpe], noc: Noc) -> list[str]:
    """Every contradiction between the server's story and the others'."""
    found = [f"a 503 did not say when to come again: {each}" for each in noc.unready]
    found += [f"the API has told a secret: {each}" for each in noc.seen]
    known: set[str] = set()
    services = served.server.services
    for cpe in devices:
        who = cpe.identity.device_id
        rows = await services.tools.devices.matching(Identity(who.oui, who.product_class, who.serial_number))
        if len(rows) != 1:
            found.append(f"{who.serial_number}: {len(rows)} devices")
            continue
        views = await services.operations.of_device(rows[0].id, most=_MOST)
        known |= {view.record.public_id for view in views}
        history = await services.tools.contacts.history(rows[0].id, before=2**62, most=_MOST)
        kept = Counter(entry.subject for _, _, entry in history if entry.kind == "inform")
        contact = await services.tools.contacts.of_device(rows[0].id)
        told = [
            *of_informs(cpe.memory, kept, 0 if contact is None else contact.informs),
            *_of_operations(cpe.memory, views, noc),
        ]
        asked = noc.asked[who.serial_number]
        if len(views) > asked:
            told.append(f"{len(views)} operations, and {asked} were asked for")
        found += [f"{who.serial_number}: {each}" for each in told]
    return found + [f"operation {each} was promised and is gone" for each in noc.promised.keys() - known]


def of_informs(memory: Memory, kept: Counter[str], counted: int) -> Iterator[str]:
    """Each acknowledged Inform is counted, and in the history if it is news; nothing is there that was not told."""
    acknowledged, tried = memory.acknowledged.total(), memory.tried.total()
    if not acknowledged <= counted <= tried:
        yield f"{counted} Informs counted, {acknowledged} acknowledged of {tried}"
    for events, times in memory.acknowledged.items():
        if events != _PERIODIC and kept[events] < times:
            yield f"{events} was acknowledged {times} times and is {kept[events]} times in the history"
    for events, times in kept.items():
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
            value = view.outcome.variables[0].value if view.outcome.variables else None
            if kind == "get":
                since = noc.promised[record.public_id].since if record.public_id in noc.promised else 1
                if value not in memory.codes[since - 1 :]:
                    yield f"{name} has read {value}, which was not so"
            if kind == "set" and operation.variables[0].name == CODE and value not in memory.codes:
                yield f"{name} is completed, and was never done"
            if kind == "add.obj" and view.outcome.variables[0].instance_number not in memory.made:
                yield f"{name} has made instance {view.outcome.variables[0].instance_number}, which was never made"
    completed, unknown = (states["add.obj", each] for each in (OperationState.COMPLETED, OperationState.UNKNOWN))
    if not completed <= len(memory.made) <= completed + unknown:
        yield f"{len(memory.made)} objects were made, by {completed} operations, and {unknown} of which nobody knows"


def _of_keyed(memory: Memory, kind: str, key: str, name: str, state: OperationState) -> Iterator[str]:
    yield from once(name, state, memory.done[kind, key])
    if memory.completed[key] and state not in {OperationState.COMPLETED, OperationState.FAILED}:
        yield f"the end of {name} was acknowledged, and it is {state}"
    if memory.done[kind, key] and state is OperationState.UNKNOWN:
        yield f"{name} is unknown, though the device has told that it is done"


def once(name: str, state: OperationState, times: int) -> Iterator[str]:
    """What must not be done twice was not, and was done if it is said to be."""
    if times > 1:
        yield f"{name} ({state}) was carried out {times} times"
    if state is OperationState.COMPLETED and not times:
        yield f"{name} is completed, and was never carried out"
    if times and state not in _MAY_BE_DONE:
        yield f"{name} was carried out {times} times and is {state}"


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
