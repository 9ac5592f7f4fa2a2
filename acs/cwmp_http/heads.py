"""What the head of a request says: cookies, and by which name we were found."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from acs.services.calling import COOKIE

MAX_COOKIES: Final = 8
"""How many cookies of our name are looked at."""
_HOST: Final = re.compile(r"(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?", re.ASCII)


def our_cookies(headers: Iterable[str]) -> tuple[str, ...]:
    """The values of our cookie: quoted or not, joined by commas, or in RFC 2109 form (``$Version="0"; name=...``)."""
    found: list[str] = []
    for header in headers:
        for part in header.replace(",", ";").split(";"):
            name, equals, value = part.partition("=")
            if equals and name.strip() == COOKIE:
                found.append(value.strip().strip('"'))
    return tuple(found[:MAX_COOKIES])


@lru_cache(maxsize=1024)
def base_url(host: str | None, scheme: str) -> str | None:
    """Where the device found us, by its Host header."""
    return f"{scheme}://{host}" if host is not None and _HOST.fullmatch(host) else None
