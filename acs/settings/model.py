"""Every setting: its default, its bounds and what it means. The tables of ``docs/settings.md`` say the same.

Sizes are in bytes, times in seconds unless the name says otherwise.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Final, TypeAlias, TypeVar

from pydantic import ByteSize, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from acs.domain.secret_names import MASK
from acs.settings.values import (
    ClientCertificates,
    DatabaseUrl,
    Folded,
    Host,
    KeyringText,
    LogFormat,
    LoginScheme,
    LoginSchemes,
    LogLevel,
    MailAddress,
    Networks,
    Onboarding,
    PairOfSeconds,
    Port,
    PublicUrl,
    SmtpUrl,
    Token,
    shown_database_url,
    size_text,
    sqlite_path,
)

T = TypeVar("T")

PREFIX: Final = "AIOACS_"
"""What the environment variables begin with."""

Shown: TypeAlias = str | int | float | bool | list[str | float] | None
"""A value that may be shown, ready for JSON."""

_KIB: Final = 1024
_MIB: Final = 1024 * _KIB
_GIB: Final = 1024 * _MIB
_DAY: Final = 86_400


def env_name(field: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + field.upper()


def _number(default: float, least: float, most: float, description: str) -> float:
    number: float = Field(default, ge=least, le=most, allow_inf_nan=False, description=description)
    return number


def _count(default: int, least: int, most: int, description: str) -> int:
    count: int = Field(default, ge=least, le=most, description=description)
    return count


def _size(default: int, least: int, most: int, description: str) -> ByteSize:
    size: ByteSize = Field(ByteSize(default), ge=least, le=most, description=description)
    return size


def _said(default: T, description: str) -> T:
    said: T = Field(default, description=description)
    return said


class _Group(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        str_strip_whitespace=True,
        validate_default=True,
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what is passed and nothing else: ``load_settings`` alone looks at the environment and the file."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)


class Storage(_Group):
    """Where things are kept, and by how many processes."""

    database_url: DatabaseUrl = _said(
        SecretStr("sqlite:///data/aioacs.db"), "The database: a SQLite file, or PostgreSQL. Its password is never shown"
    )
    postgres_pool_size: int = _count(
        10, 2, 200, "Connections to PostgreSQL of each process, beside two that write and listen"
    )
    store_queue: int = _count(
        10_000, 100, 1_000_000, "Writes that may wait for the next commit; beyond that devices are asked to come later"
    )
    workers: int = _count(1, 1, 64, "Processes that serve; more than one needs PostgreSQL")
    secret_key_file: Path = _said(
        Path("data/secret.keys"), "The keys that seal secrets in the database; made at the first start. Back it up"
    )
    secret_key: KeyringText | None = _said(None, "The content of such a key file, in the place of the file")
    files_folder: Path = _said(Path("data/files"), "Firmware images, and what devices upload")
    history_days: int = _count(30, 1, 3650, "Days for which the history of devices is kept")
    results_days: int = _count(30, 1, 3650, "Days for which ended operations and their results are kept")
    audit_days: int = _count(365, 1, 3650, "Days for which the audit log is kept")


class DeviceListener(_Group):
    """Where devices call."""

    cwmp_host: Host = _said("0.0.0.0", "The address devices call")  # noqa: S104  routers come from outside
    cwmp_port: Port = _said(7547, "The port devices call")
    cwmp_tls_port: Port | None = _said(None, "The port devices call with TLS 1.2 or later, beside the plain one")
    cwmp_tls_certificate: Path | None = _said(None, "The certificate of the TLS port, with its chain, in PEM")
    cwmp_tls_key: Path | None = _said(None, "The key of that certificate, in PEM, without a password")
    cwmp_tls_client_certificates: Annotated[ClientCertificates, Folded] = _said(
        ClientCertificates.OFF, "Whether devices may or must show certificates of their own"
    )
    cwmp_tls_client_ca: Path | None = _said(None, "The authorities that sign devices' certificates, in PEM")
    cwmp_public_url: PublicUrl | None = _said(
        None, "How devices reach the CWMP port from outside, for the addresses of downloads and uploads"
    )
    trusted_proxies: Networks = _said(
        (), "Where proxies stand whose X-Forwarded-For and X-Forwarded-Proto are believed"
    )


class ApiListener(_Group):
    """Where operators and their programs call."""

    api_host: Host = _said("127.0.0.1", "The address of the API")
    api_port: Port = _said(8080, "The port of the API")
    api_tls_port: Port | None = _said(None, "Their port with TLS, beside the plain one")
    api_tls_certificate: Path | None = _said(None, "The certificate of that port, with its chain, in PEM")
    api_tls_key: Path | None = _said(None, "The key of that certificate, in PEM, without a password")
    bootstrap_token: Token | None = _said(None, "The first admin token of a new database, in the place of a random one")
    max_api_body: ByteSize = _size(_MIB, 16 * _KIB, 64 * _MIB, "The largest body of a request, but for files")
    max_api_connections: int = _count(1_000, 16, 100_000, "Open connections to the API, in each process")
    metrics_open: bool = _said(False, "Whether whoever reaches the API may read its metrics without a token")
    api_rate: float = _number(50, 0.1, 100_000, "Requests a second of each token, in each process")
    api_burst: float = _number(200, 1, 100_000, "Requests of each token at once, in each process")


class Admission(_Group):
    """Which devices are let in, and how."""

    onboarding: Annotated[Onboarding, Folded] = _said(
        Onboarding.QUARANTINE, "What becomes of a device nobody has announced and no type's credentials let in"
    )
    max_quarantined: int = _count(1_000, 0, 100_000, "Devices kept in quarantine at most")
    cwmp_authentication: LoginSchemes = _said(
        (LoginScheme.DIGEST_MD5,), "How devices may log in, in the order of the challenges"
    )
    no_authentication_networks: Networks = _said(
        (), "Where devices may come from whose type has the quirk no_authentication"
    )


class Sessions(_Group):
    """How much is borne at once, and for how long. Each bound holds in each process."""

    max_sessions: int = _count(10_000, 1, 1_000_000, "Open sessions; further devices are asked to come later")
    max_connections: int = _count(15_000, 16, 1_000_000, "Open connections of devices")
    device_sessions_per_minute: int = _count(30, 1, 600, "Sessions a device may open in a minute")
    device_bytes_per_hour: ByteSize = _size(
        16 * _MIB, _MIB, 64 * _GIB, "What a device may say in an hour that nobody has asked it for, such as its Informs"
    )
    max_body: ByteSize = _size(16 * _MIB, 64 * _KIB, 256 * _MIB, "The largest body, after decompression")
    max_unauthenticated_body: ByteSize = _size(
        256 * _KIB, 16 * _KIB, 16 * _MIB, "The largest body of a device that has not logged in"
    )
    body_budget: ByteSize = _size(256 * _MIB, 16 * _MIB, 64 * _GIB, "Bytes of all bodies that are held at once")
    first_byte_timeout: float = _number(10, 1, 600, "How long a new connection may be silent")
    header_timeout: float = _number(10, 1, 600, "How long the head of a request may take")
    body_timeout: float = _number(60, 1, 3600, "How long the body of a request may take")
    idle_timeout: float = _number(60, 1, 3600, "How long an open session may be silent; a type may say otherwise")
    session_timeout: float = _number(1800, 10, _DAY, "How long a session may last in all")
    drain_timeout: float = _number(20, 0, 600, "How long open sessions may go on once the server is told to stop")
    default_inform_interval: int = _count(
        300, 10, 7 * _DAY, "How often a device is taken to call when neither it nor its type says"
    )
    down_factor: float = _number(2.5, 1, 100, "After how many silent intervals a device counts as Down")


class Operations(_Group):
    """How operations reach devices."""

    operation_attempts: int = _count(3, 1, 100, "Attempts of an operation that says nothing else")
    retry_delay_minutes: float = _number(5, 0.1, 1440, "Minutes before the second attempt; doubled for each later one")
    max_retry_delay_minutes: float = _number(60, 0.1, 10_080, "Minutes between two attempts at most")
    proof_timeout: float = _number(
        900, 60, _DAY, "How long a device may take to call again after a reboot or a reset, before the operation fails"
    )
    connection_requests: int = _count(50, 1, 10_000, "Connection requests under way at once")
    connection_requests_waiting: int = _count(10_000, 1, 1_000_000, "Connection requests that may wait for their turn")
    connection_request_timeouts: PairOfSeconds = _said((2.0, 5.0), "How long the first and the second try may take")
    connection_request_networks: Networks = _said(
        (), "Where connection requests may go, besides the address the device's own session came from"
    )
    connection_request_basic: bool = _said(
        False, "Whether a device that asks for Basic gets the password in clear at a connection request"
    )


class Transfers(_Group):
    """Files to and from devices."""

    transfer_timeout: float = _number(3600, 60, 7 * _DAY, "How long a device may take over a transfer")
    max_upload: ByteSize = _size(64 * _MIB, 64 * _KIB, 16 * _GIB, "The largest file a device may upload")
    max_firmware: ByteSize = _size(_GIB, 64 * _KIB, 64 * _GIB, "The largest firmware image that the API takes")
    max_downloads: int = _count(200, 1, 100_000, "Downloads under way at once")


class Notifications(_Group):
    """Who is told of the ends of operations, and how."""

    webhook_secret: Token | None = _said(None, "What signs webhooks, in the place of the file")
    webhook_secret_file: Path = _said(
        Path("data/webhook.secret"), "What signs webhooks; made at the first start. All machines need the same"
    )
    webhook_networks: Networks = _said(
        (), "Where webhooks may go besides public addresses; loopback and link-local by networks of at least 8 bits"
    )
    smtp_url: SmtpUrl | None = _said(
        None, "The mail server; without one no mail is sent. A password goes out by TLS only"
    )
    smtp_from: MailAddress | None = _said(None, "The sender of mail")
    notification_attempts: int = _count(20, 1, 100, "How often a webhook or a mail is tried, ever less often")
    notification_timeout: float = _number(10, 0.1, 300, "How long the receiver of one may take")
    notifications_at_once: int = _count(20, 1, 1_000, "How many are under way at once, in each process")


class Logs(_Group):
    """What the server tells about itself."""

    log_level: Annotated[LogLevel, Folded] = _said(LogLevel.INFO, "From which gravity on something is logged")
    log_format: Annotated[LogFormat, Folded] = _said(LogFormat.CONSOLE, "Lines for people, or JSON for programs")
    trace_folder: Path = _said(Path("data/traces"), "The messages of devices that are being debugged, secrets masked")
    max_device_trace: ByteSize = _size(4 * _MIB, 64 * _KIB, _GIB, "What is kept of one device's messages")
    max_traces: ByteSize = _size(256 * _MIB, _MIB, 64 * _GIB, "What is kept of all devices' messages")


GROUPS: Final = (Storage, DeviceListener, ApiListener, Admission, Sessions, Operations, Transfers, Notifications, Logs)
"""In the order of the document."""


# Fields come in the order of the last base first.
class Fields(Logs, Notifications, Transfers, Operations, Sessions, Admission, ApiListener, DeviceListener, Storage):
    """Settings of which each alone is right."""


class Settings(Fields):
    """Settings that are right and fit each other. Only what is passed counts; see ``load_settings``."""

    @model_validator(mode="after")
    def _fit(self) -> "Settings":
        wrong = [each.sentence for each in contradictions(self)]
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    def shown(self) -> dict[str, Shown]:
        """Every setting by its name, with secrets masked."""
        return {name: _shown(name, getattr(self, name)) for name in type(self).model_fields}


def _shown(name: str, value: object) -> Shown:
    match value:
        case SecretStr():
            return shown_database_url(value) if name == "database_url" else MASK
        case tuple():
            return [each if isinstance(each, float) else str(each) for each in value]
        case Path() | Enum():
            return str(value)
        case bool() | int() | float() | str() | None:
            return value
    raise TypeError(f"{name} cannot be shown")


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Settings that do not fit each other."""

    names: tuple[str, ...]
    """The settings."""
    sentence: str
    """What is wrong, and what would be right."""


