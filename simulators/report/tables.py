"""The tables of a page."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cwmp_schemas.faults import AcsFault, CpeFault
from simulators.figures import NONE, amount, duration, share, size
from simulators.report.document import Document, Expectation, Latency, Rpc
from simulators.report.markup import Markup, join, tag
from simulators.report.settings import Scalar

_WORDS: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[-_.:/])")


@dataclass(frozen=True, slots=True)
class Figure:
    """A number in a table."""

    shown: str | Markup
    """How it is written."""
    bar: float = 0.0
    """How long the bar behind it is, between 0 and 1."""
    bad: bool = False
    """Whether it tells of trouble."""
    wide: bool = False
    """Whether it can be left out where there is little room."""
    words: bool = False
    """Whether it is a text that may be broken."""


def grid(head: Sequence[str | Figure], rows: Iterable[tuple[str | Markup, Sequence[Figure]]]) -> Markup:
    """A table whose first column has names, and whose others have figures."""
    first, *others = (each if isinstance(each, Figure) else Figure(each) for each in head)
    names = (tag("th", each.shown, scope="col", class_=_class(each)) for each in others)
    heading = tag("tr", tag("th", first.shown, scope="col"), *names)
    body = (tag("tr", tag("th", _breakable(name), scope="row"), *map(_cell, figures)) for name, figures in rows)
    return tag("div", tag("table", tag("thead", heading), tag("tbody", *body)), class_="scroll")


def expectations(found: Sequence[Expectation]) -> Markup:
    """What was demanded, and what came of it."""
    return grid(("", "expected", "found"), ((_demand(each), _finding(each)) for each in found))


def rpcs(document: Document) -> Markup:
    """What the ACS asked for, the most frequent first."""
    most = max((each.latency.count for each in document.rpcs.values()), default=0)
    slowest = max((each.latency.p99 or 0.0 for each in document.rpcs.values()), default=0.0)
    ordered = sorted(document.rpcs.items(), key=lambda item: (-item[1].latency.count, item[0]))
    head = ("RPC", "answered", "faults", "p50", "p99", Figure("max", wide=True))
    return grid(head, ((name, _rpc(each, most, slowest)) for name, each in ordered))


def latencies(document: Document) -> Markup | None:
    """How long all else took; nothing when there was nothing else."""
    named: dict[str, Latency] = {
        "session that ended well": document.session,
        "session that failed": document.failed_session,
        "Inform": document.inform,
    }
    named |= {f"request {name}": each.latency for name, each in document.requests.items()}
    named |= {f"transfer {name}": each.latency for name, each in document.transfers.items()}
    head = ("", "count", "p50", Figure("p90", wide=True), "p99", Figure("p99.9", wide=True), "max")
    rows = [(name, _latency(each)) for name, each in named.items() if each.count]
    return grid(head, rows) if rows else None


def counts(title: str, found: Mapping[str, int], bad: bool = False) -> Markup | None:
    """How often each thing happened, the most frequent first; nothing when nothing did."""
    if not found:
        return None
    total, most = sum(found.values()), max(found.values())
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    rows = (
        (name, (Figure(amount(count), _part(count, most), bad=bad), Figure(share(count, total))))
        for name, count in ordered
    )
    return grid((title, "count", "share"), rows)


def requests(document: Document) -> Markup | None:
    """What devices asked for, and whether the ACS acknowledged it."""
    if not document.requests:
        return None
    rows = []
    for name, each in document.requests.items():
        made, acknowledged = each.latency.count, each.acknowledged
        told = sum(each.faults.values())
        figures = (
            Figure(amount(made)),
            Figure(amount(acknowledged), bad=acknowledged < made),
            Figure(amount(told), bad=told > 0),
        )
        rows.append((name, figures))
    return grid(("request of a device", "made", "acknowledged", "faults told"), rows)


def told_faults(document: Document) -> dict[str, int]:
    """The faults of which devices told afterwards."""
    return _summed(each.faults for each in document.requests.values())


def transfers(document: Document) -> Markup | None:
    """The files that were moved."""
    if not document.transfers:
        return None
    rows = []
    for name, each in document.transfers.items():
        failed, count = sum(each.faults.values()), each.latency.count
        figures = (
            Figure(amount(count)),
            Figure(amount(failed), _part(failed, count), bad=failed > 0),
            Figure(size(each.octets)),
        )
        rows.append((name, figures))
    return grid(("file", "transfers", "failed", "moved"), rows)


def transfer_faults(document: Document) -> dict[str, int]:
    """The faults that transfers ended with."""
    return _summed(each.faults for each in document.transfers.values())


def faults(found: Mapping[str, int]) -> dict[str, int]:
    """Faults with the words of the standard behind their codes."""
    return {_fault(code): count for code, count in found.items()}


def facts(found: Iterable[tuple[str, str]]) -> Markup:
    """Names and what they stand for."""
    return tag("dl", *(part for name, value in found for part in (tag("dt", name), tag("dd", value))))


def _summed(found: Iterable[Mapping[str, int]]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for each in found:
        sums.update(each)
    return faults(sums)


def _fault(code: str) -> str:
    if code == "0":
        return "all others"
    for codes in (CpeFault, AcsFault):
        try:
            return f"{code} {codes(int(code)).name.replace('_', ' ').lower()}"
        except ValueError:
            continue
    return code


def _demand(expectation: Expectation) -> Markup:
    mark = tag("b", "✓ holds", class_="holds") if expectation.holds else tag("b", "✗ broken", class_="broken")
    return tag("span", mark, " ", expectation.what)


def _finding(expectation: Expectation) -> Sequence[Figure]:
    return _scalar(expectation.expected), _scalar(expectation.found)


def _rpc(rpc: Rpc, most: int, slowest: float) -> Sequence[Figure]:
    told, faulty = rpc.latency, sum(rpc.faults.values())
    percent = tag("span", f" ({share(faulty, told.count)})", class_="wide") if faulty else None
    return (
        Figure(amount(told.count), _part(told.count, most)),
        Figure(join(amount(faulty), percent), _part(faulty, told.count), bad=True),
        Figure(duration(told.p50), _part(told.p50, slowest)),
        Figure(duration(told.p99), _part(told.p99, slowest)),
        Figure(duration(told.max), wide=True),
    )


def _latency(told: Latency) -> Sequence[Figure]:
    return (
        Figure(amount(told.count)),
        Figure(duration(told.p50)),
        Figure(duration(told.p90), wide=True),
        Figure(duration(told.p99)),
        Figure(duration(told.p999), wide=True),
        Figure(duration(told.max)),
    )


def _cell(figure: Figure) -> Markup:
    style = f"--bar-end:{figure.bar:.1%}" if figure.bar else None
    return tag("td", figure.shown, class_=_class(figure), style=style)


def _class(figure: Figure) -> str:
    return "figure" + " bad" * figure.bad + " wide" * figure.wide + " words" * figure.words


def _breakable(name: str | Markup) -> Markup:
    """A name that is broken where its words end, if it must be."""
    if isinstance(name, Markup):
        return name
    first, *others = _WORDS.split(name)
    return join(first, *(part for word in others for part in (tag("wbr"), word)))


def _part(value: float | None, whole: float) -> float:
    return value / whole if value and whole else 0.0


def _scalar(value: Scalar) -> Figure:
    if isinstance(value, str):
        return Figure(value, words=True)
    if value is None:
        return Figure(NONE)
    if isinstance(value, bool):
        return Figure("yes" if value else "no")
    return Figure(amount(value) if isinstance(value, int) else f"{value:,.6g}")
