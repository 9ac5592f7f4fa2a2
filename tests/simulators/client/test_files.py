"""Files that devices fetch and send: what is told of them when all goes well, and when it does not."""

import asyncio
import email
import gzip
from pathlib import Path

import pytest

from acs.auth.headers import BasicCredentials, DigestCredentials, parse_credentials
from simulators.client.files import FileCarrier
from simulators.client.tls import tls_context
from simulators.device.chance import Chance
from simulators.device.cpe import Cpe
from simulators.device.identity import Identity
from simulators.device.jobs import HEAD, Job, Outcome, Place
from simulators.device.quirk_names import quirk
from simulators.device.quirks import PLAIN, Quirks
from simulators.tally import Tally
from tests.simulators.client.certificates import Authority
from tests.simulators.client.scripted import PATIENCE, Heard, Say, Script, constant, in_turn, reply, serving
from tests.simulators.device.conversing import START, small_model

FILE = bytes(range(256)) * 64
DIGEST = 'WWW-Authenticate: Digest realm="files", nonce="n", qop="auth", algorithm=MD5'


def device(quirks: Quirks = PLAIN) -> Cpe:
    """A router."""
    model = small_model()
    return Cpe(model, Identity(model.device_id, 1), chance=Chance(1), now=START, quirks=quirks)


def fetching(url: str, **ways: object) -> Job:
    """A file to fetch."""
    return Job(1, "GET", url, "user", "secret", kind="1 Firmware Upgrade Image", **ways)  # type: ignore[arg-type]


def sending(url: str, body: bytes = FILE) -> Job:
    """A file to send."""
    return Job(1, "PUT", url, "user", "secret", body, name="S1.cfg", kind="1 Vendor Configuration File")


class Carrying:
    """Carries files; each moment is a second later than the one before."""

    def __init__(self, **ways: object) -> None:
        self.tally = Tally(START)
        self._now = START
        self.carrier = FileCarrier(self.tally, self._tick, **ways)  # type: ignore[arg-type]

    def _tick(self) -> float:
        self._now += 1.0
        return self._now

    async def carry(self, job: Job, quirks: Quirks = PLAIN) -> Outcome:
        """One file."""
        async with asyncio.timeout(PATIENCE):
            return await self.carrier.carry(device(quirks), job)


async def carried(script: Script, send: bytes | None = None, quirks: Quirks = PLAIN) -> tuple[Outcome, list[Heard]]:
    """One file at a server: how that ended, and what was asked for."""
    async with serving(script) as server:
        url = f"{server.url}file?token=abc"
        job = fetching(url) if send is None else sending(url, send)
        return await Carrying().carry(job, quirks), server.heard


async def test_a_file_is_fetched_counted_and_forgotten_but_for_its_beginning() -> None:
    async with serving(constant(reply(200, FILE))) as server:
        carrying = Carrying()
        outcome = await carrying.carry(fetching(f"{server.url}file?token=abc"))
    assert outcome == Outcome(200, len(FILE), START + 1, START + 2, FILE[:HEAD])
    (heard,) = server.heard
    assert heard.line == "GET /acs/file?token=abc HTTP/1.1"
    assert [name for name, _ in heard.headers] == ["host"]
    moved = carrying.tally.transfers["1 Firmware Upgrade Image"]
    assert (moved.octets, moved.latencies.count, moved.faults) == (len(FILE), 1, {})


async def test_a_file_is_sent() -> None:
    outcome, (heard,) = await carried(constant(reply(201)), FILE)
    assert (outcome.status, outcome.octets, outcome.reason) == (201, len(FILE), "")
    assert heard.line == "PUT /acs/file?token=abc HTTP/1.1"
    assert heard.body == FILE
    assert heard.one("content-length") == str(len(FILE))


@pytest.mark.parametrize("challenge", [DIGEST, 'WWW-Authenticate: Basic realm="files"'])
@pytest.mark.parametrize("send", [None, FILE])
async def test_a_login_is_given_when_it_is_asked_for(challenge: str, send: bytes | None) -> None:
    outcome, heard = await carried(in_turn(reply(401, b"who?", challenge), reply(200, b"")), send)
    assert (outcome.status, outcome.reason) == (200, "")
    assert heard[0].one("authorization") is None
    credentials = parse_credentials(heard[1].one("authorization") or "")
    assert isinstance(credentials, BasicCredentials | DigestCredentials)
    assert credentials.username == "user"
    assert heard[1].body == (send or b"")


