"""``python -m simulators.demo``: a server that takes every device in, 25 routers of several kinds, and what to type.

Of the settings of a server it heeds AIOACS_CWMP_PORT and AIOACS_API_PORT alone; a port that is in use gives way to a
free one.
"""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from simulators.access import AccessError, connected
from simulators.demo.children import child
from simulators.demo.curls import Curl, curls
from simulators.demo.preparing import all_called, prepare, routers_of
from simulators.demo.server import DemoError, DemoServer, running
from simulators.trees import built_in

SCENARIO: Final = Path(__file__).with_name("demo.toml")
"""What the routers are and do."""
# What commands are about: a router of the kind that has all that the document's examples speak of.
_SHOWN: Final = "tr181-router"
_IMAGE: Final = b"version=2.1\nAn image as simulated routers take it: the first line says what it is.\n"


async def demo(cwmp_port: int, api_port: int, devices: int) -> None:
    """Start everything, say what there is, and wait until somebody ends it."""
    ended = farewell()
    with tempfile.TemporaryDirectory(prefix="aioacs-demo-") as name:
        folder = Path(name)
        image = folder / "image.bin"
        image.write_bytes(_IMAGE)
        _tell("starting the server and the routers ...")
        async with running(folder, cwmp_port, api_port) as server, _routers(server, devices, folder):
            async with connected(server.access) as api:
                await all_called(api, devices)
                shown = await routers_of(api, built_in(_SHOWN).device_id.product_class, 4)
                known = await prepare(api, shown, str(image), _IMAGE)
                document = await api.ask("GET", "/openapi.json")
            for line in (*_moved(server, cwmp_port, api_port), *_introduction(server, devices, curls(document, known))):
                _tell(line)
            await ended.wait()
            _tell("stopping ...")


def farewell() -> asyncio.Event:
    """Set once somebody wants an end."""
    ended = asyncio.Event()
    # Whoever closes the terminal wants nothing to go on, either.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    return ended


def _routers(server: DemoServer, devices: int, folder: Path) -> AbstractAsyncContextManager[asyncio.subprocess.Process]:
    """The routers, in a process of their own."""
    return child(
        *("simulate", "--acs-url", server.cwmp, "--devices", str(devices), "--scenario", str(SCENARIO)),
        *("--serial-prefix", "DEMO", "--quiet"),
        folder=folder,
        log=folder / "routers.log",
    )


def _moved(server: DemoServer, cwmp_port: int, api_port: int) -> Iterator[str]:
    """Why a port is not the one that was asked for."""
    for wanted, url, variable in (
        (cwmp_port, server.cwmp, "AIOACS_CWMP_PORT"),
        (api_port, server.access.base, "AIOACS_API_PORT"),
    ):
        taken = urlsplit(url).port
        if wanted not in {0, taken}:
            yield f"Port {wanted} is in use: {taken} is taken in its place; {variable} chooses another one."


def _introduction(server: DemoServer, devices: int, commands: Iterator[Curl]) -> Iterator[str]:
    yield ""
    yield f"{devices} simulated routers call {server.cwmp} every 30 seconds; that is when operations reach them."
    yield f"The API in a browser:  {server.access.base}/docs/"
    yield f"The server's log:      {server.log}"
    yield ""
    yield "For the commands below:"
    yield ""
    yield f"export API={server.access.base}"
    yield f'export AUTH="Authorization: Bearer {server.access.token}"'
    heading = ""
    for command in commands:
        if command.tag != heading:
            heading = command.tag
            yield ""
            yield f"## {heading}"
        yield ""
        yield f"# {command.summary}"
        yield command.text
    yield ""
    yield "Ctrl-C ends server and routers; what they kept goes with them."


def _tell(line: str) -> None:
    print(line, flush=True)  # noqa: T201  # the demo talks to whoever started it


def _failed(sentence: str) -> int:
    print(f"aioacs demo: {sentence}", file=sys.stderr)  # noqa: T201
    return 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; exit status 1 when it cannot be run."""
    described = argparse.ArgumentParser(
        prog="python -m simulators.demo",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    ports = (
        ("--cwmp-port", "AIOACS_CWMP_PORT", "7547", "devices call"),
        ("--api-port", "AIOACS_API_PORT", "8080", "the API is"),
    )
    for option, variable, default, what in ports:
        # As text: argparse then says of a variable what it says of an option.
        described.add_argument(
            option,
            type=int,
            default=os.environ.get(variable) or default,
            help=f"where {what} (default: {variable}, or {default}; 0: a free one)",
        )
    described.add_argument("--devices", type=int, default=25, help="how many routers (default 25, at least 10)")
    given = described.parse_args(arguments)
    for port in (given.cwmp_port, given.api_port):
        if not 0 <= port < 65_536:
            described.error(f"{port} is no port")
    if given.devices < 10:
        described.error("a demo has at least 10 routers")
    try:
        asyncio.run(demo(given.cwmp_port, given.api_port, given.devices))
    except (AccessError, DemoError) as error:
        return _failed(str(error))
    except TimeoutError:
        return _failed("the routers did not call in time")
    return 0


if __name__ == "__main__":
    sys.exit(main())
