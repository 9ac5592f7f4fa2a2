"""TLS beside plain HTTP, and devices that prove who they are by a certificate."""

import datetime
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from structlog.testing import capture_logs

from acs.domain.device import Credential, Identity
from tests.e2e.device import EndedBy, ScriptedDevice, SessionLog
from tests.e2e.quirks import Quirks
from tests.e2e.serving import Served, serving
from tests.e2e.wire import HttpConnection, WireError

SINCE = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
UNTIL = datetime.datetime(2090, 1, 1, tzinfo=datetime.UTC)


@dataclass(frozen=True, slots=True)
class Authority:
    """Signs certificates."""

    folder: Path
    """Where it lays them down."""
    name: x509.Name
    """Its own name."""
    key: ec.EllipticCurvePrivateKey
    """Its key."""

    @property
    def file(self) -> Path:
        """Its own certificate."""
        return self.folder / "authority.pem"

    def certify(self, common_name: str, *, until: datetime.datetime = UNTIL) -> Path:
        """A certificate and its key in one file."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
        certificate = self._signed(subject, key, until, is_authority=False)
        return _written(self.folder / f"{common_name}.pem", certificate, key)

    def _signed(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, until: datetime.datetime, *, is_authority: bool
    ) -> x509.Certificate:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(SINCE)
            .not_valid_after(until)
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .sign(self.key, SHA256())
        )


def _written(path: Path, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Path:
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(certificate.public_bytes(Encoding.PEM) + private)
    return path


def authority(folder: Path, name: str) -> Authority:
    """A new authority."""
    folder.mkdir()
    key = ec.generate_private_key(ec.SECP256R1())
    found = Authority(folder, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), key)
    _written(found.file, found._signed(found.name, key, UNTIL, is_authority=True), key)
    return found


@pytest.fixture
def makers(tmp_path: Path) -> Authority:
    return authority(tmp_path / "makers", "The makers of devices")


@pytest.fixture
def strangers(tmp_path: Path) -> Authority:
    return authority(tmp_path / "strangers", "Nobody we know")


@pytest.fixture
def ours(tmp_path: Path) -> Authority:
    return authority(tmp_path / "ours", "Our own")


@asynccontextmanager
async def secure(tmp_path: Path, ours: Authority, **settings: Any) -> AsyncIterator[Served]:
    """A server with a TLS port beside its plain one."""
    server = ours.certify("acs.example")
    url = f"sqlite:///{tmp_path / 'aioacs.db'}"
    chosen = {"cwmp_tls_port": 0, "cwmp_tls_certificate": server, "cwmp_tls_key": server, **settings}
    async with serving(url, tmp_path, **chosen) as served:
        served.clock.advance(10)
        yield served


def client(ours: Authority, certificate: Path | None = None) -> ssl.SSLContext:
    """A device's end of TLS."""
    context = ssl.create_default_context(cafile=str(ours.file))
    context.check_hostname = False
    if certificate is not None:
        context.load_cert_chain(certificate)
    return context


def over_tls(served: Served, context: ssl.SSLContext, **ways: Any) -> ScriptedDevice:
    """A router that calls the TLS port."""
    device = served.device(tls=context, **ways)
    device.link._place = type(device.link._place)("127.0.0.1", served.server.ports[1], "/", context, None)
    return device


async def register(served: Served, device: ScriptedDevice) -> int:
    """Announce a router; its row."""
    identity = Identity(device.id.oui, device.id.product_class, device.id.serial)
    name = device.id.serial
    return await served.server.services.tools.devices.create(uuid=name, name=name, identity=identity, at=0.0)


def statuses(log: SessionLog) -> list[int]:
    """What the posts were answered."""
    return [reply.status for reply in log.replies]


CERTIFIED = {"onboarding": "reject", "cwmp_tls_client_certificates": "optional"}


async def test_plain_and_tls_serve_at_once_and_a_cookie_of_tls_is_secure(tmp_path: Path, ours: Authority) -> None:
    async with secure(tmp_path, ours) as served:
        ports = served.server.ports
        assert served.server.places == {
            "cwmp": f"127.0.0.1:{ports[0]}",
            "cwmp_tls": f"127.0.0.1:{ports[1]}",
            "api": f"127.0.0.1:{served.server.api_ports[0]}",
        }
        plain, private = served.device(), over_tls(served, client(ours))
        on_plain, on_tls = await plain.inform(), await private.inform()
        assert "Secure" not in (on_plain.http.first("Set-Cookie") or "")
        assert "Secure" in (on_tls.http.first("Set-Cookie") or "")
        assert (await plain.empty_post()).status == 204
        assert (await private.empty_post()).status == 204
        await plain.close()
        await private.close()


async def test_a_session_over_tls_survives_a_new_connection_for_each_post(tmp_path: Path, ours: Authority) -> None:
    async with secure(tmp_path, ours) as served:
        device = over_tls(served, client(ours), quirks=Quirks(close_after_every_response=True))
        assert (await device.run_session()).ended_by is EndedBy.NO_CONTENT


@pytest.mark.parametrize("common_name", ["{serial}", "{oui}-{serial}", "{oui}-{product}-{serial}"])
async def test_a_certificate_stands_in_for_a_login(
    tmp_path: Path, ours: Authority, makers: Authority, common_name: str
) -> None:
    async with secure(tmp_path, ours, **CERTIFIED, cwmp_tls_client_ca=makers.file) as served:
        name = common_name.format(serial="TLS-1", oui="00D09E", product="EX5501")
        device = over_tls(served, client(ours, makers.certify(name)), serial="TLS-1")
        await register(served, device)
        assert (await device.run_session()).ended_by is EndedBy.NO_CONTENT


