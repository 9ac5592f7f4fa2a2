"""The life of an operation, its transfer, and the settings of a device, as the tables tell it."""

from dataclasses import replace

import pytest

from acs.domain.contact import HistoryEntry
from acs.domain.inventory import DeviceTypeDetails
from acs.domain.queue import OperationState, Phase
from acs.domain.setting import SettingState
from acs.domain.settlement import Consequences, SettingsReport, Settled, Settlement
from acs.domain.transfer import ReceivedFile
from acs.store.device_types import TypeUpdate
from acs.store.operations import WAKE_NET
from acs.store.settings import KeptSetting, WantedValue
from tests.contract.opened import OpenStore
from tests.contract.samples import (
    AT,
    TEXTS,
    claim,
    make_device,
    make_transfer,
    meet,
    operation,
    record_of,
    send,
)


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: repr(text[:12]))
async def test_an_operation_is_kept_as_it_was_asked_and_as_it_ended(store: OpenStore, text: str) -> None:
    device_id = await make_device(store)
    queued = replace(operation(device_id), kind=text, request=text, priority=-3, max_attempts=5, retry_delay=0.5)
    number = await store.operations.queue(replace(queued, wakes=False, expires_at=AT + 9), AT)
    await store.reopen()
    fence, claimed = await claim(store, device_id)
    assert (claimed.id, claimed.public_id, claimed.kind, claimed.origin) == (number, queued.public_id, text, "user")
    assert (claimed.request, claimed.progress, claimed.command_key) == (text, "", queued.command_key)
    assert (claimed.priority, claimed.attempts, claimed.max_attempts, claimed.retry_delay) == (-3, 1, 5, 0.5)
    assert (claimed.scheduled_at, claimed.created, claimed.started_at) == (AT, AT, AT)
    settlement = Settlement(
        claimed, OperationState.FAILED, AT + 1, sent=text, progress=text, outcome=text, fault=text, attempts=7
    )
    assert await store.operations.settle(device_id, fence, settlement) == Settled(True, False, None)
    await store.reopen()
    record = await record_of(store, queued.public_id)
    assert (record.state, record.phase, record.origin) == (OperationState.FAILED, Phase.NONE, "user")
    assert (record.request, record.progress, record.outcome, record.fault, record.sent) == (text,) * 5
    assert (record.attempts, record.completed_at, record.updated) == (7, AT + 1, AT + 1)
    assert (record.wakes, record.expires_at) == (False, AT + 9)
    assert await store.operations.of_device(device_id, before=2**62, most=9) == [record]


async def test_operations_are_claimed_by_priority_then_time_then_number(store: OpenStore) -> None:
    device_id = await make_device(store)
    for name, priority, at in (
        ("late", 0, AT + 2),
        ("a", 0, AT),
        ("b", 0, AT),
        ("urgent", 5, AT + 1),
        ("idle", -5, AT),
    ):
        await store.operations.queue(replace(operation(device_id, name), priority=priority, scheduled_at=at), AT)
    fence = (await meet(store, device_id)).fence
    taken: list[str] = []
    while claimed := await store.operations.claim(device_id, fence, AT + 5):
        taken.append(claimed.public_id.rsplit("_", 1)[1])
    assert taken == ["urgent", "a", "b", "late", "idle"]


async def test_what_was_asked_for_at_once_is_ready_by_a_clock_that_is_behind(store: OpenStore) -> None:
    device_id = await make_device(store)
    await store.operations.queue(replace(operation(device_id, "now"), scheduled_at=AT), AT)
    await store.operations.queue(replace(operation(device_id, "later"), scheduled_at=AT + 10), AT)
    fence = (await meet(store, device_id)).fence
    claimed = await store.operations.claim(device_id, fence, AT - 3600)
    assert claimed is not None
    assert claimed.public_id.endswith("_now")
    assert await store.operations.claim(device_id, fence, AT - 3600) is None


