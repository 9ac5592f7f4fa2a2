"""Real server processes: started, killed at an instant, started again on the same database and port."""

import asyncio
import json
import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from tests.e2e.crash.nest import Hatched
from tests.outside import ROOT

_PATIENCE: Final = 60.0
"""Seconds for a start or an end; generous, since only a failure ever waits so long."""
_PROGRAM: Final = "tests.e2e.crash.operator_server"
DOOR: Final = "AIOACS_TEST_DOOR"
"""Names the port at which the test waits for the server."""


class ServerProcess:
    """One server after the other, each with a door for the operator (see ``operator_server``)."""

    def __init__(
        self, database_url: str, folder: Path, *, program: str = _PROGRAM, name: str = "server", **settings: object
    ) -> None:
        self._folder = folder
        self._name = name
        self._program = program
        self._url = database_url
        self._settings = settings
        # Bound and never listening: nobody else gets the port while no server has it, and whoever calls is refused.
        self._places = [socket.socket(), socket.socket()]
        for place in self._places:
            place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            place.bind(("127.0.0.1", 0))
        self.port, self.api_port = (int(place.getsockname()[1]) for place in self._places)
        self.up = asyncio.Event()
        """Set while a server runs."""
        self.starts = 0
        self.heard: list[str] = []
        """What servers without a door have said besides what was waited for."""
        self._process: asyncio.subprocess.Process | Hatched | None = None
        self._door: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._asking = asyncio.Lock()

    @property
    def log(self) -> Path:
        """What the servers have said."""
        return self._folder / f"{self._name}.log"

    @property
    def is_running(self) -> bool:
        """Whether a server runs."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int | None:
        """The number of the process."""
        return self._process.pid if self._process is not None else None

    async def serve(self, *before: str) -> None:
        """Start ``aioacs serve``, without a door, under a program such as strace; wait until it serves."""
        process = await asyncio.create_subprocess_exec(
            *before, sys.executable, "-m", "acs", "serve",
            stderr=asyncio.subprocess.PIPE, cwd=self._folder, env=self.environment(),
        )  # fmt: skip
        self._process = process
        await self.said("listening")
        self.up.set()

    async def said(self, words: str) -> str:
        """Wait until a server without a door says something; the line."""
        assert self._process is not None, "no server was started"
        assert isinstance(self._process, asyncio.subprocess.Process), "the server writes to a file"
        assert self._process.stderr is not None
        heard = self.heard
        async with asyncio.timeout(_PATIENCE):
            while line := (await self._process.stderr.readline()).decode():
                if words in line:
                    return line
                heard.append(line)
        raise AssertionError(f"the server ended without saying {words!r}: {''.join(heard)}")

    async def start(self) -> None:
        """Start a server and wait until it serves."""
        doors: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue(1)
        hall = await asyncio.start_server(lambda *door: doors.put_nowait(door), "127.0.0.1", 0)
        environment = self.environment() | {DOOR: str(hall.sockets[0].getsockname()[1])}
        self._process = process = await Hatched.hatch(self._program, environment, self._folder, self.log)
        self.starts += 1
        opened, ended = asyncio.create_task(doors.get()), asyncio.create_task(process.wait())
        await asyncio.wait({opened, ended}, timeout=_PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        hall.close()
        if not opened.done():
            opened.cancel()
            raise AssertionError(f"the server did not start: {self.log.read_text()[-2000:]}")
        self._door = opened.result()
        self.up.set()

    def environment(self) -> dict[str, str]:
        """The settings of the servers."""
        settings: dict[str, object] = {
            "database_url": self._url,
            "cwmp_host": "127.0.0.1",
            "cwmp_port": self.port,
            "api_port": self.api_port,
            "onboarding": "open",
            "secret_key_file": self._folder / "keys",
            "webhook_secret_file": self._folder / "webhook.secret",
            "files_folder": self._folder / "files",
            "trace_folder": self._folder / "traces",
            "device_sessions_per_minute": 600,
            "postgres_pool_size": 4,
            **self._settings,
        }
        kept = {name: text for name, text in os.environ.items() if not name.startswith("AIOACS_")}
        ours = {f"AIOACS_{name.upper()}": str(value) for name, value in settings.items()}
        return kept | ours | {"PYTHONPATH": str(ROOT)}

    def kill(self) -> None:
        """Kill the server at this instant."""
        if self._process is not None and self._process.returncode is None:
            os.kill(self._process.pid, signal.SIGKILL)
        self.up.clear()

    def terminate(self) -> None:
        """Ask the server to stop."""
        assert self._process is not None, "no server was started"
        self._process.terminate()

    async def gone(self) -> None:
        """Wait until there is no server any more, for whatever reason."""
        assert self._process is not None, "no server was started"
        await self._process.wait()

    async def ended(self) -> int:
        """Wait for the end of the server; its status."""
        assert self._process is not None, "no server was started"
        async with asyncio.timeout(_PATIENCE):
            if isinstance(self._process, asyncio.subprocess.Process):
                await self._process.communicate()
            status = await self._process.wait()
        self.up.clear()
        if self._door is not None:
            self._door[1].close()
            with suppress(OSError):
                await self._door[1].wait_closed()
            self._door = None
        return status

    async def ask(self, **command: Any) -> dict[str, Any] | None:
        """What the server answers to the operator; None if it ended before."""
        async with self._asking:
            door = self._door
            if door is None or not self.up.is_set():
                return None
            reader, writer = door
            try:
                writer.write(json.dumps(command).encode() + b"\n")
                line = await reader.readline()
            except OSError:
                return None
        answer: dict[str, Any] = json.loads(line) if line.endswith(b"\n") else {}
        return answer or None

    async def close(self) -> None:
        """Leave nothing behind."""
        if self._process is not None:
            self.kill()
            await self.ended()
        for place in self._places:
            place.close()
