"""Certificates and their keys."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cryptography import x509

from acs.doctor.findings import Finding, failure, ok, warning
from acs.settings import Settings
from acs.tls import TlsFileError, load_authorities, load_pair

_DAY: Final = 86_400.0
_SOON: Final = 30 * _DAY


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
        load_pair(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), certificate, key)
    except TlsFileError as error:
        return failure(subject, error.sentence, error.advice)
    leaf = x509.load_pem_x509_certificates(certificate.read_bytes())[0]
    open_to_others = key.stat().st_mode & 0o007
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
        load_authorities(context, path)
    except TlsFileError as error:
        return failure(subject, error.sentence, error.advice)
    count = context.cert_store_stats()["x509_ca"]
    return ok(subject, f"{path} holds {count} {'authority' if count == 1 else 'authorities'} for devices' certificates")
