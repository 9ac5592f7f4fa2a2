"""HttpConnection puts on the wire what it is told to, octet by octet, and reads what a server may say."""

import asyncio
import gzip
import ssl
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.e2e.fake_acs import FakeAcs, fake_acs, http
from tests.e2e.wire import (
    LAST_CHUNK,
    ClosedError,
    HttpConnection,
    NotHttpError,
    SilenceError,
    UnreachableError,
    chunk,
    deflated,
    gzipped,
)

OK = http(200, b"yes")


@asynccontextmanager
async def connected(*replies: bytes | None, patience: float = 5) -> AsyncIterator[tuple[FakeAcs, HttpConnection]]:
    async with fake_acs(*replies) as acs:
        connection = await HttpConnection.open("127.0.0.1", acs.port, patience=patience)
        try:
            yield acs, connection
        finally:
            await connection.close()


async def test_headers_go_out_as_they_are_spelt_and_in_their_order() -> None:
    async with connected(OK) as (acs, connection):
        await connection.post(b"hi", target="/x?y", headers=[("content-LENGTH", "2"), ("A", "1"), ("a", "2")])
    assert acs.got[0].head.split("\r\n") == [
        "POST /x?y HTTP/1.1", f"Host: 127.0.0.1:{acs.port}", "content-LENGTH: 2", "A: 1", "a: 2"
    ]  # fmt: skip


async def test_a_wrong_length_is_sent_when_it_is_told() -> None:
    async with connected(OK) as (acs, connection):
        await connection.post(b"hello", headers=[("Content-Length", "3")])
    assert acs.got[0].body == b"hel"


async def test_a_body_goes_in_pieces_when_the_test_says_so() -> None:
    async with connected(OK, OK) as (acs, connection):
        await connection.write(connection.head("POST", "/", [("Content-Length", "4")]))
        await connection.write(b"ab")
        await connection.write(b"cd")
        assert (await connection.read()).body == b"yes"
        await connection.write(connection.head("POST", "/", [("Transfer-Encoding", "chunked")]))
        for piece in (b"ef", b"", b"gh"):
            await connection.write(chunk(piece))
        await connection.write(LAST_CHUNK)
        await connection.read()
    assert [got.body for got in acs.got] == [b"abcd", b"efgh"]
    assert acs.got[1].raw == b"2\r\nef\r\n2\r\ngh\r\n0\r\n\r\n"


async def test_requests_in_a_pipeline_are_answered_in_order() -> None:
    async with connected(http(200, b"1"), http(204), http(200, b"3")) as (acs, connection):
        await connection.write(b"".join(part for body in (b"a", b"b", b"c") for part in connection.request(body)))
        replies = [await connection.read() for _ in range(3)]
    assert [(reply.status, reply.body) for reply in replies] == [(200, b"1"), (204, b""), (200, b"3")]
    assert [got.body for got in acs.got] == [b"a", b"b", b"c"]


async def test_compressed_bodies_are_what_their_names_say() -> None:
    assert gzip.decompress(gzipped(b"x")) == b"x"
    assert zlib.decompress(deflated(b"x")) == b"x"


async def test_a_response_is_read_chunked_by_length_or_to_the_end() -> None:
    chunks = b"2\r\nab\r\n1;q=1\r\nc\r\n0\r\nT: 1\r\n\r\n"
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\nx-a: 2\r\n\r\n" + chunks
    endless = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end"
    async with connected(chunked, http(304, b"", "Content-Length: 5"), endless) as (_, connection):
        first, unchanged, last = [await connection.post(b"") for _ in range(3)]
    assert (first.body, first.all("X-A"), first.first("x-A")) == (b"abc", ("1", "2"), "1")
    assert unchanged.body == b""
    assert last.body == b"until the end"
    assert last.closes
    assert not first.closes


async def test_a_body_waits_for_the_100_and_stays_away_without_it() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(http(401))
        got.append(await reader.read())
        writer.close()

    got: list[bytes] = []
    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    connection = await HttpConnection.open("127.0.0.1", server.sockets[0].getsockname()[1])
    reply = await connection.post(b"secret", expect_continue=True)
    assert (reply.status, connection.is_spent) == (401, True)
    await connection.close()
    server.close()
    await server.wait_closed()
    async with connected(OK) as (acs, connection):
        assert (await connection.post(b"body", expect_continue=True)).status == 200
        assert not connection.is_spent
    assert acs.got[0].body == b"body"
    assert got == [b""]


async def test_an_answer_before_the_end_of_a_long_body_is_heard() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(http(413))
        await asyncio.wait_for(answered.wait(), 5)
        writer.transport.abort()

    answered = asyncio.Event()
    server = await asyncio.start_server(refuse, "127.0.0.1", 0, limit=1024)
    connection = await HttpConnection.open("127.0.0.1", server.sockets[0].getsockname()[1])
    reply = await connection.post(bytes(32 * 1024 * 1024))
    answered.set()
    assert (reply.status, connection.is_spent) == (413, True)
    await connection.close()
    server.close()
    await server.wait_closed()


async def test_each_way_to_fail_has_its_error() -> None:
    async with connected(None) as (_, connection):
        with pytest.raises(ClosedError):
            await connection.post(b"")
        assert connection.is_closed_by_server
    async with connected(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nfew") as (_, connection):
        with pytest.raises(ClosedError) as closed:
            await connection.post(b"")
        assert closed.value.received == b"few"
    async with connected(b"SMTP\r\n\r\n") as (_, connection):
        with pytest.raises(NotHttpError):
            await connection.post(b"")
    async with connected(patience=0.01) as (acs, connection):
        with pytest.raises(SilenceError, match="a response was due"):
            await connection.read()
        with pytest.raises(SilenceError, match="has not closed"):
            await connection.wait_closed_by_server()
    with pytest.raises(UnreachableError):
        await HttpConnection.open("127.0.0.1", acs.port)


async def test_a_half_closed_connection_still_hears() -> None:
    async with connected(OK) as (_, connection):
        await connection.write(b"".join(connection.request(b"x")))
        connection.half_close()
        assert (await connection.read()).body == b"yes"
        assert await connection.wait_closed_by_server() == b""
        assert connection.is_closed_by_server


async def test_a_connection_comes_from_the_address_it_is_told() -> None:
    peers: list[str] = []

    async def note(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peers.append(writer.get_extra_info("peername")[0])
        writer.close()

    server = await asyncio.start_server(note, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    connection = await HttpConnection.open("127.0.0.1", port, source="127.0.0.2")
    await connection.wait_closed_by_server()
    await connection.close()
    server.close()
    await server.wait_closed()
    assert peers == ["127.0.0.2"]


def _contexts(at: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """For a server and a client that believes it alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "acs")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2099, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    public = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (at / "acs.pem").write_bytes(private + public)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(at / "acs.pem")
    return server, ssl.create_default_context(cadata=public.decode())


async def test_a_connection_may_be_secured(tmp_path: Path) -> None:
    at_server, at_client = _contexts(tmp_path)
    fake = FakeAcs([OK])
    server = await asyncio.start_server(fake.serve, "127.0.0.1", 0, ssl=at_server)
    connection = await HttpConnection.open("127.0.0.1", server.sockets[0].getsockname()[1], tls=at_client)
    assert (await connection.post(b"quiet")).body == b"yes"
    await connection.close()
    server.close()
    await server.wait_closed()
    assert fake.got[0].body == b"quiet"
