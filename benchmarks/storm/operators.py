"""Operators' programs that ask the API for lists, devices and operations, all of them at once and without a pause."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from benchmarks.api.asking import request
from benchmarks.engine.client import Connection, Reply, Target, connect
from benchmarks.engine.errors import SessionError
from benchmarks.engine.loops import HOST

_BASE: Final = "/api/v1"
_OPERATIONS: Final = f"{_BASE}/inventory_device_name_headless_operation/"
_LISTS: Final = (
    f"{_BASE}/inventory_device/?limit=100",
    f"{_BASE}/inventory_device/?limit=100&ordering=-last_connection",
    f"{_BASE}/inventory_device_name_headless_operation/?limit=100",
)
_PARAMETER: Final = "Device.DeviceInfo.UpTime"
# Of ten questions so many are for a list and for one device; the rest are operations.
_TURNS, _FOR_LISTS, _FOR_ONE = 10, 4, 3
_PATIENCE: Final = 60.0
_MAY_BE_LATER: Final = frozenset({429, 503})


@dataclass(slots=True)
class Answers:
    """What the API said."""

    statuses: Counter[int] = field(default_factory=Counter)
    """Answers by status."""
    wrong: Counter[str] = field(default_factory=Counter)
    """What should not have been said, or not have happened."""
    promised: list[str] = field(default_factory=list)
    """The operations that were answered with 201."""
    seconds: list[float] = field(default_factory=list)
    """How long the answers took that were no refusal."""


class Operators:
    """So many connections; each asks again as soon as it is answered."""

    def __init__(self, port: int, token: str, devices: Sequence[str], at_once: int) -> None:
        """The devices are those that operations are for, by name."""
        self.answers = Answers()
        self._target = Target(HOST, port)
        self._token = token
        self._devices = devices
        self._at_once = at_once
        self._turn = 0
        self._is_over = False

    async def work(self) -> None:
        """Ask until it is over."""
        await asyncio.gather(*(self._ask_on() for _ in range(self._at_once)))

    def stop(self) -> None:
        """What is asked is yet answered."""
        self._is_over = True

    async def _ask_on(self) -> None:
        connection: Connection | None = None
        while not self._is_over:
            try:
                if connection is None or connection.closed:
                    connection = await connect(self._target)
                started = time.perf_counter()
                async with asyncio.timeout(_PATIENCE):
                    reply = await connection.post(self._next())
            except (SessionError, OSError, TimeoutError) as error:
                self.answers.wrong[str(error) or type(error).__name__] += 1
                if connection is not None:
                    connection.close()
                await asyncio.sleep(0)
                continue
            self.note(reply, time.perf_counter() - started)
            if b"close" in dict(reply.headers).get(b"connection", b"").lower():
                connection.close()
        if connection is not None:
            connection.close()

    def _next(self) -> bytes:
        self._turn += 1
        kind, name = self._turn % _TURNS, self._devices[self._turn * 7 % len(self._devices)]
        if kind < _FOR_LISTS:
            return request("GET", _LISTS[self._turn % len(_LISTS)], self._token)
        if kind < _FOR_LISTS + _FOR_ONE:
            return request("GET", f"{_BASE}/inventory_device_name/{quote(name, safe='')}/", self._token)
        wish = {"name": name, "operation": "get", "variables": [{"variable_name": _PARAMETER}]}
        return request("POST", _OPERATIONS, self._token, {**wish, "connection_request": False})

    def note(self, reply: Reply, seconds: float) -> None:
        """Count an answer that took so long."""
        answers = self.answers
        answers.statuses[reply.status] += 1
        if reply.status in _MAY_BE_LATER:
            if not reply.values(b"retry-after"):
                answers.wrong[f"a {reply.status} does not say when to come again"] += 1
        elif not 200 <= reply.status < 300:
            answers.wrong[f"status {reply.status}: {reply.body[:200].decode(errors='replace')}"] += 1
        else:
            answers.seconds.append(seconds)
            if reply.status == 201:
                answers.promised.append(json.loads(reply.body)["id"])
