"""What the rounds come to, and when it is good enough."""

from typing import Any

import pytest

from benchmarks.engine.errors import ServerError
from benchmarks.engine.rounds import alternate, check, figures, weighed
from benchmarks.engine.scenarios import Scenario
from benchmarks.figures import Figure

SCENARIO = Scenario("short", "sqlite", least_share=0.6, most_p99=345.0, most_kilobytes=12.0, most_cpu=1.25)


def _told(rate: float, failures: dict[str, int] | None = None, busy: float = 0.5, cpu: float = 0.25) -> dict[str, Any]:
    return {
        "sessions_per_second": rate,
        "milliseconds": {"p50": 10.0, "p99": 1e6 / rate if rate else 0.0},
        "server_cpu_milliseconds": cpu,
        "server_resident_bytes": [1, 3 * 2**20],
        "database_cpu_milliseconds": None,
        "failures": failures or {},
        "own_cpu_share": busy,
    }


def _figures(first: list[float], second: list[float], at_once: int = 50, *, is_laid_down: bool = True) -> list[Figure]:
    pairs = [(_told(a), _told(b)) for a, b in zip(first, second, strict=True)]
    return figures(SCENARIO, at_once, "bare", pairs, is_laid_down=is_laid_down)


def test_the_servers_are_loaded_in_turn() -> None:
    order: list[str] = []

    def loaded(name: str) -> dict[str, Any]:
        order.append(name)
        return {}

    alternate(lambda: loaded("a"), lambda: loaded("b"), 3)
    assert order == ["a", "b", "a", "b", "a", "b"]


def test_the_ratio_is_the_median_of_the_rounds_and_not_that_of_the_medians() -> None:
    rate, *_ = _figures([1000, 3000, 2000], [4000, 4000, 2000])
    assert rate.beside is not None
    assert (rate.value, rate.beside.value, rate.beside.ratio) == (2000, 4000, 0.75)
    assert rate.beside.spread == (0.25, 1.0)


def test_failures_of_all_rounds_are_added_up_and_there_is_no_figure_of_them() -> None:
    pairs = [(_told(1, {"cut": 2}), _told(1)), (_told(0, {"cut": 1, "late": 1}), _told(0))]
    with pytest.raises(ServerError, match=r"short: .*'cut': 3, 'late': 1"):
        check("short", pairs)
    check("short", [(_told(1), _told(1))])


def test_a_round_that_the_generator_limited_is_told() -> None:
    calm = figures(SCENARIO, 50, "bare", [(_told(1), _told(1))], is_laid_down=True)
    busy = figures(SCENARIO, 50, "bare", [(_told(1), _told(1, busy=0.99))], is_laid_down=True)
    assert not any("generator" in name for name in calm[0].details)
    assert any("generator" in name for name in busy[0].details)


def test_the_laid_down_share_is_reached_from_sixty_percent_on_with_50_at_once() -> None:
    assert _figures([2400], [4000])[0].reached
    assert not _figures([2390], [4000])[0].reached
    assert _figures([2390], [4000], 200)[0].limit is None
    assert _figures([2390], [4000], is_laid_down=False)[0].limit is None


def test_the_processor_time_may_be_so_many_times_that_of_what_it_is_held_against() -> None:
    pairs = [(_told(1, cpu=0.5), _told(1, cpu=0.4))]
    assert figures(SCENARIO, 50, "one worker", pairs, is_laid_down=True)[1].reached
    pairs = [(_told(1, cpu=0.51), _told(1, cpu=0.4))]
    assert not figures(SCENARIO, 50, "one worker", pairs, is_laid_down=True)[1].reached


def test_the_laid_down_p99_counts_with_200_at_once() -> None:
    assert len(_figures([1e4], [1e4])) == 2
    assert _figures([1e4], [1e4], 200)[2].reached
    assert not _figures([2e3], [2e3], 200)[2].reached


def test_a_session_is_weighed_without_its_connection() -> None:
    held = tuple(
        {"bytes_per_session": kilobytes * 1024, "server_resident_bytes": [0, 2**20], "sessions": 1000}
        for kilobytes in (25, 14)
    )
    _, above, process = weighed(SCENARIO, "bare", (held[0], held[1]), is_laid_down=True)
    assert (above.value, above.reached) == (11.0, True)
    assert (process.value, process.limit) == (1.0, None)
    assert len(weighed(SCENARIO, "responder", (held[0], held[1]), is_laid_down=False)) == 1
