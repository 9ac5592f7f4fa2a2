"""One request: what its head says, and its body within bounds."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from cwmp_schemas.errors import DecodeError, Refusal
from cwmp_schemas.inflate import inflate

EARLY: Final = 64 * 1024
"""How much of a body is taken in before anybody has asked for it."""
_LARGE: Final = 64 * 1024


class BodyError(Exception):
    """A body that is not read on.

    status 413: it is too large; 503: too much is held already; 400: it is broken.
    """

    def __init__(self, status: int, what: str) -> None:
        super().__init__(what)
        self.status = status


class Budget:
    """How many bytes of bodies may be held at once, over all connections."""

    def __init__(self, bound: int) -> None:
        self.bound = bound
        self.used = 0
        """How many are held."""

    def take(self, count: int) -> None:
        """Hold so many more."""
        if self.used + count > self.bound:
            raise BodyError(503, "too many bodies are being read at once")
        self.used += count

    def give_back(self, count: int) -> None:
        """Hold so many less."""
        self.used -= count


class Body:
    """A body on its way. What it takes of the budget is given back by ``drop``."""

    __slots__ = ("_arrival", "_budget", "_error", "_size", "_taken", "_whole", "is_complete", "is_dropped", "limit")

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._whole: bytes | bytearray = b""
        self._size = 0
        self._taken = 0
        self._error: BodyError | None = None
        self._arrival: asyncio.Future[None] | None = None
        self.limit: int | None = None
        """How large it may be; None: nobody has asked for it yet."""
        self.is_complete = False
        """Whether its end has come."""
        self.is_dropped = False
        """Whether nobody wants it (any more)."""

    @property
    def is_empty(self) -> bool:
        """Whether all of it has come, and that is nothing."""
        return self.is_complete and self._size == 0

    @property
    def is_early(self) -> bool:
        """Whether more has come than is taken in without being asked for."""
        return self.limit is None and not self.is_dropped and self._size > EARLY

    def add(self, piece: bytes) -> None:
        """Some more of it."""
        if self.is_dropped or self._error is not None:
            return
        self._size += len(piece)
        if self.limit is not None and self._size > self.limit:
            self.fail(_too_large(self.limit))
            return
        try:
            self._hold(len(piece))
        except BodyError as error:
            self.fail(error)
            return
        # Nearly always there is just one; and whoever sends octet by octet must not have us copy all before each.
        if not self._whole:
            self._whole = piece
        elif isinstance(self._whole, bytearray):
            self._whole += piece
        else:
            self._whole = bytearray(self._whole + piece)

    def complete(self) -> None:
        """That was all."""
        self.is_complete = True
        self._wake()

    def fail(self, error: BodyError) -> None:
        """The rest will not be had."""
        if self._error is None:
            self._error = error
            self._whole = b""
        self._wake()

    def drop(self) -> None:
        """Nobody wants it any more."""
        self.is_dropped = True
        self._whole = b""
        self._budget.give_back(self._taken)
        self._taken = 0

    async def read(self, limit: int, encoding: str | None) -> bytes:
        """All of it, decompressed."""
        self.limit = limit
        if self._size > limit:
            self.fail(_too_large(limit))
        if not self.is_complete and self._error is None:
            self._arrival = asyncio.get_running_loop().create_future()
            await self._arrival
        if self._error is not None:
            raise self._error
        body, self._whole = bytes(self._whole), b""
        return body if encoding is None else await self._inflated(body, encoding, limit)

    async def _inflated(self, body: bytes, encoding: str, limit: int) -> bytes:
        try:
            if len(body) < _LARGE:
                plain = inflate(body, encoding, limit)
            else:
                plain = await asyncio.to_thread(inflate, body, encoding, limit)
        except DecodeError as error:
            raise BodyError(413 if error.refusal is Refusal.OVER_LIMIT else 400, str(error)) from None
        self._hold(len(plain))
        return plain

    def _hold(self, count: int) -> None:
        self._budget.take(count)
        self._taken += count

    def _wake(self) -> None:
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)


def _too_large(limit: int) -> BodyError:
    return BodyError(413, f"a body of more than {limit} octets")


@dataclass(slots=True, eq=False)
class Request:
    """A request whose head has been read."""

    method: str
    """As it was written."""
    target: str
    """As it was written."""
    headers: Mapping[str, Sequence[str]] = field(repr=False)
    """Those that we look at, by their names in lower case."""
    is_kept: bool
    """Whether the device wants to keep the connection."""
    is_old: bool
    """Whether it is of HTTP/1.0, which does not know kept connections by itself."""
    body: Body
    """What follows the head."""
    is_held_back: bool = False
    """Whether the device waits for a word before it sends the body."""

    def header(self, name: str) -> str | None:
        """The first header of a name."""
        found = self.headers.get(name)
        return found[0] if found else None

    @property
    def path(self) -> str:
        """The path of the target, which may be a whole URL (RFC 9112 3.2.2)."""
        if self.target.startswith("/"):
            return self.target
        _, scheme, rest = self.target.partition("://")
        return f"/{rest.partition('/')[2]}" if scheme else self.target
