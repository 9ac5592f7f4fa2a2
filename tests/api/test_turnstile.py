"""Requests that come together begin some turns of the loop apart; one that comes alone begins at once."""

import asyncio

from api.turnstile import Turnstile


class Entrance:
    """Counts the turns of the loop, and notes in which one somebody was let in."""

    def __init__(self) -> None:
        self.turnstile = Turnstile()
        self.turn = 0
        self.let_in: dict[str, int] = {}

    async def come(self, name: str) -> None:
        await self.turnstile.passed()
        self.let_in[name] = self.turn

    async def go_on(self, turns: int) -> None:
        for _ in range(turns):
            await asyncio.sleep(0)
            self.turn += 1


async def test_a_crowd_is_let_in_one_by_one_in_its_order_and_the_loop_has_turns_in_between() -> None:
    entrance = Entrance()
    coming = [asyncio.create_task(entrance.come(name)) for name in "abc"]
    await entrance.go_on(20)
    assert list(entrance.let_in) == ["a", "b", "c"]
    first, second, third = entrance.let_in.values()
    assert first == 0
    assert second - first >= 4
    assert third - second == 4
    assert len(entrance.turnstile) == 0
    await asyncio.gather(*coming)


async def test_who_comes_alone_is_let_in_at_once_again_and_again() -> None:
    entrance = Entrance()
    for name in "abc":
        await entrance.come(name)
        await entrance.go_on(10)
    assert entrance.let_in == {"a": 0, "b": 10, "c": 20}


async def test_who_has_gone_meanwhile_keeps_nobody_waiting() -> None:
    entrance = Entrance()
    coming = [asyncio.create_task(entrance.come(name)) for name in "abc"]
    await entrance.go_on(1)
    assert len(entrance.turnstile) == 2
    coming[1].cancel()
    await entrance.go_on(10)
    assert list(entrance.let_in) == ["a", "c"]
    assert entrance.let_in["c"] <= 6
    await asyncio.wait(coming)
