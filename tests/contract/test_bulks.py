"""Requests for many devices as the tables keep them: a change takes effect as a whole or not at all."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from acs.domain.audit import AuditEntry
from acs.domain.bulk import BulkKind, BulkState, Stop, Targets, TargetState, TargetStatus
from acs.domain.bulk_progress import Bulk, Description, Doubt, Move, NewBulk, Progress, Tally
from acs.domain.device import Identity
from acs.domain.inventory import DeviceTypeDetails, OrganizationDetails
from acs.domain.queue import ClaimedOperation, OperationState
from acs.domain.settlement import Settlement
from acs.store.audit import AuditFilter
from acs.store.listing import Slice
from tests.contract.opened import OpenStore, Probe
from tests.contract.samples import AT, make_device, meet, operation


async def _bulk(store: OpenStore, name: str = "1", organizations: tuple[int, ...] = (0,), at: float = AT) -> Bulk:
    new = NewBulk(f"bulk_{name}", BulkKind.GET, "sealed:x", AT, 2, organizations, "somebody", "{}")
    number = await store.bulks.create(new, 1, at)
    return await _again(store, number)


async def _again(store: OpenStore, number: int) -> Bulk:
    found = await store.bulks.by_id(number)
    assert found is not None
    return found


async def _begun(store: OpenStore, devices: int = 3) -> tuple[Bulk, list[int]]:
    """A request that has begun, with devices that wait."""
    ids = [await make_device(store, f"S{number}") for number in range(devices)]
    bulk = await _bulk(store)
    assert await store.bulks.advance(bulk, 2, Progress(BulkState.IN_PROGRESS, due_at=AT, begins=True), AT)
    bulk = await _again(store, bulk.id)
    assert bulk.execution is not None
    taken = await store.targets.some(Targets(), after=0, most=9)
    tally = Tally().taken(len(taken))
    execution = replace(bulk.execution, tally=tally, is_taken=True, place=ids[-1])
    progress = Progress(BulkState.IN_PROGRESS, due_at=AT, execution=execution, taken=taken)
    assert await store.bulks.advance(bulk, 3, progress, AT)
    return await _again(store, bulk.id), ids


async def _claim(store: OpenStore, device_id: int) -> tuple[int, ClaimedOperation]:
    fence = (await meet(store, device_id)).fence
    claimed = await store.operations.claim(device_id, fence, AT)
    assert claimed is not None
    return fence, claimed


async def _start(store: OpenStore, bulk: Bulk, version: int, most: int = 9) -> bool:
    """Give the devices that wait their operations."""
    assert bulk.execution is not None
    waiting = await store.bulks.waiting(bulk.execution.id, most)
    operations = [replace(operation(each.device_id, "bulk"), bulk_id=bulk.id) for each in waiting]
    moves = [
        Move(each.id, TargetState.RUNNING, queued.public_id, started_at=AT)
        for each, queued in zip(waiting, operations, strict=True)
    ]
    execution = replace(bulk.execution, tally=bulk.execution.tally.begun(len(waiting)))
    progress = Progress(bulk.state, due_at=AT, execution=execution, moves=moves, operations=operations)
    return await store.bulks.advance(bulk, version, progress, AT)


async def test_a_request_is_kept_as_it_was_asked_for(store: OpenStore) -> None:
    bulk = await _bulk(store)
    await store.reopen()
    assert await _again(store, bulk.id) == bulk
    assert (bulk.state, bulk.next_at, bulk.executions, bulk.execution) == (BulkState.SCHEDULED, AT, 0, None)
    assert await store.bulks.due(AT - 1, after=0, most=9) == []
    assert await store.bulks.due(AT, after=0, most=9) == [bulk.id]
    assert await store.bulks.due(AT, after=bulk.id, most=9) == []


async def test_of_two_changes_of_one_version_the_second_changes_nothing(store: OpenStore, probe: Probe) -> None:
    bulk, _ = await _begun(store)
    assert await _start(store, bulk, 4)
    before = await probe.content()
    assert not await _start(store, bulk, 5)
    assert await probe.content() == before
    assert await probe.value("SELECT COUNT(*) FROM operation") == 3
    again = await _again(store, bulk.id)
    assert again.execution is not None
    assert again.execution.tally == Tally(total=3, in_flight=3)


async def test_a_request_begins_once(store: OpenStore, probe: Probe) -> None:
    bulk = await _bulk(store)
    progress = Progress(BulkState.IN_PROGRESS, due_at=AT, begins=True)
    assert await store.bulks.advance(bulk, 2, progress, AT)
    assert not await store.bulks.advance(bulk, 3, progress, AT)
    assert await probe.value("SELECT COUNT(*) FROM bulk_execution") == 1


async def test_devices_that_have_ended_are_found_in_the_database(store: OpenStore) -> None:
    bulk, (first, second, third) = await _begun(store)
    assert bulk.execution is not None
    await _start(store, bulk, 4)
    execution_id = bulk.execution.id
    assert await store.bulks.ended(execution_id, 9) == []
    assert len(await store.bulks.not_begun(execution_id, 9)) == 3
    assert await store.operations.cancel(f"op_{first}_bulk", AT + 1)
    await store.devices.delete(second)
    assert [(each.device_id, each.state) for each in await store.bulks.ended(execution_id, 9)] == [
        (first, OperationState.CANCELLED),
        (second, None),
    ]
    fence = (await meet(store, third)).fence
    await store.operations.claim(third, fence, AT)
    assert await store.bulks.not_begun(execution_id, 9) == []


async def test_what_became_of_a_device_stays_when_it_is_deleted(store: OpenStore) -> None:
    bulk, (first, *_) = await _begun(store)
    assert bulk.execution is not None
    await store.devices.delete(first)
    found = await store.bulks.devices(bulk.execution.id, Slice(2))
    assert (found.count, found.items[0].name, found.items[0].serial_number) == (3, "device S0", "S0")
    waiting = await store.bulks.devices(bulk.execution.id, Slice(9), states=[TargetState.WAITING])
    assert waiting.count == 3
    assert (await store.bulks.devices(bulk.execution.id, Slice(9), states=[TargetState.FAILED])).count == 0
    assert (await store.bulks.devices(bulk.execution.id, Slice(9), organizations=[1])).count == 0


async def test_cancelling_ends_the_beginning_of_more_and_is_noted_once(store: OpenStore) -> None:
    bulk, _ = await _begun(store)
    entry = AuditEntry(AT, "somebody", "192.0.2.1", "cancel", "bulk", bulk.public_id)
    assert await store.bulks.cancel(bulk, 4, AT + 1, entry)
    assert not await store.bulks.cancel(bulk, 5, AT + 1, entry)
    bulk = await _again(store, bulk.id)
    assert not await store.bulks.cancel(bulk, 6, AT + 1, entry)
    assert bulk.state is BulkState.CANCELLED
    assert bulk.execution is not None
    assert bulk.execution.stop is Stop.CANCELLED
    assert (await store.audit.page(Slice(9), AuditFilter(resource="bulk"))).count == 1
    assert await store.bulks.due(AT + 1, after=0, most=9) == [bulk.id], "what runs is still to be seen to"
    other = await _bulk(store, "2")
    assert await store.bulks.cancel(other, 7, AT + 1)
    assert await store.bulks.due(AT + 1, after=bulk.id, most=9) == []


async def test_who_does_not_see_all_its_organizations_does_not_see_a_request(store: OpenStore) -> None:
    one, both = await _bulk(store, "1", (1,)), await _bulk(store, "2", (1, 2), AT + 1)
    nobodys = await _bulk(store, "3", (0,), AT + 2)
    for organizations, seen in (
        (None, [nobodys, both, one]),
        ([1], [one]),
        ([2], []),
        ([1, 2], [both, one]),
        ([], []),
    ):
        for each in (one, both, nobodys):
            found = await store.bulks.by_public_id(each.public_id, organizations)
            assert found == (each if each in seen else None)
    assert await store.bulks.organizations(both.id) == [1, 2]
    assert await store.bulks.organizations(nobodys.id) == [0]


async def test_the_organizations_of_devices_that_are_taken_count(store: OpenStore) -> None:
    organization_id = await store.organizations.create(OrganizationDetails("o"), AT)
    await store.devices.create(
        uuid="u", name="n", identity=Identity("", "", "S"), at=AT, organization_id=organization_id
    )
    bulk, _ = await _begun(store, 1)
    assert await store.bulks.organizations(bulk.id) == [0, organization_id]
    assert await store.bulks.by_public_id(bulk.public_id, [organization_id]) is None, "one of them is nobody's"


async def test_what_devices_say_of_themselves_is_kept_if_it_is_new(store: OpenStore) -> None:
    bulk, (first, *_) = await _begun(store)
    before = await store.devices.by_id(first)
    assert before is not None
    for version, software, raised in ((4, "2.0", 1), (5, "2.0", 1), (6, None, 1)):
        said = Description(first, None, software, None)
        progress = Progress(bulk.state, due_at=AT, descriptions=[said])
        assert await store.bulks.advance(await _again(store, bulk.id), version, progress, AT)
        device = await store.devices.by_id(first)
        assert device is not None
        assert (device.software_version, device.revision) == ("2.0", before.revision + raised)


async def test_what_failed_may_turn_out_to_be_done(store: OpenStore) -> None:
    bulk, (first, *_) = await _begun(store)
    await _start(store, bulk, 4)
    bulk = await _again(store, bulk.id)
    assert bulk.execution is not None
    (failed,) = (await store.bulks.devices(bulk.execution.id, Slice(1))).items
    assert await store.bulks.doubtful(after=0, most=9) == []
    tally = bulk.execution.tally.ended([(TargetState.FAILED, "unknown_outcomes")])
    moves = [Move(failed.id, TargetState.FAILED, error="unknown_outcomes", completed_at=AT)]
    execution = replace(bulk.execution, tally=tally)
    assert await store.bulks.advance(bulk, 5, Progress(bulk.state, execution=execution, moves=moves), AT)
    doubt = Doubt(failed.id, bulk.id, bulk.execution.id, "unknown_outcomes", None)
    assert await store.bulks.doubtful(after=0, most=9) == [doubt]
    assert await store.bulks.doubtful(after=failed.id, most=9) == []
    fence, claimed = await _claim(store, first)
    assert await store.operations.settle(first, fence, Settlement(claimed, OperationState.COMPLETED, AT + 3))
    assert await store.bulks.doubtful(after=0, most=9) == [replace(doubt, proven_at=AT + 3)]
    assert await store.targets.count(Targets(failed_in=bulk.execution.id)) == {None: 1}
    assert await store.bulks.due(AT, after=0, most=9) == []


async def test_what_ended_long_ago_is_dropped_in_small_batches(store: OpenStore, probe: Probe) -> None:
    bulk, _ = await _begun(store)
    assert bulk.execution is not None
    assert await store.bulks.prune(AT + 100, 9) == 0, "it goes on"
    execution = replace(bulk.execution, state=BulkState.COMPLETED, completed_at=AT)
    progress = Progress(BulkState.COMPLETED, completed_at=AT, execution=execution)
    assert await store.bulks.advance(bulk, 4, progress, AT)
    assert await store.bulks.prune(AT, 9) == 0, "it is young"
    assert [await store.bulks.prune(AT + 1, 2) for _ in range(3)] == [2, 1, 0]
    for table in ("bulk", "bulk_organization", "bulk_execution", "bulk_device"):
        assert await probe.value(f"SELECT COUNT(*) FROM {table}") == 0


@pytest.fixture
async def devices(store: OpenStore) -> dict[str, int]:
    """Devices of two organizations and of two types: up and down, idle and with work."""
    organizations = [await store.organizations.create(OrganizationDetails(name), AT) for name in ("o1", "o2")]
    types = [await store.types.create(DeviceTypeDetails(f"type {name}", name), AT) for name in ("t1", "t2")]
    found = dict(zip(("o1", "o2", "t1", "t2"), (*organizations, *types), strict=True))
    for name, organization, kind in (("a", "o1", "t1"), ("b", "o1", "t2"), ("c", "o2", "t1"), ("d", None, None)):
        found[name] = await store.devices.create(
            uuid=name,
            name=name,
            identity=Identity("00AABB", "Box", f"serial {name}"),
            at=AT,
            organization_id=None if organization is None else found[organization],
            type_id=None if kind is None else found[kind],
        )
    await meet(store, found["a"])
    await store.operations.queue(operation(found["b"]), AT)
    return found


@pytest.mark.parametrize(
    ("organizations", "types", "statuses", "names", "meant"),
    [
        (None, [], [], [], "abcd"),
        (["o1"], [], [], [], "ab"),
        (["o1", "o2"], ["t1"], [], [], "ac"),
        ([], [], [], [], ""),
        (None, ["t1", "t2", "t3"], [], [], "abc"),
        (None, [], [TargetStatus.UP], [], "a"),
        (None, [], [TargetStatus.DOWN], [], "bcd"),
        (None, [], [TargetStatus.PENDING], [], "b"),
        (None, [], [TargetStatus.PENDING, TargetStatus.UP], [], "ab"),
        (None, [], [TargetStatus.ACTIVE], [], "abcd"),
        (["o1"], [], [TargetStatus.DOWN], [], "b"),
        (None, [], [], ["a", "serial c", "nobody"], "ac"),
        (["o1"], [], [], ["a", "serial c"], "a"),
    ],
)
async def test_which_devices_are_meant(
    store: OpenStore,
    devices: dict[str, int],
    organizations: Sequence[str] | None,
    types: Sequence[str],
    statuses: Sequence[TargetStatus],
    names: Sequence[str],
    meant: str,
) -> None:
    among = None if organizations is None else tuple(devices[each] for each in organizations)
    targets = Targets(among, tuple(types), tuple(statuses), tuple(names))
    found = await store.targets.some(targets, after=0, most=9)
    assert "".join(each.name for each in found) == meant
    assert sum((await store.targets.count(targets)).values()) == len(meant)
    if found:
        assert await store.targets.some(targets, after=found[0].device_id, most=9) == found[1:]
        assert await store.targets.some(targets, after=0, most=1) == found[:1]


async def test_names_that_nobody_has_are_told(store: OpenStore, devices: dict[str, int]) -> None:
    names = ["a", "serial c", "nobody", "d"]
    assert await store.targets.unknown(names, None) == ["nobody"]
    assert await store.targets.unknown(names, [devices["o1"]]) == ["serial c", "nobody", "d"]
