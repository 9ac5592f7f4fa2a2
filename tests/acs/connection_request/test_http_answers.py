"""What devices of every manner answer on real sockets, and what it is taken for."""

import asyncio
import socket
from pathlib import Path

import pytest

from acs.domain.reach import Reach, ReachKind
from tests.acs.connection_request.calling import PATIENT, QUICK, QUICK_THEN_PATIENT, at, reach, requester, target
from tests.acs.connection_request.devices import (
    NO_CONTENT,
    OK,
    PASSWORD,
    Answering,
    Names,
    Reply,
    always,
    challenge,
    guarded,
    listening,
    self_signed,
    unauthorized,
)


@pytest.mark.parametrize("octets", [OK, NO_CONTENT, b"HTTP/1.0 200\n\n", b"HTTP/1.1 204 No Content\r\n"])
async def test_200_and_204_mean_that_the_device_was_reached(octets: bytes) -> None:
    result, device = await reach(always(octets, close=True))
    assert result.kind is ReachKind.REACHED
    assert [request.request_line for request in device.requests] == ["GET /cr?id=4 HTTP/1.1"]


@pytest.mark.parametrize("status", [100, 201, 400, 403, 404, 500, 503])
async def test_any_other_status_is_a_refusal_that_is_not_argued_with(status: int) -> None:
    result, device = await reach(always(f"HTTP/1.1 {status} Whatever\r\n\r\n".encode(), close=True))
    assert (result.kind, len(device.requests)) == (ReachKind.REFUSED, 1)
    assert str(status) in result.detail or "busy" in result.detail


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_refused_and_never_followed(status: int) -> None:
    async with listening(always(OK)) as other:
        location = f"HTTP/1.1 {status} Found\r\nLocation: http://127.0.0.1:{other.port}/\r\n\r\n"
        result, _ = await reach(always(location.encode(), close=True))
    assert (result.kind, other.connections) == (ReachKind.REFUSED, 0)


async def test_a_port_where_nothing_listens_is_a_refusal() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    result = await requester().request(target(f"http://127.0.0.1:{port}/"))
    assert (result.kind, result.detail) == (ReachKind.REFUSED, f"127.0.0.1 takes no connection at port {port}")


async def test_a_device_that_closes_without_a_word_is_asked_once_more() -> None:
    result, device = await reach(always(b"", close=True))
    assert (result.kind, device.connections) == (ReachKind.REFUSED, 2)
    assert "without an answer" in result.detail