async def test_nothing_is_claimed_before_its_time_or_after_it_expired(store: OpenStore) -> None:
    device_id = await make_device(store)
    await store.operations.queue(replace(operation(device_id, "later"), scheduled_at=AT + 10), AT)
    await store.operations.queue(replace(operation(device_id, "gone"), expires_at=AT + 1), AT)
    fence = (await meet(store, device_id)).fence
    assert (await record_of(store, f"op_{device_id}_later")).state is OperationState.SCHEDULED
    assert await store.operations.claim(device_id, fence, AT + 1) is None
    assert await store.operations.take_wakes(AT + 9, 9) == []
    assert await store.operations.take_wakes(AT + 10, 9) == [device_id]
    assert await store.operations.take_wakes(AT + 10, 9) == [], "one caller is enough"
    assert await store.operations.take_wakes(AT + 10 + WAKE_NET, 9) == [device_id], "it may have left its session"
    assert await store.operations.take_wakes(AT + 10 + 2 * WAKE_NET, 9) == [device_id]
    assert await store.operations.take_wakes(AT + 10 + 3 * WAKE_NET, 9) == [], "it has none any more"
    assert await store.operations.start_scheduled(AT + 9, 9) == []
    assert await store.operations.start_scheduled(AT + 10, 9) == [(device_id, f"op_{device_id}_later")]
    assert await store.operations.expire(AT + 10, "too late", 9) == [(device_id, f"op_{device_id}_gone")]
    gone = await record_of(store, f"op_{device_id}_gone")
    assert (gone.state, gone.fault, gone.completed_at) == (OperationState.EXPIRED, "too late", AT + 10)
    claimed = await store.operations.claim(device_id, fence, AT + 10)
    assert claimed is not None
    assert claimed.public_id == f"op_{device_id}_later"


async def test_what_was_begun_does_not_expire_but_is_given_up_as_it_was_looked_at(store: OpenStore) -> None:
    device_id = await make_device(store)
    await store.operations.queue(replace(operation(device_id, "begun"), expires_at=AT + 9), AT)
    fence, claimed = await claim(store, device_id)
    queued = Settlement(claimed, OperationState.QUEUED, AT + 1, progress="half", ready_at=AT + 1, attempts=0)
    assert await store.operations.settle(device_id, fence, queued)
    assert await store.operations.overdue(AT + 8, 9) == []
    assert await store.operations.expire(AT + 9, "too late", 9) == []
    ((whose, begun),) = await store.operations.overdue(AT + 9, 9)
    assert (whose, begun) == (device_id, replace(claimed, progress="half", attempts=0))
    end = Settlement(begun, OperationState.FAILED, AT + 9, outcome="half of it", fault="too late")
    for other in (replace(begun, progress="more"), replace(begun, attempts=1)):
        assert not await store.operations.give_up(device_id, replace(end, operation=other))
    assert not await store.operations.give_up(device_id, replace(end, at=AT + 8))
    assert await store.operations.give_up(device_id, end)
    assert not await store.operations.give_up(device_id, end)
    assert await store.operations.overdue(AT + 9, 9) == []
    record = await record_of(store, claimed.public_id)
    assert (record.state, record.outcome, record.fault) == (OperationState.FAILED, "half of it", "too late")
    assert (record.completed_at, record.progress) == (AT + 9, "half")


async def test_what_may_be_repeated_is_queued_again_until_its_attempts_end(store: OpenStore) -> None:
    device_id = await make_device(store)
    await store.operations.queue(replace(operation(device_id), max_attempts=2), AT)
    fence, claimed = await claim(store, device_id)
    assert await store.operations.save(
        device_id, fence, claimed, progress="half", at=AT, lease_until=AT + 60, snapshot="{}"
    )
    await store.reopen()
    later = (await meet(store, device_id, AT + 1)).fence
    assert await store.operations.recover(device_id, later, AT + 1, "lost") == [
        (claimed.public_id, OperationState.QUEUED)
    ]
    again = await store.operations.claim(device_id, later, AT + 2)
    assert again is not None
    assert (again.attempts, again.progress, again.started_at) == (2, "half", AT)
    last = (await meet(store, device_id, AT + 3)).fence
    assert await store.operations.recover(device_id, last, AT + 3, "lost") == [
        (claimed.public_id, OperationState.FAILED)
    ]


