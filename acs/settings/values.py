"""The kinds of value that a setting may have, each with the words for what it accepts.

What is wrong is never quoted here: some of these values hold passwords.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Final, TypeAlias
from urllib.parse import parse_qsl, urlsplit

from annotated_types import Ge, Le
from pydantic import AfterValidator, BeforeValidator, SecretStr
from pydantic_settings import NoDecode

from acs.auth.sealing import parse_keyring
from acs.domain.secret_names import MASK
from acs.settings.mail import read_smtp_url

Network: TypeAlias = IPv4Network | IPv6Network
"""A range of addresses."""

SQLITE: Final = "sqlite:///"
POSTGRESQL: Final = "postgresql://"

_HOST: Final = re.compile(r"[\w.:%-]{1,253}", re.ASCII)
_PLACE: Final = re.compile(r"(?:[\w.-]+|\[[\w:.%]+\])?(?::\d{1,5})?", re.ASCII)
_TOKEN: Final = re.compile(r"[!-~]{16,256}", re.ASCII)
_SENDER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,189}", re.ASCII)
# The parts of a database URL that may be shown; what else comes after the "?" may be a password.
_SHOWN_OPTIONS: Final = frozenset({"sslmode", "application_name", "target_session_attrs"})


@dataclass(frozen=True, slots=True)
class Accepts:
    """Stands in an annotation and says what is right."""

    words: str
    """What completes the sentence "it must be ..."."""


class Onboarding(StrEnum):
    """What becomes of a device nobody has announced and no type's credentials let in."""

    REJECT = "reject"
    QUARANTINE = "quarantine"
    OPEN = "open"


class ClientCertificates(StrEnum):
    """Whether devices show certificates of their own."""

    OFF = "off"
    OPTIONAL = "optional"
    REQUIRED = "required"


class LoginScheme(StrEnum):
    """How a device may prove its password."""

    DIGEST_MD5 = "digest-md5"
    DIGEST_SHA_256 = "digest-sha-256"
    BASIC = "basic"


class LogLevel(StrEnum):
    """From which gravity on something is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """How a log line looks."""

    CONSOLE = "console"
    JSON = "json"


def _split(value: object) -> object:
    """An environment variable holds a list as text, with commas or spaces between; TOML has arrays."""
    return [word for word in re.split(r"[\s,]+", value) if word] if isinstance(value, str) else value


def _networks(value: object) -> object:
    words = _split(value)
    if not isinstance(words, Iterable):
        raise ValueError("not a list")
    return tuple(word if isinstance(word, IPv4Network | IPv6Network) else ip_network(str(word)) for word in words)


def _distinct(schemes: tuple[LoginScheme, ...]) -> tuple[LoginScheme, ...]:
    if not schemes or len(set(schemes)) < len(schemes):
        raise ValueError("empty, or one twice")
    return schemes


def _host(text: str) -> str:
    if not _HOST.fullmatch(text):
        raise ValueError("not a host")
    return text


def _folded(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _public_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not _HOST.fullmatch(parts.hostname or "") or parts.port == 0:
        raise ValueError("no scheme or no host")
    if "@" in parts.netloc or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ValueError("more than a scheme, a host and a port")
    return f"{parts.scheme}://{parts.netloc}"


def _token(secret: SecretStr) -> SecretStr:
    if not _TOKEN.fullmatch(secret.get_secret_value()):
        raise ValueError("too short, too long, or with characters that no header carries")
    return secret


def _smtp_url(secret: SecretStr) -> SecretStr:
    read_smtp_url(secret.get_secret_value())
    return secret


def _sender(text: str) -> str:
    if not _SENDER.fullmatch(text):
        raise ValueError("no address")
    return text


def _keyring(secret: SecretStr) -> SecretStr:
    parse_keyring(secret.get_secret_value())
    return secret


def _database_url(secret: SecretStr) -> SecretStr:
    url = secret.get_secret_value()
    try:
        good = _is_sqlite(url) or _is_postgresql(url)
    except ValueError:
        good = False  # the words of urllib quote what they do not understand
    if not good:
        raise ValueError("no database URL")
    return secret


def _is_sqlite(url: str) -> bool:
    """What is in memory is lost at the first kill; a "?" would belong to the file's name."""
    path = url.removeprefix(SQLITE)
    return url.startswith(SQLITE) and bool(path) and not re.search(r"[?#\x00]|^:memory:$|^file:|/$", path)


