"""Devices are called at one port: whoever knows the login wakes the device that the path names, and nobody else."""

import asyncio
import urllib.request

import aiohttp
import pytest

from acs.auth.digest import Algorithm
from simulators.client.guard import GuardSettings
from simulators.client.listener import MAX_HEAD, MAX_REQUESTS, ListenerSettings, called_at
from simulators.device.calling import CallPolicy
from tests.simulators.client.calling import PASSWORD, PATIENCE, USERNAME, callable_device, listening, login, request
from tests.simulators.device.conversing import START

DIGESTS = [
    GuardSettings(),
    GuardSettings(has_qop=False),
    GuardSettings(algorithm=Algorithm.SHA_256),
    GuardSettings(algorithm=Algorithm.MD5_SESS),
    GuardSettings(is_basic=True),
]


@pytest.mark.parametrize("kind", DIGESTS, ids=["MD5", "no qop", "SHA-256", "MD5-sess", "Basic"])
async def test_the_right_login_wakes_the_device_and_a_wrong_one_does_not(kind: GuardSettings) -> None:
    cpe = callable_device("S1")
    async with listening([cpe], ListenerSettings(kind)) as place, await place.caller() as caller:
        for wrong in (("guessed", "acs"), ("let me in", "nobody"), ("", "acs")):
            answer = await caller.log_in("/S1", *wrong)
            assert answer is not None
            assert answer.status == 401
        assert not cpe.pending
        answer = await caller.log_in("/S1")
        assert answer is not None
        assert (answer.status, answer.header("Content-Length")) == (200, "0")
    assert [event.event_code for event in cpe.pending.events] == ["6 CONNECTION REQUEST"]
    assert place.woken == ["S1"]
    assert place.counted.outcomes == {"wrong login": 3, "accepted": 1}


async def test_a_request_without_a_login_is_asked_for_one_with_a_digest() -> None:
    async with listening([callable_device("S1")]) as place, await place.caller() as caller:
        answer = await caller.ask("/S1")
    assert answer is not None
    assert answer.status == 401
    challenge = answer.header("WWW-Authenticate") or ""
    assert challenge.startswith('Digest realm="cpe", nonce="')
    assert challenge.endswith(', qop="auth", algorithm=MD5')
    assert not place.counted.outcomes, "half a request is not counted"


async def test_the_login_is_that_of_the_data_model_at_this_moment() -> None:
    cpe = callable_device("S1")
    async with listening([cpe]) as place, await place.caller() as caller:
        cpe.tree.write({"Device.ManagementServer.ConnectionRequestPassword": "another"})
        before, after = await caller.log_in("/S1"), await caller.log_in("/S1", "another")
    assert before is not None
    assert after is not None
    assert (before.status, after.status) == (401, 200)


async def test_a_success_may_be_told_without_a_body() -> None:
    settings = ListenerSettings(accepted=204)
    async with listening([callable_device("S1")], settings) as place, await place.caller() as caller:
        answer = await caller.log_in("/S1")
    assert answer is not None
    assert (answer.status, answer.header("Content-Length")) == (204, None)
    with pytest.raises(ValueError, match="200 or 204, not with 302"):
        ListenerSettings(accepted=302)


async def test_a_login_is_good_for_one_request_and_a_higher_count_for_one_more() -> None:
    cpe = callable_device("S1")
    async with listening([cpe]) as place, await place.caller() as caller:
        challenge = await caller.ask("/S1")
        assert challenge is not None
        statuses = []
        for count in (1, 1, 2):
            answer = await caller.ask("/S1", login(challenge, "/S1", nc=count))
            assert answer is not None
            statuses.append(answer.status)
            if answer.status == 401:
                assert "stale=true" in (answer.header("WWW-Authenticate") or "")
    assert statuses == [200, 401, 200]
    assert place.counted.outcomes == {"accepted": 2, "replayed": 1}


async def test_a_login_for_one_device_is_none_for_another() -> None:
    cpes = [callable_device("S1", 1), callable_device("S2", 2)]
    async with listening(cpes) as place, await place.caller() as caller:
        challenge = await caller.ask("/S1")
        assert challenge is not None
        answer = await caller.ask("/S2", login(challenge, "/S1"))
    assert answer is not None
    assert answer.status == 401
    assert place.woken == []


async def test_many_devices_are_called_at_one_port_each_by_its_path() -> None:
    cpes = [callable_device(f"S{number}", number) for number in range(100)]
    async with listening(cpes) as place:

        async def call(number: int) -> int:
            async with await place.caller() as caller:
                answer = await caller.log_in(f"/S{number}")
                return answer.status if answer is not None else 0

        statuses = await asyncio.gather(*(call(number) for number in range(0, 100, 2)))
        assert place.listener.open == 0
    assert set(statuses) == {200}
    assert [bool(cpe.pending) for cpe in cpes] == [True, False] * 50


