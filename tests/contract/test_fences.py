"""A session that was superseded changes nothing any more, in any statement; and no operation is ever taken twice."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Final

import pytest

from acs.domain.contact import NewValue
from acs.domain.queue import OperationState
from acs.domain.settlement import Settlement
from acs.store.statements import Batch
from tests.contract.opened import OpenStore, Probe, opened
from tests.contract.samples import AT, inform, make_device, meet, operation
from tests.contract.scene import Scene
from tests.contract.test_statements import ALL

# What a session of the device in a ``Scene`` would write, but for its fence. Every batch with a fence is here.
_ROWS: Final[Mapping[str, Mapping[str, object]]] = {
    "contact.hold": {"lease_until": AT + 99, "snapshot": '{"new": 1}'},
    "contact.take_over": {"at": AT},
    "contact.settle_flags": {
        "settings_due": True,
        "settings_revision": 0,
        "settings_progress": "p",
        "credentials_due": True,
        "last_configuration": AT,
        "batches": "[1]",
    },
    "contact.set_inform_interval": {"inform_interval": 600, "down_after": 1_500.0, "at": AT + 1},
    "device.revise": {},
    "device.set_update_frequency": {"seconds": 600, "at": AT + 1},
    "device.firmware_arrived": {"at": AT + 1},
    "operation.recover": {"at": AT + 1, "fault": "lost"},
    "operation.claim": {"at": AT + 1},
    "operation.mark_sent": {"sent": "Reboot", "progress": "p", "at": AT + 1},
    "operation.save": {"progress": "p", "at": AT + 1},
    "operation.settle": {
        "state": "completed",
        "phase": "",
        "sent": "",
        "progress": "",
        "outcome": "o",
        "fault": "",
        "ready_at": None,
        "proof_by": None,
        "completed_at": AT,
        "attempts": 1,
        "at": AT + 1,
    },
    "history.add_in_session": {"at": AT, "kind": "operation", "subject": "", "old": None, "new": None, "actor": None},
    "operation.adopt": {"id": None},
    "operation.abandon": {"at": AT + 1_000},
    "parameter.note_changes": {"subject": "Device.X", "value": "2", "shown": "2", "is_secret": False, "at": AT + 1},
    "parameter.record": {"value": "2", "type": "xsd:string", "writable": True, "at": AT + 1},
    "parameter.forget_below": {"low": "Device.", "high": "Device/"},
    "setting.record_states": {
        "path": "Device.X",
        "uuid": "u",
        "state": "applied",
        "fault": "",
        "shown": None,
        "at": AT + 1,
    },
    "transfer.report": {"reported": "{}", "at": AT + 1},
    "transfer.end": {"at": AT + 1},
}
# It tells that what an earlier session sent was answered after all: late by its nature.
_LATE: Final = {"operation.prove_late"}
# It changes nothing.
_LOCK: Final = {"contact.lock"}
_FENCED: Final = [
    each for each in ALL if isinstance(each, Batch) and "fence" in each.columns and each.name not in _LATE | _LOCK
]


def test_every_fenced_statement_is_tried() -> None:
    assert {each.name for each in _FENCED} == set(_ROWS)


async def _write(scene: Scene, statement: Batch, fence: int) -> list[tuple[object, ...]]:
    # An operation goes from the session that claimed it to the one that goes on.
    given = {"fence": scene.fence} if statement.name == "operation.adopt" else {}
    return await scene.write(statement, fence, {**_ROWS[statement.name], **given})


@pytest.mark.parametrize("statement", _FENCED, ids=lambda each: each.name)
async def test_an_old_fence_changes_nothing(scene: Scene, probe: Probe, statement: Batch) -> None:
    before = await probe.content()
    for fence in (scene.fence - 1, 0):
        assert await _write(scene, statement, fence) == []
        assert await probe.content() == before
    # And nothing from the future either: a fence is given out by the database alone.
    assert await _write(scene, statement, scene.fence + 1) == []
    assert await probe.content() == before


@pytest.mark.parametrize("statement", _FENCED, ids=lambda each: each.name)
async def test_a_session_changes_nothing_of_what_it_had_once_another_has_begun(
    scene: Scene, probe: Probe, statement: Batch
) -> None:
    # The operation is not recovered yet: it still bears the old session's fence.
    await scene.store.contacts.take_over(scene.device_id, scene.fence, AT)
    before = await probe.content()
    assert await _write(scene, statement, scene.fence) == []
    assert await probe.content() == before


@pytest.mark.parametrize("statement", _FENCED, ids=lambda each: each.name)
async def test_the_fence_of_the_session_changes_its_device_alone(scene: Scene, probe: Probe, statement: Batch) -> None:
    new_fence = scene.fence
    if statement.name in {"operation.recover", "operation.adopt"}:
        # They are about what an earlier session left.
        await scene.store.contacts.take_over(scene.device_id, scene.fence, AT)
        new_fence += 1
    others = f"SELECT * FROM operation WHERE device_id <> {scene.device_id} ORDER BY id"
    before, theirs = await probe.content(), await probe.rows(others)
    await _write(scene, statement, new_fence)
    assert await probe.content() != before
    assert await probe.rows(others) == theirs
    assert await probe.value(f"SELECT SUM(fence) FROM contact WHERE device_id <> {scene.device_id}") == 2


async def test_a_superseded_session_is_told_so_by_every_method(scene: Scene, probe: Probe) -> None:
    store, device_id, old = scene.store, scene.device_id, scene.fence
    met = await meet(store, device_id, AT + 2)
    assert met.fence == old + 1
    recovered = await store.operations.recover(device_id, met.fence, AT + 2, "lost")
    assert recovered == [(scene.claimed.public_id, OperationState.QUEUED)]
    before = await probe.content()
    lease = {"at": AT + 3, "lease_until": AT + 99, "snapshot": "{}"}
    assert not await store.contacts.hold(device_id, old, AT + 99, "{}")
    assert await store.contacts.take_over(device_id, old, AT) is None
    assert await store.operations.claim(device_id, old, AT + 3) is None
    assert not await store.operations.mark_sent(device_id, old, scene.claimed, sent="Reboot", progress="", **lease)  # type: ignore[arg-type]
    assert not await store.operations.save(device_id, old, scene.claimed, progress="", **lease)  # type: ignore[arg-type]
    settlement = Settlement(scene.claimed, OperationState.COMPLETED, AT + 3)
    assert await store.operations.settle(device_id, old, settlement, scene.consequences(), claims=True) is None
    assert not await store.operations.keep(device_id, old, scene.consequences(), AT + 3)
    await store.parameters.record(device_id, old, [NewValue(scene.path_id, "9", None, None, None, None)], AT + 3)
    assert await probe.content() == before


# --- two workers


@pytest.fixture
async def second(store: OpenStore) -> AsyncIterator[OpenStore]:
    """Another worker on the same database."""
    async with opened(store.url) as found:
        yield found


async def test_two_workers_that_claim_at_the_same_time_never_get_the_same_operation(
    store: OpenStore, second: OpenStore
) -> None:
    devices = [await make_device(store, f"S{number}") for number in range(4)]
    for device_id in devices:
        await asyncio.gather(*(store.operations.queue(operation(device_id, str(n)), AT) for n in range(15)))
    fences = {device_id: (await meet(store, device_id)).fence for device_id in devices}
    taken: list[str] = []
    while True:
        claims = await asyncio.gather(
            *(
                worker.operations.claim(device_id, fences[device_id], AT)
                for device_id in devices
                for worker in (store, second, store, second)
            )
        )
        claimed = [each.public_id for each in claims if each is not None]
        if not claimed:
            break
        taken += claimed
    assert len(taken) == len(set(taken)) == 60


async def test_of_sessions_that_begin_on_two_workers_at_once_the_last_fence_alone_claims(
    store: OpenStore, second: OpenStore
) -> None:
    device_id = await make_device(store)
    await asyncio.gather(*(store.operations.queue(operation(device_id, str(n)), AT) for n in range(10)))
    for turn in range(10):
        mets = await asyncio.gather(
            *(
                worker.contacts.record_inform(inform(device_id, AT + turn + n / 8))
                for n, worker in enumerate([store, second])
            )
        )
        fences = [met.fence for met in mets if met is not None]
        assert sorted(fences) == [2 * turn + 1, 2 * turn + 2]
        claims = await asyncio.gather(
            *(
                worker.operations.claim(device_id, fence, AT + 100)
                for worker, fence in zip([store, second], fences, strict=True)
            )
        )
        assert [claim is not None for claim in claims] == [fence == max(fences) for fence in fences]


async def test_of_two_workers_that_take_a_session_over_one_gets_it(store: OpenStore, second: OpenStore) -> None:
    device_id = await make_device(store)
    fence = (await meet(store, device_id)).fence
    for _ in range(10):
        taken = await asyncio.gather(*(each.contacts.take_over(device_id, fence, AT) for each in (store, second)))
        fence += 1
        assert sorted(taken, key=str) == [fence, None]


async def test_two_workers_that_write_the_same_rows_in_other_orders_both_succeed(
    store: OpenStore, second: OpenStore
) -> None:
    devices = [await make_device(store, f"S{number}") for number in range(12)]
    numbers = await store.parameters.numbers([f"Device.P{n}" for n in range(5)])
    for turn in range(10):
        values = [NewValue(number, f"{turn}", "xsd:string", None, None, None) for number in numbers]
        await asyncio.gather(
            *(meet(store, device_id, AT + turn, *values) for device_id in devices),
            *(meet(second, device_id, AT + turn + 0.5, *reversed(values)) for device_id in reversed(devices)),
        )
    fetched = [await store.contacts.of_device(device_id) for device_id in devices]
    assert [contact.fence for contact in fetched if contact is not None] == [20] * 12


async def test_interned_paths_have_the_same_number_for_every_worker(store: OpenStore, second: OpenStore) -> None:
    paths = [f"Device.P{number}" for number in range(40)]
    one, other = await asyncio.gather(
        asyncio.gather(*(store.parameters.numbers(paths[n : n + 20]) for n in range(20))),
        asyncio.gather(*(second.parameters.numbers(list(reversed(paths[n : n + 20]))) for n in range(20))),
    )
    assert one == [list(reversed(each)) for each in other]
    assert len(set(await store.parameters.numbers(paths))) == 40
