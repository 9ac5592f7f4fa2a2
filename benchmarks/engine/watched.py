"""``python -m benchmarks.engine.watched``: the server, with something in its process that looks at it from within.

SIGUSR1 makes it write what it has seen since the last time into ``seen.json`` in its folder. With ``--pauses`` it sees
how long the event loop was held, by a task that is due every millisecond; without, it only counts what goes to the
database, which costs nothing that could be measured.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import Final, TypeVar

from acs import server
from acs.settings import load_settings
from acs.store.opening import AnyDatabase, open_database
from acs.store.statements import Query, Row, Step
from benchmarks.engine import loops
from benchmarks.engine.errors import ServerError
from benchmarks.engine.servers import Server
from benchmarks.results import ROOT

_SEEN: Final = "seen.json"
_BEAT: Final = 0.001
_LOOK: Final = 0.002
_LONG: Final = 0.01
_OURS: Final = ("acs", "api", "cwmp_schemas")
_PATIENCE: Final = 10.0

_T = TypeVar("_T")


@dataclass(slots=True)
class Seen:
    """What was seen in the process."""

    longest_pause: float = 0.0
    """Seconds for which the loop was held at most."""
    cpu_of_longest: float = 0.0
    """Processor time that the process took in them: the rest it waited, or others had the core."""
    holders: dict[str, float] = field(default_factory=dict)
    """Where in the sources the loop was meanwhile, as far as somebody could look, in seconds."""
    statements: int = 0
    """Statements that went to the database."""
    reads: int = 0
    """Those of them that only read."""
    database_seconds: float = 0.0
    """Seconds until all of them were answered, added up."""


def seen(watched: Server) -> Seen:
    """What a watched server has seen since it was asked the last time; ServerError if it does not say."""
    path = watched.log.with_name(_SEEN)
    path.unlink(missing_ok=True)
    os.kill(watched.process_id, signal.SIGUSR1)
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if path.exists():
            return Seen(**json.loads(path.read_text()))
        time.sleep(0.01)
    raise ServerError("the watched server does not say what it has seen")


class Watch:
    """Looks."""

    def __init__(self) -> None:
        self._seen = Seen()
        self._beat_at = time.monotonic()
        self._holders: dict[str, float] = {}

    def tell(self) -> None:
        """Write what was seen, and begin anew."""
        part = Path(f"{_SEEN}.part")
        part.write_text(json.dumps(asdict(self._seen)))
        part.replace(_SEEN)
        self._seen = Seen()

    async def beat(self) -> None:
        """See how late something comes that is due at once."""
        loop = asyncio.get_running_loop()
        while True:
            due, cpu = loop.time() + _BEAT, time.process_time()
            self._beat_at = time.monotonic()
            await asyncio.sleep(_BEAT)
            late, holders = loop.time() - due, self._holders
            self._holders = {}
            if late > self._seen.longest_pause:
                self._seen.longest_pause, self._seen.cpu_of_longest = late, time.process_time() - cpu
                self._seen.holders = holders

    def look(self) -> None:
        """See what holds the loop, from another thread, once it is held for long."""
        loop_thread, looked_at = threading.main_thread().ident or 0, time.monotonic()
        while True:
            time.sleep(_LOOK)
            # Whoever holds the loop holds Python's lock, too: it may take longer to get a look.
            now = time.monotonic()
            if now - self._beat_at > _LONG:
                place = _place(sys._current_frames().get(loop_thread))  # noqa: SLF001  there is no other way to look
                self._holders[place] = self._holders.get(place, 0.0) + now - max(looked_at, self._beat_at)
            looked_at = now

    async def open_database(self, url: str, *, pool_size: int = 10) -> AnyDatabase:
        """A database whose statements are counted."""
        database = await open_database(url, pool_size=pool_size)
        transact, fetch = database.transact, database.fetch

        async def counted_transact(steps: Sequence[Step]) -> list[list[Row]]:
            return await self._counted(len(steps), transact(steps))

        async def counted_fetch(query: Query, parameters: Mapping[str, object]) -> list[Row]:
            self._seen.reads += 1
            return await self._counted(1, fetch(query, parameters))

        # They stand before the methods of this one object.
        database.transact = counted_transact  # type: ignore[method-assign]
        database.fetch = counted_fetch  # type: ignore[method-assign]
        return database

    async def _counted(self, statements: int, work: Awaitable[_T]) -> _T:
        started = time.perf_counter()
        try:
            return await work
        finally:
            self._seen.statements += statements
            self._seen.database_seconds += time.perf_counter() - started


def _place(frame: FrameType | None) -> str:
    """The innermost function of ours."""
    while frame is not None:
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in _OURS:
            return f"{path.relative_to(ROOT)} {frame.f_code.co_name}"
        frame = frame.f_back
    return "elsewhere"


async def _main(*, sees_pauses: bool) -> None:
    watch = Watch()
    # The server takes no other way to open its database, for nobody but this needs one.
    server.open_database = watch.open_database  # type: ignore[attr-defined]
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, watch.tell)
    if sees_pauses:
        threading.Thread(target=watch.look, daemon=True).start()
    beating = asyncio.create_task(watch.beat()) if sees_pauses else None
    try:
        await server.serve(load_settings())
    finally:
        if beating is not None:
            beating.cancel()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--pauses", action="store_true", help="see how long the event loop was held")
    loops.run(_main(sees_pauses=arguments.parse_args().pauses))