async def test_a_session_that_went_silent_loses_its_operation(store: OpenStore) -> None:
    devices = [await make_device(store, f"S{number}") for number in range(3)]
    for device_id in devices:
        await store.operations.queue(operation(device_id), AT)
        await claim(store, device_id)
    assert await store.operations.abandon_lost_sessions(AT + 59, 9) == []
    for bound, expected in ((2, 2), (2, 1)):
        taken = await store.operations.abandon_lost_sessions(AT + 61, bound)
        assert len(taken) == expected
        for device_id, fence in taken:
            assert await store.operations.recover(device_id, fence, AT + 61, "lost") == [
                (f"op_{device_id}_1", OperationState.QUEUED)
            ]
    assert await store.operations.abandon_lost_sessions(AT + 99, 9) == []


async def test_only_what_has_not_begun_is_cancelled(store: OpenStore) -> None:
    device_id = await make_device(store)
    await store.operations.queue(operation(device_id, "a"), AT)
    await store.operations.queue(operation(device_id, "b"), AT)
    await claim(store, device_id)
    assert not await store.operations.cancel(f"op_{device_id}_a", AT + 1)
    assert await store.operations.cancel(f"op_{device_id}_b", AT + 1) == "get"
    assert not await store.operations.cancel(f"op_{device_id}_b", AT + 2)
    assert not await store.operations.cancel("op_nobody", AT)
    assert (await record_of(store, f"op_{device_id}_b")).completed_at == AT + 1


async def test_results_are_pruned_a_few_at_a_time_and_what_has_not_ended_never(store: OpenStore) -> None:
    device_id = await make_device(store)
    for number in range(8):
        await store.operations.queue(operation(device_id, str(number)), AT)
    for number in range(5):
        await store.operations.cancel(f"op_{device_id}_{number}", AT + number)
    assert [await store.operations.prune(AT + 4, 3) for _ in range(3)] == [3, 1, 0]
    left = [each.public_id for each in await store.operations.of_device(device_id, before=2**62, most=99)]
    assert left == [f"op_{device_id}_{number}" for number in (7, 6, 5, 4)]


async def test_operations_are_paged_from_the_newest(store: OpenStore) -> None:
    device_id = await make_device(store)
    for number in range(5):
        await store.operations.queue(operation(device_id, str(number)), AT)
    first = await store.operations.of_device(device_id, before=2**62, most=2)
    rest = await store.operations.of_device(device_id, before=first[-1].id, most=9)
    assert [each.public_id[-1] for each in (*first, *rest)] == ["4", "3", "2", "1", "0"]


async def test_an_operation_that_is_queued_is_told_in_the_history(store: OpenStore) -> None:
    device_id = await make_device(store)
    await store.operations.queue(operation(device_id), AT)
    ((_, at, entry),) = await store.contacts.history(device_id, before=2**62, most=9)
    assert (at, entry) == (AT, HistoryEntry("operation", f"op_{device_id}_1", None, "get queued"))


