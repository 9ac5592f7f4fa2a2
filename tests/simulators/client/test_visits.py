"""Sessions over real connections: what a device makes of what servers say, and of what they do not."""

import asyncio
import gzip
from collections.abc import Callable
from functools import partial

import pytest

from cwmp_schemas.rpc.parameters import GetParameterValues
from simulators.client.connection import MAX_BODY
from simulators.client.connector import Connector, Made
from simulators.client.target import MAX_REDIRECTS, Target
from simulators.client.visit import CONNECT_TIMEOUT, REPLY_TIMEOUT, Visit
from tests.simulators.client.scripted import (
    PATIENCE,
    Heard,
    Say,
    Visiting,
    asking,
    bodies,
    constant,
    hang_up,
    in_turn,
    informed,
    reply,
    serving,
    visited,
)
from tests.simulators.device.conversing import START

READ = GetParameterValues(("Device.DeviceInfo.SoftwareVersion",))


async def test_a_session_is_an_inform_an_empty_post_and_its_answers_on_one_connection() -> None:
    outcomes, heard, device = await visited(asking(READ))
    assert outcomes == ["ok"]
    assert bodies(heard) == ["Inform", "", "answer"]
    assert {each.connection for each in heard} == {1}
    assert {each.line for each in heard} == {"POST /acs/ HTTP/1.1"}
    assert not device.cpe.pending.events


async def test_a_post_says_what_it_carries_and_an_empty_one_says_nothing() -> None:
    _, (inform, empty), _ = await visited(asking())
    assert inform.one("content-type") == 'text/xml; charset="utf-8"'
    assert inform.one("soapaction") == ""
    assert inform.one("content-length") == str(len(inform.body))
    assert (inform.one("host") or "").startswith("127.0.0.1:")
    assert [name for name, _ in empty.headers] == ["host", "content-length"]


async def test_what_happened_is_counted() -> None:
    _, _, device = await visited(asking(READ, READ))
    tally = device.tally
    assert (tally.ok, tally.failed, tally.open) == (1, 0, 0)
    assert tally.statuses == {200: 3, 204: 1}
    assert tally.informs.count == 1
    assert (tally.rpcs["GetParameterValues"].latencies.count, tally.rpcs_answered) == (2, 2)
    assert tally.events == {"0 BOOTSTRAP": 1, "1 BOOT": 1, "6 CONNECTION REQUEST": 1}


async def test_an_answer_that_the_server_never_took_is_no_answered_rpc() -> None:
    outcomes, _, device = await visited(in_turn(*[asking(READ)] * 2, Say(then="close"), Say(then="close")))
    assert outcomes == ["connection cut"]
    assert device.tally.rpcs_answered == 0


async def test_a_server_that_closes_after_each_reply_is_called_again_for_each_post() -> None:
    def say(heard: Heard) -> Say:
        said = reply(200, informed(heard), "Connection: close") if heard.body else reply(204, b"", "Connection: close")
        return Say(said.octets, "close")

    outcomes, heard, _ = await visited(say)
    assert outcomes == ["ok"]
    assert [each.connection for each in heard] == [1, 2]


async def test_a_reply_of_http_1_0_ends_with_its_connection() -> None:
    def say(heard: Heard) -> Say:
        return Say(b"HTTP/1.0 200 OK\r\nContent-Type: text/xml\r\n\r\n" + informed(heard), "close")

    outcomes, heard, _ = await visited(in_turn(say, Say(b"HTTP/1.0 204 No Content\r\n\r\n", "close")))
    assert outcomes == ["ok"]
    assert [each.connection for each in heard] == [1, 2]


async def test_a_reply_without_a_length_that_is_reset_is_no_reply() -> None:
    outcomes, _, _ = await visited(lambda _: Say(b"HTTP/1.1 200 OK\r\n\r\n<soap", "reset"))
    assert outcomes == ["connection cut"]


async def test_chunked_replies_and_those_after_a_100_are_read() -> None:
    def say(heard: Heard) -> Say:
        body = informed(heard)
        head = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        return Say(head + b"5;x=y\r\n%b\r\n%x\r\n%b\r\n0\r\nTrailer: x\r\n\r\n" % (body[:5], len(body) - 5, body[5:]))

    outcomes, heard, _ = await visited(in_turn(say))
    assert outcomes == ["ok"]
    assert bodies(heard) == ["Inform", ""]


async def test_a_connection_that_the_server_left_in_between_is_replaced_once() -> None:
    # The server says that it keeps the connection, and closes it all the same.
    def say(heard: Heard) -> Say:
        return Say(reply(200, informed(heard)).octets, "close")

    outcomes, heard, _ = await visited(in_turn(say))
    assert outcomes == ["ok"]
    assert [each.connection for each in heard] == [1, 2]


