"""Devices log in when they are asked to: Digest and Basic, with nonces that are stale or remembered, and no more than
once with a wrong password."""

from collections.abc import Callable

import pytest

from acs.auth.digest import Algorithm, Password, digest_challenges, nonce_count, verify_response
from acs.auth.headers import BasicCredentials, DigestCredentials, parse_credentials
from cwmp_schemas.rpc.parameters import GetParameterValues
from simulators.device.quirk_names import quirk
from tests.simulators.client.scripted import (
    Heard,
    Say,
    Script,
    Visiting,
    asking,
    bodies,
    constant,
    in_turn,
    reply,
    serving,
    visited,
)

READ = GetParameterValues(("Device.DeviceInfo.SoftwareVersion",))


def given(heard: Heard) -> BasicCredentials | DigestCredentials | None:
    """How a request logs in."""
    header = heard.one("authorization")
    return None if header is None else parse_credentials(header)


class Door:
    """An ACS that lets in who answers its challenge."""

    def __init__(
        self,
        *rpcs: GetParameterValues,
        algorithm: Algorithm = Algorithm.MD5,
        each_post: bool = False,
        then: str = "stay",
        password: str = "secret",
    ) -> None:
        self.nonces: list[str] = []
        """Those that were given out."""
        self._uses: set[tuple[str, int | None]] = set()
        self._algorithm = algorithm
        self._inside = asking(*rpcs)
        self._is_in = False
        self._each_post = each_post
        self._then = then
        self._password = password

    def __call__(self, heard: Heard) -> Say:
        credentials = given(heard)
        if self._is_right(credentials):
            self._is_in = True
        elif not self._is_in or self._each_post or b":Inform>" in heard.body:
            return self.challenge()
        said = self._inside(heard)
        if said.octets.startswith(b"HTTP/1.1 204"):
            self._is_in = False
        return said

    def challenge(self, *, stale: bool = False) -> Say:
        """A 401 with a new nonce."""
        self.nonces.append(f"nonce-{len(self.nonces)}-that is longer than thirty-two characters")
        challenges = digest_challenges("the realm", self.nonces[-1], algorithms=(self._algorithm,), stale=stale)
        return reply(401, b"", *(f"WWW-Authenticate: {each}" for each in challenges), then=self._then)

    def _is_right(self, credentials: BasicCredentials | DigestCredentials | None) -> bool:
        if not isinstance(credentials, DigestCredentials) or credentials.nonce not in self.nonces:
            return False
        use = (credentials.nonce, nonce_count(credentials))
        if use in self._uses:
            return False
        self._uses.add(use)
        return credentials.username == "user" and verify_response(
            credentials,
            Password(self._password),
            method="POST",
            target="/acs/",
            realm="the realm",
            offered=(self._algorithm,),
        )


@pytest.mark.parametrize("algorithm", list(Algorithm))
async def test_a_digest_is_answered_in_the_algorithm_that_is_asked_for(algorithm: Algorithm) -> None:
    outcomes, heard, _ = await visited(Door(READ, algorithm=algorithm))
    assert outcomes == ["ok"]
    assert bodies(heard) == ["Inform", "Inform", "", "answer"]
    # The session is logged in, not each post.
    assert [given(each) is not None for each in heard] == [False, True, False, False]
    assert heard[0].body == heard[1].body


@pytest.mark.parametrize("then", ["stay", "close"])
async def test_it_does_not_matter_whether_the_connection_stays_after_the_challenge(then: str) -> None:
    outcomes, heard, _ = await visited(Door(then=then))
    assert outcomes == ["ok"]
    assert [each.connection for each in heard][:2] == ([1, 1] if then == "stay" else [1, 2])


async def test_basic_is_answered_where_nothing_else_is_asked_for() -> None:
    outcomes, heard, _ = await visited(in_turn(reply(401, b"", 'WWW-Authenticate: Basic realm="x"')))
    assert outcomes == ["ok"]
    assert given(heard[1]) == BasicCredentials("user", "secret")
    both = ('WWW-Authenticate: Basic realm="x"', 'WWW-Authenticate: Digest realm="x", nonce="n", qop="auth"')
    _, heard, _ = await visited(in_turn(reply(401, b"", *both)))
    assert isinstance(given(heard[1]), DigestCredentials)


