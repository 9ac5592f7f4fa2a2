"""From a ``Reply`` to the octets of it."""

import time
from email.utils import formatdate
from functools import cache, lru_cache
from http import HTTPStatus

from acs.cwmp_http.file_connections import SERVER
from acs.services.calling import Reply


def octets_of(reply: Reply, *, closes: bool, keeps: bool = False) -> bytes:
    """A whole response. ``keeps``: say that the connection is kept, to those that do not expect it."""
    lines = [_start(reply.status), _date(int(time.time()))]
    lines += [f"{name}: {value}" for name, value in reply.headers]
    if closes:
        lines.append("Connection: close")
    elif keeps:
        lines.append("Connection: keep-alive")
    # 204 has no body, so a length would be wrong (RFC 9110 8.6).
    if reply.status != HTTPStatus.NO_CONTENT:
        lines.append(f"Content-Length: {len(reply.body)}")
    return "\r\n".join((*lines, "\r\n")).encode("latin-1") + reply.body


@cache
def _start(status: int) -> str:
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nServer: {SERVER}"


@lru_cache(maxsize=2)
def _date(second: int) -> str:
    """The header of that name, made once a second."""
    return f"Date: {formatdate(second, usegmt=True)}"
