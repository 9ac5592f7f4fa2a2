"""Compares what the routers and the operator know to be true with what the server says."""

from collections import Counter
from collections.abc import Iterator
from itertools import chain
from typing import Final

from acs.domain.contact import HistoryEntry
from acs.domain.device import Identity
from acs.domain.queue import OperationState
from acs.services.operations import OperationView
from acs.services.tools import Tools
from tests.e2e.crash.fleet import CHANNEL, SSID, Operator, Promise, Router
from tests.e2e.journal import Acknowledged, Sent
from tests.e2e.serving import Served

_KEYED: Final = {"reboot": "Reboot", "download": "Download", "upload": "Upload", "rpc": "ScheduleInform"}
_OBJECTS: Final = {"add.obj": "AddObject", "del.obj": "DeleteObject"}
_DONE_OR_UNKNOWN: Final = frozenset({OperationState.COMPLETED, OperationState.UNKNOWN})
_MOST: Final = 100_000


async def contradictions(served: Served, routers: list[Router], operator: Operator) -> list[str]:
    """Every contradiction between the server's story and the others'."""
    found: list[str] = []
    known: set[str] = set()
    services = served.server.services
    for router in routers:
        serial = router.id.serial
        rows = await services.tools.devices.matching(Identity(router.id.oui, router.id.product_class, serial))
        if len(rows) != 1:
            found.append(f"{serial}: {len(rows)} devices")
            continue
        views = await services.operations.of_device(rows[0].id, most=_MOST)
        known |= {view.record.public_id for view in views}
        history = [entry for _, _, entry in await services.tools.contacts.history(rows[0].id, before=2**62, most=_MOST)]
        told = [
            *await _of_contact(services.tools, rows[0].id, router),
            *_of_events(router, history),
            *_of_transfers(router, views, history),
            *chain.from_iterable(_of_operation(router, view, operator.promised) for view in views),
        ]
        found += [f"{serial}: {each}" for each in told]
    return found + [f"operation {each} was promised and is gone" for each in operator.promised.keys() - known]


async def _of_contact(tools: Tools, device_id: int, router: Router) -> list[str]:
    contact = await tools.contacts.of_device(device_id)
    if contact is None or contact.last_inform is None:
        return ["it is not known to have called"]
    acknowledged = sum(each.message == "Inform" for each in router.journal.of(Acknowledged))
    tried = sum(each.message == "Inform" for each in router.journal.of(Sent))
    found = []
    if not acknowledged <= contact.informs <= tried:
        found.append(f"{contact.informs} Informs counted, {acknowledged} acknowledged of {tried}")
    values = {row[0]: row[1] for row in await tools.parameters.known(device_id, [CHANNEL])}
    if values.get(CHANNEL) != router.past[CHANNEL][-1]:
        found.append(f"{CHANNEL} is kept as {values.get(CHANNEL)}, and is {router.past[CHANNEL][-1]}")
    return found


def _of_events(router: Router, history: list[HistoryEntry]) -> Iterator[str]:
    """Each acknowledged Inform that is news is in the history, and nothing is that was not told."""
    acknowledged = Counter(
        ", ".join(code for code, _ in each.events)
        for each in router.journal.of(Acknowledged)
        if each.message == "Inform" and {code for code, _ in each.events} != {"2 PERIODIC"}
    )
    kept = Counter(entry.subject for entry in history if entry.kind == "inform")
    for events, times in acknowledged.items():
        if kept[events] < times:
            yield f"{events} was acknowledged {times} times and is {kept[events]} times in the history"
    for events in kept.keys() - router.tells:
        yield f"{events} is in the history and was never told"


def _of_transfers(router: Router, views: list[OperationView], history: list[HistoryEntry]) -> Iterator[str]:
    """Each acknowledged TransferComplete has ended its operation."""
    states = {view.record.command_key: view.record.state for view in views}
    noted = {entry.subject for entry in history if entry.kind == "transfer"}
    for each in router.journal.of(Acknowledged):
        if each.message != "TransferComplete":
            continue
        state = states.get(each.command_key)
        if state not in {OperationState.COMPLETED, OperationState.FAILED} and each.command_key not in noted:
            yield f"TransferComplete {each.command_key} was acknowledged, and its operation is {state}"


def _of_operation(router: Router, view: OperationView, promised: dict[str, Promise]) -> Iterator[str]:
    record, operation = view.record, view.requested.operation
    name, state = f"{record.kind} {record.public_id}", record.state
    if not state.is_final:
        yield f"{name} is still {state}"
        return
    times = _carried_out(router, view)
    if any(each > 1 for each in times):
        yield f"{name} ({state}) was carried out {times} times"
    if state is OperationState.COMPLETED and not all(times):
        yield f"{name} is completed and was carried out {times} times"
    if any(times) and state not in _DONE_OR_UNKNOWN and not _failed_rightly(router, view):
        yield f"{name} was carried out {times} times and is {state}: {record.fault}"
    if record.kind in _KEYED and all(times) and state is OperationState.UNKNOWN and record.kind != "rpc":
        yield f"{name} is unknown, though the device has told that it is done"
    if record.kind in {"get", "set"} and state is not OperationState.COMPLETED:
        yield f"{name} is {state}, and nothing stood against it: {record.fault}"
    if state is OperationState.COMPLETED and view.outcome is not None:
        if record.kind == "get":
            since = promised[record.public_id].since if record.public_id in promised else 1
            if view.outcome.variables[0].value not in router.past[SSID][since - 1 :]:
                yield f"{name} has read {view.outcome.variables[0].value}, which was never so"
        if record.kind == "add.obj":
            yield from _of_added(router, view, name)
        if record.kind == "set" and operation.variables[0].value not in router.past[SSID]:
            yield f"{name} is completed and was never done"


def _of_added(router: Router, view: OperationView, name: str) -> Iterator[str]:
    outcome = view.outcome
    for result in outcome.variables if outcome is not None else ():
        made = [each.instance for each in router.journal.carried_out("AddObject") if each.path == result.name]
        if result.name.endswith(".") and [result.instance_number] != made:
            yield f"{name} says that {result.name} has the new instance {result.instance_number}: it has {made}"
        if not result.name.endswith(".") and (result.path is None or router.model.value(result.path) != result.value):
            yield f"{name} says that {result.path} was set, and it was not"


def _carried_out(router: Router, view: OperationView) -> list[int]:
    """How often each of the requests was carried out that must not be repeated."""
    record, operation = view.record, view.requested.operation
    if record.kind in _KEYED:
        done = router.journal.carried_out(_KEYED[record.kind])
        return [sum(each.command_key == record.command_key for each in done)]
    if record.kind in _OBJECTS:
        done = router.journal.carried_out(_OBJECTS[record.kind])
        paths = [each.name for each in operation.variables if each.name.endswith(".")]
        return [sum(each.path == path for each in done) for path in paths]
    return []


def _failed_rightly(router: Router, view: OperationView) -> bool:
    """An upload that never reached a server, and of which the device says so."""
    record = view.record
    return record.kind == "upload" and "9011" in record.fault and not router.delivered(record.command_key)
