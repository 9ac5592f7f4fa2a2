"""From octets to requests: httptools with bounds."""

from collections import deque
from typing import Final

import httptools

from acs.cwmp_http.requests import Body, BodyError, Budget, Request

FILES: Final = "/files/"
"""The paths of the file server."""
MAX_HEAD: Final = 32 * 1024
"""How long a head may be: one with a Digest of the longest names there are is far from it."""
MAX_LINE: Final = 8 * 1024
"""How long a target may be."""
MAX_WAITING: Final = 16
"""How many requests may wait for the one before; CWMP forbids it at all (TR-069 3.4.1)."""
_TLS: Final = b"\x16\x03"
_FRAMING: Final = ("content-length", "transfer-encoding")
# The headers that anybody looks at.
_READ: Final = {
    name.encode("ascii"): name
    for name in (
        *_FRAMING,
        "authorization",
        "content-encoding",
        "cookie",
        "expect",
        "host",
        "x-forwarded-for",
        "x-forwarded-proto",
    )
}


class RefusedError(Exception):
    """What comes is no HTTP, or too much of it; the status says which."""

    def __init__(self, status: int, what: str) -> None:
        super().__init__(what)
        self.status = status


class Reader:
    """Reads what one connection brings."""

    __slots__ = (
        "_budget",
        "_declined",
        "_first",
        "_head_octets",
        "_headers",
        "_parser",
        "_quiet",
        "_target",
        "body",
        "is_begun",
        "waiting",
        "wants_file",
    )

    def __init__(self, budget: Budget) -> None:
        self.waiting: deque[Request] = deque()
        """The requests whose heads have come, until somebody takes them."""
        self.body: Body | None = None
        """A body that is on its way."""
        self.is_begun = False
        """Whether a head is on its way."""
        self.wants_file = False
        """Whether a file is asked for: nothing more is read here."""
        self._budget = budget
        self._parser: httptools.HttpRequestParser | None = httptools.HttpRequestParser(self)
        self._target = b""
        self._headers: dict[str, list[str]] = {}
        self._head_octets = 0
        # A request that offers another protocol, until that is overlooked.
        self._declined: Request | None = None
        # How many octets have come since anything came of them.
        self._quiet = 0
        # What a head has come in, if nothing came before it.
        self._first: list[bytes] = []

    @property
    def is_between(self) -> bool:
        """Whether nothing is on its way."""
        return self.body is None and not self.is_begun

    @property
    def file_request(self) -> bytes:
        """All that came with a request for a file; empty if other requests came before it."""
        return b"".join(self._first)

    def feed(self, data: bytes) -> None:
        """Some more octets; RefusedError if they cannot be read."""
        if self._parser is None:
            return
        if self.is_between:
            self._first = [data]
        elif self._first:
            self._first.append(data)
        self._quiet += len(data)
        try:
            try:
                self._parser.feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                self._decline(data[offer.args[0] :])
        except httptools.HttpParserCallbackError as error:
            if isinstance(error.__context__, RefusedError):
                raise error.__context__ from None
            raise
        except httptools.HttpParserError as error:
            # The parser's words are its own; they quote nothing that came.
            what = "TLS where plain HTTP is spoken" if data.startswith(_TLS) else str(error)
            raise RefusedError(400, what) from None
        if self._quiet > MAX_HEAD and not self.wants_file:
            raise RefusedError(431, "a head without an end")

    def stop(self, why: str) -> None:
        """Read no more; whoever waits for the rest of a body gets to know why."""
        # The parser holds us, and we must not wait for the collector.
        self._parser = None
        self.is_begun = False
        body, self.body = self.body, None
        if body is not None:
            body.fail(BodyError(400, why))

    def on_message_begin(self) -> None:
        """A head begins."""
        self.is_begun = True

    def on_url(self, url: bytes) -> None:
        """A piece of the target."""
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; those after a body are nobody's."""
        self._head_octets += len(name) + len(value)
        known = _READ.get(name.lower())
        if known is not None and self.body is None:
            self._headers.setdefault(known, []).append(value.decode("utf-8", "surrogateescape").strip())

    def on_headers_complete(self) -> None:
        """A head is complete."""
        parser = self._parser
        if parser is None or self.wants_file or self.body is not None:
            return
        if len(self._target) > MAX_LINE or self._head_octets > MAX_HEAD:
            raise RefusedError(431, "a head that is too long")
        if len(self.waiting) >= MAX_WAITING:
            raise RefusedError(400, "too many requests at once")
        body = Body(self._budget)
        request = Request(
            parser.get_method().decode("ascii"),
            self._target.decode("utf-8", "surrogateescape"),
            self._headers,
            parser.should_keep_alive(),
            parser.get_http_version() == "1.0",
            body,
        )
        if request.path.startswith(FILES):
            self.wants_file = True
            return
        expected = request.header("expect")
        request.is_held_back = expected is not None and expected.lower() == "100-continue" and not request.is_old
        self.body = body
        if parser.should_upgrade():
            self._declined = request
        self._target, self._headers, self._first = b"", {}, []
        self._head_octets = self._quiet = 0
        self.is_begun = False
        self.waiting.append(request)

    def on_chunk_header(self) -> None:
        """A chunk begins."""
        self._quiet = 0

    def on_body(self, piece: bytes) -> None:
        """A piece of a body."""
        self._quiet = 0
        if self.body is not None:
            self.body.add(piece)

    def on_message_complete(self) -> None:
        """A request is complete."""
        body = self.body
        if body is None or self._declined is not None:
            return
        self.body, self._quiet = None, 0
        body.complete()

    def _decline(self, rest: bytes) -> None:
        """Overlook an offer to speak another protocol (RFC 9110 7.8): the parser takes the body for that already."""
        request, self._declined = self._declined, None
        if request is None:
            return
        framing = [f"{name}: {value}" for name in _FRAMING for value in request.headers.get(name, ())]
        self._parser = httptools.HttpRequestParser(self)
        self._parser.feed_data("\r\n".join(("POST / HTTP/1.1", *framing, "", "")).encode("utf-8", "surrogateescape"))
        self._target, self.is_begun = b"", False
        self.feed(rest)