@pytest.mark.parametrize(
    ("serial", "target"),
    [("A B/ü", "/A%20B%2F%C3%BC"), ("S1", "/S1?x=1"), ("S1", "http://device:7547/S1"), ("S%1", "/S%251")],
)
async def test_a_serial_number_is_percent_encoded_in_the_path(serial: str, target: str) -> None:
    async with listening([callable_device(serial)]) as place, await place.caller() as caller:
        answer = await caller.log_in(target)
    assert answer is not None
    assert answer.status == 200


@pytest.mark.parametrize("target", ["/", "/S2", "/S1/", "//S1", "*", "/s1", "/S1%00"])
async def test_a_path_that_names_no_device_is_not_found(target: str) -> None:
    async with listening([callable_device("S1")]) as place, await place.caller() as caller:
        answer = await caller.ask(target)
    assert answer is not None
    assert answer.status == 404
    assert place.counted.outcomes == {"unknown device": 1}


@pytest.mark.parametrize("method", ["POST", "HEAD", "PUT", "OPTIONS"])
async def test_any_method_but_get_is_refused(method: str) -> None:
    async with listening([callable_device("S1")]) as place, await place.caller() as caller:
        answer = await caller.ask("/S1", method=method)
    assert answer is not None
    assert (answer.status, answer.header("Allow")) == (405, "GET")


@pytest.mark.parametrize(
    ("policy", "status", "outcome"),
    [
        (CallPolicy(), 200, "accepted"),
        (CallPolicy(refuses_within_session=True), 503, "busy"),
        (CallPolicy(limit=1), 503, "too often"),
    ],
)
async def test_a_device_that_is_called_in_a_session_takes_that_or_says_no_and_goes_on(
    policy: CallPolicy, status: int, outcome: str
) -> None:
    cpe = callable_device("S1", policy=policy)
    if policy.limit:
        cpe.called(START)
    session = cpe.open(START)
    async with listening([cpe]) as place, await place.caller() as caller:
        answer = await caller.log_in("/S1")
    assert answer is not None
    assert (answer.status, answer.header("Retry-After")) == (status, None)
    assert cpe.session is session
    assert place.woken == ["S1"] * (status == 200)
    assert place.counted.outcomes == {outcome: 1}


async def test_a_device_without_power_hangs_up() -> None:
    down = callable_device("S1", 1)
    down.restart(START, takes=60.0)
    async with listening([down]) as place, await place.caller() as caller:
        assert await caller.ask("/S1") is None
    assert place.counted.outcomes == {"down": 1}


async def test_a_deaf_device_keeps_whoever_calls_waiting_and_answers_nothing() -> None:
    loop = asyncio.get_running_loop()
    settings = ListenerSettings(patience=10.0, idle=10.0, silence=100.0)
    async with listening([callable_device("S1")], settings, deaf={"S1"}) as place, await place.caller() as caller:
        caller.send(request("/nobody") + request("/S1"))
        answer = await caller.read()
        assert answer is not None
        assert answer.status == 404
        place.listener.sweep(loop.time() + 90)
        assert place.listener.open == 1, "it does not even hang up"
        place.listener.sweep(loop.time() + 101)
        assert await caller.read() is None
    assert place.counted.outcomes == {"unknown device": 1, "deaf": 1}
    assert not place.woken


async def test_requests_that_come_together_are_answered_in_their_order_on_one_connection() -> None:
    async with listening([callable_device("S1")]) as place, await place.caller() as caller:
        caller.send(request("/S1") + request("/nobody") + request("/S1", method="POST") + "GET /S1 HT")
        answers = [await caller.read() for _ in range(3)]
        caller.send("TP/1.1\r\nConnection: close\r\n\r\n")
        answers.append(await caller.read())
        assert [answer.status if answer else 0 for answer in answers] == [401, 404, 405, 401]
        assert await caller.read() is None


async def test_a_connection_carries_a_bounded_number_of_requests() -> None:
    async with listening([callable_device("S1")]) as place, await place.caller() as caller:
        caller.send(request("/S1") * (MAX_REQUESTS + 5))
        answers = [await caller.read() for _ in range(MAX_REQUESTS + 1)]
    assert answers[-1] is None
    assert answers[-2] is not None
    assert answers[-2].header("Connection") == "close"


@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_a_connection_is_closed_when_the_caller_wants_that(version: str) -> None:
    async with listening([callable_device("S1")]) as place, await place.caller() as caller:
        caller.send(f"GET /S1 HTTP/{version}\r\nHost: device\r\nConnection: close\r\n\r\n")
        answer = await caller.read()
        assert answer is not None
        assert (answer.status, answer.header("Connection")) == (401, "close")
        assert await caller.read() is None


