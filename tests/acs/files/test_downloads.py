"""Files out to devices, over real sockets."""

import asyncio
import contextlib
import datetime
import re
import ssl
from pathlib import Path

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from acs.auth.headers import basic_authorization
from acs.domain.transfer import TransferDirection
from acs.files.limits import FileLimits
from acs.files.server import FileEvent
from acs.files.store import BLOCK
from tests.acs.files.serving import LARGE, Served, ask, connected, path_of, read_answer, serving, sha256

CONTENT = b"firmware " * 20_000


@pytest.mark.parametrize("content", [CONTENT, b"", b"x", LARGE])
async def test_a_device_fetches_its_file(tmp_path: Path, content: bytes) -> None:
    async with serving(tmp_path) as served, aiohttp.ClientSession() as device:
        async with device.get(await served.offering(content)) as answer:
            assert answer.status == 200
            assert await answer.read() == content
            assert answer.headers["Content-Length"] == str(len(content))
            assert answer.headers["ETag"] == f'"{sha256(content)}"'
            assert answer.headers["Accept-Ranges"] == "bytes"
            assert answer.headers["Content-Type"] == "application/octet-stream"
            assert "Content-Encoding" not in answer.headers
            assert not re.search(r"[0-9]", answer.headers["Server"])
        assert await served.happened(FileEvent.SENT) == len(content)
        assert served.desk.sent == [(7, len(content), True)]


async def test_one_connection_serves_one_request_after_the_other(tmp_path: Path) -> None:
    async with serving(tmp_path) as served, connected(served) as (reader, writer):
        target = path_of(await served.offering(CONTENT))
        for _ in range(3):
            writer.write(f"GET {target} HTTP/1.1\r\nHost: acs\r\n\r\n".encode())
            assert (await read_answer(reader)).body == CONTENT


async def test_a_device_that_speaks_http_1_0_is_served(tmp_path: Path) -> None:
    async with serving(tmp_path) as served, connected(served) as (reader, writer):
        writer.write(f"GET {path_of(await served.offering(CONTENT))} HTTP/1.0\r\n\r\n".encode())
        answer = await read_answer(reader)
        assert answer.body == CONTENT
        assert "transfer-encoding" not in answer.headers
        assert await reader.read() == b""


async def test_head_tells_what_get_would(tmp_path: Path) -> None:
    async with serving(tmp_path) as served, connected(served) as (reader, writer):
        target = path_of(await served.offering(CONTENT))
        writer.write(f"HEAD {target} HTTP/1.1\r\nHost: acs\r\nRange: bytes=5-6\r\n\r\n".encode())
        head = await read_answer(reader, "HEAD")
        writer.write(f"GET {target} HTTP/1.1\r\nHost: acs\r\n\r\n".encode())
        get = await read_answer(reader)
        ignored = {"date"}
        assert {name: value for name, value in head.headers.items() if name not in ignored} == {
            name: value for name, value in get.headers.items() if name not in ignored
        }
        assert head.status == get.status == 200
        await served.happened(FileEvent.SENT)
        assert served.count(FileEvent.SENT) == len(served.desk.sent) == 1


