"""The server as ``aioacs serve`` runs it, with a door through which it is asked what it holds.

What warns of an open file or of a coroutine that nobody awaited is an error here: it stands in the log.
"""

import _sqlite3
import asyncio
import ctypes
import gc
import os
import sys
import threading
import warnings
from collections import Counter
from typing import Any, Final
from unittest import mock

import uvloop

import acs.server
from acs.settings import load_settings
from tests.e2e.crash.operator_server import Do, ServerWithDoor

_KINDS: Final = 40


class CensusServer(ServerWithDoor):
    """A server that tells what it holds."""

    def __init__(self, *given: Any, **ways: Any) -> None:
        super().__init__(*given, **ways)
        self._kept: list[bytes] = []

    def doing(self) -> dict[str, Do]:
        """See ``ServerWithDoor``."""
        return super().doing() | {"census": self._census, "leak": self._leak}

    async def _census(self, _: dict[str, Any]) -> dict[str, Any]:
        """Its tasks, its threads, and the Python objects that were made since it serves."""
        gc.collect()
        objects = Counter(type(each).__qualname__ for each in gc.get_objects())
        return {
            "tasks": dict(Counter(_name(each) for each in asyncio.all_tasks())),
            "threads": threading.active_count(),
            "objects": objects.total(),
            "kinds": dict(objects.most_common(_KINDS)),
            "blocks": sys.getallocatedblocks(),
            "pages": _memory_of_sqlite(),
        }

    async def _leak(self, command: dict[str, Any]) -> dict[str, Any]:
        """Hold on to something, as a server with a defect would."""
        self._kept.append(os.urandom(command["octets"]))
        return {"kept": len(self._kept)}


def _memory_of_sqlite() -> int:
    """Octets that SQLite holds: nearly all of it are pages of the file."""
    return int(_memory_used())


_memory_used: Final = ctypes.CDLL(_sqlite3.__file__).sqlite3_memory_used
_memory_used.restype = ctypes.c_int64


def _name(task: "asyncio.Task[Any]") -> str:
    """What a task runs; names are numbered."""
    work = task.get_coro()
    return str(getattr(work, "__qualname__", type(work).__name__))


if __name__ == "__main__":
    warnings.simplefilter("error", ResourceWarning)
    warnings.filterwarnings("error", "coroutine .* was never awaited", RuntimeWarning)
    with mock.patch.object(acs.server, "Server", CensusServer):
        uvloop.run(acs.server.serve(load_settings()))
