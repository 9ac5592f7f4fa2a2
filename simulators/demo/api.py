"""The management API, as far as the demo needs it."""

import json
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import aiohttp


class ApiError(Exception):
    """The API did not do what it was asked; the sentence says what it answered."""


class Api:
    """A client with a token."""

    def __init__(self, base: str, token: str) -> None:
        """``base`` is the URL up to ``/api/v1``."""
        self._base = base
        self._headers = {"Authorization": f"Bearer {token}"}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(headers=self._headers, timeout=aiohttp.ClientTimeout(30))
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        if self._session is not None:
            await self._session.close()

    async def ask(
        self, method: str, path: str, body: object = None, form: Mapping[str, str | bytes] | None = None
    ) -> Any:  # noqa: ANN401  any JSON
        """What the API answers; ApiError for anything but success."""
        if self._session is None:
            raise ApiError("the client is not open")
        data: aiohttp.FormData | None = None
        if form is not None:
            data = aiohttp.FormData()
            for name, value in form.items():
                if isinstance(value, bytes):
                    data.add_field(name, value, filename=name, content_type="application/octet-stream")
                else:
                    data.add_field(name, value)
        try:
            async with self._session.request(method, self._base + path, json=body, data=data) as reply:
                octets = await reply.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ApiError(f"{method} {path}: {str(error) or type(error).__name__}") from None
        if reply.status >= 400:
            raise ApiError(f"{method} {path}: {reply.status} {octets[:300].decode('utf-8', 'replace')}")
        return json.loads(octets) if octets else None
