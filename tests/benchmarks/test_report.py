"""A result in, a page and a comparison out; what is no result gives a sentence."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.comparing import compare
from benchmarks.engine.errors import ServerError
from benchmarks.figures import Beside, Figure, Limit, figure, share_of
from benchmarks.keeping import keep, newest
from benchmarks.report import words
from benchmarks.report.__main__ import main as told
from benchmarks.report.curves import curves
from benchmarks.report.page import page
from benchmarks.report.picture import picture
from benchmarks.report.terminal import ending
from benchmarks.results import Machine, Result, ResultError, as_json, read_result
from benchmarks.running import Part, run

MACHINE = Machine("A <processor> & more", 2, 2**34, "Linux 6.1")


def _rate(ratio: float = 0.6, value: float = 2000.0) -> Figure:
    beside = Beside("bare aiohttp", value / ratio, ratio, (ratio - 0.1, ratio + 0.1))
    limit = Limit(0.6, of_ratio=True, is_design=True)
    return Figure("sessions", value, "/s", beside, limit, is_rate=True, rounds=5, details={"p99 ms": 41.5}, part="e")


def _time(value: float = 20.0) -> Figure:
    return Figure("p99", value, "ms", limit=Limit(50.0), rounds=3, spread=(value, value + 5), part="a")


def _grown(cost: str, *values: float) -> list[Figure]:
    return [
        Figure(f"{cost}, {at:,} devices", value, "ms", part="growth", point=(f"a session: {cost}", at))
        for at, value in zip((1000, 10_000, 100_000), values, strict=True)
    ]


def _result(*figures: Figure, moment: str = "2026-11-26T20:00:00Z", machine: Machine = MACHINE) -> Result:
    return Result(moment, "abc123", machine, {"Python": "3.11.7"}, (1.0, 0.5, 0.2), 12.5, figures)


def test_a_result_is_read_as_it_was_written(tmp_path: Path) -> None:
    result = replace(_result(_rate(0.5), _time(), *_grown("CPU", 1, 2, 3)), failed={"x": "it <broke>"})
    (tmp_path / "bench.json").write_text(as_json(result))
    assert read_result(tmp_path / "bench.json") == result


def test_numbers_are_written_in_few_digits(tmp_path: Path) -> None:
    (tmp_path / "bench.json").write_text(as_json(_result(_time(1.23456789))))
    assert read_result(tmp_path / "bench.json").figures[0].value == 1.2346


def test_a_file_that_is_no_result_gives_a_sentence_that_says_where(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bench.json"
    good = as_json(_result(_time()))
    for text, why in (
        (None, "is not there: make bench writes it"),
        ("", "is no result of a benchmark: Invalid JSON"),
        ("[1]", "is no result of a benchmark"),
        (good.replace('"value": 20.0', '"value": "many"'), "figures.0.value"),
        (good.replace('"moment"', '"when"'), "moment: Field required"),
    ):
        if text is not None:
            path.write_text(text)
        assert told([str(path), "--kept", str(tmp_path)]) == 2
        told_of = capsys.readouterr().err
        assert why in told_of
        assert "bench.json" in told_of
        assert told_of.count("\n") == 1
    path.unlink()
    path.mkdir()
    with pytest.raises(ResultError, match="is a directory"):
        read_result(path)


def test_a_rate_is_to_be_at_least_and_a_time_at_most_what_is_laid_down() -> None:
    assert _rate(0.6).reached
    assert not _rate(0.59).reached
    assert _rate().laid_down == "at least 0.6 x bare aiohttp"
    assert _time(50).reached
    assert not _time(50.1).reached
    assert _time().laid_down == "at most 50 ms"
    assert figure("f", "s", [1.0]).reached


def test_the_share_of_values_in_their_order_is_one_of_them() -> None:
    values = [float(each) for each in range(1, 101)]
    assert [share_of(values, share) for share in (0.0, 0.5, 0.99, 0.999, 1.0)] == [1, 51, 100, 100, 100]
    assert share_of([7.0], 0.5) == 7


def test_what_a_baseline_that_bore_nothing_is_held_against_has_no_ratio() -> None:
    found = figure("f", "/s", [10.0, 20.0], beside=("bare", [0.0, 40.0]))
    assert found.beside is not None
    assert found.beside.spread == (0.0, 0.5)


def test_the_page_shows_every_figure_and_is_well_formed_whatever_the_machine_is_called() -> None:
    result = replace(_result(_rate(0.5), _time(), *_grown("CPU", 1, 2, 30)), failed={"x": "it <broke>"})
    shown = page(result, compare(result, _result(_rate(0.6))))
    ET.fromstring(shown.removeprefix("<!DOCTYPE html>\n"))
    for text in ("sessions", "at least 0.6 x bare aiohttp", "MISSED", "reached", "it &lt;broke&gt;", "2026-11-26"):
        assert text in shown
    assert "A &lt;processor&gt; &amp; more" in shown
    assert "1 of 2 figures that are laid down are reached; 1 part could not be measured" in shown
    assert "<script" not in shown
    assert "http" not in shown.replace("http://www.w3.org/2000/svg", "").replace("aiohttp", "").replace(
        "http-equiv", ""
    )


def test_the_page_of_the_first_result_says_how_to_keep_it() -> None:
    assert "make bench KEEP=1" in page(_result(_time()), None)
    assert "make bench KEEP=1" in "\n".join(ending(_result(_time()), None))


def test_ratios_are_compared_across_machines_and_figures_only_on_the_same_one() -> None:
    result = _result(_rate(0.66), _time(30.0))
    same = compare(result, _result(_rate(0.6), _time(20.0)))
    assert [(each.figure.name, round(each.percent or 0)) for each in same.changes] == [("sessions", 10), ("p99", 50)]
    assert [round(each.gain) for each in same.changes] == [10, -50]
    assert [words.direction(each) for each in same.changes] == ["better", "worse"]
    assert [words.unit(each) for each in same.changes] == ["x", "ms"]
    noise = compare(result, _result(_rate(0.64), _time(30.0)))
    assert [words.direction(each) for each in noise.changes] == ["", ""]
    assert "The same machine" in words.beginning(same)
    other = compare(result, _result(_rate(0.6), _time(20.0), machine=replace(MACHINE, cpu="another", cores=8)))
    assert [each.figure.name for each in other.changes] == ["sessions"]
    assert other.differences == ["processor: another, now A <processor> & more", "cores: 8, now 2"]
    assert "only ratios are compared" in words.beginning(other)


def test_a_comparison_says_which_versions_differ_and_what_was_not_measured_before_or_is_not_now() -> None:
    earlier = replace(_result(_rate(), replace(_time(), name="old")), versions={"Python": "3.12.1", "lxml": "6.0"})
    found = compare(_result(_rate(), _time()), earlier)
    assert found.differences == ["Python: 3.12.1, now 3.11.7", "lxml: 6.0, now none"]
    assert (found.new, found.gone) == (["p99"], ["old"])


def test_a_part_that_was_not_run_is_not_missed() -> None:
    assert not compare(_result(_rate()), _result(_rate(), _time())).gone


def test_what_is_kept_is_small_and_the_newest_is_found_but_never_the_result_itself(tmp_path: Path) -> None:
    first = _result(_rate(0.5), moment="2026-11-25T09:00:00Z")
    second = _result(_rate(0.6), *_grown("CPU", 1, 2, 3))
    assert newest(tmp_path) is None
    assert keep(first, tmp_path).name == "2026-11-25.json"
    assert not (tmp_path / "growth.svg").exists()
    keep(second, tmp_path)
    assert not any(each.details for each in read_result(tmp_path / "2026-11-26.json").figures)
    assert ET.fromstring((tmp_path / "growth.svg").read_text()).tag.endswith("svg")
    for than, moment in ((None, second.moment), (second, first.moment)):
        found = newest(tmp_path, than)
        assert found is not None
        assert found.moment == moment
    assert newest(tmp_path, first) is None


def test_the_command_writes_the_page_and_keeps_the_result(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep(_result(_rate(0.5), moment="2026-11-25T09:00:00Z"), tmp_path / "kept")
    (tmp_path / "bench.json").write_text(as_json(_result(_rate(0.6))))
    assert told([str(tmp_path / "bench.json"), "--kept", str(tmp_path / "kept"), "--keep"]) == 0
    shown = capsys.readouterr().out
    assert "Kept on 2026-11-25 of commit abc123" in shown
    assert "better sessions: 0.5 to 0.6 x, +20 %" in shown
    assert (tmp_path / "kept" / "2026-11-26.json").exists()
    assert "+20 %" in (tmp_path / "bench.html").read_text()


def test_every_limit_has_its_bar_and_what_is_missed_is_another_colour() -> None:
    drawn = picture(_result(_rate(0.5), _time(), Figure("free", 1.0, "s")))
    assert drawn.count("<rect") == 1 + 2
    assert drawn.count("#b3261e") == 1
    assert "free" not in drawn


def test_what_must_not_be_at_all_leaves_no_gap_and_a_long_name_is_shortened_in_its_midst() -> None:
    none = Figure("replies that should not be", 0.0, "", limit=Limit(0.0))
    long = Figure(f"it begins {'and goes on ' * 10}and it ends", 1.0, "ms", limit=Limit(2.0))
    drawn = picture(_result(none, long))
    assert "should not be" not in drawn
    assert drawn.count("<rect") == 1 + 1
    assert 'viewBox="0 0 1270 96"' in drawn
    assert "it begins and goes on" in drawn
    assert " … " in drawn
    assert "and it ends" in drawn


def test_curves_are_drawn_for_what_was_measured_at_several_sizes() -> None:
    assert curves(_result(_rate())) is None
    drawn = curves(_result(*_grown("CPU", 2, 3, 4), *_grown("statements", 7, 7, 7)))
    assert drawn is not None
    ET.fromstring(drawn)
    assert "CPU: 2.00 x (2.00 to 4.00 ms)" in drawn
    assert drawn.count("<circle") == 6


def test_a_part_that_fails_is_told_and_what_it_found_before_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> "list[Figure]":
        raise ServerError("it does not start")

    parts = [Part("good", "what works", lambda: iter([_time()])), Part("bad", "what does not", lambda: iter(broken()))]
    assert run(parts, tmp_path) == 1
    result = read_result(tmp_path / "bench.json")
    assert result.failed == {"bad": "it does not start"}
    assert [(each.part, each.name) for each in result.figures] == [("good", "p99")]
    assert "FAILED bad: it does not start" in capsys.readouterr().out
    assert run(parts[:1], tmp_path) == 0
