"""The scripted device does on the wire what its switches say: whoever tests with it can believe what it shows."""

import gzip
import json
from pathlib import Path

import pytest

from tests.e2e.check import Heard
from tests.e2e.device import EndedBy, Prefixes, Quirks, ScriptedDevice
from tests.e2e.envelopes import read
from tests.e2e.fake_acs import DONE, INFORMED, FakeAcs, asks, fake_acs, http, session
from tests.e2e.journal import Acknowledged, Received, Sent
from tests.e2e.login import fields_of, response_to

COOKIE = "Set-Cookie: sid=abc; Path=/; HttpOnly"
CHALLENGE = 'WWW-Authenticate: Digest realm="r", domain="/", nonce="n1", qop="auth", algorithm=MD5'
GET = asks("GetRPCMethods")


def with_headers(reply: bytes, *headers: str) -> bytes:
    first, rest = reply.split(b"\r\n", 1)
    return b"\r\n".join([first, *(header.encode() for header in headers), rest])


def device(acs: FakeAcs, quirks: Quirks, **credentials: str) -> ScriptedDevice:
    # What the fake says is none of the ACS's sayings.
    return ScriptedDevice(acs.port, serial="S1", quirks=quirks, heard=Heard(), **credentials)  # type: ignore[arg-type]


async def seen(quirks: Quirks, *replies: bytes | None, **credentials: str) -> FakeAcs:
    """What an ACS gets to see of a session."""
    async with fake_acs(*(replies or session(GET))) as acs, device(acs, quirks, **credentials) as router:
        await router.run_session()
        return acs


async def test_a_session_is_an_inform_an_empty_post_and_answers_until_the_204() -> None:
    async with fake_acs(*session(GET)) as acs, device(acs, Quirks()) as router:
        log = await router.run_session()
    assert log.ended_by is EndedBy.NO_CONTENT
    assert log.is_acknowledged
    assert log.methods == ("GetRPCMethods",)
    inform, empty, answer = acs.got
    assert read(inform.body).structs("EventStruct") == [{"EventCode": "2 PERIODIC", "CommandKey": ""}]
    assert read(inform.body).structs("DeviceId")[0]["SerialNumber"] == "S1"
    assert empty.body == b""
    assert read(answer.body).method == "GetRPCMethodsResponse"
    assert acs.connections == 1


@pytest.mark.parametrize(("closes", "connections"), [(False, 1), (True, 3)])
async def test_a_device_closes_after_every_response_or_keeps_its_connection(closes: bool, connections: int) -> None:
    acs = await seen(Quirks(close_after_every_response=closes))
    assert acs.connections == connections


async def test_a_connection_that_the_acs_closes_is_not_used_again() -> None:
    acs = await seen(Quirks(), with_headers(INFORMED, "Connection: close"), GET, DONE)
    assert [got.connection for got in acs.got] == [1, 2, 2]


@pytest.mark.parametrize(
    ("quirks", "cookie"),
    [
        (Quirks(), "sid=abc"),
        (Quirks(cookies="never"), None),
        (Quirks(cookies="rfc2109"), '$Version="0"; sid=abc;$Path=/'),
        (Quirks(cookies="quoted"), 'sid="abc"'),
        (Quirks(cookies="joined with another cookie by comma"), "lang=en,sid=abc"),
        (Quirks(drops_http_only_cookies=True), None),
        (Quirks(drops_cookies_without_root_path=True), "sid=abc"),
    ],
)
async def test_a_cookie_comes_back_in_the_way_of_the_device(quirks: Quirks, cookie: str | None) -> None:
    acs = await seen(quirks, with_headers(INFORMED, COOKIE), GET, DONE)
    assert [got.header("Cookie") for got in acs.got] == [None, cookie, cookie]


async def test_a_cookie_without_path_is_dropped_by_a_device_that_needs_one() -> None:
    acs = await seen(Quirks(drops_cookies_without_root_path=True), with_headers(INFORMED, "Set-Cookie: sid=abc"), DONE)
    assert acs.got[1].header("Cookie") is None


async def test_a_cookie_does_not_outlive_its_session() -> None:
    replies = [with_headers(INFORMED, COOKIE), DONE, INFORMED, DONE]
    async with fake_acs(*replies) as acs, device(acs, Quirks()) as router:
        await router.run_session()
        await router.run_session()
    assert [got.header("Cookie") for got in acs.got] == [None, "sid=abc", None, None]


