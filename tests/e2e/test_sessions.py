"""How a session is found, kept apart from others and followed by the next one, over real sockets (CWMP.md 2)."""

import datetime
import hashlib
import ipaddress
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from acs.domain.operation import OperationKind, Variable
from acs.domain.queue import OperationState
from tests.contract.opened import probing
from tests.e2e.device import EndedBy, ScriptedDevice
from tests.e2e.kinds import known
from tests.e2e.quirks import Cookies, Quirks
from tests.e2e.serving import Served, serving

SSID = "Device.WiFi.SSID.1.SSID"
CHANNEL = "Device.WiFi.Radio.1.Channel"
NO_COOKIE = Quirks(cookies="never")
NOTHING_KEPT = Quirks(cookies="never", close_after_every_response=True)


async def state_of(served: Served, public_id: str) -> OperationState:
    return (await served.view(public_id)).record.state


async def set_and_get(served: Served, device: ScriptedDevice) -> list[str]:
    """Work of three RPCs: a set, its reading back, a get."""
    return [
        await served.queue(device, OperationKind.SET, Variable(SSID, "new", "string")),
        await served.queue(device, OperationKind.GET, Variable(CHANNEL)),
    ]


async def are_completed(served: Served, operations: list[str]) -> bool:
    return all([await state_of(served, each) is OperationState.COMPLETED for each in operations])


# A session is found by its cookie, whatever the device makes of it.


async def test_a_device_that_closes_after_every_response_keeps_its_session_by_the_cookie(
    served_on_each: Served,
) -> None:
    served = served_on_each
    device = served.device(quirks=Quirks(close_after_every_response=True))
    await device.run_session()
    operations = await set_and_get(served, device)
    before = device.link.connections
    log = await device.run_session()
    assert log.methods == ("SetParameterValues", "GetParameterValues", "GetParameterValues")
    assert log.ended_by is EndedBy.NO_CONTENT
    assert device.link.connections - before == 5
    assert await are_completed(served, operations)


@pytest.mark.parametrize("cookies", ["normal", "rfc2109", "quoted", "joined with another cookie by comma"])
async def test_a_cookie_is_understood_in_every_form(served: Served, cookies: Cookies) -> None:
    device = served.device(quirks=Quirks(cookies=cookies, close_after_every_response=True))
    await device.run_session()
    operations = await set_and_get(served, device)
    assert len((await device.run_session()).methods) == 3
    assert await are_completed(served, operations)


async def test_a_session_goes_on_over_another_connection_in_the_middle_of_an_rpc(served: Served) -> None:
    device = served.device()
    await device.run_session()
    public_id = await served.queue(device, OperationKind.GET, Variable(SSID))
    await device.inform()
    asked = await device.empty_post()
    device.drop()
    assert (await device.answer(asked)).status == 204
    assert await state_of(served, public_id) is OperationState.COMPLETED
    await device.close()


async def test_the_cookie_is_for_every_path_and_for_no_script(served: Served) -> None:
    device = served.device(quirks=Quirks(drops_cookies_without_root_path=True, close_after_every_response=True))
    reply = await device.inform()
    (cookie,) = reply.http.all("Set-Cookie")
    value, *attributes = (part.strip() for part in cookie.split(";"))
    assert attributes == ["Path=/", "HttpOnly"]
    secret = value.partition("-")[2]
    assert len(secret) == 32, "128 random bits"
    assert (await device.empty_post()).http.all("Set-Cookie") == ()


async def test_nobody_makes_a_cookie_of_what_the_database_holds(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'aioacs.db'}"
    async with serving(url, tmp_path) as served, probing(url) as probe:
        device = served.device()
        (cookie,) = (await device.inform()).http.all("Set-Cookie")
        secret = cookie.partition("-")[2].partition(";")[0]
        (row,) = await probe.rows("SELECT * FROM contact")
        assert hashlib.sha256(cookie.partition("=")[2].partition(";")[0].encode()).hexdigest() in row
        assert secret not in str(row)
        await device.close()


async def test_a_device_that_drops_cookies_with_http_only_gets_one_without(served: Served) -> None:
    quirks = Quirks(drops_http_only_cookies=True, close_after_every_response=True)
    device = await known(served, served.device(quirks=quirks), no_http_only_cookie=True)
    operations = await set_and_get(served, device)
    log = await device.run_session()
    (cookie,) = log.replies[0].http.all("Set-Cookie")
    assert "HttpOnly" not in cookie
    assert "Path=/" in cookie
    assert len(log.methods) == 3
    assert await are_completed(served, operations)


async def test_over_tls_the_cookie_is_secure_and_on_the_plain_port_beside_it_is_not(tmp_path: Path) -> None:
    certificate, key = write_certificate(tmp_path)
    tls = {"cwmp_tls_port": 0, "cwmp_tls_certificate": certificate, "cwmp_tls_key": key}
    trusting = ssl.create_default_context(cafile=certificate)
    async with serving(f"sqlite:///{tmp_path}/a.db", tmp_path, **tls) as served:
        plain, secure = served.server.ports
        for port, context in ((plain, None), (secure, trusting)):
            device = ScriptedDevice(port, serial=f"TLS{port}", tls=context)
            log = await device.run_session()
            assert log.ended_by is EndedBy.NO_CONTENT
            (cookie,) = log.replies[0].http.all("Set-Cookie")
            assert ("; Secure" in cookie) is (context is not None)


