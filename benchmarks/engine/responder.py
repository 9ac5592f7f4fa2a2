"""The least that can answer a session: a protocol that looks for the ID and reads nothing else.

``python -m benchmarks.engine.responder`` prints its port and serves until SIGTERM. Against it the generator shows what
it can bear itself, which has to be well above what any measured server bears.
"""

import argparse
import asyncio
import re
from typing import Final, cast

from benchmarks.engine import loops

_ID: Final = re.compile(rb":ID [^>]*>([^<]*)<")
_LENGTH: Final = re.compile(rb"\r\nContent-Length: (\d+)\r\n")
_NOTHING: Final = b"HTTP/1.1 204 No Content\r\n\r\n"
_RESPONSE: Final = (
    b'<soap-env:Envelope xmlns:soap-env="http://schemas.xmlsoap.org/soap/envelope/"'
    b' xmlns:cwmp="urn:dslforum-org:cwmp-1-2"><soap-env:Header><cwmp:ID soap-env:mustUnderstand="1">%b</cwmp:ID>'
    b"</soap-env:Header><soap-env:Body><cwmp:InformResponse><MaxEnvelopes>1</MaxEnvelopes></cwmp:InformResponse>"
    b"</soap-env:Body></soap-env:Envelope>"
)


class Responder(asyncio.Protocol):
    """Answers each complete post of the generator; trusts it to send nothing else."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin with nothing read."""
        self._transport = cast("asyncio.WriteTransport", transport)
        self._read = b""

    def data_received(self, data: bytes) -> None:
        """Answer if the post is complete."""
        self._read += data
        head, found, body = self._read.partition(b"\r\n\r\n")
        length = _LENGTH.search(head + b"\r\n")
        if not found or length is None or len(body) < int(length[1]):
            return
        self._read = b""
        self._transport.write(self.reply(body))

    def reply(self, body: bytes) -> bytes:
        """The whole reply to a post."""
        found = _ID.search(body)
        if found is None:
            return _NOTHING
        response = _RESPONSE % found[1]
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(response), response)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--port", type=int, default=0, help="0: the kernel chooses")
    loops.run(loops.serve(Responder, arguments.parse_args().port))