async def test_a_wrong_password_is_tried_once_and_no_more() -> None:
    outcomes, heard, device = await visited(Door(), password="wrong")
    assert outcomes == ["refused 401"]
    assert bodies(heard) == ["Inform", "Inform"]
    assert device.tally.failures == {"refused 401": 1}
    assert device.cpe.retrying.count == 1


async def test_a_nonce_that_is_stale_costs_another_try_but_not_for_ever() -> None:
    door = Door()
    outcomes, heard, _ = await visited(in_turn(door, lambda _: door.challenge(stale=True), door, door))
    assert outcomes == ["ok"]
    assert [answer.nonce for each in heard if isinstance(answer := given(each), DigestCredentials)] == door.nonces
    outcomes, heard, _ = await visited(lambda _: door.challenge(stale=True))
    assert outcomes == ["refused 401"]
    assert len(heard) == 4


@pytest.mark.parametrize(
    "headers",
    [
        (),
        ("WWW-Authenticate: Negotiate",),
        ('WWW-Authenticate: Digest realm="x", nonce="n", algorithm=SHA-512-256',),
        ('WWW-Authenticate: Digest realm="x", nonce="n", qop="auth-int"',),
        ("WWW-Authenticate: Digest " + "x" * 9000,),
    ],
)
async def test_what_cannot_be_answered_is_not(headers: tuple[str, ...]) -> None:
    outcomes, heard, _ = await visited(constant(reply(401, b"", *headers)))
    assert outcomes == ["refused 401"]
    assert len(heard) == 1


async def test_any_post_of_a_session_may_be_asked_for_a_login() -> None:
    outcomes, heard, _ = await visited(Door(READ, each_post=True))
    assert outcomes == ["ok"]
    assert [given(each) is not None for each in heard] == [False, True] * 3


async def test_a_new_password_serves_from_the_next_challenge_on() -> None:
    async with serving(Door(password="new")) as server:
        device = Visiting(server.url)
        assert await device.session() == "refused 401"
        device.cpe.tree.write({"Device.ManagementServer.Password": "new"})
        device.now += 60
        assert await device.session() == "ok"


async def test_a_login_is_not_taken_along_to_another_server() -> None:
    async with serving(asking()) as other:
        door = Door()
        outcomes, heard, _ = await visited(
            in_turn(door, reply(302, b"", f"Location: http://127.0.0.1:{other.port}/"), door)
        )
    assert outcomes == ["ok"]
    assert [given(each) is not None for each in heard] == [False, True]
    assert [given(each) for each in other.heard] == [None, None]


async def test_within_a_server_a_login_is_made_anew_for_the_place_it_goes_to() -> None:
    door = Door()
    outcomes, heard, _ = await visited(in_turn(door, reply(302, b"", "Location: /other?x=1")))
    assert outcomes == ["ok"]
    answers = [answer for each in heard if isinstance(answer := given(each), DigestCredentials)]
    assert [(each.uri, nonce_count(each)) for each in answers] == [("/acs/", 1), ("/other?x=1", 2)]


async def counts(script: Script, name: str, sessions: int = 2) -> list[int | None]:
    """The uses of nonces that a device with a quirk vouches for, post by post; None where it does not log in."""
    outcomes, heard, _ = await visited(script, sessions, quirks=quirk(name))
    assert outcomes == ["ok"] * sessions
    found = [given(each) for each in heard]
    return [nonce_count(each) if isinstance(each, DigestCredentials) else None for each in found]


async def test_a_device_may_remember_a_nonce_until_it_is_refused() -> None:
    assert await counts(Door(), "remembers-nonce", 3) == [None, 1, None, 2, None, 3, None]
    door = Door()
    steps: list[Callable[[Heard], Say]] = [door, door, door, lambda _: door.challenge(stale=True)]
    assert await counts(in_turn(*steps, door, door, door, door), "remembers-nonce", 3) == [
        *(None, 1, None),
        *(2, 1, None),
        *(2, None),
    ]


