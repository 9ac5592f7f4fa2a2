"""The address of a mail server, with all that is said in it."""

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit

_HOST: Final = re.compile(r"[\w.:-]{1,253}", re.ASCII)
_DEFAULT_PORTS: Final = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """A mail server that takes mail from us."""

    host: str
    """The name or the address."""
    port: int
    """Its own, or the scheme's."""
    is_secure: bool
    """Whether it is spoken to by TLS from the first octet."""
    username: str
    """Who we are; empty: nobody who logs in."""
    password: str = field(repr=False)
    """The password for it."""


def read_smtp_url(text: str) -> SmtpServer:
    """What ``smtp://user:password@host:port`` says; ValueError, which quotes nothing, if it says something else."""
    try:
        parts = urlsplit(text)
        scheme, host, port = parts.scheme, parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("no address of a mail server") from None
    if scheme not in _DEFAULT_PORTS or not _HOST.fullmatch(host) or port == 0 or text != text.strip():
        raise ValueError("no scheme or no host")
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ValueError("more than a scheme, a login, a host and a port")
    username, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(username) != bool(password) or not (username + password).isprintable():
        raise ValueError("half a login")
    return SmtpServer(host, port or _DEFAULT_PORTS[scheme], scheme == "smtps", username, password)
