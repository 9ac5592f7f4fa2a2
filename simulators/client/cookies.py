"""The cookies of one session (RFC 6265; TR-069 3.4.2): none outlives it, so that no expiry matters."""

from dataclasses import dataclass, field
from typing import Final

from acs.auth.headers import has_control_characters
from simulators.client.target import Target
from simulators.device.quirks import PLAIN_HTTP, HttpQuirks

MAX_COOKIES: Final = 20
"""How many are kept (RFC 6265 6.1 asks for so many from one host)."""
MAX_LENGTH: Final = 4096
"""How long a name with its value may be (the same)."""


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie and where it goes."""

    name: str
    """Its name."""
    value: str = field(repr=False)
    """Its value, letter by letter."""
    path: str
    """The paths it goes to: this one and all below."""
    host: str
    """The host it goes to."""
    with_subdomains: bool = False
    """Whether it goes to the hosts below that as well."""
    only_tls: bool = False
    """Whether it goes over TLS alone."""

    def goes_to(self, target: Target) -> bool:
        """Whether a request takes it along."""
        if self.only_tls and not target.is_tls:
            return False
        if target.host != self.host and not (self.with_subdomains and target.host.endswith(f".{self.host}")):
            return False
        path = target.path.partition("?")[0]
        return path == self.path or (
            path.startswith(self.path) and (self.path.endswith("/") or path[len(self.path)] == "/")
        )


class Cookies:
    """What a server wants to be reminded of."""

    __slots__ = ("_kept", "_quirks")

    def __init__(self, quirks: HttpQuirks = PLAIN_HTTP) -> None:
        self._kept: dict[tuple[str, str, str], Cookie] = {}
        self._quirks = quirks

    def __len__(self) -> int:
        return len(self._kept)

    def take(self, header: bytes, target: Target) -> None:
        """Keep what a Set-Cookie header says, if the device keeps such."""
        cookie = _read(header.decode("latin-1"), target, self._quirks)
        if cookie is None:
            return
        key = (cookie.host, cookie.path, cookie.name)
        if key in self._kept or len(self._kept) < MAX_COOKIES:
            self._kept[key] = cookie

    def header(self, target: Target) -> bytes:
        """The line that goes out with a request there; empty without any."""
        found = [cookie for cookie in self._kept.values() if cookie.goes_to(target)]
        if not found or self._quirks.cookies == "never":
            return b""
        if len(found) > 1:
            found.sort(key=lambda cookie: -len(cookie.path))
        return f"Cookie: {_written(found, self._quirks)}\r\n".encode("latin-1")


def _written(cookies: list[Cookie], quirks: HttpQuirks) -> str:
    match quirks.cookies:
        case "rfc2109":
            return '$Version="0"; ' + "; ".join(f"{each.name}={each.value};$Path={each.path}" for each in cookies)
        case "quoted":
            return "; ".join(f'{each.name}="{each.value}"' for each in cookies)
        case "comma-joined":
            return ",".join(("lang=en", *(f"{each.name}={each.value}" for each in cookies)))
        case _:
            return "; ".join(f"{each.name}={each.value}" for each in cookies)


def _read(header: str, target: Target, quirks: HttpQuirks) -> Cookie | None:
    pair, *attributes = _split(header)
    name, sign, value = pair.partition("=")
    name, value = name.strip(), value.strip()
    if not sign or not name or len(name) + len(value) > MAX_LENGTH or has_control_characters(name + value):
        return None
    said: dict[str, str] = {}
    for attribute in attributes:
        key, _, text = attribute.partition("=")
        said[key.strip().lower()] = text.strip().strip('"')
    if quirks.drops_http_only_cookies and "httponly" in said:
        return None
    if quirks.drops_cookies_without_root_path and said.get("path") != "/":
        return None
    path = said.get("path", "")
    if not path.startswith("/"):
        path = target.path.partition("?")[0].rpartition("/")[0] or "/"
    host, domain = target.host, said.get("domain", "").lstrip(".").lower()
    if domain and domain != host:
        if not host.endswith(f".{domain}") or "." not in domain or target.is_address:
            return None
        host = domain
    return Cookie(name, value, path, host, with_subdomains=bool(domain), only_tls="secure" in said)


def _split(header: str) -> list[str]:
    """The parts between semicolons; one in quotes (RFC 2109) parts nothing."""
    if '"' not in header:
        return header.split(";")
    parts, is_quoted, begin = [], False, 0
    for at, character in enumerate(header):
        if character == '"':
            is_quoted = not is_quoted
        elif character == ";" and not is_quoted:
            parts.append(header[begin:at])
            begin = at + 1
    return [*parts, header[begin:]]
