"""Devices prove who they are: Digest and Basic in the ways that routers have them, over real sockets."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from acs.domain.device import Credential, Identity, Quarantined
from tests.contract.opened import probing
from tests.e2e.device import EndedBy, ScriptedDevice, SessionLog
from tests.e2e.login import Login, fields_of, response_to
from tests.e2e.quirks import Quirks
from tests.e2e.serving import Served, serving
from tests.e2e.wire import HttpConnection, HttpReply

NAME, RIGHT = "router-7", "the right one"
SOON = 2.0
"""Seconds after which what was just looked up is looked up again."""


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'aioacs.db'}"


@pytest.fixture
async def served(url: str, tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(url, tmp_path, onboarding="quarantine") as found:
        found.clock.advance(SOON)
        yield found


async def give(served: Served, device_id: int, username: str = NAME, password: str = RIGHT) -> None:
    """Give a device a login that it has shown to have."""
    tools = served.server.services.tools
    uuid = tools.chance.octets(16).hex()
    sealed = tools.vault.seal(password, "credential", uuid, "password")
    login = Credential(0, "cwmp", device_id, None, username, sealed, True, uuid)
    await tools.devices.put_logins(device_id, [login], served.clock.wall())


async def known(
    served: Served,
    username: str = NAME,
    password: str = RIGHT,
    *,
    knows: str | None = None,
    quirks: Quirks | None = None,
) -> ScriptedDevice:
    """A router that the server knows, with its login; ``knows`` is what the router itself takes for its password."""
    device = served.device(username=username, password=knows or password, quirks=quirks or Quirks())
    identity = Identity(device.id.oui, device.id.product_class, device.id.serial)
    tools = served.server.services.tools
    device_id = await tools.devices.create(
        uuid=device.id.serial, name=device.id.serial, identity=identity, at=served.clock.wall(), is_registered=True
    )
    await give(served, device_id, username, password)
    return device


async def challenged(served: Served, username: str = NAME, password: str = RIGHT) -> Login:
    """A login that has seen a challenge."""
    reply = await post(served)
    login = Login(username, password)
    assert login.learn(reply.all("WWW-Authenticate"))
    return login


async def post(served: Served, authorization: str | None = None, body: bytes = b"") -> HttpReply:
    """A post on a connection of its own, without a cookie."""
    connection = await HttpConnection.open("127.0.0.1", served.port)
    headers = [] if authorization is None else [("Authorization", authorization)]
    reply = await connection.post(body, headers=headers)
    await connection.close()
    return reply


def statuses(log: SessionLog) -> list[int]:
    """What the posts of a session were answered."""
    return [reply.status for reply in log.replies]


async def listed(served: Served) -> list[Quarantined]:
    """Those that were not let in."""
    return await served.server.services.tools.devices.quarantined(after=0, most=100)


def is_stale(reply: HttpReply) -> bool:
    """Whether a 401 says that the password was right and the nonce too old."""
    assert reply.status == 401
    return any("stale=true" in each for each in reply.all("WWW-Authenticate"))


class BareLogin(Login):
    """Answers as RFC 2069 has it, whatever quality of protection is on offer."""

    def authorization(self, method: str, uri: str) -> str:
        self._challenge.pop("qop", None)
        return super().authorization(method, uri)


class BrokenAlgorithm(Login):
    """FRITZ!OS 7.12 cuts the name of the algorithm."""

    def authorization(self, method: str, uri: str) -> str:
        return super().authorization(method, uri).replace("algorithm=MD5", "algorithm=MD")


@pytest.mark.parametrize(
    ("setting", "scheme", "algorithm"),
    [("digest-md5", "Digest", "MD5"), ("digest-sha-256", "Digest", "SHA-256"), ("basic", "Basic", "")],
)
async def test_a_device_logs_in_with_what_the_setting_offers(
    url: str, tmp_path: Path, setting: str, scheme: str, algorithm: str
) -> None:
    async with serving(url, tmp_path, onboarding="quarantine", cwmp_authentication=setting) as served:
        served.clock.advance(SOON)
        device = await known(served)
        (challenge,) = (await post(served)).all("WWW-Authenticate")
        assert challenge.startswith(scheme)
        assert fields_of(challenge).get("algorithm", "") == algorithm
        log = await device.run_session()
        assert log.is_acknowledged
        assert log.ended_by is EndedBy.NO_CONTENT


async def test_challenges_come_in_the_order_of_the_setting_and_any_may_be_answered(url: str, tmp_path: Path) -> None:
    ways = "digest-sha-256,digest-md5,basic"
    async with serving(url, tmp_path, onboarding="quarantine", cwmp_authentication=ways) as served:
        served.clock.advance(SOON)
        await known(served)
        challenges = (await post(served)).all("WWW-Authenticate")
        assert [each.partition(" ")[0] for each in challenges] == ["Digest", "Digest", "Basic"]
        assert ["SHA-256" in each for each in challenges] == [True, False, False]
        for place in range(3):
            login = Login(NAME, RIGHT)
            assert login.learn([(await post(served)).all("WWW-Authenticate")[place]])
            assert (await post(served, login.authorization("POST", "/"))).status == 204


async def test_basic_is_not_taken_where_it_was_not_offered(served: Served) -> None:
    await known(served)
    login = Login(NAME, RIGHT)
    login.learn(['Basic realm="aioacs"'])
    assert (await post(served, login.authorization("POST", "/"))).status == 401


async def test_a_challenge_is_one_that_every_known_client_bears(served: Served) -> None:
    (challenge,) = (await post(served)).all("WWW-Authenticate")
    fields = fields_of(challenge)
    assert len(fields["nonce"]) <= 32, "one client cuts longer ones"
    assert fields["domain"] == "/"
    assert not is_stale(await post(served))


@pytest.mark.parametrize("kind", [BareLogin, BrokenAlgorithm])
async def test_digests_of_old_and_broken_firmware_are_understood(served: Served, kind: type[Login]) -> None:
    device = await known(served)
    device.link.login = kind(NAME, RIGHT)
    assert (await device.run_session()).is_acknowledged


@pytest.mark.parametrize(
    "quirks",
    [
        Quirks(reconnects_after_401=True),
        Quirks(close_after_every_response=True),
        Quirks(authorization="only with the Inform"),
        Quirks(authorization="every post"),
        Quirks(authorization="begin with empty post"),
        Quirks(authorization="only with the Inform", cookies="never"),
    ],
    ids=lambda quirks: f"{quirks.authorization}, {quirks.cookies}",
)
async def test_devices_with_ways_of_their_own_get_through_two_sessions(served: Served, quirks: Quirks) -> None:
    device = await known(served, quirks=quirks)
    if quirks.authorization == "only with the Inform":
        # It collects the challenge in one attempt and answers it in the next.
        await device.empty_post()
    for _ in range(2):
        log = await device.run_session()
        assert log.is_acknowledged
        assert log.ended_by is EndedBy.NO_CONTENT


async def test_a_session_is_authenticated_once_and_never_looks_at_a_login_again(served: Served) -> None:
    device = await known(served)
    await device.inform()
    connection = await device.link.open()
    cookie = "; ".join(f"{name}={value}" for name, value in device.link.cookies.items())
    reply = await connection.post(b"", headers=[("Cookie", cookie), ("Authorization", 'Digest username="nobody"')])
    assert reply.status == 204
    await device.close()


async def test_an_empty_post_collects_the_challenge_and_with_good_credentials_there_is_nothing_to_say(
    served: Served,
) -> None:
    await known(served)
    login = await challenged(served)
    assert (await post(served, login.authorization("POST", "/"))).status == 204
    wrong = await challenged(served, password="wrong")
    assert (await post(served, wrong.authorization("POST", "/"))).status == 401


async def test_an_answer_without_a_session_is_a_bad_request(served: Served) -> None:
    device = await known(served)
    answer = device.envelope(device.writer.message("RebootResponse"), "1")
    login = await challenged(served)
    assert (await post(served, login.authorization("POST", "/"), answer)).status == 400


async def test_a_nonce_may_be_used_again_with_the_next_count_but_no_use_of_it_twice(served: Served) -> None:
    await known(served)
    login = await challenged(served)
    first = login.authorization("POST", "/")
    assert (await post(served, first)).status == 204
    assert (await post(served, login.authorization("POST", "/"))).status == 204
    assert is_stale(await post(served, first))


async def test_without_a_count_a_nonce_is_good_once(served: Served) -> None:
    await known(served)
    seen = await challenged(served)
    login = BareLogin(NAME, RIGHT)
    login._scheme, login._challenge = seen._scheme, seen._challenge
    once = login.authorization("POST", "/")
    assert (await post(served, once)).status == 204
    assert is_stale(await post(served, once))


async def test_an_old_nonce_is_stale_and_the_next_try_gets_in(served: Served) -> None:
    device = await known(served)
    login = await challenged(served)
    served.clock.advance(301)
    assert is_stale(await post(served, login.authorization("POST", "/")))
    device.link.login = login
    assert (await device.run_session()).is_acknowledged


async def test_stale_is_said_of_no_nonce_that_came_with_a_wrong_password_or_is_not_ours(served: Served) -> None:
    await known(served)
    wrong = await challenged(served, password="wrong")
    served.clock.advance(301)
    assert not is_stale(await post(served, wrong.authorization("POST", "/")))
    forged = await challenged(served)
    forged._challenge["nonce"] = forged._challenge["nonce"][::-1]
    assert not is_stale(await post(served, forged.authorization("POST", "/")))


async def test_a_digest_is_good_for_its_own_address_only(served: Served) -> None:
    await known(served)
    login = await challenged(served)
    assert (await post(served, login.authorization("POST", "/elsewhere"))).status == 401
    fields = fields_of(login.authorization("POST", "/").partition(" ")[2])
    fields["response"] = response_to(fields, RIGHT, "GET")
    stolen = "Digest " + ", ".join(f'{key}="{text}"' for key, text in fields.items())
    assert (await post(served, stolen)).status == 401


async def test_a_wrong_password_is_refused_and_locks_out_nobody_at_the_same_address(served: Served) -> None:
    good = await known(served)
    bad = await known(served, "router-8", knows="wrong")
    for _ in range(30):
        log = await bad.run_session()
        assert statuses(log) == [401]
    assert (await good.run_session()).is_acknowledged
    assert len(served.server.services.sessions.table) <= 1
    bad.link.login = Login("router-8", RIGHT)
    assert (await bad.run_session()).is_acknowledged, "nor the device itself, once it has it right"


async def test_another_devices_credentials_are_refused_and_do_not_touch_its_session(served: Served) -> None:
    owner = await known(served)
    thief = await known(served, "router-8")
    await owner.inform()
    thief.link.login = Login(NAME, RIGHT)
    assert statuses(await thief.run_session()) == [401]
    thief.id = owner.id
    thief.link.login = Login("router-8", RIGHT)
    assert statuses(await thief.run_session()) == [401]
    assert (await owner.empty_post()).status == 204
    await owner.close()


async def test_a_changed_password_is_good_at_once_and_the_old_one_no_longer(served: Served) -> None:
    device = await known(served)
    assert (await device.run_session()).is_acknowledged
    await give(served, await served.id_of(device), NAME, "a new one")
    served.clock.advance(SOON)
    device.link.login = Login(NAME, "a new one")
    assert (await device.run_session()).is_acknowledged
    served.clock.advance(SOON)
    device.link.login = Login(NAME, RIGHT)
    assert not (await device.run_session()).is_acknowledged


@pytest.mark.parametrize("shown", ["wrong", None], ids=["wrong password", "no credentials"])
async def test_who_has_not_logged_in_may_send_256_kib_and_not_one_octet_more(served: Served, shown: str | None) -> None:
    device = await known(served)
    limit = served.server.services.tools.settings.max_unauthenticated_body
    small = device.envelope(device.writer.inform(device.id, [("2 PERIODIC", "")], {}, now="", retry=0), "1")
    if shown is None:
        for _ in range(3):
            await post(served)  # who never answers a challenge is looked at after a few
        authorizations: list[str | None] = [None, None]
    else:
        login = await challenged(served, password=shown)
        authorizations = [login.authorization("POST", "/"), login.authorization("POST", "/")]
    assert (await post(served, authorizations[0], small.ljust(limit))).status == 401
    assert (await post(served, authorizations[1], small.ljust(limit + 1))).status == 413


async def test_who_has_logged_in_may_send_more(served: Served) -> None:
    device = await known(served)
    login = await challenged(served)
    limit = served.server.services.tools.settings.max_unauthenticated_body
    inform = device.envelope(device.writer.inform(device.id, [("2 PERIODIC", "")], {}, now="", retry=0), "1")
    assert (await post(served, login.authorization("POST", "/"), inform.ljust(limit + 1))).status == 200


@pytest.mark.parametrize(
    "authorization",
    [
        "Digest",
        "Digest username=",
        'Digest username="a", realm="b"',
        "Basic !!!!",
        "Bearer aioacs_token",
        'Digest username="' + "x" * 5000 + '", nonce="n", uri="/", response="r"',
        'Digest username="\udcff\udcfe", nonce="n", uri="/", response="00000000000000000000000000000000"',
    ],
    ids=["bare", "cut", "partial", "bad base64", "unknown scheme", "endless name", "no utf-8"],
)
async def test_credentials_that_cannot_be_read_are_refused(served: Served, authorization: str) -> None:
    device = await known(served)
    assert (await post(served, authorization)).status == 401
    assert (await device.run_session()).is_acknowledged


async def test_a_device_that_is_not_active_is_refused_with_good_credentials(url: str, served: Served) -> None:
    device = await known(served)
    assert (await device.run_session()).is_acknowledged
    async with probing(url) as probe:
        await probe.execute("UPDATE device SET is_active = FALSE, revision = revision + 1")
    log = await device.run_session()
    assert statuses(log) == [403]


@pytest.mark.parametrize(("policy", "ends"), [("reject", [401]), ("open", [200, 204])])
async def test_reject_and_open_do_what_they_say_with_unknown_devices(
    url: str, tmp_path: Path, policy: str, ends: list[int]
) -> None:
    async with serving(url, tmp_path, onboarding=policy) as served:
        device = served.device()
        for _ in range(4):
            assert statuses(await device.run_session()) == ends
        assert not await listed(served)


async def test_quarantine_lists_a_device_that_never_answers_a_challenge_and_sends_it_nothing(served: Served) -> None:
    device = served.device()
    logs = [await device.run_session() for _ in range(5)]
    assert [statuses(log) for log in logs] == [[401], [401], [401], [403], [403]]
    assert not any(reply.http.body for log in logs for reply in log.replies)
    (case,) = await listed(served)
    assert case.identity == Identity(device.id.oui, device.id.product_class, device.id.serial)
    assert (case.manufacturer, case.address, case.software_version, case.informs) == ("Zyxel", "127.0.0.1", "1.0", 2)


async def test_a_device_is_asked_to_log_in_however_many_others_at_its_address_never_do(served: Served) -> None:
    assert [statuses(await served.device().run_session()) for _ in range(5)] == [[401]] * 5
    assert not await listed(served)


async def test_quarantine_lists_a_device_with_a_wrong_login_by_its_name(served: Served) -> None:
    device = served.device(username="who", password="guess")
    await device.run_session()
    (case,) = await listed(served)
    assert case.username == "who"


async def test_quarantine_keeps_as_many_as_it_may(url: str, tmp_path: Path) -> None:
    async with serving(url, tmp_path, onboarding="quarantine", max_quarantined=3) as served:
        served.clock.advance(10)
        devices = [served.device(username="who", password="guess") for _ in range(5)]
        for device in (*devices, *devices):
            assert statuses(await device.run_session()) == [403]
        cases = await listed(served)
        assert [each.identity.serial_number for each in cases] == [each.id.serial for each in devices[:3]]
        assert {each.informs for each in cases} == {2}