async def test_a_post_whose_connection_is_cut_while_it_is_out_is_sent_once_more() -> None:
    outcomes, heard, _ = await visited(in_turn(asking(), Say(then="reset")))
    assert outcomes == ["ok"]
    assert bodies(heard) == ["Inform", "", ""]
    outcomes, heard, _ = await visited(in_turn(asking(), Say(then="reset"), Say(then="reset")))
    assert outcomes == ["connection cut"]
    assert bodies(heard) == ["Inform", "", ""]


@pytest.mark.parametrize("then", ["close", "reset"])
async def test_a_first_post_that_gets_no_reply_fails_the_session(then: str) -> None:
    outcomes, heard, device = await visited(lambda _: Say(then=then))
    assert outcomes == ["connection cut"]
    assert len(heard) == 1
    assert device.cpe.retrying.count == 1


async def test_a_reply_that_is_cut_anywhere_fails_the_session_and_is_not_asked_for_again() -> None:
    def whole(heard: Heard) -> bytes:
        return reply(200, informed(heard), "Set-Cookie: a=b").octets

    _, (inform, _), _ = await visited(in_turn(lambda heard: Say(whole(heard))))
    length = len(whole(inform))
    for cut in sorted({*range(1, length, 37), length - 1}):
        outcomes, heard, _ = await visited(partial(lambda cut, heard: Say(whole(heard)[:cut], "close"), cut))
        assert outcomes == ["connection cut"], cut
        assert len(heard) == 1


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"220 mail.example ESMTP\r\n", "not HTTP"),
        (b"HTTP/1.1 OK 200\r\n\r\n", "not HTTP"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "not HTTP"),
        (b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"X-Long: %b\r\n" % (b"y" * 9000) * 9 + b"\r\n", "endless headers"),
        (b"HTTP/1.1 200 OK\r\nX-Endless: " + b"y" * 1_000_000, "endless headers"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"y" * 1_000_000, "endless headers"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "unreadable"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "no answer"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "no answer"),
        (b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", "status 500"),
        (b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", "status 403"),
        (b"HTTP/1.1 304 No\r\n\r\n", "status 304"),
    ],
)
async def test_a_reply_that_is_none_fails_the_session_with_a_reason(octets: bytes, why: str) -> None:
    outcomes, _, device = await visited(lambda _: Say(octets))
    assert outcomes == [why]
    assert device.tally.failures == {why: 1}


async def test_a_compressed_reply_is_refused_for_none_was_asked_for() -> None:
    def say(heard: Heard) -> Say:
        return reply(200, gzip.compress(informed(heard)), "Content-Encoding: gzip")

    outcomes, (inform,), _ = await visited(say)
    assert outcomes == ["compressed reply"]
    assert inform.one("accept-encoding") is None
    outcomes, _, _ = await visited(in_turn(lambda heard: reply(200, informed(heard), "Content-Encoding: identity")))
    assert outcomes == ["ok"]
    nothing = reply(204, b"", "Content-Encoding: gzip")
    outcomes, _, _ = await visited(in_turn(lambda heard: reply(200, informed(heard)), nothing))
    assert outcomes == ["ok"]


async def test_a_reply_has_a_bound_even_if_it_says_no_length() -> None:
    outcomes, _, _ = await visited(lambda _: Say(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (MAX_BODY + 1), "close"))
    assert outcomes == ["endless body"]


async def test_who_says_more_than_was_asked_is_not_believed_the_second_thing() -> None:
    # The second reply must not pass for the answer to the next post.
    def say(heard: Heard) -> Say:
        return Say(reply(200, informed(heard)).octets + reply(500).octets)

    outcomes, heard, _ = await visited(in_turn(say))
    assert outcomes == ["ok"]
    assert [each.connection for each in heard] == [1, 2]


async def test_a_silent_server_is_given_up_at_the_deadline() -> None:
    async with serving(lambda _: Say()) as server:
        device = Visiting(server.url)
        visit = device.begin()
        assert visit.deadline == START + CONNECT_TIMEOUT
        device.now += 7
        async with asyncio.timeout(PATIENCE):
            await server.said.acquire()
        assert visit.deadline == START + 7 + REPLY_TIMEOUT
        visit.give_up("timeout")
        assert await device.end() == "timeout"
        async with asyncio.timeout(PATIENCE):
            await server.ended.acquire()
    assert device.cpe.session is None
    assert device.cpe.retrying.count == 1


