"""Operations that must be alone: of many asked for at once one is queued, and nothing tells of the others."""

import asyncio
from dataclasses import replace

from acs.domain.audit import AuditEntry
from acs.domain.queue import Origin, QueuedOperation
from acs.store.listing import Slice
from tests.contract.opened import OpenStore
from tests.contract.samples import AT, make_device, meet, operation


async def _queue_alone(store: OpenStore, queued: QueuedOperation) -> int | None:
    entry = AuditEntry(AT, "somebody", "", "create", "operation", queued.public_id)
    return await store.operations.queue_alone(queued, AT, entry)


async def _told(store: OpenStore, device_id: int) -> list[str]:
    """What the audit log and the device's history say of its operations."""
    log = (await store.audit.page(Slice())).items
    audited = [each.entry.resource_id for each in log if each.entry.resource_id.startswith(f"op_{device_id}_")]
    history = await store.contacts.history(device_id, before=2**62, most=100)
    assert [entry.subject for *_, entry in history if entry.kind == "operation"] == audited
    return audited


async def test_one_of_many_is_queued_and_told_of(store: OpenStore) -> None:
    device_id, other = await make_device(store), await make_device(store, "S2")
    await meet(store, device_id)
    await meet(store, other)
    tried = [operation(device_id, str(number)) for number in range(5)]
    rows = await asyncio.gather(*(_queue_alone(store, each) for each in (*tried, operation(other))))
    assert [row is not None for row in rows].count(True) == 2
    assert rows[-1] is not None, "another device's is in nobody's way"
    (queued,) = await store.operations.open_of_device(device_id, most=9)
    assert queued.public_id in {each.public_id for each in tried}
    assert await _told(store, device_id) == [queued.public_id]
    assert await _told(store, other) == [operation(other).public_id]


async def test_a_device_that_is_down_gets_none(store: OpenStore) -> None:
    device_id = await make_device(store)
    assert await _queue_alone(store, operation(device_id)) is None
    assert await _queue_alone(store, operation(device_id + 1)) is None
    assert await _told(store, device_id) == []


async def test_only_what_a_user_wants_now_is_in_the_way(store: OpenStore) -> None:
    device_id = await make_device(store)
    await meet(store, device_id)
    await store.operations.queue(replace(operation(device_id, "server"), origin=Origin.SERVER), AT)
    await store.operations.queue(replace(operation(device_id, "tomorrow"), scheduled_at=AT + 86_400), AT)
    assert await _queue_alone(store, operation(device_id, "first")) is not None
    assert await _queue_alone(store, operation(device_id, "second")) is None
    await store.operations.cancel(operation(device_id, "first").public_id, AT)
    assert await _queue_alone(store, operation(device_id, "third")) is not None
