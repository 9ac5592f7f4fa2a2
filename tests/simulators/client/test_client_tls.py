"""Sessions over TLS: whom devices trust, and how they show who they are."""

import asyncio
import ssl
from pathlib import Path

import pytest

from simulators.client.tls import TlsFileError, tls_context
from tests.simulators.client.certificates import Authority
from tests.simulators.client.scripted import Visiting, asking, constant, reply, serving, visited


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.new(tmp_path / "trusted")


@pytest.fixture
def stranger(tmp_path: Path) -> Authority:
    return Authority.new(tmp_path / "stranger")


async def test_a_session_goes_over_tls_and_any_certificate_is_taken_by_default(stranger: Authority) -> None:
    async with serving(asking(), tls=stranger.server("whoever")) as server:
        assert await Visiting(server.url).session() == "ok"
    assert [each.connection for each in server.heard] == [1, 1]


async def test_a_device_that_trusts_somebody_trusts_nobody_else(authority: Authority, stranger: Authority) -> None:
    tls = tls_context(authorities=authority.file)
    for signer, name, outcome in (
        (authority, "127.0.0.1", "ok"),
        (authority, "elsewhere.example", "bad certificate"),
        (stranger, "127.0.0.1", "bad certificate"),
    ):
        async with serving(asking(), tls=signer.server(name)) as server:
            assert await Visiting(server.url, tls=tls).session() == outcome


async def test_a_device_shows_its_certificate_and_the_name_it_calls(authority: Authority) -> None:
    names: list[str | None] = []
    context = authority.server("localhost", wants_client=True)
    context.sni_callback = lambda _connection, name, _context: names.append(name)
    tls = tls_context(authorities=authority.file, certificate=authority.certify("device"))
    async with serving(asking(), tls=context) as server:
        assert await Visiting(f"https://localhost:{server.port}/", tls=tls).session() == "ok"
        bare = tls_context(authorities=authority.file)
        assert await Visiting(f"https://localhost:{server.port}/", tls=bare).session() == "connection cut"
    assert names == ["localhost", "localhost"]


async def test_a_server_that_speaks_no_tls_is_no_server() -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(400).octets)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert await Visiting(f"https://127.0.0.1:{port}/").session() == "no connection"


async def test_nobody_is_sent_from_tls_to_plain_http(authority: Authority) -> None:
    async with serving(asking()) as plain:
        moved = constant(reply(302, b"", f"Location: {plain.url}"))
        async with serving(moved, tls=authority.server("127.0.0.1")) as server:
            assert await Visiting(server.url).session() == "redirect to plain HTTP"
        async with serving(asking(), tls=authority.server("localhost")) as server:
            outcomes, _, _ = await visited(constant(reply(302, b"", f"Location: {server.url}")))
            assert outcomes == ["ok"]
    assert plain.heard == []


def test_a_file_that_is_none_is_named(tmp_path: Path, authority: Authority) -> None:
    nothing, rubbish = tmp_path / "nothing.pem", tmp_path / "rubbish.pem"
    rubbish.write_text("secret rubbish")
    for file in (nothing, rubbish):
        with pytest.raises(TlsFileError, match=file.name) as raised:
            tls_context(authorities=file)
        assert "secret" not in str(raised.value)
    with pytest.raises(TlsFileError, match=r"nothing\.pem"):
        tls_context(certificate=nothing)
    with pytest.raises(TlsFileError, match=r"rubbish\.pem and .*device\.pem"):
        tls_context(certificate=rubbish, key=authority.certify("device"))


def test_weak_versions_are_not_spoken() -> None:
    assert tls_context().minimum_version >= ssl.TLSVersion.TLSv1_2