@pytest.mark.parametrize("headers", [(), (DIGEST,)])
async def test_a_login_that_is_refused_is_told(headers: tuple[str, ...]) -> None:
    outcome, heard = await carried(constant(reply(401, b"who?", *headers)))
    assert (outcome.status, outcome.octets, outcome.head, outcome.reason) == (401, 0, b"who?", "")
    assert len(heard) == 1 + len(headers)


async def test_a_stale_nonce_costs_another_try() -> None:
    stale = reply(401, b"", f"{DIGEST}, stale=true")
    outcome, heard = await carried(in_turn(reply(401, b"", DIGEST), stale, reply(200, FILE)))
    assert outcome.octets == len(FILE)
    assert len(heard) == 3
    outcome, heard = await carried(constant(stale))
    assert (outcome.status, len(heard)) == (401, 4)


async def test_a_redirect_is_followed_and_no_login_is_taken_along() -> None:
    asked = constant(reply(401, b"", DIGEST))
    async with serving(constant(reply(200, FILE))) as other, serving(asked) as wanting:
        moved = constant(reply(302, b"", f"Location: {other.url}x?y=z"))
        outcome, _ = await carried(moved)
        assert outcome.octets == len(FILE)
        assert other.heard[0].target == "/acs/x?y=z"
        outcome, heard = await carried(in_turn(reply(401, b"", DIGEST), reply(307, b"", f"Location: {wanting.url}")))
        assert [each.one("authorization") is not None for each in heard] == [False, True]
        outcome, _ = await carried(constant(reply(307, b"", f"Location: {wanting.url}")))
        assert outcome.status == 401
    assert [each.one("authorization") for each in wanting.heard] == [None, None]


@pytest.mark.parametrize("header", ["X-None: 1", "Location: /acs/file?token=abc", "Location: ftp://127.0.0.1/"])
async def test_a_redirect_to_nowhere_or_in_a_circle_ends_it(header: str) -> None:
    outcome, heard = await carried(constant(reply(302, b"", header)))
    assert (outcome.status, outcome.reason) == (302, "bad redirect")
    assert len(heard) <= 6


@pytest.mark.parametrize("status", [400, 403, 404, 500, 503])
async def test_what_the_server_refuses_is_told(status: int) -> None:
    outcome, _ = await carried(constant(reply(status, b"no")))
    assert (outcome.status, outcome.octets, outcome.reason) == (status, 0, "")


@pytest.mark.parametrize("then", ["close", "reset"])
async def test_a_file_that_is_cut_short_counts_what_has_come(then: str) -> None:
    whole = reply(200, FILE).octets
    outcome, _ = await carried(constant(Say(whole[:-1000], then)))
    assert (outcome.status, outcome.reason) == (200, "connection cut")
    if then == "close":
        assert outcome.octets == len(FILE) - 1000


async def test_a_file_may_end_with_its_connection_or_come_in_chunks() -> None:
    outcome, _ = await carried(constant(Say(b"HTTP/1.0 200 OK\r\n\r\n" + FILE, "close")))
    assert (outcome.status, outcome.octets, outcome.reason) == (200, len(FILE), "")
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    outcome, _ = await carried(constant(Say(head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(FILE), FILE))))
    assert (outcome.status, outcome.octets, outcome.reason) == (200, len(FILE), "")


async def test_a_compressed_file_is_none_for_it_was_not_asked_for() -> None:
    outcome, _ = await carried(constant(reply(200, gzip.compress(FILE), "Content-Encoding: gzip")))
    assert (outcome.status, outcome.reason) == (200, "compressed reply")


async def test_there_is_an_end_to_what_is_fetched() -> None:
    async with serving(constant(reply(200, FILE))) as server:
        outcome = await Carrying().carry(fetching(server.url, max_octets=1000))
    assert outcome.reason == "too long"
    assert outcome.octets > 1000


@pytest.mark.parametrize("octets", [b"220 ftp ready\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"])
async def test_what_is_no_http_is_told(octets: bytes) -> None:
    outcome, _ = await carried(constant(Say(octets)))
    assert (outcome.status, outcome.octets, outcome.reason) == (0, 0, "not HTTP")


async def test_where_nobody_listens_no_reply_comes() -> None:
    async with serving(constant(reply(200))) as server:
        url = server.url
    outcome = await Carrying().carry(fetching(url))
    assert (outcome.status, outcome.reason) == (0, "no connection")
    outcome = await Carrying().carry(sending(url))
    assert (outcome.status, outcome.reason) == (0, "no connection")


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/x", "tftp://127.0.0.1/x", "nonsense", ""])
async def test_what_is_no_http_url_is_not_fetched(url: str) -> None:
    outcome = await Carrying().carry(fetching(url))
    assert (outcome.status, outcome.reason) == (0, "unsupported URL")


