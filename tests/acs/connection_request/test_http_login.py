"""How devices on real sockets are given a login."""

import pytest

from acs.domain.reach import ReachKind
from tests.acs.connection_request.calling import QUICK_THEN_PATIENT, at, reach, requester
from tests.acs.connection_request.devices import (
    NO_CONTENT,
    OK,
    Reply,
    Request,
    always,
    challenge,
    credentials_of,
    guarded,
    listening,
    proves,
    unauthorized,
)


@pytest.mark.parametrize("qop", ["auth", "auth,auth-int", None])
@pytest.mark.parametrize("algorithm", [None, "MD5", "MD5-sess", "SHA-256", "SHA-256-sess"])
async def test_a_digest_is_answered(algorithm: str | None, qop: str | None) -> None:
    result, device = await reach(guarded(algorithm=algorithm, qop=qop))
    assert result.kind is ReachKind.REACHED
    assert proves(device.requests[-1])
    assert (credentials_of(device.requests[-1]).qop, credentials_of(device.requests[-1]).algorithm) == (
        "auth" if qop else None,
        algorithm,
    )


async def test_a_connection_that_the_device_leaves_open_is_used_again() -> None:
    result, device = await reach(guarded())
    assert (result.kind, [request.connection for request in device.requests]) == (ReachKind.REACHED, [1, 1])


@pytest.mark.parametrize(
    ("version", "headers"),
    [(b"HTTP/1.0", ""), (b"HTTP/1.1", "Connection: close\r\n"), (b"HTTP/1.1", "Transfer-Encoding: chunked\r\n")],
)
async def test_a_connection_that_ends_by_its_head_or_none_knows_where_is_not_used_again(
    version: bytes, headers: str
) -> None:
    door = guarded(NO_CONTENT, headers=headers)

    def answer(request: Request) -> Reply | None:
        reply = door(request)
        return reply and Reply(reply.octets.replace(b"HTTP/1.1", version), close=True)

    result, device = await reach(answer)
    assert result.kind is ReachKind.REACHED
    assert [request.connection for request in device.requests] == [1, 2]


async def test_a_device_may_close_after_the_401_without_a_warning() -> None:
    result, device = await reach(guarded(NO_CONTENT, close=True))
    assert result.kind is ReachKind.REACHED
    assert device.requests[-1].connection > 1


async def test_what_was_sent_on_a_connection_that_was_lost_is_not_sent_again() -> None:
    """The device says that it leaves the connection open, reads the login there and closes."""
    door = guarded()

    def answer(request: Request) -> Reply:
        return Reply(b"", close=True) if len(device.requests) == 2 else door(request) or Reply(b"")

    async with listening(answer) as device:
        result = await requester().request(at(device))
    assert result.kind is ReachKind.REACHED
    assert [request.connection for request in device.requests] == [1, 1, 2, 3]
    nonces = [credentials_of(request).nonce for request in device.requests if request.authorization is not None]
    assert nonces == ["nonce-1", "nonce-2"]


async def test_a_device_that_hangs_on_its_kept_connection_is_asked_on_new_ones() -> None:
    door = guarded()

    def answer(request: Request) -> Reply | None:
        return None if len(device.requests) == 2 else door(request)

    async with listening(answer) as device:
        result = await requester(tries=QUICK_THEN_PATIENT).request(at(device))
    assert result.kind is ReachKind.REACHED
    assert [request.connection for request in device.requests] == [1, 1, 2, 3]
    # Only so does an HTTP/1.1 device know.
    assert [request.headers.get("connection") for request in device.requests] == [None, None, "close", "close"]


@pytest.mark.parametrize("status", [401, 403])
async def test_a_wrong_login_is_given_once_only(status: int) -> None:
    def answer(request: Request) -> Reply:
        if request.authorization is None or status == 401:
            return Reply(unauthorized(challenge(f"n{len(device.requests)}")))
        return Reply(b"HTTP/1.1 403 Forbidden\r\n\r\n", close=True)

    async with listening(answer) as device:
        result = await requester().request(at(device))
    assert (result.kind, len(device.authorizations)) == (ReachKind.UNAUTHORIZED, 1)


