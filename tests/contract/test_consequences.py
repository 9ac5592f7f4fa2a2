"""A settlement and all that follows from it are kept together, or not at all."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from acs.domain.contact import HistoryEntry
from acs.domain.queue import OperationState
from acs.domain.settlement import Settled, Settlement
from acs.store.errors import StoreError
from tests.contract.opened import OpenStore, Probe, opened, probing
from tests.contract.samples import AT, meet
from tests.contract.scene import Scene, enter

# What ``Scene.consequences`` leaves behind, each in a table of its own, in the order of the steps.
_TRACES = {
    "value": "SELECT COUNT(*) FROM parameter WHERE device_id = {} AND value = '9'",
    "gone": "SELECT 2 - COUNT(*) FROM parameter WHERE device_id = {}",
    "history": "SELECT COUNT(*) FROM history WHERE device_id = {} AND new = 'completed'",
    "setting": "SELECT COUNT(*) FROM setting_state WHERE device_id = {} AND state = 'applied'",
    "contact": "SELECT COUNT(*) FROM contact WHERE device_id = {} AND credentials_due AND batches <> ''",
    "rhythm": "SELECT COUNT(*) FROM contact WHERE device_id = {} AND inform_interval = 600",
    "device": "SELECT COUNT(*) FROM device WHERE id = {} AND update_frequency = 600 AND NOT firmware_image_is_pending",
    "transfer": "SELECT COUNT(*) FROM transfer WHERE device_id = {} AND state = 'ended' AND reported <> ''",
    "operation": "SELECT COUNT(*) FROM operation WHERE device_id = {} AND state = 'completed'",
}


async def traces(probe: Probe, device_id: int) -> dict[str, int]:
    """Which of the consequences there are."""
    return {name: int(await probe.value(sql.format(device_id))) for name, sql in _TRACES.items()}


def settlement(scene: Scene) -> Settlement:
    return Settlement(scene.claimed, OperationState.COMPLETED, AT + 2, outcome="o")


async def test_all_that_follows_is_kept_and_the_next_operation_is_taken(
    scene: Scene, store: OpenStore, probe: Probe
) -> None:
    revision = await probe.value(f"SELECT revision FROM device WHERE id = {scene.device_id}")
    settled = await store.operations.settle(
        scene.device_id, scene.fence, settlement(scene), scene.consequences(), claims=True
    )
    assert settled is not None
    assert (settled.is_new, settled.has_more) == (True, True)
    assert settled.following is not None
    assert settled.following.public_id == f"op_{scene.device_id}_2"
    assert set((await traces(probe, scene.device_id)).values()) == {1}
    assert await probe.value(f"SELECT revision FROM device WHERE id = {scene.device_id}") > revision
    others = await probe.rows(f"SELECT DISTINCT device_id FROM contact WHERE device_id <> {scene.device_id}")
    for (other,) in others:
        assert set((await traces(probe, other)).values()) == {0}


async def test_without_being_told_so_it_takes_no_other(scene: Scene, store: OpenStore, probe: Probe) -> None:
    assert await store.operations.settle(scene.device_id, scene.fence, settlement(scene)) == Settled(True, True, None)
    taken = f"SELECT COUNT(*) FROM operation WHERE device_id = {scene.device_id} AND state = 'in_progress'"
    assert await probe.value(taken) == 0


async def test_nothing_follows_once_another_session_has_begun(scene: Scene, store: OpenStore, probe: Probe) -> None:
    await meet(store, scene.device_id, AT + 2)
    before = await probe.content()
    for claims in (True, False):
        settled = await store.operations.settle(
            scene.device_id, scene.fence, settlement(scene), scene.consequences(), claims=claims, cut_off="lost"
        )
        assert settled is None
        assert await probe.content() == before


async def test_what_follows_from_several_settlements_in_one_commit_is_kept_with_each(
    store: OpenStore, probe: Probe
) -> None:
    scenes = [await enter(store, f"S{number}") for number in range(6)]
    lost = scenes[2]
    await store.contacts.take_over(lost.device_id, lost.fence, AT)
    found = await asyncio.gather(
        *(
            store.operations.settle(each.device_id, each.fence, settlement(each), each.consequences(), claims=True)
            for each in scenes
        )
    )
    for each, settled in zip(scenes, found, strict=True):
        assert set((await traces(probe, each.device_id)).values()) == ({0} if each is lost else {1})
        if each is lost:
            assert settled is None
        else:
            assert settled is not None
            assert settled.following is not None
            assert settled.following.public_id == f"op_{each.device_id}_2"


@pytest.mark.parametrize("table", ["parameter", "history", "setting_state", "transfer"])
async def test_an_operation_is_not_settled_when_what_follows_cannot_be_kept(
    scene: Scene, store: OpenStore, probe: Probe, table: str
) -> None:
    before = await probe.content()
    await probe.execute(f"ALTER TABLE {table} RENAME TO out_of_reach")
    try:
        with pytest.raises(StoreError):
            await store.operations.settle(
                scene.device_id, scene.fence, settlement(scene), scene.consequences(), claims=True
            )
    finally:
        await probe.execute(f"ALTER TABLE out_of_reach RENAME TO {table}")
    assert await probe.content() == before
    assert await store.operations.settle(scene.device_id, scene.fence, settlement(scene), scene.consequences())
    assert set((await traces(probe, scene.device_id)).values()) == {1}


async def test_a_file_that_came_before_the_answer_is_not_settled_again(
    scene: Scene, store: OpenStore, probe: Probe
) -> None:
    transfer = await store.transfers.by_id(scene.transfer_id)
    assert transfer is not None
    ended = {"outcome": "the file", "fault": "", "reported": "", "at": AT + 2, "ends": False}
    assert await store.transfers.finish(transfer, state=OperationState.COMPLETED, **ended)  # type: ignore[arg-type]
    late = replace(settlement(scene), state=OperationState.FAILED, at=AT + 3)
    settled = await store.operations.settle(scene.device_id, scene.fence, late, scene.consequences(), claims=True)
    assert settled is not None
    assert not settled.is_new
    assert settled.following is not None, "the session goes on"
    record = await store.operations.by_public_id(scene.claimed.public_id)
    assert record is not None
    assert (record.state, record.outcome) == (OperationState.COMPLETED, "the file")


async def test_the_image_that_arrived_is_the_one_that_is_wanted(store: OpenStore, probe: Probe) -> None:
    scene, other = await enter(store, "S1"), await enter(store, "S2")
    await store.devices.want_firmware(scene.device_id, other.image_id, AT, is_pending=True)
    assert await store.operations.settle(scene.device_id, scene.fence, settlement(scene), scene.consequences())
    assert (await traces(probe, scene.device_id))["device"] == 0
    device = await store.devices.by_id(scene.device_id)
    assert device is not None
    assert (device.firmware_image_id, device.firmware_image_is_pending) == (other.image_id, True)


async def test_a_transfer_that_is_reported_ends_with_its_operation_and_the_image_is_there(
    scene: Scene, store: OpenStore, probe: Probe
) -> None:
    transfer = await store.transfers.by_id(scene.transfer_id)
    assert transfer is not None
    finished = {"outcome": "o", "fault": "", "reported": "{}", "at": AT + 2, "ends": True}
    entry = HistoryEntry("transfer", scene.claimed.public_id, None, "completed")
    before = await probe.content()
    await probe.execute("ALTER TABLE history RENAME TO out_of_reach")
    try:
        with pytest.raises(StoreError):
            await store.transfers.finish(
                transfer,
                state=OperationState.COMPLETED,
                history=(entry,),
                **finished,  # type: ignore[arg-type]
            )
    finally:
        await probe.execute("ALTER TABLE out_of_reach RENAME TO history")
    assert await probe.content() == before
    await store.transfers.finish(
        transfer,
        state=OperationState.COMPLETED,
        history=(entry,),
        **finished,  # type: ignore[arg-type]
    )
    device = await store.devices.by_id(scene.device_id)
    assert device is not None
    assert not device.firmware_image_is_pending
    assert {name for name, kept in (await traces(probe, scene.device_id)).items() if kept} == {
        "history", "transfer", "operation",
    }  # fmt: skip


# --- two workers, PostgreSQL alone: on SQLite transactions come one after the other


async def test_a_session_is_not_lost_between_a_settlement_and_what_follows(
    postgresql_store: OpenStore,
) -> None:
    store = postgresql_store
    scene = await enter(store, "S1")
    async with probing(store.url) as hand, probing(store.url) as probe:
        # The last of the steps has to wait for this hand.
        await hand.execute("BEGIN")
        await hand.rows(f"SELECT id FROM transfer WHERE id = {scene.transfer_id} FOR UPDATE")
        found = replace(scene.consequences(), settings=None)
        settling = asyncio.create_task(store.operations.settle(scene.device_id, scene.fence, settlement(scene), found))
        await _waiting(probe, 1)
        # Meanwhile another worker begins a session. It may have to wait, or get its fence at once.
        async with opened(store.url) as other:
            meeting = asyncio.create_task(meet(other, scene.device_id, AT + 3))
            await _waiting(probe, 2, meeting)
            await hand.execute("COMMIT")
            assert await settling is not None
            assert (await meeting).fence == scene.fence + 1
        kept = {name for name, is_kept in (await traces(probe, scene.device_id)).items() if is_kept}
        assert kept == _TRACES.keys() - {"setting", "contact", "rhythm"}, "the Inform tells another interval"


async def _waiting(probe: Probe, count: int, unless: "asyncio.Task[Any] | None" = None) -> None:
    """Wait until so many wait for a lock, or until a task is done without."""
    waiting = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with asyncio.timeout(20):
        while await probe.value(waiting) < count and not (unless is not None and unless.done()):
            # Nobody tells when a query of another connection begins to wait.
            pass
