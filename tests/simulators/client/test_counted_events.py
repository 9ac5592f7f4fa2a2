"""Events are counted as often as they were told and acknowledged."""

from cwmp_schemas import events
from simulators.device.pending import MAX_EVENTS
from tests.simulators.client.scripted import Heard, Say, Visiting, asking, serving


async def test_a_call_that_comes_while_the_last_one_is_told_is_told_again_and_both_are_counted() -> None:
    here = asking()

    def calls(heard: Heard) -> Say:
        if b":Inform>" in heard.body and len(server.heard) == 1:
            device.cpe.called(device.now)
        return here(heard)

    async with serving(calls) as server:
        device = Visiting(server.url)
        assert await device.session() == "ok"
        assert device.tally.events[events.CONNECTION_REQUEST] == 1
        device.cpe.advance(device.now)
        assert await device.session() == "ok"
    assert device.tally.events[events.CONNECTION_REQUEST] == 2


async def test_events_with_one_key_that_take_two_sessions_are_all_counted() -> None:
    async with serving(asking()) as server:
        device = Visiting(server.url)
        for _ in range(MAX_EVENTS):
            device.cpe.pending.add(events.M_SCHEDULE_INFORM, "key")
        assert [await device.session(), await device.session()] == ["ok", "ok"]
    assert device.tally.events[events.M_SCHEDULE_INFORM] == MAX_EVENTS