@pytest.mark.parametrize(
    ("quirks", "proves"),
    [
        (Quirks(), [False, True, False, False]),
        (Quirks(authorization="only with the Inform"), [False, True, False, False]),
        (Quirks(authorization="every post"), [False, True, True, True]),
        (Quirks(authorization="begin with empty post"), [False, True, False, False]),
    ],
)
async def test_a_device_logs_in_at_the_posts_of_its_kind(quirks: Quirks, proves: list[bool]) -> None:
    acs = await seen(quirks, http(401, b"", CHALLENGE), INFORMED, GET, DONE, username="u", password="p")
    assert [got.header("Authorization") is not None for got in acs.got] == proves
    begins_empty = quirks.authorization == "begin with empty post"
    assert [got.body == b"" for got in acs.got] == [begins_empty, False, True, False]
    fields = fields_of(str(acs.got[1].header("Authorization")).partition(" ")[2])
    assert fields["response"] == response_to(fields, "p", "POST")
    assert (fields["username"], fields["nc"], fields["uri"]) == ("u", "00000001", "/")


async def test_a_challenge_in_the_middle_is_answered_unless_only_the_inform_logs_in() -> None:
    for quirks, posts in ((Quirks(), 4), (Quirks(authorization="only with the Inform"), 2)):
        acs = await seen(quirks, INFORMED, http(401, b"", CHALLENGE), GET, DONE, username="u", password="p")
        assert len(acs.got) == posts


async def test_the_nonce_is_remembered_by_a_device_that_logs_in_only_with_the_inform() -> None:
    replies = [http(401, b"", CHALLENGE), INFORMED, DONE, INFORMED, DONE]
    quirks = Quirks(authorization="only with the Inform")
    async with fake_acs(*replies) as acs, device(acs, quirks, username="u", password="p") as router:
        await router.run_session()
        await router.run_session()
    counts = [fields_of(got.header("Authorization") or "").get("nc") for got in acs.got]
    assert counts == [None, "00000001", None, "00000002", None]


async def test_a_device_gives_up_when_nobody_lets_it_in() -> None:
    replies = [http(401, b"", CHALLENGE)] * 9
    async with fake_acs(*replies) as acs, device(acs, Quirks(), username="u", password="p") as router:
        log = await router.run_session()
    assert (log.ended_by, len(acs.got)) == (EndedBy.REFUSED, 3)


async def test_a_device_answers_basic_when_that_is_asked_for() -> None:
    replies = (http(401, b"", 'WWW-Authenticate: Basic realm="r"'), INFORMED, DONE)
    acs = await seen(Quirks(), *replies, username="u", password="p")
    assert acs.got[1].header("Authorization") == "Basic dTpw"


async def test_a_device_reconnects_after_the_401() -> None:
    replies = (http(401, b"", CHALLENGE), INFORMED, DONE)
    acs = await seen(Quirks(reconnects_after_401=True), *replies, username="u", password="p")
    assert [got.connection for got in acs.got] == [1, 2, 2]


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ("normal", ["c1", "a1"]),
        ("empty", ["", ""]),
        ("invented", ["x1", "x2"]),
        ("none", [None, None]),
    ],
)
async def test_ids_are_echoed_emptied_invented_or_left_out(ids: str, expected: list[str | None]) -> None:
    acs = await seen(Quirks(ids=ids))  # type: ignore[arg-type]
    assert [read(got.body).id for got in (acs.got[0], acs.got[2])] == expected


async def test_posts_are_chunked_compressed_or_announced_as_the_switches_say() -> None:
    chunked = await seen(Quirks(chunked=True))
    assert chunked.got[0].header("Content-Length") is None
    assert chunked.got[0].raw != chunked.got[0].body
    assert chunked.got[1].header("Content-Length") == "0"

    zipped = await seen(Quirks(gzip=True))
    assert zipped.got[0].header("Content-Encoding") == "gzip"
    assert read(gzip.decompress(zipped.got[0].body)).method == "Inform"

    announced = await seen(Quirks(expect_continue=True))
    assert [got.header("Expect") for got in announced.got] == ["100-continue", None, "100-continue"]


