"""A server of its own for the demo: another process, in a folder that goes with it."""

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp

from simulators.access import Access
from simulators.demo.children import child

HOST: Final = "127.0.0.1"
_PATIENCE: Final = 60.0


class DemoError(Exception):
    """The demo cannot go on; the sentence says why."""


@dataclass(frozen=True, slots=True)
class DemoServer:
    """A running server."""

    cwmp: str
    """Where devices call."""
    access: Access
    """The management API, as an admin."""
    log: Path
    """Where it writes its log."""


@asynccontextmanager
async def running(folder: Path, cwmp_port: int, api_port: int) -> AsyncIterator[DemoServer]:
    """A server that takes every device in; a port that is in use gives way to a free one."""
    ports = [_free(cwmp_port), _free(api_port)]
    token = "aioacs_" + secrets.token_urlsafe(32)
    log = folder / "server.log"
    server = DemoServer(f"http://{HOST}:{ports[0]}/", Access(f"http://{HOST}:{ports[1]}", token), log)
    settings = {
        "AIOACS_ONBOARDING": "open",
        "AIOACS_CWMP_HOST": HOST,
        "AIOACS_CWMP_PORT": str(ports[0]),
        "AIOACS_API_HOST": HOST,
        "AIOACS_API_PORT": str(ports[1]),
        "AIOACS_BOOTSTRAP_TOKEN": token,
        "AIOACS_DRAIN_TIMEOUT": "2",
    }
    async with child("serve", folder=folder, log=log, settings=settings) as process:
        await _ready(server, process)
        yield server


async def _ready(server: DemoServer, process: asyncio.subprocess.Process) -> None:
    async with aiohttp.ClientSession() as client, asyncio.timeout(_PATIENCE):
        while process.returncode is None:
            try:
                async with client.get(f"{server.access.base}/ready/") as reply:
                    if reply.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)
    lines = server.log.read_text("utf-8", "replace").strip().splitlines()
    raise DemoError("the server did not start" + (f": {lines[-1]}" if lines else ""))


def _free(wanted: int) -> int:
    """The port, if nobody has it, else one that the kernel chooses, as for 0."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise DemoError(f"no port is free on {HOST}")
