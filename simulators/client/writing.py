"""A request on its way out as small stacks do it: in pieces, or with the body held back until the server wants it."""

import asyncio
from typing import Final

from simulators.client.connection import Connection
from simulators.device.quirks import HttpQuirks

CONTINUE_TIMEOUT: Final = 1.0
"""How long the body waits for a 100 Continue, in seconds: some servers send none (RFC 9110 10.1.1), and curl waits so
long."""


class Writing:
    """One request, or one and its copy."""

    __slots__ = ("_connection", "_held", "_piece", "_rest")

    def __init__(self, connection: Connection, head: bytes, body: bytes, quirks: HttpQuirks, copies: int = 0) -> None:
        self._connection = connection
        self._piece = (quirks.piece, quirks.piece_pause)
        # There is nothing to wait for between a request and its copy.
        is_held = quirks.expect_continue and bool(body) and not copies
        self._held = body if is_held else b""
        self._rest = head if is_held else (head + body) * (1 + copies)

    @property
    def is_done(self) -> bool:
        """Whether all is written."""
        return not self._rest and not self._held

    def start(self) -> None:
        """Write what may be written."""
        if self._held:
            asyncio.get_running_loop().call_later(CONTINUE_TIMEOUT, self.go_on)
        self._write()

    def go_on(self) -> None:
        """The server wants the body."""
        held, self._held = self._held, b""
        if held:
            was_writing = bool(self._rest)
            self._rest += held
            if not was_writing:
                self._write()

    def _write(self) -> None:
        size, pause = self._piece
        # Nobody needs to stop it: it stops with the connection.
        if not self._connection.is_open:
            return
        if size:
            self._connection.transport.write(self._rest[:size])
            self._rest = self._rest[size:]
        else:
            self._connection.transport.write(self._rest)
            self._rest = b""
        if self._rest:
            asyncio.get_running_loop().call_later(pause, self._write)