# --- transfers


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: repr(text[:12]))
async def test_a_transfer_is_kept_and_settles_its_operation(store: OpenStore, text: str) -> None:
    device_id = await make_device(store)
    number = await store.operations.queue(operation(device_id), AT)
    assert number is not None
    fence, claimed = await claim(store, device_id)
    transfer_id = await make_transfer(store, device_id, number, "upload", text)
    assert await make_transfer(store, device_id, number, "upload", "again") == transfer_id, "one for each operation"
    await send(store, device_id, fence, claimed, "Upload")
    received = ReceivedFile(f"k{text}", 2**40, text, text, text, text)
    assert await store.transfers.receive(transfer_id, received, AT + 1)
    await store.reopen()
    transfer = await store.transfers.by_id(transfer_id)
    assert transfer is not None
    assert [transfer] == await store.transfers.open_of_device(device_id)
    assert transfer == await store.transfers.of_operation(number)
    assert (transfer.command_key, transfer.file_type, transfer.version, transfer.sha256) == (text,) * 4
    assert (transfer.size, transfer.file_key, transfer.received_at) == (2**40, f"k{text}", AT + 1)
    settled = await store.transfers.finish(
        transfer,
        state=OperationState.COMPLETED,
        outcome=text,
        fault="",
        reported=text,
        at=AT + 2,
        ends=True,
        history=(HistoryEntry("transfer", "s", None, "done"),),
    )
    assert settled == claimed.public_id
    assert await store.transfers.open_of_device(device_id) == []
    record = await record_of(store, claimed.public_id)
    assert (record.state, record.outcome, record.completed_at) == (OperationState.COMPLETED, text, AT + 2)
    transfer = await store.transfers.by_id(transfer_id)
    assert transfer is not None
    assert (transfer.state, transfer.reported) == ("ended", text)
    assert not await store.transfers.receive(transfer_id, received, AT + 3), "it has ended"


async def test_a_transfer_ends_by_its_time_when_its_operation_no_longer_waits(store: OpenStore) -> None:
    device_id = await make_device(store)
    numbers = [await store.operations.queue(operation(device_id, name), AT) for name in "ab"]
    await claim(store, device_id)
    for number in numbers:
        assert number is not None
        await make_transfer(store, device_id, number, "download")
    assert await store.transfers.end_expired(AT + 99, 9) == 0
    assert await store.transfers.end_expired(AT + 100, 9) == 1
    (left,) = await store.transfers.open_of_device(device_id)
    assert left.operation_id == numbers[0], "its operation is in progress"


# --- settings


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: repr(text[:12]))
async def test_a_setting_is_kept_with_what_became_of_it(store: OpenStore, text: str) -> None:
    device_id = await make_device(store)
    path = f"Device.{text[:500]}"
    wanted = WantedValue(path, text, text, f"u{text}")
    await store.settings.put_of_device(device_id, [wanted], AT)
    (kept,) = await store.settings.effective(device_id)
    assert kept == KeptSetting(wanted, True, None, "", None, kept.id, AT)
    fence = (await meet(store, device_id)).fence
    report = SettingsReport([SettingState(path, f"u{text}", "refused", text, text)])
    assert await store.operations.keep(device_id, fence, Consequences(settings=report), AT)
    await store.reopen()
    assert await store.settings.effective(device_id) == [
        KeptSetting(wanted, True, "refused", text, text, kept.id, AT, AT)
    ]
    changed = replace(wanted, uuid="another")
    await store.settings.put_of_device(device_id, [changed], AT)
    again = KeptSetting(changed, True, None, "", None, kept.id, AT)
    assert await store.settings.effective(device_id) == [again], "pending again"


async def test_a_devices_own_setting_stands_over_its_types(store: OpenStore) -> None:
    type_id = await store.types.create(DeviceTypeDetails("t", "t"), AT)
    device_id = await make_device(store, type_id=type_id)
    bystander = await make_device(store, "S2")
    of_type = [WantedValue("Device.A", "type", None, "ta"), WantedValue("Device.B", "type", None, "tb")]
    own = WantedValue("Device.B", "own", "xsd:string", "ob")
    await store.settings.put_of_type(type_id, of_type, AT)
    while await store.type_changes.tell():
        pass
    assert (await meet(store, device_id)).settings_due
    assert not (await meet(store, bystander)).settings_due
    await store.settings.put_of_device(device_id, [own], AT)
    assert [(each.wanted, each.is_own) for each in await store.settings.effective(device_id)] == [
        (of_type[0], False),
        (own, True),
    ]
    await store.settings.drop_of_device(device_id, ["Device.B", "Device.A"])
    assert [each.wanted for each in await store.settings.effective(device_id)] == of_type
    await store.types.update(type_id, DeviceTypeDetails("t", "t"), AT, TypeUpdate(settings=of_type[1:]))
    assert [each.wanted for each in await store.settings.effective(device_id)] == of_type[1:]
    await store.types.update(type_id, DeviceTypeDetails("t", "t"), AT, TypeUpdate(settings=()))
    assert await store.settings.effective(device_id) == []


