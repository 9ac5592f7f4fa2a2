"""The comparisons as a table, and as figures with what is laid down for them."""

from collections.abc import Sequence
from typing import Any, Final

from benchmarks.engine.rounds import Comparison, Summary
from benchmarks.engine.scenarios import Scenario
from benchmarks.figures import Figure

_LIMIT: Final = 0.95
HEAD: Final = (
    f"{'scenario':20} {'at once':>7} {'server':10} {'sessions/s':>10} {'ratio':>6} {'p50 ms':>8} {'p99 ms':>8}"
    f" {'CPU ms':>7} {'RSS MB':>7}"
)


def lines(comparison: Comparison) -> list[str]:
    """Two rows of the table, and whatever makes them doubtful."""
    rows = [
        _row(comparison, comparison.first, f"{comparison.ratio:6.2f}"),
        _row(comparison, comparison.second, f"{1:6.2f}"),
    ]
    for summary in (comparison.first, comparison.second):
        if summary.failures:
            rows.append(f"    {summary.program}: sessions failed: {summary.failures}")
        if summary.generator_share > _LIMIT:
            rows.append(
                f"    {summary.program}: the generator was the limit ({summary.generator_share:.0%} of its core)"
            )
    return rows


def figures(comparison: Comparison, scenario: Scenario) -> list[Figure]:
    """What the picture shows: the time beside the baseline's, and the p99, where a limit is laid down for them."""
    first, second = comparison.first, comparison.second
    found: list[Figure] = []
    if not good(comparison):  # the figures of what failed mean nothing
        return found
    if comparison.concurrency == 50 and scenario.least_share is not None and second.program == "bare":
        name = f"{scenario.name}: time beside bare aiohttp"
        found.append(Figure(name, 1 / comparison.ratio, "x", 1 / scenario.least_share))
    if comparison.concurrency == 200 and scenario.most_p99 is not None:
        found.append(Figure(f"{scenario.name}: p99 with 200 at once", first.p99, "ms", scenario.most_p99))
    return found


def memory(scenario: Scenario, programs: tuple[str, str], held: Sequence[dict[str, Any]]) -> list[Figure]:
    """What an open session costs beyond its connection, which is all that it costs the bare handler."""
    if scenario.most_kilobytes is None or programs[1] != "bare":
        return []
    above = (held[0]["bytes_per_session"] - held[1]["bytes_per_session"]) / 1024
    return [Figure(f"{scenario.name}: an open session", above, "KB", scenario.most_kilobytes)]


def held_lines(programs: tuple[str, str], held: Sequence[dict[str, Any]]) -> list[str]:
    """A row for each server that had sessions held open."""
    return [
        f"    {program}: {each['sessions']} sessions held open, {each['bytes_per_session'] / 1024:.1f} KB each with"
        f" connection, {each['server_resident_bytes'][1] / 2**20:.0f} MB in all, failed: {each['failures'] or 'none'}"
        for program, each in zip(programs, held, strict=True)
    ]


def good(comparison: Comparison) -> bool:
    """Whether no session failed."""
    return not comparison.first.failures and not comparison.second.failures


def _row(comparison: Comparison, summary: Summary, ratio: str) -> str:
    return (
        f"{comparison.scenario:20} {comparison.concurrency:7} {summary.program:10} {summary.sessions_per_second:10.0f}"
        f" {ratio} {summary.p50:8.2f} {summary.p99:8.2f} {summary.cpu_milliseconds:7.3f} {summary.resident_mb:7.1f}"
    )
