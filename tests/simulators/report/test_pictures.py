"""What the pictures show is what the document says."""

import re
from itertools import pairwise

import pytest
from lxml import etree

from simulators.report import over_time
from simulators.report.distribution import MOST_BARS, distribution, grouped
from simulators.report.document import Document
from simulators.report.plot import HEIGHT, WIDTH
from simulators.tally import OK, Tally
from tests.simulators.report.sample import START, made, small


def _up(figure: str) -> tuple[float, float]:
    """The greatest value beside the upright axis, and where it stands."""
    *_, (place, label) = re.findall(r'<span style="bottom:([\d.]+)%">([\d.,]+)<', figure)
    return float(label.replace(",", "")), float(place) / 100


def _value(figure: str, y: float) -> float:
    """What a height in the picture stands for."""
    label, place = _up(figure)
    return (1 - y / HEIGHT) * label / place


def _points(figure: str, style: str) -> list[tuple[float, float]]:
    found = re.search(rf'<polyline points="([^"]+)" class="line {style}"', figure)
    assert found
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in found[1].split())]


def _bars(figure: str, style: str) -> list[tuple[float, float, float, float]]:
    found = re.search(rf'<path d="([^"]+)" class="bars {style}"', figure)
    assert found
    return [
        (float(left), float(right), float(low), float(high))
        for left, low, high, right in re.findall(r"M([\d.]+) ([\d.]+)V([\d.]+)H([\d.]+)V", found[1])
    ]


@pytest.mark.parametrize("style", ["begun", "ok", "failed"])
def test_the_lines_of_sessions_go_through_what_was_counted_in_each_second(style: str) -> None:
    document = made(small(), 10.0)
    figure = over_time.sessions(document)
    first, *middles, last = _points(figure, style)
    assert [x for x, _ in middles] == [pytest.approx((second + 0.5) / 10 * WIDTH) for second in range(10)]
    counts = [getattr(each, style) for each in document.timeline]
    assert [_value(figure, y) for _, y in middles] == pytest.approx(counts, abs=0.02)
    assert (first[0], last[0]) == (0, WIDTH)
    assert (first[1], last[1]) == (middles[0][1], middles[-1][1])


def test_a_second_that_was_cut_off_counts_as_what_it_would_have_been() -> None:
    tally = Tally(START)
    for step in range(150):
        tally.began(START + step / 100)
        tally.ended(OK, 0.001, START + step / 100)
    figure = over_time.sessions(made(tally, 1.5))
    assert [_value(figure, y) for _, y in _points(figure, "begun")] == pytest.approx([100] * 4, abs=1)


def test_the_line_of_open_sessions_has_them_at_the_end_of_each_second() -> None:
    tally = Tally(START)
    for second in range(10):
        for _ in range(second * 3):
            tally.began(START + second)
    document = made(tally, 10.0)
    figure = over_time.open_sessions(document)
    points = _points(figure, "ok")
    assert [x for x, _ in points] == [pytest.approx(second * WIDTH / 10) for second in range(11)]
    assert [_value(figure, y) for _, y in points] == pytest.approx(
        [0, *(each.open for each in document.timeline)], abs=0.1
    )


def test_latency_is_not_drawn_over_a_stretch_that_has_none() -> None:
    tally = Tally(START)
    for second in (0, 1, 5, 8):
        tally.began(START + second)
        tally.ended(OK, 0.01, START + second)
    figure = over_time.latency(made(tally, 9.0))
    lines = [line.split() for line in re.findall(r'points="([^"]+)" class="line p50"', figure)]
    reach = [tuple(round(float(line[end].split(",")[0]) / WIDTH * 9) for end in (0, -1)) for line in lines]
    assert reach == [(0, 2), (5, 6), (8, 9)]


def test_the_bars_of_failures_are_as_high_as_what_was_counted() -> None:
    document = made(small(), 10.0)
    figure = over_time.failures(document)
    for number, reason in enumerate(over_time.reasons(document)):
        found = {
            round(left / WIDTH * 10): _value(figure, high) - _value(figure, low)
            for left, _, low, high in _bars(figure, f"c{number}")
        }
        told = {each.at: each.failures[reason] for each in document.timeline if reason in each.failures}
        assert found == pytest.approx(told, abs=0.05)


def test_failures_of_a_long_run_are_drawn_in_few_bars_and_none_is_lost() -> None:
    tally = Tally(START)
    for second in range(1500):
        for reason in range(second % 9):
            tally.began(START + second)
            tally.ended(f"reason {reason}", 0.1, START + second)
    document = made(tally, 1500.0)
    figure = over_time.failures(document)
    names = over_time.reasons(document)
    assert names == [*(f"reason {number}" for number in range(5)), over_time.REST]
    drawn = [_bars(figure, f"c{number}") for number in range(len(names))]
    assert all(len(found) <= over_time.MOST_STRETCHES for found in drawn)
    sums = [sum(_value(figure, high) - _value(figure, low) for *_, low, high in found) for found in drawn]
    expected = [document.failures[name] for name in names[:-1]]
    assert sums == pytest.approx([*expected, document.sessions.failed - sum(expected)], rel=0.01)


def test_the_bars_of_latency_are_the_shares_of_sessions() -> None:
    document = made(small(), 10.0)
    figure = distribution(document)
    heights = [_value(figure, high) for *_, high in _bars(figure, "ok")]
    assert heights == pytest.approx([100 * each.count / 45 for each in grouped(document.distribution)], abs=0.1)
    assert sum(heights) == pytest.approx(100, abs=0.5)


def test_buckets_are_put_together_until_there_are_few_and_none_is_lost() -> None:
    tally = Tally(START)
    for number in range(2000):
        tally.began(START)
        tally.ended(OK, 1e-6 * 1.01**number, START)
    document = made(tally, 1.0)
    groups = grouped(document.distribution)
    assert len(groups) <= MOST_BARS
    assert sum(group.count for group in groups) == 2000
    assert all(one.high == pytest.approx(next_one.low, rel=1e-4) for one, next_one in pairwise(groups))


def test_the_marked_percentiles_are_those_of_the_document_and_stand_among_the_bars() -> None:
    document = made(small(), 10.0)
    figure = distribution(document)
    told = re.findall(r"<b>([^<]+)</b> ([^<]+)</span>", figure)
    assert [name for name, _ in told] == ["p50", "p90", "p99", "p99.9", "max"]
    assert told[-1][1] == "39.4 s"
    marks = [float(place) for place in re.findall(r"M([\d.]+) 0V", figure)]
    assert marks == sorted(marks)
    bars = _bars(figure, "ok")
    assert all(bars[0][0] - 1 <= mark <= bars[-1][1] + 1 for mark in marks)


@pytest.mark.parametrize(
    "draw", [over_time.sessions, over_time.open_sessions, over_time.latency, over_time.failures, distribution]
)
def test_where_there_is_nothing_to_draw_a_sentence_says_so(draw: object) -> None:
    assert callable(draw)
    document: Document = made(Tally(START), 0.0)
    figure = etree.fromstring(draw(document))
    assert figure.find(".//svg") is None
    assert "No " in "".join(map(str, figure.itertext()))