def contradictions(settings: Fields) -> Iterator[Contradiction]:
    """Everything in which these settings do not fit each other."""
    if settings.workers > 1 and sqlite_path(settings.database_url):
        yield _contradiction("{} is {}, but SQLite bears one: set {} to postgresql://...", settings, *_WORKERS)
    for name in ("cwmp_port", "cwmp_tls_port", "api_port", "api_tls_port"):
        if settings.workers > 1 and getattr(settings, name) == 0:
            yield _contradiction(
                "{0} is {1}, which several processes ({2}) cannot share: give it a number", settings, name, "workers"
            )
    for listener in ("cwmp", "api"):
        yield from _tls(settings, listener)
    if settings.cwmp_tls_client_certificates is not ClientCertificates.OFF:
        for name in ("cwmp_tls_client_ca", "cwmp_tls_port"):
            if getattr(settings, name) is None:
                yield _contradiction("{} is {}, which needs {}", settings, "cwmp_tls_client_certificates", name)
    elif settings.cwmp_tls_client_ca is not None:
        yield _contradiction(
            "{2} is of no use while {0} is {1}: say optional or required, or leave the file out",
            settings,
            "cwmp_tls_client_certificates",
            "cwmp_tls_client_ca",
        )
    yield from _mail(settings)
    yield from _ports(settings)
    for less, more in _ORDERED:
        if getattr(settings, less) > getattr(settings, more):
            # A default is to blame for nothing while the other one was set.
            if less in settings.model_fields_set or more not in settings.model_fields_set:
                yield _contradiction("{} is {}, but must not be more than {} ({})", settings, less, more)
            else:
                yield _contradiction("{} is {}, but must not be less than {} ({})", settings, more, less)