@pytest.mark.parametrize(
    "garbage",
    [
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        "GET /S1\r\n\r\n",
        "HELLO\r\n\r\n",
        "GET /S1 HTTP/1.1\r\nno header\r\n\r\n",
        "GET /S1 HTTP/1.1\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n",
        f"GET /{'x' * MAX_HEAD} HTTP/1.1\r\n\r\n",
        f"GET /S1 HTTP/1.1\r\nX: {'x' * MAX_HEAD}",
        f"GET /S1 HTTP/1.1\r\nX: {'x' * MAX_HEAD}\r\n\r\n",
        "GET /S1 HTTP/1.1\r\n" + "X: y\r\n" * MAX_HEAD,
        f"POST /S1 HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n{'x' * MAX_HEAD}",
    ],
)
async def test_what_is_no_request_or_too_much_of_one_is_refused_and_the_connection_closed(garbage: str) -> None:
    async with listening([callable_device("S1")]) as place:
        async with await place.caller() as caller:
            caller.send(garbage)
            answer = await caller.read()
            assert answer is not None
            assert (answer.status, answer.header("Connection")) == (400, "close")
            caller.send(request("/S1"))
            assert await caller.read() is None
        assert place.counted.outcomes == {"malformed": 1}
        async with await place.caller() as caller:
            answer = await caller.log_in("/S1")
            assert answer is not None
            assert answer.status == 200


async def test_a_refusal_gets_through_to_a_caller_that_has_not_come_to_an_end() -> None:
    async with listening([callable_device("S1")]) as place, await place.caller() as caller:
        caller.send(f"GET /S1 HTTP/1.1\r\nX: {'x' * 700_000}")
        answer = await caller.read()
        assert answer is not None
        assert answer.status == 400


async def test_an_upgrade_is_not_taken_up() -> None:
    async with listening([callable_device("S1")]) as place, await place.caller() as caller:
        caller.send("GET /S1 HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\nPRI * HTTP/2.0\r\n\r\n")
        answer = await caller.read()
        assert answer is not None
        assert answer.status == 401
        assert await caller.read() is None


async def test_who_takes_too_long_is_hung_up_on_and_who_has_been_answered_may_stay_a_while() -> None:
    loop = asyncio.get_running_loop()
    patience = ListenerSettings(patience=100.0, idle=200.0)
    async with listening([callable_device("S1")], patience) as place:
        async with await place.caller() as silent, await place.caller() as slow, await place.caller() as done:
            slow.send("GET /S1 HTTP/1.1\r\nHost:")
            assert await done.ask("/S1") is not None
            place.listener.sweep(loop.time() + 90)
            assert place.listener.open == 3
            place.listener.sweep(loop.time() + 101)
            assert await silent.read() is None
            assert await slow.read() is None
            assert await done.ask("/S1") is not None
            assert place.counted.outcomes == {"too slow": 2}
            place.listener.sweep(loop.time() + 201)
            assert await done.read() is None
        assert place.counted.outcomes == {"too slow": 2}, "who has nothing more to ask is not slow"


async def test_more_callers_than_there_is_room_for_are_hung_up_on() -> None:
    async with listening([callable_device("S1")], ListenerSettings(max_connections=2)) as place:
        async with await place.caller() as one, await place.caller() as two:
            assert await one.ask("/S1") is not None
            assert await two.ask("/S1") is not None
            async with await place.caller() as three:
                assert await three.ask("/S1") is None
            assert place.counted.outcomes == {"too many": 1}
        async with await place.caller() as four:
            assert await four.ask("/S1") is not None


async def test_devices_are_called_over_ipv6() -> None:
    async with listening([callable_device("S1")], host="::1") as place:
        reader, writer = await asyncio.open_connection("::1", place.port)
        writer.write(request("/S1").encode())
        assert (await reader.readline()).startswith(b"HTTP/1.1 401 ")
        writer.transport.abort()


def test_the_url_of_a_device_names_the_listener_and_leaves_room_for_the_serial_number() -> None:
    assert called_at("192.0.2.1", 7548) == "http://192.0.2.1:7548/{serial}"
    assert called_at("2001:db8::1", 80) == "http://[2001:db8::1]:80/{serial}"


@pytest.mark.parametrize("kind", [GuardSettings(), GuardSettings(has_qop=False)], ids=["qop", "no qop"])
async def test_the_client_of_pythons_own_library_is_let_in(kind: GuardSettings) -> None:
    async with listening([callable_device("S1")], ListenerSettings(kind)) as place:
        url = f"http://127.0.0.1:{place.port}/S1"
        passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        passwords.add_password(None, url, USERNAME, PASSWORD)
        login = urllib.request.HTTPDigestAuthHandler(passwords)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), login)

        def call() -> int:
            with opener.open(url, timeout=PATIENCE) as reply:
                return int(reply.status)

        assert await asyncio.to_thread(call) == 200
    assert place.woken == ["S1"]


@pytest.mark.parametrize("algorithm", list(Algorithm))
async def test_the_client_of_aiohttp_is_let_in(algorithm: Algorithm) -> None:
    settings = ListenerSettings(GuardSettings(algorithm=algorithm))
    login = aiohttp.DigestAuthMiddleware(USERNAME, PASSWORD)
    async with (
        listening([callable_device("S1")], settings) as place,
        aiohttp.ClientSession(middlewares=(login,)) as client,
    ):
        for _ in range(2):
            async with client.get(f"http://127.0.0.1:{place.port}/S1") as reply:
                assert reply.status == 200
    assert place.counted.outcomes == {"accepted": 2}