async def test_a_device_goes_on_where_it_was_cut_off(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        target = path_of(await served.offering(CONTENT))
        answer = await ask(served, "GET", target, "Range: bytes=100000-", f'If-Range: "{sha256(CONTENT)}"')
        assert answer.status == 206
        assert answer.body == CONTENT[100_000:]
        assert answer.headers["content-range"] == f"bytes 100000-{len(CONTENT) - 1}/{len(CONTENT)}"
        answer = await ask(served, "GET", target, "Range: bytes=0-9")
        assert answer.body == CONTENT[:10]
        assert served.desk.sent == [(7, len(CONTENT) - 100_000, True), (7, 10, False)]
        answer = await ask(served, "GET", target, "Range: bytes=10-", 'If-Range: "another"')
        assert (answer.status, answer.body) == (200, CONTENT)


async def test_a_range_beyond_the_file_is_416_with_its_length(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        answer = await ask(served, "GET", path_of(await served.offering(CONTENT)), "Range: bytes=9999999-")
        assert answer.status == 416
        assert answer.headers["content-range"] == f"bytes */{len(CONTENT)}"
        assert answer.headers["content-length"] == "0"


async def test_what_the_device_has_is_304(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        target = path_of(await served.offering(CONTENT))
        answer = await ask(served, "GET", target, f'If-None-Match: "{sha256(CONTENT)}"')
        assert answer.status == 304
        assert answer.headers["etag"] == f'"{sha256(CONTENT)}"'
        assert (await ask(served, "GET", target, 'If-Match: "another"')).status == 412


async def test_a_name_shown_cannot_split_the_headers(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        target = path_of(await served.offering(b"x", name='a"b\\c\r\nSet-Cookie: d=ä'))
        answer = await ask(served, "GET", target)
        assert answer.headers["content-disposition"] == 'attachment; filename="a\\"b\\\\c__Set-Cookie: d=_"'
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "target",
    [
        "/files/",
        "/files/../../etc/passwd",
        "/files/..%2f..%2fetc%2fpasswd",
        "/files/%2e%2e/%2e%2e/etc/passwd",
        "/files/d7-00000000000000000000000000000000/image.bin",
        "/files/incoming/x",
        "/elsewhere",
    ],
)
async def test_a_path_that_is_no_address_is_404_and_nothing_more(tmp_path: Path, target: str) -> None:
    async with serving(tmp_path) as served:
        await served.offering(CONTENT)
        answer = await ask(served, "GET", target)
        assert (answer.status, answer.body) == (404, b"")
        assert answer.headers["server"] == "aioacs"
        assert served.count(FileEvent.REFUSED) == 1


async def test_the_address_of_one_transfer_does_not_open_another(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        mine = path_of(await served.offering(b"mine", transfer_id=7))
        await served.offering(b"theirs", transfer_id=8)
        served.expecting(transfer_id=7)
        for target in (mine.replace("d7-", "d8-"), mine.replace("d7-", "u7-"), mine[:-20], mine.replace("d7-", "d7-0")):
            assert (await ask(served, "GET", target)).status == 404


async def test_an_ended_transfer_is_404_like_one_that_never_was(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        target = path_of(await served.offering(CONTENT))
        served.desk.offers.clear()
        ended = await ask(served, "GET", target)
        never = await ask(served, "GET", path_of(served.addresses.download_url(1234, "f")))
        assert (ended.status, ended.body) == (never.status, never.body) == (404, b"")


async def test_what_dots_and_dots_follow_the_signature_is_the_file_all_the_same(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        signed = path_of(await served.offering(CONTENT)).rpartition("/")[0]
        for end in ("", "/", "/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "/x?query=1"):
            assert (await ask(served, "GET", signed + end)).body == CONTENT


async def test_an_unsigned_address_asks_for_the_transfers_credentials(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        await served.offering(CONTENT)
        target = path_of(served.addresses.download_url(7, "image.bin", signed=False))
        right = served.addresses.credentials(TransferDirection.DOWNLOAD, 7)
        for wrong in ((), ("Authorization: Basic eDp5",), ("Authorization: nonsense",)):
            answer = await ask(served, "GET", target, *wrong)
            assert answer.status == 401
            assert answer.headers["www-authenticate"] == 'Basic realm="files"'
        unknown = path_of(served.addresses.download_url(1234, "f", signed=False))
        assert (await ask(served, "GET", unknown)).status == 401
        header = f"Authorization: {basic_authorization(right.username, right.password)}"
        assert (await ask(served, "GET", target, header)).body == CONTENT


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "OPTIONS", "PATCH"])
async def test_a_file_to_fetch_takes_get_and_head_alone(tmp_path: Path, method: str) -> None:
    async with serving(tmp_path) as served:
        answer = await ask(served, method, path_of(await served.offering(CONTENT)), "Content-Length: 0")
        assert answer.status == 405
        assert answer.headers["allow"] == "GET, HEAD"


async def test_while_the_desk_is_away_a_device_is_asked_to_come_again(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        target = path_of(await served.offering(CONTENT))
        served.desk.away = True
        answer = await ask(served, "GET", target)
        assert (answer.status, answer.headers["retry-after"]) == (503, "35")
        served.desk.away = False
        assert (await ask(served, "GET", target)).status == 200


async def test_a_note_that_cannot_be_left_harms_no_download(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, small_buffers=True) as served,
        connected(served, small_buffers=True) as (reader, writer),
    ):
        target = path_of(await served.offering(LARGE))
        writer.write(f"GET {target} HTTP/1.1\r\nHost: acs\r\n\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
        served.desk.away = True
        assert await reader.readexactly(len(LARGE)) == LARGE
        await served.happened(FileEvent.DESK_UNAVAILABLE)
        served.desk.away = False
        writer.write(f"GET {target} HTTP/1.1\r\nHost: acs\r\n\r\n".encode())
        assert (await read_answer(reader)).status == 200


@pytest.mark.parametrize("damage", ["gone", "shorter"])
async def test_a_file_that_is_not_as_it_was_is_not_sent(tmp_path: Path, damage: str) -> None:
    async with serving(tmp_path) as served:
        target = path_of(await served.offering(CONTENT))
        (stored,) = served.files()
        if damage == "gone":
            stored.unlink()
        else:
            stored.write_bytes(CONTENT[:-1])
        for method in ("GET", "HEAD"):
            assert (await ask(served, method, target)).status == 404
        assert served.count(FileEvent.FILE_MISSING) == 2


async def test_a_file_that_shrinks_while_it_is_sent_ends_the_connection(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, small_buffers=True) as served,
        connected(served, small_buffers=True) as (reader, writer),
    ):
        target = path_of(await served.offering(LARGE))
        writer.write(f"GET {target} HTTP/1.1\r\nHost: acs\r\n\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
        served.files()[0].write_bytes(b"")
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await reader.readexactly(len(LARGE))
        assert served.count(FileEvent.FILE_MISSING) == 1


async def test_a_device_that_does_not_read_is_dropped(tmp_path: Path) -> None:
    limits = FileLimits(block_timeout=0.05)
    async with serving(tmp_path, limits=limits, small_buffers=True) as served:
        target = path_of(await served.offering(LARGE))
        async with connected(served, small_buffers=True) as (reader, writer):
            writer.write(f"GET {target} HTTP/1.1\r\nHost: acs\r\n\r\n".encode())
            octets = await served.happened(FileEvent.SENDING_STALLED)
            await reader.readuntil(b"\r\n\r\n")
            read = 0
            with contextlib.suppress(ConnectionError):
                while block := await reader.read(BLOCK):
                    read += len(block)
        # Not even what was written is kept for it: that was one block more, and half of it waited for the device.
        assert read <= octets < len(LARGE)
        assert served.desk.sent == [(7, octets, False)]


async def test_a_device_that_stops_reading_at_the_very_end_is_dropped_too(tmp_path: Path) -> None:
    # So little that the server has written it all at once, and more than the kernel takes.
    content = LARGE[:60_000]
    limits = FileLimits(block_timeout=0.05)
    async with serving(tmp_path, limits=limits, small_buffers=True) as served:
        target = path_of(await served.offering(content))
        async with connected(served, small_buffers=True) as (_, writer):
            writer.write(f"GET {target} HTTP/1.1\r\nHost: acs\r\n\r\n".encode())
            await served.happened(FileEvent.SENDING_STALLED)
        assert served.count(FileEvent.SENT) == 0


async def test_a_device_that_leaves_is_noticed(tmp_path: Path) -> None:
    async with serving(tmp_path, small_buffers=True) as served:
        target = path_of(await served.offering(LARGE))
        async with connected(served, small_buffers=True) as (reader, writer):
            writer.write(f"GET {target} HTTP/1.1\r\nHost: acs\r\n\r\n".encode())
            await reader.readuntil(b"\r\n\r\n")
        assert await served.happened(FileEvent.SENDING_CUT) < len(LARGE)


async def hold(served: Served, target: str, stack: list[asyncio.StreamReader], writer: asyncio.StreamWriter) -> None:
    """Begin a download and read no more than its head."""
    writer.write(f"GET {target} HTTP/1.1\r\nHost: acs\r\n\r\n".encode())
    assert b" 200 " in await stack[-1].readuntil(b"\r\n\r\n")


async def test_beyond_the_bound_devices_are_asked_to_come_again(tmp_path: Path) -> None:
    limits = FileLimits(downloads=2, retry_after_least=20, retry_after_most=29)
    async with (
        serving(tmp_path, limits=limits, small_buffers=True) as served,
        connected(served, small_buffers=True) as (one, to_one),
        connected(served, small_buffers=True) as (two, to_two),
    ):
        targets = [path_of(await served.offering(LARGE, transfer_id=number)) for number in (1, 2, 3)]
        await hold(served, targets[0], [one], to_one)
        await hold(served, targets[1], [two], to_two)
        assert served.server.sending == 2
        answer = await ask(served, "GET", targets[2])
        assert (answer.status, answer.headers["retry-after"]) == (503, "25")
        assert served.count(FileEvent.BUSY) == 1
        # Who is inside goes on, and makes room.
        assert await one.readexactly(len(LARGE)) == LARGE
        await served.happened(FileEvent.SENT)
        to_one.write(f"GET {targets[2]} HTTP/1.1\r\nHost: acs\r\n\r\n".encode())
        assert (await read_answer(one)).body == LARGE


async def test_one_device_cannot_take_all_places(tmp_path: Path) -> None:
    limits = FileLimits(downloads=10, per_transfer=1)
    async with (
        serving(tmp_path, limits=limits, small_buffers=True) as served,
        connected(served, small_buffers=True) as (reader, writer),
    ):
        mine = path_of(await served.offering(LARGE, transfer_id=1))
        theirs = path_of(await served.offering(CONTENT, transfer_id=2))
        await hold(served, mine, [reader], writer)
        assert (await ask(served, "GET", mine)).status == 503
        assert (await ask(served, "GET", theirs)).body == CONTENT


def self_signed(folder: Path) -> ssl.SSLContext:
    """A server's TLS with a certificate that it made itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "acs")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))
        .not_valid_after(datetime.datetime(2100, 1, 1, tzinfo=datetime.UTC))
        .sign(key, hashes.SHA256())
    )
    (folder / "acs.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "acs.pem")
    return context


async def test_a_device_fetches_its_file_over_tls(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, tls=self_signed(tmp_path)) as served,
        aiohttp.ClientSession() as device,
    ):
        for content in (LARGE, CONTENT, b"x", b""):
            async with device.get(await served.offering(content), ssl=False) as answer:
                assert await answer.read() == content
            # Before the device says another word.
            async with asyncio.timeout(10):
                await served.happened(FileEvent.SENT)
        async with device.put(served.expecting(), data=CONTENT, ssl=False) as answer:
            assert answer.status == 201
        assert served.count(FileEvent.SENT) == 4
