"""Single operations and requests for many devices in one list: each once, newest first, and only what is seen."""

from dataclasses import replace

import pytest

from acs.store.listing import Slice
from acs.store.operation_list import OperationFilters, OperationListStore
from tests.contract.opened import OpenStore, Probe
from tests.contract.samples import AT, make_device, operation

NEWEST_FIRST = ["bulk_5", "op_1_4", "bulk_3", "op_1_2", "op_2_2", "bulk_1", "op_1_0"]


@pytest.fixture
async def both(store: OpenStore, probe: Probe) -> OperationListStore:
    """Operations of two devices, each of another organization, and requests for both, one of them, and nobody's."""
    ours, theirs = await make_device(store, "ours"), await make_device(store, "theirs")
    for device_id, number in ((ours, 1), (theirs, 2)):
        await probe.execute(f"INSERT INTO organization (id, name, created) VALUES ({number}, 'o{number}', 0)")
        await probe.execute(f"UPDATE device SET organization_id = {number} WHERE id = {device_id}")
    for device_id, number in ((ours, 0), (theirs, 2), (ours, 2), (ours, 4)):
        name = f"op_{1 if device_id == ours else 2}_{number}"
        asked = replace(operation(device_id, str(number)), public_id=name)
        assert await store.operations.queue(asked, AT + number) is not None
    for number, organizations in ((1, (1,)), (3, (1, 2)), (5, (0,))):
        await probe.execute(
            "INSERT INTO bulk (public_id, kind, state, request, scheduled_for, targets, created, updated)"
            f" VALUES ('bulk_{number}', 'get', 'completed', '', 0, 1, {AT + number}, 0)"
        )
        for each in organizations:
            await probe.execute(
                "INSERT INTO bulk_organization (bulk_id, organization_id)"
                f" SELECT id, {each} FROM bulk WHERE public_id = 'bulk_{number}'"
            )
    part = replace(operation(ours, "part"), bulk_id=1)
    assert await store.operations.queue(part, AT + 9) is not None
    return OperationListStore(store.database)


async def names(both: OperationListStore, **filters: object) -> list[str]:
    """What is found, and counted."""
    found = await both.page_of_both(Slice(), OperationFilters(**filters))  # type: ignore[arg-type]
    assert found.count == len(found.items)
    return list(found.items)


async def test_each_comes_once_and_the_newest_first(both: OperationListStore) -> None:
    assert await names(both) == NEWEST_FIRST


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
async def test_offsets_and_cursors_lead_through_both(both: OperationListStore, limit: int) -> None:
    by_offset: list[str] = []
    for offset in range(0, len(NEWEST_FIRST), limit):
        by_offset += (await both.page_of_both(Slice(limit, offset), OperationFilters())).items
    assert by_offset == NEWEST_FIRST
    by_cursor, part = list[str](), Slice(limit)
    while True:
        page = await both.page_of_both(part, OperationFilters())
        by_cursor += page.items
        if page.following is None:
            break
        part = Slice(limit, after=page.following)
    assert by_cursor == NEWEST_FIRST


async def test_who_does_not_see_all_that_a_request_is_for_does_not_see_it(both: OperationListStore) -> None:
    assert await names(both, organizations=(1,)) == ["op_1_4", "op_1_2", "bulk_1", "op_1_0"]
    assert await names(both, organizations=(2,)) == ["op_2_2"]
    assert await names(both, organizations=(1, 2)) == NEWEST_FIRST[1:]
    assert await names(both, organizations=()) == []


async def test_filters_hold_for_both(both: OperationListStore) -> None:
    assert await names(both, state="completed") == ["bulk_5", "bulk_3", "bulk_1"]
    assert await names(both, state="queued", created_from=AT + 2) == ["op_1_4", "op_1_2", "op_2_2"]
    assert await names(both, kind="get", created_to=AT + 1) == ["bulk_1", "op_1_0"]
    assert await names(both, kind="set") == []


async def test_operations_are_found_by_their_names(both: OperationListStore) -> None:
    found = await both.by_public_ids(["op_2_2", "op_none", "op_1_0"])
    assert {name: each.serial_number for name, each in found.items()} == {"op_2_2": "theirs", "op_1_0": "ours"}
    assert await both.by_public_ids([]) == {}
