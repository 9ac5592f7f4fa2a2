"""Asking, and how long the answers take: the server under measurement and the bare handler in turn."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from benchmarks.api.cases import Case
from benchmarks.engine.client import Connection, Target, connect
from benchmarks.engine.errors import ServerError
from benchmarks.engine.loops import HOST
from benchmarks.figures import share_of

_WARM_UP: Final = 3
_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Spread:
    """How long answers took, in milliseconds."""

    p50: float
    """Half of them."""
    p95: float
    """95 of a hundred."""
    p99: float
    """99 of a hundred."""
    longest: float
    """All of them."""

    @classmethod
    def of(cls, seconds: list[float]) -> "Spread":
        """Of many answers."""
        ordered = sorted(each * 1e3 for each in seconds)
        return cls(*(round(share_of(ordered, share), 3) for share in (0.5, 0.95, 0.99, 1)))


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of one case."""

    case: str
    """Its name."""
    octets: int
    """How long a body was."""
    count: int | None
    """How many rows there are, where an answer says so."""
    ours: Spread
    """The server under measurement."""
    bare: Spread
    """The bare handler, with as many octets."""
    asked: int
    """How often it was asked."""
    failures: dict[int, int] = field(default_factory=dict)
    """Answers that were none, by status."""


def request(method: str, path: str, token: str, body: object = None) -> bytes:
    """A request as it goes out."""
    octets = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {token}\r\n"
    if octets:
        head += f"Content-Type: application/json\r\nContent-Length: {len(octets)}\r\n"
    return f"{head}\r\n".encode() + octets


async def answered(ports: tuple[int, int], case: Case, requests: int, *, devices: int, seed: int) -> Answered:
    """Ask the server and the bare handler in turn."""
    connection, other = [await connect(Target(HOST, port)) for port in ports]
    try:
        cursor = ""
        if case.behind:
            page = await _timed(connection, request("GET", f"/api/v1{case.behind}", case.token))
            cursor = f"&cursor={json.loads(page[2])['next_cursor']}"
        times: list[float] = []
        beside: list[float] = []
        failures: dict[int, int] = {}
        body = b""
        for turn in range(-_WARM_UP, requests):
            asked = request("GET", f"/api/v1{case.asked(turn + _WARM_UP, devices, seed)}{cursor}", case.token)
            seconds, status, body = await _timed(connection, asked)
            bare_seconds, *_ = await _timed(other, request("GET", f"/{len(body)}", ""))
            if status != 200:
                failures[status] = failures.get(status, 0) + 1
            if turn >= 0:
                times.append(seconds)
                beside.append(bare_seconds)
    finally:
        connection.close()
        other.close()
    return Answered(case.name, len(body), _count(body), Spread.of(times), Spread.of(beside), requests, failures)


async def rate(port: int, requests: Callable[[int], bytes], at_once: int, seconds: float, good: int) -> float:
    """Answers a second, so many asked for at once; ServerError if one is not what it should be."""
    loop = asyncio.get_running_loop()
    until, done = loop.time() + seconds, 0

    async def ask() -> None:
        nonlocal done
        connection = await connect(Target(HOST, port))
        try:
            while loop.time() < until:
                turn, done = done, done + 1
                _, status, body = await _timed(connection, requests(turn))
                if status != good:
                    raise ServerError(f"status {status} instead of {good}: {body[:300].decode(errors='replace')}")
        finally:
            connection.close()

    await asyncio.gather(*(ask() for _ in range(at_once)))
    return done / seconds


async def _timed(connection: Connection, asked: bytes) -> tuple[float, int, bytes]:
    started = time.perf_counter()
    async with asyncio.timeout(_SECONDS):
        reply = await connection.post(asked)
    return time.perf_counter() - started, reply.status, reply.body


def _count(body: bytes) -> int | None:
    told: Any = json.loads(body)
    count = told.get("count") if isinstance(told, dict) else None
    return count if isinstance(count, int) else None
