"""The whole examination, in the order in which things depend on each other."""

from collections.abc import AsyncIterator, Callable, Iterable
from datetime import UTC, datetime
from typing import Final

from acs.doctor.database import postgresql_findings, sqlite_findings
from acs.doctor.files import folder_findings, key_findings, keyring_of, webhook_secret_findings
from acs.doctor.findings import Finding, failure, ok
from acs.doctor.listeners import open_file_findings, port_findings, public_url_findings
from acs.doctor.secrecy import open_api_findings, settings_file_findings
from acs.doctor.tls import tls_findings
from acs.settings import Settings
from acs.settings.loading import settings_file
from acs.settings.values import sqlite_path

RELEASED: Final = datetime(2026, 11, 1, tzinfo=UTC).timestamp()
"""No clock that is right shows less; moved on with each release."""


async def examine(settings: Settings, *, now: float) -> list[Finding]:
    """Look at everything. ``now`` is the wall clock's time."""
    findings = clock_findings(now)
    for name, look in _LOOKS:
        # A check that breaks down must not hide what the others find.
        try:
            findings += look(settings, now)
        except Exception as error:  # noqa: BLE001
            findings.append(_broken(name, error))
    for name, ask in _QUESTIONS:
        try:
            findings += [each async for each in ask(settings, now)]
        except Exception as error:  # noqa: BLE001
            findings.append(_broken(name, error))
    return findings


def clock_findings(now: float) -> list[Finding]:
    """Whether the clock can be right at all."""
    shown = datetime.fromtimestamp(now, UTC).isoformat(sep=" ", timespec="seconds")
    if now < RELEASED:
        return [
            failure(
                "clock",
                f"it shows {shown}, which is before this program was released",
                "set the clock, and let NTP keep it: logins, certificates and schedules depend on it",
            )
        ]
    return [ok("clock", f"it shows {shown}")]


def _broken(name: str, error: Exception) -> Finding:
    # The words of a stranger's error may quote anything.
    return failure(name, f"the check itself broke down ({type(error).__name__})", "report this as a mistake of aioacs")


async def _database(settings: Settings, now: float) -> AsyncIterator[Finding]:
    path = sqlite_path(settings.database_url)
    if path:
        for each in sqlite_findings(path, keyring_of(settings)):
            yield each
    else:
        async for each in postgresql_findings(settings, now, keyring_of(settings)):
            yield each


async def _ports(settings: Settings, _: float) -> AsyncIterator[Finding]:
    async for each in port_findings(settings):
        yield each


_LOOKS: Final[tuple[tuple[str, Callable[[Settings, float], Iterable[Finding]]], ...]] = (
    ("settings", lambda *_: settings_file_findings(settings_file())),
    ("API", lambda settings, _: open_api_findings(settings)),
    ("folders", lambda settings, _: folder_findings(settings)),
    ("keys", lambda settings, _: key_findings(settings)),
    ("webhooks", lambda settings, _: webhook_secret_findings(settings)),
    ("TLS", tls_findings),
    ("public URL", lambda settings, _: public_url_findings(settings)),
    ("open files", lambda settings, _: open_file_findings(settings)),
)
_QUESTIONS: Final = (("database", _database), ("ports", _ports))