async def test_a_device_that_is_cut_off_says_no_farewell() -> None:
    ends: list[str] = []

    async def watch(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        come.set()
        try:
            await reader.read()
            ends.append("closed")
        except ConnectionResetError:
            ends.append("reset")
        writer.close()
        gone.set()

    come, gone = asyncio.Event(), asyncio.Event()
    async with await asyncio.start_server(watch, "127.0.0.1", 0) as server, asyncio.timeout(PATIENCE):
        device = Visiting(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        visit = device.begin()
        await come.wait()
        visit.give_up("power cut")
        await gone.wait()
    assert ends == ["reset"]
    assert await device.end() == "power cut"


async def test_a_connection_that_is_gone_as_soon_as_it_is_there_fails_the_session() -> None:
    class Gone(Connector):
        async def connect(self, make: Callable[[], Made], target: Target) -> Made:
            return make()

    ends: list[str] = []
    device = Visiting("http://127.0.0.1:1/")
    device.cpe.advance(START)
    Visit(device.cpe, device.tally, lambda: START, lambda _, how: ends.append(how), Gone()).start()
    await asyncio.sleep(0)
    assert ends == ["connection cut"]


async def test_a_device_that_is_stopped_while_it_connects_leaves_nothing_behind() -> None:
    async with serving(asking()) as server:
        device = Visiting(server.url)
        device.begin().give_up("stopped")
        assert await device.end() == "stopped"
        assert await device.session() == "ok"
        assert len(server.heard) == 2


async def test_a_server_that_hangs_up_at_once_is_called_once() -> None:
    calls = 0

    class HangsUp(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            nonlocal calls
            calls += 1
            hang_up(transport)

    async with await asyncio.get_running_loop().create_server(HangsUp, "127.0.0.1", 0) as server:
        device = Visiting(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        assert await device.session() == "connection cut"
    assert calls == 1


@pytest.mark.parametrize("host", ["x" * 70, "a..b", "nothing.invalid"])
async def test_a_name_that_is_none_is_no_place_to_call(host: str) -> None:
    assert await Visiting(f"http://{host}:1/").session() == "no connection"


async def test_where_nobody_listens_there_is_no_connection() -> None:
    async with serving(asking()) as server:
        device = Visiting(server.url)
    assert await device.session() == "no connection"


@pytest.mark.parametrize("url", ["", "(null)", "ftp://127.0.0.1/", "http://", "http://[::1/", "http://a b/", "/acs"])
async def test_a_url_that_is_none_is_no_place_to_call(url: str) -> None:
    assert await Visiting(url).session() == "no URL"


async def test_ipv6_is_spoken() -> None:
    async with serving(asking(), host="::1") as server:
        device = Visiting(f"http://[::1]:{server.port}/")
        assert await device.session() == "ok"
        assert server.heard[0].one("host") == f"[::1]:{server.port}"


async def test_names_are_looked_up() -> None:
    async with serving(asking()) as server:
        assert await Visiting(f"http://localhost:{server.port}/").session() == "ok"


async def test_503_says_when_to_come_back() -> None:
    for header, earliest in (
        ("Retry-After: 3600", START + 3600),
        ("Retry-After: Wed, 15 Nov 2023 00:00:00 GMT", 1_700_006_400.0),
        ("Retry-After: 999999999", START + 86_400),
    ):
        outcomes, _, device = await visited(constant(reply(503, b"", header)))
        assert outcomes == ["status 503"]
        assert not device.cpe.advance(earliest - 1)
        assert device.cpe.advance(earliest)
    for header in ("Retry-After: soon", "Retry-After: -1", "X-Nothing: 1"):
        _, _, device = await visited(constant(reply(503, b"", header)))
        assert device.cpe.advance(START + 10)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_the_session_goes_on_where_it_is_sent(status: int) -> None:
    async with serving(asking(READ)) as other:
        outcomes, heard, _ = await visited(lambda _: reply(status, b"", f"Location: {other.url}moved?a=b"))
    assert outcomes == ["ok"]
    assert len(heard) == 1
    assert [each.target for each in other.heard] == ["/acs/moved?a=b"] * 3
    assert other.heard[0].body == heard[0].body
    assert other.heard[0].one("host") == f"127.0.0.1:{other.port}"


async def test_a_redirect_may_be_a_path_and_keeps_the_connection() -> None:
    outcomes, heard, _ = await visited(in_turn(reply(302, b"", "Location: ../next")))
    assert outcomes == ["ok"]
    assert [(each.target, each.connection) for each in heard] == [("/acs/", 1), ("/next", 1), ("/next", 1)]


async def test_five_redirects_are_followed_and_no_more() -> None:
    def there(number: int) -> Say:
        return reply(302, b"", f"Location: /{number}")

    outcomes, heard, _ = await visited(in_turn(*map(there, range(MAX_REDIRECTS))))
    assert outcomes == ["ok"]
    assert len(heard) == MAX_REDIRECTS + 2
    outcomes, heard, _ = await visited(in_turn(*map(there, range(MAX_REDIRECTS + 1))))
    assert outcomes == ["too many redirects"]


@pytest.mark.parametrize("header", ["X-Nothing: 1", "Location: ftp://127.0.0.1/", "Location: http://[/"])
async def test_a_redirect_to_nowhere_fails_the_session(header: str) -> None:
    outcomes, _, _ = await visited(lambda _: reply(302, b"", header))
    assert outcomes == ["bad redirect"]
