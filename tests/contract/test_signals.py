"""What processes tell each other through PostgreSQL, where whoever may connect may say anything."""

import asyncio

import asyncpg

from acs.store.signals import PostgresqlSignals
from tests.contract.servers import Server


async def test_only_the_numbers_of_devices_are_heard_whatever_others_say(postgresql_server: Server) -> None:
    name = await postgresql_server.create()
    stranger = await asyncpg.connect(postgresql_server.url(name))
    errors: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))
    heard: asyncio.Queue[int] = asyncio.Queue()
    signals = PostgresqlSignals(postgresql_server.url(name))
    listening = asyncio.create_task(signals.run(heard.put_nowait))
    try:
        async with asyncio.timeout(30):
            # What is announced comes back once somebody listens.
            signals.announce(1)
            assert await heard.get() == 1
            for said in ("", "0x1", "-1", "\u0661", "1 2", "device", "9" * 19, "9" * 5_000, "42"):
                await stranger.execute("SELECT pg_notify('aioacs_work', $1)", said)
            assert await heard.get() == 42
        assert (heard.qsize(), errors) == (0, [])
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await stranger.close()
        await postgresql_server.drop(name)
