"""The demo as somebody meets it: one command, text to paste, Ctrl-C."""

import asyncio
import re
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import psutil
import pytest

from simulators.demo.__main__ import farewell
from tests.api.client import Client
from tests.api.tour import request_of
from tests.outside import ROOT

_END = "Ctrl-C ends"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_it_ends_when_somebody_says_so_or_closes_the_terminal(number: int) -> None:
    ended = farewell()
    assert not ended.is_set()
    signal.raise_signal(number)
    async with asyncio.timeout(60):
        await ended.wait()


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody has."""
    with socket.create_server(("127.0.0.1", 0)) as holder:
        yield int(holder.getsockname()[1])


async def test_it_prints_commands_that_work_and_ends_without_a_trace(tmp_path: Path, taken: int) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "simulators.demo", "--api-port", "0", "--devices", "10"),
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path), "HOME": str(tmp_path), "AIOACS_CWMP_PORT": str(taken)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        printed = await _until(process, _END)
        assert f"Port {taken} is in use" in printed
        children = psutil.Process(process.pid).children(recursive=True)
        assert len(children) == 2
        port = re.search(r"^export API=http://127\.0\.0\.1:(\d+)/api/v1$", printed, re.MULTILINE)
        token = re.search(r"^export AUTH=\"Authorization: Bearer (\S+)\"$", printed, re.MULTILINE)
        assert port is not None
        assert token is not None
        commands = [line for line in printed.splitlines() if line.startswith("curl ")]
        assert len(commands) > 100
        (listing,) = (line for line in commands if line.endswith('"$API/inventory_device/?limit=5"'))
        async with aiohttp.ClientSession() as session:
            request = request_of(listing.replace('"$API', '"'), {"AUTH": f"Authorization: Bearer {token[1]}"}, tmp_path)
            said = await request.send(Client(int(port[1]), session))
        # Ten routers, and what is there to be deleted.
        assert said.json["count"] == 10 + 4
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(60):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert not [each for each in children if each.is_running()]
    assert not _left_behind(tmp_path)


async def _until(process: asyncio.subprocess.Process, end: str) -> str:
    """What a process prints until a line that begins like this."""
    assert process.stdout is not None
    printed: list[str] = []
    async with asyncio.timeout(120):
        while line := (await process.stdout.readline()).decode():
            printed.append(line)
            if line.startswith(end):
                break
    assert printed[-1].startswith(end), "".join(printed)
    return "".join(printed)


def _left_behind(folder: Path) -> list[Path]:
    return list(folder.glob("aioacs-demo-*"))
