"""The options of ``aioacs simulate``: what they may be, and what a run makes of them and of its scenario."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from simulators.arrivals import Arrival, TraceError, ramp, read_trace, steady, storm
from simulators.client.target import Target, read_target
from simulators.device.behaviours import Behaviour, behaviours
from simulators.device.chance import Chance
from simulators.device.errors import ModelError
from simulators.device.timing import Timing
from simulators.judging import unknown_names
from simulators.kinds import read_kinds
from simulators.population import MOST_DEVICES, Makeup, Way, counts
from simulators.scenarios.loading import Loaded, ScenarioError, load
from simulators.scenarios.schema import Arrivals, Scenario
from simulators.spans import read_span

T = TypeVar("T")

PASSWORD_VARIABLE: Final = "SIMULATE_PASSWORD"  # noqa: S105  # a name
"""The environment variable with the password of the devices."""
TOKEN_VARIABLE: Final = "SIMULATE_API_TOKEN"  # noqa: S105  # a name
"""The environment variable with the token for the ACS's API."""
_STORM: Final = 60.0
_MOST_OPEN: Final = 100_000
_PREFIX: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


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
    """Where devices can be called: host:port, or off."""
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
class Plan:
    """A run, with nothing left open."""

    options: Options
    """The options."""
    loaded: Loaded
    """The scenario."""
    target: Target
    """The ACS."""
    makeup: Makeup
    """The devices."""
    arrivals: tuple[float, ...]
    """When each calls first, in seconds from the start."""
    trace: tuple[Arrival, ...]
    """Who calls when; empty unless a trace says so."""
    duration: float
    """How long the run is, in seconds."""
    concurrency: int
    """How many devices may call at once."""
    time_lapse: bool
    """Whether time leaps."""
    listener: tuple[str | None, int] | None
    """Address and port where devices can be called, where None is the address the ACS is reached from; None for off."""
    names: Mapping[str, int]
    """What expressions may name."""

    @property
    def scenario(self) -> Scenario:
        """What the scenario says."""
        return self.loaded.scenario


def plan(options: Options, environment: Mapping[str, str]) -> Plan:
    """What is to be done; OptionError or ScenarioError says what is wrong."""
    loaded = load(options.scenario)
    scenario = loaded.scenario
    target = read_target(options.acs_url)
    if target is None:
        raise OptionError(f"--acs-url: {options.acs_url[:100]!r} is no http:// or https:// address")
    makeup = _makeup(options, loaded, environment)
    duration = _span("--duration", options.duration, scenario.duration)
    arrivals, trace = _arrivals(options, loaded, makeup)
    names = _names(makeup, duration)
    unknown = unknown_names(scenario.expect, set(names))
    if unknown:
        raise ScenarioError(f"{loaded.name}: {unknown}")
    return Plan(
        options,
        loaded,
        target,
        makeup,
        arrivals,
        trace,
        duration,
        _within("--concurrency", _given(options.concurrency, scenario.concurrency), 1, _MOST_OPEN),
        _given(options.time_lapse, scenario.time_lapse),
        _listener(_given(options.connection_requests, "" if scenario.connection_requests == "http" else "off")),
        names,
    )


def told(plan: Plan) -> dict[str, str | int | float | bool | None]:
    """The options with which the run can be made again."""
    options, makeup = plan.options, plan.makeup
    return {
        "acs-url": options.acs_url,
        "scenario": options.scenario,
        "devices": makeup.devices,
        "model": options.model or plan.scenario.model,
        "interval": makeup.interval,
        "duration": f"{plan.duration:g}",
        "username": makeup.username,
        "password": makeup.password or None,
        "seed": makeup.seed,
        "serial-prefix": makeup.prefix,
        "known" if makeup.is_known else "new": True,
        "concurrency": plan.concurrency,
        "arrival": options.arrival,
        "rate": options.rate,
        "trace": str(options.trace) if options.trace else None,
        "time-lapse": plan.time_lapse,
    }


def _makeup(options: Options, loaded: Loaded, environment: Mapping[str, str]) -> Makeup:
    scenario = loaded.scenario
    devices = _within("--devices", _given(options.devices, scenario.devices), 1, MOST_DEVICES)
    interval = _span("--interval", options.interval, float(scenario.interval))
    shape = options.arrival or scenario.arrivals.shape
    if options.rate is not None and shape not in {"ramp", "trace"}:
        if options.interval is not None:
            raise OptionError("--rate and --interval: one follows from the other, say one of them")
        interval = float(round(devices / _rate(options.rate)) or 1)
    if not 1 <= interval == int(interval):
        raise OptionError(f"--interval: {interval:g} is no whole number of seconds from 1 on")
    if not _PREFIX.fullmatch(options.serial_prefix):
        raise OptionError("--serial-prefix: letters, digits, '.', '_' and '-', at most 40, a letter or digit first")
    try:
        kinds = read_kinds(options.model) if options.model else read_kinds(scenario.model, loaded.folder)
        return Makeup(
            devices,
            kinds,
            options.acs_url,
            int(interval),
            seed=options.seed,
            prefix=options.serial_prefix,
            username=options.username,
            password=_password(options, environment),
            is_known=_given(options.known, scenario.known),
            ways=_ways(scenario, options.seed),
            values=scenario.values,
            timing=_timing(scenario),
        )
    except ModelError as error:
        raise OptionError(f"--model: {error}") from None