_WORKERS: Final = ("workers", "database_url")
_ORDERED: Final = (
    ("max_unauthenticated_body", "max_body"),
    ("max_body", "body_budget"),
    ("idle_timeout", "session_timeout"),
    ("retry_delay_minutes", "max_retry_delay_minutes"),
    ("max_device_trace", "max_traces"),
)
_EVERYWHERE: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104  compared with, not listened on


def _contradiction(words: str, settings: Fields, name: str, other: str) -> Contradiction:
    values = [getattr(settings, each) for each in (name, other)]
    shown = [size_text(each) if isinstance(each, ByteSize) else each for each in values]
    return Contradiction((name, other), words.format(env_name(name), shown[0], env_name(other), shown[1]))


def _tls(settings: Fields, listener: str) -> Iterator[Contradiction]:
    port, *files = names = [f"{listener}_tls_{each}" for each in ("port", "certificate", "key")]
    missing = [name for name in names if getattr(settings, name) is None]
    if port not in missing and missing:
        yield Contradiction(tuple(names), f"{env_name(port)} is set, which needs {_both(missing)}")
    elif port in missing and len(missing) < len(names):
        given = [name for name in files if name not in missing]
        yield Contradiction(
            tuple(names), f"{_both(given)} is of no use without a TLS port: set {env_name(port)}, or leave it out"
        )


def _mail(settings: Fields) -> Iterator[Contradiction]:
    given = [name for name in ("smtp_url", "smtp_from") if getattr(settings, name) is not None]
    if len(given) == 1:
        yield Contradiction(("smtp_url", "smtp_from"), f"{env_name(given[0])} is set alone: mail needs both")


def _both(names: list[str]) -> str:
    return " and ".join(env_name(name) for name in names)


def _ports(settings: Fields) -> Iterator[Contradiction]:
    taken: dict[int, tuple[str, str]] = {}
    for listener in ("cwmp", "api"):
        host = getattr(settings, f"{listener}_host")
        for name in (f"{listener}_port", f"{listener}_tls_port"):
            port = getattr(settings, name)
            other, other_host = taken.setdefault(port, (name, host)) if port else (name, host)
            if other != name and (host == other_host or _EVERYWHERE & {host, other_host}):
                yield _contradiction("{} is {}, and so is {}: give each listener its own port", settings, name, other)