async def test_an_envelope_is_dressed_as_the_switches_say() -> None:
    plain = (await seen(Quirks())).got[0]
    assert plain.body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<SOAP-ENV:Envelope ')
    assert plain.header("Content-Type") == 'text/xml; charset="utf-8"'

    odd = (await seen(Quirks(declaration=False, trailing_nulls=2, content_type="text/html"))).got[0]
    assert odd.body.startswith(b"<SOAP-ENV:Envelope ")
    assert odd.body.endswith(b"Envelope>\0\0")
    assert odd.header("Content-Type") == "text/html"

    for prefixes, opening in (
        (Prefixes(soap="s", cwmp="c"), b"<c:Inform>"),
        (Prefixes("", cwmp=""), b"<Inform xmlns="),
    ):
        body = (await seen(Quirks(prefixes=prefixes))).got[0].body
        assert opening in body
        assert read(body).method == "Inform"
        assert read(body).namespace == "urn:dslforum-org:cwmp-1-2"


@pytest.mark.parametrize(
    ("charset", "octets", "label"),
    [
        ("utf-8", b"caf\xc3\xa9", b"UTF-8"),
        ("latin-1", b"caf\xe9", b"ISO-8859-1"),
        ("latin-1 labelled utf-8", b"caf\xe9", b"UTF-8"),
    ],
)
async def test_letters_are_written_in_the_charset_of_the_device(charset: str, octets: bytes, label: bytes) -> None:
    async with fake_acs(INFORMED) as acs, device(acs, Quirks(charset=charset)) as router:  # type: ignore[arg-type]
        await router.inform(parameters={"Device.X": "café"})
    assert octets in acs.got[0].body
    assert label in acs.got[0].body


async def test_headers_of_a_proxy_and_of_the_inform_are_sent() -> None:
    quirks = Quirks(extra_headers=(("X-Forwarded-For", "192.0.2.1"),))
    async with fake_acs(INFORMED) as acs, device(acs, quirks) as router:
        await router.inform(
            [("1 BOOT", ""), ("M Reboot", "k")],
            hold_requests=True,
            no_more_requests=False,
            supported_versions=["1.2", "1.4"],
            session_timeout=90,
            retry_count=3,
        )
    message = read(acs.got[0].body)
    assert acs.got[0].header("X-Forwarded-For") == "192.0.2.1"
    told = {"HoldRequests": "1", "NoMoreRequests": "0", "SessionTimeout": "90", "SupportedCWMPVersions": "1.2,1.4"}
    assert message.headers == {"ID": "c1"} | told
    assert message.structs("EventStruct")[1] == {"EventCode": "M Reboot", "CommandKey": "k"}
    assert message.text("RetryCount") == "3"


async def test_a_session_says_what_ended_it() -> None:
    for replies, ended in (
        ([INFORMED, None], EndedBy.CLOSED),
        ([http(503)], EndedBy.REFUSED),
        ([INFORMED, http(400)], EndedBy.REFUSED),
    ):
        async with fake_acs(*replies) as acs, device(acs, Quirks()) as router:
            assert (await router.run_session()).ended_by is ended
    async with device(acs, Quirks()) as router:
        assert (await router.run_session()).ended_by is EndedBy.UNREACHABLE


async def test_the_journal_tells_everything_in_order_and_a_file_tells_it_to_other_processes(tmp_path: Path) -> None:
    file = tmp_path / "journal.jsonl"
    async with fake_acs(INFORMED, GET, None) as acs:
        router = ScriptedDevice(acs.port, serial="S1", journal_file=file, heard=Heard())
        await router.run_session([("1 BOOT", "")])
        await router.close()
    story = [(type(entry).__name__, getattr(entry, "message", "")) for entry in router.journal]
    assert story == [
        ("Sent", "Inform"), ("Received", "InformResponse"), ("Acknowledged", "Inform"), ("Sent", ""),
        ("Received", "GetRPCMethods"), ("CarriedOut", ""), ("Sent", "GetRPCMethodsResponse"), ("Lost", ""),
    ]  # fmt: skip
    assert [entry.when for entry in router.journal] == list(range(1, 9))
    assert router.journal.of(Acknowledged)[0].events == (("1 BOOT", ""),)
    assert router.journal.of(Sent)[0].body == acs.got[0].body
    assert router.journal.of(Received)[1].id == "a1"
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["entry"] for line in lines] == [kind for kind, _ in story]
    assert {line["serial"] for line in lines} == {"S1"}
