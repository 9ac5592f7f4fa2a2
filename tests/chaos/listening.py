"""The web server of a run: a file for devices, a place for theirs, and whatever else the run listens to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web

# A configuration that changes nothing.
_CONFIGURATION: Final = "# nothing\n"


@asynccontextmanager
async def listening(*more: web.RouteDef) -> AsyncIterator[str]:
    """Listen; gives the address, below which are ``/file`` and ``/upload``."""
    application = web.Application(client_max_size=16 << 20)
    routes = [web.get("/file", _give), web.put("/upload", _keep), web.post("/upload", _keep)]
    application.add_routes([*routes, *more])
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def _give(_: web.Request) -> web.Response:
    return web.Response(text=_CONFIGURATION)


async def _keep(request: web.Request) -> web.Response:
    async for _ in request.content.iter_any():
        pass
    return web.Response(status=201)
