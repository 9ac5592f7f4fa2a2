"""Which octets of a file answer a request: conditions and ranges (RFC 9110 sections 13 and 14), without I/O."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

# More digits than any file has octets are no number that is worth a look.
_RANGE: Final = re.compile(r"[ \t]*bytes=[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*", re.IGNORECASE)
_TAG: Final = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')


@dataclass(frozen=True, slots=True)
class Selection:
    """What of a file goes out, and with which status."""

    status: HTTPStatus
    """200, 206, 304, 412 or 416."""
    start: int = 0
    """The first octet to send."""
    stop: int = 0
    """The octet before which to stop; as start where there is nothing to send."""


def entity_tag(sha256: str) -> str:
    """The strong tag of a file: one name, one content, whatever the transfer."""
    return f'"{sha256}"'


def select(method: str, headers: Mapping[str, str], tag: str, size: int) -> Selection:
    """What a GET or HEAD of a file is answered with. A mapping of headers ignores the case of their names."""
    if_match = headers.get("If-Match")
    if if_match is not None and not _names(if_match, tag, strong=True):
        return Selection(HTTPStatus.PRECONDITION_FAILED)
    if_none_match = headers.get("If-None-Match")
    if if_none_match is not None and _names(if_none_match, tag, strong=False):
        return Selection(HTTPStatus.NOT_MODIFIED)
    wanted = headers.get("Range")
    # A range is defined for GET alone (14.2), and If-Range takes a strong tag only; a date is none that we gave out.
    if wanted is None or method != "GET" or headers.get("If-Range", tag).strip() != tag:
        return Selection(HTTPStatus.OK, 0, size)
    return _selected(wanted, size)


def _selected(wanted: str, size: int) -> Selection:
    """Answer one range. Several, other units and what is malformed are answered with the whole file.

    RFC 9110 14.2 lets a server ignore any Range, and a client that cannot bear the whole file does not exist; devices
    that can read multipart/byteranges hardly do either.
    """
    whole = Selection(HTTPStatus.OK, 0, size)
    match = _RANGE.fullmatch(wanted)
    if match is None:
        return whole
    first, last = match.groups()
    if first:
        start, stop = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return whole
    elif not last:
        return whole
    elif size == 0 and int(last) > 0:
        return whole  # satisfiable by 14.1.2, yet no Content-Range can say so
    else:
        start, stop = max(size - int(last), 0), size
    if start >= size:
        return Selection(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
    return Selection(HTTPStatus.PARTIAL_CONTENT, start, stop)


def _names(header: str, tag: str, *, strong: bool) -> bool:
    """Whether a list of entity tags names this one (RFC 9110 8.8.3.2)."""
    if header.strip() == "*":
        return True
    return any(match[2] == tag and not (strong and match[1]) for match in _TAG.finditer(header))
