"""Where a device calls: the URL of its ACS, read once."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Target:
    """An address to post to."""

    host: str
    """A name or an address."""
    port: int
    """Its port."""
    is_tls: bool
    """Whether the connection is encrypted."""
    path: str
    """Path and query."""

    @property
    def authority(self) -> str:
        """Host and port as the Host header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS["https" if self.is_tls else "http"] else f"{host}:{self.port}"


@lru_cache(maxsize=1024)
def read_target(url: str) -> Target | None:
    """The target a URL names; None if it names none that a device can call."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname or not url.isascii() or not url.strip().isprintable():
        return None
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if " " in path:
        return None
    return Target(parts.hostname, port or _PORTS[parts.scheme], parts.scheme == "https", path)
