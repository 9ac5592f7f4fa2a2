"""A run with nothing left open, from its options and its scenario."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, inf
from pathlib import Path
from typing import Final

from simulators.access import Access
from simulators.arrivals import Arrival, TraceError, ramp, read_trace, steady, storm
from simulators.client.target import Target
from simulators.device.behaviours import Behaviour, behaviours
from simulators.device.chance import Chance
from simulators.device.checking import canonical
from simulators.device.errors import ModelError
from simulators.device.model import Leaf, find
from simulators.device.numbers import whole_number
from simulators.device.timing import Timing
from simulators.judging import unknown_names
from simulators.kinds import read_kinds
from simulators.options import (
    Listening,
    OptionError,
    Options,
    in_range,
    or_else,
    read_access,
    read_address,
    read_listening,
    read_password,
    read_rate,
    seconds_of,
)
from simulators.population import MOST_DEVICES, Makeup, Way, counts
from simulators.report.settings import HIDDEN
from simulators.scenarios.loading import Loaded, ScenarioError, load
from simulators.scenarios.schema import MOST_OPEN, Arrivals, Scenario

_STORM: Final = 60.0
_LONGEST_LINE: Final = 4_096
_PREFIX: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


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
    listening: Listening | None
    """Where devices can be called; None for nowhere."""
    access: Access | None
    """The ACS's API; None leaves what is done there to somebody else."""
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
    target = read_address("--acs-url", options.acs_url)
    makeup = _makeup(options, loaded, environment)
    duration = seconds_of("--duration", options.duration, scenario.duration)
    arrivals, trace = _arrivals(options, loaded, makeup)
    names = {**_names(makeup, duration), **_calls(makeup, arrivals, trace, duration)}
    wrong = unknown_names(scenario.expect, set(names)) or _impossible_change(scenario, makeup)
    if wrong:
        raise ScenarioError(f"{loaded.name}: {wrong}")
    return Plan(
        options=options,
        loaded=loaded,
        target=target,
        makeup=makeup,
        arrivals=arrivals,
        trace=trace,
        duration=duration,
        concurrency=in_range("--concurrency", or_else(options.concurrency, scenario.concurrency), 1, MOST_OPEN),
        time_lapse=or_else(options.time_lapse, scenario.time_lapse),
        listening=read_listening(or_else(options.connection_requests, scenario.connection_requests)),
        access=read_access(options, environment),
        names=names,
    )


def options_to_repeat(plan: Plan) -> dict[str, str | int | float | bool | None]:
    """The options with which the run can be made again, but for secrets."""
    options, makeup = plan.options, plan.makeup
    return {
        "acs-url": options.acs_url,
        "scenario": options.scenario,
        "devices": makeup.devices,
        "model": options.model or plan.scenario.model,
        "interval": makeup.interval,
        "duration": f"{plan.duration:g}",
        "username": makeup.username,
        "password": HIDDEN if makeup.password else None,
        "seed": makeup.seed,
        "serial-prefix": makeup.prefix,
        "known" if makeup.is_known else "new": True,
        "concurrency": plan.concurrency,
        "arrival": options.arrival,
        "rate": options.rate,
        "trace": str(options.trace) if options.trace else None,
        "time-lapse": plan.time_lapse,
        "connection-requests": options.connection_requests,
        "api-url": options.api_url,
        "ca": str(options.ca) if options.ca else None,
        "insecure": options.insecure or None,
    }


def _makeup(options: Options, loaded: Loaded, environment: Mapping[str, str]) -> Makeup:
    scenario = loaded.scenario
    devices = in_range("--devices", or_else(options.devices, scenario.devices), 1, MOST_DEVICES)
    interval = seconds_of("--interval", options.interval, float(scenario.interval))
    shape = _shape(options, scenario)
    if options.rate is not None and shape not in {"ramp", "trace"}:
        if options.interval is not None:
            raise OptionError("--rate and --interval: one follows from the other, say one of them")
        interval = float(round(devices / read_rate(options.rate)) or 1)
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
            password=read_password(options, environment),
            is_known=or_else(options.known, scenario.known),
            is_periodic=shape != "trace",
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


def _impossible_change(scenario: Scenario, makeup: Makeup) -> str | None:
    """The first change that some kind of device cannot make, for it has no such parameter or that cannot have such a
    value; None if there is none."""
    for number, phase in enumerate(scenario.phases, 1):
        for kind in makeup.kinds if phase.action == "value-change" else ():
            found = find(kind.model.root, f"{kind.model.root_name}.{phase.parameter}")
            if not isinstance(found, Leaf) or found.live is not None:
                return f"[phases] number {number}, parameter: {kind.name} keeps no {phase.parameter!r}"
            try:
                canonical(found.type, phase.value)
            except ValueError as error:
                return f"[phases] number {number}, value: {phase.parameter} of {kind.name}: {error}"
    return None


