"""The options of ``aioacs simulate``, and how each of them is read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from simulators.access import Access
from simulators.client.target import Target, read_target
from simulators.device.numbers import whole_number
from simulators.reading import UnreadableError, read_file
from simulators.report.settings import place
from simulators.spans import read_span

T = TypeVar("T")

_MOST_OF_A_PASSWORD: Final = 65_536
PASSWORD_VARIABLE: Final = "SIMULATE_PASSWORD"  # noqa: S105  # a name
"""The environment variable with the password of the devices."""
TOKEN_VARIABLE: Final = "SIMULATE_API_TOKEN"  # noqa: S105  # a name
"""The environment variable with the token for the ACS's API."""


class OptionError(ValueError):
    """An option is wrong; the sentence names it."""


@dataclass(frozen=True, slots=True)
class Options:
    """The options as they are given; None leaves one to the scenario."""

    acs_url: str = "http://127.0.0.1:7547/"
    """The ACS."""
    scenario: str = "steady"
    """The name or the path of a scenario."""
    devices: int | None = None
    """How many devices."""
    model: str | None = None
    """Their kinds."""
    interval: str | None = None
    """Seconds between two calls of a device."""
    duration: str | None = None
    """How long the run is."""
    username: str = "{serial}"
    """How devices log in."""
    password: str | None = field(default=None, repr=False)
    """How devices log in."""
    password_file: Path | None = None
    """Where that stands instead."""
    seed: int = 1
    """From which all chance comes."""
    serial_prefix: str = "SIM"
    """What serial numbers begin with."""
    known: bool | None = None
    """Whether the ACS has met the devices."""
    concurrency: int | None = None
    """How many devices may call at once."""
    connection_requests: str | None = None
    """Where devices can be called."""
    arrival: str | None = None
    """When they call first."""
    rate: str | None = None
    """How many call in a second."""
    trace: Path | None = None
    """A file that says who calls when."""
    time_lapse: bool | None = None
    """Whether time leaps."""
    ca: Path | None = None
    """Whom to trust for TLS."""
    insecure: bool = False
    """Whether to trust everybody for TLS."""
    api_url: str | None = None
    """The ACS's API, for campaigns."""
    json: Path | None = None
    """Where the document goes."""
    report: Path | None = None
    """Where the page goes."""
    quiet: bool = False
    """Whether nothing is shown."""


@dataclass(frozen=True, slots=True)
class Listening:
    """Where devices are called."""

    host: str | None
    """The address; None is the one from which the ACS is reached."""
    port: int
    """The port; 0 is one that the kernel chooses."""
    is_udp: bool
    """Whether they are called over UDP alone."""


def read_password(options: Options, environment: Mapping[str, str]) -> str:
    """How the devices log in: from the option, a file or the environment."""
    if options.password is not None and options.password_file is not None:
        raise OptionError("--password and --password-file: say one of them")
    if options.password_file is None:
        return options.password if options.password is not None else environment.get(PASSWORD_VARIABLE, "")
    try:
        return read_file(options.password_file, str(options.password_file), _MOST_OF_A_PASSWORD).rstrip("\r\n")
    except UnreadableError as error:
        raise OptionError(f"--password-file: {error}") from None


def read_access(options: Options, environment: Mapping[str, str]) -> Access | None:
    """How the ACS's API is reached, if it is to be."""
    if options.api_url is None:
        return None
    read_address("--api-url", options.api_url)
    token = environment.get(TOKEN_VARIABLE, "")
    if not token:
        raise OptionError(f"--api-url: needs a token of the API in the environment variable {TOKEN_VARIABLE}")
    return Access(options.api_url, token)


def read_address(name: str, url: str) -> Target:
    """Where a URL leads; what is wrong is told without a login or a query that may be in it."""
    target = read_target(url)
    if target is None:
        shown = place(url) if "://" in url else url.rpartition("@")[2].partition("?")[0]
        left_out = "" if shown == url else " (login and query left out here)"
        raise OptionError(f"{name}: {shown[:100]!r}{left_out} is no http:// or https:// address")
    return target


def read_listening(text: str) -> Listening | None:
    """Where devices are to be called: ``http`` or ``udp``, ``host:port``, ``udp:host:port``; None for ``off``."""
    if text in {"off", "http", "udp"}:
        return None if text == "off" else Listening(None, 0, is_udp=text == "udp")
    host, colon, port = text.removeprefix("udp:").rpartition(":")
    number = whole_number(port)
    if not colon or number is None or number >= 65_536:
        raise OptionError(f"--connection-requests: {text[:60]!r} is none of off, udp, host:port and udp:host:port")
    return Listening(host.strip("[]") or None, number, is_udp=text.startswith("udp:"))


def seconds_of(name: str, text: str | None, default: float) -> float:
    """A length of time that is more than nothing."""
    if text is None:
        return default
    try:
        seconds = read_span(text)
    except ValueError as error:
        raise OptionError(f"{name}: {error}") from None
    if seconds <= 0:
        raise OptionError(f"{name}: must be longer than nothing")
    return seconds


def read_rate(text: str) -> float:
    """So many devices a second."""
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0.001 <= rate <= 1e6:
        raise OptionError(f"--rate: {text[:40]!r} is no number of devices a second from 0.001 to 1000000")
    return rate


def in_range(name: str, value: int, low: int, high: int) -> int:
    """A whole number that is neither too small nor too large."""
    if not low <= value <= high:
        raise OptionError(f"{name}: {value} is no whole number from {low} to {high:,}")
    return value


def or_else(value: T | None, default: T) -> T:
    """What was given, or else what there is."""
    return default if value is None else value
