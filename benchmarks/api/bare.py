"""The baseline: aiohttp with nothing around it, which answers as many octets as the path says, always the same.

``python -m benchmarks.api.bare`` prints its port and serves until SIGTERM. It has no database, no tokens and no routes:
whatever a real server does more is its price.
"""

import argparse
from functools import lru_cache

from aiohttp import web

from benchmarks.engine import loops


@lru_cache
def _body(size: int) -> bytes:
    return b"x" * size


async def answer(request: web.BaseRequest) -> web.StreamResponse:
    """So many octets; what a post brings is read, as any server must."""
    if request.method == "POST":
        await request.read()
    return web.Response(body=_body(int(request.path[1:] or 0)), content_type="application/json")


async def _main(port: int) -> None:
    server = web.Server(answer, access_log=None)
    try:
        await loops.serve(server, port)
    finally:
        await server.shutdown(timeout=1.0)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--port", type=int, default=0, help="0: the kernel chooses")
    loops.run(_main(arguments.parse_args().port))
