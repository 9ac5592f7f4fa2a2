"""Files in from devices, over real sockets."""

import asyncio
from pathlib import Path
from typing import BinaryIO

import aiohttp
import pytest

from acs.auth.headers import basic_authorization
from acs.domain.transfer import Receipt, ReceivedFile, TransferDirection
from acs.files.bodies import FORM_ALLOWANCE
from acs.files.limits import FileLimits
from acs.files.server import FileEvent
from acs.files.store import FileFolder, create_file
from tests.acs.files.serving import LARGE, Desk, Served, ask, connected, path_of, read_answer, serving, sha256

CONTENT = b"a line of a log\n" * 10_000
FORM = (
    b'--b\r\nContent-Disposition: form-data; name="note"\r\n\r\nnot this\r\n'
    b'--b\r\nContent-Disposition: form-data; name="f"; filename="C:\\logs\\device.log"\r\n'
    b"Content-Type: text/plain; a=b\r\n\r\n"
    + CONTENT
    + b'\r\n--b\r\nContent-Disposition: form-data; name="g"; filename="second"\r\n\r\nnor this\r\n--b--\r\n'
)
FORM_TYPE = "Content-Type: multipart/form-data; boundary=b"


def chunked(content: bytes, size: int = 1000) -> bytes:
    pieces = (content[start : start + size] for start in range(0, len(content), size))
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def nothing_kept(served: Served) -> bool:
    return not served.files() and not served.desk.files


