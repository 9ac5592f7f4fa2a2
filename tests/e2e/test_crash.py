"""The server is killed again and again in the middle of its work: nothing that it acknowledged is lost or untrue."""

import asyncio
from pathlib import Path
from random import Random
from typing import Final

import pytest

from tests.e2e.crash.beat import Beat
from tests.e2e.crash.fleet import Operator, Router
from tests.e2e.crash.processes import ServerProcess
from tests.e2e.crash.story import contradictions
from tests.e2e.serving import serving

_ROUTERS: Final = 18
_SEED: Final = 20261121
_TURNS: Final = 60
_ROUNDS: Final = 150


@pytest.mark.parametrize(("server", "kills"), [("sqlite", 22), ("postgresql", 11)], indirect=["server"])
async def test_what_was_acknowledged_is_true_however_often_the_server_is_killed(
    database_url: str, kills: int, tmp_path: Path
) -> None:
    random = Random(_SEED)
    process = ServerProcess(database_url, tmp_path, idle_timeout=5, retry_delay_minutes=0.1, drain_timeout=2)
    beat = Beat()
    routers = [
        Router(process, beat, f"CRASH{number:03}", Random(random.random()), boots_alone=number % 3 == 0)
        for number in range(_ROUTERS)
    ]
    operator = Operator(process, beat, routers, Random(random.random()))
    try:
        await process.start()
        async with asyncio.TaskGroup() as group:
            for router in routers:
                group.create_task(router.live())
            work = group.create_task(operator.work())
            for _ in range(kills):
                await _killed(process, beat, random)
            operator.is_over = True
            await work
            await _calm(beat, routers, operator)
            for router in routers:
                router.is_over = True
        process.terminate()
        assert await process.ended() == 0
    finally:
        await process.close()
        for router in routers:
            router.drop()
    async with serving(database_url, tmp_path) as served:
        found = await contradictions(served, routers, operator)
    assert not found, f"seed {_SEED}, {kills} kills, {len(operator.promised)} operations:\n" + "\n".join(found)
    assert len(operator.promised) > 3 * kills


async def _killed(process: ServerProcess, beat: Beat, random: Random) -> None:
    """Kill the server at an instant that chance chooses by what has happened, and start the next one."""
    await beat.wait(random.randint(1, 600))
    for _ in range(random.randint(0, _TURNS)):
        await asyncio.sleep(0)
    process.kill()
    await process.ended()
    await process.start()


async def _calm(beat: Beat, routers: list[Router], operator: Operator) -> None:
    """Let the routers call until nothing is left to be done."""
    for router in routers:
        router.is_calm = True
    for _ in range(_ROUNDS):
        await beat.wait(2 * len(routers))
        if not any(router.has_news for router in routers) and await operator.count_open() == 0:
            return
    raise AssertionError(f"{await operator.count_open()} operations are still open")
