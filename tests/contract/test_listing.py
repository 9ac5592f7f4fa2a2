"""Pages of lists: every row once, whatever the order and the way to page, on both databases."""

from itertools import pairwise

import pytest

from acs.domain.inventory import OrganizationDetails
from acs.store.listing import Listing, Order, Slice, Wanted, among
from acs.store.statements import Row
from tests.contract.opened import OpenStore
from tests.contract.samples import AT

NAMES = ["b", "a", "c", "b b", "ä", "Z", "", "a a", "10", "9", "zz"]


def _row(row: Row) -> tuple[int, str]:
    return row[0], row[1]


LIST: Listing[tuple[int, str]] = Listing("organization", "list", _row)
BY_NUMBER = Order("organization.id", "organization.id")
# Many have the same description: the key tells them apart.
BY_DESCRIPTION = Order("organization.description", "organization.id")


@pytest.fixture
async def filled(store: OpenStore) -> OpenStore:
    for number, name in enumerate(NAMES):
        await store.organizations.create(OrganizationDetails(name, f"d{number % 3}"), AT)
    return store


@pytest.mark.parametrize("order", [BY_NUMBER, BY_NUMBER.reversed(), BY_DESCRIPTION, BY_DESCRIPTION.reversed()])
@pytest.mark.parametrize("limit", [1, 3, 4, 11, 50])
async def test_offsets_and_cursors_give_every_row_once_and_in_order(
    filled: OpenStore, order: Order, limit: int
) -> None:
    whole = await LIST.page(filled.database, Wanted(order), Slice(100))
    assert len(whole.items) == whole.count == len(NAMES)
    by_offset: list[tuple[int, str]] = []
    for offset in range(0, len(NAMES) + limit, limit):
        page = await LIST.page(filled.database, Wanted(order), Slice(limit, offset))
        assert (page.following is not None) == (offset + limit < len(NAMES))
        by_offset += page.items
    assert by_offset == whole.items
    by_cursor: list[tuple[int, str]] = []
    part = Slice(limit)
    while True:
        page = await LIST.page(filled.database, Wanted(order), part)
        assert page.count == len(NAMES)
        by_cursor += page.items
        if page.following is None:
            break
        part = Slice(limit, after=page.following)
    assert by_cursor == whole.items


async def test_an_order_holds(filled: OpenStore) -> None:
    page = await LIST.page(filled.database, Wanted(BY_NUMBER.reversed()), Slice(100))
    assert all(one[0] > other[0] for one, other in pairwise(page.items))


async def test_conditions_hold_for_rows_and_count(filled: OpenStore) -> None:
    wanted = Wanted(BY_NUMBER, (among("organization.name", "names", "text"),), {"names": '["a", "zz", "q"]'})
    page = await LIST.page(filled.database, wanted, Slice(1))
    assert [name for _, name in page.items] == ["a"]
    assert page.count == 2
    assert page.following is not None
    rest = await LIST.page(filled.database, wanted, Slice(5, after=page.following))
    assert [name for _, name in rest.items] == ["zz"]


async def test_behind_the_end_there_is_nothing(filled: OpenStore) -> None:
    for offset in (len(NAMES), len(NAMES) + 1, 2**40):
        page = await LIST.page(filled.database, Wanted(BY_NUMBER), Slice(3, offset))
        assert page.items == []
        assert page.count == len(NAMES)
        assert page.following is None