@pytest.mark.parametrize(("stale_until", "kind"), [(2, ReachKind.REACHED), (9, ReachKind.UNAUTHORIZED)])
async def test_a_stale_nonce_is_replaced_once(stale_until: int, kind: ReachKind) -> None:
    def answer(request: Request) -> Reply:
        number = len(device.requests)
        return Reply(unauthorized(challenge(f"n{number}", stale=number > 1)) if number <= stale_until else OK)

    async with listening(answer) as device:
        result = await requester().request(at(device))
    assert result.kind is kind
    assert [credentials_of(request).nonce for request in device.requests[1:]] == ["n1", "n2"]


async def test_no_nonce_is_used_twice() -> None:
    result, device = await reach(always(unauthorized(challenge("n", stale=True))))
    assert (result.kind, len(device.authorizations)) == (ReachKind.UNAUTHORIZED, 1)


async def test_every_answer_has_its_own_cnonce() -> None:
    door = guarded()
    async with listening(door) as device:
        caller = requester()
        for _ in range(2):
            assert (await caller.request(at(device))).kind is ReachKind.REACHED
    first, second = (credentials_of(request).cnonce for request in device.requests if request.authorization)
    assert first != second


async def test_the_password_goes_out_in_clear_only_where_a_setting_allows_it() -> None:
    def answer(request: Request) -> Reply:
        return Reply(unauthorized('Basic realm="device"') if request.authorization is None else OK)

    result, device = await reach(answer)
    assert (result.kind, device.authorizations) == (ReachKind.UNAUTHORIZED, [])
    assert "in clear" in result.detail
    result, device = await reach(answer, allow_basic=True)
    assert (result.kind, device.authorizations) == (ReachKind.REACHED, ["Basic YWNzLW5hbWU6YWNzLXBhc3N3b3Jk"])


async def test_a_digest_goes_before_the_password_in_clear() -> None:
    def answer(request: Request) -> Reply:
        return Reply(unauthorized('Basic realm="device"', challenge("n")) if request.authorization is None else OK)

    result, device = await reach(answer, allow_basic=True)
    assert (result.kind, proves(device.requests[-1])) == (ReachKind.REACHED, True)


@pytest.mark.parametrize(
    "octets",
    [
        unauthorized(),
        unauthorized('Negotiate realm="device"'),
        unauthorized(challenge("n", algorithm="SHA-512-256")),
        unauthorized(challenge("n" * 9000)),
        unauthorized(challenge("n\x01")),
    ],
    ids=["none", "scheme", "algorithm", "length", "control"],
)
async def test_a_challenge_that_cannot_be_answered_is_not_answered(octets: bytes) -> None:
    result, device = await reach(always(octets))
    assert (result.kind, device.authorizations) == (ReachKind.UNAUTHORIZED, [])


async def test_a_folded_challenge_is_read() -> None:
    folded = unauthorized(challenge("n").replace(", ", ",\r\n "))

    def answer(request: Request) -> Reply:
        return Reply(folded if request.authorization is None else OK)

    result, device = await reach(answer)
    assert (result.kind, proves(device.requests[-1])) == (ReachKind.REACHED, True)


@pytest.mark.parametrize("length", ["", "Content-Length: 16385\r\n", "Content-Length: -1\r\n", "Content-Length: x\r\n"])
async def test_an_endless_body_of_the_401_is_left_behind(length: str) -> None:
    head = f"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: {challenge('n')}\r\n{length}\r\n".encode()

    def answer(request: Request) -> Reply:
        return Reply(head, endlessly=b"x" * 4096) if request.authorization is None else Reply(OK)

    result, device = await reach(answer)
    assert (result.kind, device.connections) == (ReachKind.REACHED, 2)
