"""What befalls the server. Each comes to an end by itself, after which everything must go on."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

import asyncpg
import psutil

from tests.chaos.line import Weather
from tests.chaos.shortage import FULL, limited, locked

if TYPE_CHECKING:
    from tests.chaos.battle import Battle

Fault = Callable[["Battle"], Awaitable[None]]
_COMMITS: Final = ("contact.meet", "operation.queue", "operation.claim", "operation.mark_sent", "operation.settle")


async def kill(battle: "Battle") -> None:
    """Kill it at any instant (kill -9), and start the next one."""
    await battle.beat.wait(battle.random.randint(1, 120))
    for _ in range(battle.random.randint(0, 60)):
        await asyncio.sleep(0)
    await battle.replace(by_force=True)


async def kill_at_a_commit(battle: "Battle") -> None:
    """Kill it when something has just been committed, and nobody knows."""
    await battle.process.ask(do="end", after=battle.random.choice(_COMMITS))
    # It may be that nothing of the kind is committed any more.
    waiting = {asyncio.create_task(battle.process.gone()), asyncio.create_task(battle.beat.wait(400))}
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for each in waiting:
        each.cancel()
    await battle.replace(by_force=True)


async def restart(battle: "Battle") -> None:
    """Stop it in good order, and start the next one."""
    await battle.beat.wait(battle.random.randint(1, 120))
    await battle.replace(by_force=False)


async def freeze(battle: "Battle") -> None:
    """Let it stand still in the middle of whatever it does (kill -STOP), and go on (kill -CONT)."""
    pid = battle.process.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(battle.random.uniform(0.05, 2.0))
    finally:
        os.kill(pid, signal.SIGCONT)
    await battle.beat.wait(50)


async def break_lines(battle: "Battle") -> None:
    """Let connections break in the middle of what is said, and be slow."""
    battle.line.weather = Weather(breaks=0.4, delays=0.2)
    try:
        await battle.beat.wait(battle.random.randint(50, 300))
    finally:
        battle.line.weather = Weather()


async def set_clock(battle: "Battle") -> None:
    """Set its clock back or forward, by seconds or by hours; later it is right again."""
    for ahead in (battle.random.choice((-7_200, -90, -5, 5, 90, 7_200)), 0):
        await battle.process.ask(do="clock", ahead=ahead)
        await battle.beat.wait(60)


async def lock_database(battle: "Battle") -> None:
    """Keep its database from it for longer than it likes to wait."""
    seconds = battle.random.uniform(0.2, 7.0)
    if battle.database_url.startswith("sqlite"):
        with locked(battle.database_url.removeprefix("sqlite:///")):
            await asyncio.sleep(seconds)
    else:
        other = await asyncpg.connect(battle.database_url)
        try:
            async with other.transaction():
                # One table, which every unit of work touches: of two that are locked one after the other a unit may
                # hold the second and wait for the first.
                await other.execute("LOCK TABLE device IN ACCESS EXCLUSIVE MODE")
                await asyncio.sleep(seconds)
        finally:
            await other.close()
    await battle.beat.wait(100)


async def starve_of_files(battle: "Battle") -> None:
    """Let it open no further file or connection."""
    with limited(battle.process.pid, psutil.RLIMIT_NOFILE, lambda process: process.num_fds()):
        await asyncio.sleep(battle.random.uniform(0.2, 3.0))
    await battle.beat.wait(100)


async def starve_of_memory(battle: "Battle") -> None:
    """Let it have no more memory than it has, and a little."""
    with limited(battle.process.pid, psutil.RLIMIT_AS, lambda process: process.memory_info().vms + (4 << 20)):
        await battle.beat.wait(100)


async def fill_files(battle: "Battle") -> None:
    """Let its files grow no further, as on a full disk."""
    with limited(battle.process.pid, psutil.RLIMIT_FSIZE, lambda _: FULL):
        await asyncio.sleep(battle.random.uniform(0.2, 3.0))
    await battle.beat.wait(100)


async def cut_database(battle: "Battle") -> None:
    """Cut all its connections to PostgreSQL."""
    other = await asyncpg.connect(battle.database_url)
    try:
        await other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    finally:
        await other.close()
    await battle.beat.wait(100)


async def stop_database(battle: "Battle") -> None:
    """Stop PostgreSQL in the middle of whatever it does, and start it again."""
    assert battle.control is not None
    await asyncio.to_thread(battle.control, "-m", battle.random.choice(("fast", "immediate")), "stop")
    try:
        await asyncio.sleep(battle.random.uniform(0.2, 3.0))
    finally:
        await asyncio.to_thread(battle.control, "start")
    await battle.beat.wait(100)


ON_ANY: Final[dict[str, Fault]] = {
    "kill": kill,
    "commit": kill_at_a_commit,
    "restart": restart,
    "freeze": freeze,
    "lines": break_lines,
    "clock": set_clock,
    "lock": lock_database,
    "files": starve_of_files,
    "memory": starve_of_memory,
}
"""All that can befall a server, by name."""
ON_SQLITE: Final[dict[str, Fault]] = {**ON_ANY, "disk": fill_files}
"""With a database in a file of its own."""
ON_POSTGRESQL: Final[dict[str, Fault]] = {**ON_ANY, "cut": cut_database, "down": stop_database}
"""With a server of its own."""
