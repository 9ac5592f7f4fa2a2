"""What strangers on this machine, or on the way to it, could read or change."""

import stat
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

from acs.doctor.findings import Finding, failure, ok, warning
from acs.settings import Settings
from acs.settings.loading import secrets_in
from acs.settings.model import env_name


def settings_file_findings(path: Path) -> Iterator[Finding]:
    """Whether others than its owner may change the settings file, or read the secrets in it."""
    if not path.is_file():
        return
    mode, subject = path.stat().st_mode, "settings"
    secrets = ", ".join(secrets_in(path))
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        sentence = f"{path} can be changed by others than its owner (mode {stat.S_IMODE(mode):04o})"
        yield failure(subject, sentence, f"run chmod go-w {path}: whoever changes it decides what the server does")
    elif secrets and mode & (stat.S_IRGRP | stat.S_IROTH):
        sentence = f"{path} holds secrets ({secrets}) and can be read by others (mode {stat.S_IMODE(mode):04o})"
        yield warning(subject, sentence, f"run chmod go-r {path}, unless that is meant so")
    else:
        yield ok(subject, f"{path} is closed to others, as far as it must be")


def open_api_findings(settings: Settings) -> Iterator[Finding]:
    """Whether tokens go over a network in clear."""
    if is_loopback(settings.api_host):
        return
    yield warning(
        "API",
        f"port {settings.api_port} of {settings.api_host} takes tokens without TLS from other machines",
        f"leave {env_name('api_host')} on a loopback address behind a proxy with TLS, or let a firewall close the port",
    )


def is_loopback(host: str) -> bool:
    """Whether a host means this machine, to itself alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost" or host.lower().endswith(".localhost")
