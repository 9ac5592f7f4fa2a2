"""The event loop that the programs here share, and how those that listen start and end."""

import asyncio
import resource
import signal
from collections.abc import Callable, Coroutine
from typing import Final, TypeVar

HOST: Final = "127.0.0.1"
# With aiohttp's 128 a third of the rate is lost at 200 connections at once: the kernel drops the calls that overflow.
BACKLOG: Final = 2048

_T = TypeVar("_T")

_new_loop: Callable[[], asyncio.AbstractEventLoop]
try:
    import uvloop

    _new_loop = uvloop.new_event_loop
except ImportError:
    _new_loop = asyncio.new_event_loop


def run(main: Coroutine[object, object, _T]) -> _T:
    """Run a program to its end, on uvloop where there is one."""
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        return runner.run(main)


def raise_file_limit() -> None:
    """Let this process and those it starts have as many connections as the system allows."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def listen(factory: Callable[[], asyncio.BaseProtocol], port: int = 0) -> tuple[asyncio.Server, int]:
    """A server on the loopback, and its port; the kernel chooses one for 0."""
    server = await asyncio.get_running_loop().create_server(factory, HOST, port, backlog=BACKLOG)
    return server, server.sockets[0].getsockname()[1]


async def serve(factory: Callable[[], asyncio.BaseProtocol], port: int) -> None:
    """Listen, print the port, and go on until SIGTERM or SIGINT."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    server, chosen = await listen(factory, port)
    print(chosen, flush=True)
    await stopped.wait()
    server.close()