def _ways(scenario: Scenario, seed: int) -> tuple[Way, ...]:
    return tuple(
        Way(way.name, way.share, behaviours(way.behaviours, seed=seed) or (Behaviour(way.quirks),))
        for way in scenario.ways
    )


def _timing(scenario: Scenario) -> Timing:
    pace = scenario.timing
    return Timing(pace.boot, pace.apply, pace.diagnostics, pace.unit_change)


def _arrivals(options: Options, loaded: Loaded, makeup: Makeup) -> tuple[tuple[float, ...], tuple[Arrival, ...]]:
    given = loaded.scenario.arrivals
    shape = options.arrival or ("trace" if options.trace else given.shape)
    chance = Chance(makeup.seed, "arrivals")
    within = given.within if shape == given.shape else None
    if shape == "storm":
        return tuple(storm(makeup.devices, within or _STORM, chance)), ()
    if shape == "ramp":
        low, high, over = _ramp(options, given)
        return tuple(ramp(makeup.devices, low, high, over, chance)), ()
    if shape == "trace":
        # Nobody calls but when the trace says so.
        return (0.0,) * makeup.devices, tuple(_trace(options, loaded, makeup))
    if shape != "steady":
        raise OptionError(f"--arrival: {shape[:40]!r} is none of steady, storm, ramp and trace")
    return tuple(steady(makeup.devices, within or float(makeup.interval), chance)), ()


def _ramp(options: Options, given: Arrivals) -> tuple[float, float, float]:
    low, high, over = given.low, given.high, given.over
    if options.rate is not None:
        first, colon, last = options.rate.partition(":")
        low, high = (_rate(first), _rate(last)) if colon else (0.0, _rate(first))
    if high <= 0 or high < low:
        raise OptionError("--arrival ramp: needs --rate FROM:TO, devices a second at its beginning and at its end")
    return low, high, over


def _trace(options: Options, loaded: Loaded, makeup: Makeup) -> list[Arrival]:
    path = options.trace or (Path(loaded.scenario.arrivals.file) if loaded.scenario.arrivals.file else None)
    if path is None:
        raise OptionError("--arrival trace: needs --trace FILE")
    if options.trace is None and loaded.folder is not None:
        path = loaded.folder / path
    try:
        with path.open(encoding="utf-8-sig") as lines:
            arrivals = read_trace(lines)
    except (OSError, UnicodeDecodeError) as error:
        raise OptionError(f"--trace: cannot read {path}: {getattr(error, 'strerror', None) or error}") from None
    except TraceError as error:
        raise OptionError(f"--trace: {path}: {error}") from None
    for arrival in arrivals:
        if arrival.device is not None and index_of(arrival.device, makeup) is None:
            raise OptionError(f"--trace: {path}: there is no device {arrival.device[:60]!r} in this fleet")
    return arrivals


def index_of(device: str, makeup: Makeup) -> int | None:
    """The index of a device that is named by its serial number or its index; None if there is none."""
    number = device.removeprefix(makeup.prefix) if device.startswith(makeup.prefix) else device
    if not (number.isascii() and number.isdigit() and len(number) < 12):
        return None
    return int(number) if int(number) < makeup.devices else None


def _names(makeup: Makeup, duration: float) -> dict[str, int]:
    found = {re.sub(r"\W", "_", name, flags=re.ASCII): count for name, count in counts(makeup).items()}
    return {
        **found,
        "devices": makeup.devices,
        "interval": makeup.interval,
        "duration": int(duration),
        "intervals": int(duration // makeup.interval),
        "new": 0 if makeup.is_known else makeup.devices,
        "known": makeup.devices if makeup.is_known else 0,
    }


def _password(options: Options, environment: Mapping[str, str]) -> str:
    if options.password is not None and options.password_file is not None:
        raise OptionError("--password and --password-file: say one of them")
    if options.password_file is None:
        return options.password if options.password is not None else environment.get(PASSWORD_VARIABLE, "")
    try:
        return options.password_file.read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise OptionError(f"--password-file: cannot read {options.password_file}: {reason}") from None


def _listener(text: str) -> tuple[str | None, int] | None:
    if text == "off":
        return None
    if not text:
        return None, 0
    host, colon, port = text.rpartition(":")
    if not (colon and port.isascii() and port.isdigit() and int(port[:6]) < 65536):
        raise OptionError(f"--connection-requests: {text[:60]!r} is neither off nor host:port")
    return host.strip("[]") or None, int(port)


def _span(name: str, text: str | None, default: float) -> float:
    if text is None:
        return default
    try:
        seconds = read_span(text)
    except ValueError as error:
        raise OptionError(f"{name}: {error}") from None
    if seconds <= 0:
        raise OptionError(f"{name}: must be longer than nothing")
    return seconds


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0.001 <= rate <= 1e6:
        raise OptionError(f"--rate: {text[:40]!r} is no number of devices a second from 0.001 to 1000000")
    return rate


def _within(name: str, value: int, low: int, high: int) -> int:
    if not low <= value <= high:
        raise OptionError(f"{name}: {value} is no whole number from {low} to {high:,}")
    return value


def _given(value: T | None, default: T) -> T:
    return default if value is None else value
