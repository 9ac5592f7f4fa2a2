"""Whoever works on a thing is alone with it, and nothing is remembered once nobody does."""

import asyncio

import pytest

from acs.services.turns import Turns


async def test_one_after_the_other_in_the_order_of_their_coming() -> None:
    turns, seen = Turns(), list[str]()

    async def work(who: str, thing: int) -> None:
        async with turns.of(thing):
            seen.append(f"{who} begins")
            await asyncio.sleep(0)
            seen.append(f"{who} ends")

    await asyncio.gather(work("a", 1), work("b", 1), work("c", 1))
    assert seen == ["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]
    assert len(turns) == 0


async def test_another_thing_does_not_wait() -> None:
    turns = Turns()
    async with turns.of(1), turns.of(2):
        assert len(turns) == 2


async def test_who_fails_or_gives_up_is_in_nobodys_way() -> None:
    turns = Turns()
    with pytest.raises(ValueError, match="no"):
        async with turns.of(1):
            raise ValueError("no")

    async def work() -> None:
        async with turns.of(1):
            pass

    async with turns.of(1):
        waits = asyncio.create_task(work())
        await asyncio.sleep(0)
        waits.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waits
    await work()
    assert len(turns) == 0
