"""The load counts what went well as such, and what did not by its reason."""

import asyncio
import itertools

import pytest

from acs.auth.authenticator import Authenticator
from acs.auth.nonces import NonceSigner, NonceWindow
from benchmarks.engine.client import Target
from benchmarks.engine.generator import Load, Result, hold, run_load
from tests.benchmarks import servers

EPOCH = 1_700_000_000


async def _load(script: servers.Script, sessions: int = 3) -> Result:
    async with servers.scripted(script) as target:
        return await run_load(Load(target, sessions=sessions, concurrency=2), EPOCH)


def _only(reason: str, sessions: int = 3) -> dict[str, int]:
    return {reason: sessions}


async def test_every_session_with_a_good_server_is_a_good_one() -> None:
    async with servers.bare_server() as target:
        result = await run_load(Load(target, sessions=200, concurrency=20, warm_up=30), EPOCH)
    assert (result.sessions, result.failures, result.rpcs, result.challenges) == (200, {}, 0, 0)
    assert result.requests_per_second / result.sessions_per_second == pytest.approx(2, rel=0.01)
    assert 0 < result.milliseconds["p50"] <= result.milliseconds["p99"] <= result.milliseconds["max"]


@pytest.mark.parametrize(("keep", "connections"), [(False, 5 + 12), (True, 1 + 1)])
async def test_a_session_has_its_own_connection_unless_it_is_kept_and_so_it_is_to_warm_up(
    keep: bool, connections: int
) -> None:
    seen = 0

    class Counting(servers.Scripted):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            nonlocal seen
            seen += 1
            super().connection_made(transport)

    async with servers.scripted(_good, Counting) as target:
        result = await run_load(Load(target, sessions=12, concurrency=1, warm_up=5, keep=keep), EPOCH)
    assert (result.sessions, seen) == (12, connections)


async def test_a_device_has_one_session_at_a_time() -> None:
    open_now: list[bytes] = []
    twice: list[bytes] = []

    def script(head: bytes, body: bytes) -> bytes:
        if body:
            serial = body.partition(b"<SerialNumber>")[2].partition(b"<")[0]
            twice.extend([serial] if serial in open_now else [])
            open_now.append(serial)
            return servers.inform_response(body).replace(b"\r\n\r\n", b"\r\nSet-Cookie: s=%b\r\n\r\n" % serial, 1)
        open_now.remove(head.partition(b"Cookie: s=")[2].partition(b"\r")[0])
        return servers.NOTHING

    async with servers.scripted(script) as target:
        result = await run_load(Load(target, sessions=60, concurrency=20, devices=5, warm_up=20), EPOCH)
    assert (result.sessions, result.failures, twice) == (60, {}, [])


async def test_the_cookies_of_a_session_come_back_in_its_next_posts_and_in_no_other_session() -> None:
    cookies: list[bytes] = []
    numbers = itertools.count()

    def script(head: bytes, body: bytes) -> bytes:
        cookies.append(head.partition(b"Cookie: ")[2].partition(b"\r")[0])
        if not body:
            return servers.NOTHING
        cookie = b"Set-Cookie: session=%d; Path=/; HttpOnly\r\nSet-Cookie: node=a\r\n" % next(numbers)
        return servers.inform_response(body).replace(b"\r\n\r\n", b"\r\n" + cookie + b"\r\n", 1)

    async with servers.scripted(script) as target:
        await run_load(Load(target, sessions=2, concurrency=1), EPOCH)
    assert cookies == [b"", b"session=0; node=a", b"", b"session=1; node=a"]


async def test_rpcs_are_answered_until_the_server_has_no_more() -> None:
    answers: list[bytes] = []

    def script(head: bytes, body: bytes) -> bytes:
        if b":Inform>" in body:
            return servers.inform_response(body)
        if not body:
            names = b"<ParameterNames><string>Device.A</string></ParameterNames>"
            return servers.envelope(b"first", b"<c:GetParameterValues>%b</c:GetParameterValues>" % names)
        answers.append(body)
        if servers.message_id(body) == b"first":
            return servers.envelope(b"second", b"<c:Reboot><CommandKey>k</CommandKey></c:Reboot>")
        return servers.NOTHING

    result = await _load(script, sessions=1)
    assert (result.sessions, result.rpcs, result.failures) == (1, 2, {})
    assert [servers.message_id(answer) for answer in answers] == [b"first", b"second"]
    assert b":GetParameterValuesResponse>" in answers[0]
    assert b"<FaultCode>9000<" in answers[1]


def _good(head: bytes, body: bytes) -> bytes:
    return servers.inform_response(body) if body else servers.NOTHING


async def test_a_cut_connection_is_a_failure() -> None:
    assert (await _load(lambda head, body: b"")).failures == _only("connection cut")


async def test_a_connection_that_is_cut_after_the_inform_is_a_failure() -> None:
    assert (await _load(lambda head, body: _good(head, body) if body else b"")).failures == _only("connection cut")


@pytest.mark.parametrize("status", [b"500 Oops", b"503 Later", b"401 Who", b"400 What"])
async def test_another_status_is_a_failure(status: bytes) -> None:
    result = await _load(lambda head, body: servers.http(b"", status))
    assert (result.sessions, result.failures) == (0, _only(f"status {status[:3].decode()}"))


async def test_the_id_of_another_inform_is_a_failure() -> None:
    result = await _load(lambda head, body: servers.inform_response(body.replace(b"-1<", b"-2<")))
    assert result.failures == _only("wrong ID")


