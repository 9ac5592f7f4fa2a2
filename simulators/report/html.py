"""The page of a run: one file that needs nothing else and runs no program."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from simulators.figures import NONE, amount, digits, duration, share, size
from simulators.report import distribution, over_time, tables
from simulators.report.document import Document
from simulators.report.markup import Markup, join, tag
from simulators.report.settings import Scalar

_SHEET: Final = Path(__file__).with_name("page.css")
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"


def page(document: Document, further: Sequence[Markup] = (), program: str = "aioacs simulate") -> str:
    """The document as a page for people; ``further`` are sections of whoever ran more than a simulation."""
    main = tag("main", _opening(document, program), *_sections(document, further))
    return whole(f"{document.scenario}: {_verdict(document)[1]}", main, _closing(document))


def whole(title: str, *parts: Markup, style: str = "") -> str:
    """A page in our style, and in some more of its own."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("title", title),
        tag("style", Markup(_SHEET.read_text(encoding="utf-8") + style)),
    )
    return f"<!DOCTYPE html>\n{tag('html', head, tag('body', *parts), lang='en')}\n"


def _sections(document: Document, further: Sequence[Markup]) -> list[Markup]:
    return [
        *([section("Expectations", tables.expectations(document.expectations))] if document.expectations else []),
        *further,
        section(
            "Over time",
            over_time.sessions(document),
            over_time.open_sessions(document),
            over_time.latency(document),
            over_time.failures(document),
        ),
        section("How long it took", distribution.distribution(document), tables.latencies(document)),
        section(
            "What the ACS asked for",
            tables.rpcs(document) if document.rpcs else tag("p", "No RPC came.", class_="nothing"),
        ),
        section("Counts", _counts(document)),
        section("How it was run", _command(document.command), _circumstances(document)),
    ]


def section(heading: str, *parts: Markup | None) -> Markup:
    """A part of the page under a heading of its own."""
    return tag("section", tag("h2", heading), *parts)


def _opening(document: Document, program: str) -> Markup:
    style, words = _verdict(document)
    lead = (
        f"{amount(document.devices)} {'device' if document.devices == 1 else 'devices'}, {_lasted(document)}, "
        f"{document.started[:10]} {document.started[11:16]} UTC, seed {document.seed}"
    )
    return tag(
        "header",
        tag("p", program, class_="program"),
        tag("h1", document.scenario),
        tag("p", lead, class_="lead"),
        tag("p", words[0].upper() + words[1:], class_=f"verdict {style}"),
        tag("dl", *(_tile(*tile) for tile in _tiles(document)), class_="tiles"),
    )


def _verdict(document: Document) -> tuple[str, str]:
    """Whether all is as it should be: the class of the style sheet, and the words."""
    count, broken = len(document.expectations), len(document.broken)
    if not document.is_whole:
        return "open", "ended before its time: what was expected was not judged"
    if not document.sessions.begun:
        return "broken", "no session began"
    if not count:
        return "open", "no expectations were set"
    if count == 1:
        return ("broken", "the expectation is broken") if broken else ("holds", "the expectation holds")
    if broken:
        return "broken", f"{broken} of {count} expectations {'is' if broken == 1 else 'are'} broken"
    return "holds", f"all {count} expectations hold"


def _tiles(document: Document) -> list[tuple[str, str, str]]:
    told = document.sessions
    ended = told.ok + told.failed
    answered = sum(each.latency.count for each in document.rpcs.values())
    faults = sum(document.faults.values())
    rates = [(each.ok + each.failed) / over_time.span(each) for each in document.timeline]
    peak = max([told.per_second, *rates])
    per_session = document.cpu_ms_per_session
    return [
        (over_time.RATES[document.is_time_lapse].lower(), digits(told.per_second), f"{digits(peak)} at the peak"),
        ("ended well", share(told.ok, ended), f"{amount(told.ok)} of {amount(ended)}"),
        ("median session", duration(document.session.p50), f"p99 {duration(document.session.p99)}"),
        ("RPCs answered", amount(answered), f"{amount(faults)} with a fault"),
        (
            "CPU per session",
            NONE if per_session is None else duration(per_session / 1000),
            f"{share(document.cpu_seconds, document.real_seconds or document.seconds)} of one core",
        ),
        ("memory", size(document.peak_memory), "at the peak"),
    ]


def _lasted(document: Document) -> str:
    lasted = duration(document.seconds)
    return f"{lasted} in a time-lapse of {duration(document.real_seconds)}" if document.is_time_lapse else lasted


def _tile(name: str, figure: str, more: str) -> Markup:
    return tag("div", tag("dt", name), tag("dd", figure), tag("dd", more, class_="more"))


def _counts(document: Document) -> Markup:
    parts = [
        tables.counts("reason of failure", document.failures, bad=True),
        tables.counts("fault answered by a device", tables.faults(document.faults), bad=True),
        tables.counts("HTTP status", document.statuses),
        tables.counts("event acknowledged", document.events),
        tables.counts("connection request", document.connection_requests),
        tables.requests(document),
        tables.transfers(document),
        tables.counts("fault of a transfer", tables.transfer_faults(document), bad=True),
        tables.counts("fault told afterwards", tables.told_faults(document), bad=True),
        tables.counts("disturbed on purpose", document.disturbances),
    ]
    if not any(parts):
        return tag("p", "Nothing was counted.", class_="nothing")
    return tag("div", *parts, class_="beside")


def _command(command: str) -> Markup:
    """A command line that is broken between its options, if it must be."""
    first, *options = command.split(" --")
    parts = [first, *(join(" ", tag("span", f"--{option}")) for option in options)]
    return tag("pre", tag("code", *parts))


def _circumstances(document: Document) -> Markup:
    machine = document.machine
    cores = f"{amount(machine.cores)} cores" + (
        f", {amount(machine.usable_cores)} of them for this process" if machine.usable_cores < machine.cores else ""
    )
    run = [(name.replace("_", " "), _setting(value)) for name, value in document.settings.items() if value is not None]
    on = [
        ("processor", f"{machine.cpu}, {cores}"),
        ("memory", size(machine.memory)),
        ("system", machine.system),
        ("Python", machine.python),
        *machine.packages.items(),
    ]
    took = [
        ("began", document.started),
        ("ended", document.ended),
        ("CPU", f"{duration(document.cpu_seconds)} for the devices"),
        ("sessions begun", amount(document.sessions.begun)),
        ("still open at the end", amount(document.sessions.open)),
    ]
    named = (("Settings", run), ("Machine", on), ("Run", took))
    return tag(
        "div", *(tag("div", tag("h3", name), tables.facts(facts)) for name, facts in named if facts), class_="beside"
    )


def _setting(value: Scalar) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _closing(document: Document) -> Markup:
    return tag(
        "footer",
        tag(
            "p",
            join(
                "Durations are within 2.5 % of the true ones. "
                "Sessions that failed are not in the latency of sessions. ",
                f"The figures are those of the document in format {document.format}.",
            ),
        ),
    )
