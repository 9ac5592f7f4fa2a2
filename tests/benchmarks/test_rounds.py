"""What the rounds come to, and when it is good enough."""

from dataclasses import replace
from typing import Any

from benchmarks.engine import report
from benchmarks.engine.rounds import Comparison, alternate, compare
from benchmarks.engine.scenarios import Scenario

SCENARIO = Scenario("short", "sqlite", least_share=0.6, most_p99=345.0, most_kilobytes=12.0)


def _result(rate: float, failures: dict[str, int] | None = None, share: float = 0.5) -> dict[str, Any]:
    return {
        "sessions_per_second": rate,
        "milliseconds": {"p50": 10.0, "p99": 1e6 / rate if rate else 0.0},
        "server_cpu_milliseconds": 0.25,
        "server_resident_bytes": [1, 3 * 2**20],
        "failures": failures or {},
        "own_cpu_share": share,
    }


def _compared(first: list[float], second: list[float], concurrency: int = 50) -> Comparison:
    pairs = [(_result(a), _result(b)) for a, b in zip(first, second, strict=True)]
    return compare("short", concurrency, ("aioacs", "bare"), pairs)


def test_the_servers_are_loaded_in_turn() -> None:
    order: list[str] = []

    def loaded(name: str) -> dict[str, Any]:
        order.append(name)
        return {}

    alternate(lambda: loaded("a"), lambda: loaded("b"), 3)
    assert order == ["a", "b", "a", "b", "a", "b"]


def test_the_ratio_is_the_median_of_the_rounds_and_not_that_of_the_medians() -> None:
    compared = _compared([1000, 3000, 2000], [4000, 4000, 2000])
    assert compared.first.sessions_per_second == 2000
    assert compared.second.sessions_per_second == 4000
    assert compared.ratio == 0.75


def test_failures_of_all_rounds_are_added_up_and_make_the_comparison_bad() -> None:
    pairs = [(_result(1, {"cut": 2}), _result(1)), (_result(0, {"cut": 1, "late": 1}), _result(0))]
    compared = compare("short", 50, ("aioacs", "bare"), pairs)
    assert compared.first.failures == {"cut": 3, "late": 1}
    assert not report.good(compared)
    assert not report.figures(compared, SCENARIO)
    assert any("cut" in line for line in report.lines(compared))


def test_a_round_that_the_generator_limited_is_told() -> None:
    compared = _compared([1], [1])
    assert not any("generator" in line for line in report.lines(compared))
    limited = replace(compared, second=replace(compared.second, generator_share=0.99))
    assert any("bare: the generator was the limit" in line for line in report.lines(limited))


def test_the_laid_down_share_is_reached_from_sixty_percent_on() -> None:
    assert [figure.reached for figure in report.figures(_compared([2400], [4000]), SCENARIO)] == [True]
    assert [figure.reached for figure in report.figures(_compared([2390], [4000]), SCENARIO)] == [False]


def test_the_laid_down_p99_counts_with_200_at_once() -> None:
    assert [figure.reached for figure in report.figures(_compared([1e4], [1e4], 200), SCENARIO)] == [True]
    assert [figure.reached for figure in report.figures(_compared([2e3], [2e3], 200), SCENARIO)] == [False]


def test_a_session_is_weighed_without_its_connection() -> None:
    held = [{"bytes_per_session": 25 * 1024}, {"bytes_per_session": 14 * 1024}]
    (figure,) = report.memory(SCENARIO, ("aioacs", "bare"), held)
    assert (figure.value, figure.reached) == (11.0, True)
    assert not report.memory(SCENARIO, ("aioacs", "responder"), held)