@pytest.mark.parametrize(("method", "status"), [("PUT", 201), ("POST", 200)])
@pytest.mark.parametrize("content", [CONTENT, b"", LARGE[:900_000]])
async def test_a_device_sends_its_file(tmp_path: Path, method: str, status: int, content: bytes) -> None:
    async with serving(tmp_path) as served, aiohttp.ClientSession() as device:
        headers = {"Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(content))}
        async with device.request(method, served.expecting(), data=content, headers=headers) as answer:
            assert answer.status == status
            assert answer.headers["Content-Length"] == "0"
        file = served.desk.files[9]
        assert (file.size, file.sha256, file.content_type) == (len(content), sha256(content), "text/plain")
        assert await served.content() == content
        assert len(served.files()) == 1
        assert served.events == [(FileEvent.RECEIVED, len(content))]


@pytest.mark.parametrize("method", ["PUT", "POST"])
async def test_the_first_file_of_a_form_counts(tmp_path: Path, method: str) -> None:
    async with serving(tmp_path) as served:
        target = path_of(served.expecting())
        answer = await ask(served, method, target, FORM_TYPE, f"Content-Length: {len(FORM)}", body=FORM)
        assert answer.status in {200, 201}
        assert await served.content() == CONTENT
        file = served.desk.files[9]
        assert (file.file_name, file.content_type) == ("device.log", "text/plain")


async def test_a_form_made_by_another_library_is_read(tmp_path: Path) -> None:
    async with serving(tmp_path) as served, aiohttp.ClientSession() as device:
        form = aiohttp.FormData()
        form.add_field("note", "not this")
        form.add_field("file", CONTENT, filename="gerät.log", content_type="application/x-log")
        async with device.post(served.expecting(), data=form) as answer:
            assert answer.status == 200
        assert await served.content() == CONTENT
        assert served.desk.files[9].content_type == "application/x-log"


@pytest.mark.parametrize(("body", "line"), [(CONTENT, "X-Raw: 1"), (FORM, FORM_TYPE)])
async def test_a_chunked_body_is_taken(tmp_path: Path, body: bytes, line: str) -> None:
    async with serving(tmp_path) as served:
        target = path_of(served.expecting())
        answer = await ask(served, "PUT", target, line, "Transfer-Encoding: chunked", body=chunked(body))
        assert answer.status == 201
        assert await served.content() == CONTENT


async def test_a_packed_file_is_kept_as_it_came(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        target = path_of(served.expecting())
        answer = await ask(served, "PUT", target, "Content-Encoding: GZIP", "Content-Length: 6", body=b"\x1f\x8babcd")
        assert answer.status == 201
        assert await served.content() == b"\x1f\x8babcd"
        assert served.desk.files[9].content_encoding == "gzip"


@pytest.mark.parametrize("header", ["Content-Type", "Content-Encoding"])
@pytest.mark.parametrize("value", ["a\tb", "\u00e4", "\u0416" * 40, "a" * 200, "", '"; drop'])
async def test_what_a_device_says_of_its_file_is_stored_only_if_it_is_a_word(
    tmp_path: Path, header: str, value: str
) -> None:
    async with serving(tmp_path) as served:
        target = path_of(served.expecting())
        assert (await ask(served, "PUT", target, f"{header}: {value}", "Content-Length: 1", body=b"x")).status == 201
        file = served.desk.files[9]
        assert file.content_type == "application/octet-stream"
        assert not file.content_encoding


async def test_a_device_that_waits_to_be_asked_is_asked(tmp_path: Path) -> None:
    async with serving(tmp_path) as served, connected(served) as (reader, writer):
        target = path_of(served.expecting())
        head = f"PUT {target} HTTP/1.1\r\nHost: acs\r\nContent-Length: {len(CONTENT)}\r\nExpect: 100-continue\r\n\r\n"
        writer.write(head.encode())
        assert (await read_answer(reader)).status == 100
        writer.write(CONTENT)
        assert (await read_answer(reader)).status == 201
        assert await served.content() == CONTENT


@pytest.mark.parametrize(("length", "status"), [(100, 404), (2_000_000, 413)])
async def test_a_device_that_waits_to_be_asked_is_spared_a_body_for_nothing(
    tmp_path: Path, length: int, status: int
) -> None:
    async with serving(tmp_path) as served:
        target = path_of(served.expecting())
        if status == 404:
            served.desk.slots.clear()
        answer = await ask(served, "PUT", target, f"Content-Length: {length}", "Expect: 100-continue")
        assert answer.status == status


async def test_the_longest_file_is_taken_and_one_octet_more_is_not(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        target = path_of(served.expecting(max_bytes=len(CONTENT)))
        assert (await ask(served, "PUT", target, f"Content-Length: {len(CONTENT)}", body=CONTENT)).status == 201
        assert (await ask(served, "PUT", target, FORM_TYPE, f"Content-Length: {len(FORM)}", body=FORM)).status == 200
        kept = served.files()
        for lines, body in (
            ((f"Content-Length: {len(CONTENT) + 1}",), CONTENT + b"x"),
            (("Transfer-Encoding: chunked",), chunked(CONTENT + b"x")),
            ((FORM_TYPE, "Transfer-Encoding: chunked"), chunked(FORM.replace(CONTENT, CONTENT + b"x"))),
        ):
            answer = await ask(served, "PUT", target, *lines, body=body)
            assert (answer.status, answer.headers["connection"]) == (413, "close")
        assert served.files() == kept
        assert served.count(FileEvent.TOO_LARGE) == 3
        assert served.count(FileEvent.RECEIVED) == 2


async def test_a_form_cannot_be_padded_without_end(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        target = path_of(served.expecting(max_bytes=10))
        field = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"x" * (FORM_ALLOWANCE + 10)
        for body in (field, FORM.replace(CONTENT, b"") + b"x" * FORM_ALLOWANCE):
            for lines, framed in (
                ((f"Content-Length: {len(body)}",), body),
                (("Transfer-Encoding: chunked",), chunked(body, 10_000)),
            ):
                assert (await ask(served, "POST", target, FORM_TYPE, *lines, body=framed)).status == 413
        assert nothing_kept(served)


@pytest.mark.parametrize(
    ("lines", "body"),
    [
        ((f"Content-Length: {len(CONTENT)}",), CONTENT[:-1]),
        ((f"Content-Length: {len(CONTENT)}",), b""),
        (("Transfer-Encoding: chunked",), chunked(CONTENT)[:-5]),
        (("Transfer-Encoding: chunked",), chunked(CONTENT)[:500]),
        ((FORM_TYPE, f"Content-Length: {len(FORM)}"), FORM[:-4]),
        ((FORM_TYPE, f"Content-Length: {len(FORM)}"), FORM[:100]),
    ],
)
async def test_a_file_that_is_cut_off_is_not_recorded(tmp_path: Path, lines: tuple[str, ...], body: bytes) -> None:
    async with serving(tmp_path) as served:
        target = path_of(served.expecting())
        async with connected(served) as (_, writer):
            writer.write("\r\n".join((f"PUT {target} HTTP/1.1", "Host: acs", *lines, "", "")).encode() + body)
            await writer.drain()
        await served.happened(FileEvent.RECEIVING_CUT)
        assert nothing_kept(served)


@pytest.mark.parametrize(
    ("lines", "body"),
    [
        ((FORM_TYPE,), b"no form at all"),
        ((FORM_TYPE,), b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nvalue\r\n--b--\r\n'),
        ((FORM_TYPE,), b'--b\r\nContent-Disposition: form-data; filename="f"\r\n\r\ncontent'),
        ((FORM_TYPE,), FORM.replace(CONTENT, b"one line\r\n--but another\r\n")),
        (("Content-Type: multipart/form-data",), FORM),
        (("Content-Range: bytes 0-3/8",), b"half"),
    ],
)
async def test_what_holds_no_file_or_half_of_one_is_refused(
    tmp_path: Path, lines: tuple[str, ...], body: bytes
) -> None:
    async with serving(tmp_path) as served:
        target = path_of(served.expecting())
        answer = await ask(served, "PUT", target, *lines, f"Content-Length: {len(body)}", body=body)
        assert answer.status == 400
        assert nothing_kept(served)


async def test_a_broken_chunk_is_refused(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        target = path_of(served.expecting())
        answer = await ask(served, "PUT", target, "Transfer-Encoding: chunked", body=b"5\r\nhello\r\nzz\r\n")
        assert answer.status == 400
        assert nothing_kept(served)


async def test_a_request_without_a_body_leaves_no_empty_file(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        assert (await ask(served, "POST", path_of(served.expecting()))).status == 411
        assert nothing_kept(served)


@pytest.mark.parametrize(("line", "body"), [("X-Raw: 1", CONTENT), (FORM_TYPE, FORM)])
async def test_a_device_that_stops_sending_is_given_up(tmp_path: Path, line: str, body: bytes) -> None:
    async with serving(tmp_path, limits=FileLimits(block_timeout=0.05)) as served:
        target = path_of(served.expecting())
        answer = await ask(served, "PUT", target, line, f"Content-Length: {len(body)}", body=body[:-1])
        assert answer.status == 408
        assert served.events == [(FileEvent.RECEIVING_STALLED, 0)]
        assert nothing_kept(served)


async def test_a_second_file_takes_the_place_of_the_first_once_it_is_whole(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        target = path_of(served.expecting())
        assert (await ask(served, "PUT", target, "Content-Length: 5", body=b"first")).status == 201
        async with connected(served) as (_, writer):
            writer.write(f"PUT {target} HTTP/1.1\r\nHost: acs\r\nContent-Length: 9\r\n\r\ncut".encode())
            await writer.drain()
        await served.happened(FileEvent.RECEIVING_CUT)
        assert await served.content() == b"first"
        assert (await ask(served, "PUT", target, "Content-Length: 6", body=b"second")).status == 200
        assert await served.content() == b"second"
        assert len(served.files()) == 1


async def test_the_same_file_sent_twice_is_there_once(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        target = path_of(served.expecting())
        for status in (201, 200):
            assert (await ask(served, "PUT", target, "Content-Length: 4", body=b"same")).status == status
        assert await served.content() == b"same"
        assert len(served.files()) == 1


async def test_an_old_file_that_cannot_be_deleted_is_no_failure_of_the_new_one(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        target = path_of(served.expecting())
        await ask(served, "PUT", target, "Content-Length: 5", body=b"first")
        (old,) = served.files()
        old.unlink()
        old.mkdir()
        assert (await ask(served, "PUT", target, "Content-Length: 6", body=b"second")).status == 200
        assert await served.content() == b"second"
        assert served.count(FileEvent.DISK_FAILED) == 1


async def test_an_ended_transfer_takes_no_file(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        target = path_of(served.expecting())
        served.desk.slots.clear()
        assert (await ask(served, "PUT", target, "Content-Length: 4", body=b"late")).status == 404
        assert nothing_kept(served)


async def test_a_transfer_that_ends_while_its_file_comes_in_keeps_nothing(tmp_path: Path) -> None:
    async with serving(tmp_path) as served, connected(served) as (reader, writer):
        target = path_of(served.expecting())
        head = f"PUT {target} HTTP/1.1\r\nHost: acs\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
        writer.write(head.encode())
        assert (await read_answer(reader)).status == 100
        served.desk.slots.clear()
        writer.write(b"late")
        assert (await read_answer(reader)).status == 404
        assert nothing_kept(served)


async def test_success_is_not_told_before_it_is_recorded(tmp_path: Path) -> None:
    recording, recorded = asyncio.Event(), asyncio.Event()

    class SlowDesk(Desk):
        async def received(self, transfer_id: int, file: ReceivedFile) -> Receipt:
            recording.set()
            await recorded.wait()
            return await super().received(transfer_id, file)

    async with serving(tmp_path, desk=SlowDesk()) as served:
        target = path_of(served.expecting())
        asking = asyncio.create_task(ask(served, "PUT", target, "Content-Length: 4", body=b"file"))
        await recording.wait()
        assert len(served.files()) == 1
        assert not asking.done()
        recorded.set()
        assert (await asking).status == 201


async def test_a_file_that_cannot_be_recorded_is_no_success_and_is_not_thrown_away(tmp_path: Path) -> None:
    async with serving(tmp_path) as served, connected(served) as (reader, writer):
        target = path_of(served.expecting())
        head = f"PUT {target} HTTP/1.1\r\nHost: acs\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
        writer.write(head.encode())
        assert (await read_answer(reader)).status == 100
        served.desk.away = True
        writer.write(b"file")
        answer = await read_answer(reader)
        assert (answer.status, answer.headers["retry-after"]) == (503, "35")
        # The record may have been written before its answer was lost.
        assert len(served.files()) == 1


async def test_a_full_disk_is_told_and_is_no_end(tmp_path: Path) -> None:
    full = True

    def create(path: Path) -> BinaryIO:
        file = create_file(path)
        if not full:
            return file
        file.close()
        return Path("/dev/full").open("wb")

    folder = FileFolder(tmp_path / "files", keep_free=0, create=create)
    async with serving(tmp_path, folder=folder) as served:
        target = path_of(served.expecting())
        length = f"Content-Length: {len(CONTENT)}"
        answer = await ask(served, "PUT", target, length, body=CONTENT)
        assert (answer.status, answer.headers["retry-after"]) == (503, "35")
        assert served.events == [(FileEvent.DISK_FULL, 0)]
        assert nothing_kept(served)
        full = False
        assert (await ask(served, "PUT", target, length, body=CONTENT)).status == 201


async def test_beyond_the_bound_devices_are_asked_to_come_again(tmp_path: Path) -> None:
    async with serving(tmp_path, limits=FileLimits(uploads=1)) as served, connected(served) as (reader, writer):
        one, two = (path_of(served.expecting(transfer_id=number)) for number in (1, 2))
        head = f"PUT {one} HTTP/1.1\r\nHost: acs\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
        writer.write(head.encode())
        assert (await read_answer(reader)).status == 100
        assert served.server.receiving == 1
        answer = await ask(served, "PUT", two, "Content-Length: 4", body=b"file")
        assert (answer.status, answer.headers["retry-after"]) == (503, "35")
        writer.write(b"file")
        assert (await read_answer(reader)).status == 201
        assert (await ask(served, "PUT", two, "Content-Length: 4", body=b"file")).status == 201


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "OPTIONS"])
async def test_a_place_for_a_file_takes_put_and_post_alone(tmp_path: Path, method: str) -> None:
    async with serving(tmp_path) as served:
        answer = await ask(served, method, path_of(served.expecting()))
        assert answer.status == 405
        assert answer.headers["allow"] == "PUT, POST"


async def test_an_unsigned_address_takes_a_file_with_the_transfers_credentials_alone(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        served.expecting()
        target = path_of(served.addresses.upload_url(9, "log", signed=False))
        right = served.addresses.credentials(TransferDirection.UPLOAD, 9)
        length = f"Content-Length: {len(CONTENT)}"
        answer = await ask(served, "PUT", target, length, body=CONTENT)
        assert answer.status == 401
        assert answer.headers["www-authenticate"].startswith("Basic ")
        assert nothing_kept(served)
        header = f"Authorization: {basic_authorization(right.username, right.password)}"
        assert (await ask(served, "PUT", target, length, header, body=CONTENT)).status == 201


async def test_what_a_device_calls_its_file_is_no_path_and_no_secret_channel(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        target = path_of(served.expecting())
        body = FORM.replace(b"C:\\logs\\device.log", b"../../etc/\x00\x07" + b"n" * 1000)
        assert (await ask(served, "POST", target, FORM_TYPE, f"Content-Length: {len(body)}", body=body)).status == 200
        assert served.desk.files[9].file_name == "n" * 255
        assert {path.parent.parent for path in served.files()} == {served.folder.root}
