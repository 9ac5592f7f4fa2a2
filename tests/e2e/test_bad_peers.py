"""What is no good request is answered as such or closed, and a good device beside it notices nothing."""

import gzip
import io
import json
import re
import zlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.contract.opened import probing
from tests.e2e.device import EndedBy, ScriptedDevice
from tests.e2e.quirks import Quirks
from tests.e2e.serving import Served, serving
from tests.e2e.wire import LAST_CHUNK, ClosedError, HttpConnection, HttpReply, chunk, deflated, gzipped
from tests.logged import logged

SMALL = 16 * 1024
LARGE = 64 * 1024
MIB = 1024 * 1024


@pytest.fixture(autouse=True)
def log() -> Iterator[io.BytesIO]:
    """All that is logged; whatever a peer does, no line of it is a traceback or worse than a warning."""
    with logged("info") as stream:
        yield stream
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert not [line for line in lines if line["level"] == "error" or "exception" in line]
    assert all(" " in line["reason"] for line in lines if line["event"] == "what came is no HTTP"), "reasons are words"


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'aioacs.db'}"


@pytest.fixture
async def served(url: str, tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(url, tmp_path, max_unauthenticated_body=SMALL, max_body=LARGE) as found:
        yield found


@pytest.fixture
async def good(served: Served) -> AsyncIterator[ScriptedDevice]:
    """A good device, in a session before the bad peer comes and through with it after that has gone."""
    device = served.device()
    assert (await device.inform()).status == 200
    yield device
    assert (await device.empty_post()).status == 204
    assert (await device.run_session()).ended_by is EndedBy.NO_CONTENT


async def answer(served: Served, octets: bytes) -> HttpReply | None:
    """What the server says to some octets; None if it closes without a word."""
    connection = await HttpConnection.open("127.0.0.1", served.port)
    try:
        await connection.write(octets)
        return await connection.read()
    except ClosedError:
        return None
    finally:
        connection.drop()


def inform(device: ScriptedDevice, *, inside: str = "") -> bytes:
    """An Inform of a router, perhaps with something in its parameter list."""
    body = device.writer.inform(device.id, [("2 PERIODIC", "")], {}, now="2026-01-01T00:00:00Z", retry=0)
    return device.envelope(body.replace("</ParameterList>", f"{inside}</ParameterList>"), "1")


def request(body: bytes, *headers: str, line: str = "POST / HTTP/1.1") -> bytes:
    """A request with these headers and no other but Host."""
    return "\r\n".join([line, "Host: acs", *headers, "", ""]).encode("utf-8", "surrogateescape") + body


def framed(body: bytes, *headers: str, line: str = "POST / HTTP/1.1") -> bytes:
    """The same with its length."""
    return request(body, f"Content-Length: {len(body)}", *headers, line=line)


HELLO = b"\x16\x03\x01\x00\xc4\x01\x00\x00\xc0\x03\x03" + bytes(range(180))

NO_HTTP = {
    "rubbish": b"\x00\xff\xfe rubbish \r\n\r\n",
    "a very long line": b"x" * 100_000,
    "a TLS hello": HELLO + b"\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/9.9": b"POST / HTTP/9.9\r\nHost: a\r\n\r\n",
    "another protocol": b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    "no colon": b"POST / HTTP/1.1\r\nHost a\r\n\r\n",
    "space before the colon": b"POST / HTTP/1.1\r\nContent-Length : 5\r\n\r\n<soap",
    "a NUL in a header": b"POST / HTTP/1.1\r\nHost: a\x00b\r\n\r\n",
    "an endless request line": b"POST /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n",
    "an endless header": b"POST / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 40_000 + b"\r\n\r\n",
    "100,000 headers": b"POST / HTTP/1.1\r\nHost: a\r\n" + b"X: a\r\n" * 100_000 + b"\r\n",
    "a negative length": request(b"", "Content-Length: -1"),
    "a signed length": request(b"<soap", "Content-Length: +5"),
    "a length in words": request(b"<soap", "Content-Length: five"),
    "a length in hex": request(b"<soap", "Content-Length: 0x5"),
    "a length beyond numbers": request(b"<soap", f"Content-Length: {'9' * 30}"),
    "two lengths": request(b"<soap", "Content-Length: 5", "Content-Length: 6"),
    "two lengths in one": request(b"<soap", "Content-Length: 5, 6"),
    "length and chunks": request(
        b"0\r\n\r\nGET /x HTTP/1.1\r\n\r\n", "Content-Length: 6", "Transfer-Encoding: chunked"
    ),
    "chunks and length": request(
        b"0\r\n\r\nGET /x HTTP/1.1\r\n\r\n", "Transfer-Encoding: chunked", "Content-Length: 6"
    ),
    "chunked that is not last": request(b"0\r\n\r\n", "Transfer-Encoding: chunked, gzip"),
    "unknown coding": request(b"0\r\n\r\n", "Transfer-Encoding: xchunked"),
    "a chunk beyond numbers": request(b"FFFFFFFFFFFFFFFFFF\r\n<", "Transfer-Encoding: chunked"),
    "a negative chunk": request(b"-5\r\n<soap\r\n0\r\n\r\n", "Transfer-Encoding: chunked"),
    "a chunk without its end": request(b"5\r\n<soap>>>>>>\r\n0\r\n\r\n", "Transfer-Encoding: chunked"),
}


@pytest.mark.parametrize("octets", NO_HTTP.values(), ids=NO_HTTP.keys())
async def test_what_is_no_http_is_refused_and_closed(served: Served, good: ScriptedDevice, octets: bytes) -> None:
    connection = await HttpConnection.open("127.0.0.1", served.port)
    try:
        await connection.write(octets)
        reply = await connection.read()
    except ClosedError:
        reply = None
    if reply is not None:
        assert reply.status in {400, 413, 431}
        told = repr(reply.headers).lower() + repr(reply.body).lower()
        assert not any(word in told for word in ("python", "aiohttp", "traceback"))
        assert await connection.wait_closed_by_server() == b"", "nothing behind it is taken for a request"
    connection.drop()


async def test_http_0_9_is_closed_and_nothing_is_shown(served: Served, good: ScriptedDevice) -> None:
    connection = await HttpConnection.open("127.0.0.1", served.port)
    await connection.write(b"GET /\r\n\r\n")
    said = await connection.wait_closed_by_server()
    assert b" 200 " not in said
    assert b"aiohttp" not in said
    connection.drop()


async def test_a_body_that_breaks_off_behind_our_answer_is_no_error_of_ours(url: str, tmp_path: Path) -> None:
    async with serving(url, tmp_path, onboarding="reject") as served:
        connection = await HttpConnection.open("127.0.0.1", served.port)
        await connection.write(request(b"5\r\n<soap\r\n", "Transfer-Encoding: chunked"))
        assert (await connection.read()).status == 401
        await connection.write(b"zz\r\n")
        assert b"aiohttp" not in await connection.wait_closed_by_server()
        connection.drop()


async def test_what_came_instead_of_http_is_told_in_words(
    served: Served, good: ScriptedDevice, log: io.BytesIO
) -> None:
    for octets in (HELLO, b"SSH-2.0-OpenSSH_9.6\r\n\r\n", request(b"", "Content-Length: 0x5")):
        await answer(served, octets)
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [line["reason"] for line in lines if line["event"] == "what came is no HTTP"] == [
        "TLS where plain HTTP is spoken",
        "Invalid method encountered",
        "Invalid character in Content-Length",
    ]


@pytest.mark.parametrize(
    "line",
    [
        "GET / HTTP/1.1",
        "PUT /x HTTP/1.1",
        "DELETE / HTTP/1.1",
        "OPTIONS * HTTP/1.1",
        "PATCH / HTTP/1.1",
        "TRACE / HTTP/1.1",
        "GET http://elsewhere/ HTTP/1.1",
        "GET /../../etc/passwd HTTP/1.1",
    ],
)
async def test_only_posts_are_taken(served: Served, good: ScriptedDevice, line: str) -> None:
    reply = await answer(served, framed(b"", line=line))
    assert reply is not None
    assert (reply.status, reply.first("Allow")) == (405, "POST")


@pytest.mark.parametrize(
    "line",
    [
        "POST / HTTP/1.0",
        "POST http://acs.example:7547/cwmp?x=1 HTTP/1.1",
        "POST /%2e%2e/%00 HTTP/1.1",
        "POST //x HTTP/1.1",
    ],
)
async def test_every_path_and_form_of_a_good_request_is_taken(served: Served, good: ScriptedDevice, line: str) -> None:
    reply = await answer(served, framed(inform(served.device()), line=line))
    assert reply is not None
    assert reply.status == 200


async def test_pipelined_posts_are_answered_in_their_order(served: Served, good: ScriptedDevice) -> None:
    connection = await HttpConnection.open("127.0.0.1", served.port)
    device = served.device()
    methods = framed(device.envelope(device.writer.message("GetRPCMethods"), "2"))
    await connection.write(framed(inform(device)) + methods + framed(b"") + framed(b"<soap"))
    replies = [await connection.read() for _ in range(4)]
    assert [reply.status for reply in replies] == [200, 200, 204, 400]
    assert b"GetRPCMethodsResponse" in replies[1].body
    await connection.close()


def nested(depth: int) -> str:
    """Elements in elements."""
    return "<a>" * depth + "</a>" * depth


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
NO_ENVELOPES = {
    "rubbish": b"\x00\x01\x02",
    "words": b"hello",
    "html": b"<html><body>login</body></html>",
    "json": b'{"method": "Inform"}',
    "cut": b"<soap:Envelope xmlns:soap='http://schemas.xmlsoap.org/soap/envelope/'><soap:Bo",
    "laughs": f'<!DOCTYPE x [<!ENTITY l0 "lol">{LAUGHS}]><x>&l9;</x>'.encode(),
    "a file": b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
    "a foreign DTD": b'<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd"><x/>',
    "deep": nested(2_000).encode(),
}


@pytest.mark.parametrize("body", NO_ENVELOPES.values(), ids=NO_ENVELOPES.keys())
async def test_what_is_no_envelope_is_a_bad_request(served: Served, good: ScriptedDevice, body: bytes) -> None:
    reply = await answer(served, framed(body))
    assert reply is not None
    assert (reply.status, reply.body) == (400, b"")


@pytest.mark.parametrize(
    "prolog",
    ['<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>', '<!DOCTYPE x [<!ENTITY e "expanded">]>'],
    ids=["a file", "a text"],
)
async def test_entities_in_a_good_envelope_bring_nothing_in(
    url: str, served: Served, good: ScriptedDevice, prolog: str
) -> None:
    item = "<ParameterValueStruct><Name>Device.X</Name><Value>&e;</Value></ParameterValueStruct>"
    body = inform(served.device(), inside=item).replace(b"?>\n", b"?>" + prolog.encode())
    reply = await answer(served, framed(body))
    assert reply is not None
    assert reply.status in {200, 400}
    async with probing(url) as probe:
        content = repr(await probe.content())
    assert "root:" not in content
    assert "expanded" not in content


async def test_an_inform_without_a_serial_number_is_a_bad_request(served: Served, good: ScriptedDevice) -> None:
    device = served.device(serial="GONE")
    whole = inform(device)
    for body in (whole.replace(b"GONE", b""), whole.replace(b"<SerialNumber>GONE</SerialNumber>", b"")):
        reply = await answer(served, framed(body))
        assert reply is not None
        assert reply.status == 400


@pytest.mark.parametrize("is_chunked", [False, True], ids=["length", "chunks"])
@pytest.mark.parametrize("excess", [0, 1])
async def test_a_body_may_reach_its_limit_and_not_exceed_it(
    served: Served, good: ScriptedDevice, is_chunked: bool, excess: int
) -> None:
    body = inform(served.device()).ljust(SMALL + excess)
    chunks = b"".join(chunk(body[place : place + 1000]) for place in range(0, len(body), 1000)) + LAST_CHUNK
    reply = await answer(served, request(chunks, "Transfer-Encoding: chunked") if is_chunked else framed(body))
    assert reply is not None
    assert reply.status == (413 if excess else 200)
    device = served.device()
    assert (await device.inform()).status == 200
    methods = device.envelope(device.writer.message("GetRPCMethods"), "2").ljust(LARGE + excess)
    assert (await device.post(methods)).status == (413 if excess else 200), "in a session there is more room"
    await device.close()


BOMB = b" " * (8 * MIB)
COMPRESSED = {
    "gzip bomb": ("gzip", gzipped(BOMB), {413}),
    "gzip bomb in many members": ("gzip", gzipped(b" " * SMALL) * 100, {413, 400}),
    "deflate bomb": ("deflate", deflated(BOMB), {413}),
    "raw deflate bomb": ("deflate", zlib.compress(BOMB, wbits=-15), {413}),
    "gzip in gzip": ("gzip", gzipped(gzip.compress(BOMB)), {400, 413}),
    "cut": ("gzip", gzipped(b"<soap" * 100)[:-10], {400}),
    "no gzip": ("gzip", b"<soap", {400}),
    "unknown": ("br", b"<soap", {400, 415}),
    "both": ("gzip, deflate", gzipped(b"<soap"), {400, 415}),
}


@pytest.mark.parametrize(("coding", "body", "statuses"), COMPRESSED.values(), ids=COMPRESSED.keys())
async def test_compressed_bodies_are_bounded_by_what_comes_out(
    served: Served, good: ScriptedDevice, coding: str, body: bytes, statuses: set[int]
) -> None:
    reply = await answer(served, framed(body, f"Content-Encoding: {coding}"))
    assert reply is not None
    assert reply.status in statuses


async def test_a_length_in_characters_instead_of_octets_harms_one_connection(
    served: Served, good: ScriptedDevice
) -> None:
    device = served.device(manufacturer="Çâé" * 20)
    body = inform(device)
    connection = await HttpConnection.open("127.0.0.1", served.port)
    await connection.write(request(body, f"Content-Length: {len(body.decode())}"))
    assert (await connection.read()).status == 400
    rest = await connection.wait_closed_by_server()
    assert not rest or rest.startswith(b"HTTP/1.1 400")
    connection.drop()
    device.quirks = Quirks()
    assert (await device.run_session()).is_acknowledged


async def test_a_device_that_goes_mad_in_its_session_is_answered_and_keeps_it(
    served: Served, good: ScriptedDevice
) -> None:
    device = served.device()
    assert (await device.inform()).status == 200
    for body in NO_ENVELOPES.values():
        assert (await device.post(body)).status == 400
    assert (await device.empty_post()).status == 204
    await device.close()


async def test_a_thousand_bad_posts_leave_a_few_lines_in_the_log(
    served: Served, good: ScriptedDevice, log: io.BytesIO
) -> None:
    connection = await HttpConnection.open("127.0.0.1", served.port)
    before = len(log.getvalue().splitlines())
    kinds = [
        framed(b"<soap"),
        framed(b"", "Authorization: Digest x"),
        framed(b"x", "Content-Encoding: br"),
        b"x\r\n\r\n",
    ]
    for number in range(1000):
        try:
            await connection.write(kinds[number % 4])
            reply = await connection.read()
        except ClosedError:
            reply = None
        if reply is None or reply.closes:
            connection.drop()
            connection = await HttpConnection.open("127.0.0.1", served.port)
    connection.drop()
    lines = log.getvalue().splitlines()
    assert 3 <= len(lines) - before <= 30
    assert len(log.getvalue()) < 32 * 1024
    assert not re.search(rb"\\x00|\x1b", log.getvalue())