def _is_postgresql(url: str) -> bool:
    """Whether it can be taken apart in one way only: else a part of a password might pass for something else."""
    if not url.startswith(POSTGRESQL) or re.search(r"[\s\x00-\x1f#]", url):
        return False
    parts = urlsplit(url)
    login, _, places = parts.netloc.rpartition("@")
    options = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    return (
        not re.search(r"[@\[\]]", login)
        and all(_PLACE.fullmatch(place) for place in places.split(","))
        and re.fullmatch(r"(?:/[^/@:]*)?", parts.path) is not None
        and all(re.fullmatch(r"[a-z_]+", key) for key, _ in options)
    )


def size_text(octets: int) -> str:
    """A number of bytes in the largest unit that it fills: 16MiB."""
    for shift, unit in ((30, "GiB"), (20, "MiB"), (10, "KiB")):
        if octets and octets % (1 << shift) == 0:
            return f"{octets >> shift}{unit}"
    return str(octets)


def sqlite_path(database_url: SecretStr) -> Path | None:
    """The file of a database URL; None if it is not SQLite's."""
    url = database_url.get_secret_value()
    return Path(url.removeprefix(SQLITE)) if url.startswith(SQLITE) else None


def shown_database_url(database_url: SecretStr) -> str:
    """A checked database URL with its password masked."""
    url = database_url.get_secret_value()
    if url.startswith(SQLITE):
        return url
    parts = urlsplit(url)
    login, at, place = parts.netloc.rpartition("@")
    user, colon, _ = login.partition(":")
    options = "&".join(
        f"{key}={value if key in _SHOWN_OPTIONS else MASK}"
        for key, value in parse_qsl(parts.query, keep_blank_values=True)
    )
    return f"{POSTGRESQL}{user}{colon}{MASK if colon else ''}{at}{place}{parts.path}{'?' if options else ''}{options}"


Port = Annotated[int, Ge(0), Le(65535), Accepts("a port from 0 to 65535, where 0 lets the kernel choose")]
Host = Annotated[str, AfterValidator(_host), Accepts("an address or a host name, without brackets or port")]
Networks = Annotated[
    tuple[Network, ...],
    NoDecode,
    BeforeValidator(_networks),
    Accepts("networks such as 10.0.0.0/8,2001:db8::/32, with no bits set beyond their length"),
]
LoginSchemes = Annotated[
    tuple[LoginScheme, ...],
    NoDecode,
    BeforeValidator(_split),
    AfterValidator(_distinct),
    Accepts("some of digest-md5, digest-sha-256 and basic, each once, with commas between"),
]
PairOfSeconds = Annotated[
    tuple[Annotated[float, Ge(0.1), Le(60)], Annotated[float, Ge(0.1), Le(60)]],
    NoDecode,
    BeforeValidator(_split),
    Accepts("two numbers of seconds from 0.1 to 60, such as 2,5"),
]
PublicUrl = Annotated[
    str,
    AfterValidator(_public_url),
    Accepts("http:// or https://, a host and perhaps a port, such as http://acs.example.net:7547"),
]
DatabaseUrl = Annotated[
    SecretStr,
    AfterValidator(_database_url),
    Accepts(
        "sqlite:///relative/file, sqlite:////absolute/file or postgresql://user:password@host:port/database, where "
        "reserved characters of a password are percent-encoded"
    ),
]
Token = Annotated[
    SecretStr, AfterValidator(_token), Accepts("16 to 256 printable ASCII characters, without spaces or line breaks")
]
SmtpUrl = Annotated[
    SecretStr,
    AfterValidator(_smtp_url),
    Accepts(
        "smtp://host:587 or smtps://host:465, perhaps with user:password@ before the host, where reserved characters "
        "are percent-encoded"
    ),
]
MailAddress = Annotated[str, AfterValidator(_sender), Accepts("an address such as acs@example.net")]
KeyringText = Annotated[
    SecretStr,
    AfterValidator(_keyring),
    Accepts("lines of an id from 1 to 65535 and 32 octets in base64, the active key first"),
]
Folded: Final = BeforeValidator(_folded)
"""Upper and lower case are the same."""
