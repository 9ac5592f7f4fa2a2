"""The ports, the address devices know, and how many connections the system allows."""

import errno
import resource
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import aiohttp

from acs.doctor.findings import Finding, failure, note, ok, warning
from acs.doctor.secrecy import is_loopback
from acs.open_files import attainable, needed_files, room_within
from acs.settings import Settings
from acs.settings.model import env_name
from acs.settings.values import sqlite_path
from acs.store.sqlite_files import is_served

_PATIENCE: Final = aiohttp.ClientTimeout(total=3.0)
_LOOPBACK: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  compared with, not listened on
_REALM: Final = 'realm="aioacs"'


@dataclass(frozen=True, slots=True)
class _Listener:
    kind: str
    host: str
    port: int
    tls: bool

    @property
    def name(self) -> str:
        return f"{self.kind.upper()} over TLS" if self.tls else self.kind.upper()

    def variable(self, what: str) -> str:
        return env_name(f"{self.kind}_{what}")

    @property
    def url(self) -> str:
        host = _LOOPBACK.get(self.host, self.host)
        return f"{'https' if self.tls else 'http'}://{f'[{host}]' if ':' in host else host}:{self.port}"


async def port_findings(settings: Settings) -> AsyncIterator[Finding]:
    """Whether each port is free, or held by a server of ours that runs already."""
    for listener in _listeners(settings):
        subject = f"port {listener.port}"
        error = _bind(listener)
        if error is None:
            chosen = "the kernel will choose a port" if not listener.port else "it is free"
            yield ok(subject, f"{chosen} for {listener.name} on {listener.host}")
        elif error.errno == errno.EADDRINUSE:
            yield await _holder(subject, listener, settings)
        elif error.errno == errno.EACCES:
            yield failure(
                subject,
                f"this user may not listen there for {listener.name}",
                "take a port from 1024 on, or give the program the capability CAP_NET_BIND_SERVICE",
            )
        else:
            yield failure(
                subject,
                f"{listener.host} cannot be listened on for {listener.name}: {error.strerror}",
                f"set {listener.variable('host')} to an address of this machine",
            )


def public_url_findings(settings: Settings) -> Iterator[Finding]:
    """Whether devices can reach what they are told."""
    subject = "public URL"
    url = settings.cwmp_public_url
    if url is None:
        yield ok(subject, "AIOACS_CWMP_PUBLIC_URL is not set: downloads are offered under the address a device called")
        return
    parts = urlsplit(url)
    host = parts.hostname or ""
    if (is_loopback(host) or host in _LOOPBACK) and not is_loopback(settings.cwmp_host):
        yield failure(
            subject, f"{url} leads devices to themselves", "set AIOACS_CWMP_PUBLIC_URL to an address they can reach"
        )
        return
    tls = parts.scheme == "https"
    port = parts.port or (443 if tls else 80)
    ours = settings.cwmp_tls_port if tls else settings.cwmp_port
    if port == ours or settings.trusted_proxies:
        yield ok(subject, f"{url} can be what devices reach")
        return
    listens = f"port {ours}" if ours is not None else "no port"
    yield warning(
        subject,
        f"{url} means port {port}, but {listens} is listened on with {'TLS' if tls else 'plain HTTP'}",
        "fine if something forwards that port; a proxy belongs into AIOACS_TRUSTED_PROXIES too",
    )


def open_file_findings(settings: Settings, limits: tuple[int, int] | None = None) -> Iterator[Finding]:
    """Whether the system allows as many connections as the settings do. ``limits``: the soft and the hard one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE) if limits is None else limits
    needed = needed_files(settings)
    room = room_within(settings, attainable(needed, soft, hard))
    if not room.is_enough:
        yield warning("open files", room.sentence, room.advice)
    elif soft == resource.RLIM_INFINITY:
        yield ok("open files", f"{needed} may be needed; the limit is off")
    else:
        raised = f", which the server raises to {needed}" if soft < needed else ""
        yield ok("open files", f"{needed} may be needed; the limit is {soft}{raised}")


def _listeners(settings: Settings) -> Iterator[_Listener]:
    for kind in ("cwmp", "api"):
        host = getattr(settings, f"{kind}_host")
        for name, tls in (("port", False), ("tls_port", True)):
            port = getattr(settings, f"{kind}_{name}")
            if port is not None:
                yield _Listener(kind, host, port, tls)


def _bind(listener: _Listener) -> OSError | None:
    """Try what the server will do; None if it worked."""
    try:
        infos = socket.getaddrinfo(
            listener.host, listener.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE | socket.AI_NUMERICSERV
        )
        for family, kind, protocol, _, address in infos:
            with socket.socket(family, kind, protocol) as bound:
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                bound.bind(address)
                bound.listen(1)
    except OSError as error:
        return error
    return None


async def _holder(subject: str, listener: _Listener, settings: Settings) -> Finding:
    variable = listener.variable("tls_port" if listener.tls else "port")
    try:
        ours = await _is_ours(listener)
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
        # A TLS listener may ask for a certificate that we do not have.
        if listener.tls:
            return warning(
                subject,
                f"it is taken, and what holds it cannot be asked ({listener.name})",
                "fine if aioacs is running",
            )
        ours = False
    if not ours:
        return failure(subject, f"another program holds it ({listener.name})", f"stop that program, or set {variable}")
    path = sqlite_path(settings.database_url)
    served = is_served(path) if path else None
    if served is False:
        sentence = f"an aioacs that serves another database holds it ({listener.name})"
        return failure(subject, sentence, f"stop that one, or set {variable}")
    whose = "the running aioacs of this database" if served else "a running aioacs"
    return note(subject, f"it is taken by {whose} ({listener.name})", "fine, unless another one is to be started here")


async def _is_ours(listener: _Listener) -> bool:
    async with aiohttp.ClientSession(timeout=_PATIENCE) as client:
        if listener.kind == "api":
            async with client.get(f"{listener.url}/api/v1/health/", ssl=False, allow_redirects=False) as answer:
                return answer.status == 200
        async with client.post(f"{listener.url}/", ssl=False, allow_redirects=False) as answer:
            return _REALM in answer.headers.get("WWW-Authenticate", "") or answer.status == 204
