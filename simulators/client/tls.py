"""TLS as devices speak it: one context for all devices of a process."""

import ssl
from pathlib import Path
from typing import Final

_MAX_REMEMBERED: Final = 256


class TlsFileError(Exception):
    """A file that TLS cannot work with; nothing of it is quoted."""


class DeviceTls(ssl.SSLContext):
    """A context whose connections can go on with the session of an earlier one (RFC 8446 2.2, RFC 5077).

    It remembers one session for each host: in this the devices of a process are one client.
    """

    resumes: bool = False
    """Whether it does so; else each connection begins anew, as the first of each of many devices does."""
    remembered: dict[str | bytes | None, ssl.SSLSession]
    """The sessions, by host."""

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        """See ``ssl.SSLContext``: this is where event loops begin TLS."""
        known = session or self.remembered.get(server_hostname)
        return super().wrap_bio(incoming, outgoing, server_side, server_hostname, known)

    def remember(self, connection: ssl.SSLObject) -> None:
        """Keep what a connection that has been used learnt for the next one."""
        session = connection.session
        if session is not None and session.has_ticket and len(self.remembered) < _MAX_REMEMBERED:
            self.remembered[connection.server_hostname] = session


def tls_context(
    *,
    authorities: Path | None = None,
    certificate: Path | None = None,
    key: Path | None = None,
    resumes: bool = False,
) -> DeviceTls:
    """How devices speak TLS. Without authorities they look at no certificate; TlsFileError names a file that is wrong.

    With a certificate (its key in the same file, or in its own) they show who they are.
    """
    context = DeviceTls(ssl.PROTOCOL_TLS_CLIENT)
    context.remembered = {}
    context.resumes = resumes
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
