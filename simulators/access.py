"""The ACS's management API, for what scenarios and the demo do there."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

from simulators.device.numbers import whole_number

_TIMEOUT: Final = aiohttp.ClientTimeout(30)
_LONGEST_WAIT: Final = 60.0
_MOST_TOLD: Final = 300


class AccessError(Exception):
    """The ACS does not do what it is asked; the sentence says what it answered."""


@dataclass(frozen=True, slots=True)
class Access:
    """How the ACS's API is reached."""

    url: str
    """Up to, and without, ``/api/v1``."""
    token: str = field(repr=False)
    """A token that may upload images and change devices."""

    @property
    def base(self) -> str:
        """What the path of a resource stands behind."""
        return self.url.rstrip("/") + "/api/v1"


class Api:
    """The ACS's API."""

    def __init__(self, session: aiohttp.ClientSession, base: str) -> None:
        self._session = session
        self._base = base

    async def ask(
        self, method: str, path: str, body: object = None, form: Mapping[str, str | bytes] | None = None
    ) -> Any:  # noqa: ANN401  JSON
        """What it answers, after it has let us wait if it wants to; AccessError for anything but success."""
        while True:
            data = None if form is None else _form(form)
            try:
                async with self._session.request(method, self._base + path, json=body, data=data) as reply:
                    octets = await reply.read()
                    status, wait = reply.status, reply.headers.get("Retry-After", "")
            except (aiohttp.ClientError, TimeoutError) as error:
                raise AccessError(f"{method} {_family(path)}: {str(error) or type(error).__name__}") from None
            if status == 429:
                seconds = whole_number(wait)
                await asyncio.sleep(1.0 if seconds is None else min(_LONGEST_WAIT, seconds))
            elif status >= 400:
                raise AccessError(f"{method} {_family(path)}: {status} {_problem(octets)}")
            else:
                return _read(octets, f"{method} {_family(path)}")


@asynccontextmanager
async def connected(access: Access) -> AsyncIterator[Api]:
    """The API, ready to be asked."""
    headers = {"Authorization": f"Bearer {access.token}"}
    async with aiohttp.ClientSession(headers=headers, timeout=_TIMEOUT) as session:
        yield Api(session, access.base)


def _family(path: str) -> str:
    """The path without what is different for each device, so that the same trouble is told once."""
    return path.strip("/").partition("?")[0].partition("/")[0]


def _form(fields: Mapping[str, str | bytes]) -> aiohttp.FormData:
    data = aiohttp.FormData()
    for name, value in fields.items():
        if isinstance(value, bytes):
            data.add_field(name, value, filename="image.bin", content_type="application/octet-stream")
        else:
            data.add_field(name, value)
    return data


def _read(octets: bytes, asked: str) -> Any:  # noqa: ANN401  JSON
    try:
        return json.loads(octets) if octets else None
    except ValueError:
        raise AccessError(f"{asked}: the answer is no JSON") from None


def _problem(octets: bytes) -> str:
    """What an answer says is wrong, without what is different each time."""
    try:
        document = json.loads(octets)
    except ValueError:
        document = octets.decode("utf-8", "replace")
    said = document.get("detail") or document.get("title") if isinstance(document, dict) else document
    return "".join(character if character.isprintable() else " " for character in str(said)[:_MOST_TOLD])
