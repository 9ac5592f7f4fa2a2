"""The pictures of what happened when."""

import math
from collections.abc import Sequence
from itertools import groupby
from typing import Final

from simulators.figures import amount, clock, digits, duration
from simulators.report.document import Document, Moment
from simulators.report.markup import Markup
from simulators.report.plot import Frame, Key, Point, area, bars, columns, line, nothing, picture
from simulators.report.scales import Scale, amounts, durations, times

MOST_STRETCHES: Final = 100
"""Stretches of time that are told apart in bars; neighbours are put together until there are no more."""
MOST_REASONS: Final = 6
"""Reasons that have a colour of their own."""
RATES: Final = {False: "Sessions per second", True: "Sessions per simulated second"}
"""What rates are called, in a time-lapse and without."""
REST: Final = "all others"
"""The name of all further reasons."""


def sessions(document: Document) -> Markup:
    """How many sessions began and ended in each second."""
    heading = RATES[document.is_time_lapse]
    moments = document.timeline
    if not document.sessions.begun:
        return nothing(heading, "No session began.")
    series = {
        "begun": [each.begun / span(each) for each in moments],
        "ok": [each.ok / span(each) for each in moments],
        "failed": [each.failed / span(each) for each in moments],
    }
    frame = Frame(across(document), amounts(max(map(max, series.values()))), heading, below=_time(document))
    drawn = [line(points, style) for style, values in series.items() for points in _runs(frame, moments, values)]
    return picture(
        frame,
        [*drawn, _told(frame, moments)],
        [Key("begun", "begun"), Key("ok", "ended well"), Key("failed", "failed")],
    )


def open_sessions(document: Document) -> Markup:
    """How many sessions were open at once."""
    heading = "Open sessions"
    moments = document.timeline
    if not document.sessions.begun:
        return nothing(heading, "No session began.")
    frame = Frame(
        across(document), amounts(max(each.open for each in moments), whole=True), heading, below=_time(document)
    )
    points = [frame.point(0, 0), *(frame.point(each.at + span(each), each.open) for each in moments)]
    return picture(frame, [area(points, "ok"), line(points, "ok"), _told(frame, moments)])


def latency(document: Document) -> Markup:
    """How long the sessions took as time went on."""
    heading = "Session latency over time"
    moments = document.timeline
    found = [value for each in moments for value in (each.p50, each.p99) if value]
    if not found:
        return nothing(heading, "No session ended well.")
    frame = Frame(across(document), durations(min(found), max(found)), heading, below=_time(document))
    series = {"p99": [each.p99 or None for each in moments], "p50": [each.p50 or None for each in moments]}
    drawn = [line(points, style) for style, values in series.items() for points in _runs(frame, moments, values)]
    return picture(frame, [*drawn, _told(frame, moments)], [Key("p50", "p50"), Key("p99", "p99")])


def failures(document: Document) -> Markup:
    """When sessions failed, and why."""
    heading = "Failed sessions by reason"
    if not document.failures:
        return nothing(heading, "No session failed.")
    stretches = _stretches(document.timeline)
    names = reasons(document)
    frame = Frame(
        across(document),
        amounts(max(sum(each.failed for each in stretch) for stretch in stretches), whole=True),
        heading,
        note=f"In each {_plain(sum(map(span, stretches[0])))}." if len(stretches) > 1 else "",
        below=_time(document),
    )
    counts = [_by_reason(stretch, names) for stretch in stretches]
    drawn = [
        bars(
            (
                frame.box(*_reach(stretch), sum(each[:number]), sum(each[: number + 1]))
                for stretch, each in zip(stretches, counts, strict=True)
                if each[number]
            ),
            f"c{number}",
            name,
        )
        for number, name in enumerate(names)
    ]
    keys = [Key(f"c{number}", name) for number, name in enumerate(names)]
    return picture(frame, [*drawn, _told(frame, document.timeline)], keys)


def reasons(document: Document) -> list[str]:
    """The reasons in the order of their colours: the most frequent first, and one for all that have none."""
    names = sorted(document.failures, key=lambda reason: (-document.failures[reason], reason))
    return names if len(names) <= MOST_REASONS else [*names[: MOST_REASONS - 1], REST]


def across(document: Document) -> Scale:
    """The axis of time."""
    last = document.timeline[-1] if document.timeline else None
    return times(max(document.seconds, last.at + span(last) if last else 0.0))


def _time(document: Document) -> str:
    """Which time it is."""
    if not document.is_time_lapse:
        return "time since the start"
    return f"simulated time since the start; {duration(document.seconds)} of it took {duration(document.real_seconds)}"


def span(moment: Moment) -> float:
    """How long a moment is drawn: one that the end of the run has cut off does not become a rate without measure."""
    return max(moment.seconds, 0.5)


def _runs(frame: Frame, moments: Sequence[Moment], values: Sequence[float | None]) -> list[list[Point]]:
    """Lines through the middles of moments, from the beginning of the first to the end of the last; none over a gap."""
    runs = []
    pairs = zip(moments, values, strict=True)
    for known, run in groupby(pairs, key=lambda pair: pair[1] is not None):
        if known:
            found = [(moment, value) for moment, value in run if value is not None]
            (first, start), (last, end) = found[0], found[-1]
            middles = [frame.point(moment.at + span(moment) / 2, value) for moment, value in found]
            runs.append([frame.point(first.at, start), *middles, frame.point(last.at + span(last), end)])
    return runs


def _stretches(moments: Sequence[Moment]) -> list[Sequence[Moment]]:
    size = math.ceil(len(moments) / MOST_STRETCHES)
    return [moments[start : start + size] for start in range(0, len(moments), size)]


def _plain(seconds: float) -> str:
    return f"{seconds:g} s" if seconds < 60 else duration(seconds)


def _reach(stretch: Sequence[Moment]) -> tuple[float, float]:
    return stretch[0].at, stretch[-1].at + span(stretch[-1])


def _by_reason(stretch: Sequence[Moment], names: Sequence[str]) -> list[int]:
    counts = dict.fromkeys(names, 0)
    for moment in stretch:
        for reason, count in moment.failures.items():
            counts[reason if reason in counts else REST] += count
    return list(counts.values())


def _told(frame: Frame, moments: Sequence[Moment]) -> Markup:
    """What is shown of each stretch when somebody points at it."""
    return columns(
        (frame.x(left), frame.x(right), f"{clock(left)} to {clock(right)}\n{_words(stretch)}")
        for stretch in _stretches(moments)
        for left, right in [_reach(stretch)]
    )


def _words(stretch: Sequence[Moment]) -> str:
    seconds = sum(map(span, stretch))
    slowest = max((each.p99 for each in stretch if each.p99), default=None)
    words = [
        f"begun {digits(sum(each.begun for each in stretch) / seconds)}/s",
        f"ok {digits(sum(each.ok for each in stretch) / seconds)}/s",
        f"open {amount(stretch[-1].open)}",
        f"p99 {duration(slowest)}",
    ]
    failed: dict[str, int] = {}
    for moment in stretch:
        for reason, count in moment.failures.items():
            failed[reason] = failed.get(reason, 0) + count
    return "\n".join([*words, *(f"{reason}: {amount(count)}" for reason, count in failed.items())])
