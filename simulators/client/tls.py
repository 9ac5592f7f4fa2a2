"""TLS as devices speak it: one context for all devices of a process."""

import ssl
from pathlib import Path
from typing import Final


class TlsFileError(Exception):
    """A file that TLS cannot work with; nothing of it is quoted."""


def tls_context(
    *,
    authorities: Path | None = None,
    certificate: Path | None = None,
    key: Path | None = None,
) -> ssl.SSLContext:
    """How devices speak TLS. Without authorities they look at no certificate; TlsFileError names a file that is wrong.

    With a certificate (its key in the same file, or in its own) they show who they are.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if authorities is not None:
        try:
            context.load_verify_locations(authorities)
        except (OSError, ssl.SSLError) as error:
            raise TlsFileError(f"{authorities} holds no certificates in PEM{_why(error)}") from None
        context.verify_mode = ssl.CERT_REQUIRED
        context.check_hostname = True
    if certificate is not None:
        try:
            context.load_cert_chain(certificate, key, password=_nobody_is_there)
        except (OSError, ValueError) as error:
            files = certificate if key is None else f"{certificate} and {key}"
            raise TlsFileError(f"{files} hold no certificate and its key in PEM{_why(error)}") from None
    return context


def _nobody_is_there() -> str:
    raise ValueError("a key with a password")


def _why(error: Exception) -> str:
    return f": {error.strerror}" if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) else ""


ANY_CERTIFICATE: Final = tls_context()
"""Looks at no certificate and shows none."""
