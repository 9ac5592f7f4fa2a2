"""Addresses: those that proxies tell, those that are trusted, and those that devices would have us call."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from acs.domain.contact import Contact
from acs.domain.device import Identity
from acs.domain.inventory import DeviceTypeDetails
from acs.server import Server
from acs.settings import Settings
from acs.settings.values import Onboarding
from acs.store.device_types import DeviceTypeStore
from tests.e2e.device import ScriptedDevice
from tests.e2e.quirks import Quirks
from tests.e2e.serving import HandClock, NotedCalls, Served, serving

URL_NAME = "Device.ManagementServer.ConnectionRequestURL"


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'aioacs.db'}"


async def contact(served: Served, device: ScriptedDevice) -> Contact:
    """How the server heard a router."""
    known = await served.server.services.tools.contacts.of_device(await served.id_of(device))
    assert known is not None
    return known


def behind(*headers: tuple[str, str]) -> Quirks:
    """A router before whose posts a proxy puts headers."""
    return Quirks(extra_headers=headers)


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ([("X-Forwarded-For", "203.0.113.7")], "203.0.113.7"),
        ([("X-Forwarded-For", "10.1.1.1, 203.0.113.7")], "203.0.113.7"),
        ([("X-Forwarded-For", "10.1.1.1, 203.0.113.7, 127.0.0.9")], "203.0.113.7"),
        ([("X-Forwarded-For", "10.1.1.1"), ("X-Forwarded-For", "203.0.113.7")], "203.0.113.7"),
        ([("X-Forwarded-For", "[2001:db8::7]:4711")], "2001:db8::7"),
        ([("X-Forwarded-For", "203.0.113.7:4711")], "203.0.113.7"),
        ([("X-Forwarded-For", "::ffff:203.0.113.7")], "203.0.113.7"),
        ([("X-Forwarded-For", "10.1.1.1, unknown")], "127.0.0.1"),
        ([("X-Forwarded-For", "")], "127.0.0.1"),
        ([("X-Forwarded-For", ", ".join(["10.1.1.1"] * 900))], "10.1.1.1"),
        ([], "127.0.0.1"),
    ],
)
async def test_a_trusted_proxy_tells_the_address_and_only_its_own_word_counts(
    url: str, tmp_path: Path, headers: list[tuple[str, str]], address: str
) -> None:
    async with serving(url, tmp_path, trusted_proxies="127.0.0.0/8") as served:
        device = served.device(quirks=behind(*headers))
        assert (await device.run_session()).is_acknowledged
        assert (await contact(served, device)).address == address


async def test_nobody_else_is_believed(url: str, tmp_path: Path) -> None:
    async with serving(url, tmp_path, trusted_proxies="127.0.0.2/32") as served:
        liar = behind(("X-Forwarded-For", "203.0.113.7"), ("X-Forwarded-Proto", "https"))
        device = served.device(quirks=liar)
        reply = await device.inform()
        assert "Secure" not in (reply.http.first("Set-Cookie") or "")
        assert (await contact(served, device)).address == "127.0.0.1"
        await device.close()
        proxied = served.device(quirks=liar, source="127.0.0.2")
        reply = await proxied.inform()
        assert "Secure" in (reply.http.first("Set-Cookie") or "")
        assert (await contact(served, proxied)).address == "203.0.113.7"
        await proxied.close()


async def test_sessions_in_a_proxys_pool_are_told_apart_by_their_cookies_alone(url: str, tmp_path: Path) -> None:
    async with serving(url, tmp_path, trusted_proxies="127.0.0.1/32") as served:
        one = served.device(quirks=behind(("X-Forwarded-For", "203.0.113.7")))
        two = served.device(quirks=behind(("X-Forwarded-For", "203.0.113.8")))
        assert (await one.inform()).status == 200
        two.link.connection = one.link.connection
        assert (await two.inform()).status == 200
        cookies, one.link.cookies = one.link.cookies, {}
        assert (await one.empty_post()).status == 204, "it is nobody's"
        assert len(served.server.services.sessions) == 2
        one.link.cookies = cookies
        assert (await one.empty_post()).status == 204
        assert len(served.server.services.sessions) == 1
        assert (await two.empty_post()).status == 204
        assert len(served.server.services.sessions) == 0
        await one.close()


async def test_a_type_without_authentication_is_let_in_only_from_the_networks_of_the_setting(
    url: str, tmp_path: Path
) -> None:
    networks = "127.0.0.2/32"
    async with serving(url, tmp_path, onboarding="quarantine", no_authentication_networks=networks) as served:
        devices = served.server.services.tools.devices
        types = DeviceTypeStore(devices._database, devices._writer)
        type_id = await types.create(DeviceTypeDetails("mute", "mute", quirks='{"no_authentication": true}'), 0.0)
        mute, outside, plain = (served.device(source=source) for source in ("127.0.0.2", "127.0.0.1", "127.0.0.2"))
        for device in (mute, outside, plain):
            serial = device.id.serial
            identity = Identity(device.id.oui, device.id.product_class, serial)
            own_type = None if device is plain else type_id
            await devices.create(uuid=serial, name=serial, identity=identity, at=0.0, type_id=own_type)
        assert (await mute.run_session()).is_acknowledged
        for _ in range(4):
            assert [reply.status for reply in (await outside.run_session()).replies] == [401]
            assert [reply.status for reply in (await plain.run_session()).replies] == [401]


async def test_two_devices_of_one_identity_are_set_apart_until_an_operator_approves(url: str, tmp_path: Path) -> None:
    async with serving(url, tmp_path, onboarding="open") as served:
        one = served.device(serial="TWIN-1")
        two = served.device(serial="TWIN-1", source="127.0.0.2")
        for twin in (one, two, one, two):
            assert (await twin.inform()).status == 200
        assert (await one.inform()).status == 403
        assert (await two.empty_post()).status != 200
        assert (await one.inform()).status == 403
        (case,) = await served.server.services.tools.devices.quarantined(after=0, most=9)
        assert "several devices" in case.reason
        devices = served.server.services.tools.devices
        await devices.set_quarantined(await served.id_of(one), served.clock.wall(), is_quarantined=False)
        assert (await one.run_session()).is_acknowledged
        await one.close()
        await two.close()


@pytest.fixture
async def calling(url: str, tmp_path: Path) -> AsyncIterator[Served]:
    """A server that really calls devices."""
    clock = HandClock()
    settings = Settings(
        database_url=SecretStr(url),
        cwmp_host="127.0.0.1",
        cwmp_port=0,
        api_port=0,
        onboarding=Onboarding.OPEN,
        secret_key_file=tmp_path / "keys",
        webhook_secret_file=tmp_path / "webhook.secret",
        files_folder=tmp_path / "files",
        trace_folder=tmp_path / "traces",
        drain_timeout=0,
        connection_request_timeouts=(5, 5),
    )
    async with Server(settings, clock=clock, sweeps=False) as server:
        yield Served(server, clock, NotedCalls())


class Trap:
    """Listens where a device would have us call, and notes what comes."""

    def __init__(self) -> None:
        self.connections = 0
        self.heard = b""
        self.port = 0
        self.answer = b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a call."""
        self.connections += 1
        if self.answer:
            self.heard += await reader.readuntil(b"\r\n\r\n")
            writer.write(self.answer)
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def trap(host: str) -> AsyncIterator[Trap]:
    """A trap at an address."""
    found = Trap()
    server = await asyncio.start_server(found.serve, host, 0)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        server.close()
        await server.wait_closed()


