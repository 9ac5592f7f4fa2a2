"""Pages of lists: what clients may say of them, and the envelope that they come in."""

import base64
import binascii
import json
from collections.abc import Sequence
from math import isfinite
from typing import Annotated, Any, Final, Generic, TypeVar
from urllib.parse import urlencode

from pydantic import Field

from acs.store.listing import Cursor, Found, Slice
from api.fields import Line, Query, QueryNumber, Shown, is_carriable
from api.problems import invalid
from api.routing import BASE, Ask

T = TypeVar("T")

MOST: Final = 1000
"""So many rows come at once at most."""
USUAL: Final = 100
"""So many rows come at once where nothing is said."""
_MOST_PASSED_OVER: Final = 2**31 - 1


class Paged(Query):
    """What any list takes."""

    limit: Annotated[
        QueryNumber | None, Field(description=f"At most so many rows; {USUAL} if nothing is said, never over {MOST}")
    ] = None
    offset: Annotated[QueryNumber | None, Field(description="So many rows are passed over")] = None
    cursor: Annotated[
        Line | None, Field(description="Where the page before said that this one begins; in the place of an offset")
    ] = None

    @property
    def part(self) -> Slice:
        """Which part of the list."""
        limit = USUAL if self.limit is None else min(self.limit, MOST)
        offset = min(self.offset or 0, _MOST_PASSED_OVER)
        if self.cursor is not None and self.offset is not None:
            raise invalid({"cursor": ["cannot be given together with offset"]})
        return Slice(limit, offset, None if self.cursor is None else _cursor(self.cursor))


class Envelope(Shown, Generic[T]):
    """A page of a list."""

    count: Annotated[int, Field(description="How many there are in all; behind a cursor, how many at the first page")]
    next: Annotated[str | None, Field(description="The next page")]
    previous: Annotated[str | None, Field(description="The page before")]
    next_cursor: Annotated[str | None, Field(description="Where the next page begins; cheap however deep")] = None
    results: list[T]


def enveloped(ask: Ask[Any, Any], part: Slice, found: Found[Any], results: Sequence[T]) -> Envelope[T]:
    """A page with the addresses of its neighbours; what was filtered stays filtered."""
    following = None if found.following is None else _cursor_text(found.following)
    upcoming = previous = None
    if part.after is None:
        if part.offset + part.limit < found.count and part.limit:
            upcoming = _address(ask, {"limit": part.limit, "offset": part.offset + part.limit})
        if part.offset > 0 and part.limit:
            previous = _address(ask, {"limit": part.limit, "offset": max(0, part.offset - part.limit)})
    elif following is not None:
        upcoming = _address(ask, {"limit": part.limit, "cursor": following})
    return Envelope[T].model_construct(
        count=found.count, next=upcoming, previous=previous, next_cursor=following, results=list(results)
    )


def next_link(ask: Ask[Any, Any], found: Found[Any]) -> dict[str, str]:
    """The headers of a list that is a bare array. The next page is one, too: nothing says limit or offset."""
    headers = {"X-Total-Count": str(found.count)}
    if found.following is not None:
        address = _address(ask, {"cursor": _cursor_text(found.following)})
        headers["Link"] = f'<{address}>; rel="next"'
    return headers


def _address(ask: Ask[Any, Any], place: dict[str, object]) -> str:
    kept = [(key, value) for key, value in ask.request.query.items() if key not in {"limit", "offset", "cursor"}]
    return f"{ask.base_url}{ask.request.rel_url.raw_path}?{urlencode([*kept, *place.items()])}"


def _cursor_text(cursor: Cursor) -> str:
    return (
        base64.urlsafe_b64encode(json.dumps([cursor.value, cursor.key, cursor.count]).encode())
        .decode("ascii")
        .rstrip("=")
    )


def _cursor(text: str) -> Cursor:
    """What ``_cursor_text`` made; it is the client's by now, so it is looked at like anything else."""
    try:
        value, key, count = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError, TypeError, RecursionError):
        value = key = count = None
    is_value = (
        _is_number(value)
        or (isinstance(value, str) and is_carriable(value))
        or (isinstance(value, float) and isfinite(value))
    )
    is_count = count is None or (_is_number(count) and count >= 0)
    if not is_value or not _is_number(key) or not is_count:
        raise invalid({"cursor": ["is none that a page has given"]})
    return Cursor(value, key, count)


def _is_number(value: object) -> bool:
    """Whether it is a whole number that the database holds."""
    return type(value) is int and abs(value) < 2**63


def path_of(*parts: str | int) -> str:
    """A path below the base."""
    return f"{BASE}/{'/'.join(str(part) for part in parts)}/"