def _timing(scenario: Scenario) -> Timing:
    pace = scenario.timing
    return Timing(pace.boot, pace.apply, pace.diagnostics, pace.unit_change, pace.within_response)


def _arrivals(options: Options, loaded: Loaded, makeup: Makeup) -> tuple[tuple[float, ...], tuple[Arrival, ...]]:
    given = loaded.scenario.arrivals
    shape = _shape(options, loaded.scenario)
    if options.trace is not None and shape != "trace":
        raise OptionError(f"--trace and --arrival {shape[:40]}: a trace says itself when devices call")
    chance = Chance(makeup.seed, "arrivals")
    within = given.within if shape == given.shape else None
    if shape == "storm":
        return tuple(storm(makeup.devices, within or _STORM, chance)), ()
    if shape == "ramp":
        low, high, over = _ramp(options, given)
        return tuple(ramp(makeup.devices, low, high, over, chance)), ()
    if shape == "trace":
        trace = _trace(options, loaded, makeup)
        first: dict[int, float] = {}
        for number, arrival in enumerate(trace):
            first.setdefault(index_of(arrival, number, makeup), arrival.at)
        # A device that the trace does not name is never switched on.
        return tuple(first.get(index, inf) for index in range(makeup.devices)), tuple(trace)
    if shape != "steady":
        raise OptionError(f"--arrival: {shape[:40]!r} is none of steady, storm, ramp and trace")
    return tuple(steady(makeup.devices, within or float(makeup.interval), chance)), ()


def _shape(options: Options, scenario: Scenario) -> str:
    return options.arrival or ("trace" if options.trace else scenario.arrivals.shape)


def _ramp(options: Options, given: Arrivals) -> tuple[float, float, float]:
    low, high, over = given.low, given.high, given.over
    if options.rate is not None:
        first, colon, last = options.rate.partition(":")
        low, high = (read_rate(first), read_rate(last)) if colon else (0.0, read_rate(first))
    if high <= 0 or high < low:
        raise OptionError(
            "--arrival ramp: needs --rate FROM:TO or --rate TO, devices a second at its beginning and at its end"
        )
    return low, high, over


def _trace(options: Options, loaded: Loaded, makeup: Makeup) -> list[Arrival]:
    path = options.trace or (Path(loaded.scenario.arrivals.file) if loaded.scenario.arrivals.file else None)
    if path is None:
        raise OptionError("--arrival trace: needs --trace FILE")
    if options.trace is None and loaded.folder is not None:
        path = loaded.folder / path
    try:
        with path.open(encoding="utf-8-sig") as lines:
            arrivals = read_trace(iter(lambda: lines.readline(_LONGEST_LINE), ""))
    except (OSError, UnicodeDecodeError) as error:
        raise OptionError(f"--trace: cannot read {path}: {getattr(error, 'strerror', None) or error}") from None
    except TraceError as error:
        raise OptionError(f"--trace: {path}: {error}") from None
    for arrival in arrivals:
        if arrival.device is not None and _index(arrival.device, makeup) is None:
            raise OptionError(f"--trace: {path}: there is no device {arrival.device[:60]!r} in this fleet")
    return arrivals


def index_of(arrival: Arrival, number: int, makeup: Makeup) -> int:
    """The index of the device that a line of a trace is about."""
    index = None if arrival.device is None else _index(arrival.device, makeup)
    return number % makeup.devices if index is None else index


def _index(device: str, makeup: Makeup) -> int | None:
    """The index of a device by its serial number or its index; None if there is none."""
    index = whole_number(device.removeprefix(makeup.prefix))
    return None if index is None or index >= makeup.devices else index


def _names(makeup: Makeup, duration: float) -> dict[str, int]:
    found = {re.sub(r"\W", "_", name, flags=re.ASCII): count for name, count in counts(makeup).items()}
    return {
        **found,
        "devices": makeup.devices,
        "interval": makeup.interval,
        "duration": int(duration),
        "intervals": int(duration // makeup.interval),
    }


def _calls(makeup: Makeup, arrivals: tuple[float, ...], trace: tuple[Arrival, ...], duration: float) -> dict[str, int]:
    """How many devices call within the run, and how often all of them do if nothing happens but time."""
    begun = [arrival for arrival in arrivals if arrival < duration]
    if trace:
        calls = sum(arrival.at < duration for arrival in trace)
    else:
        calls = sum(ceil((duration - arrival) / makeup.interval) for arrival in begun)
    return {"calls": calls, "callers": len(begun), "new": 0 if makeup.is_known else len(begun)}
