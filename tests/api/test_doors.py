"""Who comes in how often, and from where: rates, proxies, TLS, and workers that share a port."""

import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from acs.server import Server
from acs.settings import Settings
from tests.acs.test_doctor_tls import write_certificate, write_key
from tests.api.client import ADMIN, Client, Said
from tests.api.conftest import Api
from tests.api.contract import Contract
from tests.e2e.serving import HandClock, NotedCalls, serving


@asynccontextmanager
async def api_with(folder: Path, **settings: Any) -> AsyncIterator[Api]:
    async with (
        serving(f"sqlite:///{folder / 'aioacs.db'}", folder, bootstrap_token=ADMIN, **settings) as served,
        aiohttp.ClientSession() as session,
    ):
        yield Api(served, Client(served.server.api_ports[0], session))


def come_again(said: Said) -> int:
    """The seconds of a 429."""
    assert (said.status, said.json["type"]) == (429, "urn:aioacs:problem:too-many-requests")
    return int(said.headers["Retry-After"])


async def test_a_token_has_its_burst_and_then_its_rate(tmp_path: Path) -> None:
    async with api_with(tmp_path, api_rate=0.5, api_burst=3) as api:
        for _ in range(3):
            assert (await api.client.get("/organization/")).status == 200
        assert come_again(await api.client.get("/organization/")) == 2
        api.served.clock.advance(2)
        assert (await api.client.get("/organization/")).status == 200
        assert come_again(await api.client.get("/organization/")) == 2
        # Refused requests cost nothing, and a long rest is worth no more than the burst.
        api.served.clock.advance(3600)
        assert [(await api.client.get("/organization/")).status for _ in range(4)] == [200, 200, 200, 429]


async def test_wrong_tokens_are_slowed_by_their_address_and_the_good_one_is_not(sqlite_api: Api) -> None:
    wrong = sqlite_api.client.as_("wrong")
    assert {(await wrong.get("/organization/")).status for _ in range(50)} == {401}
    assert come_again(await wrong.get("/organization/")) == 1
    assert (await sqlite_api.client.get("/organization/")).status == 200


async def test_what_needs_no_token_has_its_rate_by_address(tmp_path: Path) -> None:
    async with api_with(tmp_path, api_rate=1, api_burst=3, trusted_proxies="127.0.0.1/32") as api:
        nobody = api.client.as_(None)
        await nobody.get("/health/")
        there = {"X-Forwarded-For": "203.0.113.7"}
        assert [(await nobody.ask("GET", "/ready/", headers=there)).status for _ in range(4)] == [200, 200, 200, 429]
        assert (await nobody.ask("GET", "/ready/", headers={"X-Forwarded-For": "203.0.113.8"})).status == 200


@pytest.mark.parametrize(
    ("proxies", "said", "address", "scheme"),
    [
        ("", "203.0.113.7", "127.0.0.1", "http"),
        ("10.0.0.0/8", "203.0.113.7", "127.0.0.1", "http"),
        ("127.0.0.1/32", "203.0.113.7", "203.0.113.7", "https"),
        ("127.0.0.1/32", "198.51.100.1, 203.0.113.7", "203.0.113.7", "https"),
        ("127.0.0.1/32,203.0.113.0/24", "198.51.100.1, 203.0.113.7", "198.51.100.1", "https"),
        ("127.0.0.1/32", "nonsense\\", "127.0.0.1", "https"),
    ],
)
async def test_what_a_proxy_says_counts_when_it_is_trusted(
    tmp_path: Path, proxies: str, said: str, address: str, scheme: str
) -> None:
    async with api_with(tmp_path, trusted_proxies=proxies) as api:
        headers = {"X-Forwarded-For": said, "X-Forwarded-Proto": "HTTPS"}
        for name in ("a", "b"):
            await api.client.ask("POST", "/organization/", {"name": name}, headers=headers)
        page = await api.client.ask("GET", "/organization/?limit=1", headers=headers)
        assert page.json["next"].startswith(f"{scheme}://127.0.0.1:")
        (entry, *_) = (await api.client.get("/audit_log/")).json["results"]
        assert entry["address"] == address


async def test_the_api_speaks_tls_beside_plain_http(tmp_path: Path) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    write_certificate(certificate, write_key(key), days=36_500)
    async with api_with(tmp_path, api_tls_port=0, api_tls_certificate=certificate, api_tls_key=key) as api:
        plain, secure = api.served.server.api_ports
        trusting = ssl.create_default_context(cafile=str(certificate))
        trusting.check_hostname = False
        url = f"https://127.0.0.1:{secure}/api/v1/organization/"
        headers = {"Authorization": f"Bearer {ADMIN}"}
        for name in ("a", "b"):
            await api.client.post("/organization/", {"name": name})
        async with api.client.session.get(f"{url}?limit=1", ssl=trusting, headers=headers) as answer:
            assert (await answer.json())["next"].startswith(f"https://127.0.0.1:{secure}/")
        with contextlib.suppress(aiohttp.ClientError):
            await api.client.session.get(url.replace("https", "http"))
        assert (await api.client.as_(None).get("/health/")).status == 200
        assert plain != secure


async def test_workers_share_the_port_and_one_that_ends_leaves_it_to_the_other(
    database_url: str, tmp_path: Path
) -> None:
    if database_url.startswith("sqlite"):
        pytest.skip("SQLite bears one process")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    def worker() -> Server:
        settings: dict[str, Any] = {
            "database_url": database_url,
            "cwmp_host": "127.0.0.1",
            "cwmp_port": 0,
            "api_port": port,
            "secret_key_file": tmp_path / "keys",
            "files_folder": tmp_path / "files",
            "trace_folder": tmp_path / "traces",
            "drain_timeout": 0,
        }
        return Server(Settings(**settings), clock=HandClock(), requester=NotedCalls(), sweeps=False, shares_ports=True)

    async with worker() as first:
        async with worker() as second:
            assert first.api_ports == second.api_ports == [port]
        for _ in range(8):
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"http://127.0.0.1:{port}/api/v1/ready/") as answer,
            ):
                assert answer.status == 200


def test_the_check_of_answers_sees_what_is_not_as_it_was_said() -> None:
    operation = {"responses": {"200": {"headers": {}, "content": {"application/json": {"schema": {"type": "array"}}}}}}
    contract = Contract({"paths": {"/a/": {"get": operation}}, "components": {}})
    headers = {"X-Request-ID": "1", "Content-Type": "application/json"}
    contract.check("GET", "/api/v1/a/", 200, headers, b"[]")
    for status, head, octets in [
        (200, headers, b"{}"),
        (201, headers, b"[]"),
        (200, headers | {"Content-Type": "text/plain"}, b"[]"),
        (200, headers | {"Link": "<x>"}, b"[]"),
        (200, {"Content-Type": "application/json"}, b"[]"),
    ]:
        with pytest.raises(AssertionError):
            contract.check("GET", "/api/v1/a/", status, head, octets)
