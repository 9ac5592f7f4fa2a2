"""Several processes that share the ports, and the one that watches over them."""

import asyncio
import signal
import sys
from typing import Final

from acs.__main__ import WORKER_OPTION
from acs.logs import configure, get_logger
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
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopped.set)
    keepers = [asyncio.create_task(_keep(number, settings, stopped)) for number in range(1, settings.workers + 1)]
    # The first that gives up stops the others.
    await asyncio.wait(keepers, return_when=asyncio.FIRST_COMPLETED)
    stopped.set()
    ended_well = await asyncio.gather(*keepers)
    return 0 if all(ended_well) else 1


async def _keep(number: int, settings: Settings, stopped: asyncio.Event) -> bool:
    """Keep one worker running; False if that cannot be done."""
    log, loop = get_logger(worker=number), asyncio.get_running_loop()
    pause, failures = _FIRST_PAUSE, 0
    while True:
        started = loop.time()
        # Nothing is ever written to it: its end tells the worker that nobody watches over it any more.
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "acs", "serve", WORKER_OPTION, stdin=asyncio.subprocess.PIPE
        )
        if await _ended_by_itself(worker, stopped):
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
                return await worker.wait() == 0
        except TimeoutError:
            log.error("a worker did not stop in time and is killed")
            worker.kill()
            await worker.wait()
            return False


async def _ended_by_itself(worker: asyncio.subprocess.Process, stopped: asyncio.Event) -> bool:
    """Whether a worker ends before all are to stop."""
    end, stop = asyncio.create_task(worker.wait()), asyncio.create_task(stopped.wait())
    await asyncio.wait([end, stop], return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    by_itself = end.done()
    end.cancel()
    return by_itself