async def test_settings_are_due_until_a_session_says_otherwise(store: OpenStore) -> None:
    device_id = await make_device(store)
    await store.settings.put_of_device(device_id, [WantedValue("Device.A", "1", None, "u")], AT)
    met = await meet(store, device_id)
    assert met.settings_due
    report = SettingsReport(
        settings_due=False,
        settings_revision=(await store.settings.pushed(device_id))[0],
        last_configuration=AT + 5,
        batches='{"gpv": 8}',
    )
    assert await store.operations.keep(device_id, met.fence, Consequences(settings=report), AT)
    assert not (await meet(store, device_id, AT + 1)).settings_due
    contact = await store.contacts.of_device(device_id)
    device = await store.devices.by_id(device_id)
    assert contact is not None
    assert device is not None
    assert (contact.last_configuration, device.batches) == (AT + 5, '{"gpv": 8}')


async def test_what_is_wished_after_a_session_has_looked_stays_due(store: OpenStore) -> None:
    device_id = await make_device(store)
    await store.settings.put_of_device(device_id, [WantedValue("Device.A", "1", None, "u")], AT)
    met = await meet(store, device_id)
    looked = (await store.settings.pushed(device_id))[0]
    await store.settings.put_of_device(device_id, [WantedValue("Device.A", "2", None, "v")], AT + 1)
    report = SettingsReport([SettingState("Device.A", "u", "applied")], settings_due=False, settings_revision=looked)
    assert await store.operations.keep(device_id, met.fence, Consequences(settings=report), AT + 2)
    assert (await meet(store, device_id, AT + 3)).settings_due


async def test_how_far_a_push_is_is_kept_until_something_else_is_wished(store: OpenStore) -> None:
    device_id = await make_device(store)
    put = store.settings.put_of_device
    await put(device_id, [WantedValue("Device.A", "1", None, "u")], AT)
    met = await meet(store, device_id)
    looked, _ = await store.settings.pushed(device_id)

    async def keep(progress: str | None) -> tuple[int, str]:
        report = SettingsReport(settings_due=True, settings_revision=looked, progress=progress)
        assert await store.operations.keep(device_id, met.fence, Consequences(settings=report), AT)
        return await store.settings.pushed(device_id)

    assert await keep("half") == (looked, "half")
    assert await keep(None) == (looked, "half")
    await put(device_id, [WantedValue("Device.A", "2", None, "v")], AT)
    assert await store.settings.pushed(device_id) == (looked + 1, "")
    assert await keep("half") == (looked + 1, ""), "it is about what is no longer wished"


async def test_a_device_that_was_reset_has_nothing_of_what_was_applied(store: OpenStore) -> None:
    device_id = await make_device(store)
    await store.settings.put_of_device(device_id, [WantedValue("Device.A", "1", None, "u")], AT)
    met = await meet(store, device_id)
    report = SettingsReport([SettingState("Device.A", "u", "applied")], settings_due=False)
    assert await store.operations.keep(device_id, met.fence, Consequences(settings=report), AT)
    await store.devices.forget_beliefs(device_id)
    assert [each.state for each in await store.settings.effective(device_id)] == [None]
    assert (await meet(store, device_id, AT + 1)).settings_due
