"""The files of a TLS listener, read in one way by the server that uses them and by the doctor that looks at them.

TlsFileError    a file cannot be used; nothing of it is ever quoted
"""

import ssl
from collections.abc import Callable
from pathlib import Path

from acs.settings import Settings
from acs.settings.values import ClientCertificates


class TlsFileError(Exception):
    """A certificate, a key or an authority that TLS cannot work with."""

    def __init__(self, sentence: str, advice: str) -> None:
        super().__init__(f"{sentence} ({advice})")
        self.sentence = sentence
        """Which file, and what is wrong with it."""
        self.advice = advice
        """What to do about it."""


class _EncryptedKeyError(Exception):
    pass


def load_pair(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    """Read a certificate with its chain, and its key; TlsFileError if that cannot be done."""
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except _EncryptedKeyError:
        raise TlsFileError(f"{key} has a password", "take the password off: nobody is there to type it") from None
    except ssl.SSLError as error:
        mismatch = error.reason == "KEY_VALUES_MISMATCH"
        reason = "do not belong together" if mismatch else "hold no certificate and key that OpenSSL understands"
        raise TlsFileError(
            f"{certificate} and {key} {reason}", "both must be in PEM, the server's certificate first"
        ) from None
    except OSError as error:
        raise TlsFileError(
            f"{certificate} or {key} cannot be read: {error.strerror}", "check who may read them"
        ) from None


def cwmp_tls_context(settings: Settings) -> ssl.SSLContext | None:
    """How devices are spoken to on the TLS port; None if there is none."""
    certificate, key = settings.cwmp_tls_certificate, settings.cwmp_tls_key
    if settings.cwmp_tls_port is None or certificate is None or key is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    load_pair(context, certificate, key)
    wanted = settings.cwmp_tls_client_certificates
    if wanted is not ClientCertificates.OFF and settings.cwmp_tls_client_ca is not None:
        load_authorities(context, settings.cwmp_tls_client_ca)
        context.verify_mode = ssl.CERT_REQUIRED if wanted is ClientCertificates.REQUIRED else ssl.CERT_OPTIONAL
    return context


def api_tls_context(settings: Settings) -> ssl.SSLContext | None:
    """How operators are spoken to on their TLS port; None if there is none."""
    certificate, key = settings.api_tls_certificate, settings.api_tls_key
    if settings.api_tls_port is None or certificate is None or key is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    load_pair(context, certificate, key)
    return context


def load_authorities(context: ssl.SSLContext, path: Path) -> None:
    """Read the authorities that sign the certificates of devices; TlsFileError if that cannot be done."""
    try:
        context.load_verify_locations(path)
    except ssl.SSLError:
        raise TlsFileError(f"{path} holds no certificate", "it must be in PEM") from None
    except OSError as error:
        raise TlsFileError(f"{path} cannot be read: {error.strerror}", "check who may read it") from None


def _no_password() -> str:
    """Asked only if the key has one; OpenSSL would else ask on the terminal, and nothing could stop it."""
    raise _EncryptedKeyError


def tell_failures(context: ssl.SSLContext, told: Callable[[str], None]) -> None:
    """Call this with the reason of each handshake that fails.

    The event loop says nothing of those, and the context makes the object of each connection: this is the only
    documented place to hear of them. Who it was is not known there.
    """

    class Handshake(ssl.SSLObject):
        def do_handshake(self) -> None:
            try:
                super().do_handshake()
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                raise
            except ssl.SSLError as error:
                told(_words(error))
                raise

    context.sslobject_class = Handshake


def _words(error: ssl.SSLError) -> str:
    """OpenSSL's own words; they quote nothing of the peer."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate verify failed: {error.verify_message}"
    if error.reason == "HTTP_REQUEST":
        return "plain HTTP where TLS is spoken"
    return (error.reason or "unknown").replace("_", " ").lower()