async def test_another_message_than_an_inform_response_is_a_failure() -> None:
    result = await _load(lambda head, body: servers.envelope(servers.message_id(body), b"<c:Reboot/>"))
    assert result.failures == _only("no InformResponse")


async def test_a_204_to_an_inform_is_a_failure() -> None:
    assert (await _load(lambda head, body: servers.NOTHING)).failures == _only("status 204")


async def test_an_empty_200_in_the_place_of_204_is_a_failure() -> None:
    result = await _load(lambda head, body: _good(head, body) if body else servers.http(b""))
    assert result.failures == _only("not XML")


async def test_a_session_that_never_ends_is_a_failure() -> None:
    def script(head: bytes, body: bytes) -> bytes:
        return _good(head, body) if b":Inform>" in body else servers.envelope(b"again", b"<c:GetOptions/>")

    result = await _load(script, sessions=1)
    assert result.failures == _only("no 204 after 100 RPCs", sessions=1)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (b"NONSENSE\r\n\r\n", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\n\r\n<a/>", "reply without length"),
        (servers.http(b"<a/>") + b"HTTP", "more than one reply"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 20_000, "endless headers"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_is_no_reply_is_a_failure(reply: bytes, reason: str) -> None:
    assert (await _load(lambda head, body: reply)).failures == _only(reason)


async def test_a_server_that_takes_no_connection_is_a_failure() -> None:
    async with servers.scripted(_good) as target:
        pass
    result = await run_load(Load(target, sessions=3, concurrency=2), EPOCH)
    assert (result.sessions, result.failures) == (0, _only("no connection"))


async def test_a_session_that_takes_too_long_is_a_failure() -> None:
    # Half a reply, and the rest never comes; no time at all is allowed for it.
    async with servers.scripted(lambda head, body: b"HTTP/1.1 200") as target:
        result = await run_load(Load(target, sessions=3, concurrency=2, seconds=0.01), EPOCH)
    assert result.failures == _only("too slow")


def _door() -> Authenticator:
    signer = NonceSigner((b"a key for tests, long enough",))
    return Authenticator("acs", signer, NonceWindow(lifetime=signer.lifetime))


async def test_a_login_by_digest_costs_a_third_request_of_each_session() -> None:
    async with servers.guarded(_door(), "BENCH00000000", "secret") as guarded:
        target = Target(guarded.host, guarded.port, guarded.path, "{serial}", "secret")
        result = await run_load(Load(target, sessions=5, concurrency=1, devices=1), EPOCH)
    assert (result.sessions, result.failures, result.challenges) == (5, {}, 5)
    assert result.requests_per_second / result.sessions_per_second == pytest.approx(3, rel=0.01)


async def test_a_wrong_password_is_a_failure() -> None:
    async with servers.guarded(_door(), "cpe", "secret") as guarded:
        target = Target(guarded.host, guarded.port, guarded.path, "cpe", "other")
        result = await run_load(Load(target, sessions=3, concurrency=2), EPOCH)
    assert (result.sessions, result.failures) == (0, _only("status 401"))


@pytest.mark.parametrize("closed", [False, True])
async def test_held_sessions_are_all_open_at_once_and_end_afterwards(closed: bool) -> None:
    open_now = most = ended = 0

    def script(head: bytes, body: bytes) -> bytes:
        nonlocal open_now, most, ended
        if body:
            open_now += 1
            most = max(most, open_now)
        else:
            open_now -= 1
            ended += 1
        return _good(head, body)

    async with servers.scripted(script) as target:
        held = await hold(Load(target, sessions=40, concurrency=8), EPOCH, closed=closed)
    assert (held.sessions, held.failures, held.connections) == (40, {}, "closed" if closed else "kept")
    assert (most, ended) == (40, 40)


async def test_a_held_session_that_was_lost_meanwhile_is_a_failure() -> None:
    def script(head: bytes, body: bytes) -> bytes:
        return _good(head, body) if body else servers.http(b"", b"400 Bad Request")

    async with servers.scripted(script) as target:
        held = await hold(Load(target, sessions=4, concurrency=2), EPOCH, closed=True)
    assert (held.sessions, held.failures) == (4, _only("status 400", sessions=4))


async def test_others_have_whole_sessions_while_the_held_ones_are_open() -> None:
    async with servers.scripted(_good) as target:
        held = await hold(Load(target, sessions=4, concurrency=2), EPOCH, closed=False, meanwhile=3)
        failing = await hold(Load(target, sessions=4, concurrency=2, seconds=0.0), EPOCH, closed=False, meanwhile=3)
    assert (held.sessions, held.meanwhile, held.failures) == (4, 3, {})
    assert (failing.meanwhile, sum(failing.failures.values())) == (0, 7)


def test_a_load_may_begin_at_any_device_and_let_them_call_in_no_order() -> None:
    target = Target("127.0.0.1", 1)
    numbers = [device.serial for device in Load(target, sessions=3, first=40).fleet(EPOCH)]
    assert numbers == ["BENCH00000040", "BENCH00000041", "BENCH00000042"]
    ordered = [device.serial for device in Load(target, devices=100).fleet(EPOCH)]
    scattered = [device.serial for device in Load(target, devices=100, is_scattered=True).fleet(EPOCH)]
    assert scattered != ordered
    assert sorted(scattered) == ordered
