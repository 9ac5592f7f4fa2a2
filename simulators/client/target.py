"""Where a device calls: a URL, read once."""

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import Final
from urllib.parse import urljoin, urlsplit

MAX_REDIRECTS: Final = 5
"""How many redirects in a row a device follows."""
REDIRECTS: Final = frozenset({301, 302, 307, 308})
"""The statuses that send a request elsewhere as it is."""
_PORTS: Final = {"http": 80, "https": 443}
_LONGEST: Final = 4096


@dataclass(frozen=True, slots=True)
class Target:
    """An address to send requests to."""

    host: str
    """A name or an address."""
    port: int
    """Its port."""
    is_address: bool
    """Whether the host is an address, and no name to be looked up."""
    is_tls: bool
    """Whether the connection is encrypted."""
    path: str
    """Path and query."""
    authority: str
    """Host and port as the Host header has them."""
    post: bytes
    """The lines that begin a plain POST there."""

    @property
    def origin(self) -> tuple[str, int, bool]:
        """What a connection is made to: it serves all paths there."""
        return self.host, self.port, self.is_tls

    def elsewhere(self, location: str) -> "Target | None":
        """Where a redirect leads; None if that is nowhere."""
        try:
            return read_target(urljoin(f"http{'s' * self.is_tls}://{self.authority}{self.path}", location.strip()))
        except ValueError:
            return None


@lru_cache(maxsize=1024)
def read_target(url: str) -> Target | None:
    """The target a URL names; None if it names none that a device can call."""
    url = url.strip()
    if len(url) > _LONGEST or not url.isascii() or not url.isprintable() or " " in url:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    host = parts.hostname
    if parts.scheme not in _PORTS or not host or port == 0:
        return None
    default = _PORTS[parts.scheme]
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    shown = f"[{host}]" if ":" in host else host
    authority = shown if (port or default) == default else f"{shown}:{port}"
    # A zone stands in URLs behind %25 (RFC 6874).
    host = host.replace("%25", "%") if ":" in host else host
    begin = f"POST {path} HTTP/1.1\r\nHost: {authority}\r\n".encode()
    return Target(host, port or default, is_address(host), parts.scheme == "https", path, authority, begin)


def is_address(host: str) -> bool:
    """Whether a host is an address, and no name to be looked up."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