async def reach(served: Served, device: ScriptedDevice, url: str) -> Contact:
    """Tell a URL in an Inform, have the server call, and see what became of it."""
    assert (await device.run_session(parameters={URL_NAME: url})).is_acknowledged
    await served.server.services.waker.call(await served.id_of(device))
    return await contact(served, device)


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:{port}/",
        "http://localhost:{port}/",
        "http://127.1:{port}/",
        "http://2130706433:{port}/",
        "http://0x7f000001:{port}/",
        "http://0.0.0.0:{port}/",
        "http://[::1]:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://127.0.0.2@127.0.0.1:{port}/",
        "http://127.0.0.2:80#@127.0.0.1:{port}/",
        "http://127.0.0.2\\@127.0.0.1:{port}/",
        "http://127.0.0.1%2e:{port}/",
        "https://127.0.0.1:{port}/",
        "http://169.254.169.254/latest/meta-data/",
        "http://169.254.1.1:{port}/",
        "http://[fe80::1]:{port}/",
        "http://[fd00:ec2::254]/latest/",
        "http://100.100.100.200/",
        "http://192.0.2.1:{port}/",
        "http://10.0.0.1:{port}/",
        "http://[64:ff9b::7f00:1]:{port}/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:{port}/",
        "//127.0.0.1:{port}/",
    ],
)
async def test_a_device_cannot_have_us_call_anybody_but_itself(calling: Served, target: str) -> None:
    async with trap("127.0.0.1") as other:
        device = calling.device(source="127.0.0.2")
        found = await reach(calling, device, target.format(port=other.port))
        assert found.reach in {"forbidden_target", "refused"}
        assert found.reach_detail
        assert other.connections == 0


async def test_a_redirect_is_not_followed(calling: Served) -> None:
    async with trap("127.0.0.1") as other, trap("127.0.0.2") as own:
        own.answer = (
            f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{other.port}/\r\nContent-Length: 0\r\n\r\n".encode()
        )
        found = await reach(calling, calling.device(source="127.0.0.2"), f"http://127.0.0.2:{own.port}/x")
        assert (found.reach, own.connections, other.connections) == ("refused", 1, 0)
        assert own.heard.startswith(b"GET /x HTTP/1.1\r\n")


async def test_a_device_is_called_where_its_session_came_from(calling: Served) -> None:
    device = calling.device(source="127.0.0.2")
    await device.listen("", "", host="127.0.0.2")
    assert device.listener is not None
    device.listener.status = 200
    found = await reach(calling, device, device.model.value(URL_NAME))
    assert found.reach == "reached"
    moved = await reach(calling, calling.device(serial=device.id.serial), device.model.value(URL_NAME))
    assert moved.reach == "forbidden_target", "it calls from elsewhere now"
    await device.close()


@pytest.mark.parametrize("url_said", ["", "(null)", " "])
async def test_a_device_without_a_url_is_not_called(calling: Served, url_said: str) -> None:
    assert (await reach(calling, calling.device(), url_said)).reach == "no_url"