async def test_a_device_that_cuts_the_connection_is_asked_once_more() -> None:
    resetting: list[asyncio.StreamWriter] = []

    def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        resetting.append(writer)
        # With this, closing sends a reset.
        connection = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        writer.transport.abort()

    server = await asyncio.start_server(cut, "127.0.0.1", 0)
    async with server:
        result = await requester().request(target(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"))
    assert (result.kind, len(resetting)) == (ReachKind.REFUSED, 2)
    assert "cut" in result.detail


async def test_a_silent_device_is_a_timeout_after_two_tries() -> None:
    result, device = await reach(lambda request: None, tries=QUICK)
    assert (result.kind, device.connections) == (ReachKind.TIMEOUT, 2)


async def test_a_device_that_is_silent_where_tls_should_begin_is_a_timeout() -> None:
    async with listening(always(OK)) as device:
        result = await requester(tries=QUICK).request(target(f"https://127.0.0.1:{device.port}/"))
    assert (result.kind, device.connections) == (ReachKind.TIMEOUT, 2)


async def test_a_device_that_is_silent_at_first_is_reached_at_the_second_try() -> None:
    result, _ = await reach(
        lambda request: Reply(OK) if "connection" in request.headers else None, tries=QUICK_THEN_PATIENT
    )
    assert result.kind is ReachKind.REACHED


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n"], ids=["close", "length"]
)
async def test_an_endless_body_is_not_read(head: bytes) -> None:
    result, _ = await reach(lambda request: Reply(head + b"\r\n", endlessly=b"x" * 4096))
    assert result.kind is ReachKind.REACHED


@pytest.mark.parametrize("endlessly", [b"X: y\r\n" * 100, b"x" * 4096], ids=["lines", "line"])
async def test_an_endless_head_is_given_up(endlessly: bytes) -> None:
    result, _ = await reach(lambda request: Reply(b"HTTP/1.1 200 OK\r\n", endlessly=endlessly))
    assert result.kind is ReachKind.REFUSED
    assert "octets" in result.detail


@pytest.mark.parametrize(
    "octets", [b"\x16\x03\x01\x00\n", b"SSH-2.0-dropbear\r\n", b"HTTP/1.1 20\r\n\r\n", b"\r\n\r\n"]
)
async def test_what_is_no_http_is_a_refusal(octets: bytes) -> None:
    result, _ = await reach(always(octets, close=True))
    assert (result.kind, result.detail) == (ReachKind.REFUSED, "what answers there does not speak HTTP")


async def test_the_request_tells_nothing_about_the_server() -> None:
    _, device = await reach(guarded(close=True))
    assert set(device.requests[0].headers) == {"host"}
    assert set(device.requests[-1].headers) <= {"host", "authorization", "connection"}
    assert device.requests[0].headers["host"] == f"127.0.0.1:{device.port}"


async def test_a_self_signed_certificate_is_taken_and_the_name_is_sent(tmp_path: Path) -> None:
    async with listening(guarded(), tls=self_signed(tmp_path)) as device:
        caller = requester(resolver=Names([["127.0.0.1"]]))
        for host in ("router.example", "127.0.0.1"):
            result = await caller.request(target(f"https://{host}:{device.port}/cr"))
            assert result.kind is ReachKind.REACHED
    assert device.server_names == ["router.example", None]


async def test_a_port_without_tls_is_a_refusal() -> None:
    def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        result = await requester().request(target(f"https://127.0.0.1:{port}/"))
    assert (result.kind, result.detail) == (ReachKind.REFUSED, f"TLS with 127.0.0.1 port {port} did not come about")


async def test_no_secret_is_in_a_result_or_a_representation() -> None:
    secrets = (PASSWORD, "path-secret", "query-secret", "user-secret")
    rest = "/path-secret?id=query-secret"
    results: list[Reach] = []
    devices: list[tuple[Answering, tuple[float, float]]] = [
        (guarded(), PATIENT),
        (always(unauthorized(challenge("n"))), PATIENT),
        (always(b"", close=True), PATIENT),
        (lambda request: None, QUICK),
    ]
    for answering, tries in devices:
        async with listening(answering) as device:
            asked = at(device, rest)
            assert not any(secret in repr(asked) for secret in secrets)
            results.append(await requester(tries=tries).request(asked))
    urls = (
        f"http://user-secret@127.0.0.1{rest}",
        f"http://127.1{rest}",
        f"ftp://a{rest}",
        f"http://192.0.2.9{rest}",
    )
    results += [await requester().request(target(url)) for url in urls]
    assert {result.kind for result in results} == set(ReachKind) - {ReachKind.NO_URL}
    assert not any(secret in repr(result) for result in results for secret in secrets)


async def test_the_latency_is_that_of_all_tries_together() -> None:
    times = iter([100.0, 102.5])
    async with listening(lambda request: Reply(OK) if "connection" in request.headers else None) as device:
        result = await requester(tries=QUICK_THEN_PATIENT, clock=lambda: next(times)).request(at(device))
    assert (result.kind, result.latency) == (ReachKind.REACHED, 2.5)


async def test_a_request_can_be_cancelled_and_leaves_no_connection() -> None:
    async with listening(lambda request: None) as device:
        asking = asyncio.create_task(requester().request(at(device)))
        await device.asked.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    # That the block ended shows that the device saw the connection end.
    assert device.connections == 1


@pytest.mark.parametrize("tries", [(), (0.0,), (2.0, -1.0)])
def test_tries_without_time_are_refused(tries: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="try"):
        requester(tries=tries)