async def test_a_silent_server_is_given_up() -> None:
    async with serving(constant(Say())) as server:
        carrying = Carrying(patience=0.01)
        outcome = await carrying.carry(fetching(server.url))
        assert (outcome.status, outcome.reason) == (0, "timeout")
        # A server that began and went on no further has said what the status is.
        server.script = constant(Say(reply(200, FILE).octets[:-10]))
        carrying.carrier = FileCarrier(carrying.tally, lambda: START, patience=0.3)
        outcome = await carrying.carry(fetching(server.url))
    assert (outcome.octets, outcome.reason) == (len(FILE) - 10, "timeout")
    assert outcome.status == 200
    assert carrying.tally.transfers["1 Firmware Upgrade Image"].faults.sum == 2


async def test_no_transfer_lasts_for_ever_however_much_comes() -> None:
    async with serving(constant(Say(reply(200, FILE).octets[:-10]))) as server:
        outcome = await Carrying(patience=1000.0, longest=0.2).carry(fetching(server.url))
    assert outcome.reason == "timeout"


async def test_no_more_are_carried_at_once_than_may_be() -> None:
    waiting: list[str] = []

    def say(heard: Heard) -> Say:
        waiting.append(heard.target)
        return Say()

    async with serving(say) as server:
        carrying = Carrying(max_open=2)
        jobs = [fetching(f"{server.url}{number}") for number in range(5)]
        tasks = [asyncio.ensure_future(carrying.carrier.carry(device(), job)) for job in jobs]
        async with asyncio.timeout(PATIENCE):
            for count in (1, 2):
                await server.said.acquire()
                assert len(waiting) <= 2, count
            for task in tasks[:2]:
                task.cancel()
            await asyncio.wait(tasks[:2])
            for _ in range(2):
                await server.said.acquire()
        assert len(waiting) == 4
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def test_a_device_may_forget_the_query_and_send_forms() -> None:
    _, (heard,) = await carried(constant(reply(404)), quirks=quirk("drops-query"))
    assert heard.target == "/acs/file"
    outcome, (heard,) = await carried(constant(reply(200)), FILE, quirk("multipart-upload"))
    assert outcome.octets == len(FILE)
    assert heard.line == "POST /acs/file?token=abc HTTP/1.1"
    form = email.message_from_bytes(f"Content-Type: {heard.one('content-type')}\r\n\r\n".encode() + heard.body)
    parts = list(form.walk())[1:]
    assert len(parts) == 1
    part = parts[0]
    assert part.get_filename() == "S1.cfg"
    assert part.get_payload(decode=True) == FILE


async def test_files_come_over_tls_from_whom_is_trusted(tmp_path: Path) -> None:
    authority = Authority.new(tmp_path / "trusted")
    tls = tls_context(authorities=authority.file)
    for name, expected in (("127.0.0.1", ""), ("elsewhere.example", "bad certificate")):
        async with serving(constant(reply(200, FILE)), tls=authority.server(name)) as server:
            assert (await Carrying(tls=tls).carry(fetching(server.url))).reason == expected


async def test_a_connection_that_was_left_after_the_challenge_is_replaced() -> None:
    challenge = Say(reply(401, b"", DIGEST).octets, "close")
    outcome, heard = await carried(in_turn(challenge, reply(200, FILE)))
    assert outcome.octets == len(FILE)
    assert [each.connection for each in heard] == [1, 2]


async def test_a_device_learns_how_its_job_ended() -> None:
    cpe, ends = device(), []
    async with serving(constant(reply(200, FILE))) as server:
        cpe.jobs.fetch(Place(server.url), lambda outcome, now: ends.append(outcome.octets))
        carrying = Carrying()
        for job in cpe.take_jobs():
            cpe.job_done(job, await carrying.carry(job), START + 5)
    assert ends == [len(FILE)]


async def test_a_file_that_is_given_up_on_its_way_is_counted_as_one_that_has_failed() -> None:
    octets = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + FILE
    async with serving(constant(Say(octets))) as server:
        carrying = Carrying()
        tasks = [asyncio.ensure_future(carrying.carry(job)) for job in (fetching(server.url), sending(server.url))]
        async with asyncio.timeout(PATIENCE):
            for _ in tasks:
                await server.said.acquire()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    assert carrying.tally.transfers["1 Firmware Upgrade Image"].faults == {9017: 1}
    assert carrying.tally.transfers["1 Vendor Configuration File"].faults == {9011: 1}
