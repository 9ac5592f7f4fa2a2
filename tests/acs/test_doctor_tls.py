"""What the doctor says of certificates and keys."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from acs.doctor.findings import Finding, State
from acs.doctor.tls import tls_findings
from acs.settings import Settings

START = datetime(2026, 11, 1, tzinfo=UTC)
NOW = (START + timedelta(days=1)).timestamp()
NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "acs.example.net")])


def write_key(path: Path, encryption: KeySerializationEncryption | None = None) -> ec.EllipticCurvePrivateKey:
    key = ec.generate_private_key(ec.SECP256R1())
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption()))
    path.chmod(0o600)
    return key


def write_certificate(path: Path, key: ec.EllipticCurvePrivateKey, days: int = 90) -> None:
    builder = x509.CertificateBuilder(NAME, NAME, key.public_key(), 1, START, START + timedelta(days=days))
    authority = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    path.write_bytes(authority.sign(key, SHA256()).public_bytes(Encoding.PEM))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    write_certificate(tmp_path / "acs.pem", write_key(tmp_path / "acs.key"))
    return Settings(cwmp_tls_port=7548, cwmp_tls_certificate=tmp_path / "acs.pem", cwmp_tls_key=tmp_path / "acs.key")


def look(settings: Settings, now: float = NOW) -> tuple[State, str]:
    finding: Finding
    (finding,) = tls_findings(settings, now)
    return finding.state, f"{finding.sentence} {finding.advice}"


def test_a_certificate_that_fits_its_key_is_as_it_should_be(settings: Settings) -> None:
    state, words = look(settings)
    assert state is State.OK
    assert "valid from 2026-11-01 to 2027-01-30" in words


def test_without_tls_nothing_is_said() -> None:
    assert list(tls_findings(Settings(), NOW)) == []


def test_a_key_of_another_certificate_is_told(settings: Settings, tmp_path: Path) -> None:
    write_key(tmp_path / "acs.key")
    state, words = look(settings)
    assert (state, "do not belong together" in words) == (State.FAILURE, True)


@pytest.mark.parametrize("days", [-1, 91])
def test_a_certificate_is_told_before_and_after_its_time(settings: Settings, days: int) -> None:
    state, words = look(settings, (START + timedelta(days=days)).timestamp())
    assert (state, "not valid now" in words) == (State.FAILURE, True)


def test_a_certificate_that_ends_soon_is_told(settings: Settings) -> None:
    state, words = look(settings, (START + timedelta(days=80)).timestamp())
    assert (state, "ends in 10 days" in words) == (State.WARNING, True)


def test_a_key_with_a_password_is_told_and_nobody_is_asked(settings: Settings, tmp_path: Path) -> None:
    write_key(tmp_path / "acs.key", BestAvailableEncryption(b"hunter2"))
    state, words = look(settings)
    assert (state, "has a password" in words) == (State.FAILURE, True)


def test_a_key_open_to_everybody_is_told(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "acs.key").chmod(0o644)
    state, words = look(settings)
    assert (state, "chmod o=" in words) == (State.WARNING, True)


def test_missing_and_meaningless_files_are_told_apart(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "acs.pem").write_text("no certificate")
    assert look(settings)[1].startswith(f"{tmp_path}/acs.pem and {tmp_path}/acs.key hold no certificate and key")
    (tmp_path / "acs.pem").unlink()
    assert "cannot be read: No such file or directory" in look(settings)[1]


def test_authorities_for_the_certificates_of_devices_are_read(settings: Settings, tmp_path: Path) -> None:
    with_authority = settings.model_copy(update={"cwmp_tls_client_ca": tmp_path / "acs.pem"})
    assert list(tls_findings(with_authority, NOW))[1].sentence.endswith("holds 1 authority for devices' certificates")
    for path, words in ((tmp_path / "acs.key", "holds no certificate"), (tmp_path / "none", "cannot be read")):
        finding = list(tls_findings(settings.model_copy(update={"cwmp_tls_client_ca": path}), NOW))[1]
        assert (finding.state, words in finding.sentence) == (State.FAILURE, True)
