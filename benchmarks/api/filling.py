"""``python -m benchmarks.api.filling URL``: fill a database as that of a large operator is filled, in a minute or two.

It must have nothing in it, or not be there yet. The devices stay up for a day and a half from now.
"""

import argparse
import asyncio
import sqlite3
import time
from dataclasses import fields
from typing import Final

import asyncpg

from acs.store.migrations import migrate
from benchmarks.api.rows import Filling, Sizes, fillings

_SQLITE: Final = "sqlite:///"
_LONGEST: Final = 1_200.0
_NUMBERS: Final = (
    "(WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count}) "
    "SELECT n FROM numbers) AS numbers"
)
_SERIES: Final = "generate_series(CAST(1 AS BIGINT), {count}) AS numbers(n)"


async def fill(url: str, sizes: Sizes, seed: int, now: float) -> None:
    """Make the tables if they are not there, and all the rows."""
    await migrate(url)
    statements = list(fillings(sizes, seed, now))
    if url.startswith(_SQLITE):
        _fill_sqlite(url.removeprefix(_SQLITE), statements)
    else:
        await _fill_postgresql(url, statements)


def _fill_sqlite(path: str, statements: list[Filling]) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        # What breaks off is thrown away: nothing needs to be durable before the end.
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "foreign_keys = OFF", "cache_size = -500000"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("BEGIN")
        for each in statements:
            connection.execute(each.text.replace("{numbers}", _NUMBERS.format(count=each.count)))
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()


async def _fill_postgresql(url: str, statements: list[Filling]) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SET synchronous_commit = off")
        for each in statements:
            text = each.text.replace("{numbers}", _SERIES.format(count=each.count))
            await connection.execute(text, timeout=_LONGEST)
        await connection.execute("VACUUM ANALYZE", timeout=_LONGEST)
    finally:
        await connection.close()


def main() -> None:
    """Fill what the arguments name."""
    described = argparse.ArgumentParser(prog="python -m benchmarks.api.filling", description=__doc__)
    described.add_argument("url", help="sqlite:////a/file or postgresql://...")
    described.add_argument("--seed", type=int, default=1, help="another seed gives other rows (default 1)")
    for field in fields(Sizes):
        described.add_argument(f"--{field.name}", type=int, default=field.default, help=f"default {field.default}")
    arguments = described.parse_args()
    sizes = Sizes(*(getattr(arguments, field.name) for field in fields(Sizes)))
    started = time.monotonic()
    asyncio.run(fill(arguments.url, sizes, arguments.seed, time.time()))
    print(f"filled in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
