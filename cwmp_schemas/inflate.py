"""Bounded decompression of request bodies."""

import zlib
from typing import Final

from cwmp_schemas.errors import DecodeError, Refusal
from cwmp_schemas.parser import MAX_BYTES

MAX_RATIO: Final = 200
"""CWMP compresses 20 to 40 times, an indented list of attributes 100 times; a bomb a thousand times."""
_FREE: Final = 1024 * 1024
"""Below this size no ratio is suspicious."""

MAX_MEMBERS: Final = 16


def inflate(body: bytes, encoding: str, max_bytes: int = MAX_BYTES) -> bytes:
    """The body behind a Content-Encoding (gzip, deflate or none). Raises DecodeError."""
    match encoding.strip().lower():
        case "" | "identity":
            return body
        case "gzip" | "x-gzip":
            return _inflated(body, 16 + zlib.MAX_WBITS, max_bytes)
        case "deflate":
            # By RFC 9110 a zlib stream; several clients send the bare deflate stream instead.
            bare = len(body) < 2 or body[0] & 0x0F != 8 or int.from_bytes(body[:2], "big") % 31 != 0
            return _inflated(body, -zlib.MAX_WBITS if bare else zlib.MAX_WBITS, max_bytes)
        case other:
            raise DecodeError(Refusal.COMPRESSION, f"Content-Encoding {ascii(other)[:40]}", "the HTTP header")


def _inflated(body: bytes, window: int, max_bytes: int) -> bytes:
    allowed = min(max_bytes, max(_FREE, len(body) * MAX_RATIO))
    parts: list[bytes] = []
    rest, size = body, 0
    while rest or not parts:
        if len(parts) == MAX_MEMBERS:
            raise DecodeError(Refusal.OVER_LIMIT, f"more than {MAX_MEMBERS} compressed members", "the body")
        stream = zlib.decompressobj(window)
        try:
            part = stream.decompress(rest, allowed + 1 - size)
        except zlib.error as error:
            raise DecodeError(Refusal.COMPRESSION, f"broken compression: {error}", "the body") from None
        parts.append(part)
        size += len(part)
        if size > allowed:
            what = f"more than {max_bytes} bytes" if allowed == max_bytes else f"more than {MAX_RATIO} times its size"
            raise DecodeError(Refusal.OVER_LIMIT, f"{what} after decompression", "the body")
        if not stream.eof:
            raise DecodeError(Refusal.COMPRESSION, "the compressed body is cut short", "the body")
        rest = stream.unused_data.lstrip(b"\0\r\n\t ")
    return b"".join(parts)
