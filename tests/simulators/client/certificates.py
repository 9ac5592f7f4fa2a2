"""Certificates for tests: an authority and what it signs."""

import datetime
import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

_SINCE = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
_UNTIL = datetime.datetime(2090, 1, 1, tzinfo=datetime.UTC)


@dataclass(frozen=True)
class Authority:
    """Signs certificates."""

    folder: Path
    """Where it lays them down."""
    name: x509.Name
    """Its own name."""
    key: ec.EllipticCurvePrivateKey
    """Its key."""

    @classmethod
    def new(cls, folder: Path) -> "Authority":
        """One with its own certificate."""
        folder.mkdir(exist_ok=True)
        made = cls(folder, _name("An authority"), ec.generate_private_key(ec.SECP256R1()))
        made._write(made.file, made.name, made.key, is_authority=True)
        return made

    @property
    def file(self) -> Path:
        """Its own certificate."""
        return self.folder / "authority.pem"

    def certify(self, name: str) -> Path:
        """A certificate for a name or an address, with its key in the same file."""
        path, key = self.folder / f"{name}.pem", ec.generate_private_key(ec.SECP256R1())
        self._write(path, _name(name), key, is_authority=False)
        return path

    def server(self, name: str, *, wants_client: bool = False) -> ssl.SSLContext:
        """How a server of that name speaks TLS."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certify(name))
        if wants_client:
            context.load_verify_locations(self.file)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def _write(self, path: Path, subject: x509.Name, key: ec.EllipticCurvePrivateKey, *, is_authority: bool) -> None:
        name = subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
        assert isinstance(name, str)
        try:
            alternative: x509.GeneralName = x509.IPAddress(ip_address(name))
        except ValueError:
            alternative = x509.DNSName(name.replace(" ", "-"))
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(_SINCE)
            .not_valid_after(_UNTIL)
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
            .sign(self.key, SHA256())
        )
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.write_bytes(certificate.public_bytes(Encoding.PEM) + private)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
