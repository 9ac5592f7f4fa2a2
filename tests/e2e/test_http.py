"""What HTTP/1.1 asks of a server, where CWMP has devices that use it."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from acs.cwmp_http.connections import Connection
from acs.cwmp_http.patience import Phase
from acs.cwmp_http.reader import MAX_WAITING
from acs.cwmp_http.requests import EARLY, Request
from acs.domain.device import Identity
from acs.domain.operation import OperationKind, Variable
from acs.services.calling import Reply
from tests.e2e.device import ScriptedDevice
from tests.e2e.serving import Served, serving
from tests.e2e.test_bad_peers import framed, inform, request
from tests.e2e.test_overload import phase_is
from tests.e2e.wire import LAST_CHUNK, ClosedError, HttpConnection, chunk

LARGE = 4 * EARLY


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    url = f"sqlite:///{tmp_path / 'aioacs.db'}"
    async with serving(url, tmp_path, max_unauthenticated_body=LARGE, max_body=LARGE) as found:
        yield found


async def opened(served: Served) -> HttpConnection:
    return await HttpConnection.open("127.0.0.1", served.port)


def long_inform(device: ScriptedDevice, length: int) -> bytes:
    """An Inform of so many octets."""
    entry = "<ParameterValueStruct><Name>Device.X_VENDOR.Long</Name><Value>{}</Value></ParameterValueStruct>"
    least = len(inform(device, inside=entry.format("")))
    return inform(device, inside=entry.format("x" * (length - least)))


@pytest.mark.parametrize(
    ("line", "headers", "says"),
    [
        ("POST / HTTP/1.1", (), None),
        ("POST / HTTP/1.1", ("Connection: close",), "close"),
        ("POST / HTTP/1.0", (), "close"),
        ("POST / HTTP/1.0", ("Connection: keep-alive",), "keep-alive"),
    ],
)
async def test_a_connection_is_kept_as_the_device_wishes(
    served: Served, line: str, headers: tuple[str, ...], says: str | None
) -> None:
    connection = await opened(served)
    await connection.write(framed(inform(served.device()), *headers, line=line))
    reply = await connection.read()
    assert (reply.status, reply.first("Connection")) == (200, says)
    if says == "close":
        assert await connection.wait_closed_by_server() == b""
        connection.drop()
        return
    await connection.write(framed(b"", *headers, line=line))
    assert (await connection.read()).status == 204
    await connection.close()


async def test_responses_say_who_they_are_of_and_when_and_how_long_they_are(served: Served) -> None:
    connection = await opened(served)
    answered = await connection.post(inform(served.device()))
    ended = await connection.post(b"")
    for reply in (answered, ended):
        assert reply.first("Server") == "aioacs"
        assert (reply.first("Date") or "").endswith(" GMT")
    assert answered.first("Content-Length") == str(len(answered.body))
    assert ended.first("Content-Length") is None, "RFC 9110 8.6"
    await connection.close()


@pytest.mark.parametrize("offer", ["h2c", "websocket"])
@pytest.mark.parametrize("is_chunked", [False, True])
async def test_an_offer_of_another_protocol_is_overlooked(served: Served, offer: str, is_chunked: bool) -> None:
    connection = await opened(served)
    body = inform(served.device())
    headers = ("Connection: Upgrade, HTTP2-Settings", f"Upgrade: {offer}", "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA")
    if is_chunked:
        await connection.write(request(chunk(body) + LAST_CHUNK, "Transfer-Encoding: chunked", *headers))
    else:
        await connection.write(framed(body, *headers))
    assert (await connection.read()).status == 200
    await connection.write(framed(b"", *headers))
    assert (await connection.read()).status == 204
    await connection.close()


async def test_a_device_that_waits_for_a_word_gets_it_and_may_go_on(served: Served) -> None:
    connection = await opened(served)
    assert (await connection.post(inform(served.device()), expect_continue=True)).status == 200
    assert (await connection.post(b"")).status == 204
    await connection.close()


async def test_a_device_that_waits_for_a_word_and_is_refused_is_closed(tmp_path: Path) -> None:
    # It may send the body or leave it out now, and nobody could tell the one from the other.
    async with serving(f"sqlite:///{tmp_path / 'aioacs.db'}", tmp_path, onboarding="reject") as served:
        connection = await opened(served)
        reply = await connection.post(inform(served.device()), expect_continue=True)
        assert (reply.status, reply.first("Connection")) == (401, "close")
        assert await connection.wait_closed_by_server() == b""
        connection.drop()
        hasty = await opened(served)
        await hasty.write(framed(inform(served.device()), "Expect: 100-continue"))
        reply = await hasty.read()
        assert (reply.status, reply.first("Connection")) == (401, None)
        assert (await hasty.post(b"")).status == 401
        await hasty.close()


async def test_http_1_0_is_never_told_to_continue(served: Served) -> None:
    connection, body = await opened(served), inform(served.device())
    await connection.write(framed(body, "Expect: 100-continue", line="POST / HTTP/1.0")[: -len(body)])
    await phase_is(served, Phase.BODY)
    await connection.write(body)
    assert (await connection.wait_closed_by_server()).startswith(b"HTTP/1.1 200 OK\r\n")
    connection.drop()


async def test_who_has_said_all_gets_the_answer(served: Served) -> None:
    connection = await opened(served)
    await connection.write(framed(inform(served.device())))
    connection.half_close()
    assert (await connection.read()).status == 200
    assert await connection.wait_closed_by_server() == b""
    connection.drop()


async def test_a_body_may_come_before_anybody_asks_for_it(served: Served) -> None:
    connection = await opened(served)
    body = long_inform(served.device(), LARGE)
    assert len(body) == LARGE
    await connection.write(framed(body))
    assert (await connection.read()).status == 200
    assert (await connection.post(b"")).status == 204
    await connection.close()


async def test_no_more_than_a_little_is_taken_in_before_anybody_asks_for_it(served: Served) -> None:
    (listener,) = served.server._listeners
    may_go_on, handler = asyncio.Event(), listener.handler

    class Slow:
        at_once = handler.at_once

        async def handle(self, connection: Connection, request: Request) -> Reply:
            await may_go_on.wait()
            return await handler.handle(connection, request)

    listener.handler = Slow()
    connection = await opened(served)
    writing = asyncio.create_task(connection.write(framed(long_inform(served.device(), LARGE))))
    await phase_is(served, Phase.BODY)
    (held,) = listener.connections
    assert isinstance(held, Connection)
    async with asyncio.timeout(10):
        while not held.is_paused:  # noqa: ASYNC110
            await asyncio.sleep(0)
    may_go_on.set()
    assert (await connection.read()).status == 200
    await writing
    await connection.close()


async def test_the_answer_to_a_body_that_is_too_long_is_not_lost_in_the_body(served: Served) -> None:
    connection = await opened(served)
    await connection.write(framed(long_inform(served.device(), 64 * LARGE)))
    reply = await connection.read()
    assert (reply.status, reply.first("Connection")) == (413, "close")
    connection.drop()


async def test_a_refused_body_is_taken_and_dropped_and_the_connection_kept(tmp_path: Path) -> None:
    async with serving(f"sqlite:///{tmp_path / 'aioacs.db'}", tmp_path, onboarding="reject") as served:
        connection = await opened(served)
        body = long_inform(served.device(), LARGE)
        head, tail = framed(body)[:-LARGE], body
        await connection.write(head)
        assert (await connection.read()).status == 401
        await connection.write(tail)
        assert (await connection.post(b"")).status == 401
        await connection.close()


async def test_posts_that_wait_are_bounded(served: Served) -> None:
    connection = await opened(served)
    post = framed(b"<soap")
    await connection.write(post * (MAX_WAITING + 1))
    said = await connection.wait_closed_by_server()
    assert said.count(b"HTTP/1.1 ") == MAX_WAITING
    connection.drop()
    patient = await opened(served)
    await patient.write(framed(inform(served.device())) + framed(b"") * (MAX_WAITING - 1))
    replies = [await patient.read() for _ in range(MAX_WAITING)]
    assert [reply.status for reply in replies] == [200, *[204] * (MAX_WAITING - 1)]
    await patient.close()


async def test_requests_before_the_end_of_what_a_device_says_are_answered(served: Served) -> None:
    connection = await opened(served)
    await connection.write(framed(inform(served.device())) + framed(b""))
    connection.half_close()
    replies = [await connection.read() for _ in range(2)]
    assert [reply.status for reply in replies] == [200, 204]
    assert await connection.wait_closed_by_server() == b""
    connection.drop()


@pytest.mark.parametrize("coding", [b"gzip", b"\xff, chunked"])
async def test_a_bad_offer_behind_a_post_gives_back_what_the_post_held(served: Served, coding: bytes) -> None:
    connection = await opened(served)
    offer = b"POST / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: x\r\nTransfer-Encoding: " + coding + b"\r\n\r\n"
    await connection.write(framed(inform(served.device())) + offer)
    assert (await connection.read()).status == 200
    connection.drop()
    await phase_is(served)
    (listener,) = served.server._listeners
    assert listener.budget.used == 0


async def deaf_device(served: Served) -> socket.socket:
    """A connection on which a long answer is due that is not read."""
    device = served.device()
    await device.run_session()
    large = Variable("Device.WiFi.SSID.1.SSID", "x" * 12_000_000, "string")
    await served.queue(device, OperationKind.SET, large)
    assert (await device.inform()).status == 200
    cookies = "; ".join(f"{name}={value}" for name, value in device.link.cookies.items())
    await device.link.close()
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(deaf, ("127.0.0.1", served.port))
    await loop.sock_sendall(deaf, request(b"", f"Cookie: {cookies}", "Content-Length: 0"))
    await phase_is(served, Phase.WRITING)
    return deaf


async def test_who_does_not_read_gains_no_time_by_asking_more(served: Served) -> None:
    with await deaf_device(served) as deaf:
        await asyncio.get_running_loop().sock_sendall(deaf, framed(b"<soap"))
        (listener,) = served.server._listeners
        (held,) = listener.connections
        assert isinstance(held, Connection)
        async with asyncio.timeout(10):
            while not held.has_waiting:  # noqa: ASYNC110
                await asyncio.sleep(0)
        assert held.phase is Phase.WRITING


async def test_who_says_all_before_it_has_read_all_is_closed_then(served: Served) -> None:
    with await deaf_device(served) as deaf:
        deaf.shutdown(socket.SHUT_WR)
        loop, octets = asyncio.get_running_loop(), 0
        async with asyncio.timeout(10):
            while piece := await loop.sock_recv(deaf, 1_000_000):
                octets += len(piece)
        assert octets > 12_000_000


async def test_an_empty_post_of_a_session_that_is_forgotten_is_not_answered_for_it(served: Served) -> None:
    device, sessions = served.device(), served.server.services.sessions
    connection = await opened(served)
    assert (await connection.post(inform(device))).status == 200
    (session,) = sessions.table
    sessions.closing.drop(session, "closed")
    session.link = None
    (listener,) = served.server._listeners
    for held in listener.connections:
        held.link.session = session
    await connection.post(b"")
    assert len(sessions) == 0
    await connection.close()


async def test_nothing_is_done_behind_the_last_request_of_a_connection(served: Served) -> None:
    connection, first, second = await opened(served), served.device(), served.device()
    await connection.write(framed(b"", line="GET / HTTP/1.1") + framed(inform(second)))
    reply = await connection.read()
    assert (reply.status, reply.first("Connection")) == (405, "close")
    assert await connection.wait_closed_by_server() == b""
    connection.drop()
    assert (await first.run_session()).is_acknowledged
    devices = served.server.services.tools.devices
    assert await devices.matching(Identity(second.id.oui, second.id.product_class, second.id.serial)) == []


async def test_a_file_may_be_asked_for_on_the_connection_of_a_session_and_not_behind_a_post(served: Served) -> None:
    connection = await opened(served)
    assert (await connection.post(inform(served.device()))).status == 200
    reply = await connection.post(b"", method="GET", target="/files/nothing/here")
    assert (reply.status, reply.first("Connection")) == (404, "close")
    assert await connection.wait_closed_by_server() == b""
    connection.drop()
    hasty = await opened(served)
    await hasty.write(framed(inform(served.device())) + framed(b"", line="GET /files/nothing/here HTTP/1.1"))
    assert (await hasty.read()).status == 200
    assert await hasty.wait_closed_by_server() == b""
    hasty.drop()


async def test_a_head_in_pieces_behind_a_post_is_read_on(served: Served) -> None:
    connection = await opened(served)
    head, rest = framed(b"")[:9], framed(b"")[9:]
    await connection.write(framed(inform(served.device())) + head)
    assert (await connection.read()).status == 200
    await phase_is(served, Phase.HEAD)
    await connection.write(rest)
    assert (await connection.read()).status == 204
    await connection.close()


@pytest.mark.parametrize("flood", ["trailer", "extension"])
async def test_what_stands_between_chunks_is_bounded(served: Served, flood: str) -> None:
    connection = await opened(served)
    await connection.write(request(b"", "Transfer-Encoding: chunked"))
    await connection.write(b"5\r\n<soap\r\n" + (b"0\r\nX-Trailer: " if flood == "trailer" else b"5;"))
    said = b""
    try:
        for _ in range(64):
            await connection.write(b"a" * 4096)
        said = await connection.wait_closed_by_server()
    except ClosedError:
        pass
    assert said == b"" or said.startswith(b"HTTP/1.1 400 ")
    connection.drop()
