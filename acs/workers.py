"""Several processes that share the ports, and the one that watches over them."""

import asyncio
import signal
import sys
from collections.abc import Awaitable
from typing import Final

from acs.__main__ import FAILED, WORKER_OPTION
from acs.logs import configure, get_logger
from acs.open_files import make_room
from acs.settings import Settings

_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 30.0
_STEADY: Final = 30.0
_MOST_FAILURES: Final = 5
_GRACE: Final = 10.0


async def supervise(settings: Settings) -> int:
    """Run as many workers as the settings say until SIGTERM or SIGINT; the exit status.

    One that ends is started anew, after a pause that grows while it keeps ending; when one cannot be kept running, all
    are stopped, for whoever started this to see.
    """
    configure(settings.log_level.value, settings.log_format.value)
    # Each worker fits its own bounds; what is to be said of that is said once.
    _, room = make_room(settings)
    if not room.is_enough:
        get_logger().warning("there are few open files", reason=room.sentence, advice=room.advice)
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopped.set)
    listening = asyncio.Event()
    keepers = [asyncio.create_task(_keep(1, settings, stopped, listening))]
    # What keeps the first from listening keeps all of them from it, and is to be said once.
    await _either(listening.wait(), asyncio.shield(keepers[0]))
    if listening.is_set():
        others = range(2, settings.workers + 1)
        keepers += [asyncio.create_task(_keep(number, settings, stopped, asyncio.Event())) for number in others]
    # The first that gives up stops the others.
    await asyncio.wait(keepers, return_when=asyncio.FIRST_COMPLETED)
    stopped.set()
    ended_well = await asyncio.gather(*keepers)
    return 0 if all(ended_well) else 1


async def _keep(number: int, settings: Settings, stopped: asyncio.Event, listening: asyncio.Event) -> bool:
    """Keep one worker running; False if that cannot be done. ``listening`` is set once it has listened."""
    log, loop = get_logger(worker=number), asyncio.get_running_loop()
    pause, failures = _FIRST_PAUSE, 0
    while True:
        started = loop.time()
        # Nothing is ever written to it: its end tells the worker that nobody watches over it any more. And all that the
        # worker ever writes is a line once it listens.
        # -P: Python would else take modules from the working folder, as it does for nobody who starts the command.
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "acs", "serve", WORKER_OPTION,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        hearing = asyncio.create_task(_hear(worker, listening))
        if await _ended_by_itself(worker, stopped):
            await hearing
            if worker.returncode == FAILED and not listening.is_set():
                # It has said why, and would say so again.
                return False
            if loop.time() - started > _STEADY:
                pause, failures = _FIRST_PAUSE, 0
            failures += 1
            log.error("a worker has ended", status=worker.returncode, failures=failures)
            if failures == _MOST_FAILURES:
                return False
            try:
                async with asyncio.timeout(pause):
                    await stopped.wait()
            except TimeoutError:
                pause = min(_LONGEST_PAUSE, 2 * pause)
                continue
            return True
        worker.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(settings.drain_timeout + _GRACE):
                # One that is ended before it listens for signals dies of it.
                return await worker.wait() in {0, -signal.SIGTERM}
        except TimeoutError:
            log.error("a worker did not stop in time and is killed")
            worker.kill()
            await worker.wait()
            return False


async def _hear(worker: asyncio.subprocess.Process, listening: asyncio.Event) -> None:
    """Note that a worker listens."""
    if worker.stdout is not None and await worker.stdout.readline():
        listening.set()


async def _ended_by_itself(worker: asyncio.subprocess.Process, stopped: asyncio.Event) -> bool:
    """Whether a worker ends before all are to stop."""
    await _either(worker.wait(), stopped.wait())
    return worker.returncode is not None


async def _either(*waits: Awaitable[object]) -> None:
    """Wait for the first of these."""
    tasks = [asyncio.ensure_future(each) for each in waits]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
