"""HTTP below the API: whatever comes, however slowly, is answered as a problem or closed, and the log stays quiet."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.api.client import ADMIN
from tests.e2e.serving import Served, serving
from tests.e2e.wire import ClosedError, HttpConnection, HttpReply, UnreachableError
from tests.logged import logged

SECRET = "text-of-a-request"
HEALTH = "/api/v1/health/"
ORGANIZATIONS = "/api/v1/organization/"
TOKEN = ("Authorization", f"Bearer {ADMIN}")
JSON = ("Content-Type", "application/json")


@asynccontextmanager
async def served_on_sqlite(folder: Path, **settings: Any) -> AsyncIterator[Served]:
    async with serving(f"sqlite:///{folder / 'aioacs.db'}", folder, bootstrap_token=ADMIN, **settings) as served:
        yield served


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with served_on_sqlite(tmp_path) as found:
        yield found


_opened: list[HttpConnection] = []


@pytest.fixture(autouse=True)
async def _dropped() -> AsyncIterator[None]:
    """Connections that tests leave open are dropped behind them."""
    yield
    drop_all()


def drop_all() -> None:
    """Drop every connection."""
    while _opened:
        _opened.pop().drop()


async def connect(served: Served) -> HttpConnection:
    """A connection of its own."""
    connection = await HttpConnection.open("127.0.0.1", served.server.api_ports[0])
    _opened.append(connection)
    return connection


def problem(reply: HttpReply, status: int, word: str) -> dict[str, Any]:
    """What a problem says, if it is this one and has the form of all problems."""
    assert (reply.status, reply.first("Content-Type")) == (status, "application/problem+json")
    assert reply.first("Server") == "aioacs"
    body: dict[str, Any] = json.loads(reply.body)
    assert reply.first("X-Request-ID") == body["request_id"]
    assert (body["type"], body["status"]) == (f"urn:aioacs:problem:{word}", status)
    return body


NO_HTTP = {
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 40 + b"\r\n\r\n",
    "words": b"text-of-a-request\r\n\r\n",
    "a version": b"GET /api/v1/health/ HTTP/9.9\r\nHost: a\r\n\r\n",
    "no path": b"GET  HTTP/1.1\r\nHost: a\r\n\r\n",
    "no colon": b"GET /api/v1/health/ HTTP/1.1\r\nHost: a\r\ntext-of-a-request\r\n\r\n",
    "no length": b"GET /api/v1/health/ HTTP/1.1\r\nHost: a\r\nContent-Length: text-of-a-request\r\n\r\n",
    "two lengths": b"GET /api/v1/health/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "smuggling": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a long header": b"GET /api/v1/health/ HTTP/1.1\r\nHost: a\r\nX: text-of-a-request" + b"x" * 20_000 + b"\r\n\r\n",
    "a long path": b"GET /api/v1/health/?text-of-a-request" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    "many headers": b"GET /api/v1/health/ HTTP/1.1\r\nHost: a\r\n" + b"X: text-of-a-request\r\n" * 200 + b"\r\n",
    "NUL": b"GET /api/v1/health/ HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
    "a coding": b"GET /api/v1/health/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: text-of-a-request\r\n\r\n",
}


@pytest.mark.parametrize("octets", NO_HTTP.values(), ids=NO_HTTP)
async def test_what_is_no_http_is_a_problem_and_one_line_of_the_log(served: Served, octets: bytes) -> None:
    connection = await connect(served)
    with capture_logs() as log:
        await connection.write(octets)
        problem(await connection.read("GET"), 400, "malformed")
        assert await connection.wait_closed_by_server() == b""
    assert len(log) == 1
    assert log[0]["log_level"] == "info"
    assert SECRET not in repr(log)
    assert "exc_info" not in log[0]


async def test_whoever_is_slow_is_left(tmp_path: Path) -> None:
    async with served_on_sqlite(tmp_path, header_timeout=1, body_timeout=1) as served:
        silent, head, body, answer = [await connect(served) for _ in range(4)]
        await head.write(b"GET /api/v1/health/ HTTP/1.1\r\nHost: a\r\n")
        sent, _ = body.request(b"x" * 100, target=ORGANIZATIONS, headers=[TOKEN, JSON])
        await body.write(sent + b"x" * 10)
        # Far more than the buffers of the two kernels hold, and none of it is read.
        sent, _ = answer.request(b"", target="/api/v1/docs/swagger-ui-bundle.js", method="GET")
        await answer.write(sent * 20)
        assert await silent.wait_closed_by_server() == b""
        assert await head.wait_closed_by_server() == b""
        problem(await body.read(), 408, "timeout")
        await body.wait_closed_by_server()
        await until(lambda: open_connections(served) == 0)


async def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(10):
        while not is_so():  # noqa: ASYNC110  a figure tells nobody when it changes
            await asyncio.sleep(0.005)


def open_connections(served: Served) -> int:
    figures = served.server.services.tools.metrics.render().decode()
    return int(float(figures.partition("\naioacs_api_connections ")[2].partition("\n")[0]))


async def test_a_connection_too_many_is_told_so_and_the_others_stay(tmp_path: Path) -> None:
    async with served_on_sqlite(tmp_path, max_api_connections=16) as served:
        connections = [await connect(served) for _ in range(16)]
        for each in connections:
            assert (await each.post(b"", target=HEALTH, method="GET")).status == 200
        late = await connect(served)
        reply = await late.read("GET")
        problem(reply, 503, "unavailable")
        assert reply.first("Retry-After") == "5"
        assert await late.wait_closed_by_server() == b""
        assert (await connections[0].post(b"", target=HEALTH, method="GET")).status == 200
        await connections[0].close()
        await until(lambda: open_connections(served) < 16)
        assert (await (await connect(served)).post(b"", target=HEALTH, method="GET")).status == 200


async def test_a_body_is_asked_for_once_it_is_wanted(served: Served) -> None:
    wanted = await (await connect(served)).post(
        b'{"name": "a"}', target=ORGANIZATIONS, headers=[TOKEN, JSON], expect_continue=True
    )
    assert wanted.status == 201
    for headers, status, word in [
        ([JSON], 401, "unauthorized"),
        ([TOKEN, ("Content-Type", "text/plain")], 415, "unsupported-media-type"),
        ([TOKEN, JSON, ("Content-Length", "99999999")], 413, "too-large"),
    ]:
        connection = await connect(served)
        reply = await connection.post(b"x" * 100, target=ORGANIZATIONS, headers=headers, expect_continue=True)
        assert connection.is_spent, "the body was asked for"
        problem(reply, status, word)


async def test_another_expectation_is_passed_over(served: Served) -> None:
    connection = await connect(served)
    reply = await connection.post(b"", target=HEALTH, method="GET", headers=[("Expect", "miracles")])
    assert reply.status == 200
    problem(
        await connection.post(b"", target="/nowhere", method="GET", headers=[("Expect", "miracles")]), 400, "malformed"
    )


async def test_a_path_without_its_slash_leads_to_the_one_with_it_on_this_host(served: Served) -> None:
    connection = await connect(served)
    for target, location in [
        ("/api/v1/organization?limit=1", "/api/v1/organization/?limit=1"),
        ("/api/v1/organization/1", "/api/v1/organization/1/"),
        ("/api/v1/organization/a%2Fb%0d%0ax", "/api/v1/organization/a%2Fb%0d%0ax/"),
    ]:
        reply = await connection.post(b"", target=target, method="GET", headers=[("Host", "evil.example")])
        assert (reply.status, reply.first("Location")) == (308, location)
        assert reply.first("X-Request-ID")
    for target in ("//evil.example/api/v1/organization", "/api/v1//evil.example", "/api/v1/nothing"):
        problem(await connection.post(b"", target=target, method="GET"), 404, "not-found")
    told = problem(await connection.post(b"{}", target="/api/v1/organization", headers=[TOKEN, JSON]), 404, "not-found")
    assert told["detail"] == "there is nothing here: paths end with a slash"


async def test_a_stop_answers_what_is_under_way_and_takes_nothing_new(tmp_path: Path) -> None:
    async with served_on_sqlite(tmp_path) as served:
        idle, busy = await connect(served), await connect(served)
        assert (await idle.post(b"", target=HEALTH, method="GET")).status == 200
        head, body = busy.request(b'{"name": "a"}', target=ORGANIZATIONS, headers=[TOKEN, JSON])
        await busy.write(head.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"))
        await busy.read_continue()
        stopping = asyncio.create_task(served.server.__aexit__())
        assert await idle.wait_closed_by_server() == b""
        with pytest.raises((UnreachableError, ClosedError)):
            await (await connect(served)).post(b"", target=HEALTH, method="GET")
        await busy.write(body)
        reply = await busy.read()
        assert (reply.status, reply.closes) == (201, True)
        await stopping


async def test_who_goes_away_while_speaking_leaves_no_trace_in_the_log(served: Served) -> None:
    connection = await connect(served)
    head, _ = connection.request(b"x" * 100, target=ORGANIZATIONS, headers=[TOKEN, JSON])
    with capture_logs() as log:
        await connection.write(head.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"))
        await connection.read_continue()
        connection.drop()
        await until(lambda: open_connections(served) == 0)
    assert log == []


async def test_bodies_that_are_read_at_once_have_a_bound_together(tmp_path: Path) -> None:
    largest = 16 * 1024
    async with served_on_sqlite(tmp_path, max_api_body=largest) as served:
        reading = [await connect(served) for _ in range(70)]
        for each in reading:
            head, _ = each.request(b"x" * largest, target=ORGANIZATIONS, headers=[TOKEN, JSON])
            await each.write(head + b"x" * (largest - 1))
        answers = [asyncio.create_task(each.read()) for each in reading]
        while sum(each.done() for each in answers) < 6:
            await asyncio.wait([each for each in answers if not each.done()], return_when=asyncio.FIRST_COMPLETED)
        for answer in answers:
            if answer.done():
                problem(answer.result(), 503, "unavailable")
            answer.cancel()
        drop_all()


async def test_the_log_names_the_token_by_its_number_and_by_nothing_else(served: Served) -> None:
    with logged("info") as stream:
        connection = await connect(served)
        head, body = connection.request(b"{}", target=ORGANIZATIONS, headers=[TOKEN, JSON])
        await connection.write(head + body)
        assert (await connection.read()).status == 400
    (line,) = [json.loads(each) for each in stream.getvalue().splitlines() if b'"api"' in each]
    assert (line["caller"], line["status"]) == ("token 1", 400)
    assert ADMIN not in stream.getvalue().decode()


async def test_a_request_for_which_there_is_no_memory_is_to_come_again(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    def starved(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("api.app.read_json", starved)
    connection = await connect(served)
    head, body = connection.request(b"{}", target=ORGANIZATIONS, headers=[TOKEN, JSON])
    await connection.write(head + body)
    said = await connection.read()
    assert said.status == 503
    assert int(said.first("Retry-After") or "") > 0
