"""Server processes that begin with everything imported: one process imports it all, and is forked for each of them.

To import the server takes ten times as long as all else that a start does, and a battle starts a thousand of them.
"""

import asyncio
import atexit
import functools
import json
import os
import runpy
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from tests.outside import ROOT


class Hatched:
    """A process of its own, killed and waited for as any other."""

    def __init__(self, pid: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.pid = pid
        self.returncode: int | None = None
        """Its status; None while it runs."""
        self._reader = reader
        self._writer = writer
        self._watching = asyncio.create_task(self._watch())

    @classmethod
    async def hatch(cls, program: str, environment: Mapping[str, str], folder: Path, log: Path) -> Self:
        """Run a module in a folder; what it writes to standard error goes to the end of a file."""
        reader, writer = await asyncio.open_unix_connection(await asyncio.to_thread(_nest))
        asked = {"program": program, "environment": dict(environment), "folder": str(folder), "log": str(log)}
        writer.write(json.dumps(asked).encode() + b"\n")
        return cls(int(await reader.readline()), reader, writer)

    async def wait(self) -> int:
        """Wait for its end; its status."""
        return await asyncio.shield(self._watching)

    def terminate(self) -> None:
        """Ask it to stop."""
        if self.returncode is None:
            os.kill(self.pid, signal.SIGTERM)

    async def _watch(self) -> int:
        said = await self._reader.readline()
        self.returncode = int(said) if said else -signal.SIGKILL
        self._writer.close()
        return self.returncode


@functools.cache
def _nest() -> str:
    """The socket of the process that is forked; it ends with this one, however this one ends."""
    folder = tempfile.mkdtemp(prefix="aioacs-nest-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = f"{folder}/socket"
    nest = subprocess.Popen(
        [sys.executable, "-m", "tests.e2e.crash.nest", path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    atexit.register(nest.communicate)
    assert nest.stdout is not None
    assert nest.stdout.readline() == b"ready\n"
    return path


class _Nest:
    """Forks, and tells how each ends."""

    def __init__(self, path: str) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(path)
        self._listener.listen(64)
        self._children: dict[int, socket.socket] = {}
        self._wakened, self._wakes = socket.socketpair()
        self._wakes.setblocking(False)
        self._wakened.setblocking(False)
        signal.set_wakeup_fd(self._wakes.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def run(self) -> dict[str, Any] | None:
        """In a child, what it is to be; None in the nest itself, once nobody needs it."""
        while True:
            ready, _, _ = select.select([self._listener, self._wakened, sys.stdin], [], [])
            if sys.stdin in ready:
                for pid in self._children:
                    os.kill(pid, signal.SIGKILL)
                return None
            if self._wakened in ready:
                self._bury()
            if self._listener in ready and (asked := self._hatch()) is not None:
                return asked

    def _hatch(self) -> dict[str, Any] | None:
        caller, _ = self._listener.accept()
        asked: dict[str, Any] = json.loads(caller.makefile().readline())
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for each in (caller, self._listener, self._wakened, self._wakes, *self._children.values()):
                each.close()
            return asked
        self._children[pid] = caller
        caller.sendall(f"{pid}\n".encode())
        return None

    def _bury(self) -> None:
        with suppress(BlockingIOError):
            self._wakened.recv(4096)
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                caller = self._children.pop(ended[0])
                with suppress(OSError):
                    caller.sendall(f"{os.waitstatus_to_exitcode(ended[1])}\n".encode())
                caller.close()


def _become(asked: Mapping[str, Any]) -> None:
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["folder"])
    nothing, said = os.open(os.devnull, os.O_RDWR), os.open(asked["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for file, place in ((nothing, 0), (nothing, 1), (said, 2)):
        os.dup2(file, place)
    os.close(nothing)
    os.close(said)
    runpy.run_module(asked["program"], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    import tests.e2e.crash.operator_server  # noqa: F401  with it comes all that a server needs

    nest = _Nest(sys.argv[1])
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    found = nest.run()
    if found is not None:
        _become(found)