async def test_a_device_may_log_in_with_every_post() -> None:
    assert await counts(Door(READ), "authorization-every-post", 1) == [None, 1, 2, 3]
    # Each session begins anew.
    assert await counts(Door(), "authorization-every-post", 2) == [None, 1, 2, None, 1, 2]


async def test_a_device_may_answer_no_challenge_but_the_first() -> None:
    name = "authorization-only-with-inform"
    assert await counts(Door(READ), name, 1) == [None, 1, None, None]
    outcomes, _, _ = await visited(Door(each_post=True), quirks=quirk(name))
    assert outcomes == ["refused 401"]


async def test_a_device_may_begin_with_an_empty_post_to_collect_the_challenge() -> None:
    outcomes, heard, _ = await visited(Door(READ), quirks=quirk("begins-with-empty-post"))
    assert outcomes == ["ok"]
    assert bodies(heard) == ["", "Inform", "", "answer"]
    assert [given(each) is not None for each in heard] == [False, True, False, False]
    outcomes, heard, _ = await visited(in_turn(reply(204)), quirks=quirk("begins-with-empty-post"))
    assert outcomes == ["ok"]
    assert bodies(heard) == ["", "Inform", ""]


async def test_a_device_may_knock_with_an_empty_post_and_log_in_with_that() -> None:
    door = Door()
    outcomes, heard, _ = await visited(in_turn(door, reply(204), door, door), quirks=quirk("empty-post-first"))
    assert outcomes == ["ok"]
    assert bodies(heard) == ["", "", "Inform", "Inform", ""]
    assert [given(each) is not None for each in heard] == [False, True, False, True, False]


async def test_a_device_may_misname_its_algorithm() -> None:
    outcomes, heard, _ = await visited(Door(), quirks=quirk("algorithm-md"))
    assert outcomes == ["ok"]
    assert (heard[1].one("authorization") or "").endswith(", algorithm=MD")
    answer = given(heard[1])
    assert isinstance(answer, DigestCredentials)
    assert answer.algorithm == "MD"


async def test_a_device_may_cut_nonces_short() -> None:
    outcomes, heard, _ = await visited(Door(), quirks=quirk("cuts-nonce"))
    assert outcomes == ["refused 401"]
    answer = given(heard[1])
    assert isinstance(answer, DigestCredentials)
    assert answer.nonce == "nonce-0-that is longer than thirty-two characters"[:32]


async def test_the_same_device_says_the_same_again() -> None:
    first, second = [(await visited(Door()))[1] for _ in range(2)]
    assert given(first[1]) == given(second[1])
    other = (await visited(Door(), seed=2))[1]
    assert given(other[1]) != given(first[1])


@pytest.mark.parametrize("is_elsewhere", [True, False])
async def test_whoever_a_session_is_sent_to_may_ask_for_a_login_of_their_own(is_elsewhere: bool) -> None:
    challenge = 'WWW-Authenticate: Digest realm="{}", nonce="{}", qop="auth"'

    def asks(realm: str, heard: Heard) -> Say | None:
        login = given(heard)
        if isinstance(login, DigestCredentials) and login.realm == realm:
            return None
        return reply(401, b"", challenge.format(realm, realm))

    here = asking()

    def other(heard: Heard) -> Say:
        return (asks("other", heard) if b":Inform>" in heard.body else None) or here(heard)

    async with serving(other) as sent_to:
        place = f"{sent_to.url}other" if is_elsewhere else "/other"

        def first(heard: Heard) -> Say:
            if heard.target == "/other":
                return other(heard)
            return asks("first", heard) or reply(302, b"", f"Location: {place}")

        outcomes, _, device = await visited(first)
    assert outcomes == ["ok"]
    assert device.tally.statuses == {401: 2, 302: 1, 200: 1, 204: 1}
