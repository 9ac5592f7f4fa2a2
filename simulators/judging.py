"""What a run was to come to, and what it came to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from simulators.device.cpe import Cpe
from simulators.expressions import names_in, value_of
from simulators.report.document import Expectation
from simulators.scenarios.schema import Expectations
from simulators.tally import Tally

_BOUNDS: Final = ("<=", ">=")


@dataclass(frozen=True, slots=True)
class Findings:
    """What a run came to."""

    counts: Mapping[str, int]
    """Counts by name."""
    tables: Mapping[str, Mapping[str, int]]
    """Counts of many things, by the name of the table and of the thing."""


def findings(tally: Tally, devices: Sequence[Cpe], heard: int, now: float) -> Findings:
    """All that a scenario may have expectations of, as it was found; ``heard`` is how many devices were heard."""
    counts = {
        "sessions_begun": tally.begun,
        "sessions_ok": tally.ok,
        "sessions_failed": tally.failed,
        "devices_heard": heard,
        "devices_waiting": sum(cpe.is_on and bool(cpe.pending) for cpe in devices),
        "devices_off": sum(not cpe.is_on for cpe in devices),
        "rpcs_answered": tally.rpcs_answered,
        "disturbed": tally.disturbances.sum,
    }
    tables = {
        "events": tally.events,
        "failures": tally.failures,
        "statuses": _by_text(tally.statuses),
        "rpcs": {name: calls.latencies.count for name, calls in tally.rpcs.items()},
        "faults": _by_text(tally.faults),
        "requests": {name: requests.ok for name, requests in tally.requests.items()},
        "transfers": {name: each.latencies.count - each.faults.sum for name, each in tally.transfers.items()},
        "connection_requests": tally.connection_requests,
        "versions": _versions(devices, now),
    }
    return Findings(counts, tables)


def unknown_names(expect: Expectations, known: set[str]) -> str | None:
    """The first thing an expression names that nothing is called; None if there is none."""
    known = known | set(_COUNTS)
    for what, text in _all(expect):
        unknown = sorted(names_in(_split(text)[1]) - known)
        if unknown:
            return f"[expect] {what}: {unknown[0]!r} is no name; there are {', '.join(sorted(known))}"
    return None


def judge(expect: Expectations, found: Findings, names: Mapping[str, int]) -> list[Expectation]:
    """Each expectation, and whether it holds."""
    names = {**found.counts, **names}
    return [_judged(what, text, found, names) for what, text in _all(expect)]


def _judged(what: str, text: str, found: Findings, names: Mapping[str, int]) -> Expectation:
    bound, expression = _split(text)
    expected = value_of(expression, names)
    table, _, name = what.partition(": ")
    value = found.tables[table].get(name, 0) if name else found.counts[what]
    holds = value <= expected if bound == "<=" else value >= expected if bound == ">=" else value == expected
    return Expectation(what, f"{bound} {expected}" if bound else expected, value, holds)


def _all(expect: Expectations) -> list[tuple[str, str]]:
    """What each expectation is about, and what it says."""
    found: list[tuple[str, str]] = []
    for name in Expectations.model_fields:
        value = getattr(expect, name)
        if isinstance(value, dict):
            found.extend((f"{name}: {key}", text) for key, text in value.items())
        elif value is not None:
            found.append((name, value))
    return found


def _split(text: str) -> tuple[str, str]:
    bound = next((bound for bound in _BOUNDS if text.startswith(bound)), "")
    return bound, text.removeprefix(bound)


def _by_text(counts: Mapping[int, int] | Mapping[str, int]) -> dict[str, int]:
    return {str(name): count for name, count in counts.items()}


def _versions(devices: Sequence[Cpe], now: float) -> dict[str, int]:
    found: dict[str, int] = {}
    for cpe in devices:
        version = cpe.tree.value(f"{cpe.tree.model.root_name}.DeviceInfo.SoftwareVersion", now) or ""
        found[version] = found.get(version, 0) + 1
    return found


_COUNTS: Final = tuple(name for name, field in Expectations.model_fields.items() if field.default_factory is None)
