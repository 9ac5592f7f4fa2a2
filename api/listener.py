"""The sockets of the API."""

import ssl
from collections.abc import Sequence
from typing import Final

from aiohttp import web

_BACKLOG: Final = 512
_KEEP_ALIVE: Final = 75.0
_DRAIN: Final = 1.0


class ApiListener:
    """Listens for operators and their programs."""

    def __init__(self, app: web.Application) -> None:
        # Library lines quote requests, and say what the answer says already.
        self._runner = web.AppRunner(
            app, access_log=None, keepalive_timeout=_KEEP_ALIVE, shutdown_timeout=_DRAIN, handle_signals=False
        )

    async def start(
        self, host: str, ports: Sequence[tuple[int, ssl.SSLContext | None]], *, shares_ports: bool
    ) -> list[tuple[str, int]]:
        """Listen; the addresses. OSError where that cannot be done."""
        await self._runner.setup()
        for port, context in ports:
            site = web.TCPSite(
                self._runner, host, port, ssl_context=context, backlog=_BACKLOG, reuse_port=shares_ports or None
            )
            await site.start()
        return [(str(address[0]), int(address[1])) for address in self._runner.addresses]

    async def stop(self) -> None:
        """Answer what has come, within bounds, and listen no more."""
        await self._runner.cleanup()
