"""News on its way: put once, given to one caller at a time, kept until it is taken or given up; on both databases."""

import asyncio
from dataclasses import replace
from typing import Any

from acs.domain.delivery import Channel, Delivery, DeliveryState, NewDelivery
from acs.store.deliveries import DeliveryFilter, DeliveryStore, delivery_step
from acs.store.listing import Slice
from tests.contract.opened import OpenStore, Probe, opened
from tests.contract.samples import AT, TEXTS, make_device, operation

NEWS = NewDelivery(
    "dlv_1", "operation", "op_1", 7, Channel.WEBHOOK, "https://noc.example.net/", "operation.completed", "{}"
)


async def put(store: OpenStore, *news: NewDelivery) -> None:
    for each in news:
        await store.writer.write(each.subject_id, delivery_step([each], AT))


async def of(deliveries: DeliveryStore, subject_id: str) -> list[Delivery]:
    """The deliveries of an operation, newest first."""
    return list((await deliveries.page(Slice(), DeliveryFilter(subject_id))).items)


async def queue_told(store: OpenStore, device_id: int, name: str) -> str:
    """An operation of whose end somebody is to be told; its public id."""
    queued = replace(operation(device_id, name), notification='{"email": "noc@example.net"}')
    await store.operations.queue(queued, AT)
    return queued.public_id


async def test_what_is_put_is_found_again_as_it_was(store: OpenStore) -> None:
    news = [replace(NEWS, public_id=f"dlv_{number}", target=text, payload=text) for number, text in enumerate(TEXTS)]
    await put(store, *news)
    await store.reopen()
    found = await of(store.deliveries, "op_1")
    assert [each.news for each in found] == news[::-1]
    assert {(each.state, each.attempts, each.next_at, each.created, each.ended) for each in found} == {
        (DeliveryState.WAITING, 0, AT, AT, None)
    }
    assert await of(store.deliveries, "op_2") == []
    assert await store.deliveries.count_waiting() == len(TEXTS)


async def test_the_same_news_is_put_once(store: OpenStore) -> None:
    await put(store, NEWS, NEWS, replace(NEWS, target="https://elsewhere.example.net/"))
    (found,) = await of(store.deliveries, "op_1")
    assert found.news == NEWS


async def test_each_is_given_to_one_caller_until_its_time_is_over(store: OpenStore) -> None:
    await put(store, *(replace(NEWS, public_id=f"dlv_{number}") for number in range(10)))
    async with opened(store.url) as other:
        shares = await asyncio.gather(
            *(each.take_due(AT, AT + 60, 10) for each in (store.deliveries, other.deliveries) * 3)
        )
    taken = [each.news.public_id for share in shares for each in share]
    assert sorted(taken) == sorted(f"dlv_{number}" for number in range(10))
    assert await store.deliveries.take_due(AT + 59, AT + 120, 10) == []
    again = await store.deliveries.take_due(AT + 60, AT + 120, 3)
    assert [each.attempts for each in again] == [2, 2, 2]


async def test_what_came_of_an_attempt_that_was_given_up_for_lost_changes_nothing(store: OpenStore) -> None:
    await put(store, NEWS)
    (first,) = await store.deliveries.take_due(AT, AT + 60, 1)
    (second,) = await store.deliveries.take_due(AT + 60, AT + 120, 1)
    done: dict[str, Any] = {"next_at": AT + 61, "last_error": "", "ended": AT + 61}
    assert not await store.deliveries.settle(first, DeliveryState.FAILED, **done)
    assert await store.deliveries.settle(second, DeliveryState.DELIVERED, **done)
    assert not await store.deliveries.settle(second, DeliveryState.FAILED, **done)
    (found,) = await of(store.deliveries, "op_1")
    assert (found.state, found.attempts, found.ended) == (DeliveryState.DELIVERED, 2, AT + 61)
    assert await store.deliveries.take_due(AT + 1_000, AT + 2_000, 1) == []


async def test_an_end_is_untold_until_it_is_put_on_its_way_and_again_when_it_is_known_better(
    store: OpenStore, probe: Probe
) -> None:
    device_id = await make_device(store)
    public_id = await queue_told(store, device_id, "1")
    await store.operations.queue(operation(device_id, "2"), AT)
    assert await store.deliveries.untold(10) == []
    await probe.execute(f"UPDATE operation SET state = 'unknown', completed_at = {AT}")
    (end,) = await store.deliveries.untold(10)
    assert (end.public_id, end.state, end.device_name, end.serial_number) == (public_id, "unknown", "device S1", "S1")
    await store.deliveries.tell(end, [replace(NEWS, subject_id=public_id)], AT)
    assert await store.deliveries.untold(10) == []
    await probe.execute("UPDATE operation SET state = 'completed'")
    (better,) = await store.deliveries.untold(10)
    assert (better.public_id, better.state) == (public_id, "completed")
    # Whoever looked before that says what was, and takes nothing away from what is.
    await store.deliveries.tell(end, [], AT)
    assert [each.state for each in await store.deliveries.untold(10)] == ["completed"]


async def test_old_ones_go_a_few_at_a_time_and_what_waits_stays(store: OpenStore) -> None:
    deliveries: DeliveryStore = store.deliveries
    await put(store, *(replace(NEWS, public_id=f"dlv_{number}") for number in range(5)))
    for each in await deliveries.take_due(AT, AT + 60, 4):
        await deliveries.settle(each, DeliveryState.FAILED, next_at=AT, last_error="no", ended=AT)
    assert await deliveries.prune(AT, 10) == 0
    assert await deliveries.prune(AT + 1, 3) == 3
    assert await deliveries.prune(AT + 1, 3) == 1
    (left,) = await of(deliveries, "op_1")
    assert left.state is DeliveryState.WAITING
