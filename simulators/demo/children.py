"""The processes of the demo: each is the command ``aioacs``, with its log in a file, and ends with the demo."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

_PATIENCE: Final = 20.0


@asynccontextmanager
async def child(
    *arguments: str, folder: Path, log: Path, settings: Mapping[str, str] | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """``aioacs`` with these arguments and settings, and none of those that stand around."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIOACS_", "SIMULATE_"))}
    # The sources, where the demo runs from them, have to be found from another folder as well.
    kept["PYTHONPATH"] = os.pathsep.join(filter(None, (str(Path(__file__).parents[2]), kept.get("PYTHONPATH", ""))))
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "acs", *arguments),
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=kept | dict(settings or {}),
            # Ctrl-C is for the demo, which then ends what it has started.
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(_PATIENCE):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