def write_certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "acs")])
    start = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, start, start.replace(year=2100))
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
    (folder / "acs.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "acs.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "acs.pem", folder / "acs.key"


# Without a cookie: by the connection, and by the address only where that is told apart and allowed.


async def test_without_a_cookie_the_connection_carries_the_session(served_on_each: Served) -> None:
    served = served_on_each
    device = served.device(quirks=NO_COOKIE)
    await device.run_session()
    operations = await set_and_get(served, device)
    assert len((await device.run_session()).methods) == 3
    assert await are_completed(served, operations)


async def test_without_cookie_and_connection_nothing_is_asked_of_a_type_that_does_not_allow_it(served: Served) -> None:
    device = served.device(quirks=NOTHING_KEPT)
    await device.run_session()
    public_id = await served.queue(device, OperationKind.GET, Variable(SSID))
    assert (await device.run_session()).methods == ()
    assert await state_of(served, public_id) is OperationState.QUEUED


async def test_by_its_address_a_device_is_found_whose_type_allows_it(served: Served) -> None:
    device = await known(served, served.device(quirks=NOTHING_KEPT, source="127.0.0.3"), session_by_address=True)
    operations = await set_and_get(served, device)
    assert len((await device.run_session()).methods) == 3
    assert await are_completed(served, operations)


async def test_two_devices_at_one_address_are_not_told_apart_by_it(served: Served) -> None:
    first, second = [served.device(quirks=NOTHING_KEPT) for _ in range(2)]
    operations = []
    for device in (first, second):
        await known(served, device, session_by_address=True)
        operations.append(await served.queue(device, OperationKind.GET, Variable(SSID)))
    await served.sweep(10)
    await first.inform()
    await second.inform()
    for device in (first, second):
        assert (await device.empty_post()).status == 204
    for public_id in operations:
        assert await state_of(served, public_id) is OperationState.QUEUED


# A proxy that pools connections.


async def share_a_connection(*devices: ScriptedDevice) -> None:
    connection = await devices[0].link.open()
    for device in devices[1:]:
        device.link.connection = connection


async def test_devices_behind_one_pooled_connection_are_told_apart_by_their_cookies(served_on_each: Served) -> None:
    served = served_on_each
    first, second = served.device(), served.device()
    operations = {}
    for device in (first, second):
        await device.run_session()
        operations[device] = await set_and_get(served, device)
        device.forget_cookies()
    await share_a_connection(first, second)
    assert (await first.inform()).method == "InformResponse"
    assert (await second.inform()).method == "InformResponse"
    asked = {device: await device.empty_post() for device in (first, second)}
    for _ in range(3):
        asked = {device: await device.answer(reply) for device, reply in asked.items()}
    assert [reply.status for reply in asked.values()] == [204, 204]
    for device in (first, second):
        assert await are_completed(served, operations[device])
        assert device.model.parameters[SSID].value == "new"
        assert len(device.journal.carried_out("SetParameterValues")) == 1
    await first.close()


async def test_without_cookies_devices_behind_one_pooled_connection_are_never_mixed_up(served: Served) -> None:
    first, second = [served.device(quirks=NO_COOKIE) for _ in range(2)]
    operations = []
    for device in (first, second):
        await device.run_session()
        operations.append(await served.queue(device, OperationKind.SET, Variable(SSID, device.id.serial, "string")))
    await share_a_connection(first, second)
    assert (await first.inform()).method == "InformResponse"
    assert (await second.inform()).method == "InformResponse"
    # Whose empty post this is nobody can tell: the RPC of either could reach the other.
    for device in (first, second):
        assert (await device.empty_post()).status == 204
    assert (await device.post(first.envelope(first.writer.message("GetParameterValuesResponse"), "1"))).status == 400
    for public_id in operations:
        assert await state_of(served, public_id) is OperationState.QUEUED
    await first.close()


async def test_behind_a_trusted_proxy_a_connection_tells_nothing(tmp_path: Path) -> None:
    async with serving(f"sqlite:///{tmp_path}/a.db", tmp_path, trusted_proxies="127.0.0.0/8") as served:
        heads = (("X-Forwarded-For", "192.0.2.7"),)
        device = served.device(quirks=Quirks(cookies="never", extra_headers=heads))
        await device.run_session()
        await served.queue(device, OperationKind.GET, Variable(SSID))
        assert (await device.run_session()).methods == ()
        device = served.device(serial=device.id.serial, quirks=Quirks(extra_headers=heads))
        assert (await device.run_session()).methods == ("GetParameterValues",)
        contact = await served.server.services.tools.contacts.of_device(await served.id_of(device))
        assert contact is not None
        assert contact.address == "192.0.2.7"
