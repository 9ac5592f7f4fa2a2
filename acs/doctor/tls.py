"""Certificates and their keys."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cryptography import x509

from acs.doctor.findings import Finding, failure, ok, warning
from acs.settings import Settings

_DAY: Final = 86_400.0
_SOON: Final = 30 * _DAY


class _EncryptedKeyError(Exception):
    pass


def tls_findings(settings: Settings, now: float) -> Iterator[Finding]:
    """Look at the files of each TLS listener."""
    if settings.cwmp_tls_certificate and settings.cwmp_tls_key:
        yield _pair("TLS of devices", settings.cwmp_tls_certificate, settings.cwmp_tls_key, now)
    if settings.cwmp_tls_client_ca:
        yield _authorities("TLS of devices", settings.cwmp_tls_client_ca)
    if settings.api_tls_certificate and settings.api_tls_key:
        yield _pair("TLS of the API", settings.api_tls_certificate, settings.api_tls_key, now)


def _pair(subject: str, certificate: Path, key: Path, now: float) -> Finding:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=_no_password)
        leaf = x509.load_pem_x509_certificates(certificate.read_bytes())[0]
        open_to_others = key.stat().st_mode & 0o007
    except _EncryptedKeyError:
        return failure(subject, f"{key} has a password", "take the password off: nobody is there to type it")
    except ssl.SSLError as error:
        mismatch = error.reason == "KEY_VALUES_MISMATCH"
        reason = "do not belong together" if mismatch else "hold no certificate and key that OpenSSL understands"
        return failure(
            subject, f"{certificate} and {key} {reason}", "both must be in PEM, the server's certificate first"
        )
    except OSError as error:
        return failure(subject, f"{certificate} or {key} cannot be read: {error.strerror}", "check who may read them")
    starts, ends = leaf.not_valid_before_utc.timestamp(), leaf.not_valid_after_utc.timestamp()
    valid = f"valid from {leaf.not_valid_before_utc:%Y-%m-%d} to {leaf.not_valid_after_utc:%Y-%m-%d}"
    if not starts <= now <= ends:
        return failure(subject, f"{certificate} is not valid now: {valid}", "renew it, or set the clock right")
    if open_to_others:
        return warning(subject, f"{key} is open to every user of this machine", f"run chmod o= {key}")
    if ends - now < _SOON:
        return warning(subject, f"{certificate} ends in {(ends - now) / _DAY:.0f} days", "renew it")
    return ok(subject, f"{certificate} fits its key and is {valid}")


def _authorities(subject: str, path: Path) -> Finding:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_verify_locations(path)
    except ssl.SSLError:
        return failure(subject, f"{path} holds no certificate", "it must be in PEM")
    except OSError as error:
        return failure(subject, f"{path} cannot be read: {error.strerror}", "check who may read it")
    return ok(subject, f"{path} holds {context.cert_store_stats()['x509_ca']} authorities for devices' certificates")


def _no_password() -> str:
    """Asked only if the key has one; OpenSSL would else ask on the terminal."""
    raise _EncryptedKeyError
