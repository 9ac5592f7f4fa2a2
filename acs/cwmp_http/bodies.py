"""Reading bodies within bounds: of one body, and of all that are held at once."""

import asyncio
from typing import Final

from aiohttp import web
from aiohttp.web_exceptions import HTTPException

from cwmp_schemas.errors import DecodeError, Refusal
from cwmp_schemas.inflate import inflate

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


async def read_body(request: web.BaseRequest, limit: int, budget: Budget) -> tuple[bytes, int]:
    """The body of a request, decompressed, and what it takes of the budget until it is given back."""
    declared = request.content_length
    if declared is not None and declared > limit:
        raise BodyError(413, f"a body of {declared} octets, where {limit} are allowed")
    taken = 0
    try:
        content = request.content
        whole: bytes | bytearray = b""
        # The end is asked for, because waiting for it once more than needed costs as much as the body itself.
        while not content.at_eof() and (chunk := await content.readany()):
            budget.take(len(chunk))
            taken += len(chunk)
            if taken > limit:
                raise BodyError(413, f"a body of more than {limit} octets")
            # Nearly always there is just one; and whoever sends octet by octet must not have us copy all before each.
            if not whole:
                whole = chunk
            elif isinstance(whole, bytearray):
                whole += chunk
            else:
                whole = bytearray(whole + chunk)
        body = bytes(whole)
        encoding = request.headers.get("Content-Encoding")
        if encoding is None:
            return body, taken
        plain = await _inflated(body, encoding, limit)
        budget.take(len(plain))
        return plain, taken + len(plain)
    except DecodeError as error:
        budget.give_back(taken)
        raise BodyError(413 if error.refusal is Refusal.OVER_LIMIT else 400, str(error)) from None
    except (HTTPException, ConnectionError, ValueError, asyncio.IncompleteReadError, web.RequestPayloadError) as error:
        budget.give_back(taken)
        raise BodyError(400, f"a broken body: {type(error).__name__}") from None
    except BaseException:
        budget.give_back(taken)
        raise


async def _inflated(body: bytes, encoding: str, limit: int) -> bytes:
    if len(body) < _LARGE:
        return inflate(body, encoding, limit)
    return await asyncio.to_thread(inflate, body, encoding, limit)
