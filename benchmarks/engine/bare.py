"""The baseline: aiohttp with nothing around it, which only reads the Inform with lxml and gives a fixed answer.

``python -m benchmarks.engine.bare`` prints its port and serves until SIGTERM. It stores nothing, checks nothing and
knows no sessions: whatever a real server does more is its price.
"""

import argparse
from typing import Final
from xml.sax.saxutils import escape

from aiohttp import web

from benchmarks.core.inform import read_by_hand
from benchmarks.engine import loops

_RESPONSE: Final = (
    '<soap-env:Envelope xmlns:soap-env="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:cwmp="urn:dslforum-org:cwmp-1-2"><soap-env:Header><cwmp:ID soap-env:mustUnderstand="1">{}</cwmp:ID>'
    "</soap-env:Header><soap-env:Body><cwmp:InformResponse><MaxEnvelopes>1</MaxEnvelopes></cwmp:InformResponse>"
    "</soap-env:Body></soap-env:Envelope>"
)


async def answer(request: web.BaseRequest) -> web.StreamResponse:
    """InformResponse to an Inform, 204 to an empty post."""
    data = await request.read()
    if not data:
        return web.Response(status=204)
    message_id = read_by_hand(data)[0]
    body = _RESPONSE.format(escape(str(message_id))).encode()
    return web.Response(body=body, headers={"Content-Type": 'text/xml; charset="utf-8"'})


def bare_server() -> web.Server:
    """The factory of its connections, to be run on a loop."""
    return web.Server(answer, access_log=None)


async def _main(port: int) -> None:
    server = bare_server()
    try:
        await loops.serve(server, port)
    finally:
        await server.shutdown(timeout=1.0)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--port", type=int, default=0, help="0: the kernel chooses")
    loops.run(_main(arguments.parse_args().port))