@pytest.mark.parametrize("common_name", ["TLS-2", "00D09F-TLS-1", "TLS", "*", "tls-1"])
async def test_another_devices_certificate_is_refused(
    tmp_path: Path, ours: Authority, makers: Authority, common_name: str
) -> None:
    async with secure(tmp_path, ours, **CERTIFIED, cwmp_tls_client_ca=makers.file) as served:
        device = over_tls(served, client(ours, makers.certify(common_name)), serial="TLS-1")
        await register(served, device)
        assert statuses(await device.run_session()) == [403]


async def test_an_unknown_authority_is_refused_at_the_handshake(
    tmp_path: Path, ours: Authority, makers: Authority, strangers: Authority
) -> None:
    async with secure(tmp_path, ours, **CERTIFIED, cwmp_tls_client_ca=makers.file) as served:
        good = over_tls(served, client(ours, makers.certify("TLS-1")), serial="TLS-1")
        await register(served, good)
        for file in (strangers.certify("TLS-1"), ours.certify("TLS-1"), makers.certify("TLS-1", until=SINCE)):
            with pytest.raises((WireError, ssl.SSLError)):
                await over_tls(served, client(ours, file), serial="TLS-1").inform()
        assert len(served.server.services.sessions) == 0
        assert (await good.run_session()).is_acknowledged


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1:DeprecationWarning")
async def test_handshakes_that_fail_are_counted_and_told_in_words_a_few_times_a_minute(
    tmp_path: Path, ours: Authority, makers: Authority, strangers: Authority
) -> None:
    old = client(ours)
    old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    async with secure(tmp_path, ours, **CERTIFIED, cwmp_tls_client_ca=makers.file) as served:
        with capture_logs() as lines:
            for context in (client(ours, strangers.certify("TLS-1")), old):
                with pytest.raises((WireError, ssl.SSLError)):
                    await over_tls(served, context).inform()
            for _ in range(20):
                plain = await HttpConnection.open("127.0.0.1", served.server.ports[1])
                with pytest.raises(WireError):
                    await plain.post(b"")
                plain.drop()
        told = [line["reason"] for line in lines if line["event"] == "a TLS handshake failed"]
        assert told[:3] == [
            "certificate verify failed: unable to get local issuer certificate",
            "unsupported protocol",
            "plain HTTP where TLS is spoken",
        ]
        assert len(told) == 5
        assert served.server.services.tools.metrics.registry.get_sample_value("aioacs_tls_failures_total") == 22


async def test_where_certificates_are_optional_a_device_without_one_logs_in(
    tmp_path: Path, ours: Authority, makers: Authority
) -> None:
    async with secure(tmp_path, ours, **CERTIFIED, cwmp_tls_client_ca=makers.file) as served:
        tools = served.server.services.tools
        device = over_tls(served, client(ours), username="router", password="right")
        device_id = await register(served, device)
        sealed = tools.vault.seal("right", "credential", "u", "password")
        await tools.devices.put_logins(
            device_id, [Credential(0, "cwmp", device_id, None, "router", sealed, True, "u")], 0.0
        )
        assert (await device.run_session()).is_acknowledged
        stranger = over_tls(served, client(ours))
        assert statuses(await stranger.run_session()) == [401]


async def test_where_certificates_are_required_nobody_gets_in_without_one_but_on_the_plain_port(
    tmp_path: Path, ours: Authority, makers: Authority
) -> None:
    asked = {"cwmp_tls_client_certificates": "required", "cwmp_tls_client_ca": makers.file}
    async with secure(tmp_path, ours, **asked) as served:
        with pytest.raises((WireError, ssl.SSLError)):
            await over_tls(served, client(ours)).inform()
        assert (
            await over_tls(served, client(ours, makers.certify("TLS-1")), serial="TLS-1").run_session()
        ).is_acknowledged
        assert (await served.device().run_session()).is_acknowledged


@pytest.mark.parametrize(("policy", "status"), [("open", 200), ("quarantine", 403), ("reject", 403)])
async def test_a_certificate_of_an_unknown_device_falls_under_the_policy(
    tmp_path: Path, ours: Authority, makers: Authority, policy: str, status: int
) -> None:
    asked = {"cwmp_tls_client_certificates": "optional", "cwmp_tls_client_ca": makers.file, "onboarding": policy}
    async with secure(tmp_path, ours, **asked) as served:
        device = over_tls(served, client(ours, makers.certify("TLS-1")), serial="TLS-1")
        assert statuses(await device.run_session())[0] == status
        cases = await served.server.services.tools.devices.quarantined(after=0, most=9)
        assert len(cases) == (policy == "quarantine")


async def test_a_plain_request_on_the_tls_port_is_closed_and_tls_devices_go_on(tmp_path: Path, ours: Authority) -> None:
    async with secure(tmp_path, ours) as served:
        device = over_tls(served, client(ours))
        assert (await device.inform()).status == 200
        lost = await HttpConnection.open("127.0.0.1", served.server.ports[1])
        with pytest.raises(WireError):
            await lost.post(b"")
        lost.drop()
        assert (await device.empty_post()).status == 204
        await device.close()


async def test_a_handshake_that_does_not_go_on_is_closed(tmp_path: Path, ours: Authority) -> None:
    async with secure(tmp_path, ours, header_timeout=1) as served:
        silent = await HttpConnection.open("127.0.0.1", served.server.ports[1])
        assert await silent.wait_closed_by_server() == b""
        silent.drop()
